"""Proves that a single access evaluation over HTTP does what AuthZEN §5 and §6 say and what remit's semantics say."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from asking import NO, YES, entity, question
from server import EVALUATION, EVALUATIONS, Running

DECISION = {
    "type": "object",
    "required": ["decision"],
    "properties": {"decision": {"type": "boolean"}, "context": {"type": "object"}},
}
"""An evaluation's answer as the working group's schema has it."""

ENTITY = {
    "type": "object",
    "required": ["type", "id"],
    "properties": {"type": {"type": "string"}, "id": {"type": "string"}, "properties": {"type": "object"}},
}
ACTION = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "properties": {"type": "object"}},
}
REQUEST = {
    "type": "object",
    "required": ["subject", "resource", "action"],
    "properties": {"subject": ENTITY, "resource": ENTITY, "action": ACTION, "context": {"type": "object"}},
}
"""A request as the working group's schema has it."""

NOT_STRINGS: list[Any] = [5, 1.5, True, ["x"], {"x": "y"}]
NOT_OBJECTS: list[Any] = [5, "x", False, [], [{}]]

STRINGS = ["subject.type", "subject.id", "action.name", "resource.type", "resource.id"]
OBJECTS = ["subject", "action", "resource", "context", "options"]
OBJECTS += ["subject.properties", "action.properties", "resource.properties"]


def changed(path: str, value: Any, body: dict[str, Any] = YES) -> dict[str, Any]:
    """A copy of a body with the member at `a.b` set."""
    body = deepcopy(body)
    *way, last = path.split(".")
    at = body
    for name in way:
        at = at.setdefault(name, {})
    at[last] = value
    return body


def without(path: str) -> dict[str, Any]:
    """A copy of the good question without the member at `a.b`."""
    body = deepcopy(YES)
    *way, last = path.split(".")
    at = body
    for name in way:
        at = at[name]
    del at[last]
    return body


def refused(pdp: Running, body: Any, names: str) -> None:
    """The body is a 400 whose message names the member."""
    answer = pdp.ask(body)
    assert answer.status_code == 400, (body, answer.text)
    assert set(answer.json()) == {"code", "message"}
    assert answer.json()["code"] == 400
    assert f"`{names}`" in answer.json()["message"], answer.text


def test_the_answer_is_minimal_to_the_byte(pdp: Running) -> None:
    assert pdp.ask(YES).content == b'{"decision":true}'
    assert pdp.ask(NO).content == b'{"decision":false}'


@pytest.mark.parametrize("options", [None, {}, {"explain": None}, {"explain": False}, {"unknown": [1]}])
def test_options_that_ask_for_nothing_change_nothing(pdp: Running, options: Any) -> None:
    assert pdp.ask(question(options=options)).content == b'{"decision":true}'


def test_equal_questions_get_equal_bytes(pdp: Running) -> None:
    for body in (YES, NO, question(options={"explain": True}), question("user:bob", options={"explain": True})):
        assert len({pdp.ask(body).content for _ in range(5)}) == 1


def test_the_order_of_members_means_nothing(pdp: Running) -> None:
    turned = {name: dict(reversed(part.items())) for name, part in reversed(YES.items())}
    assert list(turned) != list(YES)
    assert pdp.decides(turned)


def test_requests_and_answers_fit_the_schemas(pdp: Running) -> None:
    for body in (YES, NO, question("user:bob", "edit", options={"explain": True}), question(context={"a": [None]})):
        Draft202012Validator(REQUEST).validate(body)
        for asked in (body, {**body, "options": {"explain": True}}):
            Draft202012Validator(DECISION).validate(pdp.ask(asked).json())


@pytest.mark.parametrize("path", [*STRINGS, "subject", "action", "resource"])
def test_a_required_member_is_required(pdp: Running, path: str) -> None:
    refused(pdp, without(path), path)


@pytest.mark.parametrize("path", [*STRINGS, "subject", "action", "resource"])
def test_null_is_no_value_for_a_required_member(pdp: Running, path: str) -> None:
    refused(pdp, changed(path, None), path)


@pytest.mark.parametrize("path", ["context", "options", *(path for path in OBJECTS if "." in path)])
def test_null_for_an_optional_member_is_as_if_it_were_absent(pdp: Running, path: str) -> None:
    assert pdp.decides(changed(path, None))


