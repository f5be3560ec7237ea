"""`GET /forward-auth` for nginx `auth_request`: may the bearer of this request do what it asks an application to do?

nginx hands on the end user's own `Authorization`, and the method and the target of the original request. Nothing else
that a request says of itself or of its sender is read (threats.md, row 27). Only 204 lets a request through; every
answer but 401 and 403 is one that nginx takes for a fault, so it stays closed.
"""

from __future__ import annotations

from time import perf_counter
from urllib.parse import quote

from remit.core.model import Actor
from remit.errors import RequestInvalid
from remit.service.gate import Gate
from remit.service.operations import Answer, Asked, Evaluate
from remit.web.forward_table import ForwardTable, Meant
from remit.web.http import (
    AsgiApp,
    Message,
    Receive,
    Refusal,
    Scope,
    Send,
    Took,
    answer_of,
    error_body,
    refusal_of,
    untimed,
)
from remit.web.identity import Callers, request_of

PATH = "/forward-auth"
OPERATIONS = (Evaluate,)
"""What a request to this path can become."""


class ForwardAuth:
    """The ASGI callable: answers its one path itself and hands everything else on."""

    def __init__(self, gate: Gate, callers: Callers, table: ForwardTable, rest: AsgiApp, took: Took = untimed) -> None:
        self._gate = gate
        self._callers = callers
        self._table = table
        self._rest = rest
        self._took = took

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._rest(scope, receive, send)
            return
        began = perf_counter()
        headers = dict(scope["headers"])
        try:
            messages = _let_through(*await self._decided(scope, headers), headers)
        except Exception as error:
            refusal = refusal_of(error)
            told = error_body(refusal.status, str(refusal))
            messages = answer_of(refusal.status, told, headers, *refusal.headers)
        self._took(PATH, messages[0]["status"], perf_counter() - began)
        for message in messages:
            await send(message)

    async def _decided(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[Actor, str]:
        """Who may do what the original request does, and the revision that says so. Raises Refusal, or whatever
        `refusal_of` makes one of, if not."""
        if scope["method"] != "GET":
            raise Refusal(405, "this endpoint takes GET", (b"allow", b"GET"))
        method, uri = _only(scope, "X-Original-Method"), _only(scope, "X-Original-URI")
        actor = await self._callers.caller(scope, headers)
        meant = self._meant(method.decode("latin-1"), uri.decode("latin-1"))
        answer: Answer = await self._gate.perform(
            actor, Evaluate(Asked(actor.subject, *meant)), None, request_of(headers)
        )
        if not answer.allowed:
            raise Refusal(403, "the policy does not allow this", (b"remit-revision", answer.revision.encode()))
        return actor, answer.revision

    def _meant(self, method: str, uri: str) -> Meant:
        """What the original request means. Raises Refusal 403 if the table does not say."""
        try:
            meant = self._table.match(method, uri)
        except RequestInvalid as error:
            # nginx takes 400 for a fault of its own; here it is the end user's request that is refused
            raise Refusal(403, str(error)) from None
        if meant is None:
            raise Refusal(403, "no line of the forward-auth table matches this method and path")
        return meant


def _let_through(actor: Actor, revision: str, asked: dict[bytes, bytes]) -> tuple[Message, Message]:
    """The answer that lets a request through, with what nginx may tell the application: who asks, by which policy."""
    # percent-encoded, so that a name is a plain header value whatever it holds
    subject = quote(actor.subject, safe="@:/._-+")
    head = [(b"remit-revision", revision.encode()), (b"remit-subject", subject.encode())]
    if b"x-request-id" in asked:
        head.append((b"x-request-id", asked[b"x-request-id"]))
    return {"type": "http.response.start", "status": 204, "headers": head}, {"type": "http.response.body", "body": b""}


def _only(scope: Scope, name: str) -> bytes:
    """The one value of a header. Raises Refusal 400 if it is missing, or there twice: then nginx is not set up."""
    values: list[bytes] = [value for each, value in scope["headers"] if each == name.lower().encode()]
    if len(values) != 1:
        raise Refusal(400, f"`{name}` must be there exactly once; nginx sets it")
    return values[0]
