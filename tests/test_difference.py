"""What a plan says people gain and lose is exactly where the decisions of two policies part: all of them, over every
subject, kind, action, home and place, and over all of time. The judge here enumerates; the plan does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from remit.core.access import AccessRules
from remit.core.difference import affected as affected_of
from remit.core.difference import effects as effects_of
from remit.core.difference import moved as moved_of
from remit.core.difference import regions as regions_of
from remit.core.difference.affected import Sides
from remit.core.difference.effects import Effect, effects
from remit.core.difference.folding import folded
from remit.core.difference.moved import moved_resources, resource_effects
from remit.core.model import ALWAYS, FOREVER, ROOT, AccessRule, Code, Membership, Origin, Permission, Verb
from remit.core.pdp import decide, walk
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from worlds import EDGES, STRANDED, VOCABULARY, random_world

WORLDS = 2_000
Right = tuple[str, str, str, str, str, int]
"""Subject, kind, action, home, place and the number of a stretch of time."""

INSTANTS = (EDGES[0] - 1, *EDGES)
"""One in each stretch of time that any line of a random world begins or ends."""

NOWHERE = Origin("policies/new.csv", 1)


def sides_of(base: Policy, head: Policy) -> Sides:
    return Sides((base, Snapshot(base)), (head, Snapshot(head)))


def subjects_of(*policies: Policy) -> list[str]:
    found: dict[str, None] = {}
    for policy in policies:
        found |= dict.fromkeys(policy.access_rules.subjects)
        found |= dict.fromkeys(name for each in policy.memberships for name in each[:2])
    return [*found, "user:nobody"]


def decided(policy: Policy, subjects: Iterable[str], skip: frozenset[tuple[str, str]]) -> set[Right]:
    """Every allow for something that is said to live in a scope of the tree, by asking."""
    snapshot = Snapshot(policy)
    scopes = (ROOT, *policy.parents)
    return {
        (subject, kind, action, home, place, number)
        for kind, verbs in policy.vocabulary.items()
        for action, verb in verbs.items()
        if (kind, action) not in skip
        for subject in subjects
        for number, when in enumerate(INSTANTS)
        for home in scopes
        for place in (scopes if verb.at_place else [home])
        if walk(snapshot, subject, action, kind, None, home, place, (), when)[0] is Code.GRANTED
    }


def covered(tree: Snapshot, effect: Effect) -> Iterator[str]:
    """The scopes in an effect's regions, by their definition."""
    for region in effect.regions:
        for scope, chain in tree.chains.items():
            if region.top in chain and not set(region.but) & set(chain):
                yield scope


def stretches(effect: Effect) -> Iterator[int]:
    return (number for number, when in enumerate(INSTANTS) if effect.since <= when < effect.until)


def told(sides: Sides, found: Iterable[Effect], gain: bool) -> set[Right]:
    """The rights that effects speak of, one by one; and what a scope that hangs elsewhere makes available there."""
    tree = sides.head if gain else sides.base
    rights: set[Right] = set()
    for effect in found:
        if effect.gain is gain:
            at_place = tree.pairs[effect.kind][effect.action].at_place
            for scope in covered(tree, effect):
                for home in tree.chains[scope] if at_place else [scope]:
                    rights |= {(*effect[:1], *effect[2:4], home, scope, number) for number in stretches(effect)}
    return rights


def rehung(sides: Sides, allowed: tuple[set[Right], set[Right]]) -> tuple[set[Right], set[Right]]:
    """What changes for a right that stays, at a place that hangs elsewhere now: other blocks are available there."""
    held = [{(*one[:3], *one[4:]) for one in some} for some in allowed]
    stay, trees = held[0] & held[1], [one.chains for one in sides.both]
    lost, gained = (
        {one for one in mine if (*one[:3], *one[4:]) in stay and one[3] not in other.get(one[4], ())}
        for mine, other in ((allowed[0], trees[1]), (allowed[1], trees[0]))
    )
    return gained, lost


