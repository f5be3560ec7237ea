"""What is left of a writer, part by part: its segments, what is signed of them beside them, and in the database."""

from __future__ import annotations

import gzip
import heapq
import zlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import IO, NamedTuple

from remit.adapters.db.checkpoints import SqlCheckpoints, Stored
from remit.adapters.journal import blocks, checkpoints
from remit.adapters.journal.layout import Segment, segments
from remit.adapters.journal.spans import begins
from remit.core.journal.notes import Key
from remit.core.journal.verifying import DATABASE, FILE, Claim, Notice
from remit.errors import JournalDamaged

_FORGED = "it was edited, damaged or forged"


class Part(NamedTuple):
    """What there is of the segment that begins with this line, either may be missing: its lines, and what the database
    has of it. `last`: there are no lines of later ones; `settled`: something is signed of later ones, so this one is as
    it will stay."""

    first: int
    segment: Segment | None
    rows: tuple[Stored, ...]
    last: bool
    settled: bool


def parts_of(directory: Path, writer: str, stored: SqlCheckpoints | None, since: int | None) -> Iterator[Part]:
    """The parts of a writer in their order; those that begin before the instant `since` left out, but for the last.

    Raises OSError, and CouldNotDecide if the database is out of reach.
    """
    signed = checkpoints.files(directory, writer)  # before the lines: what is signed is there
    there = {segment.first: segment for segment in segments(directory, writer)}
    begin = _begin(there, since)
    known = sorted(first for first in {*there, *signed} if first >= begin)
    rows = () if stored is None else (row for row in stored.of(writer) if row.first >= begin)
    both = heapq.merge(((first, None) for first in known), ((row.first, row) for row in rows), key=lambda one: one[0])
    lines, seals = max(there, default=0), max(signed, default=0)
    for first, group in groupby(both, key=lambda one: one[0]):
        kept = tuple(row for _, row in group if row is not None)
        if first > max(lines, seals) and _is_new(directory, kept[0]):
            return  # written since the list of files was made
        yield Part(first, there.get(first), kept, first >= lines, first < seals)


def claims_of(part: Part, directory: Path, writer: str, keys: Sequence[Key]) -> tuple[list[Claim], list[Notice]]:
    """What was signed of a part, and what only claims to be. Raises OSError."""
    claims, notices = list[Claim](), list[Notice]()
    name = f"{part.first:012d}.checkpoint"
    try:
        found = checkpoints.read(directory / writer / name, writer, part.first, keys)
        claims += [] if found is None else [Claim(found.checkpoint.size, found.checkpoint.root, FILE)]
    except JournalDamaged as error:
        notices.append(Notice(f"{writer}/{name}", None, f"no checkpoint: {error}", _FORGED))
    bad = len(notices)
    for row in part.rows:
        try:
            signed = checkpoints.checked(row.note, writer, part.first, keys)
            claims.append(Claim(signed.checkpoint.size, signed.checkpoint.root, DATABASE))
        except JournalDamaged as error:
            notices[bad:] = [Notice(f"{writer}/{name}", None, f"no checkpoint in the database: {error}", _FORGED)]
    return claims, notices


def opened(segment: Segment) -> IO[bytes] | None:
    """The bytes of a segment, compressed meanwhile or not; None if it is gone. Raises OSError."""
    try:
        return blocks.opened(segment)
    except FileNotFoundError:
        return None


def lines_in(file: IO[bytes], damage: list[str]) -> Iterator[bytes]:
    """The lines of a segment with their line feeds; where it cannot be uncompressed any further, why is added."""
    try:
        yield from file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        damage.append(str(error))


def _begin(there: dict[int, Segment], since: int | None) -> int:
    """The first line of the last segment that began by this instant."""
    if since is None:
        return 0
    return next((first for first in reversed(there) if 0 < begins(there[first]) <= since), 0)


def _is_new(directory: Path, row: Stored) -> bool:
    name = directory / row.writer / f"{row.first:012d}.jsonl"
    return name.exists() or name.with_name(f"{name.name}.gz").exists()
