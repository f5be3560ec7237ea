"""What is on record, looked at."""

from __future__ import annotations

from typing import NamedTuple

from remit.core.journal.entries import Entry as Entry
from remit.core.journal.entries import Kind as Kind
from remit.core.journal.wanted import Wanted as Wanted
from remit.core.model import Actor
from remit.service.needs import VIEW_JOURNAL, Need
from remit.service.operations.policy import OfPolicy


class _Page(NamedTuple):
    wanted: Wanted
    limit: int
    token: str | None = None


class ReadJournal(OfPolicy, _Page):
    """One page of the lines that are wanted, the oldest first, at most `limit` of them; `token` is that of the page
    before."""

    __slots__ = ()

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`journal:view`."""
        return (VIEW_JOURNAL,)

    def sought(self) -> dict[str, object]:
        """What is kept of it: what was looked for."""
        given = {name: value for name, value in self.wanted._asdict().items() if value not in (None, (), False)}
        return given | {"limit": self.limit} | ({"page": "next"} if self.token else {})


class _Name(NamedTuple):
    id: str


class ReadLine(OfPolicy, _Name):
    """The one line of the journal that is called so."""

    __slots__ = ()

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`journal:view`."""
        return (VIEW_JOURNAL,)

    def sought(self) -> dict[str, object]:
        """What is kept of it: what was looked for."""
        return {"id": self.id}


class Lines(NamedTuple):
    """Lines of the journal; `next` leads on to where there may be more, None where there are none."""

    entries: tuple[Entry, ...]
    next: str | None
