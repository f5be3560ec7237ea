"""Whole segments removed when their time is over, and a line in their chain that says so first.

Nothing goes before that line is signed, and nothing that was not signed itself; what is signed of it stays. So what is
over can be told from what somebody deleted, for as long as the chain goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from remit.adapters.journal.book import event, look_after, words_by
from remit.adapters.journal.compressing import expired_in
from remit.adapters.journal.layout import Segment, lines_of, segments, writers
from remit.adapters.journal.ledger import Closed, Ledger, free_ledger
from remit.adapters.journal.spans import DAMAGE, begins, time_of
from remit.adapters.private_files import sync_directory
from remit.core.journal.chain import link_of
from remit.core.journal.entries import Kind

DAY = 86_400_000_000
"""Microseconds."""

log = logging.getLogger("remit")

Note = Callable[[Kind, Mapping[str, Any]], None]


class Retention:
    """Removes what is older than so many days below one directory: of the writer of this process, and of those that
    nobody writes to. `clock` gives the time of a line, and `now` microseconds since 1970, UTC."""

    def __init__(
        self,
        directory: Path,
        days: int,
        clock: Callable[[], str],
        now: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._directory, self._days, self._clock, self._now = directory, days, clock, now
        self._writer, self._told, self._goes = "", 0, 0
        self._ends: dict[str, tuple[tuple[Any, ...], int]] = {}

    def begin(self, writer: str, note: Note, seal: Callable[[Closed], bool]) -> None:
        """From now on: `writer` is that of this process, `note` has a line of its written, and `seal` signs a segment
        of another one and says whether that is in the database too."""
        self._writer, self._note, self._seal = writer, note, seal

    def sealed(self, part: Closed) -> None:
        """A closed segment is signed: what it says is over may go. Raises OSError."""
        if part.writer == self._writer and part.path.exists():
            self._goes = max(self._goes, expired_in(part.path))

    def apply(self) -> None:
        """Remove what may go, and say what is over by now. Raises OSError."""
        remove(self._directory, self._writer, self._goes)
        before = self._over(segments(self._directory, self._writer))
        if before > self._told:
            self._note(Kind.EXPIRED, self._said(before))
            self._told = before
        for name in writers(self._directory):
            if name != self._writer and self._is_over(name):
                left = free_ledger(self._directory, name)
                if left is not None:
                    self._end(left)

    def _end(self, left: Ledger) -> None:
        """What is over of a writer that nobody writes to: the line that says so begins a segment of its own."""
        try:
            sealed: list[bool] = []
            look_after(left, words_by(self._clock), lambda part: sealed.append(self._seal(part)))
            there = segments(self._directory, left.writer)
            before = left.so_far().first if self._ended(there[-1]) else self._over(there)
            if before:
                left.append([event(self._clock(), Kind.EXPIRED, self._said(before))], durable=True)
                if self._seal(left.close(words_by(self._clock).closed)) and all(sealed):
                    remove(self._directory, left.writer, before)
        finally:
            left.release()

    def _said(self, before: int) -> dict[str, Any]:
        return {"before": before, "days": self._days}

    def _is_over(self, name: str) -> bool:
        there = segments(self._directory, name)
        return bool(there) and bool(self._over(there) or self._ended(there[-1]))

    def _over(self, there: list[Segment]) -> int:
        """The first line that is to stay: that of the first segment behind which another one began too late. 0 if
        nothing is over."""
        before = 0
        for _, after in pairwise(there):
            if not 0 < begins(after) <= self._now() - self._days * DAY:
                break
            before = after.first
        return before

    def _ended(self, last: Segment) -> bool:
        """Is the last segment of a writer over, too?"""
        found, until = last.path.stat(), self._now() - self._days * DAY
        if found.st_mtime_ns // 1_000 > until:  # so nothing in it need be read
            return False
        seen = (last.path, found.st_size, found.st_mtime_ns)
        if self._ends.get(last.writer, ((), 0))[0] != seen:
            self._ends[last.writer] = (seen, _ends(last))
        return 0 < self._ends[last.writer][1] <= until


def remove(directory: Path, writer: str, before: int) -> None:
    """Remove the segments that end before this line, the oldest first, unless one was never signed; what is signed of
    them stays. Raises OSError."""
    gone = False
    for segment, after in pairwise(segments(directory, writer)):
        if after.first > before:
            break
        if not segment.checkpoint.exists():
            log.error("`%s` is older than it may be, but it was not signed, and so it stays", segment.path)
            break
        for path in segment.path.parent.glob(f"{segment.first:012d}.*"):
            if path != segment.checkpoint:
                path.unlink(missing_ok=True)
                gone = True
    if gone:
        sync_directory(directory / writer)


def _ends(segment: Segment) -> int:
    """The latest time of its lines (microseconds since 1970, UTC); 0 if nobody can tell."""
    try:
        links = (link_of(line) for line, whole in lines_of(segment) if whole)
        return max((time_of(link.time) for link in links if link is not None), default=0)
    except DAMAGE:
        return 0
