"""What goes out beside an application's answers, and when reading goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sized
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

Headers = list[tuple[bytes, bytes]]

_latest: tuple[object, bytes] = (None, b"")


def lines_of(headers: Headers) -> bytes:
    """The server's own headers (the date) as bytes with the blank line; the list is another one every second."""
    global _latest
    if _latest[0] is not headers:
        _latest = (headers, b"".join(b"%s: %s\r\n" % header for header in headers) + b"\r\n")
    return _latest[1]


class Flow(FlowControl):
    """Flow control that reads on only once no request waits: what came in one read is all that can wait."""

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """Read on, if no request waits."""
        if self.read_paused and not self._waiting:
            super().resume_reading()


def last_answer(status: int, message: str, asked: Headers, own: Headers) -> bytes:
    """An error, with the id that the request's headers `asked` with and the server's `own` headers; the last answer."""
    body = b'{"code":%d,"message":"%s"}' % (status, message.encode())
    lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
    lines += [b"content-type: application/json", b"content-length: %d" % len(body), b"connection: close"]
    lines += [b"x-request-id: " + value for name, value in asked if name == b"x-request-id"][-1:]
    return b"\r\n".join([*lines, lines_of(own) + body])


def leave(cycle: RequestResponseCycle) -> None:
    """Tell an application that nobody waits for its answer: nothing that it sends goes out."""
    cycle.disconnected = True
    cycle.message_event.set()


async def send_unbidden(cycle: RequestResponseCycle, send: Callable[[Any], Awaitable[None]], message: Any) -> None:
    """Send, and close behind an answer that goes out before the body was asked for: nobody knows if one follows."""
    if cycle.waiting_for_100_continue:
        cycle.keep_alive = False
    await send(message)
