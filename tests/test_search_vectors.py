"""Proves that remit answers the public interoperability vectors for search (198) and for identity providers (6).

The facts are written down here as tables, and a policy is generated from them: whoever owns a record holds a role in
the record's own scope, a department is a scope, and managers hold a role in all of them. Where the published vectors
lie beside the checkout, ours are held against them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from policies import files
from server import EVALUATIONS, Running

PUBLISHED = Path(__file__).parents[2] / "shared" / "authzen-vectors"

DEPARTMENTS = {"alice": "Sales", "bob": "Legal", "carol": "Legal", "dan": "Finance", "erin": "Finance"}
DEPARTMENTS["felix"] = "Accounting"
MANAGERS = ("alice", "dan")
USERS = tuple(DEPARTMENTS)
SHORT = {"L": "Legal", "A": "Accounting", "S": "Sales", "F": "Finance"}
RECORDS = {str(101 + at): (USERS[at % 6], SHORT[letter]) for at, letter in enumerate("LLLALASLASALSAFLLALA")}
"""Records 101 to 120: their owners take turns, their departments do not."""
ACTIONS = ("view", "edit", "delete")


class Vector(NamedTuple):
    """One published request, and the ids or names that it is to be answered with."""

    path: str
    request: dict[str, Any]
    results: list[dict[str, str]]


def may(user: str, action: str, record: str) -> bool:
    """The policy in words: owners do everything, a department's people and all managers look, its manager edits."""
    owner, department = RECORDS[record]
    if owner == user:
        return True
    if action == "edit":
        return user in MANAGERS and DEPARTMENTS[user] == department
    return action == "view" and (user in MANAGERS or DEPARTMENTS[user] == department)


def policy(departments: bool = True) -> dict[str, bytes]:
    """The same as lines."""
    tree, rules, homes = "", "", ""
    for name in sorted(set(DEPARTMENTS.values())) if departments else ():
        tree += f"g2, department:{name}, *\n"
    for record, (owner, department) in RECORDS.items():
        tree += f"g2, record:{record}, {f'department:{department}' if departments else '*'}\n"
        rules += f"g, user:{owner}, owner, record:{record}\n"
        homes += f"record:{record}, record:{record}\n"
    for user, department in DEPARTMENTS.items() if departments else ():
        rules += f"g, user:{user}, colleague, department:{department}\n"
        if user in MANAGERS:
            rules += f"g, user:{user}, manager, *\ng, user:{user}, head, department:{department}\n"
    may_do = "".join(f"p, owner, *, record, {action}\n" for action in ACTIONS)
    may_do += "p, colleague, *, record, view\np, manager, *, record, view\np, head, *, record, edit\n"
    verbs = "".join(f"record, {action}, home, do it\n" for action in ACTIONS)
    return files(vocabulary=verbs, roles=may_do, scopes=tree, access_rules=rules, resources=homes)


def vectors() -> Iterator[Vector]:
    """All 198, in the order of their publication."""
    for user in USERS:
        for record in RECORDS:
            request = {"subject": _user(user), "resource": _record(record)}
            yield Vector("action", request, [{"name": action} for action in ACTIONS if may(user, action, record)])
    for user in USERS:
        for action in ACTIONS:
            request = {"subject": _user(user), "action": {"name": action}, "resource": {"type": "record"}}
            yield Vector("resource", request, [_record(each) for each in RECORDS if may(user, action, each)])
    for record in RECORDS:
        for action in ACTIONS:
            request = {"resource": _record(record), "action": {"name": action}, "subject": {"type": "user"}}
            yield Vector("subject", request, [_user(user) for user in USERS if may(user, action, record)])


def _user(id: str) -> dict[str, str]:
    return {"type": "user", "id": id}


def _record(id: str) -> dict[str, str]:
    return {"type": "record", "id": id}


VECTORS = list(vectors())
IDP = [
    Vector("resource", {"subject": _user(user), "action": {"name": "delete"}, "resource": {"type": "record"}}, owned)
    for user in USERS
    if (owned := [_record(id) for id, (owner, _) in RECORDS.items() if owner == user])
]


def check(running: Running, some: list[Vector]) -> int:
    """Every one answered with exactly these results, and each of these allowed by evaluation."""
    for path, request, due in some:
        answer = running.ask(request, f"/access/v1/search/{path}")
        assert (answer.status_code, list(answer.json())) == (200, ["results"])
        found = answer.json()["results"]
        assert sorted(found, key=str) == sorted(due, key=str), request
        entity = {"action": "action", "resource": "resource", "subject": "subject"}[path]
        batch = {**request, "evaluations": [{entity: result} for result in found]}
        if found:
            again = running.ask(batch, EVALUATIONS).json()["evaluations"]
            assert again == [{"decision": True}] * len(found)
    return len(some)


def test_every_search_vector(serve: Callable[..., Running]) -> None:
    assert check(serve(policy()), VECTORS) == 198
    assert sum(len(vector.results) for vector in VECTORS) > 300


def test_every_vector_for_identity_providers(serve: Callable[..., Running]) -> None:
    assert check(serve(policy(departments=False)), IDP) == 6


@pytest.mark.parametrize("name", ["action", "resource", "subject"])
def test_the_vectors_are_the_published_ones(name: str) -> None:
    path = PUBLISHED / "search" / f"{name}-results.json"
    ours = [vector for vector in VECTORS if vector.path == name]
    assert len(ours) == {"action": 120, "resource": 18, "subject": 60}[name]
    if path.exists():
        published = json.loads(path.read_text())["evaluation"]
        assert [{"request": v.request, "expected": {"results": v.results}} for v in ours] == published


def test_those_for_identity_providers_are_too() -> None:
    path = PUBLISHED / "idp" / "results.json"
    if path.exists():
        published = json.loads(path.read_text())["search"]
        assert [{"request": v.request, "expected": {"results": v.results}} for v in IDP] == published
