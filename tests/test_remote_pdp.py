"""A catalog that asks a decision point elsewhere answers as one that decides itself; and without an answer nothing is
done, whatever is the matter with the other side (design, sections 5 and 6).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from crawling import NO_NUMBER, Crawl, User, World, creations, reads, writes
from keeping import kept_over, no_exchange
from remit.adapters import remote_judge
from remit.adapters.db import open_catalog
from remit.adapters.db.engine import sqlite_url
from remit.adapters.remote_judge import RemoteJudge
from remit.bootstrap import build_app
from remit.client import RemitClient
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.service.ports import Judge, Wanted
from server import CALLERS, SECRET, Running, bearer
from shapes_corpus import SEED_ENVIRONMENT
from test_shipped_policy import shipped

CATALOG, MUTE = "application:catalog", "application:no-vouching"
ADA, GRACE = User("user:ada@example.com"), User("user:grace@example.com")
GUEST = User("user:new@example.com", ("nlp-lab",))
USERS = [ADA, GRACE, GUEST, User("user:tim@example.com"), User("user:nobody@example.com")]


def _files() -> dict[str, bytes]:
    """The shipped policy, and two services that ask by it: one that may vouch for groups, and one that may not."""
    found = {name: data for name, data in shipped().items() if "/cases/" not in name}
    mute = "".join(f"p, mute-client, *, decision, {action}\n" for action in ("evaluate", "search"))
    found["policies/service_roles.csv"] += mute.encode()
    found["policies/access_rules.csv"] += f"g, {CATALOG}, decision-client, *\ng, {MUTE}, mute-client, *\n".encode()
    return found


POLICY = read_policy(_files())
SNAPSHOT = Snapshot(POLICY)
STALE = Snapshot(read_policy(shipped()))
"""What the catalog's own process was started with: its scope tree counts, its rights do not."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    catalog = open_catalog(sqlite_url(Path(tmp_path_factory.mktemp("remote")) / "remit.db"))
    yield World(POLICY, catalog)
    catalog.close()


@pytest.fixture(scope="module")
def point(serve: Callable[..., Running]) -> Running:
    return serve(app=build_app(SNAPSHOT, "http://127.0.0.1", CALLERS, SECRET))


@pytest.fixture(scope="module")
def asking(serve: Callable[..., Running], world: World) -> Iterator[Callable[..., Running]]:
    """Serves the catalog, its needs decided at some address by a service's token."""
    clients: list[RemitClient] = []

    def over(judge: Judge | None) -> Running:
        kept = kept_over(STALE if judge else SNAPSHOT, world.catalog, judge)
        app = build_app(STALE, "http://127.0.0.1", CALLERS, SECRET, kept=kept, exchange=no_exchange, decides=False)
        return serve(app=app)

    def at(url: str | None, service: str = CATALOG, seconds: float = 5.0) -> Running:
        if url is None:
            return over(None)
        clients.append(RemitClient(url, token=bearer(service).removeprefix("Bearer "), timeout=seconds))
        return over(RemoteJudge(clients[-1]))

    yield at
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def remote(asking: Callable[..., Running], point: Running) -> Running:
    return asking(point.url)


@pytest.fixture(scope="module")
def local(asking: Callable[..., Running]) -> Running:
    return asking(None)


def crawled(running: Running, world: World, user: User) -> Crawl:
    """A crawl; what it creates gets new ids, so of what is done only the status is compared."""
    crawl = Crawl(world, running.client, user)
    crawl.all_lists()
    if user is not GRACE:
        crawl.views()
    crawl.steps(islice(reads(world, user), 0, None, 4))
    world.restore()
    for steps in (writes(world, user), creations(world, user)):
        crawl.steps(islice(steps, 1, None, 7), undo=True)
    return crawl


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.subject)
def test_it_answers_as_one_that_decides_itself(remote: Running, local: Running, world: World, user: User) -> None:
    there, here = crawled(remote, world, user), crawled(local, world, user)
    assert there.wrong == [] and here.wrong == []
    assert [(one.label, one.status) for one in there.answers] == [(one.label, one.status) for one in here.answers]
    for one, other in zip(there.answers, here.answers, strict=True):
        if one.status != 202:
            assert one.body == other.body or "updatedAt" in str(one.body), one.label


def test_a_remote_judge_that_says_yes_is_noticed(
    remote: Running, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_judge.RemoteSitting, "decide", lambda self, actor, needs: (True,) * len(needs))
    crawl = Crawl(world, remote.client, ADA)
    crawl.steps(one for one in reads(world, ADA) if one.status == 404)
    world.restore()
    assert crawl.wrong


