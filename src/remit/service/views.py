"""The handlers behind the read-only views of the policy: roles, access rules, and where a caller reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from remit.core.model import AccessRule, Actor
from remit.core.pdp import holders_of
from remit.core.search import Reach
from remit.core.snapshot import Snapshot
from remit.errors import NotFound
from remit.service.catalog_gate import Leave
from remit.service.operations.policy import ListAccessRules, ListRoles, MyReach
from remit.service.ports import Work


class Role(NamedTuple):
    """A role: its number (its place in the policy, from 1), its name, and kind to actions."""

    number: int
    name: str
    permissions: dict[str, tuple[str, ...]]


class Held(NamedTuple):
    """Access rules: each with its number, and the numbers of the scopes in them; `total` is how many there are."""

    access_rules: tuple[tuple[int, AccessRule], ...]
    roles: dict[str, int]
    units: dict[str, int]
    total: int


class Reached(NamedTuple):
    """For each action, where the caller reaches; with the numbers of the scopes."""

    reaches: dict[str, Reach]
    units: dict[str, int]


class PolicyViews:
    """Reads the live policy. `current` is its snapshot."""

    def __init__(self, current: Callable[[], Snapshot]) -> None:
        self._current = current

    def roles(self, _: Leave, operation: ListRoles) -> tuple[Role, ...]:
        """All roles, in the policy's order; or one. Raises NotFound if there is none of that number."""
        found: dict[str, dict[str, dict[str, None]]] = {role: {} for role in self._current().roles}
        for permission in self._current().permissions:
            found[permission.role].setdefault(permission.kind, {})[permission.action] = None
        roles = tuple(
            Role(number, name, {kind: tuple(actions) for kind, actions in kinds.items()})
            for number, (name, kinds) in enumerate(found.items(), 1)
            if operation.number in (None, number)
        )
        if operation.number is not None and not roles:
            raise NotFound(f"there is no role {operation.number}")
        return roles

    def access_rules(self, leave: Leave, operation: ListAccessRules) -> Held:
        """Access rules, by subject; those of the caller are few and come whole."""
        snapshot, (actor, _, when, _, _, work) = self._current(), leave
        total = len(snapshot.rows.role_ids) - 1
        rows = enumerate(_all(snapshot), 1)
        if operation.mine:
            rows = enumerate(_of(snapshot, actor, when), 1)
        end = None if operation.limit is None else operation.offset + operation.limit
        some = tuple(islice(rows, operation.offset, end))
        if operation.mine:
            total = len(some)
        return Held(some, _numbers(snapshot), _units(work, {rule.scope for _, rule in some}), total)

    def my_reach(self, leave: Leave, operation: MyReach) -> Reached:
        """Where the caller may do what it asks about."""
        reaches = dict(zip(operation.actions, leave[4], strict=True))
        return Reached(reaches, _units(leave[5], {scope for reach in reaches.values() for scope in reach.scopes}))


def _all(snapshot: Snapshot) -> Iterator[AccessRule]:
    """Every access rule, by subject and scope."""
    for subject in snapshot.directory.named:
        for scope in sorted(snapshot.grants.get(subject, ())):
            yield from sorted(snapshot.access_rules_of(subject, scope), key=lambda rule: rule.origin)


def _of(snapshot: Snapshot, actor: Actor, when: int) -> Iterator[AccessRule]:
    """The access rules that count for one subject at an instant."""
    holders = dict.fromkeys(holders_of(snapshot, actor.subject, actor.groups, when))
    rules = chain.from_iterable(
        snapshot.access_rules_of(holder, scope) for holder in holders for scope in snapshot.grants.get(holder, ())
    )
    return (rule for rule in rules if rule.since <= when < rule.until)


def _numbers(snapshot: Snapshot) -> dict[str, int]:
    return {role: number for number, role in enumerate(snapshot.roles, 1)}


def _units(work: Work, scopes: set[str]) -> dict[str, int]:
    """The numbers of all scopes but the root."""
    return work.unit_ids(sorted(scope for scope in scopes if ":" in scope))
