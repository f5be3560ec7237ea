"""Proves that `who` and `can` list exactly what deciding one by one allows, in every scope and at every instant, and
that the lines they name are enough: over random worlds with groups in groups, windows, narrowed permissions and scopes
that left the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from remit.core import review, search
from remit.core.access import AccessRules
from remit.core.explain import Way
from remit.core.model import ALWAYS, FOREVER, ROOT, Question
from remit.core.oracle import Oracle
from remit.core.pdp import decide
from remit.core.policy import Policy
from remit.core.review import Granted, Sought, can, question_at, sought, topmost, until_of, who
from remit.core.snapshot import Snapshot
from worlds import World, policy_of, random_world

CHUNKS = [range(start, start + 20) for start in range(30_000, 30_120, 20)]
over_worlds = pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: str(seeds.start))


def named(snapshot: Snapshot) -> list[str]:
    return sorted({*snapshot.grants, *snapshot.memberships, *snapshot.group_names})


def pairs_of(world: World) -> list[tuple[str, str]]:
    return [(kind, action) for kind, verbs in world.policy.vocabulary.items() for action in verbs]


def plainly(snapshot: Snapshot, asked: Sought, subject: str, scope: str, groups: tuple[str, ...] = ()) -> bool:
    """May the subject, asked as `check` would be asked: the home is the thing's own, or else the scope itself."""
    at_place = snapshot.vocabulary[asked.kind][asked.action].at_place
    home = None if asked.id is not None else scope
    question = Question(subject, asked.action, asked.kind, asked.id, home, scope if at_place else None, groups)
    return decide(snapshot, *question._replace(when=asked.when)).allowed


def check_who(snapshot: Snapshot, asked: Sought) -> tuple[int, int]:
    """Who may in one scope, or in any: held against a decision for each subject and scope."""
    found = {each.subject: each for each in who(snapshot, asked)}
    assert list(found) == sorted(found)
    scopes = snapshot.chains if asked.at is None else [asked.at]
    yes = 0
    for subject in named(snapshot):
        due = {scope for scope in scopes if plainly(snapshot, asked, subject, scope)}
        if not due:
            assert subject not in found, (asked, subject)
            continue
        yes += len(due)
        assert subject in found, (asked, subject, due)
        check_granted(snapshot, asked, found[subject], due)
    assert found.keys() <= set(named(snapshot))
    return yes, len(scopes) * len(named(snapshot))


def check_granted(snapshot: Snapshot, asked: Sought, granted: Granted, due: set[str]) -> None:
    """The scopes where one subject may: the topmost ones, and a way to each."""
    assert granted.tops == topmost(snapshot, due), (asked, granted)
    assert {way.at for way in granted.ways} <= due
    assert topmost(snapshot, (way.at for way in granted.ways)) == granted.tops
    if asked.at is None:
        assert due == {scope for scope in snapshot.chains if not set(granted.tops).isdisjoint(snapshot.chains[scope])}


def things(world: World) -> list[tuple[str, str, str | None]]:
    """Every pair with no thing of that kind, and with each that the policy knows."""
    found: list[tuple[str, str, str | None]] = [(kind, action, None) for kind, action in pairs_of(world)]
    return found + [
        (kind, action, id)
        for kind, action in pairs_of(world)
        if action != "create"
        for id in world.policy.homes.get(kind, {})
    ]


def compare_who(world: World) -> tuple[int, int]:
    snapshot = Snapshot(world.policy)
    yes = all_ = 0
    for kind, action, id in things(world):
        for when, scope in product(world.instants, (None, *snapshot.chains)):
            more_yes, more = check_who(snapshot, sought(snapshot, action, kind, id, scope, when))
            yes, all_ = yes + more_yes, all_ + more
    return yes, all_


def compare_can(world: World, rng: Random) -> None:
    snapshot = Snapshot(world.policy)
    for subject in (*named(snapshot), "user:nobody"):
        groups = tuple(rng.sample(world.groups, rng.choice((0, 0, 1))))
        for when, scope in product(world.instants, (None, rng.choice(world.scopes))):
            found = {
                (asked.kind, asked.action): (asked, each) for asked, each in can(snapshot, subject, groups, scope, when)
            }
            assert list(found) == [pair for pair in pairs_of(world) if pair in found]
            for kind, action in pairs_of(world):
                asked = sought(snapshot, action, kind, None, scope, when)
                scopes = snapshot.chains if scope is None else [scope]
                due = {each for each in scopes if plainly(snapshot, asked, subject, each, groups)}
                assert bool(due) is ((kind, action) in found), (world.seed, subject, groups, asked)
                if due:
                    assert found[kind, action][0] == asked
                    check_granted(snapshot, asked, found[kind, action][1], due)


