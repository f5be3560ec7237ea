"""Read your own publish (threats, row 28): whoever names a revision is never answered from an older one, wherever it
asks; without naming it, it might be.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from asking import YES
from publishing import CHIEF, NEW, OLD, Publisher, publisher, without
from remit.client import RemitClient
from remit.core.history import UNKNOWN
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide
from remit.service import minimum, publishing
from remit.service.live import LivePolicy
from remit.service.minimum import Minimum
from server import BEARER, EVALUATION, bearer

NEWER = without("g, user:bob, viewer, *", NEW)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    monkeypatch.setattr(minimum, "PATIENCE", 0.3)
    monkeypatch.setattr(publishing, "LIVE", 0.1)
    with publisher() as found:
        yield found


def ask(house: Publisher, *least: str) -> httpx.Response:
    headers: list[tuple[str, str | bytes]] = [
        ("authorization", BEARER),
        *(("remit-min-revision", each.encode("latin-1")) for each in least),
    ]
    return house.server.client.post(EVALUATION, json=YES, headers=headers)


def stale(house: Publisher) -> bool:
    """Is there an answer from before the publish?"""
    return ask(house).json() == {"decision": True}


def published_behind(house: Publisher) -> str:
    """Publish while the server does not follow; the revision."""
    house.behind.append("slow")
    done = house.publish(NEW)
    assert done.status_code == 200
    return str(done.json()["revision"])


def test_without_the_header_an_answer_may_be_older_than_one_s_own_publish(house: Publisher) -> None:
    """The attack: a right is revoked, and the revoked one asks before the server has seen it."""
    revision = published_behind(house)
    assert stale(house)
    answer = ask(house, revision)
    assert answer.status_code == 503 and "not live here; try again" in answer.json()["message"]


def test_with_it_the_answer_waits_for_the_policy(house: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minimum, "PATIENCE", 20.0)
    revision = published_behind(house)
    threading.Timer(0.2, house.behind.clear).start()
    follower = threading.Timer(0.4, house.follow)
    follower.start()
    answer = ask(house, revision)
    assert answer.json() == {"decision": False} and answer.headers["remit-revision"] == revision
    follower.join()


def test_a_mutant_that_does_not_wait_is_caught(house: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: Minimum, __: str) -> None:
        return

    monkeypatch.setattr(Minimum, "wait", never)
    with publisher() as other:
        revision = published_behind(other)
        assert ask(other, revision).json() == {"decision": True}, "which is the stale answer"


def test_a_revision_that_another_has_replaced_is_no_older(house: Publisher) -> None:
    assert house.publish(NEW).status_code == 200
    assert house.publish(NEWER, NEW).status_code == 200
    for least in (OLD, NEW, NEWER):
        assert ask(house, revision_of(least)).headers["remit-revision"] == revision_of(NEWER)


def test_a_revision_that_came_back_counts_from_its_last_time(house: Publisher) -> None:
    """A, B and A again: a server that is at B has seen A, and is older than the A that was published last."""
    assert house.publish(NEW).status_code == 200
    house.behind.append("slow")
    assert house.post("rollback", {"revision": revision_of(OLD), "message": "back"}).status_code == 200
    assert ask(house, revision_of(OLD)).status_code == 503
    assert ask(house, revision_of(NEW)).status_code == 200


def test_a_server_that_is_at_the_first_of_two_answers_by_the_same_policy(house: Publisher) -> None:
    house.behind.append("slow")
    assert house.publish(NEW).status_code == 200
    house.behind.clear()
    house.live.numbered(revision_of(OLD), 1)
    assert ask(house, revision_of(OLD)).json() == {"decision": True}


@pytest.mark.parametrize("least", ["", "x", "0" * 63, "0" * 65, "A" * 64, "\u00e9"])
def test_what_is_no_revision_is_refused(house: Publisher, least: str) -> None:
    assert ask(house, least).status_code == 400


def test_a_revision_that_nobody_knows_is_waited_for_in_vain(house: Publisher) -> None:
    assert ask(house, "0" * 64).status_code == 503


def test_two_of_them_are_refused(house: Publisher) -> None:
    assert ask(house, revision_of(OLD), revision_of(OLD)).status_code == 400


@pytest.mark.parametrize("path", ["status", "history"])
def test_it_holds_for_every_route(house: Publisher, path: str) -> None:
    revision = published_behind(house)
    headers = {"authorization": bearer(CHIEF), "remit-min-revision": revision}
    assert house.server.client.get(f"/v1/policy/{path}", headers=headers).status_code == 503
    house.behind.clear()
    assert house.server.client.get(f"/v1/policy/{path}", headers=headers).status_code == 200


def test_where_the_policy_is_not_from_the_log_the_log_is_not_asked(house: Publisher) -> None:
    """Of two servers that follow one repository, one may be slow, and write what is old as the latest line."""
    alone = Minimum(house.live, None, lambda: None)

    async def waited(*revisions: str) -> None:
        for each in revisions:
            await alone.wait(each)

    asyncio.run(waited(revision_of(OLD)))
    with pytest.raises(CouldNotDecide):
        asyncio.run(waited(revision_of(NEW)))
    assert house.publish(NEW).status_code == 200
    asyncio.run(waited(revision_of(OLD), revision_of(NEW)))  # the first was live here, and the other took its place
    with publisher(from_database=False) as other:
        other.revisions.activate(NEWER, UNKNOWN, "git", 2)
        other.revisions.activate(OLD, UNKNOWN, "git", 3)
        other.live.numbered(revision_of(OLD), 3)
        assert ask(other, revision_of(NEWER)).status_code == 503


def test_the_client_says_it_with_every_question(house: Publisher) -> None:
    known: list[str] = []
    token = BEARER.removeprefix("Bearer ")
    least = {"min_revision": lambda: known[-1] if known else None}
    with RemitClient(house.server.url, token=token, timeout=1.0, **least) as client:
        question = ("user:ada", "create", "environment")
        assert client.allowed(*question, home="project:vision")
        known.append(published_behind(house))
        verdict = client.evaluate(*question, home="project:vision")
        assert not verdict.allowed and verdict.revision is None, "no answer rather than an old one"
        house.behind.clear()
        assert client.evaluate(*question, home="project:vision").revision == known[-1]
        known.append("what is\r\nno revision")
        assert client.evaluate(*question, home="project:vision").why == "there is no least revision: ValueError"


class Looked(LivePolicy):
    """Notes what answers at each moment at which something else is said to be live."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_standing" and hasattr(self, "answers"):
            self.answers.append((value.revision, self.current().revision))
        super().__setattr__(name, value)


def test_what_is_said_to_be_live_answers_already() -> None:
    """Whoever reads that a revision is live is not answered from the one before it, however the threads take turns."""
    live = Looked(Snapshot(read_policy(OLD)))
    live.answers = []
    assert live.offer(NEW, 2, lambda *_: ((), ()))
    assert live.answers == [(revision_of(NEW), revision_of(NEW))]