def parted(base: Policy, head: Policy) -> list[str]:
    """Where the plan and the decisions differ; empty if all is well."""
    sides = sides_of(base, head)
    subjects = subjects_of(base, head)
    allowed = (decided(base, subjects, sides.redecided), decided(head, subjects, sides.redecided))
    every = list(effects(sides))
    found = [effect for effect in every if effect[2:4] not in sides.redecided]
    gained, lost = rehung(sides, allowed)
    wrong = []
    for gain, expected in ((True, allowed[1] - allowed[0] - gained), (False, allowed[0] - allowed[1] - lost)):
        said = told(sides, found, gain)
        word = "gain" if gain else "loss"
        wrong += [f"{word} not told: {one}" for one in sorted(expected - said)]
        wrong += [f"{word} made up: {one}" for one in sorted(said - expected)]
    return wrong + _redecided_parted(sides, every, subjects) + _resources_parted(sides, subjects)


def _redecided_parted(sides: Sides, found: list[Effect], subjects: list[str]) -> list[str]:
    """The same for pairs that are decided elsewhere, for what lives where it is asked: there the two mean the same."""
    wrong = []
    for kind, action in sides.redecided:
        was, will = (
            {
                (who, scope, number)
                for who in subjects
                for scope in one.chains
                for number, when in enumerate(INSTANTS)
                if walk(one, who, action, kind, None, scope, scope, (), when)[0] is Code.GRANTED
            }
            for one in sides.both
        )
        for gain, expected in ((True, will - was), (False, was - will)):
            said = {
                (effect.subject, scope, number)
                for effect in found
                if effect.gain is gain and effect[2:4] == (kind, action)
                for scope in covered(sides.head if gain else sides.base, effect)
                for number in stretches(effect)
            }
            wrong += [f"decided elsewhere: {one}" for one in sorted(expected ^ said)]
    return wrong


def _resources_parted(sides: Sides, subjects: Iterable[str]) -> list[str]:
    """The same for each resource whose recorded home changed, asked by its id at every place that both trees have."""
    wrong = []
    places = sides.base.chains.keys() & sides.head.chains.keys()
    for moved in moved_resources(sides):
        kind, id, *_ = moved
        found = list(resource_effects(sides, moved))
        pairs = {pair for pair in sides.pairs if pair[0] == kind and pair[1] != "create"} - sides.redecided
        was, will = (
            {
                (subject, action, place, number)
                for subject in subjects
                for _, action in pairs
                for place in places
                for number, when in enumerate(INSTANTS)
                if walk(one, subject, action, kind, id, None, place, (), when)[0] is Code.GRANTED
            }
            for one in sides.both
        )
        for gain, expected in ((True, will - was), (False, was - will)):
            said = {
                (effect.subject, effect.action, place, number)
                for effect in found
                if effect.gain is gain
                for place in places.intersection(covered(sides.head if gain else sides.base, effect))
                for number in stretches(effect)
            }
            wrong += [f"{kind}:{id}: {one}, a {'gain' if gain else 'loss'}" for one in sorted(expected ^ said)]
    return wrong


def changed(base: Policy, seed: int) -> Policy:
    """The policy after a few edits of every sort."""
    rng = Random(f"edits {seed}")
    for _ in range(rng.randint(1, 4)):
        base = rng.choice(EDITS)(base, rng)
    return base


def _scope(policy: Policy, rng: Random) -> str:
    return rng.choice((ROOT, *policy.parents, *STRANDED))


def _rule(policy: Policy, rng: Random) -> Policy:
    rules = list(policy.access_rules)
    since, until = rng.choice(((ALWAYS, FOREVER), (ALWAYS, EDGES[1]), (EDGES[0], EDGES[2]), (EDGES[1], FOREVER)))
    if rules and rng.random() < 0.5:
        rules.pop(rng.randrange(len(rules)))
    if rng.random() < 0.7 and policy.roles:
        subject = rng.choice(subjects_of(policy))
        rules.append(AccessRule(subject, rng.choice(policy.roles), _scope(policy, rng), since, until, NOWHERE))
    return _again(policy, access_rules=AccessRules.of(rules))


