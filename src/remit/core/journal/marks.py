"""Where somebody stands who reads the journal, so that it can be gone on from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from remit.core.journal.entries import Entry


class Mark(NamedTuple):
    """Where one stands in the lines of a writer: in the segment that begins with line `first`, behind so many bytes."""

    first: int
    offset: int


Marks = Mapping[str, Mark]
"""Where one stands with each writer; those that are not named are all ahead."""


class Step(NamedTuple):
    """One step through the journal: a line that is wanted, or only so many `looked` bytes that are behind. `time` is
    that of the last line (microseconds since 1970, UTC), `mark` where one stands then with its writer."""

    time: int
    writer: str
    mark: Mark
    looked: int
    entry: Entry | None = None
