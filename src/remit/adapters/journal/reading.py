"""The journal read: all writers' lines in the order of their time, however many there are, in bounded memory.

Other processes write, compress and take away segments meanwhile. What cannot be read is told and passed over: whether
a journal is whole is for `remit journal verify` to say.
"""

from __future__ import annotations

import heapq
import logging
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from remit.adapters.journal.blocks import blocks_of, opened
from remit.adapters.journal.layout import Segment, segments, writers
from remit.adapters.journal.spans import DAMAGE, SLACK, reaching, size_of, time_of
from remit.core.journal.chain import leaf, link_of
from remit.core.journal.entries import Entry, Kind, entry_of
from remit.core.journal.marks import Mark, Marks, Step
from remit.core.journal.sieve import Sieve
from remit.core.journal.wanted import Wanted
from remit.errors import JournalDamaged, Misconfigured

MOST_TOLD = 1_000
"""Things that one reader tells at most."""

_VERIFY = "run `remit journal verify`"
_ANYTHING = Wanted()

log = logging.getLogger("remit")


def entries(directory: Path, wanted: Wanted = _ANYTHING) -> Iterator[Entry]:
    """The lines that are wanted, the oldest first. Raises Misconfigured if the journal cannot be read."""
    return Reader(directory).entries(wanted)


