"""Proves that whatever JSON is asked, the answer is a 400 or the one that a plain reading of the body gets from the
decision itself; never a fault, alone or in a batch, with reasons or without.
"""

from __future__ import annotations

import asyncio
import json
import time
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from asking import FILES, entity, question
from remit.adapters.memory import RingJournal
from remit.bootstrap import handlers
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.entry import RealHouse
from remit.service.gate import Gate
from remit.service.live import LivePolicy
from remit.service.operations import checked_name, checked_scope
from remit.web.identity import Callers
from remit.web.limits import Limits, Rates
from remit.web.raw import DecisionRoutes
from server import BEARER, CALLERS, EVALUATION, EVALUATIONS, SECRET, anything, with_caller

SNAPSHOT = Snapshot(read_policy(with_caller(FILES)))
MEMBERS = ("subject", "action", "resource", "context")

SUBJECTS = [f"user:{name}" for name in ("ada", "ada", "bob", "grace", "ida", "old", "zoe")] + ["group:lab", "robot:ada"]
ACTIONS = ["view", "view", "use", "use", "edit", "create", "fly"]
THINGS = [f"environment:{name}" for name in ("everywhere", "seen", "seen", "read", "sold", "new")] + ["workload:w"]
SCOPES = ["*", "department:research", "project:vision", "project:nlp", "project:web", "project:none"]
ODD: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        2.5,
        10**30,
        "",
        " ",
        "*",
        "x",
        "role",
        "user:ada",
        "a:b",
        "é",
        "e\u0301",
        "\u200b",
        "\0",
    ),
    *("x" * 257, [], {}, [None], ["lab", "science"], {"groups": ["lab"]}, {"scope": "project:vision"}, {"id": "seen"}),
    *({"type": "user", "id": "ada"}, {"name": "use"}, {"project": "project:nlp"}, "planet", *SCOPES),
]
"""Values to put where they may not belong."""


def app() -> DecisionRoutes:
    """The decision routes over the small policy."""
    gate = Gate(LivePolicy(SNAPSHOT), RingJournal(10), time.time_ns, handlers(SECRET, LivePolicy(SNAPSHOT)))
    return DecisionRoutes(gate, Callers(CALLERS, Rates(None), anything), Limits(), lambda *_: None)


async def post(routes: DecisionRoutes, path: str, body: Any) -> tuple[int, Any]:
    """Status and body of one answer, got without a network."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", BEARER.encode()), (b"content-type", b"application/json"), (b"x-request-id", b"4")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
    await routes(scope, receive, send)
    start, rest = sent
    assert (b"x-request-id", b"4") in start["headers"]
    return start["status"], json.loads(rest["body"])


def expected(body: dict[str, Any], defaults: dict[str, Any] | None = None) -> bool | None:
    """The decision on a body read plainly: the members of an item before the defaults. None if it is no question."""
    merged = {name: body[name] if name in body else (defaults or {}).get(name) for name in MEMBERS}
    try:
        subject, action, resource, context = merged.values()
        names = [subject["type"], subject["id"], action["name"], resource["type"], resource["id"]]
        context = {} if context is None else context
        theirs, its = subject.get("properties") or {}, resource.get("properties") or {}
        groups = [] if theirs.get("groups") is None else theirs["groups"]
        scopes = [its.get("scope"), context.get("project"), context.get("scope")]
        for thing in (subject, action, resource, {"properties": context}):
            assert type(thing.get("properties", {})) in (dict, type(None))
        assert type(groups) is list and len(groups) <= 256
        for name in [*names, *groups]:
            checked_name("", name + "")
        for scope in scopes:
            assert scope is None or checked_scope("", scope + "")
        assert ":" not in names[0] and names[0] != "role"
        assert None in scopes[1:] or scopes[1] == scopes[2]
    except Exception:
        return None
    place = scopes[1] or scopes[2]
    who, typed = f"{names[0]}:{names[1]}", tuple(f"group:{name}" for name in groups)
    return decide(SNAPSHOT, who, names[2], names[3], names[4], scopes[0], place, typed, RealHouse().now()).allowed


def some_question(random: Random) -> dict[str, Any]:
    """A question, mostly sound, with odd values here and there, or members missing."""
    whom = {"groups": random.sample(["lab", "science", "x"], random.randrange(3))} if random.random() < 0.3 else {}
    where = {"scope": random.choice(SCOPES)} if random.random() < 0.4 else {}
    body = question(
        entity(random.choice(SUBJECTS), **whom),
        random.choice(ACTIONS),
        entity(random.choice(THINGS), **where),
    )
    if random.random() < 0.5:
        body["context"] = {
            random.choice(["project", "scope", "other"]): random.choice(SCOPES) for _ in range(random.choice([1, 1, 2]))
        }
    for _ in range(random.choice([0, 0, 0, 0, 1, 1, 2])):
        disturb(body, random)
    return body


def disturb(body: dict[str, Any], random: Random) -> None:
    """Replace, add or take out one member somewhere."""
    at: Any = body
    while True:
        inner = [value for value in at.values() if isinstance(value, dict)]
        if not inner or random.random() < 0.3:
            break
        at = random.choice(inner)
    names = [*at, "type", "id", "name", "properties", "scope", "project", "groups", "unknown"]
    if at and random.random() < 0.3:
        del at[random.choice(list(at))]
    else:
        at[random.choice(names)] = deepcopy(random.choice(ODD))


@pytest.mark.parametrize("seed", range(4))
def test_one_question(seed: int) -> None:
    random, seen = Random(seed), []

    async def ask() -> None:
        routes = app()
        for _ in range(2_000):
            body = some_question(random)
            due = expected(body)
            status, answer = await post(routes, random.choice([EVALUATION, EVALUATIONS]), body)
            assert (status, answer) == (200, {"decision": due}) if due is not None else status == 400, (
                body,
                due,
                answer,
            )
            explained = await post(routes, EVALUATION, {**body, "options": {"explain": True}})
            assert explained[0] == status
            assert due is None or explained[1]["decision"] is due
            seen.append(due)

    asyncio.run(ask())
    assert min(seen.count(True), seen.count(False), seen.count(None)) > 50


@pytest.mark.parametrize("seed", range(4))
def test_a_batch(seed: int) -> None:
    random, seen = Random(seed), []

    async def ask() -> None:
        routes = app()
        for _ in range(400):
            items: list[Any] = [some_question(random) for _ in range(random.randrange(1, 8))]
            items = [{k: v for k, v in item.items() if random.random() < 0.8} for item in items] + [
                random.choice([5, None, {}])
            ]
            top = {k: v for k, v in some_question(random).items() if random.random() < 0.8}
            whole = all(type(top[name]) in (dict, type(None)) for name in MEMBERS if name in top)
            due = [expected(item, top) if isinstance(item, dict) else None for item in items]
            reasons = {"options": {"explain": True}} if random.random() < 0.3 else {}
            status, answer = await post(routes, EVALUATIONS, {**top, "evaluations": items, **reasons})
            assert status == (200 if whole else 400), (top, answer)
            if whole:
                assert [one["decision"] for one in answer["evaluations"]] == [bool(one) for one in due], (top, items)
                errors = ["error" in one.get("context", {}) for one in answer["evaluations"]]
                assert errors == [one is None for one in due]
                seen.extend(due)

    asyncio.run(ask())
    assert min(seen.count(True), seen.count(False), seen.count(None)) > 50