def body_in(world: World, scope: str, name: str = "made") -> dict[str, Any]:
    number = world.numbers.get(scope, NO_NUMBER)
    return {"meta": {"name": name, "scope": "project", "projectId": number}, "spec": SEED_ENVIRONMENT}


def create(running: Running, world: World, user: User, scope: str) -> Any:
    headers = {"authorization": bearer(user.subject, *user.groups)}
    return running.client.post("/api/v1/asset/environment", json=body_in(world, scope), headers=headers)


def test_groups_count_only_if_the_catalog_may_vouch(
    asking: Callable[..., Running], point: Running, remote: Running, world: World
) -> None:
    mute = asking(point.url, MUTE)
    assert create(mute, world, GUEST, "project:nlp").status_code == 403
    assert create(mute, world, ADA, "project:vision").status_code == 202, "it may ask all the same"
    world.restore()
    assert create(remote, world, GUEST, "project:nlp").status_code == 202
    world.restore()


def test_the_revision_that_is_kept_is_the_decision_points(remote: Running, world: World) -> None:
    assert STALE.revision != SNAPSHOT.revision
    id = create(remote, world, ADA, "project:vision").json()["meta"]["id"]
    with world.catalog.work(write=False) as work:
        (made,) = (one for one in work.assets(Wanted(None)) if one.id == id)
    world.restore()
    assert made.created.revision == made.updated.revision == SNAPSHOT.revision


class Broken:
    """A decision point that answers anything but decisions."""

    def __init__(self, status: int, body: bytes, seconds: float = 0.0) -> None:
        self.status, self.body, self.seconds = status, body, seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        await asyncio.sleep(self.seconds)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


YES = b'{"evaluations":[{"decision":true},{"decision":true},{"decision":true}],"decision":true}'
BROKEN = {
    "garbage": Broken(200, b"<html>yes</html>"),
    "nothing": Broken(200, b""),
    "a word for yes": Broken(200, b'{"evaluations":[{"decision":"true"},{"decision":1}]}'),
    "too many answers": Broken(200, YES),
    "an error and a yes": Broken(500, YES),
    "forbidden": Broken(403, b'{"code":403,"message":"no"}'),
    "unknown": Broken(401, b'{"code":401,"message":"no"}'),
    "slow": Broken(200, YES, 1.0),
}


@pytest.mark.parametrize("fault", ["down", "no rights", *BROKEN])
def test_without_an_answer_nothing_is_done(
    serve: Callable[..., Running], asking: Callable[..., Running], point: Running, world: World, fault: str
) -> None:
    if fault == "down":
        running = asking("http://127.0.0.1:9", seconds=0.5)
    elif fault == "no rights":
        running = asking(point.url, "application:nobody")
    else:
        running = asking(serve(app=BROKEN[fault]).url, seconds=0.5)
    before, headers = world.state(), {"authorization": bearer(GRACE.subject)}
    (block,) = (one for one in world.assets if one.scope == "project:vision" and one.variant == "environment")
    room = next(one for one in world.rooms if one.scope == "project:vision")
    number = str(world.numbers["project:vision"])
    built = {"name": "made", "projectId": number, "spec": {"assets": {"environment": block.id}}}
    one, rooms = f"/api/v1/asset/environment/{block.id}", "/api/v1/workloads/workspaces"
    asked: list[tuple[str, str, Any]] = [
        ("GET", one, None),
        ("PUT", one, {"meta": {"name": "new"}, "spec": SEED_ENVIRONMENT}),
        ("DELETE", one, None),
        ("GET", "/api/v1/asset/environment", None),
        ("POST", "/api/v1/asset/environment", body_in(world, "project:vision")),
        ("GET", rooms, None),
        ("POST", rooms, built),
        ("GET", f"{rooms}/{room.id}", None),
        ("POST", f"{rooms}/{room.id}/suspend", None),
        ("DELETE", f"{rooms}/{room.id}", None),
        ("GET", "/api/v1/org-unit/projects", None),
        ("GET", "/api/v1/authorization/roles", None),
    ]
    if fault == "slow":
        asked = asked[:3]
    for method, path, body in asked:
        begun = time.monotonic()
        reply = running.client.request(method, path, json=body, headers=headers)
        assert reply.status_code == 503, (method, path, reply.text)
        assert time.monotonic() - begun < 3
    assert world.state() == before
