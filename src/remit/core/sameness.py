"""Does one change of one line alter any decision at all?

Told for permissions, access rules and memberships, over all subjects, scopes and instants: what a role may, and what a
subject may by all it holds, is compared as the highest scopes in which it may. A change of scopes.csv or resources.csv
is never called the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from remit.core.bending import Bent
from remit.core.model import ALWAYS, ROOT, AccessRule, Membership, Permission
from remit.core.policy import Policy

May = dict[tuple[str, str], frozenset[str]]
"""What somebody may: each kind and action with the highest scopes in which it is so."""


class Sameness:
    """A policy, indexed by who holds and who belongs, so that a change costs what its own subject has."""

    def __init__(self, policy: Policy) -> None:
        self._parents = {child: parent for child, (parent, _) in policy.parents.items()}
        self._permissions: dict[tuple[str, str, str], list[Permission]] = {}
        self._roles: dict[str, list[Permission]] = {}
        self._rules: dict[str, list[AccessRule]] = {}
        self._memberships: dict[str, list[Membership]] = {}
        for permission in policy.permissions:
            self._permissions.setdefault(_right(permission), []).append(permission)
            self._roles.setdefault(permission.role, []).append(permission)
        for rule in policy.access_rules:
            self._rules.setdefault(rule.subject, []).append(rule)
        for membership in policy.memberships:
            self._memberships.setdefault(membership.member, []).append(membership)

    def holds(self, change: Bent) -> bool:
        """True if no decision is another with the change. Whoever might hold a role one day counts as well."""
        match change.was, change.now:
            case Permission() as was, (Permission() | None) as now:
                rights = {_right(each) for each in (was, now) if each is not None}
                return all(self._may(right) == self._may(right, was, now) for right in rights)
            case AccessRule(subject=subject) as rule, (AccessRule() | None) as bent:
                return self._same_for(subject, rule, bent)
            case Membership(member=member) as membership, (Membership() | None) as joined:
                return self._same_for(member, membership, joined)
            case _:
                return False

    def _may(
        self, right: tuple[str, str, str], was: Permission | None = None, now: Permission | None = None
    ) -> frozenset[str]:
        """The highest scopes of a role's permissions for one action on one kind."""
        scopes = [each.scope for each in self._permissions.get(right, ()) if each != was]
        return self._highest([*scopes, *(now.scope for now in (now,) if now is not None and _right(now) == right)])

    def _same_for(
        self, subject: str, was: AccessRule | Membership, now: AccessRule | Membership | None
    ) -> bool:  # fmt: skip
        """True if a subject may the same at every instant: so may then whoever belongs to it."""
        lines = {id(line): line for start in (subject, getattr(now, "group", subject)) for line in self._lines(start)}
        instants = {ALWAYS, *(at for line in (*lines.values(), now or was) for at in (line.since, line.until))}
        return all(self._all_of(subject, when) == self._all_of(subject, when, was, now) for when in instants)

    def _lines(self, subject: str) -> Iterator[AccessRule | Membership]:
        """The lines that bear on a subject at some time."""
        seen, ring = {subject}, [subject]
        while ring:
            each = ring.pop()
            yield from self._rules.get(each, ())
            for membership in self._memberships.get(each, ()):
                yield membership
                if membership.group not in seen:
                    seen.add(membership.group)
                    ring.append(membership.group)

    def _all_of(
        self, subject: str, when: int,
        was: AccessRule | Membership | None = None, now: AccessRule | Membership | None = None,
    ) -> May:  # fmt: skip
        """What a subject may at one instant, with one line in the place of another."""
        found: dict[tuple[str, str], list[str]] = {}
        seen, ring = {subject}, [subject]
        while ring:
            each = ring.pop()
            lines = chain(self._rules.get(each, ()), self._memberships.get(each, ()), () if now is None else (now,))
            for line in lines:
                if line == was or line[0] != each or not line.since <= when < line.until:
                    continue
                if isinstance(line, AccessRule):
                    for permission in self._roles.get(line.role, ()):
                        met = self._deeper(line.scope, permission.scope)
                        found.setdefault((permission.kind, permission.action), []).extend(met)
                elif line.group not in seen:
                    seen.add(line.group)
                    ring.append(line.group)
        may = {right: self._highest(scopes) for right, scopes in found.items()}
        return {right: scopes for right, scopes in may.items() if scopes}

    def _deeper(self, held: str, permitted: str) -> tuple[str, ...]:
        """Where a role and its permission meet: the deeper of their scopes, if one covers the other."""
        if held != ROOT and held not in self._parents:
            return ()
        if held == permitted or permitted in self._over(held):
            return (held,)
        return (permitted,) if held in self._over(permitted) else ()

    def _highest(self, scopes: Iterable[str]) -> frozenset[str]:
        """Those of the scopes that no other one covers; scopes outside the tree reach nothing."""
        some = {scope for scope in scopes if scope == ROOT or scope in self._parents}
        return frozenset(scope for scope in some if not some.intersection(self._over(scope)))

    def _over(self, scope: str) -> Iterator[str]:
        while scope != ROOT:
            scope = self._parents[scope]
            yield scope


def _right(permission: Permission) -> tuple[str, str, str]:
    return permission.role, permission.kind, permission.action
