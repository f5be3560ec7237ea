"""The cases of a file, stage by stage: the policy they are judged by, and what they ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from remit.core.access import AccessRules
from remit.core.cases import Case, Exactly, Given, Suite
from remit.core.given import Fault, with_lines
from remit.core.model import ALWAYS, FOREVER, ROOT, AccessRule, Origin, Question
from remit.core.oracle import slice_of
from remit.core.policy import Policy

STAGE = Origin("(case)", 0)
"""Where the access rules of a stage stand: in no file."""


class Stage(NamedTuple):
    """Cases that stand under the same given lines: the policy with these lines, and what is wrong with them."""

    policy: Policy
    faults: list[Fault]
    entries: list[Case | Exactly]


def stages(policy: Policy, suite: Suite) -> Iterator[Stage]:
    """The stages of a file, each with the lines given above it."""
    faults: list[Fault] = []
    for _, entries in groupby(suite.entries, lambda entry: isinstance(entry, Given)):
        block = list(entries)
        lines = [entry.line for entry in block if isinstance(entry, Given)]
        if lines:
            policy, faults = with_lines(policy, lines)
        else:
            yield Stage(policy, faults, [entry for entry in block if not isinstance(entry, Given)])
            faults = []
    if faults:
        yield Stage(policy, faults, [])


def named(suites: Iterable[Suite]) -> Iterator[str]:
    """The subjects and groups that cases and given lines name: no access rule of anybody else bears on them."""
    for entry in (entry for suite in suites for entry in suite.entries):
        if isinstance(entry, Case):
            yield entry.subject
        elif isinstance(entry, Given):
            yield from entry.line.fields[1:3]


def set_up(policy: Policy, entries: Sequence[Case | Exactly]) -> Policy:
    """What of a policy bears on these cases, and somebody for each role that they ask about."""
    cases = [entry for entry in entries if isinstance(entry, Case)]
    holders = {case.held for case in cases if case.held}
    for entry in entries:
        if isinstance(entry, Exactly):
            holders |= {(role, scope) for role in policy.roles for scope in _scopes_of(policy, role, entry)}
    sliced = slice_of(policy, (case.subject for case in cases))
    staged = [_staged(role, scope) for role, scope in sorted(holders) if role in policy.roles]
    return replace(policy, access_rules=AccessRules.of([*sliced, *staged]))


def question_of(case: Case, now: int) -> Question:
    """What a case asks, at `now` if it names no time."""
    subject = _staged(*case.held).subject if case.held else case.subject
    when = now if case.at is None else case.at
    return Question(subject, case.action, case.kind, case.id, case.home, case.place, (), when)


def questions_of(policy: Policy, entry: Exactly, now: int) -> Iterator[tuple[str, Question]]:
    """What `exactly` asks: for each role of the policy, wherever it must be held to see what it may."""
    for role in policy.roles:
        for scope in _scopes_of(policy, role, entry):
            subject = _staged(role, scope).subject
            yield role, Question(subject, entry.action, entry.kind, None, scope, scope, (), now)


def _scopes_of(policy: Policy, role: str, entry: Exactly) -> set[str]:
    """Where a role must be held for `exactly` to see what it may: the scopes of its permissions, and `*`."""
    pair = (entry.kind, entry.action)
    return {ROOT} | {p.scope for p in policy.permissions if p.role == role and (p.kind, p.action) == pair}


def _staged(role: str, scope: str) -> AccessRule:
    """An access rule for a subject of this trial only: no policy can name a subject of the type `role`."""
    return AccessRule(f"role:{role}@{scope}", role, scope, ALWAYS, FOREVER, STAGE)
