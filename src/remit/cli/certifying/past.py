"""The revisions that the journal names, and what was live in the time that is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from remit.cli.house import House, JournalReader
from remit.cli.journal.showing import scanned
from remit.cli.past import Past, lines_of
from remit.cli.screen import Say
from remit.core.journal.usage import Bearing, Tally
from remit.core.journal.wanted import Wanted
from remit.core.model import AccessRule
from remit.core.snapshot import Snapshot
from remit.errors import Misconfigured, NotFound

_MOST_KEPT = 3  # revisions whose answers are remembered; a journal goes from one to the next


class Bearings:
    """Revisions by name: the one at hand, and those that the database kept."""

    def __init__(self, house: House, state: Path, current: Snapshot) -> None:
        self._current = Bearing(current)
        self._kept: dict[str, Bearing | None] = {}
        try:
            self._past: Past | None = Past(house.revisions(state))
        except Misconfigured:
            self._past = None

    def known(self, revision: str) -> Bearing | None:
        """A revision; None if nobody has its files. Raises CouldNotDecide if the database is out of reach."""
        if revision == self._current.snapshot.revision:
            return self._current
        if revision not in self._kept:
            held = [name for name, each in self._kept.items() if each is not None]
            if len(held) >= _MOST_KEPT:
                del self._kept[held[0]]
            self._kept[revision] = self._read(revision)
        return self._kept[revision]

    def _read(self, revision: str) -> Bearing | None:
        try:
            found = None if self._past is None else self._past.snapshot(revision)
        except Misconfigured:  # a database that keeps no policy
            return None
        return None if found is None else Bearing(found)


def tallied(
    reader: JournalReader, past: Bearings, access_rules: Iterable[AccessRule], span: tuple[int, int], say: Say
) -> Tally | None:
    """How access rules were used, by what the journal recorded from `span[0]` until `span[1]`; None if no decision is
    on record then."""
    tally = Tally(access_rules)
    for entry in scanned(reader, within(span), say):
        tally.take(entry, past.known)
    return tally if tally.records else None


def within(span: tuple[int, int]) -> Wanted:
    """The lines of a time, its last microsecond too."""
    return Wanted(since=span[0], until=span[1] + 1)


def begins(reader: JournalReader) -> int | None:
    """When the first line that is still there was written; None if there is none."""
    first = next(iter(reader.entries(Wanted())), None)
    return None if first is None else first.time


def lived_since(house: House, state: Path, since: int) -> tuple[list[dict[str, bytes]], bool]:
    """The policies that were live at a time or later, each once, and whether the database knows of all of them. Raises
    CouldNotDecide if it is out of reach."""
    names, reaches = dict[str, None](), False
    try:
        revisions = house.revisions(state)
        for each in lines_of(revisions):
            names[each.revision] = None
            if reaches := each.at <= since:
                break
        return [revisions.files(name) for name in names], reaches
    except (Misconfigured, NotFound):
        return [], False
