"""Proves that the client asks a real remit what it was told to ask, and reads what it answers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from remit.client import Question
from server import Running
from test_client_servers import EVALUATE, FACES, QUESTION, answer, answers, ask, behaving, door, http, http_json, saying

pytestmark = pytest.mark.parametrize("face", FACES)

CASES: list[tuple[tuple[str, str, str], dict[str, Any], bool]] = [
    (QUESTION, {}, True),
    (("user:bob", "use", "environment:seen"), {}, False),
    (("user:bob", "view", "environment:seen"), {}, True),
    (("user:ada", "create", "environment"), {"home": "project:vision"}, True),
    (("user:ada", "create", "environment"), {"home": "project:nlp"}, False),
    (("user:ada", "create", "environment"), {}, False),
    (("user:ada", "use", "environment:everywhere"), {"place": "project:vision"}, True),
    (("user:ada", "use", "environment:everywhere"), {"place": "project:web"}, False),
    (("user:bob", "view", "environment:everywhere"), {"place": "department:sales"}, True),
    (("user:new", "use", "environment:read"), {"groups": ["science"]}, True),
    (("user:new", "use", "environment:read"), {"groups": ("other", "lab")}, True),
    (("user:new", "use", "environment:read"), {"groups": ["other"]}, False),
    (("user:new", "use", "environment:read"), {}, False),
    (("user:old", "use", "environment:seen"), {}, False),
]
"""Questions to the small policy of `asking`, and what it says."""


@pytest.mark.parametrize(("question", "options", "expected"), CASES, ids=repr)
def test_it_is_allowed_exactly_if_remit_says_so(
    pdp: Running, face: str, question: tuple[str, str, str], options: dict[str, Any], expected: bool
) -> None:
    assert answer(face, asked=ask("allowed", *question, **options), **door(pdp)) is expected
    verdict = answer(face, asked=ask("evaluate", *question, **options), **door(pdp))
    assert (verdict.allowed, verdict.decided) == (expected, True)


def test_a_verdict_names_the_revision_that_gave_it(pdp: Running, face: str) -> None:
    assert pdp.snapshot is not None
    assert answer(face, **door(pdp)).revision == pdp.snapshot.revision


def test_reasons_come_when_they_are_asked_for(pdp: Running, face: str) -> None:
    plain = answer(face, asked=ask("evaluate", "user:ada", "create", "environment", home="project:nlp"), **door(pdp))
    assert (plain.why, plain.context) == ("denied", None)
    question = ask("evaluate", "user:ada", "create", "environment", home="project:nlp", explain=True)
    verdict = answer(face, asked=question, **door(pdp))
    assert verdict.why == "`user:ada` holds no role in `project:nlp` or above"
    assert verdict.context["reason_admin"]["code"] == "no-role-here"


@pytest.mark.parametrize("count", [0, 1, 256, 257, 600])
def test_many_questions_have_as_many_answers_in_their_order(pdp: Running, face: str, count: int) -> None:
    cases = [CASES[number % len(CASES)] for number in range(count)]
    questions = [Question(*question, **options) for question, options, _ in cases]
    verdicts = answer(face, asked=ask("evaluate_many", questions), **door(pdp))
    assert [verdict.allowed for verdict in verdicts] == [expected for *_, expected in cases]
    assert all(verdict.decided and verdict.revision for verdict in verdicts)


@pytest.mark.parametrize("groups", [[], [f"group-{number:0>200}" for number in range(100)] + ["science"]], ids=len)
def test_long_questions_go_in_smaller_batches(pdp: Running, face: str, groups: list[str]) -> None:
    ids = [f"{number:0>200}" for number in range(400)] + ["read"]
    questions = [Question("user:new", "use", f"environment:{id}", groups=groups) for id in ids]
    verdicts = answer(face, asked=ask("evaluate_many", questions), **door(pdp))
    assert all(verdict.decided for verdict in verdicts)
    assert [verdict.allowed for verdict in verdicts] == 400 * [False] + [bool(groups)]
    assert sum(len(json.dumps(question.body())) for question in questions) > 65_536


def test_groups_that_all_questions_share_count_for_each(pdp: Running, face: str) -> None:
    questions = [Question("user:new", "use", f"environment:{id}", groups=["science"]) for id in ("read", "sold")]
    verdicts = answer(face, asked=ask("evaluate_many", questions), **door(pdp))
    assert [verdict.allowed for verdict in verdicts] == [True, False]
    questions.append(Question("user:new", "use", "environment:read"))
    verdicts = answer(face, asked=ask("evaluate_many", questions), **door(pdp))
    assert [verdict.allowed for verdict in verdicts] == [True, False, False]


def test_what_remit_refuses_to_decide_is_no_decision(pdp: Running, face: str) -> None:
    verdict = answer(face, asked=ask("evaluate", "user:ada", "use", "environment:\x00"), **door(pdp))
    assert (verdict.allowed, verdict.decided) == (False, False)
    assert verdict.why.startswith("remit answered 400: `resource.id` ")
    verdicts = answer(
        face, asked=ask("evaluate_many", [Question(*QUESTION), Question("role:x", *QUESTION[1:])]), **door(pdp)
    )
    assert [(verdict.allowed, verdict.decided) for verdict in verdicts] == [(True, True), (False, False)]
    assert "a role is never a subject" in verdicts[1].why


def test_the_request_is_what_authzen_says(face: str) -> None:
    full = ask("evaluate", "user:a:b", "use", "kind:x:y", home="*", place="project:p", groups=("g", "h"), explain=True)
    with saying(http()) as server:
        answers(face, server.url + "/base/", full, ask("evaluate", "user:a", "create", "kind", place="department:d"))
        first, second = server.asked
    assert first.head.startswith(b"POST /base/access/v1/evaluation HTTP/1.1\r\n")
    assert first.header("content-type") == "application/json"
    assert first.header("authorization") == "Bearer a-token"
    assert first.header("x-request-id") is None
    assert first.content() == {
        "subject": {"type": "user", "id": "a:b", "properties": {"groups": ["g", "h"]}},
        "action": {"name": "use"},
        "resource": {"type": "kind", "id": "x:y", "properties": {"scope": "*"}},
        "context": {"project": "project:p"},
        "options": {"explain": True},
    }
    assert second.content() == {
        "subject": {"type": "user", "id": "a"},
        "action": {"name": "create"},
        "resource": {"type": "kind", "id": "new"},
        "context": {"scope": "department:d"},
    }


def test_a_batch_says_a_long_subject_once(face: str) -> None:
    with saying(http_json({"evaluations": [{"decision": True}, {"decision": False}]})) as server:
        questions = [Question("user:a", "use", f"kind:{id}", groups=["g"]) for id in "xy"]
        answer(face, server.url, ask("evaluate_many", questions))
        (asked,) = server.asked
    assert asked.head.startswith(b"POST /access/v1/evaluations ")
    assert asked.content() == {
        "subject": {"type": "user", "id": "a", "properties": {"groups": ["g"]}},
        "evaluations": [
            {"action": {"name": "use"}, "resource": {"type": "kind", "id": "x"}},
            {"action": {"name": "use"}, "resource": {"type": "kind", "id": "y"}},
        ],
    }


def test_a_request_has_the_id_of_its_call_or_one_that_the_client_supplies(face: str) -> None:
    given = ask("evaluate", *QUESTION, request_id="ü 7")
    with saying(http()) as server:
        answers(face, server.url, given, EVALUATE, request_id=lambda: "supplied")
        assert [asked.header("x-request-id") for asked in server.asked] == ["ü 7", "supplied"]


def test_every_request_asks_for_the_token(face: str) -> None:
    tokens = iter("123")
    with saying(http()) as server:
        answers(face, server.url, *3 * [EVALUATE], token=lambda: next(tokens))
        assert [asked.header("authorization") for asked in server.asked] == ["Bearer 1", "Bearer 2", "Bearer 3"]


def test_one_connection_serves_many_questions(face: str) -> None:
    with saying(http()) as server:
        assert answers(face, server.url, *20 * [ask("allowed", *QUESTION)]) == 20 * [True]
        assert (server.connections, len(server.asked)) == (1, 20)


def test_nothing_is_remembered_between_questions(face: str) -> None:
    with saying(http(b'{"decision":true}', b"200 OK", b"set-cookie: session=1; Path=/")) as server:
        answers(face, server.url, EVALUATE, EVALUATE)
        assert [asked.header("cookie") for asked in server.asked] == [None, None]


def test_the_environment_says_nothing_about_proxies(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with behaving(lambda link, asked: link.sendall(http())) as proxy, saying(http(b'{"decision":false}')) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert answer(face, server.url).allowed is False
        assert (proxy.connections, server.connections) == (0, 1)


def test_the_client_alone_needs_neither_fastapi_nor_the_server(face: str) -> None:
    code = (
        "import sys, remit.client; "
        "assert 'httpx' in sys.modules; "
        "print([name for name in sys.modules if name.split('.')[0] in ('fastapi', 'starlette', 'uvicorn', 'casbin')"
        " or name.startswith(('remit.service', 'remit.web'))])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
