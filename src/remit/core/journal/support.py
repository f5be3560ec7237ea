"""What allowed questions rest on, and the fewest lines that carry them all.

A question is allowed as long as one way to its allow is whole: memberships that lead to a holder, an access rule of the
holder, and a permission of the role. That is read off the policy once; taking a line away is a look at the ways left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from remit.core.explain import Permissions, permissions_of, ways
from remit.core.model import ROOT, AccessRule, Code, Membership, Origin, Permission, Question, Witness
from remit.core.pdp import walk
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot

Line = Permission | AccessRule | Membership

End = tuple[str, Origin, Origin]
"""The end of a way: who holds the role, by which access rule, and which permission of the role counts."""


class Need(NamedTuple):
    """What some allowed questions have in common: where their ways start, when they are asked, and all their ends, the
    best first: what an explanation would rather name."""

    starts: tuple[str, ...]
    when: int
    ends: tuple[End, ...]


class Support:
    """The needs of questions that a policy allows, and the lines they rest on."""

    def __init__(self, snapshot: Snapshot, questions: Iterable[Question]) -> None:
        self._snapshot = snapshot
        self._permissions: dict[tuple[str, str], Permissions] = {}
        self.needs = tuple(dict.fromkeys(filter(None, map(self._need, questions))))

    def _need(self, question: Question) -> Need | None:
        snapshot = self._snapshot
        witness = Witness(*walk(snapshot, *question))
        if witness.code is not Code.GRANTED:
            return None
        about = (question.kind, question.action)
        if about not in self._permissions:
            self._permissions[about] = permissions_of(snapshot, *about)
        found = {
            (way.access_rule.scope == ROOT, way.access_rule.origin, way.permission.origin): way.access_rule.subject
            for way in ways(snapshot, question, witness, self._permissions[about])
        }
        ends = tuple((holder, rule, permission) for (_, rule, permission), holder in sorted(found.items()))
        starts = (question.subject, *question.groups)
        timed = any(start in snapshot.timed_members for start in starts)
        return Need(starts, question.when if timed else 0, ends)

    def way(self, need: Need, gone: Collection[Origin]) -> tuple[Origin, ...] | None:
        """The lines of the shortest way that none of these lines is part of; None if there is none."""
        paths = self._paths(need, gone)
        best: tuple[Origin, ...] | None = None
        for holder, access_rule, permission in need.ends:
            path = paths.get(holder)
            if path is None or access_rule in gone or permission in gone:
                continue
            if best is None or len(path) + 2 < len(best):
                best = (*path, access_rule, permission)
        return best

    def _paths(self, need: Need, gone: Collection[Origin]) -> dict[str, tuple[Origin, ...]]:
        """Who is reached from the start without these lines, each by a shortest chain of memberships."""
        found: dict[str, tuple[Origin, ...]] = dict.fromkeys(need.starts, ())
        ring = list(found)
        while ring:
            following = []
            for member in ring:
                for each in self._snapshot.memberships.get(member, ()):
                    counts = each.since <= need.when < each.until and each.origin not in gone
                    if counts and each.group not in found:
                        found[each.group] = (*found[member], each.origin)
                        following.append(each.group)
            ring = following
        return found

    def fewest(self, order: Iterable[Origin], kept: Collection[Origin]) -> tuple[set[Origin], Resting]:
        """Lines that may all be gone together, and what the needs rest on then. None of `kept` is among the former.

        What no need rests on goes at once. The others go one by one, in this order, each if there is a way without it
        for every need that rests on it. So whatever stays, and is not in `kept`, is needed by some question.
        """
        resting = Resting()
        for number, need in enumerate(self.needs):
            resting.put(number, self.way(need, ()) or ())
        gone = {origin for origin in order if origin not in resting.on and origin not in kept}
        for origin in order:
            if origin in gone or origin in kept:
                continue
            gone.add(origin)
            instead: dict[int, tuple[Origin, ...]] = {}
            for number in resting.on[origin]:
                way = self.way(self.needs[number], gone)
                if way is None:
                    gone.discard(origin)
                    break
                instead[number] = way
            else:
                for number, way in instead.items():
                    resting.put(number, way)
        return gone, resting

    def is_needed(self, origin: Origin, resting: Resting) -> bool:
        """Would taking away this line alone deny something that is allowed?"""
        return any(self.way(self.needs[number], (origin,)) is None for number in resting.on.get(origin, ()))


class Resting:
    """Which lines each need rests on, and the other way round."""

    def __init__(self) -> None:
        self.on: dict[Origin, set[int]] = {}
        self._way: dict[int, tuple[Origin, ...]] = {}

    def put(self, number: int, way: tuple[Origin, ...]) -> None:
        """A need rests on these lines now."""
        for origin in self._way.get(number, ()):
            self.on[origin].discard(number)
        for origin in way:
            self.on.setdefault(origin, set()).add(number)
        self._way[number] = way


def lines_of(policy: Policy) -> Iterator[Line]:
    """The lines that give something."""
    yield from policy.permissions
    yield from policy.access_rules
    yield from policy.memberships


def in_order(policy: Policy, chains: Mapping[str, tuple[str, ...]]) -> list[Origin]:
    """The order in which lines are tried: access rules first, then memberships, then permissions; those of wider scopes
    before those of narrower ones, and of these the last one first."""

    def rank(line: Line) -> tuple[int, int, str, int]:
        sort = (AccessRule, Membership, Permission).index(type(line))
        depth = 0 if isinstance(line, Membership) else len(chains.get(line.scope, ()))
        return sort, depth, line.origin.file, -line.origin.line

    return [line.origin for line in sorted(lines_of(policy), key=rank)]
