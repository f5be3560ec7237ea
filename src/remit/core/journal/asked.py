"""What a line of the journal says was asked, as questions that can be judged again by any policy.

Besides the items of a line these are: what its caller needed to ask them, each thing that a search found, and, for a
list or for permitted scopes, all scopes that are reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from remit.core.journal.entries import Entry, question_of
from remit.core.model import ROOT, Question
from remit.core.search import allows, reach
from remit.core.snapshot import Snapshot
from remit.errors import JournalDamaged

_VOUCH = "decision:vouch"


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
    if entry.kind not in ("decision", "operation"):
        return []
    try:
        return [*_needed(entry), *(each for item in entry.items for each in _item(entry, item))]
    except (KeyError, TypeError, ValueError, AttributeError):
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
    """What a search found, one by one. Where things of a catalog live is not recorded (see `judged`)."""
    for name in body["results"]:
        match body["sought"]:
            case "subject":
                yield Asked(question._replace(subject=f"{body['type']}:{name}", groups=()), True, own=False)
            case "action":
                yield Asked(question._replace(action=name), True)
            case _:
                yield Asked(question._replace(id=name, known=None), True, everywhere=True)


def _needed(entry: Entry) -> Iterator[Asked]:
    """What the caller of a decision needed, as far as it was decided; vouching is known by the groups that counted."""
    caller, groups = entry.body.get("caller"), tuple(entry.body.get("caller_groups", ()))
    needs = list(entry.body.get("need", ()))
    if any(item.get("groups", {}).get("claimed") for item in entry.items):
        needs.append(_VOUCH)
    refused = entry.body.get("refused")
    for need in needs:
        kind, _, action = need.partition(":")
        question = Question(caller or "", action, kind, None, ROOT, None, groups, entry.instant)
        yield Asked(question, need != refused)
        if need == refused:
            return


def judged(snapshot: Snapshot, one: Asked) -> list[Question]:
    """The questions that a policy is asked to judge one again: itself, or where it was asked everywhere, those that say
    how far its subject reaches by that policy. A thing that a search found is asked about where the policy says that it
    lives; where only a catalog knows, all that is reached is asked about."""
    question = one.question
    if not one.everywhere or (question.id is not None and question.id in snapshot.homes.get(question.kind, {})):
        return [question]
    return _reached(snapshot, question._replace(id=None, declared=None, known=None))


def _reached(snapshot: Snapshot, question: Question) -> list[Question]:
    """The fewest questions that are all allowed as long as a subject reaches as far as it does: what it may
    right at a scope it may below it, by the same lines."""
    found = reach(snapshot, question)
    pair = snapshot.pairs.get(question.kind, {}).get(question.action)
    questions = [question] if found.unplaced else []
    solid: dict[str, bool] = {}
    somewhere = pair is not None and pair.at_place and question.place is None
    for scope in sorted(found.scopes, key=lambda name: len(snapshot.chains[name])):
        right_there = question._replace(declared=scope, place=scope if somewhere else question.place)
        below = pair is not None and (somewhere or not pair.at_place)
        if below and any(solid.get(above) for above in snapshot.chains[scope][1:]):
            continue
        solid[scope] = allows(snapshot, right_there)
        questions.append(right_there if solid[scope] else question._replace(declared=scope))
    return questions


def normal(snapshot: Snapshot, question: Question) -> Question:
    """The same question in the one form in which this policy answers it: by where its resource lives, not by its id."""
    known = question.known
    if question.action == "create":
        known = None
    elif known is None and question.id is not None:
        known = snapshot.homes.get(question.kind, {}).get(question.id, (None,))[0]
    groups = tuple(sorted(set(question.groups))) if question.groups else ()
    return question._replace(id=None, known=known, groups=groups)
