"""What the raw routes need of HTTP: a bounded body in, a small answer out, and the request's id on every answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from remit.errors import (
    Blocked,
    CasesFailed,
    Conflict,
    CouldNotDecide,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    Outdated,
    PolicyInvalid,
    RequestInvalid,
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]
Took = Callable[[str, int, float], None]
"""Is told how a route answered: its path, the status, and how many seconds it took."""
AsgiApp = Callable[[Scope, Receive, Send], Any]


def untimed(*_: object) -> None:
    """Nobody wants to know."""


FAULT = "remit could not answer; the fault is in its log"
"""What a caller is told of a fault that nobody foresaw."""

log = logging.getLogger("remit.web")

JSON_TYPE = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")
_CHALLENGE = b'Bearer realm="remit"'
_INVALID = _CHALLENGE + b', error="invalid_token"'


class Refusal(Exception):
    """An HTTP answer other than 200: its status, one sentence, and headers it needs."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


def refusal_of(error: Exception) -> Refusal:
    """The answer to what went wrong; what nobody foresaw is logged with its trace and told in one sentence."""
    match error:
        case Refusal():
            return error
        case RequestInvalid():
            return Refusal(400, str(error))
        case NotAuthenticated():
            return Refusal(401, str(error), (b"www-authenticate", _INVALID if error.given else _CHALLENGE))
        case NotAllowed():
            return Refusal(403, str(error))
        case NotFound():
            return Refusal(404, str(error))
        case Conflict():
            return Refusal(409, str(error))
        case Outdated():
            return Refusal(412, str(error))
        case PolicyInvalid() | CasesFailed() | Blocked():
            return Refusal(422, str(error))
        case CouldNotDecide():
            return Refusal(503, str(error))
        case _:
            log.error("a request failed", exc_info=error)
            return Refusal(500, FAULT)


def check_length(announced: bytes, most: int) -> None:
    """Raises Refusal 413 if a body is announced that is too large: then none of it is read."""
    if announced.isdigit() and int(announced[:18]) > most:
        raise _too_large(most)


async def whole_body(message: Message, receive: Receive, most: int) -> bytes:
    """All of a body whose first part is `message`. Raises Refusal 413 past the limit, and 400 if it never comes.
    How long it may take is the server's business (`remit.serving`)."""
    parts = [message.get("body", b"")]
    size = len(parts[0])
    while message.get("more_body") and size <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "the body ended early", _CLOSE)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if size > most:
        raise _too_large(most)
    return b"".join(parts)


def answer_of(status: int, body: bytes, asked: dict[bytes, bytes], *headers: Header) -> tuple[Message, Message]:
    """A JSON answer as its two messages, with the id that the request's headers `asked` with (AuthZEN §10.1.3)."""
    head = [JSON_TYPE, (b"content-length", b"%d" % len(body)), *headers]
    if b"x-request-id" in asked:
        head.append((b"x-request-id", asked[b"x-request-id"]))
    start = {"type": "http.response.start", "status": status, "headers": head}
    return start, {"type": "http.response.body", "body": body}


def error_body(status: int, message: str) -> bytes:
    """The body of every error: the status and one sentence."""
    return msgspec.json.encode({"code": status, "message": message})


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"the body is larger than {most:,} bytes", _CLOSE)
