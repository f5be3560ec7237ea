"""Constraints judged over one snapshot: who breaks which, where, from when until when, and by which lines.

Every subject that the policy names is judged, groups too: a group stands for those who come with it in a token. All of
time from `now` on is judged, stretch by stretch between the instants at which some line begins or ends to count.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from remit.core.breach import Breach
from remit.core.breaches import breaches, uncounted
from remit.core.constraints import Constraint
from remit.core.model import Ground
from remit.core.names import quoted
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot

_PLURAL = {"holds": "hold"}
_ORDER = ("permission", "access rule", "membership")  # as in an explanation


class Violation(NamedTuple):
    """A constraint that some subjects break from `since` (the instant judged, or later) until `until` (`FOREVER` if no
    line ends it). `where` are the scopes in which they do, `lines` all that cause it, as they stand in the policy."""

    constraint: Constraint
    who: tuple[str, ...]
    where: tuple[str, ...]
    since: int
    until: int
    sentence: str
    lines: tuple[Ground, ...]


class Judgement(NamedTuple):
    """What breaks the constraints, and where they cannot be sure, as a group's members come with tokens too. A doubt is
    no violation: it says of which groups the members that the policy knows were judged, and no others could be."""

    violations: tuple[Violation, ...]
    doubts: tuple[Violation, ...]


def violations(policy: Policy, snapshot: Snapshot, now: int) -> tuple[Violation, ...]:
    """What breaks the constraints of a policy from `now` on; constraint by constraint, then by time and by name.

    Exact for everybody whom the policy names: nothing is sampled. Those who break one by the same lines are one. The
    constraints may be those of another revision (`replace(after, constraints=before.constraints)`), so that a change
    that takes a constraint out is judged by it too; what they name and this policy does not, nobody has.
    """
    return tuple(found for each in policy.constraints for found in _folded(each, breaches(each, snapshot, now)))


def judge(policy: Policy, snapshot: Snapshot, now: int) -> Judgement:
    """The violations, and the doubts that come with the constraints."""
    doubts = (found for each in policy.constraints for found in _folded(each, uncounted(each, snapshot, now)))
    return Judgement(violations(policy, snapshot, now), tuple(doubts))


def _folded(constraint: Constraint, found: Iterable[Breach]) -> list[Violation]:
    """Breaches to violations; those of different subjects that differ in memberships only are one."""
    together: dict[object, list[Breach]] = {}
    for breach in found:
        causes = frozenset(line for line in breach.lines if line.what != "membership")
        together.setdefault((*breach[1:6], causes, breach.crowd), []).append(breach)
    some = [_violation(constraint, alike) for alike in together.values()]
    return sorted(some, key=lambda each: (each.since, each.who, each.until))


def _violation(constraint: Constraint, alike: list[Breach]) -> Violation:
    _, since, until, verb, what, where, _, crowd = alike[0]
    # a group first: those that follow break it because of it
    who = sorted({name for each in alike for name in each.who}, key=lambda name: (not name.startswith("group:"), name))
    names = f"up to {crowd:,} people" if crowd else _names(who)
    sentence = f"{names} {verb if len(who) == 1 else _PLURAL.get(verb, verb)} {what}"
    lines = sorted({line for each in alike for line in each.lines}, key=lambda line: (_ORDER.index(line[0]), line))
    return Violation(constraint, tuple(who), where, since, until, sentence, tuple(lines))


def _names(who: list[str]) -> str:
    """Who it is, in words: one or two names, or the first and how many more."""
    if len(who) > 2:
        return f"{quoted(who[0])} and {len(who) - 1:,} others"
    return " and ".join(map(quoted, who))
