"""Where the journal's files are, and how they are called.

DIRECTORY/WRITER/lock                       held by the process that writes here
DIRECTORY/WRITER/000000000001.jsonl         a segment, by the number of its first line; the last one grows
DIRECTORY/WRITER/000000000001.jsonl.gz      the same once it is closed and compressed
DIRECTORY/WRITER/000000000001.checkpoint    what is signed of it
DIRECTORY/WRITER/000000000001.torn-…        what was cut off its end after a crash
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

from remit.core.journal.chain import WRITER

_BUFFER = 1024 * 1024  # bytes
_SEGMENT = re.compile(r"(\d{12,18})\.jsonl(\.gz)?", re.ASCII)


class Segment(NamedTuple):
    """A file of lines: whose, the number of its first line, where it is, and whether it is compressed."""

    writer: str
    first: int
    path: Path
    compressed: bool

    def opened(self) -> IO[bytes]:
        """The bytes of its lines, to be read. Raises OSError."""
        if not self.compressed:
            return self.path.open("rb")
        # the reader in front gives lines one by one, and much faster than what uncompresses
        return io.BufferedReader(cast("io.RawIOBase", gzip.open(self.path)), _BUFFER)

    @property
    def checkpoint(self) -> Path:
        """Where what is signed of it is, or is to be."""
        return self.path.with_name(f"{self.first:012d}.checkpoint")


def name_of(first: int) -> str:
    """The file of a segment that begins with this line."""
    return f"{first:012d}.jsonl"


def writers(directory: Path) -> list[str]:
    """All that have ever written here, in order. Raises OSError."""
    if not directory.is_dir():
        return []
    return sorted(each.name for each in directory.iterdir() if WRITER.fullmatch(each.name) and each.is_dir())


def segments(directory: Path, writer: str) -> list[Segment]:
    """The segments of a writer, in order. While one is being compressed there are two files of it, of which the plain
    one counts. Raises OSError."""
    found: dict[int, Segment] = {}
    for path in sorted((directory / writer).iterdir()):
        match = _SEGMENT.fullmatch(path.name)
        if match and (match[2] is None or int(match[1]) not in found):
            found[int(match[1])] = Segment(writer, int(match[1]), path, match[2] is not None)
    return [found[first] for first in sorted(found)]


def lines_of(segment: Segment) -> Iterator[tuple[bytes, bool]]:
    """The lines of a segment without their line feeds, and whether they had one: only the last may lack it.

    Raises OSError, and EOFError or zlib.error if a compressed one is cut short or damaged.
    """
    with segment.opened() as file:
        for line in file:
            whole = line.endswith(b"\n")
            yield (line[:-1] if whole else line), whole
