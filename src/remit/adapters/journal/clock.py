"""A clock that is set while the journal is written: that is a line of its own, since all lines bear its time.

How long answers took, and how long anything waits, is never measured by that clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from remit.core.journal.entries import Kind

LOOK = 1.0
"""Seconds between two looks at the clock."""

JUMP = 1_000_000_000
"""Nanoseconds that it may go wrong between two looks. A clock that is put right slowly does not go so fast."""

CLOSE = 10_000_000
"""Nanoseconds that one look may take, lest a process that had to wait just then take it for a jump."""


class Drift:
    """How far the clock has been set since the last look."""

    def __init__(self) -> None:
        self._apart = _apart()

    def jumped(self) -> int:
        """Nanoseconds that the clock was set forwards, or backwards if negative; 0 if it was not."""
        before, self._apart = self._apart, _apart()
        jump = self._apart - before
        return jump if abs(jump) >= JUMP else 0


@contextmanager
def clock_watched(mention: Callable[[Kind, Mapping[str, Any]], None]) -> Iterator[None]:
    """While this lasts, each jump of the clock is mentioned: how many `seconds` it was set forwards."""
    over, drift = threading.Event(), Drift()

    def look() -> None:
        while not over.wait(LOOK):
            if jump := drift.jumped():
                mention(Kind.CLOCK, {"seconds": round(jump / 1e9, 3)})

    thread = threading.Thread(target=look, name="journal clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _apart() -> int:
    """Nanoseconds between the clock and one that nobody sets."""
    while True:
        began = time.monotonic_ns()
        found = time.time_ns()
        if time.monotonic_ns() - began < CLOSE:
            return found - began
