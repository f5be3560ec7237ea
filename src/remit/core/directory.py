"""The index of searches: who holds what where, the other way round than a decision reads it.

A decision asks what one subject holds; a search asks who holds. So this lists, for each scope and role, the holders
in order, the members of each group, every subject there is, the scopes below each scope, and what lives where. It
answers nothing by itself: it proposes, and the one walk (`pdp.walk`) says yes or no to each proposal.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from remit.core.pacing import Pause, paced

if TYPE_CHECKING:
    from remit.core.snapshot import Snapshot

Bit = int
"""One role, as the bit it has in the snapshot's masks."""


class Directory:
    """The lists of one snapshot, each in the order of its names. Never changed once built."""

    __slots__ = ("anywhere", "children", "holders", "members", "named", "residents")

    holders: dict[str, dict[Bit, list[str]]]
    anywhere: dict[Bit, list[str]]
    members: dict[str, list[str]]
    named: list[str]
    children: dict[str, list[str]]
    residents: dict[str, dict[str, list[str]]]

    def __init__(self, snapshot: Snapshot, pause: Pause = None) -> None:
        self.holders, self.anywhere = _holders(snapshot, pause)
        self.members = _members(snapshot)
        self.named = sorted({*snapshot.grants, *snapshot.memberships, *snapshot.group_names})
        self.children = {scope: [] for scope in snapshot.chains}
        for child, (parent, _) in snapshot.parents.items():
            self.children[parent].append(child)
        self.residents = _residents(snapshot)

    def below(self, scopes: Iterable[str]) -> set[str]:
        """These scopes and all that lie below them."""
        found: set[str] = set()
        waiting = list(scopes)
        while waiting:
            scope = waiting.pop()
            if scope not in found:
                found.add(scope)
                waiting += self.children[scope]
        return found


def _holders(snapshot: Snapshot, pause: Pause) -> tuple[dict[str, dict[Bit, list[str]]], dict[Bit, list[str]]]:
    """By scope and role, and by role alone: the subjects that hold it, at any time."""
    holders: dict[str, dict[Bit, list[str]]] = {}
    anywhere: dict[Bit, list[str]] = {}
    width, all_roles, grants = snapshot.width, snapshot.all_roles, snapshot.grants
    for subject in paced(sorted(grants), pause):
        met = 0
        for scope, value in grants[subject].items():
            bits = (value | value >> width) & all_roles
            met |= bits
            here = holders.get(scope)
            if here is None:
                here = holders[scope] = {}
            for bit in single_bits(bits):
                here.setdefault(bit, []).append(subject)
        for bit in single_bits(met):
            anywhere.setdefault(bit, []).append(subject)
    return holders, anywhere


def _members(snapshot: Snapshot) -> dict[str, list[str]]:
    """The members that the policy gives each group itself, at any time."""
    members: dict[str, list[str]] = {}
    for member in sorted(snapshot.memberships):
        for group in {membership.group for membership in snapshot.memberships[member]}:
            members.setdefault(group, []).append(member)
    return members


def _residents(snapshot: Snapshot) -> dict[str, dict[str, list[str]]]:
    """By kind and home: the ids of what lives there."""
    residents: dict[str, dict[str, list[str]]] = {}
    for kind, homes in snapshot.homes.items():
        found: dict[str, list[str]] = {}
        for id, (home, _) in sorted(homes.items(), key=lambda item: (item[1][0], item[0])):
            found.setdefault(home, []).append(id)
        residents[kind] = found
    return residents


def highest(scopes: Iterable[str], chains: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Those of the scopes that lie below no other of them; what is not in the tree stands for nothing. `chains` are
    each scope with all that cover it, itself first (`Snapshot.chains`)."""
    some = frozenset(scope for scope in scopes if scope in chains)
    return frozenset(scope for scope in some if some.isdisjoint(chains[scope][1:]))


def single_bits(mask: int) -> Iterator[Bit]:
    """The bits of a mask, one by one."""
    while mask:
        low = mask & -mask
        yield low
        mask ^= low


def typed(names: Sequence[str], type_: str, after: str = "") -> range:
    """Where in a list in order the subjects of one type stand, those after a name."""
    start = bisect_right(names, after) if after else bisect_left(names, f"{type_}:")
    return range(start, bisect_left(names, f"{type_};"))  # `;` follows `:`
