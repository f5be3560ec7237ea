"""Proves that an answer over HTTP has remit's meaning: home and place, groups that come along, and the reasons, which
name policy lines that really stand where they are said to stand.
"""

from __future__ import annotations

from typing import Any

import pytest

from asking import FILES, YES, entity, question
from server import Running

HERE, THERE = "project:vision", "project:nlp"


def explained(pdp: Running, body: dict[str, Any]) -> dict[str, Any]:
    """The reason of one answer, after a look at what every explained answer must hold."""
    answer = pdp.ask({**body, "options": {"explain": True}})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert list(found) == ["decision", "context"]
    assert list(found["context"]) == ["reason_admin", "revision"]
    assert found["context"]["revision"] == answer.headers["remit-revision"]
    reason: dict[str, Any] = found["context"]["reason_admin"]
    assert (reason["code"] == "granted") == found["decision"] == pdp.decides(body)
    assert reason["sentence"]
    assert b"null" not in answer.content
    return reason


def stand_there(lines: list[dict[str, Any]]) -> None:
    """Each of these lines stands in its file at its number."""
    assert lines
    for line in lines:
        assert list(line) == ["what", "file", "line", "text"]
        written = FILES[line["file"]].decode().splitlines()[line["line"] - 1]
        assert written.startswith(line["text"]), line


@pytest.mark.parametrize(
    ("subject", "resource", "place", "allowed"),
    [
        ("user:ada", "seen", None, True),  # `use` without a place is decided at home
        ("user:ada", "seen", HERE, True),
        ("user:ada", "seen", THERE, False),  # a block of one project is not available in another
        ("user:ada", "everywhere", HERE, True),  # a block of all projects is
        ("user:ada", "everywhere", THERE, False),
        ("user:ada", "everywhere", None, False),  # a caller that forgets the place gets no yes
        ("user:grace", "everywhere", THERE, True),
        ("user:ada", "nowhere", HERE, False),  # unplaced: only roles at `*` count
        ("user:ada", "seen", "department:research", False),  # above its home a block is not available
        ("user:ada", "everywhere", "*", False),
    ],
)
@pytest.mark.parametrize("name", ["project", "scope"])
def test_where_the_action_happens(
    pdp: Running, subject: str, resource: str, place: str | None, allowed: bool, name: str
) -> None:
    context = {} if place is None else {"context": {name: place}}
    assert pdp.decides(question(subject, "use", f"environment:{resource}", **context)) is allowed


def test_seeing_needs_no_place(pdp: Running) -> None:
    assert pdp.decides(question("user:ada", "view", "environment:everywhere"))
    assert not pdp.decides(question("user:ada", "view", "environment:sold"))


def test_the_place_is_not_read_where_home_decides(pdp: Running) -> None:
    for place in (HERE, THERE, "project:web", "project:none"):
        assert pdp.decides(question("user:ida", "edit", "environment:seen", context={"project": place}))
        assert not pdp.decides(question("user:ida", "edit", "environment:sold", context={"project": place}))


@pytest.mark.parametrize("action", ["create", "use", "edit"])
def test_two_different_places_are_an_error(pdp: Running, action: str) -> None:
    answer = pdp.ask(question(action=action, context={"project": HERE, "scope": THERE}))
    assert answer.status_code == 400
    assert pdp.decides(question(context={"project": HERE, "scope": HERE}))
    assert pdp.decides(question(context={"project": HERE, "scope": None}))


@pytest.mark.parametrize("path", ["project", "scope", "declared"])
@pytest.mark.parametrize("value", ["", " ", "vision", "Project:vision", ":vision", "project:", "pro ject:x", "**"])
def test_a_scope_is_a_full_name(pdp: Running, path: str, value: str) -> None:
    if path == "declared":
        body = question(resource=entity("environment:new", scope=value))
    else:
        body = question(context={path: value})
    answer = pdp.ask(body)
    assert answer.status_code == 400
    assert ("resource.properties.scope" if path == "declared" else f"context.{path}") in answer.json()["message"]


