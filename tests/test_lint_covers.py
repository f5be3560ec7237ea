"""What lint says of lines that change nothing is exact: without them every decision of a small world stays as it is,
and every line that is covered in the way described is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import pytest

from remit.core.access import AccessRules
from remit.core.lint import lint
from remit.core.model import ROOT, AccessRule, Membership, Origin
from remit.core.pdp import decide
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from worlds import EDGES, World, random_world
from writing import files_of

NEEDLESS = ("R044", "R045", "R046", "R047", "R048", "R049", "R050", "R051", "R053")
"""The codes that say of a line that it changes no decision."""

Question = tuple[str, str, str, str | None, str | None, str | None, tuple[str, ...], int]


class Marked(NamedTuple):
    """A line, and the code it was marked with."""

    origin: Origin
    code: str


def marked(policy: Policy) -> set[Marked]:
    """The lines that lint says change nothing."""
    linted = lint(files_of(policy), EDGES[0])
    assert linted.policy is not None, linted.findings
    return {Marked(Origin(f.file, f.line), f.code) for f in linted.findings if f.code in NEEDLESS}


def without(policy: Policy, lines: set[Origin]) -> Policy:
    """The policy without some of its lines. `policy_of` numbers lines as `files_of` writes them."""
    return replace(
        policy,
        permissions=tuple(each for each in policy.permissions if each.origin not in lines),
        memberships=tuple(each for each in policy.memberships if each.origin not in lines),
        access_rules=AccessRules.of(each for each in policy.access_rules if each.origin not in lines),
    )


def space(world: World) -> list[Question]:
    """Every question about the names of a world, with at most one group brought along."""
    subjects = (*world.subjects, *world.groups[:3])
    scopes = world.scopes[:6]
    return [
        (subject, action, kind, None, home, place, brought, when)
        for subject, (kind, action), home, place, brought, when in product(
            subjects, world.pairs, (None, *scopes), (None, *scopes), ((), *((g,) for g in world.groups[:2])),
            world.instants,
        )
    ]  # fmt: skip


def decisions(policy: Policy, questions: list[Question]) -> list[bool]:
    """Each question decided, at once."""
    snapshot = Snapshot(policy)
    return [decide(snapshot, *question).allowed for question in questions]


def covered(policy: Policy) -> Iterator[Origin]:
    """The access rules and memberships that one other line or path covers, found by comparing each with each."""
    rules, memberships = list(policy.access_rules), policy.memberships
    for rule in rules:
        for other in rules:
            same = (rule.subject, rule.role) == (other.subject, other.role)
            if same and covers(policy, other, rule) and (not covers(policy, rule, other) or other.origin < rule.origin):
                yield rule.origin
    for joined in memberships:
        ways = list(paths(joined.member, joined.group, memberships, joined.since, joined.until))
        for way in ways:
            alone = len(way) == 1
            if joined in way:
                continue
            equal = alone and (way[0].since, way[0].until) == (joined.since, joined.until)
            if not equal or way[0].origin < joined.origin:
                yield joined.origin


def through_groups(policy: Policy) -> Iterator[Origin]:
    """The access rules that a group of the subject has as well."""
    for rule in policy.access_rules:
        for other in policy.access_rules:
            joined = any(paths(rule.subject, other.subject, policy.memberships, rule.since, rule.until))
            if joined and rule.role == other.role and covers(policy, other, rule):
                yield rule.origin


def covers(policy: Policy, wide: AccessRule, narrow: AccessRule) -> bool:
    """Does one hold wherever and whenever the other does?"""
    scope = narrow.scope
    while scope not in (wide.scope, ROOT) and scope in policy.parents:
        scope = policy.parents[scope][0]
    return scope == wide.scope and wide.since <= narrow.since and narrow.until <= wide.until


def paths(
    member: str, group: str, memberships: tuple[Membership, ...], since: int, until: int
) -> Iterator[tuple[Membership, ...]]:
    """Every chain of memberships from one to the other that counts all through."""
    for each in memberships:
        if each.member == member and each.since <= since and until <= each.until:
            if each.group == group:
                yield (each,)
            else:
                yield from ((each, *rest) for rest in paths(each.group, group, memberships, since, until))


@pytest.mark.parametrize("start", range(0, 120, 24))
def test_without_the_lines_that_are_marked_every_decision_stays(start: int) -> None:
    seen = 0
    for seed in range(start, start + 24):
        world = random_world(seed)
        lines = {each.origin for each in marked(world.policy)}
        questions = space(world)
        assert decisions(without(world.policy, lines), questions) == decisions(world.policy, questions), seed
        seen += len(lines)
    assert seen > 24, "worlds without needless lines prove nothing"


@pytest.mark.parametrize("start", range(0, 1_000, 250))
def test_every_line_that_another_covers_is_found_and_no_other(start: int) -> None:
    seen = 0
    for seed in range(start, start + 250):
        policy = random_world(seed).policy
        found = marked(policy)
        by_code = {code: {each.origin for each in found if each.code == code} for code in NEEDLESS}
        needless = set(covered(policy))
        tables = ("policies/access_rules.csv", "policies/groups.csv")
        told = {each for code in ("R044", "R045", "R047") for each in by_code[code] if each.file in tables}
        assert told == needless, seed
        assert by_code["R048"] == set(through_groups(policy)) - needless, seed
        seen += len(needless)
    assert seen > 250


def test_a_line_that_counts_is_not_marked_as_needless() -> None:
    """Of the lines that are not marked, many a one changes a decision: the space is able to tell."""
    changed = 0
    for seed in range(12):
        world = random_world(seed)
        questions = space(world)
        before = decisions(world.policy, questions)
        told = {each.origin for each in marked(world.policy)}
        kept = sorted(each.origin for each in world.policy.access_rules if each.origin not in told)
        changed += sum(decisions(without(world.policy, {origin}), questions) != before for origin in kept[:2])
    assert changed > 8
