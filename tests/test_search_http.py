"""Proves the search endpoints (AuthZEN §8) over HTTP: what is listed is exactly what evaluation allows, bodies are
minimal, what is sought is not read, unknown things give nothing, and `permitted-scopes` tells where.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from asking import FILES, YES, entity, question
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from server import CALLER, EVALUATION, EVALUATIONS, Running, with_caller

SUBJECT, RESOURCE, ACTION = (f"/access/v1/search/{what}" for what in ("subject", "resource", "action"))
PERMITTED = "/v1/permitted-scopes"
SNAPSHOT = Snapshot(read_policy(with_caller(FILES)))

PEOPLE = [
    "user:ada",
    "user:bob",
    "user:grace",
    "user:ida",
    "user:old",
    "user:zoe",
    "group:lab",
    "group:science",
    CALLER,
]
THINGS = ["environment:everywhere", "environment:seen", "environment:read", "environment:sold"]
ACTIONS = ["create", "view", "use", "edit", "fly"]
PLACES: list[dict[str, Any]] = [
    {}, {"project": "project:vision"}, {"project": "project:nlp"}, {"scope": "department:research"}, {"scope": "*"},
    {"project": "project:none"},
]  # fmt: skip


def results(running: Running, path: str, body: Any) -> list[Any]:
    answer = running.ask(body, path)
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["results"], answer.text
    assert answer.headers["remit-revision"] == (running.snapshot.revision if running.snapshot else None)
    return answer.json()["results"]  # type: ignore[no-any-return]


def decided(running: Running, questions: list[Any]) -> list[bool]:
    found = running.ask({"evaluations": questions}, EVALUATIONS).json()["evaluations"]
    assert len(found) == len(questions) and not any("context" in each for each in found)
    return [each["decision"] for each in found]


def asked(subject: Any, action: str, thing: Any, place: dict[str, Any]) -> dict[str, Any]:
    return question(subject, action, thing, **({"context": place} if place else {}))


def test_subjects_are_those_whom_evaluation_lets(pdp: Running) -> None:
    some = 0
    for action, thing, place in product(ACTIONS, THINGS, PLACES):
        for type_ in ("user", "group", "application", "robot"):
            names = sorted(name for name in PEOPLE if name.startswith(f"{type_}:"))
            allowed = decided(pdp, [asked(name, action, thing, place) for name in names]) if names else []
            due = [entity(name) for name, yes in zip(names, allowed, strict=True) if yes]
            body = {**asked(names[0] if names else "robot:x", action, thing, place), "subject": {"type": type_}}
            assert results(pdp, SUBJECT, body) == due, body
            some += len(due)
    assert some > 60


def test_resources_are_those_of_which_evaluation_says_yes(pdp: Running) -> None:
    some = 0
    for person, action, place in product(PEOPLE, ACTIONS, PLACES):
        allowed = decided(pdp, [asked(person, action, thing, place) for thing in THINGS])
        due = [entity(thing) for thing, yes in zip(THINGS, allowed, strict=True) if yes]
        body = {**asked(person, action, THINGS[0], place), "resource": {"type": "environment"}}
        found = results(pdp, RESOURCE, body)
        assert sorted(found, key=str) == sorted(due, key=str), body
        some += len(due)
    assert some > 60


def test_actions_are_those_that_evaluation_allows(pdp: Running) -> None:
    some = 0
    for person, thing, place in product(PEOPLE, THINGS, PLACES):
        allowed = decided(pdp, [asked(person, action, thing, place) for action in ACTIONS])
        due = [{"name": action} for action, yes in zip(ACTIONS, allowed, strict=True) if yes]
        body = asked(person, "", thing, place)
        del body["action"]
        assert results(pdp, ACTION, body) == due, body
        some += len(due)
    assert some > 60


def test_scopes_are_those_in_which_evaluation_allows(pdp: Running) -> None:
    some = 0
    for person, action, place in product(PEOPLE, ACTIONS, PLACES):
        scopes = sorted(SNAPSHOT.chains)
        things = [entity("environment:unheard-of", scope=scope) for scope in scopes]
        *allowed, unplaced = decided(
            pdp, [asked(person, action, t, place) for t in (*things, "environment:unheard-of")]
        )
        answer = pdp.ask(asked(person, action, {"type": "environment"}, place), PERMITTED)
        due = [scope for scope, yes in zip(scopes, allowed, strict=True) if yes]
        assert answer.json() == {"scopes": due, "unplaced": unplaced}, (person, action, place)
        some += len(due)
    assert some > 90


@pytest.mark.parametrize("id", ["ada", "", "*", 7, None, ["x"], {"a": 1}, "x" * 999, "\u200b"], ids=repr)
def test_what_is_sought_is_not_read(pdp: Running, id: Any) -> None:
    for path, entity_ in ((SUBJECT, "subject"), (RESOURCE, "resource")):
        without = {**YES, entity_: {"type": YES[entity_]["type"]}}
        with_id = {**YES, entity_: {**without[entity_], "id": id}}
        assert results(pdp, path, with_id) == results(pdp, path, without) != []
    for action in ({"name": "fly"}, {"name": id}, id, {}):
        assert results(pdp, ACTION, {**YES, "action": action}) == [{"name": n} for n in ("create", "view", "use")][1:]


def test_what_is_unknown_gives_nothing(pdp: Running) -> None:
    """Whatever all-projects roles could do to a thing that there is not: it is nobody's."""
    for path in (SUBJECT, RESOURCE, ACTION):
        for part in ("subject", "resource"):
            for type_, id in (("user", "nobody"), ("martian", "x"), ("environment", "nowhere"), ("planet", "x")):
                found = results(pdp, path, {**YES, "action": {"name": "view"}, part: {"type": type_, "id": id}})
                sought = path.endswith(part)
                known = type_ == YES[part]["type"]
                assert (found == []) is not (sought and known), (path, part, type_, id)
    assert results(pdp, SUBJECT, {**YES, "action": {"name": "fly"}}) == []
    assert results(pdp, RESOURCE, {**YES, "context": {"project": "project:none"}}) == []
    assert results(pdp, SUBJECT, {**YES, "resource": entity("environment:seen", scope="project:nlp")}) == []
    bob = question("user:bob", "view", "environment:nowhere")
    assert pdp.decides(bob), "he may view everything, and evaluation says so of whatever he names"
    assert {"type": "user", "id": "bob"} not in results(pdp, SUBJECT, bob)
    said = question("user:bob", "view", entity("environment:nowhere", scope="project:nlp"))
    assert {"type": "user", "id": "bob"} in results(pdp, SUBJECT, said)
    assert {"name": "view"} in results(pdp, ACTION, said)


