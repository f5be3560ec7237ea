"""Proves that every answer carries the caller's request id as it was sent (AuthZEN §10.1.3), and nothing beside it."""

from __future__ import annotations

import json

import pytest

from asking import YES
from server import EVALUATION, Running, raw_request

BODY = json.dumps(YES).encode()
METADATA = b"/.well-known/authzen-configuration"

IDS = [
    "1",
    "a" * 2_000,
    "with spaces  inside",
    "key=value; path=/",
    "<script>",
    '"quoted"',
    "%0d%0a",
    "\\r\\n",
    "a\tb",
    "{}",
    "ü",
]


@pytest.mark.parametrize("name", [*(each.encode("latin-1") for each in IDS), b"\xff\xfe", "😀".encode()], ids=repr)
def test_the_request_id_comes_back_on_every_answer(pdp: Running, name: bytes) -> None:
    named = b"X-Request-ID: " + name
    requests = {
        raw_request(BODY, named): 200,
        raw_request(b"{", named): 400,
        raw_request(b"[]", named): 400,
        raw_request(BODY, named, b"content-type: text/plain"): 400,
        raw_request(BODY, named, path=b"/nowhere"): 404,
        raw_request(b"", named, method=b"GET"): 405,
        raw_request(BODY, named, path=b"/healthz"): 405,
        raw_request(b"", named, method=b"GET", path=b"/healthz"): 200,
        raw_request(b"", named, method=b"GET", path=b"/readyz"): 200,
        raw_request(b"", named, method=b"GET", path=METADATA): 200,
        raw_request(b"", named, b"content-length: 65537", sized=False): 413,
    }
    with pdp.connection() as connection:
        for request, status in requests.items():
            connection.send(request)
            reply = connection.reply()
            assert (reply.status, reply.headers[b"x-request-id"]) == (status, name)


def test_a_request_without_an_id_is_answered_without_one(pdp: Running) -> None:
    answers = [
        pdp.ask(YES),
        pdp.ask([]),
        pdp.client.get(EVALUATION),
        pdp.client.get("/healthz"),
        pdp.client.get("/none"),
    ]
    assert not any("x-request-id" in answer.headers for answer in answers)


INJECTIONS = [
    b"a\r\nset-cookie: b",
    b"a\nset-cookie: b",
    b"a\rset-cookie: b",
    b"a\r\n set-cookie: b",
    b"a\0b",
    b"a\x1bb",
    b"a\x7fb",
]


@pytest.mark.parametrize("name", INJECTIONS, ids=repr)
def test_a_request_id_adds_no_header(pdp: Running, name: bytes) -> None:
    with pdp.connection() as connection:
        connection.send(raw_request(BODY, b"x-request-id: " + name))
        reply = connection.reply()
    assert b"set-cookie" not in reply.headers
    assert reply.status == 400 or reply.headers[b"x-request-id"] == b"a"
