"""Of several chains of memberships into a group, the one that lasts.

An explanation names the shortest chain. Whoever asks until when somebody may must not be told of a chain that ends
while another one goes on.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count

from remit.core.model import FOREVER, Membership
from remit.core.snapshot import Snapshot

Chain = tuple[Membership, ...]


def chains_at(snapshot: Snapshot, subject: str, groups: tuple[str, ...], when: int) -> dict[str, Chain]:
    """The subject, the groups given with it, and all that these belong to at `when`, each with the memberships that
    lead there: of those in force, a chain whose first line to end does so last. Who is given needs none."""
    order = count()
    waiting: list[tuple[int, int, int, str, Chain]] = []
    for start in (subject, *groups):
        heappush(waiting, (-FOREVER, 0, next(order), start, ()))
    found: dict[str, Chain] = {}
    while waiting:
        ends, length, _, member, chain = heappop(waiting)
        if member in found:
            continue
        found[member] = chain
        for each in snapshot.memberships.get(member, ()):
            if each.group not in found and each.since <= when < each.until:
                heappush(waiting, (max(ends, -each.until), length + 1, next(order), each.group, (*chain, each)))
    return found
