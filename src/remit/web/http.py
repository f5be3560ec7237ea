"""What the raw routes need of HTTP: a bounded body in, a small answer out, and the request's id on every answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from remit.errors import CouldNotDecide, NotAllowed, RequestInvalid
from remit.web.strict import MAX_BYTES

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

READ_SECONDS = 5.0
"""How long a body may take to arrive."""

FAULT = "remit could not answer; the fault is in its log"
"""What a caller is told of a fault that nobody foresaw."""

log = logging.getLogger("remit.web")

_JSON = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")


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
        case NotAllowed():
            return Refusal(403, str(error))
        case CouldNotDecide():
            return Refusal(503, str(error))
        case _:
            log.error("a request failed", exc_info=error)
            return Refusal(500, FAULT)


class Bodies:
    """Reads request bodies: bounded in size, and in the time they may take.

    One timer ends all reads that are late, since a timer each costs more than a read.
    """

    def __init__(self, seconds: float = READ_SECONDS) -> None:
        self._ticks = 4
        self._tick_seconds = seconds / self._ticks
        self._tick = 0
        self._reading: dict[asyncio.Task[Any], int] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._sweeping = False

    async def read(self, receive: Receive, headers: dict[bytes, bytes]) -> bytes:
        """The body of a request. Raises Refusal 413 past the limit (before reading, where its length is announced),
        408 if it does not arrive in time, and 400 if it never will."""
        announced = headers.get(b"content-length", b"")
        if len(announced) > 4 and announced.isdigit() and int(announced[:9]) > MAX_BYTES:
            raise _too_large()
        task = asyncio.current_task()
        assert task is not None
        self._reading[task] = self._tick
        if not self._sweeping:
            self._sweep()
        try:
            message = await receive()
            body: bytes = message.get("body", b"")
            if message.get("more_body") or not body:
                body = await _whole(message, receive, headers)
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise Refusal(408, "the body did not arrive in time", _CLOSE) from None
        finally:
            del self._reading[task]
            self._late.discard(task)
        if len(body) > MAX_BYTES:
            raise _too_large()
        return body

    def _sweep(self) -> None:
        """Cancel the reads that began too many ticks ago; come again while there are any."""
        self._tick += 1
        for task, began in self._reading.items():
            if self._tick - began > self._ticks and task not in self._late:
                self._late.add(task)
                task.cancel()
        self._sweeping = bool(self._reading)
        if self._sweeping:
            asyncio.get_running_loop().call_later(self._tick_seconds, self._sweep)


async def _whole(message: Message, receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    """All parts of a body that did not come in one, as far as the limit."""
    parts = [message.get("body", b"")]
    size = len(parts[0])
    while message.get("more_body") and size <= MAX_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "the body ended early", _CLOSE)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if not size and b"upgrade" in headers:
        raise Refusal(400, "the server reads no body of a request to upgrade; send plain HTTP/1.1", _CLOSE)
    return b"".join(parts)


def answer_start(status: int, body: bytes, asked: dict[bytes, bytes], *headers: Header) -> Message:
    """The head of a JSON answer, with the id that the request's headers `asked` with (AuthZEN §10.1.3)."""
    head = [_JSON, (b"content-length", b"%d" % len(body)), *headers]
    if b"x-request-id" in asked:
        head.append((b"x-request-id", asked[b"x-request-id"]))
    return {"type": "http.response.start", "status": status, "headers": head}


def error_body(status: int, message: str) -> bytes:
    """The body of every error: the status and one sentence."""
    return msgspec.json.encode({"code": status, "message": message})


def _too_large() -> Refusal:
    return Refusal(413, f"the body is larger than {MAX_BYTES:,} bytes", _CLOSE)
