"""How the head of a request is read: bounded, and refused where two servers could read it in two ways."""

from __future__ import annotations

from functools import partial
from typing import NoReturn

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from remit.serving.writing import send_unbidden

MAX_HEAD = 65_536
"""Bytes that a request's head may take: its target and its headers. Chunk extensions and trailers may take as many."""

MAX_HEADERS = 128
"""Headers that a request may have."""

MAX_WAITING = 1_000
"""Requests that may wait on one connection until those before them are answered."""

LARGE = "the head of the request is too large"
_FRAMING = frozenset((b"host", b"expect", b"transfer-encoding"))


class _Refused(Exception):
    """Stops the parser within a request; what is wrong with it stands in the protocol's `fault`."""


class HeadProtocol(HttpToolsProtocol):
    """HTTP/1.1 with strict heads. What is wrong with a head stops the parser, and stands in `fault`."""

    fault: tuple[int, str] | None = None
    in_head = True  # until a head is whole

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.in_head, self._hosts, self._room = True, 0, MAX_HEAD

    def on_url(self, url: bytes) -> None:
        """Some of the request's target."""
        self.url += url
        self._room -= len(url)
        if self._room < 0:
            self._refuse(431, LARGE)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, without the white space behind it. A trailer means nothing (RFC 9110 §6.5.1)."""
        if not self.in_head:
            return
        self._room -= len(name) + len(value)
        if self._room < 0 or len(self.headers) >= MAX_HEADERS:
            self._refuse(431, LARGE)
        name = name.lower()
        value = value.rstrip(b" \t")
        self.headers.append((name, value))
        if name in _FRAMING:
            self._frame(name, value.lower())

    def _frame(self, name: bytes, value: bytes) -> None:
        """A header that says how the request is to be read."""
        if name == b"host":
            self._hosts += 1
        elif name == b"expect":
            self.expect_100_continue = value == b"100-continue"
        elif value != b"chunked":
            self._refuse(501, "the only transfer encoding is `chunked`")

    def on_headers_complete(self) -> None:
        """The head is whole. The parser takes a request to upgrade, or CONNECT, to have no body, whatever it says of
        its length; what follows would be read as requests that nobody sent, so nothing that follows may be read."""
        if self.parser.should_upgrade():
            self._refuse(400, "the server upgrades to nothing and is no proxy; send plain HTTP/1.1")
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            self._refuse(505, "the server speaks HTTP/1.1")
        if self._hosts != 1 and (self._hosts or version == "1.1"):
            self._refuse(400, "the request needs exactly one Host header")
        if len(self.pipeline) >= MAX_WAITING:
            self._refuse(503, "too many requests wait on this connection")
        self.expect_100_continue = self.expect_100_continue and version == "1.1"
        super().on_headers_complete()
        self.in_head = False
        if self.expect_100_continue:
            del self.scope["remit.answer"]  # type: ignore[typeddict-item]
            self.cycle.send = partial(send_unbidden, self.cycle, self.cycle.send)  # type: ignore[method-assign]

    def _refuse(self, status: int, message: str) -> NoReturn:
        """Stop the parser."""
        self.fault = (status, message)
        raise _Refused
