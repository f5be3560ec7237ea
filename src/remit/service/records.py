"""What the gate hands to the journal, one value for each operation that was performed or refused; and what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from remit.core.journal.entries import Entry
from remit.core.journal.marks import Marks, Step
from remit.core.journal.wanted import Wanted
from remit.core.model import Actor
from remit.service.needs import Need
from remit.service.operations import Operation


class Judged(NamedTuple):
    """A need as it was decided, with the home and the place of what it speaks of. None: a list was answered by it.
    Unless it is `there`, there is no such thing, and nothing was decided."""

    need: Need
    granted: bool | None
    there: bool = True


class Worked(NamedTuple):
    """Work on the catalog or on a whole policy, without what it was about: its name, what it needed, and the id of what
    it made, if anything."""

    name: str
    judged: tuple[Judged, ...]
    made: str = ""


class Record(NamedTuple):
    """One performed, or refused, operation. `instant` is what was judged (microseconds since 1970, UTC); `refused`
    names a missing permission, and `failed` says what else came in between. `request` is the id that its caller gave
    it, `us` how many microseconds it took; `wishes` are those that were granted, and `homes` what the catalog knew."""

    instant: int
    actor: Actor
    operation: Operation | Worked
    revision: str
    result: object
    refused: str | None = None
    request: str = ""
    us: int = 0
    wishes: tuple[Need, ...] = ()
    homes: Mapping[str, tuple[str, str]] | None = None
    failed: str = ""


class Written(Protocol):
    """What is on record, by all processes. Raises Misconfigured if it cannot be read."""

    def steps(self, wanted: Wanted, marks: Marks | None = None) -> Iterator[Step]:
        """The lines that are wanted from `marks` on, the oldest first, step by step."""
        ...

    def entry(self, writer: str, seq: int) -> Entry | None:
        """The line of this writer and number; None if there is none, or none any more."""
        ...
