"""The handlers behind the search routes: one page of what the snapshot's searches find."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from remit.core import search
from remit.core.model import Question
from remit.errors import CouldNotDecide
from remit.service.gate import Permit, home_of
from remit.service.needs import VOUCH
from remit.service.operations import PermittedScopes, Reached, Results, Search, Sought
from remit.service.paging import Pages, Position

MOST_JUDGED = 10_000
"""Candidates that one page judges: a search that finds little in much goes on with the next page, and others come in
between."""

_ROW = "#"  # no scope begins with it
_BETWEEN = "\n"  # parts a home from an id in a token; no name holds it


Kept = Callable[[str, Collection[str] | None, int, int], list[tuple[str, str]]]
"""A kind, the scopes that count (None: all), offset and limit to home and id of what a catalog has, oldest first."""

_CHUNK = 200
"""Rows that are fetched from the catalog at once."""


class Searches:
    """Answers searches: `pages` seals page tokens, and `kept` lists what a catalog knows, if there is one."""

    def __init__(self, pages: Pages, kept: Kept | None = None) -> None:
        self._pages = pages
        self._kept = kept

    def search(self, permit: Permit, operation: Search) -> Results:
        """One page of a search (AuthZEN §8). All its pages are judged at the instant of the first.

        Raises RequestInvalid if the page token does not fit the request.
        """
        actor, snapshot, now, _, homes = permit
        if homes is None:
            raise CouldNotDecide("the catalog is out of reach, so it is not known where the resource lives")
        sought, asked, page, type_ = operation
        question = _question(permit, operation)
        asker = "\n".join((sought, actor.subject, *question.groups)).encode()
        position = self._pages.position(page, asker, snapshot.revision, now)
        question = question._replace(when=position.when)
        known: dict[str, str] = {}
        if sought is Sought.RESOURCE:
            judged = self._resources(permit, question, position.after, known)
        else:
            judged = _judged(permit, operation, question, position.after)
        names, last = _page(judged, position)
        token = "" if page.wanted else None
        if last is not None:
            token = self._pages.token(page, asker, snapshot.revision, position._replace(after=last))
        kind = type_ if sought is Sought.SUBJECT else asked.kind
        bare = tuple(_bare(sought, name) for name in names)
        return Results(sought, kind, bare, token, snapshot.revision, position.when, tuple(map(known.get, names)))

    def _resources(
        self, permit: Permit, question: Question, after: str, known: dict[str, str]
    ) -> Iterator[tuple[str, bool]]:
        """The policy's own list of resources, then the catalog's, whose homes go to `known`. A token names one of the
        former by its home, one of the latter by its row: rows may come and go between two pages, as AuthZEN §8.2 lets
        them."""
        snapshot = permit[1]
        home, _, id = after.partition(_BETWEEN)
        row = int(home[1:]) + 1 if home.startswith(_ROW) else 0
        if not home.startswith(_ROW):
            for each in search.resources(snapshot, question, (home, id)):
                yield _BETWEEN.join(each), True
        reached = search.reach(snapshot, question) if self._kept is not None else None
        if self._kept is None or reached is None:
            return
        scopes = None if reached.unplaced or question.action == "create" else reached.scopes
        while rows := self._kept(question.kind, scopes, row, _CHUNK):
            for where, found in rows:
                name = f"{_ROW}{row}{_BETWEEN}{found}"
                allowed = search.allows(snapshot, question._replace(id=found, known=where))
                if allowed:
                    known[name] = where
                yield name, allowed
                row += 1


def _page(judged: Iterator[tuple[str, bool]], position: Position) -> tuple[list[str], str | None]:
    """The results of one page, and the name after which the next one begins; None if this is the last."""
    names: list[str] = []
    last = position.after
    for count, (name, allowed) in enumerate(judged):
        if count == MOST_JUDGED or (allowed and len(names) == position.size):
            return names, last
        last = name
        if allowed:
            names.append(name)
    return names, None


def permitted_scopes(permit: Permit, operation: PermittedScopes) -> Reached:
    """Where the subject reaches with this action on this kind, by the one walk."""
    found = search.reach(permit[1], _question(permit, operation))
    return Reached(found.scopes, found.unplaced, permit[1].revision)


def _question(permit: Permit, operation: Search | PermittedScopes) -> Question:
    """What is asked, at the permit's instant, with the groups that count: never the caller's for somebody else."""
    actor, _, when, wishes, homes = permit
    subject, action, kind, id, declared, place, claimed = operation.asked[:7]
    groups = actor.groups if subject == actor.subject else ()
    if VOUCH in wishes:
        groups = (*groups, *claimed)
    return Question(subject, action, kind, id or None, declared, place, groups, when, home_of(homes, kind, id))


def _judged(permit: Permit, operation: Search, question: Question, after: str) -> Iterator[tuple[str, bool]]:
    """What is judged, as a token can name it, from the one after `after` on, and whether it is found.

    Of a thing that nobody knows nothing is found, though all-projects roles would be let do it: there is no such thing
    to be listed for.
    """
    snapshot = permit[1]
    if not search.is_known(snapshot, question):
        return iter(())
    if operation.sought is Sought.SUBJECT:
        return search.subjects(snapshot, operation.type, question, after)
    names = search.actions(snapshot, question)
    return ((name, True) for name in (_past(names, after) if after else names))


def _past(names: Iterator[str], after: str) -> Iterator[str]:
    """What follows `after`, which was allowed a moment ago under the same revision and instant."""
    for name in names:
        if name == after:
            break
    return names


def _bare(sought: Sought, name: str) -> str:
    """An id as the answer gives it: a subject's without its type, a resource's without its home."""
    if sought is Sought.ACTION:
        return name
    return name.partition(":" if sought is Sought.SUBJECT else _BETWEEN)[2]
