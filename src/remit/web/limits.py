"""What one caller may take of the server: sizes of a request, and requests per second."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

from remit.web.http import Refusal

_MOST_CALLERS = 10_000


class Limits(NamedTuple):
    """Bounds on each caller's requests, and on what is kept of them. Nesting, members of an object and the time a
    request may take to arrive are bounded too, for all alike (`strict`, `remit.serving`)."""

    body: int = 65_536
    """Bytes of a body."""
    batch: int = 256
    """Questions in one request."""
    explained: int = 32
    """Questions in one request that asks for reasons, which cost and weigh a hundred times what an answer does."""
    rate: float | None = None
    """Requests per second, on average; a second's worth may come at once. None: as many as the server can answer."""
    context: tuple[str, ...] = ()
    """Members of a question's context that the journal keeps."""


class Rates:
    """Counts each caller's requests against its rate; who is within it leaves nothing behind for long."""

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._each = 0.0 if rate is None else 1.0 / rate
        self._clock = clock
        self._due: dict[str, float] = {}
        self._sweep = 0.0

    def check(self, caller: str) -> None:
        """Count one request. Raises Refusal 429, with the seconds to wait, if the caller asks faster than it may."""
        if not self._each:
            return
        now = self._clock()
        due = max(self._due.get(caller, now), now) + self._each  # when all so far would be paid for at the rate
        ahead = due - now - max(1.0, self._each)  # a second's worth, or one request, may come at once
        if ahead > 1e-9:
            wait = b"%d" % math.ceil(ahead)
            raise Refusal(429, f"`{caller}` asks faster than {1 / self._each:g} times a second", (b"retry-after", wait))
        self._due[caller] = due
        if len(self._due) > _MOST_CALLERS and now >= self._sweep:
            self._due = {name: at for name, at in self._due.items() if at > now}
            self._sweep = now + 1.0