def test_a_new_thing_needs_no_known_home_to_be_created(pdp: Running) -> None:
    body = question(action="create", resource=entity("environment:new", scope="project:vision"))
    assert {"type": "user", "id": "ada"} in results(pdp, SUBJECT, body)
    placed = question(action="create", resource="environment:new", context={"project": "project:vision"})
    assert {"type": "user", "id": "ada"} in results(pdp, SUBJECT, placed)


def test_members_come_by_way_of_groups_and_groups_are_listed_too(pdp: Running) -> None:
    body = question("user:x", "use", "environment:read")
    assert results(pdp, SUBJECT, body) == [entity("user:grace")]
    groups = results(pdp, SUBJECT, {**body, "subject": {"type": "group"}})
    assert groups == [entity("group:lab"), entity("group:science")]


def test_properties_of_a_sought_subject_say_nothing(pdp: Running) -> None:
    body = question("user:x", "use", "environment:read")
    told = {**body, "subject": {"type": "user", "properties": {"groups": ["science"], "role": "viewer"}}}
    assert results(pdp, SUBJECT, told) == results(pdp, SUBJECT, body)


MISSING = [
    (SUBJECT, ("subject", "action", "resource")),
    (RESOURCE, ("subject", "action", "resource")),
    (ACTION, ("subject", "resource")),
    (PERMITTED, ("subject", "action", "resource")),
]
WRONG: list[Any] = [None, 1, "x", [], True]


@pytest.mark.parametrize(("path", "needed"), MISSING)
def test_what_is_missing_or_of_another_type_is_named(pdp: Running, path: str, needed: tuple[str, ...]) -> None:
    for part in needed:
        for value in WRONG:
            answer = pdp.ask({**YES, part: value}, path)
            assert answer.status_code == 400 and f"`{part}`" in answer.json()["message"]
        assert pdp.ask({name: each for name, each in YES.items() if name != part}, path).status_code == 400
        for member in YES[part]:
            body = {**YES, part: {name: each for name, each in YES[part].items() if name != member}}
            sought = member == "id" and (path.endswith(part) or (path, part) == (PERMITTED, "resource"))
            assert (pdp.ask(body, path).status_code == 400) is not sought, (part, member)


@pytest.mark.parametrize("path", [SUBJECT, RESOURCE, ACTION, PERMITTED])
def test_properties_are_objects(pdp: Running, path: str) -> None:
    for part, value in product(("subject", "resource"), ("x", 1, [], True)):
        body = {**YES, part: {**YES[part], "properties": value}}
        assert pdp.ask(body, path).status_code == 400, (part, value)


def test_what_means_nothing_changes_nothing(pdp: Running) -> None:
    """Threat row 13, in the form that AuthZEN allows: unknown members are ignored, at every level."""
    more = {"is_admin": True, "roles": ["viewer", "system-administrator"], "role": "viewer", "groups": ["science"]}
    for path in (EVALUATION, SUBJECT, RESOURCE, ACTION, PERMITTED):
        for who, action in product(("user:ada", "user:zoe", "user:ida"), ("view", "use", "edit")):
            plain = question(who, action, context={"project": "project:vision"})
            loud: dict[str, Any] = {**plain, **more, "evaluations": [], "options": {"roles": ["viewer"]}}
            for part in ("subject", "action", "resource"):
                loud[part] = {**plain[part], **more, "properties": dict(more, groups=[])}
            loud["context"] = {**plain["context"], **more, "user": "user:bob"}
            assert pdp.ask(loud, path).content == pdp.ask(plain, path).content, (path, who, action)
