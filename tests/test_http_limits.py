"""Proves that a body is bounded in size and time, however it is sent, that one connection may carry many requests,
and that malformed or half-finished HTTP hurts nobody else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from asking import FILES, NO, YES
from server import EVALUATIONS, Connection, Reply, Running, raw_request

BODY = json.dumps(YES).encode()
CHUNKED = b"transfer-encoding: chunked"
LIMIT = 65_536
SECONDS = 0.4
"""How long a body may take on the impatient server."""


def chunks(body: bytes, size: int) -> bytes:
    """A body in chunks."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def sent(pdp: Running, *data: bytes) -> Reply:
    """The answer to bytes on a connection of their own."""
    with pdp.connection() as connection:
        for part in data:
            connection.send(part)
        return connection.reply()


def padded(size: int) -> bytes:
    """The good question, padded with white space to so many bytes."""
    return BODY + b" " * (size - len(BODY))


def begun(length: int, *more: bytes) -> bytes:
    """The head of a request that announces a body, and as much of the body as given."""
    return raw_request(b"", b"x-request-id: 9", b"content-length: %d" % length, sized=False) + b"".join(more)


@pytest.fixture(scope="module")
def impatient(serve: Callable[..., Running]) -> Running:
    """A server over the small policy that waits for a body only briefly."""
    return serve(FILES, seconds=SECONDS)


