"""The two tables that a policy adds up to at one instant: what each role may, and who holds which role where.

Somebody may do something in a scope exactly if a row of the one and a row of the other name the same role and both
their scopes cover it; a property test binds that to the walk.
"""

from __future__ import annotations

from typing import NamedTuple

from remit.core.lasting import chains_at
from remit.core.model import AccessRule, Membership, Permission
from remit.core.snapshot import Snapshot

Key = tuple[str, str, str, str]
"""What makes a row: role, kind, action and the scope in which and below the role may; or subject, role, the scope in
which and below it holds the role, and who holds it, which is the subject itself or its group."""


class Holding(NamedTuple):
    """That a subject holds a role, and by which lines: the memberships that last, and the access rule."""

    subject: str
    memberships: tuple[Membership, ...]
    access_rule: AccessRule

    @property
    def is_open(self) -> bool:
        """Is the subject a group? Members also come with their tokens."""
        return self.subject.startswith("group:")


def cells(snapshot: Snapshot, scope: str | None = None) -> dict[Key, Permission]:
    """What each role may, by the first line that says so; with a scope, only what counts there."""
    found: dict[Key, Permission] = {}
    for permission in snapshot.permissions:
        if scope is None or permission.scope in snapshot.chains.get(scope, ()):
            key = (permission.role, permission.kind, permission.action, permission.scope)
            found.setdefault(key, permission)
    return found


def widest(snapshot: Snapshot, table: dict[Key, Permission]) -> dict[Key, Permission]:
    """What each role may without the cells that another one covers: two of these differ exactly if what roles may does,
    the tree being the same."""
    scopes: dict[tuple[str, ...], set[str]] = {}
    for *triple, scope in table:
        scopes.setdefault(tuple(triple), set()).add(scope)
    return {key: each for key, each in table.items() if scopes[key[:3]].isdisjoint(snapshot.chains[key[3]][1:])}


def holdings(snapshot: Snapshot, when: int, scope: str | None = None) -> dict[Key, Holding]:
    """Who holds which role where at an instant, by subject in order; with a scope, only what counts there.

    A group is a subject of its own, and what it holds its members hold as well. Of several lines that say the same the
    one that lasts longest is kept.
    """
    found: dict[Key, Holding] = {}
    for subject in snapshot.directory.named:
        for holder, memberships in chains_at(snapshot, subject, (), when).items():
            for held in snapshot.grants.get(holder, {}) if scope is None else snapshot.chains.get(scope, ()):
                for rule in snapshot.access_rules_of(holder, held) if held in snapshot.chains else ():
                    key = (subject, rule.role, held, holder)
                    if rule.since <= when < rule.until and (
                        key not in found or found[key].access_rule.until < rule.until
                    ):
                        found[key] = Holding(subject, memberships, rule)
    return found
