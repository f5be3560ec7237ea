"""Where a writer ended, and what a crash left behind its last whole line.

What is cut off is kept beside the segment and told by the next line, so that a crash can be told from somebody who
wants it to look like one.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from remit.adapters.journal.layout import Segment, name_of, segments
from remit.adapters.private_files import sync_directory
from remit.core.journal.chain import START, leaf, link_of
from remit.core.journal.entries import Kind
from remit.core.journal.merkle import Tree
from remit.errors import JournalDamaged


class Torn(NamedTuple):
    """What was cut off: how many bytes, how many whole lines among them, and their SHA-256 in hexadecimal."""

    bytes: int
    lines: int
    digest: str


class End(NamedTuple):
    """Where a writer ended: the first line of its growing segment, the tree over the segment, its size in bytes, the
    hash that the next line names, the next line's number, and where the segment is to be; and the segment before, its
    size and its root, if it is complete but was not looked after."""

    first: int
    tree: Tree
    size: int
    prev: str
    seq: int
    path: Path
    closed: tuple[Segment, int, bytes] | None


def found_end(directory: Path, writer: str) -> End:
    """Where a writer ended. Raises OSError, and JournalDamaged if its last segment is no segment of its."""
    there = segments(directory, writer)
    if not there:
        return End(1, Tree(), 0, START, 1, directory / writer / name_of(1), None)
    last = there[-1]
    tree, size, prev, closed = _followed(last)
    if not closed and last.compressed:
        raise JournalDamaged(f"`{last.path}` is compressed, but not complete")
    if not tree.size and last.first > 1:
        if len(there) == 1:
            raise JournalDamaged(f"`{last.path}` has no whole line, and nothing is there that it could follow")
        prev = _followed(there[-2])[2]
    seq = last.first + tree.size
    if not closed:
        return End(last.first, tree, size, prev or START, seq, last.path, None)
    left = None if last.compressed and last.checkpoint.exists() else (last, tree.size, tree.root())
    return End(seq, Tree(), 0, prev, seq, last.path.with_name(name_of(seq)), left)


def unfinished(directory: Path, writer: str) -> Iterator[tuple[Segment, int, bytes]]:
    """The closed segments of a writer, but for the last one, that are not compressed, each with its lines and its root:
    their process ended before they were looked after. Raises OSError."""
    for segment in segments(directory, writer)[:-1]:
        if not segment.compressed:
            tree, _, _, closed = _followed(segment)
            if closed:
                yield segment, tree.size, tree.root()


def put_aside(end: End) -> Torn | None:
    """Keep what stands behind the last whole line of the growing segment in a file of its own. Raises OSError."""
    if not end.path.exists():
        return None
    with end.path.open("rb") as file:
        file.seek(end.size)
        rest = file.read()
    if not rest:
        return None
    torn = Torn(len(rest), rest.count(b"\n"), hashlib.sha256(rest).hexdigest())
    beside = end.path.with_name(f"{end.first:012d}.torn-{torn.digest[:16]}")
    with beside.open("wb") as kept:
        kept.write(rest)
        kept.flush()
        os.fsync(kept.fileno())
    beside.chmod(0o600)
    sync_directory(beside.parent)
    return torn


def _followed(segment: Segment) -> tuple[Tree, int, str, bool]:
    """The tree over the whole lines of a segment, their bytes, the last hash, and whether it is complete."""
    tree, size, prev = Tree(), 0, ""
    try:
        with segment.opened() as file:
            for line in file:
                link = link_of(line[:-1]) if line.endswith(b"\n") else None
                if link is None or (link.writer, link.seq) != (segment.writer, segment.first + tree.size):
                    break
                if prev and link.prev != prev:
                    break
                hashed = leaf(line[:-1])
                prev, size = hashed.hex(), size + len(line)
                tree.append(hashed)
                if link.kind == Kind.CLOSED:
                    return tree, size, prev, True
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise JournalDamaged(f"`{segment.path}` cannot be uncompressed: {error}") from None
    return tree, size, prev, False
