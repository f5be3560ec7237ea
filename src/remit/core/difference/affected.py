"""Whom a change of policy may concern, and in what: the subjects worth comparing, found from the lines that changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from remit.core.access import AccessRules
from remit.core.difference.regions import Trees, trees_of
from remit.core.model import ROOT, AccessRule, Membership, Permission
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot

Pair = tuple[str, str]
"""A kind and an action."""


_Joined = tuple[tuple[str, int, int], ...]
Alike = tuple[_Joined, _Joined]
"""The groups that somebody joins, with from when until when, in both policies."""


class Sides:
    """Two policies, side by side: `base` as it is, `head` as it would be."""

    def __init__(self, base: tuple[Policy, Snapshot], head: tuple[Policy, Snapshot]) -> None:
        self.policies = (base[0], head[0])
        self.base, self.head = base[1], head[1]
        self.trees: Trees = trees_of(self.base.chains, self.head.chains)

    @property
    def both(self) -> tuple[Snapshot, Snapshot]:
        """The two snapshots."""
        return self.base, self.head

    @cached_property
    def pairs(self) -> frozenset[Pair]:
        """Every kind and action that either knows."""
        return frozenset((kind, action) for one in self.both for kind, some in one.pairs.items() for action in some)

    @cached_property
    def redecided(self) -> frozenset[Pair]:
        """Pairs that both know and decide at different scopes: one at home, the other at the place."""
        shared = [pair for pair in self.pairs if all(pair[1] in one.pairs.get(pair[0], ()) for one in self.both)]
        at = [{(kind, action): one.pairs[kind][action].at_place for kind, action in shared} for one in self.both]
        return frozenset(pair for pair in shared if at[0][pair] != at[1][pair])

    @cached_property
    def changed(self) -> dict[type[Any], set[tuple[Any, ...]]]:
        """The lines that are in one policy and not in the other, without where they stand."""
        base, head = self.policies
        return {
            AccessRule: _held_by(base.access_rules) ^ _held_by(head.access_rules),
            Membership: {each[:-1] for each in base.memberships} ^ {each[:-1] for each in head.memberships},
            Permission: {each[:-1] for each in base.permissions} ^ {each[:-1] for each in head.permissions},
        }

    @cached_property
    def role_pairs(self) -> dict[str, set[Pair]]:
        """What each role may do anywhere, in either policy."""
        found: dict[str, set[Pair]] = {}
        for snapshot in self.both:
            for permission in snapshot.permissions:
                found.setdefault(permission.role, set()).add((permission.kind, permission.action))
        return found

    def members(self, group: str) -> Iterator[str]:
        """A subject, and all that belong to it at some time in either policy, by way of other groups too."""
        met, waiting = {group}, [group]
        yield group
        while waiting:
            for member in self._members.get(waiting.pop(), ()):
                if member not in met:
                    met.add(member)
                    waiting.append(member)
                    yield member

    @cached_property
    def _members(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for policy in self.policies:
            for member, group, *_ in policy.memberships:
                found.setdefault(group, set()).add(member)
        return found

    def alike(self, subject: str) -> Alike | None:
        """What a subject has in common with others that hold nothing themselves and belong to the same groups: their
        gains and losses are the same. None for whoever holds something itself."""
        if any(subject in snapshot.grants for snapshot in self.both):
            return None
        base, head = (tuple(each[1:4] for each in one.memberships.get(subject, ())) for one in self.both)
        return base, head

    def holding(self, roles: Iterable[str], scopes: Iterable[str] | None = None) -> Iterator[str]:
        """Who holds one of these roles at some time, in one of these scopes or anywhere, itself or by a group."""
        for snapshot in self.both:
            bits = sum(snapshot.role_bits.get(role, 0) for role in set(roles))
            either, wanted = bits | bits << snapshot.width, None if scopes is None else frozenset(scopes)
            for subject, held in snapshot.grants.items() if bits else ():
                spots = held.values() if wanted is None else (held[scope] for scope in held.keys() & wanted)
                if any(value & either for value in spots):
                    yield from self.members(subject)


def affected(sides: Sides) -> dict[str, set[Pair]]:
    """The subjects that may gain or lose something, and what; nobody else does.

    Left out are resources that moved, and what being decided elsewhere changes. A pair that only one vocabulary has
    needs no look of its own: a permission names pairs of its vocabulary only, so its permissions come and go with it.
    """
    found: dict[str, set[Pair]] = {}

    def add(subjects: Iterable[str], pairs: Iterable[Pair]) -> None:
        some = set(pairs)
        for subject in subjects if some else ():
            found.setdefault(subject, set()).update(some)

    changed = sides.changed
    for subject, role in {line[:2] for line in changed[AccessRule]}:
        add(sides.members(subject), sides.role_pairs.get(role, ()))
    for member in {line[0] for line in changed[Membership]}:
        add(sides.members(member), sides.pairs)
    for role in {line[0] for line in changed[Permission]}:
        add(sides.holding([role]), {line[2:4] for line in changed[Permission] if line[0] == role})
    if sides.trees.moved:
        for subject in _around_moved(sides):
            add([subject], sides.pairs)
    return found


def _held_by(table: AccessRules) -> set[tuple[Any, ...]]:
    """The access rules of a policy, without where they stand."""
    roles = [table.roles[index] for index in table.role_ids]
    return set(zip(table.subjects, roles, table.scopes, table.since, table.until, strict=True))


def _around_moved(sides: Sides) -> set[str]:
    """Who holds something at or above a scope whose way up changed, or a role whose permission lies there."""
    trees = sides.trees
    scopes = {above for moved in trees.moved for chains in trees[:2] for above in chains.get(moved, ())}
    narrow = {p.role for one in sides.both for p in one.permissions if p.scope != ROOT and p.scope in scopes}
    return {*sides.holding(sides.role_pairs, scopes), *sides.holding(narrow)}
