"""Proves that a search is read to its end, that part of one never passes for the whole, and what `permitted_scopes`
makes of its answer; against stubs that say anything, and against a real remit.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from remit.client import AsyncRemitClient, PermittedScopes, RemitClient
from remit.errors import CouldNotDecide
from server import Running
from test_client_servers import (
    FACES,
    PATIENCE,
    TOKEN,
    Ask,
    answer,
    answers,
    ask,
    behaving,
    door,
    http,
    http_json,
    saying,
)

pytestmark = pytest.mark.parametrize("face", FACES)

SUBJECTS = ask("search_subjects", "user", "use", "environment:seen")
RESOURCES = ask("search_resources", "user:ada", "use", "environment")
ACTIONS = ask("search_actions", "user:ada", "environment:seen")
SCOPES = ask("permitted_scopes", "user:ada", "use", "environment")


def results(*ids: str, token: str | None = None, type: str = "environment") -> dict[str, Any]:
    """One page of a search."""
    page = {} if token is None else {"page": {"next_token": token}}
    return {**page, "results": [{"type": type, "id": id} for id in ids]}


def test_pages_are_read_until_the_last(face: str) -> None:
    pages = (results("a", "b", token="1"), results(token="2"), results("b", token=""), results("never"))
    with saying(*map(http_json, pages)) as server:
        asked = ask(*RESOURCES[:1], *RESOURCES.args, limit=2, place="project:p", groups=["g"], request_id="r")
        assert answer(face, server.url, asked) == ["a", "b", "b"]
        bodies = [each.content() for each in server.asked]
    assert [body.pop("page") for body in bodies] == [
        {"limit": 2},
        {"token": "1", "limit": 2},
        {"token": "2", "limit": 2},
    ]
    assert bodies == 3 * [
        {
            "subject": {"type": "user", "id": "ada", "properties": {"groups": ["g"]}},
            "action": {"name": "use"},
            "resource": {"type": "environment"},
            "context": {"project": "project:p"},
        }
    ]
    assert {each.header("x-request-id") for each in server.asked} == {"r"}


@pytest.mark.parametrize(
    ("asked", "path", "body"),
    [
        (
            ask(*SUBJECTS[:1], *SUBJECTS.args, home="*", place="*"),
            "/access/v1/search/subject",
            {
                "subject": {"type": "user"},
                "action": {"name": "use"},
                "resource": {"type": "environment", "id": "seen", "properties": {"scope": "*"}},
                "context": {"scope": "*"},
            },
        ),
        (
            RESOURCES,
            "/access/v1/search/resource",
            {
                "subject": {"type": "user", "id": "ada"},
                "action": {"name": "use"},
                "resource": {"type": "environment"},
            },
        ),
        (
            ask(*ACTIONS[:1], *ACTIONS.args, home="*", groups=["g"]),
            "/access/v1/search/action",
            {
                "subject": {"type": "user", "id": "ada", "properties": {"groups": ["g"]}},
                "resource": {"type": "environment", "id": "seen", "properties": {"scope": "*"}},
            },
        ),
        (
            ask(*SCOPES[:1], *SCOPES.args, place="project:p"),
            "/v1/permitted-scopes",
            {
                "subject": {"type": "user", "id": "ada"},
                "action": {"name": "use"},
                "resource": {"type": "environment"},
                "context": {"project": "project:p"},
            },
        ),
    ],
    ids=lambda value: value.method if isinstance(value, Ask) else "",
)
def test_what_is_sent(face: str, asked: Ask, path: str, body: dict[str, Any]) -> None:
    with saying(http_json({"results": [], "scopes": [], "unplaced": False})) as server:
        answer(face, server.url, asked)
        (sent,) = server.asked
    assert sent.head.startswith(b"POST %s HTTP/1.1\r\n" % path.encode())
    assert sent.content() == body


def test_names_of_actions_are_read(face: str) -> None:
    with saying(http_json({"results": [{"name": "use"}, {"name": "view"}], "page": {}})) as server:
        assert answer(face, server.url, ACTIONS) == ["use", "view"]


BAD: dict[str, Any] = {
    "no results": {},
    "null": {"results": None},
    "an object": {"results": {}},
    "a decision": {"decision": True},
    "a bare name": {"results": ["seen"]},
    "a result of null": {"results": [None]},
    "no id": {"results": [{"type": "environment"}]},
    "an empty id": results(""),
    "a number for an id": {"results": [{"type": "environment", "id": 7}]},
    "no type": {"results": [{"id": "seen"}]},
    "another type": results("seen", type="workload"),
    "a page that is none": {"results": [], "page": "next"},
    "a page of null": {"results": [], "page": None},
    "a token of null": {"results": [], "page": {"next_token": None}},
    "a token that is a number": {"results": [], "page": {"next_token": 1}},
    "a token without end": results("seen", token=5_000 * "a"),
    "the same token forever": results("seen", token="again"),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_malformed_page_ends_a_search_with_an_error(face: str, content: Any) -> None:
    with saying(http_json(results("first", token="1")), http_json(content)) as server:
        with pytest.raises(CouldNotDecide):
            answer(face, server.url, RESOURCES)
        assert len(server.asked) == (3 if content == BAD["the same token forever"] else 2)


def test_a_server_error_on_a_later_page_ends_a_search_with_an_error(face: str) -> None:
    found: list[str] = []

    async def walk(url: str) -> None:
        async with AsyncRemitClient(url, token=TOKEN, timeout=PATIENCE) as client:
            async for each in client.search_resources(*RESOURCES.args):
                found.append(each)

    with saying(http_json(results("first", token="1")), http(b"{}", b"500 Error")) as server:
        with pytest.raises(CouldNotDecide, match="remit answered 500"):
            if face == "async":
                asyncio.run(walk(server.url))
            else:
                with RemitClient(server.url, token=TOKEN, timeout=PATIENCE) as client:
                    found.extend(client.search_resources(*RESOURCES.args))
        assert len(server.asked) == 2
    assert found in (["first"], []), "extend keeps what came before the error, or not"


def test_pages_that_stay_empty_end_a_search_with_an_error(face: str) -> None:
    def behave(link: Any, asked: Any) -> None:
        link.sendall(http_json(results(token=str(asked.number))))

    with behaving(behave) as server:
        with pytest.raises(CouldNotDecide, match="lead nowhere"):
            answer(face, server.url, RESOURCES)
        assert len(server.asked) == 101


def test_a_search_is_only_walked_as_far_as_it_is_read(face: str) -> None:
    async def walk(url: str) -> str:
        async with AsyncRemitClient(url, token=TOKEN, timeout=PATIENCE) as client:
            return await anext(client.search_resources(*RESOURCES.args))

    with saying(http_json(results("first", token="1"))) as server:
        if face == "async":
            assert asyncio.run(walk(server.url)) == "first"
        else:
            with RemitClient(server.url, token=TOKEN, timeout=PATIENCE) as client:
                assert next(client.search_resources(*RESOURCES.args)) == "first"
        assert len(server.asked) == 1


def test_permitted_scopes_are_read(face: str) -> None:
    with saying(http_json({"scopes": ["department:research", "project:nlp"], "unplaced": False, "more": 1})) as server:
        found = answer(face, server.url, SCOPES)
    assert found == PermittedScopes(frozenset({"department:research", "project:nlp"}), unplaced=False)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"scopes": []},
        {"unplaced": False},
        {"scopes": None, "unplaced": False},
        {"scopes": "project:a", "unplaced": False},
        {"scopes": {"project:a": True}, "unplaced": False},
        {"scopes": ["project:a", None], "unplaced": False},
        {"scopes": ["project:a", ""], "unplaced": False},
        {"scopes": [["project:a"]], "unplaced": False},
        {"scopes": ["project:a"], "unplaced": 0},
        {"scopes": ["project:a"], "unplaced": None},
        {"scopes": ["project:a"], "unplaced": "false"},
        ["project:a"],
    ],
    ids=repr,
)
def test_malformed_scopes_are_an_error(face: str, content: Any) -> None:
    with saying(http_json(content)) as server, pytest.raises(CouldNotDecide):
        answer(face, server.url, SCOPES)


def real(face: str, running: Running, *asks: Ask) -> list[Any]:
    """What a real remit answers."""
    where = door(running)
    return answers(face, where.pop("url"), *asks, **where)


@pytest.mark.parametrize("limit", [None, 1, 3])
def test_a_real_remit_finds_what_it_decides(pdp: Running, face: str, limit: int | None) -> None:
    for subject, action, groups in (
        ("ada", "use", []),
        ("bob", "view", []),
        ("new", "use", ["science"]),
        ("new", "use", []),
    ):
        whole = {"groups": groups, "limit": limit}
        (found,) = real(face, pdp, ask("search_resources", f"user:{subject}", action, "environment", **whole))
        ids = ["everywhere", "read", "seen", "sold"]
        asks = [ask("allowed", f"user:{subject}", action, f"environment:{id}", groups=groups) for id in ids]
        assert sorted(found) == [id for id, allowed in zip(ids, real(face, pdp, *asks), strict=True) if allowed]
    bobs, subjects, actions = real(
        face,
        pdp,
        ask("search_resources", "user:bob", "view", "environment", limit=limit),
        ask("search_subjects", "user", "use", "environment:seen", limit=limit),
        ask("search_actions", "user:ada", "environment:seen", limit=limit),
    )
    assert (sorted(bobs), subjects, sorted(actions)) == (
        ["everywhere", "read", "seen", "sold"],
        ["ada"],
        ["use", "view"],
    )


def test_a_real_remit_tells_permitted_scopes_as_it_decides(pdp: Running, face: str) -> None:
    assert pdp.snapshot is not None
    for subject in ("user:ada", "user:grace", "user:ida", "user:bob", "user:old", "user:nobody"):
        for action in ("create", "view", "use", "edit"):
            (found,) = real(face, pdp, ask("permitted_scopes", subject, action, "environment"))
            homes = ("*", "department:research", "department:sales", "project:vision", "project:nlp", "project:web")
            asks = [ask("allowed", subject, action, "environment:unheard-of", home=home) for home in homes]
            assert [found.covers(home) for home in homes] == real(face, pdp, *asks), (subject, action)
