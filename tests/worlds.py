"""Small worlds to try remit on: policies made from values, and questions about them.

`policy_of` makes a Policy from plain tuples. `random_world` piles many lines on few names, because lines that
never meet prove nothing. The same seed gives the same world and the same questions on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from remit.core.access import AccessRules
from remit.core.model import (
    ALWAYS,
    FOREVER,
    MAX_MEMBERSHIP_CHAIN,
    MAX_SCOPE_DEPTH,
    ROOT,
    AccessRule,
    Membership,
    Origin,
    Permission,
    Question,
    Verb,
)
from remit.core.policy import Policy

VOCABULARY = {
    ("environment", "view"): True,
    ("environment", "use"): True,
    ("environment", "create"): False,
    ("environment", "edit"): False,
    ("credentials", "view"): True,
    ("credentials", "use"): True,
    ("credentials", "create"): False,
    ("workload", "view"): False,
    ("workload", "edit"): False,
}
"""Kind and action to: is it decided at the place? (No `workload, create`: the reader ties that one to `use`.)"""

DAY = 86_400_000_000
EDGES = (20_454 * DAY, 20_500 * DAY, 20_600 * DAY)
"""The only instants at which windows of random worlds begin and end."""

IDS = ("x1", "x2", "x3")
STRANDED = ("project:gone", "department:gone")
"""Scopes that lines and catalogs still name and the tree no longer holds."""

Lines = list[tuple[Any, ...]]


class World(NamedTuple):
    """A policy with the names worth asking about, and the instants at which to ask."""

    seed: int
    policy: Policy
    subjects: tuple[str, ...]
    groups: tuple[str, ...]
    scopes: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    instants: tuple[int, ...]


def policy_of(
    permissions: Iterable[tuple[str, str, str, str]] = (),
    rules: Iterable[tuple[str, str, str, int, int]] = (),
    parents: Mapping[str, str] | None = None,
    memberships: Iterable[tuple[str, str, int, int]] = (),
    homes: Mapping[tuple[str, str], str] | None = None,
    vocabulary: Mapping[tuple[str, str], bool] = VOCABULARY,
) -> Policy:
    """A policy of these lines; the origin of each is its file and its position there.

    The access rules number their roles on their own, in another order than the policy does.
    """
    verbs: dict[str, dict[str, Verb]] = {}
    for line, ((kind, action), at_place) in enumerate(vocabulary.items(), 1):
        verbs.setdefault(kind, {})[action] = Verb(at_place, "", _origin("vocabulary", line))
    table = AccessRules.of(AccessRule(*rule, _origin("access_rules", line)) for line, rule in enumerate(rules, 1))
    may = tuple(Permission(*each, _origin("roles", line)) for line, each in enumerate(permissions, 1))
    joined = tuple(Membership(*each, _origin("groups", line)) for line, each in enumerate(memberships, 1))
    live: dict[str, dict[str, tuple[str, Origin]]] = {}
    for line, ((kind, id), scope) in enumerate((homes or {}).items(), 1):
        live.setdefault(kind, {})[id] = (scope, _origin("resources", line))
    edges = enumerate((parents or {}).items(), 1)
    tree = {child: (parent, _origin("scopes", line)) for line, (child, parent) in edges}
    roles = tuple(dict.fromkeys((*(each.role for each in may), *table.roles)))
    return Policy("0" * 64, verbs, may, roles, tree, joined, table, live, (), ())


def _origin(name: str, line: int) -> Origin:
    return Origin(f"policies/{name}.csv", line)


def random_world(seed: int) -> World:
    """The world of this seed. Every one of them is a policy that the reader would accept."""
    rng = Random(seed)
    deep = rng.random() < 0.08
    parents = _tree(rng, deep)
    scopes = (ROOT, *parents)
    groups = tuple(f"group:g{index}" for index in range(MAX_MEMBERSHIP_CHAIN if deep else rng.randint(1, 4)))
    subjects = ("user:ada", "user:bob", "application:bot")[: rng.randint(1, 3)]
    roles = ("r1", "r2", "r3")[: rng.randint(1, 3)]
    pairs = _pairs(rng)
    edge = rng.choice(EDGES)
    policy = policy_of(
        _permissions(rng, roles, pairs, scopes),
        _rules(rng, (*subjects, *groups), roles, scopes, edge),
        parents,
        _memberships(rng, subjects, groups, edge, deep),
        _homes(rng, pairs, scopes),
    )
    return World(seed, policy, subjects, groups, scopes, pairs, (edge - 1, edge, edge + 1))


def _tree(rng: Random, deep: bool) -> dict[str, str]:
    """Departments with projects in them; or one path as deep as policies may go, and one project beside it."""
    if deep:
        path = (ROOT, *(f"department:d{depth}" for depth in range(1, MAX_SCOPE_DEPTH)), "project:deepest")
        return {**dict(zip(path[1:], path, strict=False)), "project:beside": "department:d4"}
    tree: dict[str, str] = {}
    for department in ("a", "b")[: rng.randint(1, 2)]:
        tree[f"department:{department}"] = ROOT
        for number in range(rng.randint(0, 2)):
            tree[f"project:{department}{number}"] = f"department:{department}"
    if rng.random() < 0.3:
        tree["project:alone"] = ROOT
    return tree


def _pairs(rng: Random) -> tuple[tuple[str, str], ...]:
    """The few pairs that a world is about; `view` of a block, the most intricate, is mostly among them."""
    some = rng.sample(sorted(VOCABULARY), rng.randint(1, 3))
    if rng.random() < 0.7:
        some.append((rng.choice(("environment", "credentials")), "view"))
    return tuple(dict.fromkeys(some))


def _permissions(rng: Random, roles: Sequence[str], pairs: Sequence[tuple[str, str]], scopes: Sequence[str]) -> Lines:
    """At least one for each role; from world to world more or fewer of them are narrowed to a scope."""
    narrow = rng.choice((0.2, 0.6, 1.0))
    holders = (*roles, *rng.choices(roles, k=rng.randint(0, 6)))
    return [(role, rng.choice(scopes) if rng.random() < narrow else ROOT, *rng.choice(pairs)) for role in holders]


def _rules(rng: Random, holders: Sequence[str], roles: Sequence[str], scopes: Sequence[str], edge: int) -> Lines:
    """Who holds what. In some worlds nothing is held everywhere, so that the lower scopes must carry it."""
    high = rng.choice((0, 0, 1)) if len(scopes) > 2 else 0
    timed = rng.choice((0.1, 0.5, 0.9))
    places = [
        rng.choice(STRANDED) if rng.random() < 0.06 else rng.choice(scopes[high:]) for _ in range(rng.randint(2, 10))
    ]
    return [(rng.choice(holders), rng.choice(roles), place, *_window(rng, timed, edge)) for place in places]


def _memberships(rng: Random, subjects: Sequence[str], groups: Sequence[str], edge: int, deep: bool) -> Lines:
    """Who belongs where. A group joins later groups only, so there is no cycle."""
    found = []
    joins, nests = rng.choice((0.0, 0.3, 0.8)), rng.choice((0.2, 0.8))
    if deep:
        path = (subjects[0], *groups)
        found += [(member, group, *_window(rng, 0.1, edge)) for member, group in zip(path, groups, strict=False)]
    for _ in range(rng.randint(2, 7)):
        group = rng.randrange(len(groups))
        if group and rng.random() < 0.6:
            found.append((groups[rng.randrange(group)], groups[group], *_window(rng, nests, edge)))
        else:
            found.append((rng.choice(subjects), groups[group], *_window(rng, joins, edge)))
    return found


def _window(rng: Random, share: float, edge: int) -> tuple[int, int]:
    """Since and until: for this share of the lines one that is not all of time, and mostly turns at `edge`."""
    if rng.random() >= share:
        return ALWAYS, FOREVER
    windows = [(since, until) for since in (ALWAYS, *EDGES) for until in (*EDGES, FOREVER) if since < until]
    near = [window for window in windows if edge in window]
    return rng.choice(near if rng.random() < 0.8 else windows)


def _homes(rng: Random, pairs: Sequence[tuple[str, str]], scopes: Sequence[str]) -> dict[tuple[str, str], str]:
    """Where resources live by the policy's own record; some of them in a scope that is gone."""
    kinds = dict.fromkeys(kind for kind, _ in pairs)
    some = [(kind, id) for kind in kinds for id in IDS if rng.random() < 0.7]
    return {each: rng.choice(STRANDED if rng.random() < 0.12 else scopes) for each in some}


