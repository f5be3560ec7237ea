"""Proves that answers which nobody takes, and requests that wait for others, cost the server a bounded amount."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from asking import YES
from remit.bootstrap import build_app
from remit.serving import heads
from remit.serving.protocol import BoundedProtocol
from server import CALLERS, PATIENCE, SECRET, Connection, Running, raw_request

BODY = json.dumps(YES).encode()
SECONDS = 0.5
LARGE = 20_000_000
"""More than the kernel holds for a connection."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are to be taken soon."""
    monkeypatch.setattr(BoundedProtocol, "take_seconds", SECONDS)


@contextmanager
def small(running: Running) -> Iterator[Connection]:
    """A connection for which the kernel holds little."""
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        link.settimeout(PATIENCE)
        link.connect(("127.0.0.1", running.port))
        yield Connection(link)


def taken(connection: Connection) -> int:
    """How many bytes still come until the connection ends."""
    size = 0
    try:
        while data := connection.link.recv(1_000_000):
            size += len(data)
    except ConnectionResetError:
        pass
    return size


def flood(connection: Connection, request: bytes) -> None:
    """Send requests without reading an answer until the server has had enough."""
    burst = request * (16_000 // len(request) + 1)
    until = time.monotonic() + PATIENCE
    with pytest.raises(ConnectionError):
        while time.monotonic() < until:
            connection.send(burst)
            time.sleep(0.005)


def large(*headers: tuple[bytes, bytes]) -> Any:
    """An application with one large answer to everything."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        length = (b"content-length", b"%d" % LARGE)
        await send({"type": "http.response.start", "status": 200, "headers": [length, *headers]})
        for _ in range(20):
            await send({"type": "http.response.body", "body": b"a" * (LARGE // 20), "more_body": True})
        await send({"type": "http.response.body"})

    return app


def test_answers_that_nobody_takes_end_the_connection(pdp: Running) -> None:
    with small(pdp) as connection:
        flood(connection, raw_request(BODY, b"x-request-id: " + b"a" * 8_000))
    assert pdp.decides(YES)


def test_answers_that_nobody_takes_end_the_connection_on_the_long_way_too(
    pdp: Running, serve: Callable[..., Running]
) -> None:
    assert pdp.snapshot is not None
    app = build_app(pdp.snapshot, pdp.url, CALLERS, SECRET)

    async def the_long_way(scope: Any, receive: Any, send: Any) -> None:
        scope.pop("remit.answer", None)
        await app(scope, receive, send)

    with small(serve(app=the_long_way)) as connection:
        flood(connection, raw_request(BODY, b"x-request-id: " + b"a" * 8_000))


def test_the_short_way_is_closed_while_answers_pile_up(serve: Callable[..., Running]) -> None:
    async def asked(scope: Any, receive: Any, send: Any) -> None:
        answer = scope["remit.answer"]
        answer.__self__.flow.pause_writing()
        taken = answer(scope, b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n", b"")
        answer.__self__.flow.resume_writing()
        if not taken:
            await send({"type": "http.response.start", "status": 204, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})

    with serve(app=asked).connection() as connection:
        connection.send(raw_request())
        assert connection.reply().status == 204


def test_nobody_needs_credentials_to_be_let_go(pdp: Running) -> None:
    with small(pdp) as connection:
        flood(connection, b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n")


def test_one_large_answer_that_is_not_taken_ends_the_connection(serve: Callable[..., Running]) -> None:
    with small(serve(app=large())) as connection:
        connection.send(raw_request())
        time.sleep(SECONDS * 3)
        assert taken(connection) < LARGE


@pytest.mark.parametrize("headers", [[], [(b"connection", b"close")]], ids=["resting", "closing"])
def test_a_connection_about_to_close_does_not_wait_for_ever(
    serve: Callable[..., Running], monkeypatch: pytest.MonkeyPatch, headers: list[tuple[bytes, bytes]]
) -> None:
    made = BoundedProtocol.connection_made

    def unpaused(protocol: BoundedProtocol, transport: Any) -> None:  # as with an answer that just does not pile up
        made(protocol, transport)
        transport.set_write_buffer_limits(LARGE * 2)
        protocol.timeout_keep_alive = 0

    monkeypatch.setattr(BoundedProtocol, "connection_made", unpaused)
    with small(serve(app=large(*headers))) as connection:
        connection.send(raw_request())
        time.sleep(SECONDS * 3)
        assert taken(connection) < LARGE


def test_a_caller_that_begins_late_and_takes_all_gets_all(serve: Callable[..., Running]) -> None:
    with serve(app=large((b"connection", b"close"))).connection() as connection:
        connection.send(raw_request())
        time.sleep(SECONDS / 2)
        assert taken(connection) > LARGE


def test_a_long_line_of_requests_is_answered_in_its_order(pdp: Running) -> None:
    count = 3_000
    line = b"".join(raw_request(BODY, b"x-request-id: %d" % number) for number in range(count))
    with pdp.connection() as connection:
        sender = threading.Thread(target=connection.send, args=(line,), daemon=True)
        sender.start()
        for number in range(count):
            reply = connection.reply()
            assert (reply.status, reply.headers[b"x-request-id"]) == (200, b"%d" % number)
        sender.join(PATIENCE)


def test_only_so_many_requests_wait(pdp: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "MAX_WAITING", 5)
    with pdp.connection() as connection:
        connection.send(b"".join(raw_request(BODY, b"x-request-id: %d" % number) for number in range(20)))
        replies = [connection.reply() for _ in range(6)]
        assert [reply.headers[b"x-request-id"] for reply in replies] == [b"%d" % number for number in range(6)]
        assert [reply.headers.get(b"connection") for reply in replies] == [None] * 5 + [b"close"]
        assert connection.ended()


def test_requests_are_read_only_when_none_waits(serve: Callable[..., Running]) -> None:
    seen = []

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await receive()
        time.sleep(0.02)
        await send({"type": "http.response.start", "status": 204, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    waiting: list[int] = []
    running = serve(app=slow)
    begun = BoundedProtocol.on_message_begin

    def counted(protocol: BoundedProtocol) -> None:
        begun(protocol)
        waiting.append(len(protocol.pipeline))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BoundedProtocol, "on_message_begin", counted)  # before there is a connection, which looks once
        with running.connection() as connection:
            for _ in range(5):
                connection.send(raw_request() * 4)
                time.sleep(0.03)
            for _ in range(20):
                assert connection.reply().status == 204
    assert len(seen) == 20
    assert max(waiting) < 20


def test_the_time_for_a_request_does_not_count_while_the_server_reads_nothing(serve: Callable[..., Running]) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        await asyncio.sleep(SECONDS)
        await send({"type": "http.response.start", "status": 204, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    with serve(app=slow, seconds=SECONDS / 2).connection() as connection:
        connection.send(raw_request(BODY) + raw_request(BODY)[:-1])
        time.sleep(SECONDS / 4)
        connection.send(raw_request(BODY)[-1:])
        assert [connection.reply().status, connection.reply().status] == [204, 204]
