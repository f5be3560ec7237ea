"""What a line of the journal says was asked, as questions that can be judged again by any policy.

Besides the items of a line these are: what its caller needed to ask them, each thing that a search found, and, for a
list or for permitted scopes, all scopes that are reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from remit.core.directory import highest
from remit.core.journal.entries import Entry, question_of
from remit.core.journal.replaying import JUDGED, UNREADABLE, asked_at, needed, vouched
from remit.core.model import ROOT, Question
from remit.core.search import allows, reach
from remit.core.snapshot import Snapshot
from remit.errors import JournalDamaged

MOST_EXACT = 256
"""Questions that one list is told apart by; see `_reached`."""


class Asked(NamedTuple):
    """One question, and whether it was allowed. `everywhere`: it was asked of all scopes, wherever the thing lives;
    `own` is false where the subject was merely found by a search for subjects."""

    question: Question
    allowed: bool
    everywhere: bool = False
    own: bool = True


def asked(entry: Entry) -> list[Asked]:
    """All that a line says was asked and answered; nothing for a line that is about something else. What could not be
    decided, or was not reached in a batch, is left out.

    Raises JournalDamaged if it is not as remit writes it.
    """
    if entry.kind not in JUDGED:
        return []
    try:
        items = entry.items
        return [*_needed(entry), *(each for item in items for each in _item(entry, item))]
    except UNREADABLE:
        raise JournalDamaged(f"`{entry.id}` is not as remit writes it") from None


def _item(entry: Entry, item: Mapping[str, Any]) -> Iterator[Asked]:
    """What one item asked."""
    body, verdict = entry.body, item.get("verdict")
    if verdict in ("allow", "deny"):
        yield Asked(question_of(item, entry.instant), verdict == "allow")
    elif verdict == "list" or (body.get("op") == "permitted-scopes" and "results" in body):
        yield Asked(question_of(item, entry.instant), True, everywhere=True)
    elif body.get("op") == "search" and "results" in body:
        yield from _found(question_of(item, entry.instant), body)


def _found(question: Question, body: Mapping[str, Any]) -> Iterator[Asked]:
    """What a search found, one by one; of what only a catalog knew, with the home that it had."""
    results = body["results"]
    for name, home in zip(results, body.get("known") or [None] * len(results), strict=True):
        match body["sought"]:
            case "subject":
                yield Asked(question._replace(subject=f"{body['type']}:{name}", groups=()), True, own=False)
            case "action":
                yield Asked(question._replace(action=name), True)
            case _:
                yield Asked(question._replace(id=name, known=home), True)


def _needed(entry: Entry) -> Iterator[Asked]:
    """What the caller of a decision needed, as far as it was decided; vouching is known by the groups that counted."""
    body = entry.body
    needs = list(needed(entry))
    if vouched(entry):
        needs.append(("decision", "vouch", True))
    when = asked_at(entry) if needs and "us" in body else entry.instant
    for kind, action, granted in needs:
        groups = tuple(body.get("caller_groups", ()))
        yield Asked(Question(body["caller"], action, kind, None, ROOT, None, groups, when), granted)


def judged(snapshot: Snapshot, one: Asked) -> list[Question]:
    """The questions that a policy is asked to judge one again: itself, or where it was asked everywhere, those that say
    how far its subject reaches by that policy."""
    if not one.everywhere:
        return [one.question]
    return _reached(snapshot, one.question._replace(id=None, declared=None, known=None))


def _reached(snapshot: Snapshot, question: Question) -> list[Question]:
    """The fewest questions that are all allowed exactly as long as a subject reaches as far as it does.

    Where it is decided at home, who may in a scope may below it. With a place, who may with one home may with all that
    are available there. What is seen somewhere in a scope is seen somewhere in all above; where that would be very many
    questions, it is asked right in the highest scopes, and then a few may be denied while all is reached still.
    """
    found = reach(snapshot, question)
    pair = snapshot.pairs.get(question.kind, {}).get(question.action)
    unplaced = [question] if found.unplaced else []
    if pair is None or not found.scopes:
        return unplaced
    if not pair.at_place or (question.place is None and question.action != "view"):
        return [*unplaced, *(question._replace(declared=top) for top in highest(found.scopes, snapshot.chains))]
    if question.place is not None:
        return [*unplaced, question._replace(declared=found.scopes[0])]
    above = {scope for name in found.scopes for scope in snapshot.chains[name][1:]}
    lowest = [question._replace(declared=scope) for scope in found.scopes if scope not in above]
    if len(lowest) <= MOST_EXACT:
        return [*unplaced, *lowest]
    right_there = [question._replace(declared=scope, place=scope) for scope in found.scopes]
    solid = highest([each.declared or "" for each in right_there if allows(snapshot, each)], snapshot.chains)
    rest = [each for each in lowest if set(snapshot.chains[each.declared or ""]).isdisjoint(solid)]
    return [*unplaced, *(question._replace(declared=top, place=top) for top in solid), *rest]


def normal(snapshot: Snapshot, question: Question) -> Question:
    """The same question in the one form in which this policy answers it: by where its resource lives, not by its id."""
    known = question.known
    if question.action == "create":
        known = None
    elif known is None and question.id is not None:
        known = snapshot.homes.get(question.kind, {}).get(question.id, (None,))[0]
    groups = tuple(sorted(set(question.groups))) if question.groups else ()
    return question._replace(id=None, known=known, groups=groups)
