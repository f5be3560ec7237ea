"""Proves that remit answers the public interoperability vectors for API gateways: five users, five routes, all 25.

The facts are written down here as a table, and a policy for them stands in tests/data/gateway. Where the published
vectors lie beside the checkout, the table is held against them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from remit.adapters.policy_files import read_directory
from server import EVALUATIONS, Running

ROOT = Path(__file__).parents[1]
GATEWAY = Path(__file__).parent / "data" / "gateway" / "policies"
PUBLISHED = ROOT.parent / "shared" / "authzen-vectors" / "api-gateway" / "decisions.json"

ROUTES = [
    ("GET", "/users/{userId}"),
    ("GET", "/todos"),
    ("POST", "/todos"),
    ("PUT", "/todos/{todoId}"),
    ("DELETE", "/todos/{todoId}"),
]

MAY = {
    "admin and evil genius": (True, True, True, True, True),
    "editor": (True, True, True, True, True),
    "viewer": (True, True, False, False, False),
}
"""Role to what it may: one answer for each route, in their order."""

USERS = {"A2": "admin and evil genius", "E2": "editor", "I2": "editor", "M2": "viewer", "Q2": "viewer"}
"""What tells one user's id from another's, and the role."""

VECTORS = [
    (f"CiRmZD{user}MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs", method, route, allowed)
    for user, role in USERS.items()
    for (method, route), allowed in zip(ROUTES, MAY[role], strict=True)
]


def request(pid: str, method: str, route: str) -> dict[str, Any]:
    """One vector as it is asked."""
    return {
        "subject": {"type": "identity", "id": pid},
        "action": {"name": method},
        "resource": {"type": "route", "id": route},
    }


@pytest.fixture(scope="module")
def gateway(serve: Callable[..., Running]) -> Running:
    """A server over the policy written for the gateway."""
    return serve(read_directory(GATEWAY, ROOT / "model.conf"))


def test_every_vector_alone(gateway: Running) -> None:
    asked = 0
    for pid, method, route, allowed in VECTORS:
        answer = gateway.ask(request(pid, method, route))
        assert (answer.status_code, answer.json()) == (200, {"decision": allowed}), (pid, method, route)
        asked += 1
    assert asked == 25


def test_all_vectors_as_one_batch(gateway: Running) -> None:
    answer = gateway.ask({"evaluations": [request(*vector[:3]) for vector in VECTORS]}, EVALUATIONS)
    decisions = [one["decision"] for one in answer.json()["evaluations"]]
    assert decisions == [allowed for *_, allowed in VECTORS]
    assert (len(decisions), sum(decisions)) == (25, 19)


def test_the_table_is_the_published_one() -> None:
    assert len(VECTORS) == len(set(VECTORS)) == 25
    if PUBLISHED.exists():
        published = json.loads(PUBLISHED.read_text())["evaluation"]
        ours = [{"request": request(*vector[:3]), "expected": vector[3]} for vector in VECTORS]
        assert ours == published
