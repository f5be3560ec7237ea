"""What the raw routes need of HTTP: a bounded body in, a small answer out, and the request's id on every answer."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from remit.errors import CouldNotDecide, NotAllowed, RequestInvalid
from remit.web.strict import MAX_BYTES

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

READ_SECONDS = 5.0
"""How long a body may take to arrive."""

FAULT = "remit could not answer; the fault is in its log"
"""What a caller is told of a fault that nobody foresaw."""

log = logging.getLogger("remit.web")

_JSON = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")
_ids = itertools.count(1)
_boot = os.urandom(6).hex().encode()


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


def request_id(headers: dict[bytes, bytes]) -> bytes:
    """The id the caller sent (AuthZEN §10.1.3), or a new one."""
    return headers.get(b"x-request-id") or b"%s-%x" % (_boot, next(_ids))


class Deadlines:
    """Ends the reading of bodies that take too long. One timer for all, since a timer each costs more than a read."""

    def __init__(self, seconds: float = READ_SECONDS) -> None:
        self._seconds = seconds
        self._reading: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._sweeping = False

    def begin(self) -> asyncio.Task[Any]:
        """The running task reads from now on."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self._reading[task] = loop.time() + self._seconds
        if not self._sweeping:
            self._sweeping = True
            loop.call_later(self._seconds / 4, self._sweep, loop)
        return task

    def end(self, task: asyncio.Task[Any]) -> bool:
        """The task reads no more. True if it was ended because it was late."""
        self._reading.pop(task, None)
        late = task in self._late
        self._late.discard(task)
        return late

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel the reads that are late; come again while there are any."""
        now = loop.time()
        for task in [task for task, due in self._reading.items() if due < now and task not in self._late]:
            self._late.add(task)
            task.cancel()
        self._sweeping = bool(self._reading)
        if self._sweeping:
            loop.call_later(self._seconds / 4, self._sweep, loop)


async def read_body(receive: Receive, headers: dict[bytes, bytes], deadlines: Deadlines) -> bytes:
    """The request's body. Raises Refusal 413 past the limit (before reading, where its length is announced),
    408 if it does not arrive in time, and 400 if it never will."""
    announced = headers.get(b"content-length", b"")
    if len(announced) > 4 and announced.isdigit() and int(announced[:9]) > MAX_BYTES:
        raise _too_large()
    task = deadlines.begin()
    try:
        body = await _read(receive)
    except asyncio.CancelledError:
        if not deadlines.end(task):
            raise
        task.uncancel()
        raise Refusal(408, "the body did not arrive in time", _CLOSE) from None
    finally:
        deadlines.end(task)
    if not body and b"upgrade" in headers:
        raise Refusal(400, "the server reads no body of a request to upgrade; send plain HTTP/1.1", _CLOSE)
    return body


async def _read(receive: Receive) -> bytes:
    """All parts of the body, as far as the limit."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body") and size <= MAX_BYTES:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400, "the body ended early", _CLOSE)
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        body = b"".join(parts)
    if len(body) > MAX_BYTES:
        raise _too_large()
    return body


async def respond(send: Send, status: int, body: bytes, headers: Headers) -> None:
    """Send one JSON answer."""
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [_JSON, (b"content-length", b"%d" % len(body)), *headers],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})


def error_body(status: int, message: str) -> bytes:
    """The body of every error: the status and one sentence."""
    return msgspec.json.encode({"code": status, "message": message})


def _too_large() -> Refusal:
    return Refusal(413, f"the body is larger than {MAX_BYTES:,} bytes", _CLOSE)