def questions_of(world: World, count: int) -> list[Question]:
    """This many questions, all different, about the names of the world and a few that it does not know."""
    rng = Random(f"questions of {world.seed}")
    found: dict[Question, None] = {}
    while len(found) < count:
        found[_question(rng, world)] = None
    return list(found)


def _question(rng: Random, world: World) -> Question:
    kind, action = rng.choice(world.pairs)
    if rng.random() < 0.03:
        kind, action = rng.choice((("gadget", action), (kind, "fly"), (kind, "create"), (kind, "view")))
    subject = rng.choice((*world.subjects, *world.subjects, *world.groups[:2], "user:nobody"))
    place = None if rng.random() < 0.35 else _scope(rng, world, 0.04)
    bring = rng.choice((0, 0, 0, 1, 1, 2))
    groups = tuple(rng.choice((*world.groups, "group:nobody")) for _ in range(bring))
    id, declared, known = _whereabouts(rng, world)
    return Question(subject, action, kind, id, declared, place, groups, rng.choice(world.instants), known)


def _whereabouts(rng: Random, world: World) -> tuple[str | None, str | None, str | None]:
    """An id, a declared scope and a home from the catalog; at times they agree, at times they do not."""
    id = rng.choice((*IDS, "x9")) if rng.random() < 0.5 else None
    scope = _scope(rng, world, 0.05)
    match rng.randrange(8):
        case 0:
            return id, None, None
        case 1 | 2:
            return None, scope, None
        case 3 | 4:
            return id, None, scope
        case 5:
            return id, scope, scope
        case 6:
            return rng.choice(IDS), None, None
        case _:
            return id, _scope(rng, world, 0.05), rng.choice((None, scope))


def _scope(rng: Random, world: World, stray: float) -> str:
    """A scope of the tree; for a share of `stray`, one that is not in it."""
    return rng.choice((*STRANDED, "project:nowhere")) if rng.random() < stray else rng.choice(world.scopes)
