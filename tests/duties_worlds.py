"""Constraints for random worlds, and how what is found of them is held against what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

from naive_duties import NaiveDuties
from remit.core.access import AccessRules
from remit.core.constraints import AtMost, Constraint, Never, Requires, Right, Separate
from remit.core.model import ALWAYS, FOREVER, Ground, Origin
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from worlds import VOCABULARY, World, policy_of, random_world

Judge = Callable[[Policy, Any, int], Any]


def constrained(seed: int, count: int = 8) -> tuple[Policy, int]:
    """The random world of this seed with so many constraints, and an instant from which on to judge."""
    rng = Random(f"constraints of {seed}")
    world = random_world(seed)
    found = tuple(_constraint(rng, world, Origin("policies/constraints.csv", line)) for line in range(1, count + 1))
    return replace(world.policy, constraints=found), rng.choice((0, *world.instants))


def _constraint(rng: Random, world: World, origin: Origin) -> Constraint:
    head = (f"c{origin.line}", rng.choice(world.scopes), "")
    roles, names = world.policy.roles, (*world.subjects, *world.groups)
    right = Right(*rng.choice(world.pairs))
    match rng.randrange(5):
        case 0 if len(roles) > 1:
            some = tuple(rng.sample(roles, rng.randint(2, len(roles))))
            return Separate(*head, rng.randint(2, len(some)), some, (), origin)
        case 1:
            pairs = tuple(Right(*pair) for pair in rng.sample(sorted(VOCABULARY), rng.randint(2, 6)))
            pairs = tuple(dict.fromkeys((right, *pairs)))
            return Separate(*head, 2, (), pairs, origin)
        case 2:
            return AtMost(*head, rng.randint(1, 2), right, rng.random() < 0.5, origin)
        case 3 if len(roles) > 1:
            role, other = rng.sample(roles, 2)
            return Requires(*head, role, rng.choice((other, *world.groups)), rng.random() < 0.5, origin)
        case _:
            who = rng.choice(("everyone", "user:", "application:", *names))
            return Never(*head, right, who, tuple(rng.sample(names, rng.choice((0, 0, 1, 2)))), origin)


def crowded(seed: int) -> tuple[Policy, int]:
    """Many people who come and go, by themselves and with a group, and how many of them may be there at once."""
    rng = Random(f"crowd of {seed}")
    turns = [ALWAYS, *(turn * 10**6 for turn in range(8)), FOREVER]

    def window() -> tuple[int, int]:
        since, until = sorted(rng.sample(range(len(turns)), 2))
        return turns[since], turns[until]

    users = [f"user:u{number}" for number in range(rng.randint(2, 7))]
    users.append("application:bot")
    rules = [(rng.choice((*users, "group:g")), "r", rng.choice(("*", "*", "project:a")), *window()) for _ in users * 2]
    memberships = [(rng.choice(users), "group:g", *window()) for _ in range(rng.randint(0, 3))]
    policy = policy_of([("r", "*", "environment", "edit")], rules, {"project:a": "*"}, memberships)
    right, at = Right("environment", "edit"), Origin("policies/constraints.csv", 1)
    found = tuple(AtMost(f"c{n}", "*", "", n, right, rng.random() < 0.2, at) for n in (1, 2, 3))
    return replace(policy, constraints=found), rng.choice((0, 1_500_000))


def instants(policy: Policy, now: int) -> list[int]:
    """Now, and every later instant at which some line begins or ends to count: nothing changes in between."""
    lines = (*policy.access_rules, *policy.memberships)
    turns = {turn for line in lines for turn in (line.since, line.until)} - {ALWAYS, FOREVER}
    return [now, *sorted(turn for turn in turns if turn > now)]


def wrong(policy: Policy, now: int, judge: Judge, build: Callable[[Policy], Any] = Snapshot) -> Iterator[str]:
    """Where what is found differs from what the constraints mean: who is missing and who should not be there."""
    found = judge(policy, build(policy), now).violations
    every = instants(policy, now)
    naive = [NaiveDuties(policy, when) for when in every]
    for constraint in policy.constraints:
        due = {when: each.breaking(constraint) for when, each in zip(every, naive, strict=True)}
        here = [each for each in found if each.constraint == constraint]
        crowds = [each for each in here if each.sentence.startswith("up to ")]
        for when in every:
            named = {name for each in here if each not in crowds and _in(each, when) for name in each.who}
            if any(_in(each, when) for each in crowds):
                named |= {name for name in due[when] if name.startswith("user:")}
            if due[when] != named:
                yield f"{constraint.line()} at {when}: {sorted(due[when])} break it, {sorted(named)} are named"
        yield from (fault for crowd in crowds for fault in _miscounted(crowd, due))
        if isinstance(constraint, Separate):
            yield from (fault for each in here for judge_ in naive for fault in _missaid(each, judge_))
    yield from _ill_timed(found, every)


def _in(violation: Any, when: int) -> bool:
    return bool(violation.since <= when < violation.until)


def _miscounted(crowd: Any, due: dict[int, set[str]]) -> Iterator[str]:
    """What is wrong with too many people: how many there are at most, and who they are over all of it."""
    there = [{name for name in some if name.startswith("user:")} for when, some in due.items() if _in(crowd, when)]
    most, all_ = max(map(len, there), default=0), set().union(*there)
    if not all(there) or int(crowd.sentence.split()[2]) != most or set(crowd.who) != all_:
        yield f"{crowd.sentence}: {crowd.who}, and there are {most} of {sorted(all_)}"


def _missaid(violation: Any, naive: NaiveDuties) -> Iterator[str]:
    """What is wrong with the words: at every instant of it each of those named has just what is said."""
    if _in(violation, naive.when):
        for name in violation.who:
            had = naive.united(violation.constraint, name)
            words = [f"`{each}` in" if isinstance(each, str) else f"{each.action} {each.kind} in" for each in had]
            if not all(word in violation.sentence for word in words) or violation.sentence.count(" in `") < len(had):
                yield f"{violation.sentence} at {naive.when}: {name} has {words}"
            allowed = violation.constraint.n - 1
            if not violation.sentence.endswith(f"`{violation.constraint.name}` allows {allowed} of these"):
                yield violation.sentence


def _ill_timed(found: Any, every: list[int]) -> Iterator[str]:
    """Violations that begin or end when nothing does, or that are one and told as two."""
    for each in found:
        if each.since not in every or each.until not in (*every, FOREVER) or each.since >= each.until:
            yield f"{each.sentence} from {each.since} until {each.until}"
        for other in found:
            same = (other.constraint, other.sentence, other.where) == (each.constraint, each.sentence, each.where)
            if same and other.since == each.until and set(other.who) & set(each.who):
                yield f"{each.sentence}: one violation told as two"


def without(policy: Policy, lines: tuple[Ground, ...]) -> Policy:
    """The policy without these access rules."""
    gone = {line.origin for line in lines if line.what == "access rule"}
    return replace(policy, access_rules=AccessRules.of(r for r in policy.access_rules if r.origin not in gone))


def only(policy: Policy, lines: tuple[Ground, ...]) -> Policy:
    """The policy of nothing but these lines; roles and groups that constraints name are still there."""
    kept = {line.origin for line in lines}
    permissions = policy.permissions
    if any(line.what == "permission" for line in lines):
        permissions = tuple(each for each in permissions if each.origin in kept)
    return replace(
        policy,
        access_rules=AccessRules.of(each for each in policy.access_rules if each.origin in kept),
        memberships=tuple(each for each in policy.memberships if each.origin in kept),
        permissions=permissions,
    )
