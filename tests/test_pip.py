"""Proves that the catalog is the decision point's information: what it knows of a home wins, a home that differs is a
mismatch, and when it cannot be asked nothing is decided about its things (design §4).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from asking import FILES, YES, entity, question
from keeping import kept_over, no_exchange
from remit.adapters.memory_catalog import MemoryCatalog
from remit.bootstrap import build_app
from remit.core.blocks import Asset, Phase, Stamp, Variant, Workspace
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide
from remit.service.ports import Work
from server import CALLERS, EVALUATIONS, SECRET, Running, with_caller

SNAPSHOT = Snapshot(read_policy(with_caller(FILES)))
STAMP = Stamp("user:maker", 1, SNAPSHOT.revision)
SEEN, READ, GONE, JOB = (str(uuid.uuid4()) for _ in range(4))
SEARCH = "/access/v1/search/"


class Shaky:
    """A catalog that is out of reach when told so."""

    def __init__(self) -> None:
        self.inner = MemoryCatalog()
        self.away = False
        self.asked = 0

    def work(self, write: bool = True) -> AbstractContextManager[Work]:
        return self._work(write)

    @contextmanager
    def _work(self, write: bool) -> Iterator[Work]:
        self.asked += 1
        if self.away:
            raise CouldNotDecide("the catalog is out of reach")
        with self.inner.work(write) as work:
            yield work


@pytest.fixture(scope="module")
def catalog() -> Shaky:
    found = Shaky()
    with found.work() as work:
        for id, scope in ((SEEN, "project:vision"), (READ, "project:nlp"), (GONE, "project:gone")):
            work.add(Asset(id, Variant.ENVIRONMENT, id, "", scope, {}, False, STAMP, STAMP, 1), None)
        work.add_workspace(
            Workspace(JOB, "job", "project:vision", {}, (), Phase.RUNNING, Phase.PENDING, 1, STAMP, STAMP, 1)
        )
    return found


@pytest.fixture(scope="module")
def running(serve: Callable[..., Running], catalog: Shaky) -> Running:
    kept = kept_over(SNAPSHOT, catalog)
    return serve(app=build_app(SNAPSHOT, "http://127.0.0.1", CALLERS, SECRET, kept=kept, exchange=no_exchange))


def test_what_the_catalog_knows_of_a_home_counts(running: Running) -> None:
    assert running.decides(question(resource=f"environment:{SEEN}"))
    assert not running.decides(question(resource=f"environment:{READ}"))
    assert running.decides(question("user:grace", resource=f"environment:{READ}"))
    assert not running.decides(question(resource=f"environment:{uuid.uuid4()}"))
    assert not running.decides(question(resource=f"environment:{GONE}"))
    assert running.decides(question("user:bob", "view", f"workload:{JOB}")) is False, "he may view environments only"


def test_it_wins_over_what_a_request_says(running: Running) -> None:
    for scope, allowed in (
        ("project:vision", True),
        ("project:nlp", False),
        ("department:research", False),
        ("*", False),
    ):
        assert running.decides(question(resource=entity(f"environment:{SEEN}", scope=scope))) is allowed
    told = running.ask({**question(resource=entity(f"environment:{READ}", scope="project:vision")), **EXPLAIN}).json()
    assert told["context"]["reason_admin"]["code"] == "scope-mismatch"


EXPLAIN = {"options": {"explain": True}}


def test_a_thing_of_another_kind_is_not_meant(running: Running) -> None:
    assert not running.decides(question(action="view", resource=f"workload:{SEEN}"))
    assert not running.decides(question(resource=f"environment:{JOB}"))


def test_a_batch_asks_the_catalog_once(running: Running, catalog: Shaky) -> None:
    before = catalog.asked
    items = [question(resource=f"environment:{id}") for id in (SEEN, READ, str(uuid.uuid4()), "seen")]
    found = running.ask({"evaluations": items}, EVALUATIONS).json()["evaluations"]
    assert [each["decision"] for each in found] == [True, False, False, True]
    assert catalog.asked == before + 1
    assert running.decides(YES) and catalog.asked == before + 1, "an id that is none of the catalog's is not looked up"
    assert running.decides(question(action="create", resource=entity(f"environment:{SEEN}", scope="project:vision")))
    assert catalog.asked == before + 1, "what is to be created is not looked up"


def test_searches_know_what_the_catalog_knows(running: Running) -> None:
    who = running.ask(question("user:x", "use", f"environment:{READ}"), f"{SEARCH}subject").json()["results"]
    assert who == [entity("user:grace")]
    what = running.ask(question(resource=f"environment:{SEEN}"), f"{SEARCH}action").json()["results"]
    assert what == [{"name": "view"}, {"name": "use"}]


def pages(running: Running, body: dict[str, Any], limit: int) -> list[str]:
    """The ids on all pages."""
    ids: list[str] = []
    page: dict[str, Any] = {"limit": limit}
    while True:
        found = running.ask({**body, "page": page}, f"{SEARCH}resource").json()
        assert len(found["results"]) <= limit
        ids += [each["id"] for each in found["results"]]
        if not found["page"]["next_token"]:
            return ids
        page = {"token": found["page"]["next_token"]}


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_resource_search_lists_the_catalog_and_the_list_of_homes(running: Running, limit: int) -> None:
    for who, action in (("user:ada", "use"), ("user:ada", "view"), ("user:grace", "use"), ("user:bob", "view")):
        body = {**question(who, action), "resource": {"type": "environment"}}
        listed = pages(running, body, limit)
        known = [*(f"environment:{id}" for id in (SEEN, READ, GONE)), *THINGS]
        allowed = [thing.partition(":")[2] for thing in known if running.decides(question(who, action, thing))]
        assert sorted(listed) == sorted(allowed), (who, action)
        assert len(listed) == len(set(listed))


THINGS = ["environment:everywhere", "environment:seen", "environment:read", "environment:sold"]


def test_without_the_catalog_nothing_is_decided_about_its_things(running: Running, catalog: Shaky) -> None:
    catalog.away = True
    try:
        answer = running.ask(question(resource=f"environment:{SEEN}"))
        assert answer.status_code == 503 and "catalog is out of reach" in answer.json()["message"]
        items = [question(resource=f"environment:{SEEN}"), YES]
        found = running.ask({"evaluations": items}, EVALUATIONS).json()["evaluations"]
        assert found[0]["decision"] is False and found[0]["context"]["error"]["status"] == 503
        assert found[1] == {"decision": True}, "what is none of its things is decided"
        for path in ("subject", "action", "resource"):
            assert running.ask(question(resource=f"environment:{SEEN}"), SEARCH + path).status_code == 503
    finally:
        catalog.away = False
    assert running.decides(question(resource=f"environment:{SEEN}"))