class Reader:
    """Reads one journal; `told` hears what is not as it should be."""

    def __init__(self, directory: Path, told: Callable[[str], None] = log.warning) -> None:
        self._directory, self._hears = directory, told
        self._said: set[str] = set()

    def entries(self, wanted: Wanted = _ANYTHING) -> Iterator[Entry]:
        """The lines that are wanted, the oldest first. Lines of one writer never change their order; those of several
        are merged by their time. Raises Misconfigured if the journal cannot be read."""
        for step in self.steps(wanted):
            if step.entry is not None:
                yield step.entry

    def steps(self, wanted: Wanted = _ANYTHING, marks: Marks | None = None) -> Iterator[Step]:
        """The same from `marks` on, step by step, also where nothing is wanted. Raises as `entries`."""
        marks = marks or {}
        try:
            ways = [self._of(writer, wanted, marks.get(writer)) for writer in writers(self._directory)]
            yield from heapq.merge(*ways, key=_when)
        except OSError as error:
            raise self._unreadable(error) from None

    def latest(self, wanted: Wanted, number: int) -> tuple[list[Entry], Marks]:
        """The last lines that are wanted, at most so many, the oldest first; and where one stands behind all lines.
        Raises as `entries`."""
        marks: dict[str, Mark] = {}
        found = []
        try:
            for writer in writers(self._directory):
                last = self._latest_of(writer, wanted, number, marks)
                found.append([(entry.time, entry) for entry in last])
        except OSError as error:
            raise self._unreadable(error) from None
        merged = heapq.merge(*found, key=lambda each: each[0])
        return [entry for _, entry in deque(merged, number)], marks

    def entry(self, writer: str, seq: int) -> Entry | None:
        """The line of this writer and number; None if there is none, or none any more. Raises as `entries`."""
        try:
            there = segments(self._directory, writer) if writer in writers(self._directory) else []
            before = [segment for segment in there if segment.first <= seq]
            sieve = Sieve(((b'"seq":%d,' % seq,),))
            for step in self._in(before[-1], 0, True, Wanted(), sieve) if before else ():
                if step.entry is not None and step.entry.seq == seq:
                    return step.entry
        except OSError as error:
            raise self._unreadable(error) from None
        return None

    def bytes_of(self, wanted: Wanted) -> int:
        """About how many bytes `steps` looks at, as they are on disk. Raises as `entries`."""
        total = 0
        try:
            for writer in writers(self._directory):
                for segment in reaching(segments(self._directory, writer), wanted, None):
                    total += size_of(segment)
        except OSError as error:
            raise self._unreadable(error) from None
        return total

    def _of(self, writer: str, wanted: Wanted, mark: Mark | None) -> Iterator[Step]:
        """The steps through the lines of one writer."""
        left = deque(reaching(segments(self._directory, writer), wanted, mark))
        due = 0 if mark is None else mark.first
        while left:
            segment = left.popleft()
            if due and segment.first > due:
                left.extendleft([segment, *reversed(self._missing(segment, due))])
                segment = left.popleft()
            offset = mark.offset if mark is not None and mark.first == segment.first else 0
            step = None
            for step in self._in(segment, offset, not left, wanted, wanted.sieve()):
                yield step
                if wanted.until is not None and step.time >= wanted.until + SLACK:
                    return
            due = step.mark.first if step is not None and step.mark.first != segment.first else 0

    def _missing(self, segment: Segment, due: int) -> list[Segment]:
        """The segments between the line that is due and this segment; a list of files that change may lack some."""
        found = [each for each in segments(self._directory, segment.writer) if due <= each.first < segment.first]
        if not found or found[0].first != due:
            until = (found[0] if found else segment).first - 1
            self._told(f"`{segment.writer}-{due}` to `{segment.writer}-{until}` are not there: expired, or taken away")
        return found

    def _in(self, segment: Segment, offset: int, last: bool, wanted: Wanted, sieve: Sieve) -> Iterator[Step]:
        """The steps through one segment from a byte on; the mark of the last one is that of the next segment, if it is
        complete. Of the `last` one the last line may be growing still."""
        try:
            complete = offset > 0  # nothing behind it: it ends there
            with opened(segment) as file:
                for at, block in blocks_of(file, offset):
                    if not block.endswith(b"\n"):
                        if not last or segment.compressed:
                            self._told(f"`{segment.path}` ends in the middle of a line; {_VERIFY}")
                        return
                    if sieve.may_hold(block):
                        yield from self._wanted(segment, at, block, wanted, sieve)
                    behind = self._behind(segment, at, block)
                    complete = behind.mark.first != segment.first
                    yield behind
            if not (last or complete):
                self._told(f"`{segment.path}` lacks its end; {_VERIFY}")
        except FileNotFoundError:
            self._told(f"`{segment.path}` is not there any more: expired, or taken away")
        except DAMAGE as error:
            self._told(f"`{segment.path}` is damaged, and not read to its end: {error}; {_VERIFY}")
        except OSError as error:
            self._told(f"`{segment.path}` cannot be read: {error.strerror or error}; {_VERIFY}")

    def _wanted(self, segment: Segment, at: int, block: bytes, wanted: Wanted, sieve: Sieve) -> Iterator[Step]:
        """The lines of a block that are wanted; of what was compressed, those that the line behind them knows: a bent
        file is not known for what it is before its end."""
        damaged, lines = 0, block[:-1].split(b"\n")
        for line, after in zip(lines, (*lines[1:], b""), strict=True):
            at += len(line) + 1
            if sieve.may_fit(line):
                try:
                    entry = entry_of(line, _decoded)
                except JournalDamaged:
                    damaged += 1
                    continue
                if wanted.fits(entry):
                    if (
                        segment.compressed
                        and after
                        and not after.startswith(b'{"prev":"%s"' % leaf(line).hex().encode())
                    ):
                        damaged += 1
                        continue
                    yield Step(entry.time, segment.writer, Mark(segment.first, at), 0, entry)
        if damaged:
            self._told(f"`{segment.path}` holds {damaged} lines that are not as they were written; {_VERIFY}")

    def _behind(self, segment: Segment, at: int, block: bytes) -> Step:
        """That a block is behind."""
        link = link_of(block[block.rfind(b"\n", 0, -1) + 1 : -1])
        mark = Mark(segment.first, at + len(block))
        if link is None:
            return Step(0, segment.writer, mark, len(block))
        if link.kind == Kind.CLOSED:
            mark = Mark(link.seq + 1, 0)
        return Step(time_of(link.time), segment.writer, mark, len(block))

    def _latest_of(self, writer: str, wanted: Wanted, number: int, marks: dict[str, Mark]) -> list[Entry]:
        """The last lines of a writer that are wanted, and its last mark."""
        found: list[Entry] = []
        for segment in reversed(reaching(segments(self._directory, writer), wanted, None)):
            kept: deque[Entry] = deque(maxlen=number - len(found))
            for step in self._in(segment, 0, writer not in marks, wanted, wanted.sieve()):
                if step.entry is not None:
                    kept.append(step.entry)
                elif segment.first >= marks.get(writer, Mark(0, 0)).first:
                    marks[writer] = step.mark
            found[:0] = kept
            if len(found) >= number and writer in marks:
                break
        return found

    def _told(self, said: str) -> None:
        """Tell it, once."""
        if said not in self._said and len(self._said) < MOST_TOLD:
            self._said.add(said)
            self._hears(said)

    def _unreadable(self, error: OSError) -> Misconfigured:
        return Misconfigured(f"the journal in `{self._directory}` cannot be read: {error.strerror or error}")


def _decoded(line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None


def _when(step: Step) -> int:
    return step.time