@over_worlds
def test_who_lists_what_deciding_one_by_one_allows(seeds: range) -> None:
    yes = all_ = 0
    for seed in seeds:
        more_yes, more = compare_who(random_world(seed))
        yes, all_ = yes + more_yes, all_ + more
    assert all_ > 20_000 and 0.04 < yes / all_ < 0.7, (yes, all_)


@over_worlds
def test_can_lists_what_deciding_one_by_one_allows(seeds: range) -> None:
    for seed in seeds:
        compare_can(random_world(seed), Random(seed))


def all_ways(world: World, rng: Random) -> Iterator[tuple[Sought, str, Way]]:
    snapshot = Snapshot(world.policy)
    for kind, action, id in things(world):
        for when in world.instants:
            asked = sought(snapshot, action, kind, id, rng.choice((None, *world.scopes)), when)
            for granted in who(snapshot, asked):
                for way in granted.ways:
                    yield asked, granted.subject, way


def alone(world: World, way: Way) -> Snapshot:
    """The policy with the lines of one way, and no other line that gives anything."""
    return Snapshot(alone_policy(world, way))


def alone_policy(world: World, way: Way) -> Policy:
    return replace(
        world.policy,
        permissions=(way.permission,),
        access_rules=AccessRules.of([way.access_rule]),
        memberships=way.memberships,
        roles=(way.permission.role,),
    )


def test_the_lines_of_every_way_grant_by_themselves_until_the_first_of_them_ends() -> None:
    tried = ended = judged = 0
    for seed in range(31_000, 31_060):
        world, rng = random_world(seed), Random(seed)
        for asked, subject, way in all_ways(world, rng):
            snapshot, until = alone(world, way), until_of(way.access_rule, way.memberships)
            assert plainly(snapshot, asked, subject, way.at), (seed, asked, subject, way)
            tried += 1
            if until != FOREVER:
                ended += 1
                assert plainly(snapshot, asked._replace(when=until - 1), subject, way.at)
                assert not plainly(snapshot, asked._replace(when=until), subject, way.at), (seed, asked, way)
            if rng.random() < 0.05:
                judged += 1
                question = question_at(snapshot, asked, subject, way.at)
                assert Oracle(alone_policy(world, way), asked.when).allows(question)
    assert tried > 2_000 and ended > 300 and judged > 100


def test_a_way_ends_when_it_says_whatever_other_memberships_there_are() -> None:
    """With one access rule, and all memberships that are in force."""
    ended = by_group = 0
    for seed in range(33_000, 33_080):
        world = random_world(seed)
        for asked, subject, way in all_ways(world, Random(seed)):
            if (until := until_of(way.access_rule, way.memberships)) == FOREVER:
                continue
            policy = world.policy
            in_force = tuple(each for each in policy.memberships if each.since <= asked.when < each.until)
            one = replace(policy, access_rules=AccessRules.of([way.access_rule]), memberships=in_force)
            assert plainly(Snapshot(one), asked._replace(when=until - 1), subject, way.at), (seed, asked, way)
            assert not plainly(Snapshot(one), asked._replace(when=until), subject, way.at), (seed, asked, way)
            ended, by_group = ended + 1, by_group + bool(way.memberships)
    assert ended > 300 and by_group > 100


def test_the_membership_that_lasts_is_the_one_told() -> None:
    """Though the other one is shorter."""
    soon, lasting = 10, FOREVER
    policy = policy_of(
        [("r", ROOT, "workload", "edit")],
        [("group:lab", "r", ROOT, ALWAYS, FOREVER)],
        memberships=[
            ("user:ada", "group:lab", ALWAYS, soon), ("user:ada", "group:in", ALWAYS, lasting),
            ("group:in", "group:lab", ALWAYS, lasting),
        ],
    )  # fmt: skip
    snapshot = Snapshot(policy)
    asked = sought(snapshot, "edit", "workload", None, None, 0)
    (way,) = next(each for each in who(snapshot, asked) if each.subject == "user:ada").ways
    assert [each.group for each in way.memberships] == ["group:in", "group:lab"]
    assert until_of(way.access_rule, way.memberships) == FOREVER


