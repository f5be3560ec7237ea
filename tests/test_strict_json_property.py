"""Proves that the fast reader of JSON accepts exactly what a slow and plain one accepts, with the same value, on bodies
that are written, miswritten and mutated at random.
"""

from __future__ import annotations

import json
import math
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bad_json import GOOD_NUMBERS, NO_JSON, NUMBERS, TWICE
from remit.errors import RequestInvalid
from remit.web.strict import parse


def reference(body: bytes) -> Any:
    """What the body says, read by Python's own reader, every rule spelled out. Raises ValueError if it breaks one."""
    value = json.loads(
        body.decode("utf-8"),
        object_pairs_hook=_members,
        parse_int=lambda text: int(text) if _double(text) is not None else None,
        parse_float=_double,
        parse_constant=_never,
    )
    if type(value) is not dict:
        raise ValueError("no object")
    _walk(value, 1)
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names) or len(names) > 256:
        raise ValueError("a name twice, or too many")
    return dict(pairs)


def _double(text: str) -> float:
    if math.isinf(float(text)):
        raise ValueError("out of range")
    return float(text)


def _never(text: str) -> None:
    raise ValueError(text)


def _walk(value: Any, depth: int) -> None:
    """Refuse what is nested too deep and text with a surrogate in it."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict | list):
        if depth > 8:
            raise ValueError("too deep")
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            _walk(item, depth + 1)


def same(one: Any, other: Any) -> bool:
    """Are two values one, type for type?"""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and (not isinstance(one, float) or math.copysign(1, one) == math.copysign(1, other))


def agree(body: bytes) -> bool:
    """Both readers take the body for the same value (True), or both refuse it (False); anything else fails."""
    try:
        wanted = reference(body)
    except (ValueError, RecursionError):
        with pytest.raises(RequestInvalid):
            parse(body)
        return False
    assert same(parse(body), wanted), body
    return True


NAMES = st.sampled_from(
    ["a", "b", "c", "", "é", "e\u0301", "😀", "\\", '"', "\u0000", "\x7f", "subject", "{", ":", ","]
)
NUMERALS = st.sampled_from([text for text in (*NUMBERS, *GOOD_NUMBERS) if len(text) < 500])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    NAMES,
    st.text(max_size=8),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
SEEDS = st.integers(0, 2**32 - 1)


class Writer:
    """Writes a value as JSON, with white space and escapes at random, and now and then something that is wrong."""

    def __init__(self, random: Random, slips: float) -> None:
        self.random = random
        self.slips = slips

    def write(self, value: Any) -> str:
        """One value, white space around it."""
        if isinstance(value, dict):
            pairs = [(name, item) for name, item in value.items()]
            if pairs and self._slip():
                pairs.insert(self.random.randrange(len(pairs) + 1), self.random.choice(pairs))
            inner = ",".join(
                f"{self._space()}{self.text(name)}{self._space()}:{self.write(item)}" for name, item in pairs
            )
            text = f"{{{inner}}}"
        elif isinstance(value, list):
            text = f"[{','.join(map(self.write, value))}]"
        elif isinstance(value, str):
            text = self.text(value)
        else:
            text = self.random.choice([*NUMBERS, *GOOD_NUMBERS])[:400] if self._slip() else json.dumps(value)
        return f"{self._space()}{text}{self._space()}"

    def text(self, text: str) -> str:
        """A string, some of it escaped that need not be."""
        return '"' + "".join(map(self._char, text)) + '"'

    def _char(self, char: str) -> str:
        if self._slip():
            char = chr(self.random.choice([0xD800, 0xDFFF, 0xDC00, 0x1F, 0x22, 0x5C]))
        must = char in '"\\' or char < " " or "\ud800" <= char <= "\udfff"
        if must or self.random.random() < 0.2:
            units = char.encode("utf-16-be", "surrogatepass")
            return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
        return char

    def _space(self) -> str:
        return (
            "".join(self.random.choices(["", " ", "\n", "\t", "\r"], [8, 2, 1, 1, 1]))
            if self.random.random() < 0.3
            else ""
        )

    def _slip(self) -> bool:
        return self.random.random() < self.slips


def mutated(body: bytes, random: Random) -> bytes:
    """The body with a few bytes changed, taken out, put in or repeated."""
    data = bytearray(body)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(data) + 1)
        match random.randrange(4):
            case 0:
                data[at : at + 1] = bytes([random.choice(b'{}[]":,\\u0019eE.-+ \n\x00\x80\xc3\xed\xff')])
            case 1:
                del data[at : at + random.randint(1, 4)]
            case 2:
                data[at:at] = random.choice([b"\\", b'"', b"{}", b"[", b"\\ud83d", b",", b'"a":1,', b"0", b"\xc3\xa9"])
            case _:
                data[at:at] = data[at : at + random.randint(1, 12)]
    return bytes(data)


@settings(max_examples=400, deadline=None, database=None)
@given(value=st.dictionaries(NAMES, VALUES, max_size=4), seed=SEEDS)
def test_what_is_well_written_is_read_as_it_was_meant(value: dict[str, Any], seed: int) -> None:
    body = Writer(Random(seed), 0.0).write(value).encode()
    if agree(body):
        assert same(parse(body), value)


@settings(max_examples=600, deadline=None, database=None)
@given(value=st.dictionaries(NAMES, VALUES, max_size=4), seed=SEEDS)
def test_what_is_written_with_slips_is_read_by_both_or_by_none(value: dict[str, Any], seed: int) -> None:
    agree(Writer(Random(seed), 0.05).write(value).encode("utf-8", "surrogatepass"))


@settings(max_examples=600, deadline=None, database=None)
@given(value=st.dictionaries(NAMES, VALUES, max_size=4), seed=SEEDS)
def test_what_is_mutated_is_read_by_both_or_by_none(value: dict[str, Any], seed: int) -> None:
    random = Random(seed)
    agree(mutated(Writer(random, 0.0).write(value).encode(), random))


def test_mutants_of_awkward_bodies() -> None:
    random = Random(5)
    good = (
        [f'{{"x": {text}}}' for text in (*GOOD_NUMBERS, *NUMBERS)]
        + [f"{{{text}}}" for text in TWICE.values()]
        + NO_JSON
    )
    verdicts = [agree(mutated(body.encode(), random)) for body in good if len(body) < 1_000 for _ in range(25)]
    assert 0.02 < sum(verdicts) / len(verdicts) < 0.5


def test_both_hold_to_the_same_limits() -> None:
    for depth in range(1, 12):
        assert agree(b'{"x":' * depth + b"1" + b"}" * depth) == (depth <= 8)
        assert agree(b'{"x":' + b"[" * depth + b"]" * depth + b"}") == (depth < 8)
    for count in (255, 256, 257, 300):
        members = ",".join(f'"{number}":"\\n"' for number in range(count))
        for body in (f"{{{members}}}", f'{{"y":[{{{members}}}]}}', f"{{{members}}}".replace("\\n", "")):
            assert agree(body.encode()) == (count <= 256)
    for digits in range(300, 320):
        for number in ("9" * digits, "1" * digits, "1" + "0" * digits, "17976931348623157" + "9" * (digits - 17)):
            agree(f'{{"x": {number}}}'.encode())
            agree(f'{{"x": -{number}, "y": "\\n"}}'.encode())
