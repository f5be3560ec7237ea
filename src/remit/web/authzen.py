"""Evaluation requests to operations, and their answers to bodies (AuthZEN §6, §7)."""

from __future__ import annotations

from typing import Any

import msgspec

from remit.errors import RequestInvalid
from remit.service.operations import Answer, Answers, Evaluate, EvaluateMany, Operation, Semantic, Unanswerable
from remit.web.limits import Limits
from remit.web.plain import plain_question, plain_questions
from remit.web.questions import Claims, asked
from remit.web.reasons import context_of
from remit.web.strict import parse

_ALLOW, _DENY = b'{"decision":true}', b'{"decision":false}'
_encode = msgspec.json.Encoder().encode
_made = tuple.__new__  # on the way of every decision: a NamedTuple's own constructor costs twice as much


def read_evaluation(data: bytes, limits: Limits) -> Evaluate:
    """A single evaluation request (§6.1)."""
    if (plain := plain_question(data)) is not None:
        return _made(Evaluate, (plain, False))
    body = parse(data)
    options = body.get("options")
    return Evaluate(asked(body, keep=limits.context), False if options is None else _explain(options))


def read_evaluations(data: bytes, limits: Limits) -> Operation:
    """A batch (§7.1); without evaluations it is a single request."""
    if (plain := plain_questions(data, limits.batch)) is not None:
        return EvaluateMany(plain)
    body = parse(data)
    options, items = body.get("options"), body.get("evaluations")
    explain, semantic = (False, Semantic.EXECUTE_ALL) if options is None else (_explain(options), _semantic(options))
    if items is None or items == []:
        return Evaluate(asked(body, keep=limits.context), explain)
    if type(items) is not list:
        raise RequestInvalid("`evaluations` must be an array")
    most = min(limits.explained, limits.batch) if explain else limits.batch
    if len(items) > most:
        reasons = " with `options.explain`" if explain else ""
        raise RequestInvalid(f"`evaluations` holds {len(items):,} questions; {most} are allowed{reasons}")
    for entity in ("subject", "action", "resource", "context"):
        if body.get(entity) is not None and type(body[entity]) is not dict:
            raise RequestInvalid(f"`{entity}` must be an object")
    claims: Claims = {}
    return EvaluateMany(tuple([_item(item, body, claims, limits.context) for item in items]), semantic, explain)


def _item(item: Any, defaults: dict[str, Any], claims: Claims, keep: tuple[str, ...]) -> Any:
    """One member of a batch; what is wrong with it is its own affair (§7.2.1)."""
    if type(item) is not dict:
        return Unanswerable("an evaluation must be an object")
    try:
        return asked(item, defaults, claims, keep)
    except RequestInvalid as error:
        return Unanswerable(str(error))


def _explain(options: Any) -> bool:
    """`options.explain`: are reasons asked for?"""
    if type(options) is not dict:
        raise RequestInvalid("`options` must be an object")
    explain = options.get("explain")
    if explain is not None and type(explain) is not bool:
        raise RequestInvalid("`options.explain` must be true or false")
    return bool(explain)


def _semantic(options: dict[str, Any]) -> Semantic:
    """`options.evaluations_semantic`: how far a batch is executed (§7.1.2.1)."""
    named = options.get("evaluations_semantic")
    try:
        return Semantic.EXECUTE_ALL if named is None else Semantic(named)
    except ValueError:
        raise RequestInvalid(f"`options.evaluations_semantic` must be one of {', '.join(Semantic)}") from None


def answer_body(result: Answer | Answers) -> bytes:
    """The body of a 200: minimal and deterministic, with nothing in it that two equal questions would not share."""
    if isinstance(result, Answers):
        return _encode({"evaluations": [_decision(answer) for answer in result.items]})
    if result.explanation is None:
        return _ALLOW if result.allowed else _DENY
    return _encode(_decision(result))


def _decision(answer: Answer | Unanswerable) -> dict[str, Any]:
    """One Decision object (§5.5)."""
    if isinstance(answer, Unanswerable):
        return {
            "decision": False,
            "context": {"error": {"status": 503 if answer.could_not_decide else 400, "message": answer.why}},
        }
    if answer.explanation is None:
        return {"decision": answer.allowed}
    return {"decision": answer.allowed, "context": context_of(answer.explanation)}
