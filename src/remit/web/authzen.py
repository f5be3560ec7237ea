"""The decision routes as one raw ASGI callable in front of everything else (AuthZEN §6, §7, §10).

Every microsecond of every user goes through here, so there is no framework between the server and the gate.
What is here stands in `ROUTES`, which the roll-call test and the OpenAPI document read too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from remit.errors import RequestInvalid
from remit.service.gate import LOCAL, Gate
from remit.service.operations import Answer, Answers, Evaluate, EvaluateMany, Operation, Semantic, Unanswerable
from remit.web.http import (
    Receive,
    Refusal,
    Scope,
    Send,
    answer_of,
    check_length,
    error_body,
    refusal_of,
    whole_body,
)
from remit.web.plain import plain_question, plain_questions
from remit.web.questions import Claims, asked
from remit.web.reasons import context_of
from remit.web.strict import MAX_BYTES, parse

MAX_BATCH = 256
"""Questions in one request."""

MAX_EXPLAINED = 32
"""Questions in one request that asks for reasons, which cost and weigh a hundred times what an answer does."""

_ALLOW, _DENY = b'{"decision":true}', b'{"decision":false}'
_encode = msgspec.json.Encoder().encode
_made = tuple.__new__  # on the way of every decision: a NamedTuple's own constructor costs twice as much


class Route(NamedTuple):
    """One raw route: how a body becomes an operation, and what that can be."""

    read: Callable[[bytes], Operation]
    operations: tuple[type[Operation], ...]
    summary: str


def read_evaluation(data: bytes) -> Evaluate:
    """A single evaluation request (§6.1)."""
    if (plain := plain_question(data)) is not None:
        return _made(Evaluate, (plain, False))
    body = parse(data)
    options = body.get("options")
    return Evaluate(asked(body), False if options is None else _explain(options))


def read_evaluations(data: bytes) -> Operation:
    """A batch (§7.1); without evaluations it is a single request."""
    if (plain := plain_questions(data, MAX_BATCH)) is not None:
        return EvaluateMany(plain)
    body = parse(data)
    options, items = body.get("options"), body.get("evaluations")
    explain, semantic = (False, Semantic.EXECUTE_ALL) if options is None else (_explain(options), _semantic(options))
    if items is None or items == []:
        return Evaluate(asked(body), explain)
    if type(items) is not list:
        raise RequestInvalid("`evaluations` must be an array")
    most = MAX_EXPLAINED if explain else MAX_BATCH
    if len(items) > most:
        reasons = " with `options.explain`" if explain else ""
        raise RequestInvalid(f"`evaluations` holds {len(items):,} questions; {most} are allowed{reasons}")
    for entity in ("subject", "action", "resource", "context"):
        if body.get(entity) is not None and type(body[entity]) is not dict:
            raise RequestInvalid(f"`{entity}` must be an object")
    claims: Claims = {}
    return EvaluateMany(tuple([_item(item, body, claims) for item in items]), semantic, explain)


def _item(item: Any, defaults: dict[str, Any], claims: Claims) -> Any:
    """One member of a batch; what is wrong with it is its own affair (§7.2.1)."""
    if type(item) is not dict:
        return Unanswerable("an evaluation must be an object")
    try:
        return asked(item, defaults, claims)
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


ROUTES = {
    "/access/v1/evaluation": Route(read_evaluation, (Evaluate,), "May this subject do this?"),
    "/access/v1/evaluations": Route(read_evaluations, (Evaluate, EvaluateMany), "Many questions in one request"),
}


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
        return {"decision": False, "context": {"error": {"status": 400, "message": answer.why}}}
    if answer.explanation is None:
        return {"decision": answer.allowed}
    return {"decision": answer.allowed, "context": context_of(answer.explanation)}


class DecisionRoutes:
    """The ASGI callable: answers its routes itself and hands everything else on."""

    def __init__(self, gate: Gate, rest: Callable[[Scope, Receive, Send], Any]) -> None:
        self._gate = gate
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = ROUTES.get(scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self._rest(scope, receive, send)
            return
        headers = dict(scope["headers"])
        try:
            if scope["method"] != "POST" or headers.get(b"content-type") != b"application/json":
                _check_request(scope, headers)
            if len(headers.get(b"content-length", b"")) > 4:
                check_length(headers[b"content-length"])
            message = await receive()
            data = message.get("body", b"")
            if message.get("more_body") or not data or len(data) > MAX_BYTES:
                data = await whole_body(message, receive, headers)
            operation = route.read(data)
            result = await self._gate.perform(LOCAL, operation)
            body, revision = answer_body(result), result.revision.encode()
            answer = scope.get("remit.answer")
            if answer is not None and answer(scope, _top(body, revision, headers), body):
                return
            messages = answer_of(200, body, headers, (b"remit-revision", revision))
        except Exception as error:
            refusal = refusal_of(error)
            told = error_body(refusal.status, str(refusal))
            messages = answer_of(refusal.status, told, headers, *refusal.headers)
        for message in messages:
            await send(message)


def _top(body: bytes, revision: bytes, headers: dict[bytes, bytes]) -> bytes:
    """The first line and the headers of a 200, for a server that takes a whole answer at once."""
    top = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\nremit-revision: %s\r\n"
    if b"x-request-id" in headers:
        return top % (len(body), revision) + b"x-request-id: %s\r\n" % headers[b"x-request-id"]
    return top % (len(body), revision)


def _check_request(scope: Scope, headers: dict[bytes, bytes]) -> None:
    """Refuse what is no JSON POST (§10.1)."""
    if scope["method"] != "POST":
        raise Refusal(405, "this endpoint takes POST", (b"allow", b"POST"))
    if not _is_json(headers.get(b"content-type", b"")):
        raise Refusal(400, "the content type must be `application/json`, in UTF-8")


def _is_json(content_type: bytes) -> bool:
    """Is this `application/json` in some other spelling? Its parameters mean nothing, but for another charset."""
    media_type, *parameters = [part.strip(b" \t") for part in content_type.lower().split(b";")]
    charsets = [part.partition(b"=")[2].strip(b'"') for part in parameters if part.startswith(b"charset=")]
    return media_type == b"application/json" and all(charset in (b"utf-8", b"utf8") for charset in charsets)
