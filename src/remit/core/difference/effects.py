"""What one subject gains and loses: where, and from when until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from remit.core.difference.affected import Alike, Pair, Sides, affected
from remit.core.difference.regions import Chains, Region, Tops, reaches, without
from remit.core.directory import highest
from remit.core.model import ALWAYS, FOREVER, ROOT
from remit.core.search import held_at, permits
from remit.core.snapshot import Snapshot


class Moved(NamedTuple):
    """A resource whose recorded home is another one: None where there is none."""

    kind: str
    id: str
    base: str | None
    head: str | None


class Effect(NamedTuple):
    """A subject gains (or loses) an action on a kind in regions of the tree, from `since` until `until`.

    Regions are those of the policy that lets it: `head` for a gain, `base` for a loss. With `resource` it is about that
    very thing, and the regions are the places at which it may be done (for what is decided at home: all or none).
    `inherited`: the regions are scopes that one tree lacks, and the subject may in that policy at the closest scope
    above them. Whoever may in a scope may in whatever is put below it, so nothing was given or taken by anybody.
    """

    subject: str
    gain: bool
    kind: str
    action: str
    regions: tuple[Region, ...]
    since: int
    until: int
    resource: Moved | None = None
    inherited: bool = False


Parts = tuple[tuple[Region, ...], tuple[Region, ...], tuple[Region, ...], tuple[Region, ...]]
"""What is gained, and what of it is inherited; what is lost, and what of it is inherited."""

_PARTS = ((True, False), (True, True), (False, False), (False, True))

Held = Mapping[str, int]
"""Scope to the roles held there, as a mask."""

Differ = Callable[[Pair, tuple[Held, Held]], Parts]
"""A kind and action, and what is held in `base` and in `head`, to what is gained and lost."""


def effects(sides: Sides) -> Iterator[Effect]:
    """All that anybody gains or loses, but for single resources that moved; subjects in order."""
    compared = Compared(sides)
    made: dict[tuple[Alike, frozenset[Pair]], list[Effect]] = {}
    for subject, some in sorted(affected(sides).items()):
        alike, pairs = sides.alike(subject), frozenset(some)
        if alike is None:
            yield from over_time(subject, sides, sorted(pairs), compared.held)
            continue
        if (alike, pairs) not in made:
            made[alike, pairs] = list(over_time(subject, sides, sorted(pairs), compared.held))
        yield from (effect._replace(subject=subject) for effect in made[alike, pairs])


def over_time(
    subject: str, sides: Sides, pairs: Iterable[Pair], differ: Differ, resource: Moved | None = None
) -> Iterator[Effect]:
    """The effects on a subject, stretch by stretch of time; neighbours that are alike are one."""
    stretches = [
        (since, until, (held_at(sides.base, subject, (), since), held_at(sides.head, subject, (), since)))
        for since, until in pairwise(cuts(sides, subject))
    ]
    for kind, action in pairs:
        open_: dict[tuple[bool, bool], Effect] = {}
        for since, until, held in stretches:
            for part, regions in zip(_PARTS, differ((kind, action), held), strict=True):
                before = open_.get(part)
                if before is not None and before.regions == regions:
                    open_[part] = before._replace(until=until)
                    continue
                if before is not None:
                    yield open_.pop(part)
                if regions:
                    gain, inherited = part
                    open_[part] = Effect(subject, gain, kind, action, regions, since, until, resource, inherited)
        yield from open_.values()


def cuts(sides: Sides, subject: str, groups: Iterable[str] = ()) -> list[int]:
    """All instants, in order, at which something begins or ends that bears on what a subject with these groups holds in
    either policy; before them `ALWAYS`, and behind them `FOREVER`."""
    turns = {ALWAYS, FOREVER}
    for snapshot in sides.both:
        starts = (subject, *groups)
        for holder in {*starts, *(each for start in starts for each in snapshot.groups_of.get(start, ()))}:
            for membership in snapshot.memberships.get(holder, ()):
                turns |= {membership.since, membership.until}
            for scope, value in snapshot.grants.get(holder, {}).items():
                if value >> snapshot.width & snapshot.all_roles:
                    for rule in snapshot.access_rules_of(holder, scope):
                        turns |= {rule.since, rule.until}
    return sorted(turns)


def tops(snapshot: Snapshot, pair: Pair, held: Held) -> Tops:
    """The highest scopes at which the roles held let their holder do this: there, and at all below."""
    found = snapshot.pairs.get(pair[0], {}).get(pair[1])
    if found is None or not held:
        return frozenset()
    chains = snapshot.chains
    spots = {ROOT, *found.narrowed, *held} & chains.keys()
    return highest((spot for spot in spots if permits(found, held, chains[spot])), chains)


class Compared:
    """Two tops compared; the same comparison is made once."""

    def __init__(self, sides: Sides) -> None:
        self._trees = sides.trees
        self._both = sides.both
        self._made: dict[tuple[Tops, Tops], Parts] = {}

    def held(self, pair: Pair, held: tuple[Held, Held]) -> Parts:
        """What is gained and what is lost by what is held in `base` and in `head`."""
        base, head = self._both
        return self.tops(tops(base, pair, held[0]), tops(head, pair, held[1]))

    def tops(self, base: Tops, head: Tops) -> Parts:
        """The same from tops."""
        key = (base, head)
        if key not in self._made:
            trees = self._trees
            gained = without(head, trees.head, base, trees.base, trees.moved)
            lost = without(base, trees.base, head, trees.head, trees.moved)
            new = _parted(gained, trees.head, base, trees.base, trees.moved)
            self._made[key] = (*new, *_parted(lost, trees.base, head, trees.head, trees.moved))
        return self._made[key]


def _parted(
    regions: tuple[Region, ...], chains: Chains, had: Tops, others: Chains, moved: frozenset[str]
) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
    """The regions that are there by themselves, and those that are inherited.

    A scope that both trees have is never inherited, also where it hangs below one that only this tree has: things live
    there already.
    """
    own: list[Region] = []
    inherited: list[Region] = []
    for region in regions:
        above = next((scope for scope in chains[region.top] if scope in others), ROOT)
        if region.top in others or not reaches(had, others, above):
            own.append(region)
            continue
        inside = (scope for scope in moved & others.keys() & chains.keys() if region.covers(chains[scope]))
        known = sorted(highest(inside, chains))
        inherited.append(Region(region.top, tuple(sorted({*region.but, *known}))))
        own += (Region(scope, tuple(out for out in region.but if scope in chains[out])) for scope in known)
    return tuple(sorted(own)), tuple(sorted(inherited))
