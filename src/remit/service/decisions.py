"""The handlers behind the decision routes: one question, or many, answered by the snapshot on the permit."""

from __future__ import annotations

from remit.core.explain import explain, withheld
from remit.core.model import Code, Question, Witness
from remit.core.pdp import walk
from remit.errors import CouldNotDecide
from remit.service.gate import NO_HOMES, Permit, home_of
from remit.service.needs import EXPLAIN, VOUCH
from remit.service.operations import (
    Answer,
    Answers,
    Asked,
    Evaluate,
    EvaluateMany,
    Semantic,
    Unanswerable,
    kept_ids,
)

_GRANTED = Code.GRANTED
_made = tuple.__new__  # on the way of every decision: a NamedTuple's own constructor costs twice as much


def evaluate(permit: Permit, operation: Evaluate) -> Answer:
    """Answer one question (AuthZEN §6)."""
    found = _answer(permit, operation.asked, operation.explain)
    if isinstance(found, Unanswerable):
        raise CouldNotDecide(found.why)
    return found


def evaluate_many(permit: Permit, operation: EvaluateMany) -> Answers:
    """Answer questions in order, as far as the semantic goes (AuthZEN §7.1.2.1); each is judged by itself."""
    answers: list[Answer | Unanswerable] = []
    semantic = operation.semantic
    for item in operation.items:
        answer = item if isinstance(item, Unanswerable) else _answer(permit, item, operation.explain)
        answers.append(answer)
        allowed = isinstance(answer, Answer) and answer.allowed
        if semantic is Semantic.EXECUTE_ALL:
            continue
        if allowed == (semantic is Semantic.PERMIT_ON_FIRST_PERMIT):
            break
    return Answers(tuple(answers), permit[1].revision)


def question_of(permit: Permit, asked: Asked) -> Question:
    """What is judged where `asked` is asked: with the instant, the groups that count, and the home that the catalog
    knows. `_answer` judges the same without making a value of it, which would cost as much as the decision."""
    actor, _, when, wishes, homes = permit
    subject, action, kind, id, declared, place, claimed = asked[:7]
    groups = actor.groups if subject == actor.subject else ()
    if claimed and VOUCH in wishes:
        groups = (*groups, *claimed)
    return Question(subject, action, kind, id, declared, place, groups, when, home_of(homes, kind, id))


def _answer(permit: Permit, asked: Asked, reasons: bool) -> Answer | Unanswerable:
    """Decide one question at the permit's instant, with the groups that count, and the home that the catalog knows."""
    actor, snapshot, when, wishes, homes = permit
    subject, action, kind, id, declared, place, claimed, _ = asked
    known: str | None = None
    if homes is not NO_HOMES:
        if homes is None and kept_ids(asked):
            return Unanswerable("the catalog is out of reach, so it is not known where the resource lives", True)
        known = home_of(homes, kind, id)
    groups = actor.groups if subject == actor.subject else ()
    ignored: tuple[str, ...] = ()
    if claimed:
        if VOUCH in wishes:
            groups = (*groups, *claimed)
        else:
            ignored = claimed
    found = walk(snapshot, subject, action, kind, id, declared, place, groups, when, known)
    explanation = None
    if reasons:
        explanation = explain(snapshot, question_of(permit, asked), Witness(*found), ignored)
        if EXPLAIN not in wishes:
            explanation = withheld(explanation)
    return _made(Answer, (found[0] is _GRANTED, found, snapshot.revision, explanation))
