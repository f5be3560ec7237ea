"""What the house needs to know what was live when: whole policies, and the log of their activations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from remit.core.history import Activation, Provenance


class Revisions(Protocol):
    """Policies that were live, whole and byte for byte, and the log of their activations. Nothing in it ever changes.

    Every method raises CouldNotDecide if the database is out of reach.
    """

    def activate(
        self, files: Mapping[str, bytes], came: Provenance, source: str, at: int, after: int | None = None
    ) -> Activation:
        """Keep a policy and that it went live: the new line of the log, whose parent is the revision before it.

        With `after` this happens only if that is the number of the latest line (0: if there is none). Raises Outdated
        if it is another one. `came.number` counts for nothing.
        """
        ...

    def latest(self) -> Activation | None:
        """The latest line of the log: for a server that follows the database, what is to be live."""
        ...

    def latest_of(self, revision: str) -> Activation | None:
        """The latest line of the log that is about this revision; None if it never was live."""
        ...

    def files(self, revision: str) -> dict[str, bytes]:
        """The files of a revision, byte for byte. Raises NotFound if it was never live, and CouldNotDecide if what is
        kept is not what the revision stands for."""
        ...

    def history(self, before: int | None, limit: int) -> tuple[Activation, ...]:
        """Lines of the log, the latest first; with `before` only those of a smaller number."""
        ...