@pytest.mark.parametrize("value", NOT_STRINGS, ids=str)
@pytest.mark.parametrize("path", [*STRINGS, "resource.properties.scope", "context.project", "context.scope"])
def test_a_member_that_is_a_string_must_be_one(pdp: Running, path: str, value: Any) -> None:
    refused(pdp, changed(path, value), path)


@pytest.mark.parametrize("value", NOT_OBJECTS, ids=str)
@pytest.mark.parametrize("path", OBJECTS)
def test_a_member_that_is_an_object_must_be_one(pdp: Running, path: str, value: Any) -> None:
    refused(pdp, changed(path, value), path)


@pytest.mark.parametrize("value", [1, 0, "true", [], {}], ids=str)
def test_explain_is_true_or_false(pdp: Running, value: Any) -> None:
    refused(pdp, question(options={"explain": value}), "options.explain")


@pytest.mark.parametrize("value", ["science", 5, {}, True, ["science", 5], [None], [[]], ["x"] * 257], ids=repr)
def test_groups_are_names(pdp: Running, value: Any) -> None:
    refused(pdp, changed("subject.properties.groups", value), "subject.properties.groups")


@pytest.mark.parametrize("value", [[], [YES], "text", 7, None, True], ids=repr)
def test_the_body_is_an_object(pdp: Running, value: Any) -> None:
    assert pdp.ask(value).status_code == 400


@pytest.mark.parametrize("at", ["", "subject.", "action.", "resource.", "context.", "options."])
def test_unknown_members_are_ignored_at_every_level(pdp: Running, at: str) -> None:
    for value in (None, 1, "x", [[]], {"decision": True, "deep": [{}]}):
        for name in ("decision", "is_admin", "roles", "Subject", "évènement", "properties2", "__proto__"):
            assert pdp.decides(changed(f"{at}{name}", value))
            assert not pdp.decides(changed(f"{at}{name}", value, NO))


@pytest.mark.parametrize("at", ["subject", "action", "resource"])
def test_properties_hold_any_value(pdp: Running, at: str) -> None:
    anything = {"a": None, "b": [1, {"c": 1.5}], "roles": ["researcher"], "id": "bob", "type": 5, "name": False}
    assert pdp.decides(changed(f"{at}.properties", anything))
    assert not pdp.decides(changed(f"{at}.properties", anything, NO))


def test_what_belongs_to_a_batch_means_nothing_to_one_question(pdp: Running) -> None:
    for evaluations in ([], [NO], "x", 5, [5]):
        assert pdp.ask({**YES, "evaluations": evaluations}, EVALUATION).content == b'{"decision":true}'
    assert pdp.decides(question(options={"evaluations_semantic": "whatever"}))


def test_an_unknown_name_is_a_deny_and_never_an_error(pdp: Running) -> None:
    for asked in (
        question("user:nobody"), question("robot:ada"), question(action="fly"), question(resource="planet:x"),
        question(context={"project": "project:none"}), changed("resource.properties.scope", "project:none"),
    ):  # fmt: skip
        assert not pdp.decides(asked)
        assert not pdp.decides({**asked, "evaluations": []})


def test_names_of_256_bytes_are_the_longest(pdp: Running) -> None:
    for path in STRINGS:
        for longest in ("x" * 256, "é" * 128, "😀" * 64):
            assert not pdp.decides(changed(path, longest))
            refused(pdp, changed(path, longest + "x"), path)


def test_a_role_is_never_a_subject(pdp: Running) -> None:
    refused(pdp, question("role:researcher"), "subject.type")
    refused(pdp, {**YES, "subject": {"type": "user:ada", "id": "x"}}, "subject.type")
    for id in ("researcher", "role:researcher", "user:ada", "user:role:researcher"):
        assert not pdp.decides({**YES, "subject": {"type": "user", "id": id}})


def test_the_batch_route_without_a_batch_answers_the_same(pdp: Running) -> None:
    for body in (YES, NO, question(options={"explain": True}), {}, changed("subject.id", 5)):
        one = pdp.ask(body)
        for many in (body, {**body, "evaluations": []}, {**body, "evaluations": None}):
            answer = pdp.ask(many, EVALUATIONS)
            assert (answer.status_code, answer.content) == (one.status_code, one.content)


def test_subjects_may_be_groups_and_applications(pdp: Running) -> None:
    assert pdp.decides({**question(resource="environment:read"), "subject": entity("group:science")})
    assert not pdp.decides({**question(resource="environment:read"), "subject": entity("application:science")})
