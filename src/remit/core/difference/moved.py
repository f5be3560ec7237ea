"""Resources whose recorded home changes, and lines whose scope leaves the tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from remit.core.difference.affected import Pair, Sides
from remit.core.difference.effects import Compared, Effect, Held, Moved, Parts, over_time, tops
from remit.core.difference.regions import Region, Tops, within
from remit.core.model import ROOT, Ground
from remit.core.snapshot import Snapshot

_ALL = (Region(ROOT),)


class Stranded(NamedTuple):
    """A scope that leaves the tree, and the lines that still name it: access rules and resources reach nobody then."""

    scope: str
    lines: tuple[Ground, ...]


def moved_resources(sides: Sides) -> tuple[Moved, ...]:
    """Every resource whose recorded home is not the same in both policies, or is in the tree of one only; in order."""
    base, head = (
        {(kind, id): home for kind, some in one.homes.items() for id, (home, _) in some.items()} for one in sides.both
    )
    found = (Moved(*one, base.get(one), head.get(one)) for one in sorted(base.keys() | head.keys()))
    trees = sides.trees
    return tuple(
        each for each in found if each.base != each.head or (each.base in trees.base) != (each.head in trees.head)
    )


def resource_effects(sides: Sides, resource: Moved) -> Iterator[Effect]:
    """What anybody gains or loses on one resource by its move; nothing else about it is known to change."""
    compared = Compared(sides)

    def differ(pair: Pair, held: tuple[Held, Held]) -> Parts:
        base = _allowed(sides.base, pair, resource.base, held[0])
        head = _allowed(sides.head, pair, resource.head, held[1])
        if any(is_at_place(one, pair, home) for one, home in zip(sides.both, resource[2:], strict=True)):
            return compared.tops(base, head)
        return _ALL if head - base else (), (), _ALL if base - head else (), ()

    pairs = sorted(pair for pair in sides.pairs if pair[0] == resource.kind and pair[1] != "create")
    roles = [role for role, some in sides.role_pairs.items() if not some.isdisjoint(pairs)]
    for subject in sorted(set(sides.holding(roles, _scopes(sides, resource)))):
        yield from over_time(subject, sides, [pair for pair in pairs if pair not in sides.redecided], differ, resource)


def _allowed(snapshot: Snapshot, pair: Pair, home: str | None, held: Held) -> Tops:
    """The places at which the holder may do this to what lives there; `*` alone if the place does not count."""
    found = tops(snapshot, pair, held)
    if is_at_place(snapshot, pair, home):
        return within(found, home, snapshot.chains) if home in snapshot.chains else frozenset()
    lives = home if home in snapshot.chains else ROOT
    return frozenset((ROOT,)) if lives is not None and not found.isdisjoint(snapshot.chains[lives]) else frozenset()


def is_at_place(snapshot: Snapshot, pair: Pair, home: str | None) -> bool:
    """Does the place count for something that lives there? Not for what has no home: that is decided at `*`."""
    found = snapshot.pairs.get(pair[0], {}).get(pair[1])
    return found is not None and found.at_place and home is not None


def _scopes(sides: Sides, resource: Moved) -> set[str]:
    """Where a role must be held to let anybody do anything to the resource, in either policy."""
    found = {ROOT}
    for snapshot, home in zip(sides.both, resource[2:], strict=True):
        if home is not None and home in snapshot.chains:
            found |= {*snapshot.chains[home], *snapshot.directory.below([home])}
    return found


def stranded(sides: Sides) -> tuple[Stranded, ...]:
    """Each scope that leaves the tree, with the lines of `head` that name it still; scopes without any too."""
    gone = sorted(sides.base.chains.keys() - sides.head.chains.keys())
    lines: dict[str, list[Ground]] = {scope: [] for scope in gone}
    for rule in sides.policies[1].access_rules if gone else ():
        if rule.scope in lines:
            lines[rule.scope].append(rule.ground())
    for kind, some in sides.head.homes.items() if gone else ():
        for id, (home, origin) in some.items():
            if home in lines:
                lines[home].append(Ground("resource", origin, f"{kind}:{id}, {home}"))
    return tuple(Stranded(scope, tuple(lines[scope])) for scope in gone)