def _permission(policy: Policy, rng: Random) -> Policy:
    permissions = list(policy.permissions)
    if permissions and rng.random() < 0.5:
        permissions.pop(rng.randrange(len(permissions)))
    if policy.roles:
        kind = rng.choice(list(policy.vocabulary))
        scope = rng.choice((ROOT, ROOT, *policy.parents))
        action = rng.choice(list(policy.vocabulary[kind]))
        permissions.append(Permission(rng.choice(policy.roles), scope, kind, action, NOWHERE))
    return _again(policy, permissions=tuple(permissions))


def _membership(policy: Policy, rng: Random) -> Policy:
    memberships = list(policy.memberships)
    groups = sorted({each.group for each in memberships})
    if memberships and rng.random() < 0.5:
        memberships.pop(rng.randrange(len(memberships)))
    if groups:
        until = rng.choice((FOREVER, EDGES[1]))
        user = rng.choice(("user:ada", "user:bob", "user:eve"))
        memberships.append(Membership(user, rng.choice(groups), ALWAYS, until, NOWHERE))
    return _again(policy, memberships=tuple(memberships))


def _tree(policy: Policy, rng: Random) -> Policy:
    parents = {child: parent for child, (parent, _) in policy.parents.items()}
    match rng.randrange(4):
        case 3 if parents and "department:new" not in parents:
            parents["department:new"] = rng.choice((ROOT, *parents))
            child = rng.choice(list(parents))
            if child not in _way(parents, "department:new"):
                parents[child] = "department:new"
        case 0:
            parents[f"project:new{rng.randrange(3)}"] = rng.choice((ROOT, *parents))
        case 1 if parents:
            leaf = rng.choice([scope for scope in parents if scope not in parents.values()])
            if not any(permission.scope == leaf for permission in policy.permissions):
                del parents[leaf]
        case _ if parents:
            child = rng.choice(list(parents))
            below = {one for one in parents if child in _way(parents, one)}
            parents[child] = rng.choice([ROOT, *(one for one in parents if one not in below)])
    if any(len(_way(parents, one)) > 9 for one in parents):
        return policy
    return _again(policy, parents={child: (parent, NOWHERE) for child, parent in parents.items()})


def _way(parents: dict[str, str], scope: str) -> list[str]:
    found = [scope]
    while found[-1] in parents:
        found.append(parents[found[-1]])
    return found


def _vocabulary(policy: Policy, rng: Random) -> Policy:
    verbs = {kind: dict(some) for kind, some in policy.vocabulary.items()}
    kind, action = rng.choice(sorted(VOCABULARY))
    if action in verbs.get(kind, {}) and rng.random() < 0.5:
        if not any((p.kind, p.action) == (kind, action) for p in policy.permissions):
            del verbs[kind][action]
    elif action != "create":
        verbs.setdefault(kind, {})[action] = Verb(rng.random() < 0.5, "", NOWHERE)
    return _again(policy, vocabulary={kind: some for kind, some in verbs.items() if some})


def _home(policy: Policy, rng: Random) -> Policy:
    homes = {kind: dict(some) for kind, some in policy.homes.items()}
    some = homes.setdefault(rng.choice(list(policy.vocabulary)), {})
    id = rng.choice(("x1", "x2", "x3"))
    if id in some and rng.random() < 0.4:
        del some[id]
    else:
        some[id] = (_scope(policy, rng), NOWHERE)
    return _again(policy, homes=homes)


def _again(policy: Policy, **parts: object) -> Policy:
    """The policy with other parts, and every role that it names."""
    made = replace(policy, **parts)  # type: ignore[arg-type]
    roles = dict.fromkeys((*made.roles, *(p.role for p in made.permissions), *made.access_rules.roles))
    return replace(made, roles=tuple(roles))


EDITS: tuple[Callable[[Policy, Random], Policy], ...] = (
    _rule, _rule, _rule, _permission, _permission, _membership, _membership, _tree, _vocabulary, _home,
)  # fmt: skip


def pair_of(seed: int) -> tuple[Policy, Policy]:
    """Two policies: mostly one and what edits made of it, at times two that have nothing in common."""
    base = random_world(seed).policy
    return base, random_world(seed + WORLDS).policy if seed % 10 == 9 else changed(base, seed)


