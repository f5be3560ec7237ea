"""Proves that a difference of tables never hides a change of decisions: over random pairs of policies, whenever the
tables, and what is said beside them, are alike, decisions are alike; of the roles for whoever holds them, of the
subjects at every instant. That nothing changed is said only then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from remit.cli.matrix_change_text import difference_lines, holding_difference_lines
from remit.cli.matrix_text import pairs_of
from remit.core.access import AccessRules
from remit.core.difference import spells as spells_of
from remit.core.difference import surroundings as surroundings_of
from remit.core.difference import tables as tables_of
from remit.core.difference.tables import Difference, Word
from remit.core.matrix import holdings
from remit.core.model import ALWAYS, FOREVER, ROOT, AccessRule, Code
from remit.core.pdp import holders_of, role_names, roles_at, walk
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from test_difference import EDITS, INSTANTS, NOWHERE, changed, pair_of, subjects_of
from worlds import EDGES, IDS, STRANDED, random_world

SEEDS = [range(start, start + 20) for start in range(0, 80, 20)]
over_pairs = pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: str(seeds.start))

Pair = tuple[Policy, Policy]


def pairs_from(seed: int) -> Iterable[Pair]:
    """Pairs far apart, and pairs that a single edit parts: of any sort, or of the window of one line."""
    yield pair_of(seed)
    base = random_world(seed).policy
    rng = Random(f"one edit {seed}")
    yield base, rng.choice(EDITS)(base, rng)
    yield base, rewindowed(base, rng)
    yield base, replace(base, revision="another")
    yield changed(base, seed), base


def rewindowed(policy: Policy, rng: Random) -> Policy:
    """The policy with another window on one access rule or membership."""
    since, until = rng.choice(((ALWAYS, EDGES[1]), (ALWAYS, EDGES[2]), (EDGES[0], FOREVER), (ALWAYS, FOREVER)))
    rules, memberships = list(policy.access_rules), list(policy.memberships)
    lines: list[Any] = rules if rng.random() < 0.6 or not memberships else memberships
    if lines:
        number = rng.randrange(len(lines))
        lines[number] = lines[number]._replace(since=since, until=until)
    return replace(policy, access_rules=AccessRules.of(rules), memberships=tuple(memberships))


def allowed(snapshot: Snapshot, others: Snapshot, subjects: Iterable[str], when: int) -> set[tuple[object, ...]]:
    """Every allow that asking finds, at an instant: over what either policy can name, things on record included."""
    both = (snapshot, others)
    scopes = dict.fromkeys((*snapshot.chains, *others.chains, *STRANDED))
    pairs = dict.fromkeys((kind, action) for one in both for kind, some in one.pairs.items() for action in some)
    things = [(None, home) for home in scopes] + [(id, None) for id in IDS]
    return {
        (subject, kind, action, id, home, place)
        for subject, (kind, action), (id, home) in product(subjects, pairs, things)
        for place in (None, *scopes)
        if walk(snapshot, subject, action, kind, id, home, place, (), when)[0] is Code.GRANTED
    }


def held(snapshot: Snapshot, subject: str, when: int) -> set[tuple[str, str]]:
    """The roles that a subject holds in each scope of the tree, there or above it."""
    return {
        (scope, role)
        for holder in holders_of(snapshot, subject, (), when)
        for scope, chain in snapshot.chains.items()
        for above in chain
        for role in role_names(snapshot, roles_at(snapshot, holder, above, when))
    }


def probing(policy: Policy, roles: Iterable[str], scopes: Iterable[str]) -> Policy:
    """The policy with one subject for each role and scope, which holds just that, and nobody else."""
    rules = [
        AccessRule(f"user:{number}", role, scope, ALWAYS, FOREVER, NOWHERE)
        for number, (role, scope) in enumerate(product(roles, scopes))
    ]
    known = tuple(dict.fromkeys((*policy.roles, *roles)))
    return replace(policy, access_rules=AccessRules.of(rules), memberships=(), roles=known)


def check_roles(pair: Pair) -> bool:
    """What a table of roles does not say, nobody may who holds a role; is the difference empty?"""
    before, after = map(Snapshot, pair)
    found = tables_of.role_difference(before, after)
    says_nothing = "no role may more or less than before" in difference_lines(pairs_of(after, before), found, "x")
    assert says_nothing is found.is_empty
    if says_nothing:
        roles = dict.fromkeys((*pair[0].roles, *pair[1].roles))
        scopes = dict.fromkeys((ROOT, *pair[0].parents, *pair[1].parents))
        probes = [Snapshot(probing(policy, roles, scopes)) for policy in pair]
        subjects = [f"user:{number}" for number in range(len(roles) * len(scopes))]
        assert allowed(*probes, subjects, 0) == allowed(*reversed(probes), subjects, 0)
    return says_nothing


def check_subjects(pair: Pair) -> bool:
    """What a table of subjects does not say, nobody holds; is the difference empty? And a row is said to be held at
    other times exactly if it is."""
    before, after = map(Snapshot, pair)
    empty = []
    for when in INSTANTS:
        found = tables_of.holding_difference(before, after, when)
        lines = list(holding_difference_lines(found))
        says_nothing = any("nobody holds more or less than before" in line for line in lines)
        assert says_nothing is found.is_empty
        if says_nothing:
            for subject, instant in product(subjects_of(*pair), INSTANTS):
                assert held(before, subject, instant) == held(after, subject, instant), (subject, instant)
        check_times(before, after, when, found)
        empty.append(says_nothing)
    assert len(set(empty)) == 1, "all of time is compared, so the instant does not matter"
    return empty[0]


def check_times(before: Snapshot, after: Snapshot, when: int, found: Difference) -> None:
    """The rows said to be held at other times, and the number of those that are in neither table."""
    keys = [[set(holdings(one, instant)) for instant in INSTANTS] for one in (before, after)]
    every: set[Any] = set().union(*keys[0], *keys[1])
    differ = {key for key in every if [key in some for some in keys[0]] != [key in some for some in keys[1]]}
    now = INSTANTS.index(when)
    both, either = keys[0][now] & keys[1][now], keys[0][now] | keys[1][now]
    assert {each.key for each in found.changes if each.word is Word.TIME} == differ & both
    assert {each.key for each in found.changes if each.word is not Word.TIME} == differ & (either - both)
    assert found.elsewhen == len(differ - either)
    for change in found.changes:
        for spells, some in ((change.before, keys[0]), (change.after, keys[1])):
            counts = [any(since <= instant < until for since, until in spells) for instant in INSTANTS]
            assert counts == [change.key in keys_then for keys_then in some]


def check(seeds: Iterable[int]) -> tuple[int, int, int]:
    """How often either table says nothing, and how many decisions both tables together kept quiet about (none)."""
    roles = subjects = both = 0
    for seed in seeds:
        for pair in pairs_from(seed):
            no_role, nobody = check_roles(pair), check_subjects(pair)
            roles, subjects = roles + no_role, subjects + nobody
            if no_role and nobody:
                both += 1
                names, (before, after) = subjects_of(*pair), map(Snapshot, pair)
                for when in INSTANTS:
                    assert allowed(before, after, names, when) == allowed(after, before, names, when), seed
    return roles, subjects, both


@over_pairs
def test_nothing_is_said_to_be_unchanged_that_decisions_show(seeds: range) -> None:
    counts = check(seeds)
    assert min(counts) >= len(seeds), counts
    assert max(counts) < 4 * len(seeds), "hardly any of these policies differ"


MUTANTS = {
    "time is not compared": (tables_of, "if was.get(key) != will.get(key)", "if False"),
    "no scopes": (tables_of, "*scopes_apart(base, head, scope)", "*()"),
    "no scopes of subjects": (tables_of, "elsewhen, scopes_apart(base, head, scope))", "elsewhen, ())"),
    "no others": (tables_of, "*others_apart(base, head)", "*()"),
    "other times are not counted": (tables_of, "elsewhen = sum(", "elsewhen = 0 * sum("),
    "no gain": (tables_of, "(Word.ADDED, after, before, lines[0]),", ""),
    "no loss": (tables_of, "(Word.REMOVED, before, after, lines[1]),", ""),
    "what is gone": (surroundings_of, "base.keys() | head.keys()", "head.keys()"),
    "what is new": (surroundings_of, "base.keys() | head.keys()", "base.keys()"),
    "where it is does not matter": (surroundings_of, " or before.where != after.where", ""),
    "the window of a membership": (spells_of, "each.since, each.until", "ALWAYS, FOREVER"),
    "the window of an access rule": (spells_of, "rule.since, rule.until", "ALWAYS, FOREVER"),
    "one line only": (spells_of, "merged((*found[key], *counts)) if key in found else counts", "counts"),
    "one chain only": (spells_of, "*had, *_within(", "*(), *_within("),
    "what left the tree": (spells_of, "if held in snapshot.chains else ()", ""),
}  # fmt: skip


def bent(module: ModuleType, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison with a fault in one of its modules."""
    wrong, text = ModuleType("throwaway"), Path(module.__file__ or "").read_text(encoding="utf-8")
    assert text.count(old) == 1, "rewrite it for today's source"
    monkeypatch.setitem(__import__("sys").modules, "throwaway", wrong)
    exec(compile(text.replace(old, new), "<throwaway>", "exec"), wrong.__dict__)
    for name in ("Word", "Change", "Difference", "What", "Said", "Differing"):
        if name in wrong.__dict__:  # the same classes as everywhere, or all would differ
            setattr(wrong, name, getattr(module, name))
    for name in ("role_difference", "holding_difference", "spells", "scopes_apart", "others_apart"):
        if name in wrong.__dict__ and hasattr(tables_of, name):
            monkeypatch.setattr(tables_of, name, getattr(wrong, name))


@pytest.mark.parametrize("fault", MUTANTS)
def test_a_difference_that_hides_something_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bent(*MUTANTS[fault], monkeypatch)
    with pytest.raises(AssertionError):
        check(range(40))
