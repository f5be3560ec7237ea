"""The revisions that the journal names, and since when it is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from remit.cli.house import House
from remit.cli.screen import Say
from remit.core.journal.usage import Bearing, Tally
from remit.core.journal.wanted import Wanted
from remit.core.model import AccessRule
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import parse_instant
from remit.errors import Misconfigured, NotFound, PolicyInvalid, RequestInvalid

_MOST_KEPT = 3  # revisions that are held compiled; a journal goes from one to the next
_PAGE = 200  # lines of the history that are read at a time
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def read_since(text: str, now: int) -> int:
    """The instant that `--since` names: a time, or how long ago. Raises RequestInvalid if it is neither."""
    if span := _SPAN.fullmatch(text):
        return now - int(span[1]) * _SECONDS[span[2]] * 1_000_000
    try:
        return parse_instant(text)
    except ValueError:
        raise RequestInvalid(f"`--since {text}` is no time; write `2026-11-23`, or how long ago: `90d`") from None


class Past:
    """Revisions by name: the one at hand, and those that the database kept."""

    def __init__(self, house: House, state: Path, current: Snapshot) -> None:
        self._house, self._state = house, state
        self._current = Bearing(current)
        self._kept: dict[str, Bearing | None] = {}

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
            files = self._house.revisions(self._state).files(revision)
            return Bearing(Snapshot(read_policy(files)))
        except (Misconfigured, NotFound, PolicyInvalid):
            return None


def tallied(
    house: House, past: Past, rules: Iterable[AccessRule], directory: Path, span: tuple[int, int], say: Say
) -> Tally | None:
    """How access rules were used, by what the journal recorded from `span[0]` until `span[1]`; None if it recorded
    nothing then."""
    since, until = span
    tally = Tally(rules)
    for number, entry in enumerate(house.journal(directory, Wanted(since=since, until=until + 1))):
        if not number & 0x3FF:
            say("reading the journal", (entry.time - since) / max(until - since, 1))
        tally.take(entry, past.known)
    return None if tally.first is None else tally


def begins(house: House, directory: Path) -> int | None:
    """When the first line that is still there was written; None if there is none."""
    first = next(iter(house.journal(directory, Wanted())), None)
    return None if first is None else first.time


def lived_since(house: House, state: Path, since: int) -> tuple[list[dict[str, bytes]], bool]:
    """The policies that were live at a time or later, each once, and whether the database knows of all of them. Raises
    CouldNotDecide if it is out of reach."""
    names: dict[str, None] = {}
    reaches, before = False, None
    try:
        revisions = house.revisions(state)
        while not reaches and (some := revisions.history(before, _PAGE)):
            for each in some:
                if not reaches:
                    names[each.revision] = None
                    reaches = each.at <= since
            before = some[-1].number
        return [revisions.files(name) for name in names], reaches
    except (Misconfigured, NotFound):
        return [], False
