"""A server whose policy comes from a database of its own, put together as the composition root does it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from readable import FILES
from remit.adapters.memory_revisions import MemoryRevisions
from remit.bootstrap import build_app
from remit.core.history import UNKNOWN, Activation, Provenance
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.service.live import LivePolicy
from remit.service.policies import faults_of
from remit.service.publishing import Publishing
from remit.service.revisions import Revisions
from server import CALLERS, SECRET, Running, bearer, serving, with_caller

RULES = "policies/access_rules.csv"
CHIEF, DEPUTY, READER, ADA = "user:chief", "user:deputy", "user:reader", "user:ada"
READS = b"p, reader, *, policy, view\n"
_MORE = {
    "policies/vocabulary.csv": b"policy, view, home, a\npolicy, publish, home, b\npolicy, escalate, home, c\n",
    "policies/service_roles.csv": b"p, chief, *, policy, view\np, chief, *, policy, publish\n" + READS,
    RULES: b"g, user:chief, chief, *\ng, user:reader, reader, *\ng, user:chief, researcher, *\n",
}
OLD = with_caller({**FILES, **{name: FILES.get(name, b"") + data for name, data in _MORE.items()}})


def without(line: str, files: Mapping[str, bytes] = OLD, name: str = RULES) -> dict[str, bytes]:
    """The files without a line."""
    text = f"{line}\n".encode()
    assert files[name].count(text) == 1, line
    return {**files, name: files[name].replace(text, b"")}


def adding(line: str, files: Mapping[str, bytes] = OLD, name: str = RULES) -> dict[str, bytes]:
    """The files with a line more."""
    return {**files, name: files.get(name, b"") + f"{line}\n".encode()}


NEW = without("g, user:ada, researcher, project:vision")
"""Ada loses what she has."""


class Publisher(NamedTuple):
    """A server, its store, and what is live on it; while `behind` holds anything, it does not follow the store."""

    server: Running
    revisions: Revisions
    live: LivePolicy
    behind: list[str]

    def post(self, path: str, body: Any, by: str = CHIEF, *groups: str, **headers: str) -> httpx.Response:
        headers = {"authorization": bearer(by, *groups), **headers}
        return self.server.client.post(f"/v1/policy/{path}", json=body, headers=headers)

    def get(self, path: str, by: str = CHIEF) -> httpx.Response:
        return self.server.client.get(f"/v1/policy/{path}", headers={"authorization": bearer(by)})

    def publish(
        self,
        files: Mapping[str, bytes],
        parent: Mapping[str, bytes] | str = OLD,
        by: str = CHIEF,
        *groups: str,
        **more: Any,
    ) -> httpx.Response:
        revision = parent if isinstance(parent, str) else revision_of(parent)
        body = {"files": encoded(files), "parent": revision, "message": "because", **more}
        return self.post("publish", body, by, *groups)

    def follow(self) -> None:
        """Let what is in force by the store go live."""
        latest = self.revisions.latest()
        if self.behind or latest is None:
            return
        came = Provenance(number=latest.number)
        self.live.offer(self.revisions.files(latest.revision), time.time_ns() // 1_000, faults_of, came)


def encoded(files: Mapping[str, bytes]) -> list[dict[str, str]]:
    return [{"name": name, "content": base64.b64encode(data).decode()} for name, data in files.items()]


@contextmanager
def publisher(
    files: Mapping[str, bytes] = OLD, revisions: Revisions | None = None, from_database: bool = True, aside: Any = None
) -> Iterator[Publisher]:
    """A server whose policy is `files`, stored as the first of its revisions."""
    store = MemoryRevisions() if revisions is None else revisions
    first: Activation = store.activate(files, UNKNOWN, "directory policies", 1)
    live = LivePolicy(Snapshot(read_policy(files)), "database" if from_database else "directory policies", 1)
    live.numbered(first.revision, first.number)
    made: list[Publisher] = []

    def wake() -> None:
        made[0].follow()

    here = aside or (lambda work, *given: work(*given))
    publishing = Publishing(live, store, here, time.time_ns, wake, from_database)
    app = build_app(live, "http://127.0.0.1", CALLERS, SECRET, publishing=publishing)
    with serving(app=app) as running:
        made.append(Publisher(running, store, live, []))
        yield made[0]
