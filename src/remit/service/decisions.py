"""The handlers behind the decision routes: one question, or many, answered by the snapshot on the permit."""

from __future__ import annotations

from remit.core.explain import explain
from remit.core.model import Code, Question, Witness
from remit.core.pdp import walk
from remit.service.gate import Permit
from remit.service.operations import VOUCH, Answer, Answers, Asked, Evaluate, EvaluateMany, Semantic, Unanswerable

_GRANTED = Code.GRANTED
_made = tuple.__new__  # on the way of every decision: a NamedTuple's own constructor costs twice as much


def evaluate(permit: Permit, operation: Evaluate) -> Answer:
    """Answer one question (AuthZEN §6)."""
    return _answer(permit, operation.asked, operation.explain)


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


def _answer(permit: Permit, asked: Asked, reasons: bool) -> Answer:
    """Decide one question at the permit's instant, with the groups that count."""
    actor, snapshot, when, wishes = permit
    subject, action, kind, id, declared, place, claimed = asked
    groups = actor.groups if subject == actor.subject else ()
    ignored: tuple[str, ...] = ()
    if claimed:
        if VOUCH in wishes:
            groups = (*groups, *claimed)
        else:
            ignored = claimed
    found = walk(snapshot, subject, action, kind, id, declared, place, groups, when)
    explanation = None
    if reasons:
        question = Question(subject, action, kind, id, declared, place, groups, when)
        explanation = explain(snapshot, question, Witness(*found), ignored)
    return _made(Answer, (found[0] is _GRANTED, found, snapshot.revision, explanation))
