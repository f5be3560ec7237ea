"""What was live when, as verbs ask for it: revisions compiled as they are needed, and the one that was live then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from remit.cli.house import House, Revisions
from remit.cli.instants import read_when
from remit.core.history import Activation, live_at
from remit.core.names import quoted
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant
from remit.errors import NotFound, PolicyInvalid, RequestInvalid

AT_HAND = 4
"""Revisions that stay compiled: as many writers and shadows as may be between two of them at one time."""

SHORT = 7
"""The fewest characters of a revision that name it; what is shorter is a number."""

PAGE = 500
"""Lines of the history that are read at once."""

At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Answer by the revision that was live then, and judge that instant."),
]


class Past:
    """Revisions that were live, compiled. `unknown` says of those that are not to be had why."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions
        self._at_hand: OrderedDict[str, Snapshot] = OrderedDict()
        self.unknown: dict[str, str] = {}
        self.compiled: set[str] = set()

    def snapshot(self, revision: str) -> Snapshot | None:
        """A revision; None if it is not to be had. Raises CouldNotDecide if the database is out of reach, or what it
        keeps is damaged."""
        if revision in self.unknown:
            return None
        found = self._at_hand.pop(revision, None)
        if found is None:
            found = self._compiled(revision)
            if found is None:
                return None
        self._at_hand[revision] = found
        if len(self._at_hand) > AT_HAND:
            self._at_hand.popitem(last=False)
        return found

    def _compiled(self, revision: str) -> Snapshot | None:
        try:
            found = Snapshot(read_policy(self._revisions.files(revision)))
        except NotFound:
            self.unknown[revision] = "it is not in the database"
        except PolicyInvalid as error:
            self.unknown[revision] = f"this version of remit does not load it: {error.findings[0].message}"
        else:
            self.compiled.add(revision)
            return found
        return None


class Live(NamedTuple):
    """The policy that answers: its files, and the instant judged. `line` says since when it was live, `at` when that is
    asked of; both None for the files at hand."""

    files: dict[str, bytes]
    when: int
    line: Activation | None = None
    at: int | None = None

    def words(self) -> Iterator[str]:
        """Which revision that is, for people; nothing of the files at hand."""
        if self.line is not None and self.at is not None:
            since = format_instant(self.line.at)
            named = f"revision {self.line.revision[:12]} (number {self.line.number})"
            yield f"  as of {format_instant(self.at)}: {named}, live since {since}"

    def as_json(self) -> dict[str, Any]:
        """The same for scripts, as a member of its own."""
        if self.line is None or self.at is None:
            return {}
        told = {"at": format_instant(self.at), "number": self.line.number, "since": format_instant(self.line.at)}
        return {"as_of": told}


def lines_of(revisions: Revisions) -> Iterator[Activation]:
    """The whole history, the latest line first."""
    before: int | None = None
    while lines := revisions.history(before, PAGE):
        yield from lines
        before = lines[-1].number


def read_at(at: str, now: int) -> int:
    """The instant that `--at` names. Raises RequestInvalid if it names none, or one that is still to come."""
    instant = read_when(at, now, "--at")
    if instant > now:
        raise RequestInvalid(f"`--at {at}` is still to come, and nobody knows what will be live then; see `--when`")
    return instant


def was_live(revisions: Revisions, at: int) -> Activation:
    """What was live at an instant. Raises RequestInvalid if nothing that is kept was."""
    lines = tuple(lines_of(revisions))
    found = live_at(lines, at)
    if found is None:
        begins = f"the history begins at {format_instant(lines[-1].at)}" if lines else "nothing was live yet"
        raise RequestInvalid(f"nobody knows what was live at {format_instant(at)}: {begins}")
    return found


def named_in(revisions: Revisions, text: str) -> str:
    """The revision that was live and has this number, or begins like that. Raises RequestInvalid if there is none, or
    if it may be several."""
    lines = tuple(lines_of(revisions))
    if len(text) < SHORT:
        found = {line.revision for line in lines if str(line.number) == text}
    else:
        found = {line.revision for line in lines if line.revision.startswith(text)}
    if len(found) > 1:
        raise RequestInvalid(f"{len(found)} revisions begin with {quoted(text)}; write more of the one you mean")
    if not found:
        raise RequestInvalid(f"no revision {quoted(text[:64])} was ever live; write its number, or {SHORT} characters")
    return found.pop()


def chosen(house: House, policy: Path, model: Path, state: Path, at: str | None, when: str | None) -> Live:
    """The policy that a question is put to: the files at hand, or with `--at` those that were live then."""
    if at is None:
        return Live(house.read(policy, model), read_when(when, house.now()))
    return kept(house.revisions(state), at, when, house.now())


def kept(revisions: Revisions, at: str | None, when: str | None, now: int) -> Live:
    """The policy that was live at an instant, or is now, as it is kept. Raises RequestInvalid if none was."""
    instant = now if at is None else read_at(at, now)
    line = was_live(revisions, instant)
    return Live(revisions.files(line.revision), instant if when is None else read_when(when, now), line, instant)
