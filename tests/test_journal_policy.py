"""What goes live, what is refused and who calls in vain is in the journal, whichever process it happens in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from asking import NO, YES
from commands import written
from publishing import CHIEF, NEW, OLD, encoded
from remit.adapters.journal.layout import writers
from remit.adapters.journal.reading import entries
from remit.core.journal.entries import Kind
from remit.core.policy import revision_of
from remit.journaling import Journaled
from remit.service.operations import Refused, Standing
from server import CALLER
from test_serve import ask, free_port, running, token

PATIENCE = 20.0
BROKEN = {**OLD, "policies/roles.csv": OLD["policies/roles.csv"] + b"p, l1-researcher, *, environment, crate\n"}


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def told(directory: Path, *kinds: Kind) -> list[dict[str, Any]]:
    """The lines of these kinds."""
    return [dict(entry.body) for entry in entries(directory / ".remit" / "journal") if entry.kind in kinds]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_goes_live_and_what_is_refused_is_kept(tmp_path: Path, workers: int) -> None:
    directory, port = written(OLD, tmp_path), free_port()
    bearer = token(directory, CALLER)
    with running(directory, port, "--watch", "--workers", str(workers)):
        written(BROKEN, directory)
        until(lambda: len(told(directory, Kind.REJECTED)) == 1)
        written(NEW, directory)
        until(lambda: not ask(port, YES, bearer).json()["decision"])
        assert ask(port, NO, None).status_code == 401
        until(lambda: len(told(directory, Kind.AUTH_FAILED)) == 1)
    live = told(directory, Kind.ACTIVATED)
    writing = workers + (workers > 1)  # the supervisor is a writer too
    for revision in (revision_of(OLD), revision_of(NEW)):
        assert len({line["writer"] for line in live if line["revision"] == revision}) == writing
    assert len(writers(directory / ".remit" / "journal")) == writing
    (refused,) = told(directory, Kind.REJECTED)
    assert (refused["revision"], refused["live"]) == (revision_of(BROKEN), revision_of(OLD))
    assert refused["findings"] == ["policies/roles.csv:7:35 R016"]
    (unknown,) = told(directory, Kind.AUTH_FAILED)
    assert "does not say who calls" in unknown["why"]
    for line in told(directory, Kind.DECISION):
        before = [each for each in live if each["writer"] == line["writer"] and each["seq"] < line["seq"]]
        assert before[-1]["revision"] == line["revision"], "every answer comes after what says by which policy"


def test_what_is_refused_is_told_once_however_often_it_is_looked_at() -> None:
    notes: list[Any] = []
    record = Journaled(None)
    record.note = lambda *said: notes.append(said)
    fine = Standing("1" * 64, 0, "somewhere", 0, None)
    refused = fine._replace(refused=Refused("2" * 64, 5, (), ("because",)))
    for before, after in ((fine, refused), (refused, refused._replace(checked=9)), (refused, fine), (fine, refused)):
        record.heard(before, after)
    assert [kind for kind, _ in notes] == [Kind.REJECTED] * 2


def test_who_shows_a_key_that_does_not_hold_is_on_record(tmp_path: Path) -> None:
    directory, port = written(OLD, tmp_path), free_port()
    key = {"grantType": "app_token", "AppId": "portal", "AppSecret": f"remit_{secrets.token_hex(16)}"}
    with running(directory, port, REMIT_AUTH="keys"):
        answer = httpx.post(f"http://127.0.0.1:{port}/api/v1/token", json=key, trust_env=False, timeout=60)
        assert answer.status_code == 400
        until(lambda: len(told(directory, Kind.AUTH_FAILED)) == 1)
    assert key["AppSecret"] not in str(told(directory, Kind.AUTH_FAILED))


def test_who_published_and_who_rolled_back_is_kept(tmp_path: Path) -> None:
    directory, port = written(OLD, tmp_path), free_port()
    headers = {"authorization": f"Bearer {token(directory, CHIEF)}", "x-request-id": "the change"}
    with (
        running(directory, port, REMIT_SOURCE="database", REMIT_POLL="0.1"),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60, headers=headers) as client,
    ):
        change = {"files": encoded(NEW), "parent": revision_of(OLD), "message": "she left"}
        assert client.post("/v1/policy/publish", json=change).status_code == 200
        until(lambda: len(told(directory, Kind.ACTIVATED)) == 2)
        back = client.post("/v1/policy/rollback", json={"revision": "1", "message": "she is back"})
        assert back.status_code in (200, 422), back.text
        if back.status_code == 200:
            until(lambda: len(told(directory, Kind.ROLLED_BACK)) == 1)
    published = told(directory, Kind.ACTIVATED)[1]
    assert {name: published[name] for name in ("revision", "author", "verified", "message", "how", "number")} == {
        "revision": revision_of(NEW), "author": CHIEF, "verified": True, "message": "she left", "how": "published",
        "number": 2,
    }  # fmt: skip
    asked = [(line["op"], line["caller"], line["request"]) for line in told(directory, Kind.OPERATION)]
    assert asked == [("PublishPolicy", CHIEF, "the change"), ("RollBack", CHIEF, "the change")]
    back_lines = told(directory, Kind.ROLLED_BACK)
    if back_lines:
        assert (back_lines[0]["revision"], back_lines[0]["message"]) == (revision_of(OLD), "she is back")
