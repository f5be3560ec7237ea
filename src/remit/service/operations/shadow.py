"""What a shadow policy would have answered."""

from __future__ import annotations

from typing import NamedTuple

from remit.core.model import Explanation, Question
from remit.service.operations.policy import OfPolicy


class _Most(NamedTuple):
    most: int = 100


class ListShadow(OfPolicy, _Most):
    """How the shadow policy differs from the live one, with at most so many questions."""

    __slots__ = ()


class Difference(NamedTuple):
    """A question that the two answer differently: as it was judged when it was listed, why each answers so, how often
    it was met, and between which instants (microseconds since 1970, UTC)."""

    question: Question
    live: Explanation
    candidate: Explanation
    times: int
    first: int
    last: int


class Compared(NamedTuple):
    """What came of a shadow policy: where it came from, its revision and the live one, the share of answers that it is
    asked for too; how many were compared, had to be left out, and failed in it; `totals` counts what differs by codes
    (live, candidate), kind and action; and the latest questions that differ from the live revision."""

    source: str
    revision: str
    live: str
    share: float
    compared: int
    dropped: int
    failed: int
    totals: tuple[tuple[tuple[str, str, str, str], int], ...]
    differences: tuple[Difference, ...]
