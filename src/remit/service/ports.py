"""What the house needs from the world."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from remit.core.model import Actor
from remit.core.snapshot import Snapshot
from remit.service.operations import Operation


class Record(NamedTuple):
    """One performed, or refused, operation. `instant` is what was judged; `refused` names a missing permission."""

    instant: int
    actor: Actor
    operation: Operation
    revision: str
    result: object
    refused: str | None = None


class Policies(Protocol):
    """Where the live policy comes from."""

    def current(self) -> Snapshot:
        """The snapshot that answers now. Raises CouldNotDecide if there is none that may."""
        ...


class Journal(Protocol):
    """Where every decision is recorded before its answer leaves."""

    def record(self, record: Record) -> None:
        """Take one record."""
        ...


class Clock(Protocol):
    """The time."""

    def __call__(self) -> int:
        """Now, in nanoseconds since 1970, UTC."""
        ...