def test_what_the_policy_knows_of_a_home_wins(pdp: Running) -> None:
    assert pdp.decides(question(resource=entity("environment:seen", scope=HERE)))
    lie = question("user:ida", "edit", entity("environment:sold", scope="project:vision"))
    assert not pdp.decides(lie)
    assert explained(pdp, lie)["code"] == "scope-mismatch"


def test_what_the_request_says_of_a_home_counts_for_what_nobody_knows(pdp: Running) -> None:
    new = entity("environment:new", scope=HERE)
    assert pdp.decides(question(resource=new))
    assert pdp.decides(question(resource=new, context={"project": HERE}))
    assert not pdp.decides(question(resource=new, context={"project": THERE}))
    assert not pdp.decides(question(resource=entity("environment:new")))


def test_creating_happens_where_the_new_thing_will_live(pdp: Running) -> None:
    assert pdp.decides(question(action="create", resource=entity("environment:x", scope=HERE)))
    assert pdp.decides(question(action="create", resource="environment:x", context={"project": HERE}))
    assert not pdp.decides(question(action="create", resource="environment:x"))
    there = question(action="create", resource=entity("environment:x", scope=THERE), context={"project": HERE})
    assert not pdp.decides(there)


def test_groups_that_come_along_count(pdp: Running) -> None:
    read = "environment:read"
    assert not pdp.decides(question("user:zoe", resource=read))
    for groups in (["science"], ["lab"], ["nothing", "lab"], ["lab", "lab"]):
        assert pdp.decides(question(entity("user:zoe", groups=groups), resource=read))
    for groups in ([], ["group:science"], ["Science"], ["user:grace"], ["researcher"]):
        assert not pdp.decides(question(entity("user:zoe", groups=groups), resource=read))


def test_an_allow_names_the_lines_that_grant(pdp: Running) -> None:
    reason = explained(pdp, question("user:grace", resource="environment:read"))
    stand_there(reason["lines"])
    kinds = [line["what"] for line in reason["lines"]]
    assert sorted(set(kinds)) == ["access rule", "membership", "permission", "resource", "scope", "vocabulary"]
    assert kinds.count("membership") == 2
    assert kinds.count("scope") == 2
    assert {line["file"] for line in reason["lines"]} == set(FILES) - {"model.conf"}
    assert reason["groups_counted"] == ["group:lab", "group:science"]


def test_a_deny_names_the_nearest_miss_and_the_line_that_would_grant(pdp: Running) -> None:
    reason = explained(pdp, question("user:bob"))
    assert reason["code"] == "no-permission"
    assert "viewer" in reason["nearest_miss"]["sentence"]
    stand_there(reason["nearest_miss"]["lines"])
    assert reason["would_grant"] == {
        "file": "policies/access_rules.csv",
        "text": "g, user:bob, researcher, project:vision",
    }
    assert "lines" not in reason


def test_a_deny_says_why_no_line_would_help(pdp: Running) -> None:
    reason = explained(pdp, question("user:ada", "view", "environment:sold", context={"project": HERE}))
    assert reason["code"] == "not-available"
    assert reason["no_suggestion"]
    assert "would_grant" not in reason


def test_a_line_out_of_its_time_is_named(pdp: Running) -> None:
    reason = explained(pdp, question("user:old"))
    assert reason["code"] == "no-role-here"
    stand_there(reason["out_of_time"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (question(resource="planet:x"), "unknown-kind"),
        (question(action="fly"), "unknown-action"),
        (question(context={"project": "project:none"}), "unknown-scope"),
        (question("user:zoe"), "unknown-subject"),
        (question("user:ida"), "no-permission"),
        (question("user:grace"), "no-role-here"),
        (YES, "granted"),
    ],
)
def test_the_code_says_which_test_failed(pdp: Running, body: dict[str, Any], code: str) -> None:
    assert explained(pdp, body)["code"] == code
