"""The searches over one snapshot: who may, what may one do it to, what may one do, and where (AuthZEN §8).

Subjects and actions are proposed, and the one walk judges every proposal; where somebody reaches is read off what is
held, in one look, and a property test binds it to the walk. So a result is listed exactly if deciding it allows. All of
them go on from where a page ended, in the order of names, and hold no more than they hand out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import islice
from typing import NamedTuple

from remit.core.directory import Directory, single_bits, typed
from remit.core.model import ROOT, Code, Question
from remit.core.pdp import holders_of, lives_in, timed_bits, walk
from remit.core.snapshot import Pair, Snapshot

MOST_LISTS = 1_000
"""Lists that are merged for one search. Where more would have to be, nearly everybody is in one of them."""


class Reach(NamedTuple):
    """Where a subject may do something to a kind: the homes for which the answer is yes, in order; `unplaced` tells
    whether it is yes as well for a thing whose home nobody knows."""

    scopes: tuple[str, ...]
    unplaced: bool


def allows(snapshot: Snapshot, question: Question) -> bool:
    """The verdict alone."""
    return walk(snapshot, *question)[0] is Code.GRANTED


def is_known(snapshot: Snapshot, question: Question) -> bool:
    """Is the resource a thing of which it is known, or said, where it lives? What is to be created need not be."""
    return question.action == "create" or lives_in(snapshot, question) is not None


def subjects(snapshot: Snapshot, type_: str, question: Question, after: str = "") -> Iterator[tuple[str, bool]]:
    """Every subject of one type that the policy names and that might, in order, those after a name; and whether it may.

    All that may are among them, and few others; whoever wants a page only can stop after so many. The question's
    subject and groups are not read: a group is found as a subject of its own, and whoever comes with it in a token is
    not in the policy to be found.
    """
    last = ""
    for name in merge(*_candidates(snapshot, type_, question, after)):
        if name != last:
            yield name, allows(snapshot, question._replace(subject=name, groups=()))
        last = name


def _candidates(snapshot: Snapshot, type_: str, question: Question, after: str) -> list[Iterator[str]]:
    """Lists, in order, that together hold every subject of this type that may, and few others; or, where those would
    be very many, the one list of all subjects."""
    directory = snapshot.directory
    some = list(islice(_permitting(snapshot, question), MOST_LISTS))
    lists = [*some, *islice(_memberships(directory, some), MOST_LISTS)]
    if len(lists) >= MOST_LISTS:
        lists = [directory.named]
    return [map(names.__getitem__, places) for names in lists if (places := typed(names, type_, after))]


def _permitting(snapshot: Snapshot, question: Question) -> Iterator[list[str]]:
    """The lists of those who themselves hold, where it counts, a role that permits somewhere."""
    code, _, _, _, at, home, _ = walk(snapshot, *question._replace(subject="", groups=()))  # nobody: where is it asked?
    if code is not Code.UNKNOWN_SUBJECT or home is None or (at is not None and home not in snapshot.chains[at]):
        return
    yield from _holding(snapshot, snapshot.pairs[question.kind][question.action], home, at)


def proposed(snapshot: Snapshot, kind: str, action: str, home: str, at: str | None) -> list[str]:
    """Every subject, in order, that might at the scope `at`, or for None anywhere at or below `home`.

    All that may are among them, windows not considered, and few others: what is at most read is what is answered.
    """
    some = list(_holding(snapshot, snapshot.pairs[kind][action], home, at))
    return sorted({name for names in (*some, *_memberships(snapshot.directory, some)) for name in names})


def _holding(snapshot: Snapshot, pair: Pair, home: str, at: str | None) -> Iterator[list[str]]:
    """The lists of those who hold a role that permits somewhere: at or above `at`, or on a path with `home`."""
    directory = snapshot.directory
    need = list(single_bits(_somewhere(pair)))
    if at is None and home == ROOT:
        yield from (directory.anywhere[bit] for bit in need if bit in directory.anywhere)
        return
    scopes: Iterable[str] = snapshot.chains.get(at or home, ())
    if at is None and scopes:  # any place would do: whatever lies on one path with home
        scopes = directory.below([home]).union(scopes)
    for scope in scopes:
        here = directory.holders.get(scope, {})
        yield from (here[bit] for bit in need if bit in here)


def _memberships(directory: Directory, lists: Iterable[list[str]]) -> Iterator[list[str]]:
    """The members of all groups in these lists, and of the groups among those."""
    waiting = [names[i] for names in lists for i in typed(names, "group")]
    met: set[str] = set()
    while waiting:
        group = waiting.pop()
        if group not in met and group in directory.members:
            met.add(group)
            members = directory.members[group]
            yield members
            waiting += [members[i] for i in typed(members, "group")]


def _somewhere(pair: Pair) -> int:
    """The roles that have the permission in any scope."""
    need = pair.anywhere
    for mask in pair.narrowed.values():
        need |= mask
    return need


def resources(snapshot: Snapshot, question: Question, after: tuple[str, str] = ("", "")) -> Iterator[tuple[str, str]]:
    """Home and id of every known resource of the kind for which the answer is yes, in order, those after one.

    The question's id is not read. `declared` counts as it does in a decision: what lives elsewhere is a mismatch.
    """
    chains, declared = snapshot.chains, question.declared
    found = _homes(snapshot, question)
    creates = question.action == "create" and allows(snapshot, question)  # wherever the others live
    for home, ids in snapshot.directory.residents.get(question.kind, {}).items():
        if home < after[0]:
            continue
        if question.action == "create":
            listed = creates
        elif home in chains:
            listed = (declared is None or declared == home) and found.covers(snapshot, home)
        else:
            listed = allows(snapshot, question._replace(id=None, known=home))
        if listed:
            start = bisect_right(ids, after[1]) if home == after[0] else 0
            yield from ((home, ids[i]) for i in range(start, len(ids)))


def actions(snapshot: Snapshot, question: Question) -> Iterator[str]:
    """The actions of the kind that the subject may do to the resource, in the vocabulary's order."""
    for action in snapshot.pairs.get(question.kind, {}):
        if allows(snapshot, question._replace(action=action)):
            yield action