@pytest.fixture
def many(impatient: Running) -> Iterator[Callable[[], Connection]]:
    """Opens connections to the impatient server and closes them in the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(impatient.connection())


def test_the_largest_body_is_read(pdp: Running) -> None:
    assert sent(pdp, raw_request(padded(LIMIT))).body == b'{"decision":true}'
    for size in (1, 7, 4_096, LIMIT):
        body = padded(LIMIT if size > 1 else 2_000)
        assert sent(pdp, raw_request(b"", CHUNKED, sized=False), chunks(body, size)).body == b'{"decision":true}'


@pytest.mark.parametrize("length", [LIMIT + 1, 10_000_000, 10**12, 2**63 - 1])
def test_a_body_announced_too_large_is_refused_unread(pdp: Running, length: int) -> None:
    with pdp.connection() as connection:
        started = time.perf_counter()
        connection.send(begun(length))
        reply = connection.reply()
        assert time.perf_counter() - started < 1
        assert (reply.status, reply.headers[b"x-request-id"], reply.headers[b"connection"]) == (413, b"9", b"close")
        assert json.loads(reply.body)["code"] == 413
        assert connection.ended()


def test_a_body_too_large_is_refused_however_it_is_sent(pdp: Running) -> None:
    body = padded(LIMIT + 1)
    assert sent(pdp, raw_request(body)).status == 413
    assert sent(pdp, raw_request(body, b"content-length: 0%d" % len(body), sized=False)).status == 413
    for size in (4_096, len(body)):
        assert sent(pdp, raw_request(b"", CHUNKED, sized=False), chunks(body, size)).status == 413
    assert sent(pdp, raw_request(b"", CHUNKED, sized=False), b"%x\r\n" % 10**9, body).status == 413


def test_a_client_that_sends_first_and_reads_later_still_gets_its_413(pdp: Running) -> None:
    for path in ("/access/v1/evaluation", EVALUATIONS):
        assert pdp.post(padded(LIMIT + 1), path).status_code == 413
        assert pdp.post(b" " * 10_000_000, path).status_code == 413


def test_a_client_may_ask_before_it_sends(pdp: Running) -> None:
    expect = b"expect: 100-continue"
    with pdp.connection() as connection:
        connection.send(raw_request(b"", expect, b"content-length: %d" % len(BODY), sized=False))
        assert connection.link.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.send(BODY)
        assert connection.reply().body == b'{"decision":true}'
    assert sent(pdp, raw_request(b"", expect, b"content-length: 70000", sized=False)).status == 413


@pytest.mark.parametrize(
    "parts",
    [
        [begun(100)],
        [begun(len(BODY), BODY[:-1])],
        [begun(len(BODY) + 1, BODY)],  # a whole question, and still not the whole body
        [raw_request(b"", CHUNKED, sized=False), b"5\r\n{\r\n"],
        [raw_request(b"", CHUNKED, sized=False), chunks(BODY, 50)[:-5]],
    ],
)
def test_a_slow_body_is_given_up(many: Callable[[], Connection], parts: list[bytes]) -> None:
    connection = many()
    started = time.perf_counter()
    for part in parts:
        connection.send(part)
    reply = connection.reply()
    assert reply.status == 408
    assert reply.headers[b"connection"] == b"close"
    assert SECONDS * 0.9 < time.perf_counter() - started < SECONDS * 1.25 + 1
    assert connection.ended()


def test_a_trickle_buys_no_time(many: Callable[[], Connection]) -> None:
    connection = many()
    connection.send(begun(10_000))
    started = time.perf_counter()
    connection.link.settimeout(SECONDS / 8)
    while time.perf_counter() - started < SECONDS * 1.25 + 1:
        connection.send(b" ")
        try:
            assert connection.reply().status == 408
            return
        except TimeoutError:
            continue
    raise AssertionError("a byte now and then kept the body open")


def test_slow_bodies_do_not_hold_up_others(impatient: Running, many: Callable[[], Connection]) -> None:
    slow = [many() for _ in range(200)]
    for connection in slow:
        connection.send(begun(100, b"{"))
    times = []
    for _ in range(50):
        started = time.perf_counter()
        assert impatient.decides(YES)
        times.append(time.perf_counter() - started)
    assert sorted(times)[45] < 0.1
    assert {connection.reply().status for connection in slow} == {408}
    assert impatient.decides(YES)


def test_requests_may_stand_in_one_line(pdp: Running) -> None:
    bodies = {BODY: 200, b"{": 400, json.dumps(NO).encode(): 200, b"": 400, b"{}": 400}
    line = [(body, status) for _ in range(40) for body, status in bodies.items()]
    with pdp.connection() as connection:
        connection.send(b"".join(raw_request(b, b"x-request-id: %d" % n) for n, (b, _) in enumerate(line)))
        for number, (_, status) in enumerate(line):
            reply = connection.reply()
            assert (reply.status, reply.headers[b"x-request-id"]) == (status, b"%d" % number)


def test_a_refused_body_does_not_become_the_next_request(pdp: Running) -> None:
    smuggled = raw_request(BODY, b"x-request-id: smuggled")
    for head in ({"path": b"/nowhere"}, {"method": b"PUT"}, {"path": b"/healthz"}):
        with pdp.connection() as connection:
            connection.send(raw_request(smuggled, b"x-request-id: outer", **head))
            connection.send(raw_request(BODY, b"x-request-id: next"))
            assert connection.reply().headers[b"x-request-id"] == b"outer"
            assert connection.reply().headers[b"x-request-id"] == b"next"


MALFORMED = [
    raw_request(BODY, CHUNKED),
    raw_request(BODY, b"content-length: 3"),
    raw_request(BODY, b"content-length: -1", sized=False),
    raw_request(BODY, b"content-length: 1e3", sized=False),
    raw_request(BODY, b"content-length: 99999999999999999999999", sized=False),
    raw_request(BODY, b"a b: c"),
    raw_request(BODY, b"no colon"),
    raw_request(BODY, path=b"/\xff"),
    raw_request(b"", CHUNKED, sized=False) + b"zz\r\n",
    raw_request(BODY, method=b"POST\0"),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\r\n\r\n\0\r\n\r\n",
]


@pytest.mark.parametrize("data", MALFORMED, ids=[str(number) for number in range(len(MALFORMED))])
def test_what_is_no_http_is_refused(pdp: Running, data: bytes) -> None:
    with pdp.connection() as connection:
        connection.send(data)
        assert connection.reply().status == 400
        assert connection.ended()
    assert pdp.decides(YES)


def test_a_client_that_leaves_is_no_fault(pdp: Running) -> None:
    for part in (b"POST /acc", begun(100), begun(len(BODY) + 1, BODY), raw_request(BODY), begun(LIMIT + 1), b""):
        for _ in range(5):
            with pdp.connection() as connection:
                connection.send(part)
    assert pdp.decides(YES)


def test_a_body_that_ends_early_is_never_decided(pdp: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    decided: list[Any] = []
    for _ in range(5):  # whole requests of clients that left before may still be on their way
        assert pdp.decides(YES)
        time.sleep(0.1)
    monkeypatch.setattr("remit.service.gate.Gate.perform", lambda _, actor, operation: decided.append(operation))
    for head in (begun(len(BODY) + 1), raw_request(b"", CHUNKED, sized=False) + b"%x\r\n" % (len(BODY) + 1)):
        with pdp.connection() as connection:
            connection.send(head + BODY)
            time.sleep(0.05)
    time.sleep(0.2)
    assert decided == []


def test_a_request_to_upgrade_is_told_that_its_body_is_lost(pdp: Running) -> None:
    reply = sent(pdp, raw_request(BODY, b"connection: upgrade, http2-settings", b"upgrade: h2c", b"x-request-id: 8"))
    assert (reply.status, reply.headers[b"x-request-id"], reply.headers[b"connection"]) == (400, b"8", b"close")
    assert "HTTP/1.1" in json.loads(reply.body)["message"]
