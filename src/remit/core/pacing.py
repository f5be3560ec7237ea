"""Long work in small steps: whoever waits for a decision gets a turn in between.

Python runs one thread at a time, and hands over at its own leisure. So a policy that is compiled beside the live one
comes to a pause every few lines; what a pause is, and whether it is due, is for whoever gives it to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Pause = Callable[[], None] | None
"""Done between two steps of long work; None: nobody waits for it."""

STEP = 16
"""Lines between two pauses: some fifty microseconds of work."""

Item = TypeVar("Item")


def paced(items: Iterable[Item], pause: Pause) -> Iterable[Item]:
    """The items, with a pause every few of them."""
    return items if pause is None else _paced(items, pause)


def _paced(items: Iterable[Item], pause: Callable[[], None]) -> Iterator[Item]:
    left = STEP
    for item in items:
        yield item
        left -= 1
        if not left:
            pause()
            left = STEP
