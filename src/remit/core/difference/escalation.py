"""Authority that a change gives and that its author does not have (Kubernetes' rule for `escalate` and `bind`).

Whoever writes policy could give anything to anybody. So each gain must be one that the *base* policy gives its author,
there and then, unless it gives them `policy:escalate` there. A change cannot be its own justification.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from remit.core.difference.affected import Pair, Sides
from remit.core.difference.effects import Effect, Held, Moved, cuts, tops
from remit.core.difference.folding import Rights, rights_of
from remit.core.difference.moved import is_at_place
from remit.core.difference.regions import Region, Tops
from remit.core.directory import highest
from remit.core.model import FOREVER, ROOT
from remit.core.search import held_at

ESCALATE: Pair = ("policy", "escalate")


class Escalation(NamedTuple):
    """What an author lacks of a gain: the action on the kind, at these scopes at least (the highest ones), from `since`
    until `until`. `subject` gains it; empty: whoever holds a role there, since the tree or the vocabulary changed."""

    subject: str
    kind: str
    action: str
    scopes: tuple[str, ...]
    since: int
    until: int
    resource: Moved | None = None


class Escalated(NamedTuple):
    """Escalations that are alike: who is given which rights, at which scopes, from when until when."""

    subjects: tuple[str, ...]
    rights: Rights
    scopes: tuple[str, ...]
    since: int
    until: int
    resource: Moved | None


def escalations(
    sides: Sides, effects: Iterable[Effect], author: str, now: int, groups: tuple[str, ...] = ()
) -> tuple[Escalated, ...]:
    """What the author of a change, who comes with these groups, lacks of all that it gives."""
    by = Author(sides, author, now, groups)
    alike: dict[tuple[str, tuple[object, ...]], set[Pair]] = {}
    for each in (*by.lacks(effects), *by.lacks_for_all()):
        alike.setdefault((each.subject, each[3:]), set()).add((each.kind, each.action))
    together: dict[tuple[Rights, tuple[Any, ...]], set[str]] = {}
    for (subject, rest), pairs in alike.items():
        together.setdefault((rights_of(pairs), rest), set()).add(subject)
    some = [Escalated(tuple(sorted(who - {""})), rights, *rest) for (rights, rest), who in together.items()]
    return tuple(sorted(some, key=lambda each: (each.resource or (), each)))


class Author:
    """What the base policy lets the author of a change do, from `now` on."""

    def __init__(self, sides: Sides, subject: str, now: int, groups: tuple[str, ...] = ()) -> None:
        self.subject = subject
        self._sides = sides
        edges = [now, *(cut for cut in cuts(sides, subject, groups) if cut > now)]
        self._stretches = [
            (since, until, held_at(sides.base, subject, groups, since)) for since, until in pairwise(edges)
        ]
        self._missing: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._tops: dict[tuple[int, Pair], Tops] = {}

    def lacks(self, effects: Iterable[Effect]) -> Iterator[Escalation]:
        """The gains that the author has no authority to give, each with what is missing of it."""
        for effect in effects:
            if effect.gain and not effect.inherited:
                yield from self._beyond(effect)

    def lacks_for_all(self) -> Iterator[Escalation]:
        """What changes for whoever holds a role: blocks that a scope which hangs elsewhere now can see, and pairs that
        are decided at another scope than before, for which only authority over all projects will do."""
        (now, *_), *_ = self._stretches
        for kind, action in sorted(self._sides.redecided):
            if self._held_nowhere((kind, action), ROOT):
                yield Escalation("", kind, action, (ROOT,), now, FOREVER)
        for scope, homes in _newly_seen(self._sides):
            for kind, action in sorted(self._sides.pairs - self._sides.redecided):
                pair = self._sides.head.pairs.get(kind, {}).get(action)
                if pair is None or not pair.at_place or not _anybody(self._sides, (kind, action), scope):
                    continue
                missing = tuple(one for one in (scope, *homes) if self._held_nowhere((kind, action), one))
                if missing:
                    yield Escalation("", kind, action, missing, now, FOREVER)

    def _held_nowhere(self, pair: Pair, scope: str) -> bool:
        """Is there a time at which the author does not reach this scope?"""
        return any(not self._reaches(pair, scope, held) for _, _, held in self._stretches)

    def _beyond(self, effect: Effect) -> Iterator[Escalation]:
        """What of one gain lies beyond the author, stretch by stretch; neighbours that are alike are one."""
        open_: Escalation | None = None
        for number, (begins, ends, held) in enumerate(self._stretches):
            since, until = max(begins, effect.since), min(ends, effect.until)
            if since >= until:
                continue
            key = (number, effect.kind, effect.action, effect.regions, effect.resource)
            if key not in self._missing:
                self._missing[key] = self._missing_in(effect, held)
            missing = self._missing[key]
            if open_ is not None and open_.scopes == missing:
                open_ = open_._replace(until=until)
                continue
            if open_ is not None:
                yield open_
            who, _, kind, action, _, _, _, resource, _ = effect
            open_ = Escalation(who, kind, action, missing, since, until, resource) if missing else None
        if open_ is not None:
            yield open_

    def _missing_in(self, effect: Effect, held: Held) -> tuple[str, ...]:
        """The highest scopes of a gain that the author does not reach."""
        head, pair = self._sides.head, (effect.kind, effect.action)
        if effect.resource is not None and not is_at_place(head, pair, effect.resource.head):
            return () if self._does(effect.resource, pair, None, held) else (ROOT,)
        below = {scope for region in effect.regions for scope in _scopes(self._sides, region)}
        if effect.resource is not None:
            missing = {scope for scope in below if not self._does(effect.resource, pair, scope, held)}
        else:
            missing = {scope for scope in below if not self._reaches(pair, scope, held)}
        return tuple(sorted(highest(missing, head.chains)))

    def _does(self, resource: Moved, pair: Pair, place: str | None, held: Held) -> bool:
        """Has the author authority over a resource where it lives in the base, and at the place it comes to?"""
        home = resource.base if resource.base in self._sides.base.chains else None
        return all(self._reaches(pair, scope, held) for scope in (home or ROOT, place or home or ROOT))

    def _reaches(self, pair: Pair, scope: str, held: Held) -> bool:
        """Does the author reach this scope with a pair, or with leave to escalate?"""
        chain = self._sides.base.chains[self._known(scope)]
        return any(not self._reach(one, held).isdisjoint(chain) for one in (pair, ESCALATE))

    def _reach(self, pair: Pair, held: Held) -> Tops:
        key = (id(held), pair)  # one of the stretches', which live as long as this
        if key not in self._tops:
            self._tops[key] = tops(self._sides.base, pair, held)
        return self._tops[key]

    def _known(self, scope: str) -> str:
        """The scope, or the closest one above it that the base knows: what is new belongs to whoever has that."""
        base, head = self._sides.trees.base, self._sides.trees.head
        return scope if scope in base else next(one for one in head[scope] if one in base)


def _scopes(sides: Sides, region: Region) -> Iterator[str]:
    """The scopes of a region of the head."""
    chains = sides.head.chains
    return (scope for scope in sides.head.directory.below([region.top]) if region.covers(chains[scope]))


def _newly_seen(sides: Sides) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each scope that hangs elsewhere now, with the scopes that cover it now and did not before."""
    base, head = sides.trees.base, sides.trees.head
    for scope in sorted(sides.trees.moved & base.keys() & head.keys()):
        homes = tuple(one for one in head[scope] if one not in base[scope] and one in base)
        if homes:
            yield scope, homes


def _anybody(sides: Sides, pair: Pair, scope: str) -> bool:
    """Might anybody do this at the scope?"""
    roles = [role for role, some in sides.role_pairs.items() if pair in some]
    return next(sides.holding(roles, sides.head.chains[scope]), None) is not None
