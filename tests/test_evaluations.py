"""Proves that a batch over HTTP does what AuthZEN §7 says: each item is judged by itself, defaults are replaced whole,
and the three semantics stop where they must.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from asking import NO, YES, entity, question
from remit.service.operations import EvaluateMany, Unanswerable, checked_name
from remit.web.authzen import read_evaluations
from remit.web.limits import Limits
from server import EVALUATIONS, Running

ANSWERS = {
    "type": "object",
    "required": ["evaluations"],
    "additionalProperties": False,
    "properties": {
        "evaluations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["decision"],
                "additionalProperties": False,
                "properties": {"decision": {"type": "boolean"}, "context": {"type": "object"}},
            },
        }
    },
}

WRONG: list[Any] = [{}, 5, None, "x", [], {**YES, "subject": None}, {**YES, "subject": 5}, question(resource=" :x")]
"""Items that are no questions, where nothing is given by default."""


def batch(pdp: Running, items: Any, **members: Any) -> list[dict[str, Any]]:
    """The answers to a batch, after a look at their shape."""
    answer = pdp.ask({"evaluations": items, **members}, EVALUATIONS)
    assert answer.status_code == 200, answer.text
    Draft202012Validator(ANSWERS).validate(answer.json())
    found: list[dict[str, Any]] = answer.json()["evaluations"]
    return found


def decisions(pdp: Running, items: Any, **members: Any) -> list[bool]:
    """The decisions of a batch."""
    return [answer["decision"] for answer in batch(pdp, items, **members)]


def stopped(verdicts: list[bool], semantic: str) -> list[bool]:
    """What the answer to these verdicts must be, by the word of §7.1.2.1."""
    stop = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}[semantic]
    return verdicts[: verdicts.index(stop) + 1] if stop in verdicts else verdicts


def test_the_answer_is_minimal_to_the_byte(pdp: Running) -> None:
    answer = pdp.ask({"evaluations": [YES, NO]}, EVALUATIONS)
    assert answer.content == b'{"evaluations":[{"decision":true},{"decision":false}]}'


def test_equal_batches_get_equal_bytes(pdp: Running) -> None:
    for explain in (False, True):
        body = {"evaluations": [YES, NO, {}, 5], "options": {"explain": explain}}
        assert len({pdp.ask(body, EVALUATIONS).content for _ in range(5)}) == 1


@pytest.mark.parametrize("place", range(50))
def test_every_item_is_judged_by_itself(pdp: Running, place: int) -> None:
    items: list[Any] = [YES] * 50
    for foreign in (NO, {}, question("user:zoe")):
        items[place] = foreign
        assert decisions(pdp, items) == [index != place for index in range(50)]
    items = [NO] * 50
    items[place] = YES
    assert decisions(pdp, items) == [index == place for index in range(50)]


@pytest.mark.parametrize("item", WRONG, ids=repr)
def test_a_wrong_item_is_a_deny_that_says_why(pdp: Running, item: Any) -> None:
    good, wrong, also_good = batch(pdp, [YES, item, YES])
    assert good == also_good == {"decision": True}
    assert wrong["decision"] is False
    assert wrong["context"]["error"]["status"] == 400
    assert wrong["context"]["error"]["message"]
    assert batch(pdp, [item]) == [wrong]


def test_items_without_a_member_take_it_from_the_top(pdp: Running) -> None:
    for member in ("subject", "action", "resource"):
        item = {name: value for name, value in YES.items() if name != member}
        assert decisions(pdp, [item, YES], **{member: YES[member]}) == [True, True]
        assert decisions(pdp, [item, YES]) == [False, True]
    assert decisions(pdp, [{}, {"subject": NO["subject"]}, {}], **YES) == [True, False, True]


def test_a_member_of_an_item_replaces_the_default_whole(pdp: Running) -> None:
    for member, part in (("subject", "id"), ("subject", "type"), ("resource", "id"), ("resource", "type")):
        partial = {name: value for name, value in YES[member].items() if name != part}
        (answer,) = batch(pdp, [{member: partial}], **YES)
        assert answer["decision"] is False
        assert f"`{member}.{part}` is required" in answer["context"]["error"]["message"]
    assert decisions(pdp, [{"action": {}}, {"action": {"properties": {}}}], **YES) == [False, False]


def test_properties_are_not_inherited_by_an_entity_of_its_own(pdp: Running) -> None:
    placed = {**YES, "resource": entity("environment:new", scope="project:vision")}
    own = {"resource": entity("environment:new")}
    assert decisions(pdp, [{}, own, {"resource": entity("environment:new", color="red")}], **placed) == [
        True,
        False,
        False,
    ]
    member = question(entity("user:zoe", groups=["science"]), resource="environment:read")
    assert decisions(pdp, [{}, {"subject": entity("user:zoe")}], **member) == [True, False]


def test_context_is_replaced_whole(pdp: Running) -> None:
    shared = question(resource="environment:everywhere", context={"project": "project:vision"})
    items = [{}, {"context": {"project": "project:nlp"}}, {"context": {}}, {"context": {"other": 1}}]
    assert decisions(pdp, items, **shared) == [True, False, False, False]
    both = {**shared, "context": {"project": "project:vision"}}
    assert decisions(pdp, [{"context": {"scope": "project:nlp"}}, {"context": None}], **both) == [False, True]


def test_a_context_of_null_is_none_at_all(pdp: Running) -> None:
    """A client that writes null for what it leaves out must not get the wider question without a place."""
    there = question(action="view", resource="environment:seen", context={"project": "project:nlp"})
    assert decisions(pdp, [{}, {"context": None}, {"context": {}}], **there) == [False, False, True]


def test_null_replaces_a_default_and_is_no_entity(pdp: Running) -> None:
    for member in ("subject", "action", "resource"):
        assert decisions(pdp, [{member: None}, {}], **YES) == [False, True]


def test_wrong_parts_of_a_default_are_the_affair_of_the_items_that_take_it(pdp: Running) -> None:
    wrong = {"type": "user", "id": 5}
    assert decisions(pdp, [{}, {"subject": YES["subject"]}], **{**YES, "subject": wrong}) == [False, True]


@pytest.mark.parametrize("semantic", ["execute_all", "deny_on_first_deny", "permit_on_first_permit", None])
def test_semantics_stop_where_they_must(pdp: Running, semantic: str | None) -> None:
    random = Random(7)
    options = {} if semantic is None else {"options": {"evaluations_semantic": semantic}}
    kinds = {True: [YES], False: [NO, {}, 5, question("user:zoe"), {**YES, "action": {}}]}
    lengths = [1, 2, 3, 8, 40]
    for share in (0.0, 0.1, 0.5, 0.9, 1.0):
        for verdicts in ([random.random() < share for _ in range(length)] for length in lengths):
            items = [random.choice(kinds[verdict]) for verdict in verdicts]
            assert decisions(pdp, items, **options) == stopped(verdicts, semantic or "execute_all")


def test_an_error_stops_as_a_deny_does(pdp: Running) -> None:
    answers = batch(pdp, [YES, {}, YES], options={"evaluations_semantic": "deny_on_first_deny"})
    assert [answer["decision"] for answer in answers] == [True, False]
    assert answers[1]["context"]["error"]["status"] == 400


@pytest.mark.parametrize(
    "value", ["", "EXECUTE_ALL", "execute-all", " execute_all", "all", 5, True, [], {}, ["x"]], ids=repr
)
def test_an_unknown_semantic_is_refused(pdp: Running, value: Any) -> None:
    for items in ([YES], []):
        body = {**YES, "evaluations": items, "options": {"evaluations_semantic": value}}
        answer = pdp.ask(body, EVALUATIONS)
        assert answer.status_code == 400
        assert "evaluations_semantic" in answer.json()["message"]


@pytest.mark.parametrize("value", ["x", 5, True, {}, {"a": 1}], ids=repr)
def test_evaluations_is_an_array(pdp: Running, value: Any) -> None:
    assert pdp.ask({**YES, "evaluations": value}, EVALUATIONS).status_code == 400


@pytest.mark.parametrize("member", ["subject", "action", "resource", "context", "options"])
def test_the_whole_batch_is_refused_for_its_own_members(pdp: Running, member: str) -> None:
    for value in (5, "x", [], True):
        assert pdp.ask({member: value, "evaluations": [YES]}, EVALUATIONS).status_code == 400
    assert decisions(pdp, [YES], **{member: None}) == [True]


def test_unknown_members_of_items_are_ignored(pdp: Running) -> None:
    extra = {"evaluations": [NO], "options": {"evaluations_semantic": "x"}, "decision": False, "id": 5}
    assert decisions(pdp, [{**YES, **extra}, {**NO, **extra}]) == [True, False]


def test_as_many_questions_as_allowed(pdp: Running) -> None:
    for item in ({}, YES):
        assert decisions(pdp, [item] * 256, **YES) == [True] * 256
        assert pdp.ask({**YES, "evaluations": [item] * 257}, EVALUATIONS).status_code == 400
    assert decisions(pdp, [YES] * 256) == [True] * 256
    assert pdp.ask({"evaluations": [YES] * 257}, EVALUATIONS).status_code == 400


def test_reasons_are_given_item_by_item(pdp: Running) -> None:
    answers = batch(pdp, [YES, NO, {}], options={"explain": True})
    assert [answer["context"].get("reason_admin", {}).get("code") for answer in answers] == [
        "granted",
        "no-permission",
        None,
    ]
    alone = [pdp.ask({**body, "options": {"explain": True}}).json() for body in (YES, NO)]
    assert answers[:2] == alone


def test_reasons_are_given_for_fewer_questions(pdp: Running) -> None:
    explain = {"options": {"explain": True}}
    assert decisions(pdp, [{}] * 32, **YES, **explain) == [True] * 32
    answer = pdp.ask({**YES, "evaluations": [{}] * 33, **explain}, EVALUATIONS)
    assert answer.status_code == 400
    assert "explain" in answer.json()["message"]


@pytest.mark.parametrize("last", ["lab", " "])
def test_groups_that_all_items_share_are_read_once(monkeypatch: pytest.MonkeyPatch, last: str) -> None:
    read: list[str] = []
    monkeypatch.setattr(
        "remit.web.questions.checked_name", lambda where, text: read.append(text) or checked_name(where, text)
    )
    shared = question(entity("user:zoe", groups=["x"] * 255 + [last]))
    operation = read_evaluations(json.dumps({**shared, "evaluations": [{}] * 256}).encode(), Limits())
    assert isinstance(operation, EvaluateMany)
    assert all(isinstance(item, Unanswerable) == (last == " ") for item in operation.items)
    assert len(read) < 2 * 256


def test_a_batch_decides_as_single_questions_do(pdp: Running) -> None:
    random = Random(11)
    subjects = ["user:ada", "user:bob", "user:grace", "user:ida", "user:old", "group:lab", "user:zoe"]
    things = ["environment:seen", "environment:everywhere", "environment:read", "environment:sold", "planet:x"]
    places = [{}, {"context": {"project": "project:vision"}}, {"context": {"scope": "project:nlp"}}]
    items = [
        question(random.choice(subjects), random.choice(["view", "use", "edit", "create"]), random.choice(things))
        | random.choice(places)
        for _ in range(120)
    ]
    verdicts = [pdp.decides(item) for item in items]
    assert {True, False} == set(verdicts)
    assert decisions(pdp, items) == verdicts
    assert decisions(pdp, items, **YES, context={"project": "project:web"}) == [
        pdp.decides({"context": {"project": "project:web"}, **item}) for item in items
    ]
