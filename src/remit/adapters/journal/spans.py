"""Which segments may hold what is wanted, by when their lines were written."""

from __future__ import annotations

import zlib

from remit.adapters.journal.blocks import opened
from remit.adapters.journal.layout import Segment
from remit.core.journal.chain import link_of
from remit.core.journal.marks import Mark
from remit.core.journal.wanted import Wanted
from remit.core.times import parse_instant
from remit.errors import JournalDamaged

SLACK = 600_000_000
"""Microseconds that a clock may be set back by: lines that much out of order are found nevertheless."""

DAMAGE = (JournalDamaged, EOFError, zlib.error)
"""What reading a damaged segment raises, besides OSError."""

_SHRINKS = 10  # times, about, when it is compressed


def reaching(there: list[Segment], wanted: Wanted, mark: Mark | None) -> list[Segment]:
    """The segments that may hold what is wanted, behind the mark: all from the last one that begins before it."""
    if mark is not None:
        return [segment for segment in there if segment.first >= mark.first]
    if wanted.since is None:
        return there
    least, most = 0, len(there)
    while most - least > 1:
        middle = (least + most) // 2
        if 0 < begins(there[middle]) <= wanted.since - SLACK:
            least = middle
        else:
            most = middle
    return there[least:]


def begins(segment: Segment) -> int:
    """When the first line of a segment was written (microseconds since 1970, UTC); 0 if nobody can tell."""
    try:
        with opened(segment) as file:
            link = link_of(file.readline(4_096).rstrip(b"\n") + b"}")
            return 0 if link is None else time_of(link.time)
    except (OSError, *DAMAGE):
        return 0


def size_of(segment: Segment) -> int:
    """About how many bytes its lines have; 0 if it is gone."""
    try:
        return segment.path.stat().st_size * (_SHRINKS if segment.compressed else 1)
    except OSError:
        return 0


def time_of(text: str) -> int:
    """The instant that a line says it is of; 0 if it is none."""
    try:
        return parse_instant(text)
    except ValueError:
        return 0