def reach(snapshot: Snapshot, question: Question) -> Reach:
    """The scopes in which something of the kind must live for the answer to be yes, today's scopes only.

    The question's id, `declared` and `known` are not read. What is decided where it lives reaches all below the scopes
    held; what is decided at a place reaches what is available there, which lives there or above.
    """
    question = question._replace(id=None, declared=None, known=None)
    found = _homes(snapshot, question)
    scopes = snapshot.directory.below(found.tops) | found.single
    return Reach(tuple(sorted(scopes)), allows(snapshot, question))


class _Homes(NamedTuple):
    """The homes for which the answer is yes: those at or below `tops`, and `single` ones."""

    tops: set[str]
    single: set[str]

    def covers(self, snapshot: Snapshot, home: str) -> bool:
        """Is it yes for what lives in this scope of the tree?"""
        return home in self.single or not self.tops.isdisjoint(snapshot.chains[home])


def _homes(snapshot: Snapshot, question: Question) -> _Homes:
    """Where something must live for the answer to be yes: one look at what is held instead of a walk for each scope."""
    pair = snapshot.pairs.get(question.kind, {}).get(question.action)
    if pair is None:
        return _Homes(set(), set())
    chains = snapshot.chains
    held = held_at(snapshot, question.subject, question.groups, question.when)
    if pair.at_place and question.place is not None:
        chain = chains.get(question.place, ())
        return _Homes(set(), set(chain) if chain and permits(pair, held, chain) else set())
    tops = {top for top in {ROOT, *pair.narrowed, *held} & chains.keys() if permits(pair, held, chains[top])}
    above = {scope for top in tops for scope in chains[top]} if pair.at_place and question.action == "view" else set()
    return _Homes(tops, above)


def held_at(snapshot: Snapshot, subject: str, groups: tuple[str, ...], when: int) -> dict[str, int]:
    """The roles that the subject and the groups that count hold at `when`, by scope, as masks."""
    held: dict[str, int] = {}
    for holder in dict.fromkeys(holders_of(snapshot, subject, groups, when)):
        for scope, value in snapshot.grants.get(holder, {}).items():
            roles = value & snapshot.all_roles | timed_bits(snapshot, value, when)
            held[scope] = held.get(scope, 0) | roles
    return held


def permits(pair: Pair, held: Mapping[str, int], chain: Iterable[str]) -> bool:
    """Is a role held on this chain that has the permission on it?"""
    need = roles = 0
    for scope in chain:
        need |= pair.narrowed.get(scope, 0)
        roles |= held.get(scope, 0)
    return bool(roles & (need | pair.anywhere))
