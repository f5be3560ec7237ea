"""Who holds what in a part of the tree, and when that changes: what constraints are judged by.

Nothing here reads policy lines anew: roles come from `pdp.roles_at` over `pdp.holders_of`, rights from `pdp.walk`, and
lines from what `explain` reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from remit.core.constraints import Right
from remit.core.explain import Permissions, permissions_of, ways
from remit.core.model import ALWAYS, FOREVER, Code, Ground, Question, Witness
from remit.core.pdp import holders_of, roles_at, walk
from remit.core.snapshot import Snapshot


class Area(NamedTuple):
    """A part of the tree: a scope, all that cover it (itself first) and, unless left out, all below it.

    A role held anywhere in `chain` or `below` reaches into it; a role held elsewhere does not.
    """

    scope: str
    chain: tuple[str, ...]
    below: frozenset[str]

    def meets(self, scope: str) -> bool:
        """Does what is held there reach into this part?"""
        return scope in self.below or scope in self.chain


def area_of(snapshot: Snapshot, scope: str) -> Area:
    """A scope with all that overlaps it."""
    return Area(scope, snapshot.chains[scope], frozenset(snapshot.directory.below([scope])))


def spot(snapshot: Snapshot, scope: str) -> Area:
    """A scope by itself: what lives right there, reached from there or above."""
    return Area(scope, snapshot.chains[scope], frozenset((scope,)))


class Backing(NamedTuple):
    """A right with what a snapshot knows of it: the roles, as a mask, that have it in any scope, and by which lines."""

    right: Right
    bits: int
    permissions: Permissions


def backing_of(snapshot: Snapshot, right: Right) -> Backing:
    """What a snapshot knows of a right; gathered once, as its permissions may be many."""
    pair = snapshot.pairs[right.kind][right.action]
    bits = pair.anywhere
    for mask in pair.narrowed.values():
        bits |= mask
    return Backing(right, bits, permissions_of(snapshot, *right))


def ever(snapshot: Snapshot, area: Area, bits: int) -> dict[str, int]:
    """The subjects that at some time might hold some of these roles in the area, themselves or by way of groups, each
    with the roles. Nobody else holds any; the cost goes with how many do, not with how many subjects there are."""
    directory = snapshot.directory
    found: dict[str, int] = {}
    for scope in {*area.chain, *area.below} & directory.holders.keys():
        for bit, holders in directory.holders[scope].items():
            if bit & bits:
                for subject in holders:
                    found[subject] = found.get(subject, 0) | bit
    for group, mask in [each for each in found.items() if each[0] in directory.members]:
        for member in belonging(snapshot, group):
            found[member] = found.get(member, 0) | mask
    return found


def belonging(snapshot: Snapshot, group: str) -> Iterator[str]:
    """All that belong to a group at some time, by way of other groups too; each once."""
    members = snapshot.directory.members
    met, waiting = {group}, [group]
    while waiting:
        for member in members.get(waiting.pop(), ()):
            if member not in met:
                met.add(member)
                waiting.append(member)
                yield member


def spans(snapshot: Snapshot, subject: str, area: Area, bits: int, now: int) -> list[tuple[int, int]]:
    """From `now` on, the stretches of time within which nothing begins or ends that bears on what the subject holds of
    these roles in the area, or on the groups it belongs to."""
    timed = bits << snapshot.width
    turns: set[int] = set()
    for holder in (subject, *snapshot.groups_of.get(subject, ())):
        if subject in snapshot.timed_members:
            for membership in snapshot.memberships.get(holder, ()):
                turns |= {membership.since, membership.until}
        for scope, value in snapshot.grants.get(holder, {}).items():
            if value & timed and area.meets(scope):
                for rule in snapshot.access_rules_of(holder, scope):
                    turns |= {rule.since, rule.until}
    edges = [now, *sorted(turn for turn in turns - {ALWAYS, FOREVER} if turn > now), FOREVER]
    return list(pairwise(edges))


def roles_in(snapshot: Snapshot, subject: str, area: Area, bits: int, when: int) -> dict[str, int]:
    """Which of these roles the subject holds at `when`, itself or by way of groups: by the scope they are held in."""
    found: dict[str, int] = {}
    for holder in dict.fromkeys(holders_of(snapshot, subject, (), when)):
        for scope in snapshot.grants.get(holder, ()):
            if area.meets(scope) and (roles := roles_at(snapshot, holder, scope, when) & bits):
                found[scope] = found.get(scope, 0) | roles
    return found


def role_lines(snapshot: Snapshot, subject: str, held: dict[str, int], when: int) -> Iterator[Ground]:
    """The lines by which the subject holds these roles (by scope, as of `roles_in`) at `when`."""
    for holder, memberships in ((subject, ()), *snapshot.paths_at(subject, when)):
        for scope, roles in held.items():
            for rule in snapshot.access_rules_of(holder, scope):
                if roles & snapshot.role_bits[rule.role] and rule.since <= when < rule.until:
                    yield rule.ground()
                    yield from (membership.ground() for membership in memberships)


def asked(subject: str, right: Right, scope: str, when: int) -> Question:
    """May the subject do this to something that lives in the scope, and there? What is decided elsewhere than at home
    is available there; so this is yes exactly if the right reaches the scope."""
    return Question(subject, right.action, right.kind, None, scope, scope, (), when)


def reached(snapshot: Snapshot, subject: str, backing: Backing, area: Area, when: int) -> tuple[str, ...]:
    """Where in the area the right is had, in order: at each scope at which it begins; with any of them it is had in all
    below. It begins where a role is held or a permission narrowed, or above the area: each such scope is asked about.
    """
    right, narrowed = backing.right, snapshot.pairs[backing.right.kind][backing.right.action].narrowed
    spots = {area.scope, *area.below.intersection(narrowed)}
    spots |= area.below.intersection(roles_in(snapshot, subject, area, backing.bits, when))
    return tuple(sorted(scope for scope in spots if may(snapshot, subject, right, scope, when)))


def may(snapshot: Snapshot, subject: str, right: Right, scope: str, when: int) -> bool:
    """Does the right reach this scope?"""
    return walk(snapshot, *asked(subject, right, scope, when))[0] is Code.GRANTED


def right_lines(
    snapshot: Snapshot, subject: str, backing: Backing, scopes: Iterable[str], when: int
) -> Iterator[Ground]:
    """The lines by which the right reaches these scopes at `when`: every way there is, each with its shortest chain of
    memberships."""
    for scope in scopes:
        question = asked(subject, backing.right, scope, when)
        for way in ways(snapshot, question, Witness(*walk(snapshot, *question)), backing.permissions):
            yield way.permission.ground()
            yield way.access_rule.ground()
            yield from (membership.ground() for membership in way.memberships)
