"""What there is to say about one line of a policy that is brought in."""

from __future__ import annotations

from typing import NamedTuple


class Note(NamedTuple):
    """A line of the original, counted from 1 (0: all of it), its text, and what becomes of it."""

    file: str
    line: int
    text: str
    said: str
