"""What must not take long whatever it is given: a bound on the processor's time, far above what it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

TRIES = 3


def quickly(work: Callable[[], Found], seconds: float) -> Found:
    """What `work` finds, which takes less than so many seconds of the processor; it is done again if it took more:
    other threads count too, and what thousands of tests have left may be collected just then."""
    took = []
    for _ in range(TRIES):
        begun = time.process_time()
        found = work()
        took.append(time.process_time() - begun)
        if took[-1] < seconds:
            return found
    raise AssertionError(f"it takes {min(took):.2f} seconds, not {seconds:g}")
