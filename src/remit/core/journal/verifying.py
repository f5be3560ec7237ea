"""The lines of a segment held against their chain, their closing line, and what was signed of them: by their bytes, so
that nothing in a line can change unseen, and without reading what they say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from remit.core.journal.chain import Link, link_of
from remit.core.journal.entries import Kind
from remit.core.journal.merkle import Tree

MOST_TOLD = 20
"""Faults that are told of one segment; more of them are counted."""

FILE, DATABASE = "the checkpoint", "the database"
"""Where it is kept what was signed of a segment."""

_REST = re.compile(rb'[0-9TZ:.-]{20,32}","kind":"(?:(journal\.[a-z_]{1,24})|[a-z_.]{1,32})"[,}]', re.ASCII)
_CLOSED = re.compile(rb'"kind":"journal\.closed","lines":([0-9]{1,18}),"root":"([0-9a-f]{64})"\}$', re.ASCII)
_EDITED = "it was edited after it was written, or is damaged"


class Notice(NamedTuple):
    """What verifying came upon: in which file, at which line of it from 1 (None: in the file as a whole), what, and
    what it may mean. If not `broken`, all is as it was written, and this is worth knowing."""

    file: str
    line: int | None
    what: str
    means: str
    broken: bool = True


class Claim(NamedTuple):
    """What was signed of a segment: how many of its lines, the root over them, and where it is kept."""

    size: int
    root: bytes
    where: str


class Tally(NamedTuple):
    """What there is of one writer: its segments and lines that were followed, until when all is signed (as the line
    says; empty: nothing is), how many lines after that are only chained, how many lines are gone because their time is
    over, and how many segments are not, or not wholly, stored in the database."""

    writer: str
    segments: int = 0
    lines: int = 0
    signed_until: str = ""
    unsigned: int = 0
    expired: int = 0
    unstored: int = 0


class Follower:
    """Follows the lines of one segment. What it found out is in its attributes once it has.

    `lines` counts those that are whole, `prev` is the hash of the last one, `seq` the number that comes next;
    `complete` says whether the last one ends the segment, and `torn` how many bytes stand behind it. `fits` has how
    many lines were signed, by where that is kept; `when` is the time of the last of them, and `expired` says before
    which number lines may be gone, as signed lines say.
    """

    def __init__(
        self, writer: str, first: int, file: str, prev: str | None, claims: Sequence[Claim], above: str = ""
    ) -> None:
        """`prev` is the hash of the line before the first, in hexadecimal; None if nobody knows. It stands `above`, in
        another file."""
        self.lines, self.prev, self.seq = 0, prev, first
        self.complete, self.torn = False, 0
        self.fits: dict[str, int] = {}
        self.when = ""
        self.notices: list[Notice] = []
        self._more = self._ended = 0
        self._writer, self._first, self._file, self._above = writer, first, file, above
        self._claims = sorted(claims)
        self._tree = Tree()
        self._missing: list[range] = []
        self._horizons: list[tuple[int, int]] = []

    def follow(self, lines: Iterable[bytes]) -> None:
        """Follow the lines, each with its line feed; only the last may lack it."""
        writer, tree, match = self._writer.encode(), self._tree, _REST.match
        due = self._claims[0].size if self._claims else 0
        expected, number = _expected(self.prev, writer, self.seq), 0
        for line in lines:
            number, holds = number + 1, True
            if line[-2:] == b"}\n" and line.startswith(expected) and (top := match(line, len(expected))):
                if top.lastindex:
                    self._special(top[1].decode(), line[:-1], number)
                self.seq += 1
            elif line[-1:] == b"\n":
                holds = self._off(line[:-1], number)
            else:
                self.torn = len(line)
                break
            hashed = sha256(b"\0" + line[:-1]).digest()
            tree.append(hashed)
            self.prev = hashed.hex() if holds else None
            if number == due:
                due = self._claimed(line)
            expected = _expected(self.prev, writer, self.seq)
        self.lines = tree.size
        self._end()

    @property
    def expired(self) -> int:
        """Lines before this number may be gone."""
        most = max(self.fits.values(), default=0)
        return max((before for line, before in self._horizons if line <= most), default=0)

    def expired_by(self, where: str) -> int:
        """The same, as only those lines say that were signed there."""
        most = self.fits.get(where, 0)
        return max((before for line, before in self._horizons if line <= most), default=0)

    def _tell(self, line: int | None, what: str, means: str, broken: bool = True) -> None:
        if len(self.notices) < MOST_TOLD:
            self.notices.append(Notice(self._file, line, what, means, broken))
        elif broken:
            self._more += 1

    def _off(self, line: bytes, number: int) -> bool:
        """Tell what is wrong with a line that is not the one expected, and take it from there. Can the next line be
        held against this one?"""
        link = link_of(line)
        if link is None:
            self._tell(number, "this is no line of a journal", _EDITED)
            self.seq += 1
            return False
        if link.writer != self._writer:
            self._tell(number, f"this line is one of `{link.writer}`", "it was copied here from another writer")
            return False
        if link.seq < self.seq:
            self._again(link, number)
            return False
        if link.seq > self.seq:
            missing = range(self.seq, link.seq)
            self._missing = [*self._missing[-MOST_TOLD:], missing]
            self._tell(number, f"{_numbers(missing)} missing above this line", "deleted, or moved elsewhere")
        elif self.prev is not None and link.prev != self.prev:
            self._changed(number)
        self.seq = link.seq + 1
        if link.kind.startswith("journal."):
            self._special(link.kind, line, number)
        return True

    def _again(self, link: Link, number: int) -> None:
        for at, missing in enumerate(self._missing):
            if link.seq in missing:
                left = range(missing.start, link.seq), range(link.seq + 1, missing.stop)
                self._missing[at : at + 1] = [each for each in left if each]
                self._tell(number, f"line {link.seq} of `{self._writer}` stands here, out of its order", "moved")
                return
        self._tell(number, f"line {link.seq} of `{self._writer}` stands here again", "copied, or put in")

    def _changed(self, number: int) -> None:
        """The line above is not the one that was written."""
        if number > 1:
            self._tell(number - 1, "this line is not the one that the next line names", _EDITED)
        elif self._above:
            what = f"the last line of `{self._above}` is not the one that the first line here names"
            self._tell(number, what, "either of them was edited, or lines behind it were deleted")
        else:
            self._tell(number, "this is the first line, but it names one before it", "what was before it was deleted")

    def _special(self, kind: str, line: bytes, number: int) -> None:
        """A line that the journal wrote of itself."""
        if kind == Kind.CLOSED:
            self._closes(line, number)
            return
        said = _said(line)
        if kind == Kind.LOST:
            what = f"{said.get('records')} records could not be written: {said.get('cause')}"
            self._tell(number, what, "the disk failed or was full; answers left without record, or none did", False)
        elif kind == Kind.TRIMMED:
            whole = said.get("lines") or 0
            what = f"{said.get('bytes')} bytes were cut off above this line, {whole} whole lines among them"
            means = "lines were damaged, or edited, before a restart" if whole else "a crash while a line was written"
            self._tell(number, what, f"{means}; they are kept in a file beside this one", bool(whole))
        elif kind == Kind.EXPIRED and type(before := said.get("before")) is int:
            self._horizons.append((number, before))

    def _closes(self, line: bytes, number: int) -> None:
        self.complete, self._ended, said = True, self._ended or number, _CLOSED.search(line)
        if said is None or int(said[1]) != self._tree.size or bytes.fromhex(said[2].decode()) != self._tree.root():
            what = "this line ends the segment, but says another number or another root of the lines above it"
            self._tell(number, what, "lines above it, or the line itself, were edited, deleted or put in")

    def _claimed(self, line: bytes) -> int:
        """All that was signed of so many lines; the number of lines that something was signed of next."""
        size = self._tree.size
        while self._claims and self._claims[0].size <= size:
            claim = self._claims.pop(0)
            if claim.root == self._tree.root() and claim.size == size:
                self.fits[claim.where] = size
                link = link_of(line[:-1])
                self.when = self.when if link is None else link.time
            else:
                self._unfit(claim, size)
        return self._claims[0].size if self._claims else 0

    def _unfit(self, claim: Claim, there: int) -> None:
        """What was signed is not what is there."""
        self._claims = [each for each in self._claims if each.where != claim.where]  # told once of each place
        if there < claim.size:
            what = f"{claim.size:,} lines were signed by {claim.where}, but only {there:,} are there"
            self._tell(None, what, "lines were deleted, or the end was cut off")
        else:
            what = f"the first {claim.size:,} lines are not those that were signed by {claim.where}"
            lacks = "the key" if claim.where == FILE else "the database"
            means = f"they were rewritten, with their chain, by somebody who had not {lacks}"
            shown = any(each.broken for each in self.notices)
            self._tell(None, what, "lines were edited, deleted or put in, as told above" if shown else means)

    def _end(self) -> None:
        if self.complete and self._ended != self.lines:
            self._tell(self._ended + 1, "lines stand behind the line that ends the segment", "they were put in")
        for claim in tuple(self._claims):
            if claim in self._claims:
                self._unfit(claim, self.lines)
        if self._more:
            self.notices.append(Notice(self._file, None, f"{self._more:,} more faults are in this file", "see above"))


def _expected(prev: str | None, writer: bytes, seq: int) -> bytes:
    """How a line begins; what no line begins with, if that is not known."""
    return b'{"prev":"%s","writer":"%s","seq":%d,"time":"' % ((prev or "?").encode(), writer, seq)


def _numbers(missing: range) -> str:
    """Which lines, and that they are: `line 7 is`, `lines 7 to 9 are`."""
    return f"line {missing.start} is" if len(missing) == 1 else f"lines {missing.start} to {missing.stop - 1} are"


def _said(line: bytes) -> dict[str, Any]:
    """What a line says; nothing, if it cannot be read."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
