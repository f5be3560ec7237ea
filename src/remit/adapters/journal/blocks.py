"""A segment read in blocks of whole lines: few bytes are held at a time, however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from remit.adapters.journal.layout import Segment
from remit.errors import JournalDamaged

BLOCK = 256 * 1024
"""Bytes that are read at a time."""

MOST_LINE = 32 * 1024 * 1024
"""Bytes of a line: no journal has a longer one."""


def too_long(body: bytes) -> str:
    """Why a record cannot be a line that is read again; empty if it can."""
    most = MOST_LINE - 1_000  # a line has a little more than its record
    return f"a record of {len(body):,} bytes is longer than the {most:,} of a line" if len(body) > most else ""


def opened(segment: Segment) -> IO[bytes]:
    """The bytes of a segment, whether it was compressed meanwhile or not. Raises OSError: FileNotFoundError if it is
    gone."""
    try:
        return segment.opened()
    except FileNotFoundError:
        if segment.compressed:
            raise
        return segment._replace(path=segment.path.with_name(segment.path.name + ".gz"), compressed=True).opened()


def blocks_of(file: IO[bytes], offset: int) -> Iterator[tuple[int, bytes]]:
    """Whole lines behind `offset`, many at a time, each with where they begin; and last of all, without a line feed,
    what is left, if anything is. `offset` is behind a line, or 0.

    Raises JournalDamaged if a line is longer than any, OSError, and EOFError or zlib.error if what is compressed is
    damaged.
    """
    if offset:
        offset = _behind_a_line(file, offset)
    rest, at = b"", offset
    while data := file.read(BLOCK):
        end = data.rfind(b"\n") + 1
        if not end:
            rest += data
            if len(rest) > MOST_LINE:
                raise JournalDamaged(f"there is a line of more than {MOST_LINE:,} bytes")
            continue
        block = rest + data[:end]
        yield at, block
        at, rest = at + len(block), data[end:]
    if rest:
        yield at, rest


def _behind_a_line(file: IO[bytes], offset: int) -> int:
    """Go behind the first line feed that is not before `offset`; where the file ends, if there is none: what stood
    there may have been taken back."""
    at = file.seek(offset - 1)
    while data := file.read(BLOCK):
        found = data.find(b"\n")
        if found >= 0:
            return file.seek(at + found + 1)
        at += len(data)
    return at
