"""Constraints are judged exactly: over every way in which four users can have four roles, and over random worlds with
windows, groups in groups and narrowed permissions, each violation that there is is found, and no other. The lines named
are those that cause it: alone they do, and without them nobody does.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from duties_worlds import constrained, crowded, only, without, wrong
from naive_duties import NaiveDuties
from remit.core.constraints import AtMost, Requires, Right, Separate
from remit.core.duties import judge
from remit.core.model import ALWAYS, FOREVER, Origin
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from worlds import policy_of

ROLES = ("r1", "r2", "r3", "r4")
PAIRS = (("environment", "view"), ("environment", "edit"), ("credentials", "view"), ("workload", "edit"))
TREE = {"department:r": "*", "project:a": "department:r", "project:b": "department:r"}
WAYS = ("none", "in a", "in b", "group in a", "group in group in b")
"""How one user may have one role."""

EVERYWHERE = (ALWAYS, FOREVER)
AT = Origin("policies/constraints.csv", 1)


def world_of(held: dict[str, tuple[str, ...]]) -> Policy:
    """The policy in which each user has each role in the way said."""
    rules, memberships = [], []
    for user, ways in held.items():
        inner, outer = f"group:in-{user[5:]}", f"group:out-{user[5:]}"
        memberships += [(user, inner, *EVERYWHERE), (inner, outer, *EVERYWHERE)]
        who = {"in a": user, "in b": user, "group in a": inner, "group in group in b": outer}
        rules += [
            (who[way], role, f"project:{way[-1]}", *EVERYWHERE)
            for role, way in zip(ROLES, ways, strict=True) if way != "none"
        ]  # fmt: skip
    may = [(role, "*", *pair) for role, pair in zip(ROLES, PAIRS, strict=True)]
    return policy_of(may, rules, TREE, memberships)


def test_every_way_to_have_four_roles_is_judged_as_meant() -> None:
    """Threats, row 32: by themselves, by groups, by groups in groups, in one scope and in two, by roles and rights."""
    rights = tuple(Right(*pair) for pair in PAIRS)
    scopes = ("*", "department:r", "project:a")
    some = [Separate("x", scope, "", n, ROLES, (), AT) for scope in scopes for n in (2, 3, 4)]
    some += [Separate("x", scope, "", n, (), rights, AT) for scope in scopes for n in (2, 4)]
    some += [Separate("x", "project:b", "", 2, ("r1", "r4"), (), AT)]
    due = [Requires("x", scope, "", "r1", "r2", True, AT) for scope in scopes]
    constraints = tuple(each._replace(name=f"c{number}") for number, each in enumerate((*some, *due)))
    every = list(product(WAYS, repeat=len(ROLES)))
    assert len(every) == 625
    violations = 0
    for start in range(0, len(every), 4):
        users = {f"user:u{number}": ways for number, ways in enumerate(every[start : start + 4])}
        policy = replace(world_of(users), constraints=constraints)
        assert list(wrong(policy, 0, judge)) == []
        violations += len(judge(policy, Snapshot(policy), 0).violations)
    assert violations > 5_000


def test_every_way_in_which_four_may_be_counted_is_counted_as_meant() -> None:
    ways = ("nobody", "direct", "below", "group", "group in group")
    right = Right("environment", "edit")
    constraints = tuple(AtMost(f"c{n}", scope, "", n, right, n > 2, AT) for n in (1, 2, 3) for scope in ("*",))
    constraints += (AtMost("c4", "project:a", "", 3, right, False, AT),)
    met = set()
    for held in product(ways, repeat=4):
        does = {way: [f"user:u{number}" for number in range(4) if held[number] == way] for way in ways}
        joined = [(user, "group:out", *EVERYWHERE) for user in does["group"]]
        joined += [(user, "group:in", *EVERYWHERE) for user in does["group in group"]]
        rules = [("group:out", "r", "*", *EVERYWHERE)] if joined else []
        rules += [(user, "r", "*", *EVERYWHERE) for user in does["direct"]]
        rules += [(user, "r", "project:a", *EVERYWHERE) for user in does["below"]]
        memberships = [("group:in", "group:out", *EVERYWHERE), *joined]
        policy = replace(policy_of([("r", "*", *right)], rules, TREE, memberships), constraints=constraints)
        assert list(wrong(policy, 0, judge)) == []
        met |= {each.sentence for each in judge(policy, Snapshot(policy), 0).violations}
    assert {each.split()[2] for each in met if each.startswith("up to ")} == {"2", "3", "4"}


@pytest.mark.parametrize("start", range(0, 600, 150))
def test_random_worlds_are_judged_as_their_constraints_mean(start: int) -> None:
    found = [fault for seed in range(start, start + 150) for fault in wrong(*constrained(seed), judge)]
    assert not found, "\n".join(found[:10])


def test_people_who_come_and_go_are_counted_as_meant() -> None:
    found = [fault for seed in range(400) for fault in wrong(*crowded(seed), judge)]
    assert not found, "\n".join(found[:10])


def test_random_worlds_hold_what_there_is_to_find() -> None:
    """The comparison would be worth nothing if there were nothing to find, or nothing but what is always there."""
    kinds: dict[str, list[int]] = {}
    begin, end = 0, 0
    for seed in range(300):
        policy, now = constrained(seed)
        for each in judge(policy, Snapshot(policy), now).violations:
            kinds.setdefault(type(each.constraint).__name__, []).append(len(each.who))
            begin, end = begin + (each.since > now), end + (each.until != FOREVER)
    assert kinds.keys() == {"Separate", "AtMost", "Requires", "Never"}
    assert all(len(sizes) > 40 for sizes in kinds.values()), {kind: len(sizes) for kind, sizes in kinds.items()}
    assert all(max(sizes) > 1 for sizes in kinds.values())
    assert begin > 100 and end > 100


def test_the_lines_named_are_those_that_cause_it() -> None:
    judged = 0
    for seed in range(200):
        policy, now = constrained(seed, 4)
        for each in judge(policy, Snapshot(policy), now).violations:
            when = each.since
            alone = NaiveDuties(policy, when).breaking(each.constraint) & set(each.who)
            mended = NaiveDuties(without(policy, each.lines), when).breaking(each.constraint)
            assert not mended & alone, f"random_world({seed}): {each.sentence}: and still without {each.lines}"
            if not isinstance(each.constraint, Requires):  # what is lacking is no line
                still = NaiveDuties(only(policy, each.lines), when).breaking(each.constraint)
                assert alone <= still, f"random_world({seed}): {each.sentence}: not by {each.lines} alone"
            judged += 1
    assert judged > 400


def test_doubts_name_groups_only_and_no_group_twice_over() -> None:
    met = 0
    for seed in range(300):
        policy, now = constrained(seed)
        found = judge(policy, Snapshot(policy), now)
        for doubt in found.doubts:
            assert all(name.startswith("group:") for name in doubt.who)
            assert isinstance(doubt.constraint, AtMost | Requires) and not doubt.constraint.closed
            closed = replace(policy, constraints=(doubt.constraint._replace(closed=True),))
            refused = judge(closed, Snapshot(policy), now)
            named = {(name, each.since) for each in refused.violations for name in each.who}
            assert {(name, doubt.since) for name in doubt.who} <= named
            assert refused.doubts == ()
            met += 1
    assert met > 50
