"""From when until when each holding counts, over all of time: what a table of one instant cannot show."""

from __future__ import annotations

from collections.abc import Iterable

from remit.core.matrix import Key
from remit.core.model import ALWAYS, FOREVER
from remit.core.snapshot import Snapshot

Spells = tuple[tuple[int, int], ...]
"""Stretches of time, each from its begin (inclusive) until its end (exclusive), in order; none touches another."""

EVER: Spells = ((ALWAYS, FOREVER),)


def spells(snapshot: Snapshot, scope: str | None = None) -> dict[Key, Spells]:
    """When each subject holds which role where and by way of whom, by all lines that say so; with a scope, only what
    counts there. At each instant these are the keys of `matrix.holdings`, and a property test binds them to it."""
    found: dict[Key, Spells] = {}
    for subject in snapshot.directory.named:
        for holder, belongs in _belonging(snapshot, subject).items():
            for held in snapshot.grants.get(holder, {}) if scope is None else snapshot.chains.get(scope, ()):
                for rule in snapshot.access_rules_of(holder, held) if held in snapshot.chains else ():
                    if counts := _within(belongs, rule.since, rule.until):
                        key = (subject, rule.role, held, holder)
                        found[key] = merged((*found[key], *counts)) if key in found else counts
    return found


def _belonging(snapshot: Snapshot, subject: str) -> dict[str, Spells]:
    """The subject and every group that it ever belongs to, with when it does."""
    found = {subject: EVER}
    waiting = [subject]
    while waiting:
        member = waiting.pop()
        for each in snapshot.memberships.get(member, ()):
            had = found.get(each.group, ())
            has = merged((*had, *_within(found[member], each.since, each.until)))
            if has != had:
                found[each.group] = has
                waiting.append(each.group)
    return found


def _within(some: Spells, since: int, until: int) -> Spells:
    """The part that lies in a window."""
    if since == ALWAYS and until == FOREVER:
        return some
    return tuple((max(begin, since), min(end, until)) for begin, end in some if max(begin, since) < min(end, until))


def merged(some: Iterable[tuple[int, int]]) -> Spells:
    """The same time without overlaps."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(some):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return tuple(found)
