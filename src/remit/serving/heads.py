"""How the head of a request is read: bounded, and refused where two servers could read it in two ways."""

from __future__ import annotations

from functools import partial
from typing import Any, NoReturn

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from remit.serving.writing import send_unbidden

MAX_HEAD = 65_536
"""Bytes that a request's head may take: its target and its headers. Chunk extensions and trailers may take as many."""

MAX_HEADERS = 128
"""Headers that a request may have."""

MAX_WAITING = 1_000
"""Requests that may wait on one connection until those before them are answered."""

LARGE = "the head of the request is too large"


class _Refused(Exception):
    """Stops the parser within a request; what is wrong with it stands in the protocol's `fault`."""


class HeadProtocol(HttpToolsProtocol):
    """HTTP/1.1 with strict heads. What is wrong with a head stops the parser, and stands in `fault`."""

    # slots, here and in `BoundedProtocol`: with more than 30 attributes in its dictionary, every access becomes dearer
    __slots__ = ("active", "fault", "in_head", "may_be_large")

    def connection_made(self, transport: Any) -> None:
        """A caller connects."""
        super().connection_made(transport)
        self.active: RequestResponseCycle | None = None  # where others wait: the request that is being answered
        self.fault: tuple[int, str] | None = None
        self.in_head = True  # until a head is whole
        self.may_be_large = False  # is the size of the head to be counted? Few come in several reads, or in a large one

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, without the white space behind it. A trailer means nothing (RFC 9110 §6.5.1)."""
        if self.in_head:
            self.headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is whole. The parser takes a request to upgrade, or CONNECT, to have no body, whatever it says of
        its length; what follows would be read as requests that nobody sent, so nothing that follows may be read."""
        if self.parser.should_upgrade():
            self._refuse(400, "the server upgrades to nothing and is no proxy; send plain HTTP/1.1")
        version, headers = self.parser.get_http_version(), dict(self.headers)
        plain = version == "1.1" and b"host" in headers and len(headers) == len(self.headers) <= MAX_HEADERS
        if not plain or self.may_be_large or self.pipeline:
            self._check(version)
        if b"transfer-encoding" in headers and headers[b"transfer-encoding"].lower() != b"chunked":
            self._refuse(501, "the only transfer encoding is `chunked`")
        if b"expect" in headers:  # which means nothing in HTTP/1.0 (RFC 9110 §10.1.1)
            self.expect_100_continue = version == "1.1" and headers[b"expect"].lower() == b"100-continue"
        before = self.cycle
        super().on_headers_complete()
        self.in_head = False
        if len(self.pipeline) == 1:
            self.active = before
        if self.expect_100_continue:
            del self.scope["remit.answer"]  # type: ignore[typeddict-item]
            self.cycle.send = partial(send_unbidden, self.cycle, self.cycle.send)  # type: ignore[method-assign]

    def _check(self, version: str) -> None:
        """Refuse what two servers could read in two ways, and what is too much (RFC 9112 §3.2)."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        if self.too_large():
            self._refuse(431, LARGE)
        if len(self.pipeline) >= MAX_WAITING:
            self._refuse(503, "too many requests wait on this connection")
        if version not in ("1.0", "1.1"):
            self._refuse(505, "the server speaks HTTP/1.1")
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            self._refuse(400, "the request needs exactly one Host header")

    def too_large(self) -> bool:
        """Is what has come of the head more than it may be?"""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        return size > MAX_HEAD or len(self.headers) > MAX_HEADERS

    def _refuse(self, status: int, message: str) -> NoReturn:
        """Stop the parser."""
        self.fault = (status, message)
        raise _Refused
