"""Proves the server under the faces: requests that never come whole are ended, heads are bounded, and an answer that
is handed over at once is the same on the wire as one that goes the long way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from asking import FILES, YES
from remit.bootstrap import build_app
from remit.serving import MAX_HEAD
from server import CALLERS, SECRET, Connection, Reply, Running, raw_request

SECONDS = 0.4
BODY = json.dumps(YES).encode()
REQUEST = raw_request(BODY, b"x-request-id: 7")


@pytest.fixture(scope="module")
def impatient(serve: Callable[..., Running]) -> Running:
    """A server that waits for a request only briefly."""
    return serve(FILES, seconds=SECONDS)


def waited(connection: Connection) -> float:
    """Seconds until the server has closed the connection without a word."""
    started = time.monotonic()
    assert connection.ended()
    return time.monotonic() - started


@pytest.mark.parametrize("length", [1, 20, REQUEST.index(b"\r\n\r\n") + 3])
def test_a_head_that_does_not_come_whole_is_ended(impatient: Running, length: int) -> None:
    with impatient.connection() as connection:
        connection.send(REQUEST[:length])
        reply = connection.reply()
        assert (reply.status, reply.headers[b"connection"]) == (408, b"close")
        assert waited(connection) < SECONDS


def test_a_body_that_does_not_come_whole_is_ended_with_the_id_of_its_request(impatient: Running) -> None:
    with impatient.connection() as connection:
        connection.send(REQUEST[:-1])
        reply = connection.reply()
        assert (reply.status, reply.headers[b"x-request-id"]) == (408, b"7")
        assert json.loads(reply.body)["code"] == 408
        assert waited(connection) < SECONDS


def test_a_request_that_drips_is_ended_however_lively_it_is(impatient: Running) -> None:
    with impatient.connection() as connection:
        started = time.monotonic()
        for byte in REQUEST:
            if time.monotonic() - started > SECONDS * 0.8:
                break
            connection.send(bytes([byte]))
            time.sleep(SECONDS / 40)
        assert connection.reply().status == 408
        assert time.monotonic() - started < SECONDS * 1.5


def test_a_caller_that_says_nothing_is_let_go(impatient: Running) -> None:
    with impatient.connection() as connection:
        assert SECONDS / 2 < waited(connection) < SECONDS + 5


def test_the_time_counts_for_each_request_anew(impatient: Running) -> None:
    with impatient.connection() as connection:
        for _ in range(4):
            connection.send(REQUEST[:40])
            time.sleep(SECONDS / 2)
            connection.send(REQUEST[40:])
            assert connection.reply().status == 200


def test_a_connection_may_rest_between_requests(impatient: Running) -> None:
    with impatient.connection() as connection:
        for _ in range(2):
            connection.send(REQUEST)
            assert connection.reply().status == 200
            time.sleep(SECONDS * 2)


def test_a_head_without_an_end_is_refused(pdp: Running) -> None:
    with pdp.connection() as connection:
        connection.send(b"POST /access/v1/evaluation HTTP/1.1\r\nx-request-id: 9\r\n")
        for number in range(MAX_HEAD // 1_000 + 2):
            connection.send(b"x-filler-%d: %s\r\n" % (number, b"a" * 1_000))
        reply = connection.reply()
        assert (reply.status, reply.headers[b"x-request-id"]) == (431, b"9")
        assert connection.ended()


def test_requests_in_a_row_are_answered_in_their_order(pdp: Running) -> None:
    with pdp.connection() as connection:
        connection.send(b"".join(raw_request(BODY, b"x-request-id: %d" % number) for number in range(50)))
        assert [connection.reply().headers[b"x-request-id"] for _ in range(50)] == [b"%d" % n for n in range(50)]


def test_a_last_request_is_answered_and_its_connection_closed(pdp: Running) -> None:
    with pdp.connection() as connection:
        connection.send(raw_request(BODY, b"connection: close"))
        reply = connection.reply()
        assert (reply.status, reply.headers[b"connection"], reply.body) == (200, b"close", b'{"decision":true}')
        assert connection.ended()


def test_both_ways_out_say_the_same(pdp: Running, serve: Callable[..., Running]) -> None:
    assert pdp.snapshot is not None
    app = build_app(pdp.snapshot, pdp.url, CALLERS, SECRET)

    async def the_long_way(scope: Any, receive: Any, send: Any) -> None:
        scope.pop("remit.answer", None)
        await app(scope, receive, send)

    def said(running: Running, request: bytes) -> Reply:
        with running.connection() as connection:
            connection.send(request)
            reply = connection.reply()
        assert b"date" in reply.headers
        return reply._replace(headers={name: value for name, value in reply.headers.items() if name != b"date"})

    long = serve(app=the_long_way)
    explained = json.dumps(YES | {"options": {"explain": True}}).encode()
    for request in (REQUEST, raw_request(BODY), raw_request(b"{}", b"x-request-id: 1"), raw_request(explained)):
        assert said(pdp, request) == said(long, request)
