"""The handlers behind the search routes: one page of what the snapshot's searches find."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from remit.core import search
from remit.core.model import Question
from remit.service.gate import Permit
from remit.service.operations import VOUCH, PermittedScopes, Reached, Results, Search, Sought
from remit.service.paging import Pages

_BETWEEN = "\n"  # parts a home from an id in a token; no name holds it


class Searches:
    """Answers searches; the key that seals page tokens is all it has."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def search(self, permit: Permit, operation: Search) -> Results:
        """One page of a search (AuthZEN §8). All its pages are judged at the instant of the first.

        Raises RequestInvalid if the page token does not fit the request.
        """
        actor, snapshot, now, _ = permit
        sought, asked, page, type_ = operation
        question = _question(permit, operation)
        asker = "\n".join((sought, actor.subject, *question.groups)).encode()
        position = self._pages.position(page, asker, snapshot.revision, now)
        found = _found(permit, operation, question._replace(when=position.when), position.after)
        names = list(islice(found, position.size))
        more = next(found, None) is not None
        token = None
        if more:
            last = position._replace(after=names[-1] if names else position.after)
            token = self._pages.token(page, asker, snapshot.revision, last)
        elif page.wanted:
            token = ""
        kind = type_ if sought is Sought.SUBJECT else asked.kind
        return Results(sought, kind, tuple(_bare(sought, name) for name in names), token, snapshot.revision)


def permitted_scopes(permit: Permit, operation: PermittedScopes) -> Reached:
    """Where the subject reaches with this action on this kind, by the one walk."""
    found = search.reach(permit[1], _question(permit, operation))
    return Reached(found.scopes, found.unplaced, permit[1].revision)


def _question(permit: Permit, operation: Search | PermittedScopes) -> Question:
    """What is asked, at the permit's instant, with the groups that count: never the caller's for somebody else."""
    actor, _, when, wishes = permit
    subject, action, kind, id, declared, place, claimed = operation.asked
    groups = actor.groups if subject == actor.subject else ()
    if VOUCH in wishes:
        groups = (*groups, *claimed)
    return Question(subject, action, kind, id or None, declared, place, groups, when)


def _found(permit: Permit, operation: Search, question: Question, after: str) -> Iterator[str]:
    """What is found, as a token can name it, from the one after `after` on.

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
        return (_BETWEEN.join(each) for each in search.resources(snapshot, question, (home, id)))
    names = search.actions(snapshot, question)
    return _past(names, after) if after else names


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
