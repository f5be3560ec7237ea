"""Each line of a policy removed and bent: the same policy but for one line that somebody has got wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from remit.core.access import AccessRules
from remit.core.model import ALWAYS, FOREVER, ROOT, AccessRule, Membership, Origin, Permission
from remit.core.policy import Policy
from remit.core.tables import Homes, Parents

DAY = 86_400_000_000
Line = Permission | Membership | AccessRule
Row = TypeVar("Row", Permission, Membership, AccessRule)


class Edge(NamedTuple):
    """A line of scopes.csv."""

    child: str
    parent: str
    origin: Origin

    def line(self) -> str:
        """The policy line in canonical form."""
        return f"g2, {self.child}, {self.parent}"


class Home(NamedTuple):
    """A line of resources.csv."""

    kind: str
    id: str
    scope: str
    origin: Origin

    def line(self) -> str:
        """The policy line in canonical form."""
        return f"{self.kind}:{self.id}, {self.scope}"


class Bent(NamedTuple):
    """One change of one line: what stood there, what stands there now (None: nothing), and the change in words."""

    was: Line | Edge | Home
    now: Line | Edge | Home | None
    change: str


def bent(policy: Policy) -> Iterator[Bent]:
    """Every change of every line, file by file."""
    for permission in policy.permissions:
        yield from _permission(policy, permission)
    tree = _Tree(policy.parents)
    for child, (parent, origin) in policy.parents.items():
        yield from _edge(tree, Edge(child, parent, origin))
    groups = list(dict.fromkeys(each.group for each in policy.memberships))
    for membership in policy.memberships:
        yield Bent(membership, None, "removed")
        if (group := _next(groups, membership.group)) is not None and group != membership.member:
            yield Bent(membership, membership._replace(group=group), f"of `{group}`")
        yield from _windows(membership)
    for rule in policy.access_rules:
        yield from _access_rule(policy, tree, rule)
    for kind, homes in policy.homes.items():
        for id, (scope, origin) in homes.items():
            yield from _home(tree, Home(kind, id, scope, origin))


def with_bent(policy: Policy, change: Bent) -> Policy:
    """The policy with this change. It need not be one that loads."""
    match change.was:
        case Permission():
            permissions = tuple(_swapped(policy.permissions, change))
            return replace(policy, permissions=permissions, roles=tuple(dict.fromkeys(p.role for p in permissions)))
        case Membership():
            return replace(policy, memberships=tuple(_swapped(policy.memberships, change)))
        case AccessRule():
            return replace(policy, access_rules=AccessRules.of(_swapped(policy.access_rules, change)))
        case Edge(child, _, _):
            parents = {each: edge for each, edge in policy.parents.items() if each != child}
            if isinstance(change.now, Edge):
                parents[child] = (change.now.parent, change.now.origin)
            return replace(policy, parents=parents)
        case Home(kind, id, _, origin):
            homes: Homes = {each: dict(some) for each, some in policy.homes.items()}
            del homes[kind][id]
            if isinstance(change.now, Home):
                homes[kind][id] = (change.now.scope, origin)
            return replace(policy, homes=homes)


def _swapped(rows: Iterable[Row], change: Bent) -> Iterator[Row]:
    """The rows with one of them bent or gone."""
    for row in rows:
        if row != change.was:
            yield row
        elif change.now is not None:
            yield change.now  # type: ignore[misc]


class _Tree:
    """The scopes with their children, for finding a neighbour."""

    def __init__(self, parents: Parents) -> None:
        self.parents = {child: parent for child, (parent, _) in parents.items()}
        self.children: dict[str, list[str]] = {}
        self.places: dict[str, int] = {}
        for child, parent in self.parents.items():
            some = self.children.setdefault(parent, [])
            self.places[child] = len(some)
            some.append(child)

    def above(self, scope: str) -> str | None:
        """The parent of a scope, if it has one."""
        return self.parents.get(scope)

    def below(self, scope: str) -> str | None:
        """A child of a scope, if it has one."""
        return next(iter(self.children.get(scope, ())), None)

    def beside(self, scope: str) -> str | None:
        """The next scope with the same parent, if there is one."""
        some = self.children.get(self.parents.get(scope, ""), ())
        return some[(self.places[scope] + 1) % len(some)] if len(some) > 1 else None


def _next(names: Sequence[str], name: str) -> str | None:
    """The name that follows, from the last one the first; None if there is no other."""
    if name not in names or len(names) < 2:
        return None
    return names[(names.index(name) + 1) % len(names)]


def _permission(policy: Policy, line: Permission) -> Iterator[Bent]:
    yield Bent(line, None, "removed")
    verbs = policy.vocabulary
    if action := _next(list(verbs[line.kind]), line.action):
        yield Bent(line, line._replace(action=action), f"for the action `{action}`")
    if kind := _next([kind for kind, some in verbs.items() if line.action in some], line.kind):
        yield Bent(line, line._replace(kind=kind), f"for the kind `{kind}`")
    if role := _next(policy.roles, line.role):
        yield Bent(line, line._replace(role=role), f"for the role `{role}`")
    if line.scope != ROOT:
        parent = policy.parents[line.scope][0]
        yield Bent(line, line._replace(scope=parent), f"in `{parent}`")


def _edge(tree: _Tree, edge: Edge) -> Iterator[Bent]:
    yield Bent(edge, None, "removed")
    above = tree.above(edge.parent)
    for parent in dict.fromkeys((above, tree.beside(edge.parent), tree.beside(edge.child))):
        if parent is not None:
            yield Bent(edge, edge._replace(parent=parent), f"below `{parent}`")


def _access_rule(policy: Policy, tree: _Tree, rule: AccessRule) -> Iterator[Bent]:
    yield Bent(rule, None, "removed")
    if role := _next(policy.roles, rule.role):
        yield Bent(rule, rule._replace(role=role), f"with the role `{role}`")
    for scope in dict.fromkeys((tree.above(rule.scope), tree.below(rule.scope), tree.beside(rule.scope))):
        if scope is not None:
            yield Bent(rule, rule._replace(scope=scope), f"in `{scope}`")
    yield from _windows(rule)


def _windows(line: Membership | AccessRule) -> Iterator[Bent]:
    """A line with a window without one, and with either end a day off."""
    if line.since == ALWAYS and line.until == FOREVER:
        return
    yield Bent(line, line._replace(since=ALWAYS, until=FOREVER), "at all times")
    if line.since != ALWAYS and line.since + DAY < line.until:
        yield Bent(line, line._replace(since=line.since + DAY), "from a day later on")
    if line.until != FOREVER and line.since < line.until - DAY:
        yield Bent(line, line._replace(until=line.until - DAY), "until a day earlier")


def _home(tree: _Tree, home: Home) -> Iterator[Bent]:
    yield Bent(home, None, "removed")
    for scope in dict.fromkeys((tree.above(home.scope), tree.below(home.scope), tree.beside(home.scope))):
        if scope is not None:
            yield Bent(home, home._replace(scope=scope), f"in `{scope}`")
