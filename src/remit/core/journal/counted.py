"""What a journal comes to: how many lines of what, from when to when, and how long answers took. Memory is bounded,
whatever callers call themselves."""

from __future__ import annotations

from collections import Counter

from remit.core.journal.entries import Entry, Kind

MOST_NAMES = 10_000
"""Names that are told apart of each sort; more of them are counted as others."""

OTHERS = "(others)"

_FINE = 5  # bits: times are told apart to 3 percent


class Spread:
    """How values are spread: whole numbers from 0, each to 3 percent."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.number = 0

    def add(self, value: int) -> None:
        """One more."""
        value = max(value, 0)
        shift = max(value.bit_length() - _FINE - 1, 0)
        self._counts[(value >> shift) << shift] += 1
        self.number += 1

    def at(self, share: float) -> int:
        """The value that so many are not above, from 0 to 1; 0 if there is none."""
        due, seen = share * self.number, 0
        for value in sorted(self._counts):
            seen += self._counts[value]
            if seen >= due:
                return value
        return 0


class Tally:
    """Lines counted, and the questions in them. `lost` are records that could not be written; `first` and `last` when
    the first and the last line was written (microseconds since 1970, UTC; None: there is none)."""

    def __init__(self) -> None:
        self.lines, self.lost, self.unnamed = 0, 0, 0
        self.first: int | None = None
        self.last: int | None = None
        self.took = Spread()
        self.sorts = {name: Counter[str]() for name in ("kind", "verdict", "code", "action", "caller", "revision")}

    def add(self, entry: Entry) -> None:
        """One more line."""
        body = entry.body
        self.lines += 1
        self.first = entry.time if self.first is None else min(self.first, entry.time)
        self.last = entry.time if self.last is None else max(self.last, entry.time)
        self._count("kind", entry.kind)
        if entry.kind == Kind.LOST:
            self.lost += _number(body.get("records"))
        if entry.kind == Kind.AUTH_FAILED:
            self.unnamed += 1 + _number(body.get("more"))
        if entry.kind not in (Kind.DECISION, Kind.OPERATION):
            return
        self._count("caller", body.get("caller"))
        self._count("revision", body.get("revision"))
        self.took.add(_number(body.get("us")))
        refused = body.get("permitted") is False
        for item in entry.items:
            self._count("verdict", "refused" if refused else item.get("verdict"))
            self._count("code", item.get("code"))
            self._count("action", item.get("action"))

    def _count(self, sort: str, name: object) -> None:
        if name in (None, ""):
            return
        counts, text = self.sorts[sort], str(name)
        counts[text if text in counts or len(counts) < MOST_NAMES else OTHERS] += 1


def _number(value: object) -> int:
    return value if type(value) is int else 0
