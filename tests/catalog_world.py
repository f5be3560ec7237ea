"""A catalog over HTTP under the shipped policy: a server over SQLite, who asks it, and how often it asks its database.

Everything that a world ever answers or logs is kept, so that a test can search all of it for what must not be there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import event

from keeping import kept_over, no_exchange
from remit.adapters.db import open_catalog
from remit.adapters.db.engine import sqlite_url
from remit.adapters.db.store import SqlCatalog
from remit.adapters.policy_files import read_directory
from remit.bootstrap import build_app
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from server import CALLERS, SECRET, Running, bearer, serving, with_caller

HERE = Path(__file__).parent.parent
ADA, JOAN, HEDY, GRACE = (f"user:{name}@example.com" for name in ("ada", "joan", "hedy", "grace"))
ASSET, WORKSPACES = "/api/v1/asset", "/api/v1/workloads/workspaces"
CANARY = "canary-9d1f-never-to-be-seen"

ENVIRONMENT: dict[str, Any] = {"image": "registry.example.com/jupyter:1"}
COMPUTE: dict[str, Any] = {"cpuCoreRequest": 1, "cpuMemoryRequest": "200M"}
GIT: dict[str, Any] = {"repository": "https://example.com/a.git", "path": "/a"}
PASSWORD: dict[str, Any] = {"user": "robot", "password": CANARY}
SPECS = {
    "environment": ENVIRONMENT,
    "compute": COMPUTE,
    "datasource/git": GIT,
    "datasource/nfs": {"server": "nfs.example.com", "path": "/x", "mountPath": "/nfs"},
    "datasource/pvc": {"path": "/data", "existingPvc": True, "claimName": "scratch"},
    "credentials/password": PASSWORD,
    "credentials/access-key": {"accessKeyId": "AKIA", "secretAccessKey": CANARY},
    "credentials/docker-registry": {"user": "robot", "password": CANARY, "url": "https://registry.example.com"},
    "credentials/generic-secret": {"keyValuePairs": [{"key": "token", "value": CANARY}]},
}
"""A small spec for each sort of block."""

HEARD: list[str] = []
"""Every head and body that a world of this process answered, and every line that was logged meanwhile."""


@cache
def shipped() -> Snapshot:
    """The shipped policy."""
    files = read_directory(HERE / "policies", HERE / "model.conf")
    return Snapshot(read_policy(with_caller(files)))


class World:
    """A server with a catalog, and callers of it."""

    def __init__(self, running: Running, catalog: SqlCatalog) -> None:
        self.running = running
        self.catalog = catalog
        self.statements: list[str] = []
        event.listen(catalog.engine, "before_cursor_execute", self._counted)

    def _counted(self, _link: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            self.statements.append(statement)

    def ask(self, method: str, path: str, body: Any = None, by: str = ADA, **headers: str) -> httpx.Response:
        """One request, and its answer. `statements` are those that it took."""
        self.statements.clear()
        more = {} if body is None else {"json": body}
        given = {"authorization": bearer(by), **{name.replace("_", "-"): text for name, text in headers.items()}}
        answer = self.running.client.request(method, path, headers=given, **more)
        HEARD.append(f"{answer.headers} {answer.text}")
        return answer

    def number(self, project: str) -> int:
        """The number of a project, as somebody who sees all of them learns it."""
        answer = self.ask("GET", f"/api/v1/org-unit/projects?filterBy=name%3D%3D{project}", by=GRACE)
        return int(answer.json()["projects"][0]["id"])

    def put_in(
        self, sort: str, name: str = "one", project: str | None = "vision", by: str = GRACE, **more: Any
    ) -> httpx.Response:
        """The answer to a new block, in a project or in all of them (None); `more` replaces members of its spec."""
        meta: dict[str, Any] = {"name": name, "scope": "tenant"}
        if project is not None:
            meta |= {"scope": "project", "projectId": self.number(project)}
        return self.ask("POST", f"{ASSET}/{sort}", {"meta": meta, "spec": {**SPECS[sort], **more}}, by)

    def made(self, sort: str, name: str = "one", project: str | None = "vision", **more: Any) -> str:
        """The id of a new block."""
        answer = self.put_in(sort, name, project, **more)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["meta"]["id"])

    def submit(
        self, name: str, assets: Any, by: str = ADA, specific: Any = None, project: str = "vision"
    ) -> httpx.Response:
        """The answer to a new workspace of blocks."""
        spec = {"assets": assets, **({} if specific is None else {"specificEnv": specific})}
        body = {"name": name, "projectId": str(self.number(project)), "spec": spec}
        return self.ask("POST", WORKSPACES, body, by)

    def names(self, path: str, by: str = GRACE) -> list[str]:
        """The names in a list of blocks."""
        answer = self.ask("GET", f"{ASSET}/{path}", by=by)
        assert answer.status_code == 200, answer.text
        return [entry["meta"]["name"] for entry in answer.json()["entries"]]


@contextmanager
def world(directory: Path) -> Iterator[World]:
    """A world of its own in a directory."""
    catalog = open_catalog(sqlite_url(directory / "remit.db"))
    kept = kept_over(shipped(), catalog)
    app = build_app(shipped(), "http://x", CALLERS, SECRET, kept=kept, exchange=no_exchange)
    with _hearing(), serving(app=app) as running:
        yield World(running, catalog)
    catalog.close()


@contextmanager
def _hearing() -> Iterator[None]:
    """Keep all that is logged meanwhile."""
    root, handler = logging.getLogger(), logging.Handler(logging.DEBUG)
    handler.emit = lambda record: HEARD.append(logging.Formatter().format(record))  # type: ignore[method-assign]
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