@pytest.mark.parametrize("start", range(0, WORLDS, 250))
def test_a_plan_is_where_all_decisions_part(start: int) -> None:
    parts = 0
    for seed in range(start, start + 250):
        base, head = pair_of(seed)
        assert not (wrong := parted(base, head)), f"seed {seed}: {wrong[:5]}"
        parts += bool(list(effects(sides_of(base, head))))
    assert parts > 100, "hardly any of these policies differ"


def test_two_that_are_the_same_do_not_part() -> None:
    for seed in range(50):
        policy = random_world(seed).policy
        assert not list(effects(sides_of(policy, policy))) and not moved_resources(sides_of(policy, policy))


def test_the_lines_of_an_entry_are_those_that_let() -> None:
    for seed in range(150):
        base, head = pair_of(seed)
        sides = sides_of(base, head)
        found = list(effects(sides))
        entries = folded(sides, found)
        rights = [(s, e.gain, k, a, e.regions, e.since, e.until) for e in entries for s in e.subjects
                  for kinds, some in e.rights for k in kinds for a in some]  # fmt: skip
        assert sorted(rights) == sorted(tuple(each[:7]) for each in found), seed
        for entry in entries:
            lines = {line.origin for line in entry.lines}
            assert lines and {"permission", "access rule"} <= {line.what for line in entry.lines}
            only = Snapshot(_only(head if entry.gain else base, lines))
            top = entry.regions[0].top
            for when in (when for when in INSTANTS if entry.since <= when < entry.until):
                for subject, (kinds, some) in product(entry.subjects, entry.rights):
                    for kind, action in product(kinds, some):
                        assert decide(only, subject, action, kind, None, top, top, (), when).allowed, seed


def _only(policy: Policy, origins: set[Origin]) -> Policy:
    """The policy without permissions, memberships and access rules other than these."""
    return replace(
        policy,
        permissions=tuple(each for each in policy.permissions if each.origin in origins),
        memberships=tuple(each for each in policy.memberships if each.origin in origins),
        access_rules=AccessRules.of(each for each in policy.access_rules if each.origin in origins),
    )


def mutant_without(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = regions_of.without
    bent = lambda tops, chains, less, others, moved: honest(tops, chains, less, others, frozenset())  # noqa: E731
    monkeypatch.setattr(effects_of, "without", lambda *given: _guarded(bent, honest, *given))


def _guarded(bent: Callable[..., object], honest: Callable[..., object], *given: object) -> object:
    try:
        return bent(*given)
    except KeyError:
        return honest(*given)


def mutant_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = effects_of.without
    monkeypatch.setattr(effects_of, "without", lambda *given: tuple(one._replace(but=()) for one in honest(*given)))


def mutant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects_of, "cuts", lambda *_: [ALWAYS, FOREVER])


def mutant_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sides, "members", lambda self, group: iter([group]))


def mutant_memberships(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = affected_of.Sides.changed.func  # type: ignore[attr-defined]
    monkeypatch.setattr(Sides, "changed", property(lambda self: {**honest(self), Membership: set()}))


def mutant_permissions(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = affected_of.Sides.changed.func  # type: ignore[attr-defined]
    monkeypatch.setattr(Sides, "changed", property(lambda self: {**honest(self), Permission: set()}))


def mutant_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affected_of, "_around_moved", lambda _: set())


def mutant_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = effects_of.tops
    monkeypatch.setattr(effects_of, "tops", lambda *given: frozenset(sorted(honest(*given))[:1]))


def mutant_stranded_home(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = moved_of._allowed
    bent = lambda snapshot, pair, home, held: honest(  # noqa: E731
        snapshot, pair, home if home in snapshot.chains else None, held
    )
    monkeypatch.setattr(moved_of, "_allowed", bent)


def mutant_resource_scopes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moved_of, "_scopes", lambda *_: {ROOT})


MUTANTS = [each for name, each in sorted(globals().items()) if name.startswith("mutant_")]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.__name__)
def test_a_plan_that_forgets_is_noticed(mutant: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    assert any(parted(*pair_of(seed)) for seed in range(300))
