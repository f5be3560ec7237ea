"""What is signed of a segment, in a file beside it, and in the database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from remit.adapters.journal.signing import holds
from remit.core.journal.notes import Checkpoint, Key, checkpoint_of, opened, segment_of
from remit.errors import JournalDamaged

MOST = 16_384
"""Bytes that a checkpoint may have."""

_FILE = re.compile(r"(\d{12,18})\.checkpoint", re.ASCII)


class Signed(NamedTuple):
    """A checkpoint of the segment that begins with the line `first`: what it says, and the note as it was signed."""

    first: int
    checkpoint: Checkpoint
    note: bytes


def files(directory: Path, writer: str) -> dict[int, Path]:
    """The files with what is signed of a writer's segments, by the numbers of their first lines. Raises OSError."""
    found = ((_FILE.fullmatch(path.name), path) for path in (directory / writer).iterdir())
    return dict(sorted((int(match[1]), path) for match, path in found if match))


def read(path: Path, writer: str, first: int, keys: Sequence[Key]) -> Signed | None:
    """What is signed in a file; None if there is no such file.

    Raises OSError, and JournalDamaged if it is not signed by one of these keys, or is of another segment.
    """
    try:
        with path.open("rb") as file:
            note = file.read(MOST + 1)
    except FileNotFoundError:
        return None
    return checked(note, writer, first, keys)


def checked(note: bytes, writer: str, first: int, keys: Sequence[Key]) -> Signed:
    """What a note says of this segment. Raises JournalDamaged as `read`."""
    found = checkpoint_of(opened(note, keys, holds))
    if segment_of(found.origin) != (writer, first):
        raise JournalDamaged(f"it is what was signed of another segment, `{found.origin}`")
    return Signed(first, found, note)
