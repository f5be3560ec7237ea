"""What the commands need from the world; the composition root provides it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from remit.core.policy import Policy
from remit.core.snapshot import Snapshot


class ServeOptions(NamedTuple):
    """How `remit serve` was asked to run."""

    policy: Path
    model: Path
    host: str
    port: int
    base_url: str | None


class House(Protocol):
    """The world as a command sees it."""

    def now(self) -> int:
        """Now, in microseconds since 1970, UTC."""
        ...

    def read(self, policy: Path, model: Path) -> dict[str, bytes]:
        """The files of a policy. Raises Misconfigured if they cannot be read."""
        ...

    def admit(self, files: Mapping[str, bytes], now: int) -> tuple[Policy, Snapshot]:
        """The policy of these files if it may go live. Raises PolicyInvalid or CasesFailed."""
        ...

    def serve(self, options: ServeOptions) -> None:
        """Answer over HTTP until told to stop. Raises Misconfigured rather than run half-configured."""
        ...
