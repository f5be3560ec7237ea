"""Proves that a head is read in one way only, or is refused: in the house's form, once, and the connection ends."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from asking import NO, YES
from remit.serving.heads import MAX_HEAD, MAX_HEADERS
from server import BEARER, Reply, Running, raw_request
from test_http_limits import CHUNKED, MALFORMED, chunks, padded

BODY = json.dumps(YES).encode()
REQUEST = raw_request(BODY, b"x-request-id: 7")
AUTHORIZATION = b"authorization: " + BEARER.encode() + b"\r\n"
HOST = b"host: 127.0.0.1\r\n"


def refused(running: Running, *parts: bytes, name: bytes | None = b"7") -> int:
    """The status of the only answer to these bytes, which is an error in the house's form with the request's id."""
    with running.connection() as connection:
        for part in parts:
            connection.send(part)
            time.sleep(0.03)
        reply = connection.reply()
        assert connection.ended()
    told = json.loads(reply.body)
    assert told.keys() == {"code", "message"} and told["code"] == reply.status
    assert (reply.headers[b"content-type"], reply.headers[b"connection"]) == (b"application/json", b"close")
    assert b"date" in reply.headers
    assert reply.headers.get(b"x-request-id") == name
    return reply.status


def answered(running: Running, *parts: bytes) -> Reply:
    """The answer to these bytes."""
    with running.connection() as connection:
        for part in parts:
            connection.send(part)
            time.sleep(0.03)
        return connection.reply()


def trailed(*trailers: bytes, head: bytes = b"") -> tuple[bytes, bytes]:
    """A request in chunks with trailers, in two parts: all before the trailers, and the trailers."""
    body = chunks(BODY, 40).removesuffix(b"\r\n")
    return (head or raw_request(b"", CHUNKED, sized=False)) + body, b"".join(
        each + b"\r\n" for each in trailers
    ) + b"\r\n"


@pytest.mark.parametrize("count", [1, 2])
def test_a_trailer_means_nothing(pdp: Running, serve: Callable[..., Running], count: int) -> None:
    async def named(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        body = json.dumps([name.decode() for name, _ in scope["headers"]]).encode()
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    def sent(running: Running, parts: tuple[bytes, bytes]) -> Reply:
        return answered(running, *(parts if count == 2 else [b"".join(parts)]))

    head = raw_request(b"", CHUNKED, sized=False)
    allowed = AUTHORIZATION.removesuffix(b"\r\n")
    assert sent(pdp, trailed(allowed, head=head.replace(AUTHORIZATION, b""))).status == 401
    assert sent(pdp, trailed(allowed)).status == 200
    assert b"x-request-id" not in sent(pdp, trailed(b"x-request-id: 8")).headers
    assert sent(pdp, trailed(b"content-type: application/json", head=head.replace(b"/json", b"/text"))).status == 400
    assert sent(pdp, trailed(b"content-type: text/plain", b"a: b")).status == 200
    trailers = [b"x-%d: a" % number for number in range(200)]
    assert json.loads(sent(serve(app=named), trailed(*trailers)).body) == [
        "host", "content-type", "authorization", "transfer-encoding"
    ]  # fmt: skip


def test_a_trailer_is_no_header_of_the_next_request(pdp: Running) -> None:
    with pdp.connection() as connection:
        connection.send(b"".join(trailed(b"x-request-id: 8", AUTHORIZATION.strip())))
        connection.send(raw_request(BODY).replace(AUTHORIZATION, b""))
        assert connection.reply().status == 200
        reply = connection.reply()
        assert (reply.status, reply.headers.get(b"x-request-id")) == (401, None)


@pytest.mark.parametrize("flood", [b"0\r\nx: %s", b"1;a=%s", b'1\r\n{\r\n1;a="%s'], ids=["trailer", "first", "later"])
def test_what_comes_beside_a_body_is_bounded(pdp: Running, flood: bytes) -> None:
    head = raw_request(b"", CHUNKED, b"x-request-id: 7", sized=False)
    filler = b"a" * (MAX_HEAD // 2)
    start, _, _ = flood.partition(b"%s")
    assert refused(pdp, head, start + filler, filler, filler) == 431


def test_how_large_a_body_may_be_is_for_the_application_to_say(serve: Callable[..., Running]) -> None:
    async def counting(scope: Any, receive: Any, send: Any) -> None:
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message["more_body"]
        body = b"%d" % size
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    running, part = serve(app=counting), b"a" * 50_000
    head = raw_request(b"", b"content-length: %d" % (10 * len(part)), sized=False)
    assert answered(running, head, *[part] * 10).body == b"500000"
    chunk = b"%x\r\n%s\r\n" % (len(part), part)
    assert answered(running, raw_request(b"", CHUNKED, sized=False), *[chunk] * 10, b"0\r\n\r\n").body == b"500000"


def test_a_body_may_come_in_the_smallest_chunks(pdp: Running) -> None:
    head = raw_request(b"", CHUNKED, sized=False)
    assert answered(pdp, head, chunks(padded(30_000), 1)).body == b'{"decision":true}'


@pytest.mark.parametrize(
    "more",
    [b"x: " + b"a" * MAX_HEAD, *(b"\r\n".join(b"x%d: %s" % (n, a) for n in range(count)) for count, a in
     [(100, b"a" * 700), (MAX_HEADERS, b""), (5_000, b"a")])],
    ids=["large", "large together", "one too many", "many"],
)  # fmt: skip
def test_a_head_is_bounded_in_one_read_too(pdp: Running, more: bytes) -> None:
    assert refused(pdp, raw_request(BODY, b"x-request-id: 7", more)) == 431
    assert pdp.decides(YES)


def test_a_head_is_bounded_in_two_reads_too(pdp: Running) -> None:
    half = b"a" * (MAX_HEAD // 2)
    request = raw_request(BODY, b"x-request-id: 7", b"x: " + half, b"y: " + half)
    at = request.index(b"y: ")
    assert refused(pdp, request[:at], request[at:]) == 431


def test_a_target_is_bounded_too(pdp: Running) -> None:
    assert refused(pdp, raw_request(BODY, path=b"/" + b"a" * MAX_HEAD), name=None) == 431


def test_a_head_may_be_as_large_as_is_said(pdp: Running) -> None:
    assert answered(pdp, raw_request(BODY, b"x: " + b"a" * (MAX_HEAD - 2_000))).status == 200
    fillers = [b"x%d: a" % number for number in range(MAX_HEADERS - 4)]  # four are there already
    assert answered(pdp, raw_request(BODY, *fillers)).status == 200


def test_a_line_of_requests_is_no_large_head(pdp: Running) -> None:
    line = REQUEST * (2 * MAX_HEAD // len(REQUEST))
    with pdp.connection() as connection:
        connection.send(line + REQUEST[:50])
        for _ in range(len(line) // len(REQUEST)):
            assert connection.reply().status == 200
        connection.send(REQUEST[50:])
        assert connection.reply().status == 200


@pytest.mark.parametrize("data", MALFORMED, ids=[str(number) for number in range(len(MALFORMED))])
def test_what_is_no_http_is_refused_in_the_one_form(pdp: Running, data: bytes) -> None:
    warnings: list[logging.LogRecord] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = warnings.append  # type: ignore[method-assign]
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(handler)
    try:
        assert refused(pdp, data, name=None) == 400
    finally:
        logger.removeHandler(handler)
    assert not warnings


@pytest.mark.parametrize(
    "data",
    [
        raw_request(BODY, b"x-request-id: 7", b"a: b", b"no colon"),
        raw_request(BODY, b"x-request-id: 7", b"content-length: 3"),
        raw_request(b"", CHUNKED, b"x-request-id: 7", sized=False) + b"zz\r\n",
        raw_request(b"", CHUNKED, b"x-request-id: 7", sized=False) + chunks(BODY, 50)[:-4] + b"no colon\r\n\r\n",
        raw_request(BODY, b"x-request-id: 7", path=b"http://a:b:c/"),
    ],
)
def test_a_malformed_request_is_refused_with_its_id(pdp: Running, data: bytes) -> None:
    assert refused(pdp, data) == 400
    at = data.index(b"x-request-id: 7") + 17
    assert refused(pdp, data[:at], data[at:]) == 400


@pytest.mark.parametrize("wrong", [b"\0\0", b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
                                   raw_request(b"", CHUNKED, sized=False) + b"1\r\n{\r\nzz\r\n"])  # fmt: skip
def test_what_came_before_a_malformed_request_is_answered(pdp: Running, wrong: bytes) -> None:
    questions = [YES, NO, YES]
    line = [raw_request(json.dumps(each).encode(), b"x-request-id: %d" % n) for n, each in enumerate(questions)]
    for count in (1, 2, 3):
        with pdp.connection() as connection:
            connection.send(b"".join(line[:count]) + wrong + REQUEST)
            for number in range(count):
                reply = connection.reply()
                assert (reply.status, reply.headers[b"x-request-id"]) == (200, b"%d" % number)
                assert reply.headers.get(b"connection") == (b"close" if number == count - 1 else None)
            assert connection.ended()


def test_a_malformed_request_on_a_used_connection_is_refused_without_another_id(pdp: Running) -> None:
    with pdp.connection() as connection:
        connection.send(REQUEST)
        assert connection.reply().status == 200
        connection.send(b"\0\0")
        reply = connection.reply()
        assert (reply.status, reply.headers.get(b"x-request-id")) == (400, None)
        assert connection.ended()


def test_a_body_that_goes_wrong_behind_its_answer_gets_no_other(pdp: Running) -> None:
    with pdp.connection() as connection:
        connection.send(raw_request(b"", CHUNKED, sized=False, path=b"/nowhere"))
        assert connection.reply().status == 404
        connection.send(b"zz\r\n" + REQUEST)
        assert connection.ended()


def test_a_body_that_was_not_asked_for_may_not_come(pdp: Running) -> None:
    head = raw_request(b"", b"expect: 100-continue", b"content-length: %d" % len(BODY), sized=False)
    for each in (
        head.replace(AUTHORIZATION, b""),
        head.replace(b"POST", b"PUT"),
        head.replace(b"/access", b"/nothing"),
    ):
        with pdp.connection() as connection:
            connection.send(each)
            reply = connection.reply()
            assert (reply.status in (401, 404, 405), reply.headers[b"connection"]) == (True, b"close")
            assert connection.ended()


def test_a_body_that_was_asked_for_leaves_the_connection_open(pdp: Running) -> None:
    with pdp.connection() as connection:
        for expect in (b"expect: 100-continue", b"Expect: 100-Continue "):
            connection.send(raw_request(b"", expect, b"content-length: %d" % len(BODY), sized=False))
            assert connection.link.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.send(BODY)
            reply = connection.reply()
            assert (reply.body, reply.headers.get(b"connection")) == (b'{"decision":true}', None)


def test_an_answer_at_once_to_a_body_that_was_not_asked_for_closes_too(serve: Callable[..., Running]) -> None:
    async def hasty(scope: Any, receive: Any, send: Any) -> None:
        if "remit.answer" not in scope or not scope["remit.answer"](scope, b"HTTP/1.1 204 No Content\r\n", b""):
            await send({"type": "http.response.start", "status": 204, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})

    with serve(app=hasty).connection() as connection:
        connection.send(raw_request(b"", b"expect: 100-continue", b"content-length: 5", sized=False))
        assert connection.reply(head=True).headers[b"connection"] == b"close"
        assert connection.ended()


def test_a_caller_of_http_1_0_is_not_told_to_go_on(pdp: Running) -> None:
    with pdp.connection() as connection:
        connection.send(raw_request(BODY, b"expect: 100-continue").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert connection.link.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("space", [b"   ", b"\t", b" \t "])
def test_white_space_about_a_value_is_no_part_of_it(pdp: Running, space: bytes) -> None:
    request = REQUEST.replace(AUTHORIZATION.strip(), AUTHORIZATION.strip() + space).replace(
        b": 7\r", b":%s7%s\r" % (space, space)
    )
    reply = answered(pdp, request.replace(b"/json\r", b"/json%s\r" % space))
    assert (reply.status, reply.headers[b"x-request-id"]) == (200, b"7")


def test_a_request_names_its_host_once(pdp: Running) -> None:
    assert refused(pdp, REQUEST.replace(HOST, b"")) == 400
    assert refused(pdp, REQUEST.replace(HOST, HOST * 2)) == 400
    assert refused(pdp, REQUEST.replace(HOST, HOST + b"host: other\r\n")) == 400
    old = REQUEST.replace(b"HTTP/1.1", b"HTTP/1.0")
    assert answered(pdp, old).status == answered(pdp, old.replace(HOST, b"")).status == 200
    assert refused(pdp, old.replace(HOST, HOST * 2)) == 400


@pytest.mark.parametrize("coding", [b"gzip", b"gzip, chunked", b"xchunked", b"identity", b"chunked;a", b'"chunked"'])
def test_the_only_transfer_encoding_is_chunked(pdp: Running, coding: bytes) -> None:
    request = raw_request(b"", b"x-request-id: 7", b"transfer-encoding: " + coding, sized=False) + chunks(BODY, 50)
    assert refused(pdp, request) in (400, 501)


def test_a_body_is_chunked_once(pdp: Running) -> None:
    for again in (b"chunked, chunked", b"chunked\r\ntransfer-encoding: chunked", b"chunked\r\ntransfer-encoding: gzip"):
        request = raw_request(b"", b"x-request-id: 7", b"transfer-encoding: " + again, sized=False)
        assert refused(pdp, request + chunks(BODY, 50)) in (400, 501)
    ok = raw_request(b"", b"transfer-encoding: \tChunked ", sized=False) + chunks(BODY, 50)
    assert answered(pdp, ok).status == 200


@pytest.mark.parametrize(("version", "status"), [(b"HTTP/2.0", 505), (b"HTTP/0.9", 505), (b"HTTP/1.2", 400)])
def test_the_server_speaks_no_other_http(pdp: Running, version: bytes, status: int) -> None:
    name = b"7" if status == 505 else None
    assert refused(pdp, REQUEST.replace(b"HTTP/1.1", version), name=name) == status
    assert refused(pdp, b"GET /healthz\r\n\r\n", name=None) == 505
