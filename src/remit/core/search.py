"""Who can, what can be reached, which actions, and where: the searches over one Snapshot (AuthZEN §8).

A search names candidates by an index and lets the walk judge each, so that a thing is listed exactly if
evaluating it is allowed. Candidates stand in lists in one fixed order; a position in that order is all that the
next page needs, and no search holds more than its page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from remit.core.model import ROOT, Code, Question
from remit.core.pdp import deeper_of, holders_of, roles_at, walk
from remit.core.snapshot import Pair, Snapshot

MOST_TRIED = 20_000
"""Candidates judged for one page. A page may come short of its limit, even empty, and still have a successor."""

Position = tuple[int, int]
"""Where a page begins: the list of candidates, and the place in it."""

START: Position = (0, 0)


class Page(NamedTuple):
    """Some results in order, and the position to go on from (None: there is nothing more)."""

    results: tuple[str, ...]
    following: Position | None


class Reach(NamedTuple):
    """Where a subject may do something: in each of `scopes` and all below. `above` are scopes over these whose
    blocks can be seen from there (only for what is decided at the place)."""

    scopes: tuple[str, ...]
    above: tuple[str, ...]


def find_subjects(snapshot: Snapshot, question: Question, type: str, start: Position, limit: int) -> Page:
    """The subjects of one type, among those the policy names, that may do what `question` asks (its subject is
    not read). A group is a subject of its own: others may be in it by their tokens."""
    pair = snapshot.pairs.get(question.kind, {}).get(question.action)
    if pair is None:
        return Page((), None)
    prefix = f"{type}:"
    scopes = tuple(_scopes_asked(snapshot, question))
    order = {scope: number for number, scope in enumerate(scopes, 1)}
    lists = [list(snapshot.memberships), *(snapshot.holders_in.get(scope, []) for scope in scopes)]
    masks = _masks(snapshot, pair)

    def fits(index: int, name: str) -> bool:
        if not name.startswith(prefix) or (index and name in snapshot.memberships):
            return False
        if index and not _first_here(snapshot, name, index, order, masks):
            return False
        return walk(snapshot, name, *question[1:])[0] is Code.GRANTED

    page = _page(lists, fits, start, limit)
    return Page(tuple(name.removeprefix(prefix) for name in page.results), page.following)


def find_resources(snapshot: Snapshot, question: Question, start: Position, limit: int) -> Page:
    """The resources of the question's kind, among those the policy places, to which it applies (its id is not
    read). What lives in one scope shares one answer, so a scope is judged once."""
    residents = snapshot.residents.get(question.kind, {})
    scopes = sorted(residents)
    subject, action, kind, _, declared, place, groups, when, _ = question
    lists = [
        residents[scope]
        if walk(snapshot, subject, action, kind, None, declared, place, groups, when, scope)[0] is Code.GRANTED
        else []
        for scope in scopes
    ]
    return _page(lists, lambda _index, _name: True, start, limit)


def find_actions(snapshot: Snapshot, question: Question, start: Position, limit: int) -> Page:
    """The actions of the question's kind that its subject may take on its resource (its action is not read)."""
    subject, _, kind, id, declared, place, groups, when, known = question

    def fits(_index: int, action: str) -> bool:
        found = walk(snapshot, subject, action, kind, id, declared, place, groups, when, known)
        return found[0] is Code.GRANTED

    return _page([list(snapshot.pairs.get(kind, {}))], fits, start, limit)


def reach_of(snapshot: Snapshot, question: Question) -> Reach:
    """Where the question's subject may do its action to its kind: what a service needs to filter its own lists."""
    pair = snapshot.pairs.get(question.kind, {}).get(question.action)
    if pair is None:
        return Reach((), ())
    found: set[str] = set()
    for holder in holders_of(snapshot, question.subject, question.groups, question.when):
        for scope in snapshot.grants.get(holder, {}):
            roles = roles_at(snapshot, holder, scope, question.when) if scope in snapshot.chains else 0
            if roles & pair.anywhere:
                found.add(scope)
            for narrow, mask in pair.narrowed.items():
                deeper = deeper_of(snapshot, scope, narrow) if roles & mask else None
                found.update([deeper] if deeper else [])
    scopes = {scope for scope in found if found.isdisjoint(snapshot.chains[scope][1:])}
    above = {over for scope in scopes for over in snapshot.chains[scope][1:]} if pair.at_place else set()
    return Reach(tuple(sorted(scopes)), tuple(sorted(above)))


def _page(lists: Sequence[Sequence[str]], fits: Callable[[int, str], bool], start: Position, limit: int) -> Page:
    """At most `limit` candidates that fit, from `start` on, and where the next one that fits may stand."""
    results: list[str] = []
    tried = 0
    for index in range(start[0], len(lists)):
        names = lists[index]
        for offset in range(start[1] if index == start[0] else 0, len(names)):
            if tried >= MOST_TRIED:
                return Page(tuple(results), (index, offset))
            tried += 1
            if fits(index, names[offset]):
                if len(results) >= limit:
                    return Page(tuple(results), (index, offset))
                results.append(names[offset])
    return Page(tuple(results), None)


def _scopes_asked(snapshot: Snapshot, question: Question) -> Iterator[str]:
    """The scopes in which holding a role can matter, found by asking for a subject that nobody is."""
    code, _, _, _, place, home, _ = walk(snapshot, "", *question[1:])
    if code is not Code.UNKNOWN_SUBJECT:
        return
    if place is not None:
        yield from snapshot.chains[place]
        return
    yield from snapshot.chains[home or ROOT]
    below = list(snapshot.children.get(home or ROOT, ()))
    while below:
        scope = below.pop()
        yield scope
        below += snapshot.children.get(scope, ())


def _masks(snapshot: Snapshot, pair: Pair) -> int:
    """The bits of all roles that may anywhere at all, held with or without a window."""
    need = pair.anywhere
    for mask in pair.narrowed.values():
        need |= mask
    return need | need << snapshot.width


def _first_here(snapshot: Snapshot, name: str, index: int, order: dict[str, int], masks: int) -> bool:
    """True if list `index` is the first in which this holder stands with a role that could matter: each is tried
    once, though it may hold roles in many scopes."""
    first = min((order[s] for s, value in snapshot.grants[name].items() if s in order and value & masks), default=0)
    return first == index
