"""Effects folded so that a person can read them: who is affected alike makes one entry, with the lines that do it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from remit.core.difference.affected import Pair, Sides
from remit.core.difference.effects import Effect, Moved, cuts
from remit.core.difference.regions import Region
from remit.core.explain import Permissions, Way, permissions_of, shortest
from remit.core.model import AccessRule, Ground, Membership, Permission, Question
from remit.core.snapshot import Snapshot

Rights = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
"""Kinds, with the actions on each of them: kinds with the same actions stand together."""


class Entry(NamedTuple):
    """Some subjects gain (or lose) some rights in some regions, from `since` until `until`, by way of a role.

    `inherited` as in an effect. `lines` are those that let them: of `head` for a gain, of `base` for a
        loss; those that the other policy lacks stand first, and `changed` says how many these are.
    """

    gain: bool
    subjects: tuple[str, ...]
    rights: Rights
    regions: tuple[Region, ...]
    since: int
    until: int
    role: str
    resource: Moved | None
    lines: tuple[Ground, ...]
    changed: int
    inherited: bool = False


Line = Permission | AccessRule | Membership
_ORDER: list[type[Line]] = [AccessRule, Membership, Permission]
_Part = tuple[bool, tuple[Region, ...], int, int, str, Moved | None, bool]


def folded(sides: Sides, effects: Iterable[Effect]) -> tuple[Entry, ...]:
    """The effects as entries: gains first, then by scope, role and subjects."""
    tracer = _Tracer(sides)
    together: dict[tuple[_Part, frozenset[Pair]], tuple[list[str], set[Line]]] = {}
    for subject, some in _by_subject(effects):
        parts: dict[_Part, tuple[set[Pair], set[Line]]] = {}
        for effect in some:
            ways = tracer.ways(effect)
            part = (effect.gain, effect.regions, effect.since, effect.until, ways[0].permission.role, *effect[7:])
            pairs, lines = parts.setdefault(part, (set(), set()))
            pairs.add((effect.kind, effect.action))
            for way in ways:
                lines |= {way.permission, way.access_rule, *way.memberships}
        for part, (pairs, lines) in parts.items():
            subjects, all_lines = together.setdefault((part, frozenset(pairs)), ([], set()))
            subjects.append(subject)
            all_lines |= lines
    entries = [tracer.entry(part, pairs, *rest) for (part, pairs), rest in together.items()]
    return tuple(sorted(entries, key=_order))


def _by_subject(effects: Iterable[Effect]) -> Iterator[tuple[str, list[Effect]]]:
    found: dict[str, list[Effect]] = {}
    for effect in effects:
        found.setdefault(effect.subject, []).append(effect)
    yield from sorted(found.items())


def _order(entry: Entry) -> tuple[object, ...]:
    resource = entry.resource or ("", "")
    return (*resource[:2], not entry.gain, entry.regions, entry.role, entry.since, entry.until, entry.subjects)


class _Tracer:
    """Finds the lines behind effects."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._permissions: dict[tuple[bool, Pair], Permissions] = {}
        self._ways: dict[tuple[object, ...], tuple[Way, ...]] = {}

    def ways(self, effect: Effect) -> tuple[Way, ...]:
        """The shortest ways by which the policy that lets a subject do this lets it: one for each stretch of time."""
        snapshot = self._sides.head if effect.gain else self._sides.base
        alike = self._sides.alike(effect.subject)
        if alike is None:
            return self._found(effect, snapshot)
        key = (alike, effect[1:])
        if key not in self._ways:
            self._ways[key] = self._found(effect, snapshot)
        own = {each[1:4]: each for each in snapshot.memberships[effect.subject]}
        return tuple(
            way._replace(memberships=(own[way.memberships[0][1:4]], *way.memberships[1:])) for way in self._ways[key]
        )

    def _found(self, effect: Effect, snapshot: Snapshot) -> tuple[Way, ...]:
        key = (effect.gain, (effect.kind, effect.action))
        if key not in self._permissions:
            self._permissions[key] = permissions_of(snapshot, effect.kind, effect.action)
        instants = [when for when in cuts(self._sides, effect.subject) if effect.since <= when < effect.until]
        found = [shortest(snapshot, _question(effect, snapshot, when), self._permissions[key]) for when in instants]
        if not found or None in found:
            raise RuntimeError(f"an effect that the walk denies: {effect}")  # the two would have parted
        return tuple(dict.fromkeys(way for way in found if way is not None))

    def entry(self, part: _Part, pairs: frozenset[Pair], subjects: list[str], lines: set[Line]) -> Entry:
        """One entry of what is alike."""
        gain, regions, since, until, role, resource, inherited = part
        changed = self._sides.changed
        new = {line for line in lines if line[:-1] in changed[type(line)]}
        ordered = sorted(lines, key=lambda line: (line not in new, _ORDER.index(type(line)), line.origin))
        grounds = tuple(line.ground() for line in ordered)
        who, what = tuple(subjects), rights_of(pairs)
        return Entry(gain, who, what, regions, since, until, role, resource, grounds, len(new), inherited)


def rights_of(pairs: Iterable[Pair]) -> Rights:
    """Kinds and actions, folded."""
    actions: dict[str, list[str]] = {}
    for kind, action in sorted(pairs):
        actions.setdefault(kind, []).append(action)
    kinds: dict[tuple[str, ...], list[str]] = {}
    for kind, some in actions.items():
        kinds.setdefault(tuple(some), []).append(kind)
    return tuple((tuple(names), some) for some, names in kinds.items())


def _question(effect: Effect, snapshot: Snapshot, when: int) -> Question:
    """The question that an effect answers, at the top of its first region."""
    top = effect.regions[0].top
    if effect.resource is None:
        return Question(effect.subject, effect.action, effect.kind, None, top, top, (), when)
    place = top if snapshot.pairs[effect.kind][effect.action].at_place else None
    return Question(effect.subject, effect.action, effect.kind, effect.resource.id, None, place, (), when)
