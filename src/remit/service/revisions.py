"""What the house needs to know what was live when: whole policies, and the log of their activations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from remit.core.history import Activation, Provenance
from remit.core.names import quoted
from remit.errors import RequestInvalid

SHORT = 7
"""The fewest characters of a revision that name it."""


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


def named(store: Revisions, name: str) -> str | None:
    """The revision of this name, the one that begins like it, or that of this number in the log; None if there is none.

    Raises RequestInvalid if it may be several, and CouldNotDecide if the database is out of reach.
    """
    found = {name} if store.latest_of(name) else set(_meant(store, name))
    if len(found) > 1:
        raise RequestInvalid(f"{len(found)} revisions begin with {quoted(name)}; write more of the one you mean")
    return next(iter(found), None)


def _meant(store: Revisions, text: str) -> Iterator[str]:
    """The revisions in the log that a short text may mean: a number, or how a name begins."""
    if len(text) < SHORT:
        if text.isascii() and text.isdigit():
            yield from (line.revision for line in store.history(int(text) + 1, 1) if line.number == int(text))
        return
    before: int | None = None
    while lines := store.history(before, 500):
        yield from (line.revision for line in lines if line.revision.startswith(text))
        before = lines[-1].number
