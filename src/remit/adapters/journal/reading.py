"""The journal read: all writers' lines in the order of their time, however many there are, in bounded memory."""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterator
from pathlib import Path

from remit.adapters.journal.layout import Segment, lines_of, segments, writers
from remit.core.journal.chain import link_of
from remit.core.journal.entries import Entry, entry_of
from remit.core.journal.wanted import Wanted
from remit.core.times import parse_instant
from remit.errors import JournalDamaged, Misconfigured


def entries(directory: Path, wanted: Wanted = Wanted()) -> Iterator[Entry]:  # noqa: B008
    """The lines that are wanted, the oldest first. Lines of one writer never change their order; those of several are
    merged by their time.

    What is damaged ends a segment here: `remit journal verify` tells of it. Raises Misconfigured if the journal cannot
    be read.
    """
    try:
        yield from heapq.merge(*(_of(directory, writer, wanted) for writer in writers(directory)), key=_when)
    except OSError as error:
        raise Misconfigured(f"the journal in `{directory}` cannot be read: {error.strerror or error}") from None


def _of(directory: Path, writer: str, wanted: Wanted) -> Iterator[Entry]:
    there = segments(directory, writer)
    for segment, after in zip(there, [*there[1:], None], strict=False):  # there may be none
        if after is not None and wanted.since is not None and (_begins(after) or 0) <= wanted.since:
            continue  # all its lines are older than the first line of the next segment
        try:
            for line, _ in lines_of(segment):
                if not wanted.may_fit(line):
                    continue
                entry = entry_of(line)
                if wanted.until is not None and entry.time >= wanted.until:
                    return
                if wanted.fits(entry):
                    yield entry
        except FileNotFoundError:
            continue  # it was compressed, or its time is over, since the list was made
        except (JournalDamaged, EOFError, zlib.error):
            continue


def _begins(segment: Segment) -> int | None:
    """When the first line of a segment was written; None if it has none."""
    try:
        for line, _ in lines_of(segment):
            link = link_of(line)
            return None if link is None else parse_instant(link.time)
    except (OSError, EOFError, zlib.error):
        return None
    return None


def _when(entry: Entry) -> int:
    return entry.time
