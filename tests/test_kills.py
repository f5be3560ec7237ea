"""A server that is killed in the middle of publishing and activation: the old policy or the new one, never something
between, and what was answered to have been published is what it begins with again. `REMIT_KILLS=200` kills more often.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from asking import NO, YES
from commands import written
from publishing import CHIEF, NEW, OLD, encoded
from remit.adapters.db import open_database
from remit.adapters.db.engine import sqlite_url
from remit.core.policy import revision_of
from server import CALLER
from test_serve import ask, free_port, running, token

KILLS = int(os.environ.get("REMIT_KILLS", "6"))
PATIENCE = 30.0
MAY = {revision_of(OLD): True, revision_of(NEW): False}
"""By revision: may Ada?"""


class Place:
    """Where a server runs again and again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.chief, self.caller = (token(directory, each) for each in (CHIEF, CALLER))

    @contextmanager
    def server(self) -> Iterator[Any]:
        with running(self.directory, self.port, REMIT_SOURCE="database", REMIT_POLL="0.1") as process:
            yield process

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.chief}"}
        with httpx.Client(trust_env=False, timeout=PATIENCE, headers=headers) as client:
            return client.request(method, f"http://127.0.0.1:{self.port}{path}", json=body)

    def publish(self, done: list[str]) -> None:
        """Publish whichever is not in force; a server that dies meanwhile answers nothing."""
        try:
            live = self.call("GET", "/v1/policy/status").json()["revision"]
            files = NEW if live == revision_of(OLD) else OLD
            answer = self.call("POST", "/v1/policy/publish", {"files": encoded(files), "parent": live, "message": "on"})
        except httpx.HTTPError:
            return
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200:
            done.append(answer.json()["revision"])

    def patience(self) -> float:
        """Seconds that a server which has just started takes to publish, on this machine and now."""
        with self.server():
            done: list[str] = []
            began = time.monotonic()
            self.publish(done)
            assert done, "nothing is published, though nobody was killed"
            return time.monotonic() - began

    def in_force(self) -> str:
        """The revision in force by the database, whose files are what its name says."""
        database = open_database(sqlite_url(self.directory / ".remit" / "remit.db"))
        try:
            latest = database.revisions.latest()
            assert latest is not None
            files = database.revisions.files(latest.revision)
            assert files in (OLD, NEW) and revision_of(files) == latest.revision
            lines = database.revisions.history(None, 500)
            assert [line.number for line in lines] == list(range(len(lines), 0, -1)), "no line is missing"
            return latest.revision
        finally:
            database.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(written(OLD, tmp_path))


def test_a_server_killed_while_it_publishes_begins_with_the_old_policy_or_the_new_one(place: Place) -> None:
    chance = random.Random(os.environ.get("REMIT_SEED", "11"))
    last: str | None = None
    published = 0
    long = place.patience()
    for _ in range(KILLS):
        with place.server() as process:
            live = place.call("GET", "/readyz").json()["revision"]
            assert live in MAY and live == place.in_force()
            assert last in (None, live), "what was answered to be in force is lost"
            assert ask(place.port, YES, place.caller).json()["decision"] is MAY[live]
            assert ask(place.port, NO, place.caller).json()["decision"] is False
            done: list[str] = []
            publisher = threading.Thread(target=place.publish, args=(done,))
            publisher.start()
            time.sleep(chance.uniform(0.0, 2 * long))
            process.kill()
            publisher.join()
        last = done[0] if done else None
        published += bool(done)
    assert 0 < published < KILLS, "some were killed before, some after"
