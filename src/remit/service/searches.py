"""The handlers behind the search routes: one page of what the snapshot's searches find."""

from __future__ import annotations

from collections.abc import Iterator

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

_BETWEEN = "\n"  # parts a home from an id in a token; no name holds it


class Searches:
    """Answers searches; the key that seals page tokens is all it has."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

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
        judged = _judged(permit, operation, question._replace(when=position.when), position.after)
        names, last = _page(judged, position)
        token = "" if page.wanted else None
        if last is not None:
            token = self._pages.token(page, asker, snapshot.revision, position._replace(after=last))
        kind = type_ if sought is Sought.SUBJECT else asked.kind
        return Results(sought, kind, tuple(_bare(sought, name) for name in names), token, snapshot.revision)


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
    subject, action, kind, id, declared, place, claimed = operation.asked
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
    if operation.sought is not Sought.RESOURCE and not search.is_known(snapshot, question):
        return iter(())
    if operation.sought is Sought.SUBJECT:
        return search.subjects(snapshot, operation.type, question, after)
    if operation.sought is Sought.RESOURCE:
        home, _, id = after.partition(_BETWEEN)
        return ((_BETWEEN.join(each), True) for each in search.resources(snapshot, question, (home, id)))
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
