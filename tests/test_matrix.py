"""Proves that the two tables of a policy say what deciding says: somebody may do something in a scope exactly if a row
of the one and a row of the other meet there. Over random worlds, in every scope and at every instant.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from remit.core import matrix
from remit.core.access import AccessRules
from remit.core.matrix import cells
from remit.core.model import ALWAYS, FOREVER, ROOT, AccessRule, Origin, Permission, Question
from remit.core.pdp import decide
from remit.core.snapshot import Snapshot
from worlds import World, random_world

CHUNKS = [range(start, start + 50) for start in range(40_000, 40_200, 50)]
over_worlds = pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: str(seeds.start))


def may(snapshot: Snapshot, subject: str, kind: str, action: str, scope: str, when: int) -> bool:
    place = scope if snapshot.vocabulary[kind][action].at_place else None
    return decide(snapshot, *Question(subject, action, kind, None, scope, place, (), when)).allowed


def counting(snapshot: Snapshot, table: dict[Any, Any], scope: str, index: int) -> dict[Any, Any]:
    """The rows of a table that count in a scope; `index` is where a key has its own."""
    return {key: entry for key, entry in table.items() if key[index] in snapshot.chains[scope]}


def compare(world: World, tables: Any) -> tuple[int, int]:
    """The tables against every decision; how many of these were yes, and how many there were."""
    snapshot = Snapshot(world.policy)
    may_do, yes, all_ = tables.cells(snapshot), 0, 0
    for scope in snapshot.chains:
        assert tables.cells(snapshot, scope) == counting(snapshot, may_do, scope, 3)
    for when in world.instants:
        held = tables.holdings(snapshot, when)
        for scope in snapshot.chains:
            here = counting(snapshot, held, scope, 2)
            assert tables.holdings(snapshot, when, scope) == here
            roles = {(subject, role) for subject, role, *_ in here}
            able = {(role, kind, action) for role, kind, action, _ in counting(snapshot, may_do, scope, 3)}
            for subject in (*snapshot.directory.named, "user:nobody"):
                for kind, action in world.pairs:
                    due = may(snapshot, subject, kind, action, scope, when)
                    met = any(one == subject and (role, kind, action) in able for one, role in roles)
                    assert met is due, (world.seed, subject, action, kind, scope, when)
                    yes, all_ = yes + due, all_ + 1
        check_lines(world, snapshot, held, when)
    return yes, all_


def check_lines(world: World, snapshot: Snapshot, held: dict[Any, Any], when: int) -> None:
    """The lines of every row lead there, are in force, and are those that last."""
    assert [subject for subject, *_ in held] == sorted(subject for subject, *_ in held)
    rules = [rule for rule in world.policy.access_rules if rule.since <= when < rule.until]
    for (subject, role, scope, holder), (its_subject, chain, rule) in held.items():
        assert scope in snapshot.chains, "what nobody reaches"
        assert rule in rules and (rule.subject, rule.role, rule.scope) == (holder, role, scope)
        assert [its_subject, *(each.group for each in chain)] == [*(each.member for each in chain), holder]
        assert its_subject == subject and all(each.since <= when < each.until for each in chain)
        due = lasts_until(world, subject, holder, when)
        assert min([FOREVER, *(each.until for each in chain)]) == due, (world.seed, subject, holder, when)
        assert rule.until == max(each.until for each in rules if each[:3] == rule[:3])


def lasts_until(world: World, member: str, group: str, when: int) -> int:
    """Until when a member is in a group by memberships that are in force, by trying every chain of them."""
    if member == group:
        return FOREVER
    here = [each for each in world.policy.memberships if each.member == member and each.since <= when < each.until]
    return max((min(each.until, lasts_until(world, each.group, group, when)) for each in here), default=when)


@over_worlds
def test_both_tables_together_say_what_deciding_says(seeds: range) -> None:
    yes = all_ = 0
    for seed in seeds:
        more_yes, more = compare(random_world(seed), matrix)
        yes, all_ = yes + more_yes, all_ + more
    assert all_ > 5_000 and 0.04 < yes / all_ < 0.7, (yes, all_)


def test_a_cell_is_what_somebody_may_who_holds_the_role_everywhere() -> None:
    for seed in range(41_000, 41_100):
        world = random_world(seed)
        for role in world.policy.roles:
            rule = AccessRule("user:probe", role, ROOT, ALWAYS, FOREVER, Origin("policies/access_rules.csv", 1))
            probe = Snapshot(replace(world.policy, access_rules=AccessRules.of([rule]), memberships=()))
            for scope in probe.chains:
                able = {(kind, action) for its_role, kind, action, _ in cells(probe, scope) if its_role == role}
                for kind, action in world.pairs:
                    assert may(probe, "user:probe", kind, action, scope, 0) is ((kind, action) in able), (seed, role)


def compare_widest(world: World, tables: Any) -> tuple[int, int]:
    """Two policies that differ in a few permissions: cells differ exactly where what a role may does."""
    rng = Random(world.seed)
    some = world.policy.permissions
    others = [each for each in some if rng.random() < 0.7] + [
        each._replace(scope=rng.choice(world.scopes)) for each in some if rng.random() < 0.5
    ]
    snapshots = Snapshot(world.policy), Snapshot(replace(world.policy, permissions=tuple(others)))
    before, after = (tables.widest(each, tables.cells(each)) for each in snapshots)
    changed = {key[:3] for key in before.keys() ^ after.keys()}
    triples = {key[:3] for table in (before, after) for key in table} | {each_of(each) for each in (*some, *others)}
    different = 0
    for role, kind, action in triples:
        reached = [
            {
                scope
                for scope in snapshot.chains
                for each in snapshot.permissions
                if each_of(each) == (role, kind, action) and each.scope in snapshot.chains[scope]
            }
            for snapshot in snapshots
        ]
        assert ((role, kind, action) in changed) is (reached[0] != reached[1]), (world.seed, role, kind, action)
        different += reached[0] != reached[1]
    return different, len(triples)


def each_of(permission: Permission) -> tuple[str, str, str]:
    return permission.role, permission.kind, permission.action


def test_cells_differ_exactly_where_what_a_role_may_does() -> None:
    found = [compare_widest(random_world(seed), matrix) for seed in range(42_000, 42_300)]
    different, all_ = (sum(each) for each in zip(*found, strict=True))
    assert all_ > 500 and 0.2 < different / all_ < 0.8, (different, all_)


MUTANTS = {
    "groups of another time": ("subject, (), when).items()", "subject, (), 0).items()"),
    "no groups": ("in chains_at(snapshot, subject, (), when).items()", "in [(subject, ())]"),
    "nothing held itself": ("(), when).items()", "(), when).items() - {(subject, ())}"),
    "the shortest chain": (
        "chains_at(snapshot, subject, (), when).items()",
        "((subject, ()), *snapshot.paths_at(subject, when))",
    ),
    "an access rule that has just ended": ("when < rule.until and", "when <= rule.until and"),
    "an access rule that is to begin": ("rule.since <= when <", "when <"),
    "the first access rule only": (
        "in snapshot.access_rules_of(holder, held) if",
        "in list(snapshot.access_rules_of(holder, held))[:1] if",
    ),
    "what has left the tree": ("if held in snapshot.chains else ()", ""),
    "the line that ends first": (".access_rule.until < rule.until", ".access_rule.until > rule.until"),
    "only permissions of the scope itself": (
        "permission.scope in snapshot.chains.get(scope, ())",
        "permission.scope == scope",
    ),
    "only roles of the scope itself": ("else snapshot.chains.get(scope, ()):", "else [scope]:"),
    "what is covered is kept": ("if scopes[key[:3]].isdisjoint(snapshot.chains[key[3]][1:])", ""),
    "only the root covers": ("snapshot.chains[key[3]][1:])", 'snapshot.chains[key[3]][-1:] if key[3] != "*" else ())'),
    "one kind for all": ("permission.role, permission.kind,", "permission.role, snapshot.permissions[0].kind,"),
}  # fmt: skip


@pytest.mark.parametrize("fault", MUTANTS)
def test_a_wrong_table_is_noticed(fault: str) -> None:
    text = Path(matrix.__file__).read_text(encoding="utf-8")
    assert text.count(MUTANTS[fault][0]) == 1, "rewrite it for today's source"
    wrong = ModuleType("throwaway_matrix")
    exec(compile(text.replace(*MUTANTS[fault]), "<matrix>", "exec"), wrong.__dict__)
    with pytest.raises(AssertionError):
        for seed in range(40_000, 40_200):
            compare(random_world(seed), wrong)
            compare_widest(random_world(seed), wrong)
