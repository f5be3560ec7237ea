"""Whether a right is always had by somebody: a policy that nobody may change any more would be there for ever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from remit.core.breach import is_group
from remit.core.constraints import Right
from remit.core.holding import Area, Backing, backing_of, ever, may, spans, spot
from remit.core.model import FOREVER, ROOT
from remit.core.snapshot import Snapshot


def unheld_from(snapshot: Snapshot, right: Right, groups: Iterable[str], now: int) -> int | None:
    """The first instant from `now` on at which nobody has the right in all projects; None if somebody always has it.

    Whom the policy names counts. A group counts only if it is one of `groups`: those that somebody is known to come
    with. Others may be empty, for all that anybody can tell.
    """
    if right.action not in snapshot.pairs.get(right.kind, {}):
        return now
    area, backing, known = spot(snapshot, ROOT), backing_of(snapshot, right), frozenset(groups)
    held_until = now
    for since, until in sorted(_stays(snapshot, area, backing, known, now)):
        if since > held_until:
            break
        held_until = max(held_until, until)
    return None if held_until == FOREVER else held_until


def _stays(
    snapshot: Snapshot, area: Area, backing: Backing, known: frozenset[str], now: int
) -> Iterator[tuple[int, int]]:
    """The stretches of time in which one or another has the right."""
    for subject in ever(snapshot, area, backing.bits):
        if is_group(subject) and subject not in known:
            continue
        for since, until in spans(snapshot, subject, area, backing.bits, now):
            if may(snapshot, subject, backing.right, area.scope, since):
                yield since, until
