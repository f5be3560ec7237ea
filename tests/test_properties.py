"""What holds of every decision in every world: order and repetition never matter, more lines never mean less,
each code means its own condition, a deny names nobody, and asking leaves no trace.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from naive import Naive
from remit.core.access import AccessRules
from remit.core.model import ALWAYS, FOREVER, ROOT, AccessRule, Code, Membership, Origin, Permission, Question, Witness
from remit.core.pdp import decide, role_names
from remit.core.policy import Policy, read_policy
from remit.core.snapshot import Snapshot
from worlds import EDGES, World, policy_of, questions_of, random_world
from writing import files_of, lines_of

ELSEWHERE = Origin("policies/elsewhere.csv", 1)
SEEDS = [range(start, start + 20) for start in range(10_000, 10_160, 20)]
"""Worlds other than those of the differential test, in chunks."""

over_worlds = pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: str(seeds.start))


def codes(policy: Policy, questions: list[Question]) -> list[Code]:
    snapshot = Snapshot(policy)
    return [decide(snapshot, *question).code for question in questions]


def shuffled(policy: Policy, rng: Random) -> Policy:
    """The same lines in another order, some of them twice. The roles change their bits."""
    permissions, memberships = list(policy.permissions), list(policy.memberships)
    rules, roles, parents = list(policy.access_rules), list(policy.roles), list(policy.parents.items())
    for lines in (permissions, memberships, rules):
        lines += [rng.choice(lines)._replace(origin=ELSEWHERE) for _ in range(3) if lines]
    for anything in (permissions, memberships, rules, roles, parents):
        rng.shuffle(anything)
    return replace(
        policy,
        permissions=tuple(permissions),
        roles=tuple(roles),
        parents=dict(parents),
        memberships=tuple(memberships),
        access_rules=AccessRules.of(rules),
        homes={kind: dict(reversed(some.items())) for kind, some in reversed(policy.homes.items())},
        vocabulary={kind: dict(reversed(some.items())) for kind, some in reversed(policy.vocabulary.items())},
    )


@over_worlds
def test_order_and_duplicates_of_lines_never_matter(seeds: range) -> None:
    for seed in seeds:
        world, rng = random_world(seed), Random(seed)
        questions = questions_of(world, 200)
        answers = codes(world.policy, questions)
        for _ in range(3):
            assert codes(shuffled(world.policy, rng), questions) == answers, seed


@over_worlds
def test_order_of_files_and_of_their_lines_never_matters_to_the_reader(seeds: range) -> None:
    for seed in seeds:
        world, rng = random_world(seed), Random(seed)
        questions = questions_of(world, 100)
        answers = codes(world.policy, questions)
        files = files_of(world.policy)
        lines = lines_of(world.policy)
        files["policies/service_roles.csv"] = files.pop("policies/roles.csv")
        files["policies/roles.csv"] = b""
        for name in ("policies/groups.csv", "policies/access_rules.csv", "policies/scopes.csv"):
            rng.shuffle(lines[name])
            files[name] = "".join(f"{line}\n" for line in lines[name]).encode()
        names = list(files)
        rng.shuffle(names)
        policy = read_policy({name: files[name] for name in names})
        assert policy.revision == read_policy(files).revision
        assert codes(policy, questions) == answers, seed


def one_more(world: World, rng: Random) -> list[Policy]:
    """The policy with one line more: a permission, a membership, an access rule."""
    policy, scopes = world.policy, (*world.scopes, "project:gone")
    window = rng.choice(((ALWAYS, FOREVER), EDGES[:2]))
    role, pair = rng.choice(policy.roles), rng.choice(world.pairs)
    permission = Permission(role, rng.choice(world.scopes), *pair, ELSEWHERE)
    membership = Membership(rng.choice(world.subjects), rng.choice(world.groups), *window, ELSEWHERE)
    holder = rng.choice((*world.subjects, *world.groups))
    rule = AccessRule(holder, role, rng.choice(scopes), *window, ELSEWHERE)
    return [
        replace(policy, permissions=(*policy.permissions, permission)),
        replace(policy, memberships=(*policy.memberships, membership)),
        replace(policy, access_rules=AccessRules.of([*policy.access_rules, rule])),
    ]


@over_worlds
def test_one_line_more_never_takes_a_right_away(seeds: range) -> None:
    gained, granted = Counter[int](), Code.GRANTED
    for seed in seeds:
        world, rng = random_world(seed), Random(seed)
        questions = questions_of(world, 150)
        before = codes(world.policy, questions)
        for _ in range(3):
            for which, policy in enumerate(one_more(world, rng)):
                after = codes(policy, questions)
                lost = [q for q, old, new in zip(questions, before, after, strict=True) if old is granted is not new]
                assert not lost, f"random_world({seed}): {lost[0]}"
                gained[which] += after.count(granted) - before.count(granted)
    assert min(gained[which] for which in range(3)) > 0, "lines that give nothing prove nothing"


@over_worlds
def test_each_code_means_its_condition_in_the_order_of_the_design(seeds: range) -> None:
    met = Counter[Code]()
    for seed in seeds:
        world = random_world(seed)
        naive, snapshot = Naive(world.policy), Snapshot(world.policy)
        for question in questions_of(world, 400):
            found = decide(snapshot, *question).code
            assert found is naive.code(question), f"random_world({seed}): {question}"
            met[found] += 1
    assert set(met) == set(Code)


@over_worlds
def test_an_allow_names_who_holds_what_where_and_a_deny_names_nobody(seeds: range) -> None:
    for seed in seeds:
        world = random_world(seed)
        naive, snapshot = Naive(world.policy), Snapshot(world.policy)
        for question in questions_of(world, 200):
            witness = decide(snapshot, *question)
            if witness.allowed:
                assert witness.holder in naive.counted(question)
                assert witness.bits > 0
                assert all(carries(naive, question, witness, role) for role in role_names(snapshot, witness.bits))
            else:
                assert (witness.holder, witness.held, witness.bits) == (None, None, 0), question


def carries(naive: Naive, question: Question, witness: Witness, role: str) -> bool:
    """Does the role that the witness names, held as it says, give the right by itself at some place asked?"""
    held = any(
        (rule.subject, rule.role, rule.scope) == (witness.holder, role, witness.held)
        and rule.since <= question.when < rule.until
        for rule in naive.policy.access_rules
    )
    scopes = [
        permission.scope
        for permission in naive.policy.permissions
        if (permission.role, permission.kind, permission.action) == (role, question.kind, question.action)
    ]
    places = [place for place in naive.places(question) if naive.covers(witness.held or "", place)]
    return held and any(naive.covers(scope, place) for scope in scopes for place in places)


def frozen(thing: object) -> object:
    """Everything inside a value, as something that can be compared later."""
    if isinstance(thing, dict):
        return [(frozen(key), frozen(value)) for key, value in thing.items()]
    if isinstance(thing, (list, tuple, array)):
        return [frozen(each) for each in thing]
    if hasattr(type(thing), "__slots__") and not isinstance(thing, (str, int, frozenset)):
        return {name: frozen(getattr(thing, name)) for name in type(thing).__slots__}
    return sorted(thing) if isinstance(thing, frozenset) else thing


@pytest.mark.parametrize("seed", range(10_200, 10_204))
def test_a_decision_never_changes_the_snapshot(seed: int) -> None:
    world = random_world(seed)
    snapshot = Snapshot(world.policy)
    before = frozen(snapshot)
    for number in range(10_000):
        kind, action = world.pairs[number % len(world.pairs)]
        stranger, place = f"user:stranger{number}", f"project:strange{number}"
        places = (None, ROOT, world.scopes[-1], place)
        decide(
            snapshot,
            stranger if number % 3 else world.subjects[0],
            action if number % 11 else f"act{number}",
            kind if number % 7 else f"kind{number}",
            f"id{number}",
            declared=(None, None, world.scopes[-1], place)[number % 4],
            place=places[number // 4 % 4],
            groups=(f"group:strange{number}", *world.groups[: number % 2]),
            when=number,
            known=places[number // 16 % 4],
        )
    for question in questions_of(world, 500):
        decide(snapshot, *question)
    assert frozen(snapshot) == before


def test_a_snapshot_is_frozen_to_the_last_table() -> None:
    lone = Snapshot(policy_of())
    assert set(frozen(lone)) == set(Snapshot.__slots__)
    changed = Snapshot(policy_of())
    changed.grants["user:ada"] = {ROOT: 1}
    assert frozen(changed) != frozen(lone)
