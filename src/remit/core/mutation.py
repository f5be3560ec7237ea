"""Which changes of single lines no case notices.

A change is noticed if a case fails under it, or if the policy would not load with it. One that alters no decision is
neither: where that can be told cheaply it is said, and such changes count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from random import Random
from typing import NamedTuple

from remit.core.bending import Bent, Edge, Home, bent, with_bent
from remit.core.cases import Case, Exactly, Given, Suite
from remit.core.checks import check_memberships, check_names, check_tree, check_use
from remit.core.findings import Report
from remit.core.given import Sources
from remit.core.model import AccessRule, Membership, Permission
from remit.core.oracle import slice_of
from remit.core.policy import Policy
from remit.core.sameness import Sameness
from remit.core.stages import named
from remit.core.trial import Quick, try_suite

MOST = 10_000
"""Changes that are tried unless more are asked for; of more, a sample is."""


class Fate(StrEnum):
    """What became of a change. Refused: the policy would not load. Equal: no decision is another."""

    NOTICED = "noticed"
    REFUSED = "refused"
    EQUAL = "equal"
    UNNOTICED = "unnoticed"


class Tried(NamedTuple):
    """A change and what became of it."""

    change: Bent
    fate: Fate


def mutate(policy: Policy, now: int, most: int = MOST, say: Callable[[float], None] | None = None) -> list[Tried]:
    """Try every change of every line; of more than `most`, a sample that is the same for the same revision.

    `say` is told which share (0 to 1) is behind. The cases pass under the policy as it is.
    """
    count = sum(1 for _ in bent(policy))
    wanted = range(count) if count <= most else set(Random(policy.revision).sample(range(count), most))
    trial = _Trial(policy, now)
    found: list[Tried] = []
    for number, change in enumerate(bent(policy)):
        if number in wanted:
            found.append(Tried(change, trial.fate(change)))
            if say is not None:
                say(len(found) / len(wanted))
    return found


class _Trial:
    """A policy and its cases, ready to be tried again and again."""

    def __init__(self, policy: Policy, now: int) -> None:
        self._now = now
        self._suites = policy.suites
        self._policy = policy
        self._judged = replace(policy, access_rules=slice_of(policy, named(policy.suites)))
        self._bearing = set(self._judged.access_rules.subjects)
        self._used = {policy.access_rules.roles[index] for index in set(policy.access_rules.role_ids)}
        self._sameness = Sameness(policy)

    def fate(self, change: Bent) -> Fate:
        """What becomes of one change."""
        if not isinstance(change.was, AccessRule) or change.was.subject in self._bearing:
            policy = self._bent(change)
            if not self._loads(policy, change):
                return Fate.REFUSED
            if self._is_noticed(policy, change):
                return Fate.NOTICED
        return Fate.EQUAL if self._sameness.holds(change) else Fate.UNNOTICED

    def _bent(self, change: Bent) -> Policy:
        """The policy with one change, as far as its cases can see: a membership may lead to other access rules."""
        if not isinstance(change.was, Membership):
            return with_bent(self._judged, change)
        whole = with_bent(self._policy, change)
        return replace(whole, access_rules=slice_of(whole, named(whole.suites)))

    def _is_noticed(self, policy: Policy, change: Bent) -> bool:
        """True if a case fails. Those without given lines are tried first: they cost the least."""
        concerned = [_concerned(suite, policy, change) for suite in self._suites]
        plain = [entry for suite in concerned for entry in _before_given(suite)]
        rest = [replace(suite, entries=suite.entries[len(_before_given(suite)) :]) for suite in concerned]
        tried = [Suite("", tuple(plain)), *(suite for suite in rest if suite.entries)]
        return any(outcome.fault for suite in tried for outcome in try_suite(policy, suite, self._now, Quick))

    def _loads(self, policy: Policy, change: Bent) -> bool:
        """True unless a check that the change can bear on keeps the policy from loading."""
        report, sources = Report(), Sources()
        match change.was:
            case Permission():
                check_use(policy.permissions, policy.vocabulary, sources, report)
                return not report.has_errors and self._used.issubset(policy.roles)
            case Membership():
                check_memberships(policy.memberships, sources, report)
            case Edge():
                check_tree(policy.parents, sources, report)
                check_names(policy.permissions, policy.vocabulary, policy.parents, sources, report)
        return not report.has_errors


def _before_given(suite: Suite) -> Sequence[Case | Exactly | Given]:
    """The cases of a file that stand above its first given line."""
    first = next((index for index, entry in enumerate(suite.entries) if isinstance(entry, Given)), len(suite.entries))
    return suite.entries[:first]


def _concerned(suite: Suite, policy: Policy, change: Bent) -> Suite:
    """The file without the cases that the change cannot bear on."""
    return replace(suite, entries=tuple(_bearing(suite, policy, change)))


def _bearing(suite: Suite, policy: Policy, change: Bent) -> Iterator[Case | Exactly | Given]:
    """Given lines; and the cases that a permission, by its pair, a role, a membership or a home can decide."""
    for entry in suite.entries:
        match change.was, entry:
            case _, Given():
                yield entry
            case Permission(), _:
                pairs = {(each.kind, each.action) for each in (change.was, change.now) if isinstance(each, Permission)}
                if (entry.kind, entry.action) in pairs or change.was.role not in policy.roles:
                    yield entry
            case ((AccessRule() | Membership()), Case(held=None)):
                yield entry
            case Home(kind, id, _, _), Case() if (entry.kind, entry.id) == (kind, id):
                yield entry
            case Edge(), _:
                yield entry
