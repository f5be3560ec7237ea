"""What a real server kept, judged again by a real command beside it, and after it: replay, as of, blame."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx

from asking import NO, YES, entity, question
from commands import Ran, really_ran, written
from publishing import CHIEF, NEW, OLD, encoded
from remit.core.policy import revision_of
from remit.core.times import format_instant
from server import CALLER, EVALUATION, EVALUATIONS
from test_serve import PATIENCE, free_port, running, token

BATCH = {"evaluations": [YES, NO, {"subject": 1}], "options": {"evaluations_semantic": "execute_all"}}
WHO = {"subject": {"type": "user"}, "action": {"name": "view"}, "resource": entity("environment:seen")}
WHERE = {"subject": entity("user:ada"), "action": {"name": "create"}, "resource": {"type": "environment"}}
GROUPS = question(entity("user:new", groups=["science"]), "view", "environment:seen")


def everything(client: httpx.Client) -> None:
    """Ask what there is to ask, page by page where there are pages."""
    for body, path in ((YES, EVALUATION), (GROUPS, EVALUATION), (BATCH, EVALUATIONS), (WHERE, "/v1/permitted-scopes")):
        assert client.post(path, json=body).status_code == 200
    page: dict[str, Any] = {"limit": 2}
    while True:
        found = client.post("/access/v1/search/subject", json=WHO | {"page": page}).json()
        if not (following := found["page"]["next_token"]):
            return
        page = {"limit": 2, "token": following}


def test_what_a_server_kept_is_judged_again(tmp_path: Path) -> None:
    directory, port = written(OLD, tmp_path), free_port()

    def remit(*arguments: str) -> Ran:
        return really_ran(*arguments, directory=directory)

    with running(directory, port, REMIT_SOURCE="database", REMIT_POLL="0.1"):
        caller, chief = (token(directory, subject) for subject in (CALLER, CHIEF))
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE) as client:
            client.headers["authorization"] = f"Bearer {caller}"
            everything(client)
            before = format_instant(time.time_ns() // 1_000)
            body = {"files": encoded(NEW), "parent": revision_of(OLD), "message": "ada left"}
            published = client.post("/v1/policy/publish", json=body, headers={"authorization": f"Bearer {chief}"})
            assert published.status_code == 200, published.text
            client.headers["remit-min-revision"] = revision_of(NEW)
            everything(client)
        beside = remit("journal", "replay", "--format", "json")
        told = json.loads(beside.out)
        assert (beside.code, told["identical"]) == (0, True) and set(told["revisions"]) == {
            revision_of(OLD), revision_of(NEW)
        }  # fmt: skip
        assert not told["not_replayable"] and told["answers"] > 20
    after = json.loads(remit("journal", "replay", "--format", "json").out)
    assert after["identical"] and after["answers"] >= told["answers"]

    asks = ("user:ada", "use", "environment", "--home", "project:vision", "--in", "project:vision")
    assert remit("check", *asks, "--at", before).code == 0
    gone = remit("check", *asks, "--at", format_instant(time.time_ns() // 1_000))
    assert gone.code == 1 and "(number 2), live since" in gone.out
    assert "number 1" in remit("blame", *asks, "--at", before).out and remit("blame", *asks).code == 1
    other = remit("journal", "replay", "--revision", "2", "--detailed-exitcode")
    assert other.code == 4 and "user:ada use environment: allow → deny" in other.out
