"""Every route of the catalog, asked by everybody the shipped policy knows, answers exactly what Casbin says: no row too
many, none missing; and what is out of reach shows in no count, no order and no sentence (threats, row 16).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crawling import Crawl, User, World, reads, users_of
from keeping import kept_over, no_exchange
from remit.adapters.db import open_catalog
from remit.adapters.db.engine import sqlite_url
from remit.bootstrap import build_app
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.service import catalog_gate, judging
from remit.web.http import AsgiApp
from remit.web.kept import CATALOG_ROUTES
from server import CALLERS, SECRET, Running
from straight import Straight
from test_shipped_policy import shipped

POLICY = read_policy(shipped())
USERS = users_of(POLICY)
ADA, TIM = User("user:ada@example.com"), User("user:tim@example.com")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    catalog = open_catalog(sqlite_url(Path(tmp_path_factory.mktemp("crawl")) / "remit.db"))
    yield World(POLICY, catalog)
    catalog.close()


@pytest.fixture(scope="module")
def app(world: World) -> AsgiApp:
    snapshot = Snapshot(POLICY)
    kept = kept_over(snapshot, world.catalog)
    return build_app(snapshot, "http://127.0.0.1", CALLERS, SECRET, kept=kept, exchange=no_exchange)


@pytest.fixture(scope="module")
def client(app: AsgiApp) -> Iterator[Straight]:
    with Straight(app) as client:
        yield client


@pytest.mark.parametrize(
    ("number", "user"), list(enumerate(USERS)), ids=[f"{one.subject}{len(one.groups)}" for one in USERS]
)
def test_everybody_gets_what_casbin_says_and_nothing_else(
    client: Straight, world: World, number: int, user: User
) -> None:
    crawl = Crawl(world, client, user, number)
    assert crawl.everything() == []
    asked = {" ".join(one.label.split(" ")[:2]) for one in crawl.answers}
    missed = [f"{route.method} {route.path}" for route in CATALOG_ROUTES if not _asked(route, asked)]
    assert not missed, "routes that this user did not ask"


def test_users_are_of_all_sorts() -> None:
    assert len(USERS) > 25 and any(one.groups for one in USERS)
    assert {rule.role for rule in POLICY.access_rules if User(rule.subject) in USERS} > {
        "l1-researcher",
        "auditor",
        "editor",
    }


def test_over_a_socket_the_answers_are_the_same(
    serve: Callable[..., Running], app: AsgiApp, client: Straight, world: World
) -> None:
    straight, over = Crawl(world, client, TIM), Crawl(world, serve(app=app).client, TIM)
    for crawl in (straight, over):
        crawl.all_lists()
        crawl.views()
        crawl.steps(reads(world, TIM))
        world.restore()
    assert len(over.answers) > 250 and over.wrong == []
    assert over.answers == straight.answers


def _asked(route: Any, asked: set[str]) -> bool:
    """Was this route asked, by its method and the length and fixed parts of its path?"""
    parts = route.path.split("/")
    return any(
        method == route.method
        and len(found := path.split("/")) == len(parts)
        and all(part == "{id}" or part == each for part, each in zip(parts, found, strict=True))
        for method, path in (one.split(" ") for one in asked)
    )


def test_a_gate_that_does_not_check_is_noticed(client: Straight, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_gate, "_check", lambda *_: None)
    crawl = Crawl(world, client, ADA)
    crawl.steps(_foreign(world))
    world.restore()
    assert crawl.wrong


def _foreign(world: World) -> Iterator[Any]:
    """What ADA may not look at, though it is there."""
    return (step for step in reads(world, ADA) if step.status == 404)


def test_a_list_that_shows_more_is_noticed(client: Straight, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = judging.reach
    wider = lambda *given: honest(*given)._replace(scopes=tuple(world.policy.parents))  # noqa: E731
    monkeypatch.setattr(judging, "reach", wider)
    crawl = Crawl(world, client, TIM)
    crawl.all_lists()
    assert any("total" in one for one in crawl.wrong) and any("/asset/" in one for one in crawl.wrong)


def test_a_sentence_that_tells_is_noticed(client: Straight, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest, there = catalog_gate._gone, {one.id for one in world.assets}
    monkeypatch.setattr(catalog_gate, "_gone", lambda need, said: honest(need, said) + "!" * (need.id in there))
    crawl = Crawl(world, client, ADA)
    crawl.steps(_foreign(world))
    assert crawl.wrong and all("beside what never was" in one for one in crawl.wrong)
