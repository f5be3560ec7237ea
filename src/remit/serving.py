"""The HTTP server under the faces: uvicorn, with what it leaves open closed, and with a short way out.

uvicorn bounds neither the size of a request's head nor the time that a request may take to arrive. And it sends
the head and the body of an answer as two writes, and a write is the dearest thing in a small answer; so a scope
also carries `remit.answer`, by which an application may hand over a whole answer at once.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 65_536
"""Bytes that a request's head, its first line and its headers, may take to come in."""

REQUEST_SECONDS = 5.0
"""How long a request may take to arrive, from the connection or from its first byte on."""


_latest: tuple[object, bytes] = (None, b"")


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The server's own headers (the date) as bytes with the blank line; the list is another one every second."""
    global _latest
    if _latest[0] is not headers:
        _latest = (headers, b"".join(b"%s: %s\r\n" % header for header in headers) + b"\r\n")
    return _latest[1]


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with bounds: on the size of a request's head, and on the time until a request is whole."""

    seconds = REQUEST_SECONDS
    _head_size = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A caller connects: a request is due."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.seconds, self._late)

    def on_message_begin(self) -> None:
        """A request begins: its scope offers the short way out."""
        super().on_message_begin()
        self.scope["remit.answer"] = self.answer  # type: ignore[typeddict-unknown-key]

    def answer(self, scope: Any, top: bytes, body: bytes) -> bool:
        """Send a whole answer in one write: `top` is its first line and headers, `body` what follows the blank line.

        False, and nothing sent, where the long way is due: another request is before it, its connection closes.
        """
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected or not cycle.keep_alive:
            return False
        cycle.response_started = cycle.response_complete = True
        self.transport.write(top + _lines(cycle.default_headers) + body)
        cycle.message_event.set()
        cycle.on_response()
        return True

    def data_received(self, data: bytes) -> None:
        """Some bytes. Only where they leave a request unfinished need its bounds be watched."""
        super().data_received(data)
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope and not cycle.more_body:
            self._head_size = 0
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            return
        if self._timer is None:
            self._timer = self.loop.call_later(self.seconds, self._late)
        if self._in_head():
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._end(431, "the head of the request is too large")

    def _in_head(self) -> bool:
        """True while a request has been begun whose head is not whole."""
        return self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _late(self) -> None:
        """The time for a request is over; a connection on which none was begun is closed without a word."""
        if self.scope is None:
            self.transport.close()
        else:
            self._end(408, "the request did not arrive in time")

    def _end(self, status: int, message: str) -> None:
        """Say what is wrong, with the request's id if it came, unless an answer is under way; and close."""
        if not self.transport.is_closing() and (self._in_head() or not self.cycle.response_started):
            body = b'{"code":%d,"message":"%s"}' % (status, message.encode())
            lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
            lines += [b"content-type: application/json", b"content-length: %d" % len(body), b"connection: close"]
            lines += [b"x-request-id: " + value for name, value in self.headers or () if name == b"x-request-id"][-1:]
            self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()


Tls = tuple[Path, Path]
"""The files of a certificate and of its private key, both PEM."""


def server_config(app: Callable[..., Any], seconds: float = REQUEST_SECONDS, tls: Tls | None = None) -> uvicorn.Config:
    """How remit is served; `seconds` bound the time until a request is whole."""
    cert, key = tls or (None, None)
    return uvicorn.Config(
        app,
        ssl_certfile=cert,
        ssl_keyfile=key,
        http=type("Bounded", (BoundedProtocol,), {"seconds": seconds}),
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # nothing a caller sends may change who or where it is
        server_header=False,
    )


def serve(app: Callable[..., Any], listener: socket.socket, tls: Tls | None = None) -> None:
    """Answer on this socket until told to stop."""
    uvicorn.Server(server_config(app, tls=tls)).run(sockets=[listener])
