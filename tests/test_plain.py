"""Proves that the short way through a plain request never leads elsewhere than the general way: whatever it takes, the
general way takes for the same questions, and it takes what ordinary callers send.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from asking import NO, YES, entity, question
from bad_json import TWICE
from lookalikes import BLANK
from remit.errors import RequestInvalid
from remit.service.operations import Operation
from remit.web import authzen
from remit.web.authzen import read_evaluation, read_evaluations
from remit.web.limits import Limits
from remit.web.plain import plain_question, plain_questions
from test_evaluation_property import some_question
from test_strict_json_property import Writer, mutated

ORDINARY = [
    YES,
    NO,
    question(context={}),
    question(context={"project": "project:vision"}),
    question(context={"scope": "*"}),
    question(resource=entity("environment:new", scope="project:vision")),
    question(
        "application:a b", "create", entity("environment:x", scope="*"), context={"project": "department:research"}
    ),
]
SHORT = {"one": plain_question, "many": lambda body: plain_questions(body, Limits().batch)}


AGAIN = [
    '"subject": {"type": "user", "id": "bob"}',
    '"id": "seen"',
    '"name": "use"',
    '"project": "project:nlp"',
    '"a": 1',
]
"""Members that a question has already, and one that it has not."""


@pytest.fixture
def general(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[bytes], Operation], bytes], Operation | None]:
    """What a reader makes of a body by the general way alone; None if it refuses it."""

    def read(reader: Callable[[bytes], Operation], body: bytes) -> Operation | None:
        with monkeypatch.context() as only:
            only.setattr(authzen, "plain_question", lambda body: None)
            only.setattr(authzen, "plain_questions", lambda body, most: None)
            try:
                return reader(body, Limits())
            except RequestInvalid:
                return None

    return read


def bound(general: Callable[..., Operation | None], body: bytes) -> int:
    """Both routes read the body as the general way does. How many of the two short ways took it."""
    for reader in (read_evaluation, read_evaluations):
        try:
            found: Operation | None = reader(body, Limits())
        except RequestInvalid:
            found = None
        assert found == general(reader, body), body
        assert type(found) is type(general(reader, body)), body
    return sum(short(body) is not None for short in SHORT.values())


def spelled(value: Any, random: Random, slips: float) -> bytes:
    """A value as JSON, spelled in some way; mostly plainly."""
    if random.random() < 0.4:
        return Writer(random, slips).write(value).encode("utf-8", "surrogatepass")
    text = json.dumps(
        value, separators=random.choice([None, (",", ":"), (" , ", " : ")]), indent=random.choice([None, 1])
    )
    return text.encode()


def test_what_ordinary_callers_send_is_plain() -> None:
    for body in ORDINARY:
        for spelling in (json.dumps(body), json.dumps(body, indent=2), json.dumps(body, separators=(",", ":"))):
            assert plain_question(spelling.encode()) is not None, spelling
    assert plain_questions(json.dumps({"evaluations": ORDINARY * 30}).encode(), Limits().batch) is not None
    assert plain_questions(json.dumps({"evaluations": ORDINARY * 40}).encode(), Limits().batch) is None


@pytest.mark.parametrize("seed", range(4))
def test_both_ways_lead_to_the_same_question(general: Callable[..., Operation | None], seed: int) -> None:
    random, plain = Random(seed), 0
    for _ in range(600):
        body = random.choice(ORDINARY) if random.random() < 0.2 else some_question(random)
        if random.random() < 0.4:
            body = {"evaluations": [body, *(some_question(random) for _ in range(random.randrange(3)))]}
        plain += bound(general, spelled(body, random, 0.02))
    assert plain > 60


@pytest.mark.parametrize("seed", range(4))
def test_both_ways_refuse_the_same_mutants(general: Callable[..., Operation | None], seed: int) -> None:
    random, plain = Random(seed), 0
    for _ in range(1_500):
        body: Any = random.choice(ORDINARY)
        if random.random() < 0.3:
            body = {"evaluations": [body, random.choice(ORDINARY)]}
        plain += bound(general, mutated(json.dumps(body).encode(), random))
    assert plain > 60


def test_a_member_that_stands_twice_is_never_plain(general: Callable[..., Operation | None]) -> None:
    for body in ORDINARY:
        text = json.dumps(body)
        for at in range(len(text)):
            if text[at] not in "{," or text[at + 1] == "}":
                continue
            for part in (*AGAIN, *TWICE.values()):
                doubled = f"{text[:at]}{text[at]}{part}, {text[at + 1 :]}".encode()
                assert bound(general, doubled) == 0
                assert bound(general, b'{"evaluations": [%s]}' % doubled) == 0


def test_names_that_are_none_are_never_plain(general: Callable[..., Operation | None]) -> None:
    names = [
        *BLANK,
        "role",
        "a:b",
        "x" * 256,
        "x" * 257,
        "\x7f",
        "a\x7f",
        "a\u200b",
        "é",
        "project:",
        "Project:x",
        ":",
        "**",
    ]
    text = json.dumps(
        question(context={"project": "project:vision"}, resource=entity("environment:x", scope="project:nlp"))
    )
    for name in names:
        for old in ("user", "ada", "use", "environment", "x", "project:vision", "project:nlp"):
            for ascii_only in (True, False):
                body = text.replace(f'"{old}"', json.dumps(name, ensure_ascii=ascii_only)).encode()
                bound(general, body)
                bound(general, b'{"evaluations": [%s, %s]}' % (body, text.encode()))
