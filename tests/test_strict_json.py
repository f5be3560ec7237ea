"""Proves that JSON is read strictly (rows 10 to 12 of the threat table): two members of one name, text that is not
Unicode, numbers that are none, nesting and size are each refused, quickly, wherever they stand.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from asking import YES
from bad_json import BYTES, CONTROLS, ESCAPES, GOOD_NUMBERS, HEAVY, LONE, NO_JSON, NUMBERS, TWICE, nested
from quick import quickly
from remit.errors import RequestInvalid
from remit.web.strict import parse
from server import EVALUATIONS, Running, raw_request

WHOLE = json.dumps(YES).encode()
QUICK = 0.25
"""Seconds that no refusal takes, on the slowest machine; most take a thousandth of it."""


def member(text: str | bytes) -> bytes:
    """The good question with `text` as one more member."""
    return WHOLE[:-1] + b", " + (text if isinstance(text, bytes) else text.encode()) + b"}"


def item(text: str | bytes) -> bytes:
    """A batch of two: the good question, and one with `text` as a member."""
    return b'{"evaluations": [%s, %s]}' % (WHOLE, member(text))


def places(value: str | bytes) -> list[bytes]:
    """Bodies in which a value stands everywhere that a value can stand, ignored places included."""
    raw = value if isinstance(value, bytes) else value.encode()
    spots = [b'"ignored": %s', b'"context": {"ignored": %s}', b'"x": [1, %s]', b'"x": [[{"y": %s}]]']
    bodies = [member(spot % raw) for spot in spots]
    bodies += [item(spots[0] % raw), WHOLE.replace(b'"ada"', raw), WHOLE.replace(b'"use"', raw), raw]
    return bodies


def refused(body: bytes) -> str:
    """The message with which a body is refused, quickly."""

    def said() -> str:
        with pytest.raises(RequestInvalid) as caught:
            parse(body)
        return str(caught.value)

    return quickly(said, QUICK)


@pytest.mark.parametrize("text", TWICE.values(), ids=TWICE)
def test_two_members_of_one_name_are_refused(text: str) -> None:
    assert refused(member(text)) == "the body names a member twice in one object"
    assert refused(item(text)) == "the body names a member twice in one object"
    assert "twice" in refused(b'{"x": [{%s}], "y": "\\n"}' % member(text)[1:-1])


def test_members_that_only_look_alike_are_two() -> None:
    names = r'"a": 1, "A": 2, "a ": 3, "\u00e9": 4, "e\u0301": 5, "\\u0061": 6, "a\u0000": 7, "x": {"a": 8}'
    assert parse(member(names + ', "y": [{"a": 9}, {"a": 9}]'))["x"] == {"a": 8}


@pytest.mark.parametrize("text", [*(lone.encode() for lone in LONE), *BYTES, *CONTROLS, *ESCAPES], ids=repr)
def test_text_that_is_not_unicode_is_refused(text: bytes) -> None:
    for body in places(b'"%s"' % text):
        refused(body)
    refused(member(b'"%s": 1' % text))
    refused(member(b'"x%sy": [{}]' % text))


def test_the_whole_body_is_utf_8() -> None:
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig", "cp037"):
        refused(WHOLE.decode().encode(encoding))
    for body in (
        b"\0" + WHOLE,
        WHOLE + b"\0",
        b"\x0c" + WHOLE,
        b"\xa0" + WHOLE,
        WHOLE + b"\x1a",
        b"\xef\xbb\xbf" + WHOLE,
    ):
        refused(body)


@pytest.mark.parametrize("text", NUMBERS, ids=lambda text: text[:12])
def test_numbers_that_are_none_are_refused(text: str) -> None:
    for body in places(text):
        refused(body)


@pytest.mark.parametrize("text", GOOD_NUMBERS, ids=lambda text: text[:12])
def test_numbers_that_a_double_can_hold_are_read(text: str) -> None:
    assert parse(member(f'"x": {text}'))["x"] == json.loads(text)
    assert parse(member(f'"y": "\\n", "x": {text}'))["x"] == json.loads(text)


@pytest.mark.parametrize("text", NO_JSON)
def test_what_is_no_json_object_is_refused(text: str) -> None:
    refused(text.encode())


@pytest.mark.parametrize("opening", ["[", "{", "[{", "{[", "[[{"])
def test_nesting_is_bounded(opening: str) -> None:
    assert parse(b'{"x": %s}' % nested(opening, 7).encode())
    for depth in (8, 20, 900, 1_100, 9_000):
        value = nested(opening, depth)
        for body in (f'{{"x": {value}}}', f'{{"x": {value}, "y": "\\n"}}', f'{{"x": [1, {value}], "y": {{}}}}'):
            assert "deep" in refused(body.encode()) or "\\n" in body
        assert "deep" in refused(item(f'"ignored": {value}'))


@pytest.mark.parametrize("start", [b"[", b'{"a":', b'[{"a":'])
def test_nesting_without_an_end_is_refused(start: bytes) -> None:
    for body in (start * 100_000, b'{"x": ' + start * 100_000, b'{"x": "\\n", "y": ' + start * 100_000):
        refused(body)


def test_brackets_in_strings_are_no_nesting() -> None:
    assert parse(member('"x": "' + "[{" * 5_000 + '"'))
    assert parse(member('"x": [' + "[]," * 5_000 + "{}]"))


def test_members_of_one_object_are_counted() -> None:
    most = ", ".join(f'"{number}": {{}}' for number in range(256))
    assert len(parse(b"{%s}" % most.encode())) == 256
    for body in (f'{{{most}, "x": 1}}', f'{{"y": {{{most}, "x": 1}}}}', f'{{"y": [[{{{most}, "x": 1}}]], "z": "\\n"}}'):
        assert "more than 256 members" in refused(body.encode())
    assert parse(b'{"x": [{%s}, {%s}]}' % (most.encode(), most.encode()))


@pytest.mark.parametrize("value", HEAVY, ids=lambda value: value[:12])
def test_no_body_is_slow_to_read(value: bytes) -> None:
    body = b'{"x": %s}' % value
    assert len(body) <= 65_536
    assert parse(body)["x"][-1] == 1
    assert fastest(parse, body) < 16 * fastest(json.loads, body)


def fastest(read: Callable[[bytes], Any], body: bytes) -> float:
    """Processor seconds to read a body, the best of five times."""
    times = []
    for _ in range(5):
        started = time.process_time()
        read(body)
        times.append(time.process_time() - started)
    return min(times)


def test_all_of_it_is_a_400_over_http(pdp: Running) -> None:
    values = (
        [f'"{lone}"'.encode() for lone in LONE]
        + [b'"%s"' % each for each in BYTES]
        + [text.encode() for text in NUMBERS]
    )
    bodies = [body for value in values for body in places(value)[:6]]
    bodies += [write(text) for text in TWICE.values() for write in (member, item)]
    bodies += [text.encode() for text in NO_JSON] + [
        member('"x": ' + nested("[{", 9)),
        b"[" * 60_000,
        b'{"a":' * 10_000,
    ]
    with pdp.connection() as connection:
        for body in bodies:
            for path in (b"/access/v1/evaluation", EVALUATIONS.encode()):
                connection.send(raw_request(body, b"x-request-id: 5", path=path))
                reply = connection.reply()
                assert (reply.status, reply.headers[b"x-request-id"]) == (400, b"5"), body[:200]
                message: Any = json.loads(reply.body)["message"]
                assert message.startswith("the body "), message
                assert "`$" not in message
    assert len(bodies) > 400
