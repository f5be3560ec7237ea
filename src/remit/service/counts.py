"""What is counted while questions are answered: plain numbers that can be copied, sent and added up.

Each count is written by one thread only. No count is kept by the name of anybody, of a thing or of a scope, so
there are never more of them than the policy has kinds and there are codes.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0)
"""Seconds: the upper bounds of the buckets of how long an answer took; beyond the last there is one more."""

OTHER = "other"
"""The kind of what no vocabulary lists: callers may send any."""

INVALID, UNDECIDED = "invalid", "undecided"
"""The codes of members of a batch that were no question, or could not be decided."""


@dataclass(slots=True)
class Counts:
    """Since the start. `decisions` by kind and code; `requests` by route and status: how many fell in each bucket; and
    `seconds`, what they took together; `reloads` by outcome: `activated`, `refused`, `lost`; `samples` by who looks
    again (`shadow`) and what came of it (`compared`, `dropped`, `failed`); and `differences` of the shadow policy by
    codes (live, candidate), kind and action; and `journal`: records `kept` and `lost`."""

    decisions: dict[tuple[str, str], int] = field(default_factory=dict)
    requests: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    seconds: dict[tuple[str, int], float] = field(default_factory=dict)
    reloads: dict[str, int] = field(default_factory=dict)
    samples: dict[tuple[str, str], int] = field(default_factory=dict)
    differences: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    journal: dict[str, int] = field(default_factory=dict)

    def took(self, route: str, status: int, seconds: float) -> None:
        """A decision route answered with this status, so many seconds after the request had begun."""
        key = (route, status)
        try:
            self.requests[key][bisect_left(BOUNDS, seconds)] += 1
            self.seconds[key] += seconds
        except KeyError:
            self.requests[key], self.seconds[key] = [0] * (len(BOUNDS) + 1), 0.0
            self.took(route, status, seconds)

    def merge(self, other: Counts) -> None:
        """Add what another process has counted."""
        for name in ("decisions", "reloads", "samples", "differences", "journal"):
            _add(getattr(self, name), getattr(other, name))
        for key, buckets in other.requests.copy().items():
            mine_of = self.requests.get(key, [0] * len(buckets))
            self.requests[key] = [one + two for one, two in zip(mine_of, buckets, strict=True)]
            self.seconds[key] = self.seconds.get(key, 0.0) + other.seconds.get(key, 0.0)

    def copy(self) -> Counts:
        """These numbers now, apart from those that go on growing; for any thread."""
        found = Counts()
        found.merge(self)
        return found


def _add(mine: dict[object, int], theirs: dict[object, int]) -> None:
    for key, count in theirs.copy().items():  # a copy at once: another thread may be adding to it
        mine[key] = mine.get(key, 0) + count