def test_every_access_rule_that_grants_is_listed() -> None:
    """Who takes all the listed access rules out has taken the right away."""
    tried = 0
    for seed in range(32_000, 32_060):
        world = random_world(seed)
        snapshot = Snapshot(world.policy)
        for kind, action in world.pairs:
            asked = sought(snapshot, action, kind, None, None, world.instants[1])
            for granted in who(snapshot, asked):
                listed = {way.access_rule.origin for way in granted.ways}
                rest = [rule for rule in world.policy.access_rules if rule.origin not in listed]
                without = Snapshot(replace(world.policy, access_rules=AccessRules.of(rest)))
                assert not any(plainly(without, asked, granted.subject, scope) for scope in snapshot.chains)
                tried += 1
    assert tried > 100


def test_the_shortest_membership_would_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        review,
        "chains_at",
        lambda snapshot, subject, groups, when: dict(
            [(start, ()) for start in (subject, *groups)]
            + [each for start in (subject, *groups) for each in snapshot.paths_at(start, when)]
        ),
    )
    with pytest.raises(AssertionError):
        test_a_way_ends_when_it_says_whatever_other_memberships_there_are()


def mutants() -> Iterator[tuple[str, Callable[[pytest.MonkeyPatch], None]]]:
    """Ways to get the answers wrong, each of which the comparisons above must notice."""
    ways, tops = review.ways, review.topmost
    yield "no members", lambda patch: patch.setattr(search, "_memberships", lambda *_: iter(()))
    yield "permissions of the root only", lambda patch: patch.setattr(search, "_somewhere", lambda pair: pair.anywhere)
    yield "the walk is not asked", lambda patch: patch.setattr(review, "allows", lambda *_: True)
    yield (
        "every scope is topmost",
        lambda patch: patch.setattr(review, "topmost", lambda _, some: tuple(sorted(set(some)))),
    )
    yield "only one of the topmost", lambda patch: patch.setattr(review, "topmost", lambda *each: tops(*each)[:1])
    yield "the first way only", lambda patch: patch.setattr(review, "ways", lambda *each: iter(list(ways(*each))[:1]))
    yield (
        "what is held itself only",
        lambda patch: patch.setattr(review, "ways", lambda *each: (w for w in ways(*each) if not w.memberships)),
    )
    yield (
        "judged long ago",
        lambda patch: patch.setattr(review, "allows", lambda s, each: search.allows(s, each._replace(when=0))),
    )


@pytest.mark.parametrize("name", [name for name, _ in mutants()])
def test_a_wrong_answer_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dict(mutants())[name](monkeypatch)
    with pytest.raises(AssertionError):
        for seed in range(30_000, 30_100):
            compare_who(random_world(seed))
            compare_can(random_world(seed), Random(seed))


SOURCES = {
    "members of some groups only": (search, "(snapshot.directory, some))", "(snapshot.directory, some[:1]))"),
    "any place: only what lies below": (search, "directory.below([home]).union(scopes)", "directory.below([home])"),
    "any place: only what lies above": (search, "directory.below([home]).union(scopes)", "scopes"),
    "home, not place": (search, "snapshot.chains.get(at or home, ())", "snapshot.chains.get(home, ())"),
    "that scope alone": (search, "snapshot.chains.get(at or home, ())", "snapshot.chains.get(at or home, ())[:1]"),
    "any home is as good": (review, "place=asked.at, home=asked.home)", "place=asked.at, home=ROOT)"),
    "whose thing it is": (review, "asked.kind, asked.id, declared,", "asked.kind, None, declared,"),
    "a thing is declared as well": (review, "declared = scope if asked.id is None else None", "declared = scope"),
    "the place is not given": (review, "place = scope if snapshot", "place = None if snapshot"),
    "the groups given are forgotten": (review, "asked.at or ROOT, groups)", "asked.at or ROOT)"),
    "what covers is dropped": (review, "sorted(highest(scopes, snapshot.chains))", "sorted(scopes)"),
    "what is stranded is asked nowhere": (review, "home if home in snapshot.chains else ROOT", "None"),
}


@pytest.mark.parametrize("fault", SOURCES)
def test_a_fault_in_the_source_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, old, new = SOURCES[fault]
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert text.count(old) == 1, "rewrite it for today's source"
    wrong = ModuleType("throwaway")
    exec(compile(text.replace(old, new), f"<{module.__name__}>", "exec"), wrong.__dict__)
    if module is search:
        monkeypatch.setattr(review, "proposed", wrong.proposed)
    else:
        for name in ("sought", "who", "can"):
            monkeypatch.setitem(globals(), name, getattr(wrong, name))
    with pytest.raises(AssertionError):
        for seed in range(30_000, 30_100):
            compare_who(random_world(seed))
            compare_can(random_world(seed), Random(seed))
