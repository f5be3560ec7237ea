"""The decision routes as one raw ASGI callable in front of everything else (AuthZEN §10).

Every microsecond of every user goes through here, so there is no framework between the server and the gate.
What is here stands in `ROUTES`, which the roll-call test and the OpenAPI document read too.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

from remit.service.gate import Gate
from remit.service.operations import Evaluate, EvaluateMany, Operation, PermittedScopes, Search
from remit.web.authzen import answer_body, read_evaluation, read_evaluations
from remit.web.http import (
    AsgiApp,
    Receive,
    Refusal,
    Scope,
    Send,
    Took,
    answer_of,
    check_length,
    error_body,
    refusal_of,
    untimed,
    whole_body,
)
from remit.web.identity import Callers, request_of
from remit.web.limits import Limits
from remit.web.searching import (
    read_action_search,
    read_permitted_scopes,
    read_resource_search,
    read_subject_search,
    results_body,
    scopes_body,
)


class Route(NamedTuple):
    """One raw route: how a body becomes an operation, what that can be, and how its result is written."""

    read: Callable[[bytes, Limits], Operation]
    operations: tuple[type[Operation], ...]
    write: Callable[[Any], bytes]
    summary: str


ROUTES = {
    "/access/v1/evaluation": Route(read_evaluation, (Evaluate,), answer_body, "May this subject do this?"),
    "/access/v1/evaluations": Route(
        read_evaluations, (Evaluate, EvaluateMany), answer_body, "Many questions in one request"
    ),
    "/access/v1/search/subject": Route(read_subject_search, (Search,), results_body, "Who may do this?"),
    "/access/v1/search/resource": Route(
        read_resource_search, (Search,), results_body, "What may this subject do this to?"
    ),
    "/access/v1/search/action": Route(
        read_action_search, (Search,), results_body, "What may this subject do to this resource?"
    ),
    "/v1/permitted-scopes": Route(
        read_permitted_scopes, (PermittedScopes,), scopes_body, "Where may this subject do this to this kind?"
    ),
}


class DecisionRoutes:
    """The ASGI callable: answers its routes itself, below `base` too, and hands everything else on."""

    def __init__(
        self, gate: Gate, callers: Callers, limits: Limits, rest: AsgiApp, base: str = "", took: Took = untimed
    ) -> None:
        self._gate = gate
        self._callers = callers
        self._limits = limits
        self._routes = {above + path: (path, route) for above in ("", base) for path, route in ROUTES.items()}
        self._rest = rest
        self._took = took

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = self._routes.get(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self._rest(scope, receive, send)
            return
        began = perf_counter()
        path, route = found
        headers = dict(scope["headers"])
        try:
            if scope["method"] != "POST":
                raise Refusal(405, "this endpoint takes POST", (b"allow", b"POST"))
            caller = await self._callers.caller(scope, headers)
            data = await self._body(scope, receive, headers)
            result = await self._gate.perform(caller, route.read(data, self._limits), None, request_of(headers))
            body, revision = route.write(result), result.revision.encode()
            answer = scope.get("remit.answer")
            if answer is not None and answer(scope, _top(body, revision, headers), body):
                self._took(path, 200, perf_counter() - began)
                return
            messages = answer_of(200, body, headers, (b"remit-revision", revision))
        except Exception as error:
            refusal = refusal_of(error)
            told = error_body(refusal.status, str(refusal))
            messages = answer_of(refusal.status, told, headers, *refusal.headers)
        self._took(path, messages[0]["status"], perf_counter() - began)
        for message in messages:
            await send(message)

    async def _body(self, scope: Scope, receive: Receive, headers: dict[bytes, bytes]) -> bytes:
        """The body of a JSON request, bounded. Raises Refusal if it is no such request."""
        if headers.get(b"content-type") != b"application/json" and not _is_json(headers.get(b"content-type", b"")):
            raise Refusal(400, "the content type must be `application/json`, in UTF-8")
        if scope["query_string"]:
            raise Refusal(400, "this endpoint takes no query; what is asked stands in the body alone")
        most = self._limits.body
        if len(headers.get(b"content-length", b"")) > 3:
            check_length(headers[b"content-length"], most)
        message = await receive()
        data: bytes = message.get("body", b"")
        if message.get("more_body") or not data or len(data) > most:
            return await whole_body(message, receive, most)
        return data


def _top(body: bytes, revision: bytes, headers: dict[bytes, bytes]) -> bytes:
    """The first line and the headers of a 200, for a server that takes a whole answer at once."""
    top = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\nremit-revision: %s\r\n"
    if b"x-request-id" in headers:
        return top % (len(body), revision) + b"x-request-id: %s\r\n" % headers[b"x-request-id"]
    return top % (len(body), revision)


def _is_json(content_type: bytes) -> bool:
    """Is this `application/json` in some other spelling? Its parameters mean nothing, but for another charset."""
    media_type, *parameters = [part.strip(b" \t") for part in content_type.lower().split(b";")]
    named = [part.partition(b"=") for part in parameters]
    charsets = [value.strip(b' \t"') for name, _, value in named if name.strip(b" \t") == b"charset"]
    return media_type == b"application/json" and all(charset in (b"utf-8", b"utf8") for charset in charsets)
