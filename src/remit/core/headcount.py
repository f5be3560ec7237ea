"""How many people may, and which groups, whose members nobody can count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial

from remit.core.breach import Breach, Fault, doing, is_group, over_time
from remit.core.constraints import AtMost
from remit.core.holding import backing_of, ever, may, right_lines, spans, spot
from remit.core.names import quoted
from remit.core.snapshot import Snapshot


def at_most(constraint: AtMost, snapshot: Snapshot, now: int) -> Iterator[Breach]:
    """Too many people: the stretches of time in which more may at once, each with all that may within it."""
    if constraint.closed:
        yield from groups_that_may(constraint, snapshot, now)
    area, right = spot(snapshot, constraint.scope), constraint.right
    backing = backing_of(snapshot, right)
    stays = {
        subject: [
            stay for stay in spans(snapshot, subject, area, backing.bits, now)
            if may(snapshot, subject, right, area.scope, stay[0])
        ]
        for subject in sorted(ever(snapshot, area, backing.bits)) if subject.startswith("user:")
    }  # fmt: skip
    for since, until, crowd in _crowded(stays.values(), constraint.n):
        there = {
            subject: [max(since, start) for start, end in some if start < until and since < end]
            for subject, some in stays.items()
        }
        lines = (
            right_lines(snapshot, subject, backing, (area.scope,), when)
            for subject, some in there.items() for when in some
        )  # fmt: skip
        who = tuple(subject for subject, some in there.items() if some)
        what = f"{doing(right, (area.scope,))}; {quoted(constraint.name)} allows {constraint.n:,}"
        found = tuple(dict.fromkeys(each for some in lines for each in some))
        yield Breach(who, since, until, "may", what, (area.scope,), found, crowd)


def _crowded(stays: Iterable[list[tuple[int, int]]], most: int) -> Iterator[tuple[int, int, int]]:
    """The longest stretches in which more than `most` stay at once, each with the greatest number there is in it."""
    turns: Counter[int] = Counter()
    for some in stays:
        for since, until in some:
            turns[since] += 1
            turns[until] -= 1
    count = peak = begun = 0
    for instant in sorted(turns):
        count += turns[instant]
        if count > most:
            begun, peak = (begun, max(peak, count)) if peak else (instant, count)
        elif peak:
            yield begun, instant, peak
            peak = 0


def groups_that_may(constraint: AtMost, snapshot: Snapshot, now: int) -> Iterator[Breach]:
    """The groups that have the right: as many may as come with one of them in a token."""
    area, right = spot(snapshot, constraint.scope), constraint.right
    backing = backing_of(snapshot, right)
    what = f"{doing(right, (area.scope,))}, and nobody can count who comes with it in a token"

    def fault(subject: str, when: int) -> Fault | None:
        lines = tuple(right_lines(snapshot, subject, backing, (area.scope,), when))
        return Fault("may", what, (area.scope,), lines) if lines else None

    for subject in sorted(filter(is_group, ever(snapshot, area, backing.bits))):
        yield from over_time(subject, spans(snapshot, subject, area, backing.bits, now), partial(fault, subject))
