"""Which change brought a line of policy: the latest one with which it came and has stayed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from remit.core.history import Activation
from remit.core.model import ALWAYS, FOREVER, Ground, window_text
from remit.core.names import fields_of
from remit.core.times import parse_instant

Version = tuple[Activation, Mapping[str, bytes]]
"""What went live, and its files."""

NOTES = slice(6, 9)
"""The columns of an access rule or a membership that decide nothing: ticket, approver, why."""


class Notes(NamedTuple):
    """What stands behind a line for whoever reads it: each empty if nothing does."""

    ticket: str = ""
    approved_by: str = ""
    why: str = ""


class Brought(NamedTuple):
    """A line that a right rests on, and what went live with it. With `oldest` it was there when the history begins, and
    `by` is only the first that is known. `written` is since when it stands there with just these notes."""

    ground: Ground
    by: Activation
    oldest: bool
    written: Activation
    notes: Notes


class Row(NamedTuple):
    """A row of a policy file: what it says in canonical form, and what stands behind it."""

    text: str
    notes: Notes


def blame(grounds: Sequence[Ground], history: Iterable[Version]) -> tuple[Brought, ...]:
    """What brought each of these lines. `history` begins with the policy that they are of, and goes back from there; it
    is read no further than need be. Raises ValueError if it is empty."""
    tracks: list[_Track] = []
    last: Activation | None = None
    for line, files in history:
        if last is None:
            tracks = [_begun(ground, line, files) for ground in grounds]
        last = line
        left = [track for track in tracks if not track.found]
        for track in left:
            track.look(line, files)
        if not left:
            break
    if last is None:
        raise ValueError("no history")
    return tuple(Brought(each.ground, each.by, not each.found, each.written, each.notes) for each in tracks)


@dataclass(slots=True)
class _Track:
    """A line followed back: `by` is the earliest policy so far that has had it ever since, `found` that the one before
    has not; `written` and `rewritten` are the same of the line with its notes. `data` was looked at last."""

    ground: Ground
    notes: Notes
    needle: bytes
    by: Activation
    written: Activation
    data: bytes
    found: bool = False
    rewritten: bool = False

    def look(self, line: Activation, files: Mapping[str, bytes]) -> None:
        """Is it there in an earlier policy?"""
        data = files.get(self.ground.origin.file, b"")
        if data != self.data:  # else all is as it was in the later one
            self.data = data
            some = [row.notes for row in rows_with(data, self.needle) if row.text == self.ground.text]
            self.found = not some
            self.rewritten = self.rewritten or self.notes not in some
        if not self.found:
            self.by = line
        if not self.rewritten:
            self.written = line


def _begun(ground: Ground, line: Activation, files: Mapping[str, bytes]) -> _Track:
    data = files.get(ground.origin.file, b"")
    row = row_of(data.split(b"\n", ground.origin.line)[ground.origin.line - 1])
    fields = ground.text.split(", ")
    needle = max(fields[:4] if fields[0] == "g" else fields, key=len).encode()
    return _Track(ground, Notes() if row is None else row.notes, needle, line, line, data)


def rows_with(data: bytes, needle: bytes) -> Iterable[Row]:
    """The rows of a file that hold these bytes; no other is looked at."""
    at = data.find(needle)
    while at >= 0:
        start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        end = len(data) if end < 0 else end
        if (row := row_of(data[start:end])) is not None:
            yield row
        at = data.find(needle, end)


def row_of(line: bytes) -> Row | None:
    """A line of a policy that was live; None if it is a comment."""
    text = line.decode()
    if text.startswith("#") or not text:
        return None
    fields = fields_of(text)
    if fields[0] != "g":
        return Row(", ".join(fields), Notes())
    since, until, *_ = (*fields[4:6], "", "")
    window = window_text(parse_instant(since) if since else ALWAYS, parse_instant(until) if until else FOREVER)
    notes = (*fields[NOTES], "", "", "")[:3]
    return Row(", ".join(fields[:4]) + window, Notes(*notes))
