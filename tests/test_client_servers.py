"""What the tests of the client share: both its faces, and a server on the loopback that answers in any way at all.

Everything here is proved on an answer that is good, so that the tests of bad ones can fail.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NamedTuple

import pytest

from remit.client import AsyncRemitClient, RemitClient
from server import Running, bearer

FACES = ("sync", "async")
TOKEN = "a-token"
PATIENCE = 10.0
"""Seconds that a call has where no test waits for them to pass."""

YES = b'{"decision":true}'
QUESTION = ("user:ada", "use", "environment:seen")


def door(running: Running) -> dict[str, Any]:
    """Where a real server is and what it takes for a token: the one place that knows."""
    return {"url": running.url, "token": bearer().removeprefix("Bearer ")}


class Ask(NamedTuple):
    """One call of a method of either client."""

    method: str
    args: tuple[Any, ...]
    options: dict[str, Any]


def ask(method: str, *args: Any, **options: Any) -> Ask:
    """A call to be made."""
    return Ask(method, args, options)


EVALUATE = ask("evaluate", *QUESTION)


def answers(face: str, url: str, *asks: Ask, **settings: Any) -> list[Any]:
    """What one client of this face answers to these calls, one after the other; a search as the list it gives."""
    settings = {"token": TOKEN, "timeout": PATIENCE, **settings}
    if face == "async":
        return asyncio.run(_answers(url, asks, settings))
    with RemitClient(url, **settings) as client:
        found = [getattr(client, each.method)(*each.args, **each.options) for each in asks]
        return [list(one) if each.method.startswith("search") else one for each, one in zip(asks, found, strict=True)]


async def _answers(url: str, asks: tuple[Ask, ...], settings: dict[str, Any]) -> list[Any]:
    found = []
    async with AsyncRemitClient(url, **settings) as client:
        for each in asks:
            one = getattr(client, each.method)(*each.args, **each.options)
            found.append([name async for name in one] if each.method.startswith("search") else await one)
    return found


def answer(face: str, url: str, asked: Ask = EVALUATE, **settings: Any) -> Any:
    """What a client of this face answers to one call."""
    return answers(face, url, asked, **settings)[0]


def http(body: bytes = YES, status: bytes = b"200 OK", *headers: bytes, length: int | None = None) -> bytes:
    """An HTTP answer as bytes; JSON with its own length unless told otherwise."""
    if not any(header.lower().startswith(b"content-type:") for header in headers):
        headers = (b"content-type: application/json", *headers)
    size = len(body) if length is None else length
    return b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"content-length: %d" % size, b"", body])


def http_json(content: object, *headers: bytes) -> bytes:
    """A good answer with this content."""
    return http(json.dumps(content).encode(), b"200 OK", *headers)


class Asked(NamedTuple):
    """One request as a raw server got it: on which connection, and which of all."""

    connection: int
    number: int
    head: bytes
    body: bytes

    def content(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The value of a header."""
        found = re.search(rb"\r\n%s: ([^\r]*)" % name.encode(), self.head, re.IGNORECASE)
        return found[1].decode() if found else None


Behaviour = Callable[[socket.socket, Asked], None]
"""What to do with a request. The connection stays open for the next one unless it is closed or this raises."""


class RawServer:
    """A server that counts connections (from 1) and requests, and leaves the answer to its behaviour."""

    def __init__(self, behave: Behaviour, listener: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.asked: list[Asked] = []
        self.connections = 0
        self.over = threading.Event()
        self._behave = behave
        self._listener = listener
        self._links: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._links.append(link)
            self._threads.append(threading.Thread(target=self._serve, args=(link, self.connections), daemon=True))
            self._threads[-1].start()

    def _serve(self, link: socket.socket, connection: int) -> None:
        with link:
            try:
                while (request := self._read(link)) is not None:
                    self.asked.append(Asked(connection, len(self.asked) + 1, *request))
                    self._behave(link, self.asked[-1])
            except OSError:
                return

    def _read(self, link: socket.socket) -> tuple[bytes, bytes] | None:
        """The head and the body of the next request."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := link.recv(65_536)):
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        while len(body) < (int(length[1]) if length else 0):
            body += link.recv(65_536)
        return head, body

    def stop(self) -> None:
        """Close everything; behaviours that wait for `over` end."""
        self.over.set()
        for each in (self._listener, *self._links):
            with ExitStack() as stack:
                stack.callback(each.close)
                if each.fileno() >= 0:
                    with suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


@contextmanager
def behaving(behave: Behaviour) -> Iterator[RawServer]:
    """A raw server with this behaviour."""
    server = RawServer(behave, socket.create_server(("127.0.0.1", 0)))
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def saying(*replies: bytes) -> Iterator[RawServer]:
    """A raw server that sends these answers in turn, and the last one from then on."""
    with behaving(lambda link, asked: link.sendall(replies[min(asked.number, len(replies)) - 1])) as server:
        yield server


@contextmanager
def took(most: float) -> Iterator[None]:
    """The test fails if this takes longer; the clock of a busy machine is given two seconds more."""
    begin = time.monotonic()
    yield
    passed = time.monotonic() - begin
    assert passed < most + 2, f"it took {passed:.2f} s, and {most} s were there"


@pytest.mark.parametrize("face", FACES)
def test_a_good_answer_is_an_allow(face: str) -> None:
    with saying(http()) as server:
        verdict = answer(face, server.url)
    assert (verdict.allowed, verdict.decided, verdict.why) == (True, True, "allowed")


@pytest.mark.parametrize("face", FACES)
def test_a_good_no_is_a_deny_and_decided(face: str) -> None:
    with saying(http(b'{"decision":false}')) as server:
        verdict = answer(face, server.url)
    assert (verdict.allowed, verdict.decided, verdict.why) == (False, True, "denied")


@pytest.mark.parametrize("face", FACES)
def test_each_call_is_answered_by_itself(face: str) -> None:
    with saying(http(), http(b'{"decision":false}')) as server:
        assert answers(face, server.url, *2 * [ask("allowed", *QUESTION)]) == [True, False]


def test_what_takes_too_long_is_noticed() -> None:
    with pytest.raises(AssertionError, match="it took"), took(-1.9):
        time.sleep(0.2)
