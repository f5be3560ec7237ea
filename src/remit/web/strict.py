"""JSON read strictly (I-JSON, AuthZEN §11.5), at the speed of the decoder.

msgspec refuses bad UTF-8, lone surrogates, NaN and numbers out of range once it decodes everything, ignored
members included. What it lets pass is found without a second parser: it keeps one of two members of the same
name, so a body that had any holds more quotation marks than its decoded value, written again.
"""

from __future__ import annotations

import json
from itertools import chain
from math import isinf
from typing import Any

import msgspec

from remit.errors import RequestInvalid

MAX_DEPTH = 8
"""Objects and arrays within one another."""

MAX_MEMBERS = 256
"""Members of one object."""

_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_MANY_DIGITS = b"0" * 309  # as many as the largest double has


def _double(text: str) -> float:
    """A number with a fraction or an exponent. The decoder's own way takes 100 times as long for very large ones."""
    value = float(text)
    if isinf(value):
        raise ValueError("number out of range")
    return value


_decode = msgspec.json.Decoder(float_hook=_double).decode
_encode = msgspec.json.Encoder().encode


def parse(body: bytes, depth: int = MAX_DEPTH) -> dict[str, Any]:
    """The JSON object that `body` is, nested at most `depth` deep. Raises RequestInvalid, in one sentence, if it is
    not exactly that."""
    try:
        value = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestInvalid(f"the body is not valid JSON: {_reason(body, error)}") from None
    if type(value) is not dict:
        raise RequestInvalid("the body must be a JSON object")
    quotes = body.count(b'"')
    if b"\\" in body:
        _check_escaped(body)
    elif _encode(value).count(b'"') != quotes:
        raise RequestInvalid("the body names a member twice in one object")
    if quotes > 2 * MAX_MEMBERS or body.count(b"{") + body.count(b"[") > depth:
        _check_shape(value, depth)
    if len(body) > len(_MANY_DIGITS) and _MANY_DIGITS in body.translate(_DIGITS):
        _check_integers(body)
    return value


def _reason(body: bytes, error: Exception) -> str:
    """Why the decoder refused, in words that fit any JSON body."""
    if not body:
        return "it is empty"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error).removeprefix("JSON is malformed: ").split(" - at `")[0].lower()


def _check_escaped(body: bytes) -> None:
    """Refuse members that are the same once their escapes are read."""

    def members(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            raise RequestInvalid("the body names a member twice in one object")

    try:
        json.loads(body, object_pairs_hook=members)
    except (ValueError, RecursionError):
        raise RequestInvalid("the body is not valid JSON") from None


def _check_integers(body: bytes) -> None:
    """Refuse integers that are too large for a double; other numbers were read as one."""

    def integer(text: str) -> None:
        if isinf(float(text)):
            raise RequestInvalid("the body is not valid JSON: number out of range")

    json.loads(body, parse_int=integer)


def _check_shape(value: dict[str, Any], depth: int) -> None:
    """Refuse objects with too many members, and nesting too deep; level by level."""
    level: list[Any] = [value]
    for _ in range(depth):
        objects = [item for item in level if type(item) is dict]
        if any(len(item) > MAX_MEMBERS for item in objects):
            raise RequestInvalid(f"an object of the body has more than {MAX_MEMBERS} members")
        below = chain(*[item.values() for item in objects], *[item for item in level if type(item) is list])
        level = [item for item in below if type(item) is dict or type(item) is list]
        if not level:
            return
    raise RequestInvalid(f"the body is nested more than {depth} deep")
