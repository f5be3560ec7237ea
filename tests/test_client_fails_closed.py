"""Proves that nothing but a sound yes is an allow: over fifty ways to answer badly, each of them a refusal in time."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest

from remit.client import Question
from remit.errors import CouldNotDecide
from test_client_servers import (
    EVALUATE,
    FACES,
    QUESTION,
    YES,
    Asked,
    Behaviour,
    answer,
    answers,
    ask,
    behaving,
    http,
    http_json,
    saying,
    took,
)

pytestmark = pytest.mark.parametrize("face", FACES)

SHORT = 0.25
"""Seconds for the calls that wait for nothing."""

HTML = b"content-type: text/html"


def sent(*parts: bytes, pause: float = 0.0) -> Behaviour:
    """Sends these bytes and closes the connection."""

    def behave(link: socket.socket, asked: Asked) -> None:
        for part in parts:
            link.sendall(part)
            time.sleep(pause)
        link.close()

    return behave


def chunked(*chunks: bytes) -> bytes:
    """A 200 whose body comes in chunks, as they are given."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n" + b"".join(chunks)


def reset(link: socket.socket, asked: Asked) -> None:
    """Closes the connection with a reset."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def flood(link: socket.socket, asked: Asked) -> None:
    """Sends a body without end, in which a yes stands first."""
    link.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + YES)
    while True:
        link.sendall(65_536 * b" ")


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "true": b"true",
    "a bare string": b'"true"',
    "an array": b'[{"decision":true}]',
    "an empty object": b"{}",
    "one": b'{"decision":1}',
    "a text": b'{"decision":"true"}',
    "null for a decision": b'{"decision":null}',
    "an object for a decision": b'{"decision":{"value":true}}',
    "an array for a decision": b'{"decision":[true]}',
    "the wrong case": b'{"Decision":true}',
    "decided within": b'{"result":{"decision":true}}',
    "decided twice": b'{"decision":false,"decision":true}',
    "decided twice, in escapes": b'{"decision":false,"d\\u0065cision":true}',
    "cut short": b'{"decision":true',
    "two values": b'{"decision":true}{"decision":true}',
    "a comma too many": b'{"decision":true,}',
    "single quotes": b"{'decision':true}",
    "Python": b'{"decision":True}',
    "a comment": b'{"decision":true}//',
    "NaN": b'{"decision":true,"context":{"a":NaN}}',
    "a context that is none": b'{"decision":true,"context":"fine"}',
    "a context of null": b'{"decision":true,"context":null}',
    "an error that is allowed": b'{"decision":true,"context":{"error":{"status":500,"message":"no"}}}',
    "half a character": b'{"decision":true,"context":{"a":"\\ud800"}}',
    "no UTF-8": b'{"decision":true,"context":{"a":"\xff"}}',
    "UTF-16": '{"decision":true}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + YES,
    "very deep": b'{"decision":true,"context":{"a":' + 100_000 * b"[" + 100_000 * b"]" + b"}}",
    "a very long number": b'{"decision":true,"context":{"a":' + 10_000 * b"9" + b"}}",
    "HTML": b"<!doctype html><title>Sign in</title>",
    "very large": b'{"decision":true,"context":{"a":"' + 8 * 2**20 * b"a" + b'"}}',
}
"""Bodies of a 200 that says it is JSON."""

STATUSES = (
    "201 Created",
    "202 Accepted",
    "203 Other",
    "204 No Content",
    "206 Partial Content",
    "207 Multi",
    "301 Moved",
    "302 Found",
    "307 Temporary",
    "400 Bad",
    "401 Unauthorized",
    "403 Forbidden",
    "404 Not Found",
    "405 Not So",
    "413 Too Large",
    "429 Too Many",
    "500 Error",
    "502 Bad Gateway",
    "503 Unavailable",
    "504 Timeout",
    "599 Odd",
)

HEADS: dict[str, bytes] = {
    "HTML that is JSON": http(YES, b"200 OK", HTML),
    "no content type": b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n" + YES,
    "text": http(YES, b"200 OK", b"content-type: text/plain"),
    "another JSON": http(YES, b"200 OK", b"content-type: application/problem+json"),
    "another charset": http(YES, b"200 OK", b"content-type: application/json; charset=utf-16"),
    "two content types": http(YES, b"200 OK", b"content-type: application/json", HTML),
    "packed": http(YES, b"200 OK", b"content-encoding: gzip"),
    "packed in no known way": http(YES, b"200 OK", b"content-encoding: zebra"),
    "two lengths": http(YES, b"200 OK", b"content-length: 5"),
    "a length that is none": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: x\r\n\r\n" + YES,
    "an announced terabyte": http(YES, length=2**40),
    "no HTTP": b"true\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "HTTP 2": b"HTTP/2 200 OK\r\ncontent-type: application/json\r\n\r\n" + YES,
    "no status": b"HTTP/1.1 OK\r\ncontent-type: application/json\r\n\r\n" + YES,
    "a status in words": b"HTTP/1.1 two hundred\r\n\r\n" + YES,
    "a header without a name": b"HTTP/1.1 200 OK\r\n: application/json\r\n\r\n" + YES,
    "a header with a line feed": b"HTTP/1.1 200 OK\r\ncontent-type\r\n\r\n" + YES,
    "endless headers": b"HTTP/1.1 200 OK\r\nx: " + 300_000 * b"a",
    "an upgrade": b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n" + YES,
    "a chunk that is none": chunked(b"zz\r\n", YES, b"\r\n0\r\n\r\n"),
    "a last chunk that is missing": chunked(b"11\r\n", YES, b"\r\n"),
    "a chunk cut short": chunked(b"ff\r\n", YES),
    "a body cut short": http(YES, length=18),
    "a body cut very short": http(b'{"decision":', length=17),
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-ty",
}
"""Whole answers, after which the connection is closed."""

BAD: dict[str, Behaviour] = {
    **{f"body: {name}": sent(http(body)) for name, body in BODIES.items()},
    **{f"status: {status}": sent(http(YES, status.encode())) for status in STATUSES},
    "status: 302 to itself": sent(http(YES, b"302 Found", b"location: /access/v1/evaluation")),
    **{f"answer: {name}": sent(head) for name, head in HEADS.items()},
    "closed": sent(b""),
    "reset": reset,
    "reset in the middle": lambda link, asked: (link.sendall(http(YES, length=99)), reset(link, asked))[0],
    "flooded": flood,
}

SILENT: dict[str, bytes] = {
    "nothing": b"",
    "half a status line": b"HTTP/1.1 20",
    "a head without its end": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n",
    "a head without a body": http(b"", length=17),
    "a body without its last byte": http(YES, length=18),
    "a body without its last chunk": chunked(b"11\r\n", YES, b"\r\n"),
    "a wait without end": b"HTTP/1.1 100 Continue\r\n\r\n",
}
"""What a server sends before it falls silent."""

DRIPS: dict[str, tuple[bytes, bytes]] = {
    "a head": (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx: ", b"a"),
    "early hints": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a body": (http(YES, length=10_000), b" "),
    "chunks": (chunked(b"11\r\n", YES, b"\r\n"), b"1\r\n \r\n"),
    "a chunk's extension": (chunked(b"11;a="), b"a"),
    "trailers": (chunked(b"11\r\n", YES, b"\r\n0\r\n"), b"a: b\r\n"),
}
"""What a server sends at first, and then bit by bit without end."""


def refusal(face: str, url: str, timeout: float = 10.0, **settings: Any) -> str:
    """Why a question is refused, which it must be, in time."""
    with took(timeout):
        verdict = answer(face, url, timeout=timeout, **settings)
    assert (verdict.allowed, verdict.decided, verdict.context) == (False, False, None)
    assert verdict.why and verdict.why.isprintable()
    return str(verdict.why)


@pytest.mark.parametrize("behave", BAD.values(), ids=BAD)
def test_a_bad_answer_is_a_refusal(face: str, behave: Behaviour) -> None:
    with behaving(behave) as server:
        why = refusal(face, server.url)
    assert "did not answer within" not in why


@pytest.mark.parametrize("said", SILENT.values(), ids=SILENT)
def test_silence_is_a_refusal_in_time(face: str, said: bytes) -> None:
    with behaving(lambda link, asked: link.sendall(said)) as server:
        assert refusal(face, server.url, SHORT) == f"remit did not answer within {SHORT} s"
        assert len(server.asked) <= 1, "after a timeout nothing is tried again"


@pytest.mark.parametrize(("first", "drop"), DRIPS.values(), ids=DRIPS)
def test_an_answer_bit_by_bit_is_a_refusal_in_time(face: str, first: bytes, drop: bytes) -> None:
    def behave(link: socket.socket, asked: Asked) -> None:
        link.sendall(first)
        while not server.over.wait(SHORT / 8):
            link.sendall(drop)

    with behaving(behave) as server:
        assert refusal(face, server.url, SHORT) == f"remit did not answer within {SHORT} s"


def test_the_same_bit_by_bit_with_an_end_is_an_allow(face: str) -> None:
    with behaving(lambda link, asked: [link.sendall(b"%c" % byte) for byte in http()] and None) as server:
        assert answer(face, server.url).allowed


@pytest.mark.parametrize(
    "good",
    [
        chunked(b"11\r\n", YES, b"\r\n0\r\n\r\n"),
        http(b' {"decision" : true }\n'),
        http(YES, b"200 Fine"),
        http(YES, b"200 OK", b"content-type: Application/JSON; charset=UTF-8"),
        http(YES, b"200 OK", b"content-encoding: identity"),
        http(b'{"decision":true,"context":{"a":"\\ud83d\\ude00"},"else":1}'),
        http(b'{"decision":true,"context":{"a":"' + 7 * 2**20 * b"a" + b'"}}'),
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + http(),
    ],
    ids=range(8),
)
def test_what_is_only_unusual_is_an_allow(face: str, good: bytes) -> None:
    with saying(good) as server:
        assert answer(face, server.url).allowed


def test_a_body_that_is_announced_as_too_large_is_not_waited_for(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remit.client.exchange.MAX_CONNECTIONS", 1)
    with saying(http(YES, length=2**40), http()) as server:
        first, second = answers(face, server.url, EVALUATE, EVALUATE)
        assert first.why == "remit answered with more than 8,388,608 bytes"
        assert second.allowed, "the one connection that there may be was given up"
        assert server.connections == 2


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 Other", b"307 Temporary", b"308 Permanent"])
def test_nobody_is_asked_instead(face: str, status: bytes) -> None:
    with saying(http()) as other, saying(http(b"", status, b"location: " + other.url.encode() + b"/x")) as server:
        assert refusal(face, server.url) == f"remit answered {status[:3].decode()}"
        assert not other.asked


def test_a_server_that_is_not_there_is_a_refusal(face: str) -> None:
    with saying(http()) as server:
        url = server.url
    assert refusal(face, url).startswith(f"remit cannot be reached at `{url}`: ")


def test_a_server_that_never_accepts_is_a_refusal_in_time(face: str) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as one, socket.socket() as two:
        for link in (one, two):
            link.setblocking(False)
            link.connect_ex(full.getsockname())
        assert refusal(face, f"http://127.0.0.1:{full.getsockname()[1]}", SHORT).startswith("remit did not answer")


def test_a_name_that_leads_nowhere_is_a_refusal(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "name or service not known" in refusal(face, "http://localhost:1")


def test_a_name_that_is_looked_up_forever_is_a_refusal_in_time(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: time.sleep(1))
    verdict = answer(face, "http://localhost:1", timeout=SHORT)
    assert verdict.why == f"remit did not answer within {SHORT} s"


def failing() -> str:
    """A token that cannot be had."""
    raise KeyError("a secret")


TOKENS: dict[str, Callable[[], Any]] = {
    "it fails": failing,
    "none": lambda: None,
    "empty": lambda: "",
    "bytes": lambda: b"token",
    "two lines": lambda: "a-secret\r\nx-evil: 1",
    "a space": lambda: "a-secret b",
    "beyond ASCII": lambda: "a-secreté",
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_token_that_cannot_be_had_is_a_refusal_that_does_not_tell_it(face: str, token: Callable[[], Any]) -> None:
    with saying(http()) as server:
        why = refusal(face, server.url, token=token)
        assert "token" in why and "secret" not in why
        assert not server.asked


@pytest.mark.parametrize("name", [lambda: "", lambda: "a\nb", lambda: 7, failing], ids=range(4))
def test_a_request_id_that_cannot_be_had_is_a_refusal(face: str, name: Callable[[], Any]) -> None:
    with saying(http()) as server:
        assert refusal(face, server.url, request_id=name).startswith("there is no id for the request")
        assert not server.asked


MANY = [Question(*QUESTION), Question("user:bob", "use", "environment:seen"), Question("user:c", "view", "kind")]
GOOD = {"evaluations": [{"decision": True}, {"decision": False}, {"decision": True}]}

BATCHES: dict[str, Any] = {
    "none": {},
    "null": {"evaluations": None},
    "an object": {"evaluations": {"0": {"decision": True}}},
    "empty": {"evaluations": []},
    "one less": {"evaluations": 2 * [{"decision": True}]},
    "one more": {"evaluations": 4 * [{"decision": True}]},
    "a single decision": {"decision": True},
    "an array": 3 * [{"decision": True}],
    "a text": {"evaluations": "yes"},
}


@pytest.mark.parametrize("content", BATCHES.values(), ids=BATCHES)
def test_a_batch_with_other_than_its_answers_is_refused_as_a_whole(face: str, content: Any) -> None:
    with saying(http_json(content)) as server:
        verdicts = answer(face, server.url, ask("evaluate_many", MANY))
    assert [(verdict.allowed, verdict.decided) for verdict in verdicts] == 3 * [(False, False)]


@pytest.mark.parametrize("behave", list(BAD.values())[::4], ids=list(BAD)[::4])
def test_a_bad_answer_refuses_all_of_a_batch(face: str, behave: Behaviour) -> None:
    with behaving(behave) as server:
        verdicts = answer(face, server.url, ask("evaluate_many", MANY))
    assert [(verdict.allowed, verdict.decided) for verdict in verdicts] == 3 * [(False, False)]


def test_a_good_batch_is_read(face: str) -> None:
    with saying(http_json(GOOD)) as server:
        verdicts = answer(face, server.url, ask("evaluate_many", MANY))
    assert [(verdict.allowed, verdict.decided) for verdict in verdicts] == [(True, True), (False, True), (True, True)]


@pytest.mark.parametrize(
    "item", [None, True, {}, {"decision": 1}, {"decision": "true"}, {"decision": True, "context": 1}]
)
def test_a_bad_item_refuses_its_own_question_only(face: str, item: Any) -> None:
    with saying(http_json({"evaluations": [{"decision": True}, item, {"decision": True}]})) as server:
        verdicts = answer(face, server.url, ask("evaluate_many", MANY))
    assert [(verdict.allowed, verdict.decided) for verdict in verdicts] == [(True, True), (False, False), (True, True)]


def test_a_batch_that_fails_takes_no_other_with_it(face: str) -> None:
    good = {"evaluations": 256 * [{"decision": True}]}
    with saying(http_json(good), http(b"no", b"500 Error"), http_json(good)) as server:
        verdicts = answer(face, server.url, ask("evaluate_many", 256 * [MANY[0], *MANY[:2]]))
    assert [verdict.allowed for verdict in verdicts] == 256 * [True] + 256 * [False] + 256 * [True]


def test_all_batches_share_one_deadline(face: str) -> None:
    def behave(link: socket.socket, asked: Asked) -> None:
        if asked.number == 1:
            link.sendall(http_json({"evaluations": 256 * [{"decision": True}]}))

    with behaving(behave) as server, took(1):
        verdicts = answer(face, server.url, ask("evaluate_many", 2_560 * [MANY[0]]), timeout=1)
    assert [verdict.allowed for verdict in verdicts] == 256 * [True] + 2_304 * [False]
    assert {verdict.why for verdict in verdicts[256:]} == {"remit did not answer within 1 s"}


LISTS = [
    ask("search_subjects", "user", "use", "environment:seen"),
    ask("search_resources", "user:ada", "use", "environment"),
    ask("search_actions", "user:ada", "environment:seen"),
    ask("permitted_scopes", "user:ada", "use", "environment"),
]


@pytest.mark.parametrize("asked", LISTS, ids=[asked.method for asked in LISTS])
@pytest.mark.parametrize("behave", list(BAD.values())[::5], ids=list(BAD)[::5])
def test_a_list_is_never_had_from_a_bad_answer(face: str, behave: Behaviour, asked: Any) -> None:
    with behaving(behave) as server, pytest.raises(CouldNotDecide):
        answer(face, server.url, asked)


@pytest.mark.parametrize("asked", LISTS, ids=[asked.method for asked in LISTS])
@pytest.mark.parametrize("status", [401, 403])
def test_a_list_that_is_refused_says_what_remit_says(face: str, asked: Any, status: int) -> None:
    told = json.dumps({"code": status, "message": "`application:x` lacks `decision:search` in `*`"}).encode()
    with saying(http(told, b"%d No" % status)) as server, pytest.raises(CouldNotDecide) as caught:
        answer(face, server.url, asked)
    assert str(caught.value) == f"remit answered {status}: `application:x` lacks `decision:search` in `*`"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'"a bare sentence"', "remit answered 500: a bare sentence"),
        (b'{"message":"two\\nlines \\u0007"}', "remit answered 500: two lines"),
        (b'{"message":"' + 9_999 * b"a" + b'"}', "remit answered 500: " + 500 * "a"),
        (b'{"message":7}', "remit answered 500"),
        (b"nothing of the sort", "remit answered 500"),
    ],
    ids=range(5),
)
def test_what_a_server_says_of_an_error_is_told_in_one_line(face: str, body: bytes, why: str) -> None:
    with saying(http(body, b"500 Error")) as server:
        assert refusal(face, server.url) == why
