"""Publishing over HTTP: what passed every check takes the place of exactly what its author saw; the rest changes
nothing, and says why.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asking import YES
from publishing import ADA, CHIEF, NEW, OLD, READER, RULES, Publisher, adding, encoded, publisher, without
from remit.adapters.aside import Aside
from remit.adapters.db import open_database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.memory import RingJournal
from remit.adapters.memory_revisions import MemoryRevisions
from remit.bootstrap import handlers
from remit.core.difference.document import document
from remit.core.difference.plan import plan, version_of
from remit.core.history import How, Provenance
from remit.core.model import Actor
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide, NotAllowed, NotRecorded, Outdated
from remit.service import publishing
from remit.service.gate import Gate
from remit.service.judged import planned_change
from remit.service.live import LivePolicy
from remit.service.needs import PUBLISH_POLICY, VIEW_POLICY
from remit.service.operations import GetRevision, PublishPolicy, RollBack
from remit.service.ports import Judged, Worked
from remit.service.publishing import Publishing
from server import EVALUATION, SECRET, bearer


@pytest.fixture
def house() -> Iterator[Publisher]:
    with publisher() as found:
        yield found


def planned(files: dict[str, bytes], author: str | None = CHIEF, now: int = 1) -> dict[str, Any]:
    """The document of a plan from the old policy, as a file has it."""
    text = json.dumps(document(plan(version_of(OLD), version_of(files), now, author), ("HEAD", "here")))
    found: dict[str, Any] = json.loads(text)
    return found


def decides(house: Publisher) -> bool:
    return bool(house.server.ask(YES).json()["decision"])


def unchanged(house: Publisher) -> bool:
    """Is everything as it was at the start?"""
    latest = house.revisions.latest()
    return decides(house) and latest is not None and (latest.number, latest.revision) == (1, revision_of(OLD))


def test_what_is_published_goes_live_and_is_in_the_history(house: Publisher) -> None:
    assert decides(house)
    done = house.publish(NEW)
    assert done.status_code == 200, done.text
    body = done.json()
    assert (body["number"], body["revision"], body["parent"]) == (2, revision_of(NEW), revision_of(OLD))
    assert (body["author"], body["verified"], body["message"], body["how"]) == (CHIEF, True, "because", "published")
    assert not decides(house)
    status = house.get("status").json()
    assert (status["revision"], status["number"], status["source"]) == (revision_of(NEW), 2, "database")
    entries = house.get("history").json()["entries"]
    assert [each["number"] for each in entries] == [2, 1] and entries[0] == body
    assert "before" not in house.get("history?limit=2").json()
    page = house.get("history?limit=1").json()
    assert page["entries"] == [body] and page["before"] == 2
    assert [each["number"] for each in house.get("history?before=2").json()["entries"]] == [1]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"files": []}, "`files` must be a list"),
        ({"files": "x"}, "`files` must be a list"),
        ({"files": [{"name": "a"}]}, "`files[0]` must have a `name` and a `content`"),
        ({"files": [{"name": "a", "content": "%"}]}, "`files[0].content` is no base64"),
        ({"files": [{"name": "a", "content": ""}] * 2}, "`files` names a file twice"),
        ({"message": " "}, "`message` must say why"),
        ({"message": "x" * 1_001}, "`message` is longer than 1,000 characters"),
        ({"message": "a\u200bb"}, "`message` holds a character that cannot be seen"),
        ({"message": 1}, "`message` is required"),
        ({"parent": None}, "`parent` is required"),
        ({"plan": "x"}, "`plan` must be the document"),
        ({"author": "user:eve"}, "`author` means nothing here"),
    ],
)
def test_a_request_that_makes_no_sense_says_so(house: Publisher, body: dict[str, Any], says: str) -> None:
    whole = {"files": encoded(NEW), "parent": revision_of(OLD), "message": "because", **body}
    answer = house.post("publish", whole)
    assert answer.status_code == 400 and says in answer.json()["message"], answer.text
    assert unchanged(house)


def test_who_may_not_publish_does_not(house: Publisher) -> None:
    for who in (READER, ADA):
        assert house.publish(NEW, by=who).status_code == 403
        assert house.post("rollback", {"revision": revision_of(OLD), "message": "x"}, who).status_code == 403
    for path in ("history", f"revisions/{revision_of(OLD)}", f"diff?from={revision_of(OLD)}&to={revision_of(OLD)}"):
        assert house.get(path, ADA).status_code == 403
        assert house.get(path, READER).status_code == 200
    assert house.post("refresh", None, ADA).status_code == 403
    assert unchanged(house)


def test_of_two_who_change_the_same_revision_one_is_told(house: Publisher) -> None:
    other = without("g, user:bob, viewer, *")
    assert house.publish(NEW).status_code == 200
    answer = house.publish(other)
    assert answer.status_code == 412
    assert "is in force by now (number 2, by `user:chief`)" in answer.json()["message"]
    assert house.get("status").json()["revision"] == revision_of(NEW)
    assert house.publish(NEW, parent=NEW).status_code == 409, "nothing would change"


def test_of_many_who_publish_at_once_one_does(house: Publisher) -> None:
    found: list[int] = []
    begin = threading.Barrier(6)

    def race(number: int) -> None:
        files = {**NEW, RULES: NEW[RULES] + f"# {number}\n".encode()}
        begin.wait()
        found.append(house.publish(files).status_code)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == [200, *[412] * 5]
    assert len(house.get("history").json()["entries"]) == 2


FAILING = "deny, user:ada, create, environment, project:vision, project:vision"


@pytest.mark.parametrize(
    ("files", "key"),
    [
        (adding("g, user:eve, no-such-role, *"), "findings"),
        ({"model.conf": b""}, "findings"),
        ({**OLD, "policies/../../etc/passwd": b"x"}, "findings"),
        (adding(FAILING, name="policies/cases/all.csv"), "faults"),
    ],
)
def test_what_would_not_start_is_not_published(house: Publisher, files: dict[str, bytes], key: str) -> None:
    answer = house.publish(files)
    assert answer.status_code == 422 and answer.json()[key], answer.text
    if key == "findings":
        found = next(each for each in answer.json()["findings"] if each["error"])
        assert {"code", "file", "line", "column", "message", "help", "text", "width"} <= found.keys()
    assert unchanged(house)


ESCALATING = [
    adding("g, user:chief, maintainer, *"),
    adding("g, user:eve, viewer, *, , , T-1, user:chief"),
    adding("p, chief, *, environment, delete", name="policies/service_roles.csv"),
]


@pytest.mark.parametrize("files", ESCALATING)
def test_an_author_gives_no_more_than_the_live_policy_gives_the_author(
    house: Publisher, files: dict[str, bytes]
) -> None:
    answer = house.publish(files)
    assert answer.status_code == 422, answer.text
    assert any("user:chief" in reason for reason in answer.json()["blocked"])
    assert unchanged(house)


def test_groups_of_the_author_s_token_count_for_the_author() -> None:
    """Who holds everything by way of a group that comes with the token may give it, and is the one who can publish."""
    files = adding("g, group:chiefs, chief, *", adding("g, group:chiefs, maintainer, *"))
    with publisher(files) as house:
        more = adding("g, user:eve, maintainer, project:vision", files)
        assert house.publish(more, files, "user:carl", "chiefs").status_code == 200
        alone = without("g, user:chief, chief, *", more)
        assert house.publish(alone, more, "user:carl", "chiefs").status_code == 200, "carl still can"
        assert house.publish(more, alone, "user:carl").status_code == 403


@pytest.mark.parametrize(
    ("line", "when"),
    [
        ("", "from now on"),
        ("g, user:chief, chief, *, , 2099-01-01", "from 2099-01-01 on, when a line ends,"),
        ("g, user:deputy, chief, *, 2099-01-01", "from now on"),
        ("g, user:deputy, chief, project:vision", "from now on"),
        ("g, group:empty, chief, *", "from now on"),
    ],
)
def test_a_change_after_which_nobody_can_publish_is_refused(house: Publisher, line: str, when: str) -> None:
    files = without("g, user:chief, chief, *")
    answer = house.publish(adding(line, files) if line else files)
    assert answer.status_code == 422, answer.text
    assert any(f"{when} nobody that the policy names may publish" in each for each in answer.json()["blocked"])
    assert unchanged(house)


def test_one_window_after_another_is_somebody_always(house: Publisher) -> None:
    files = without("g, user:chief, chief, *")
    files = adding("g, user:chief, chief, *, , 2099-01-01", files)
    files = adding("g, user:deputy, chief, *, 2099-01-01", files)
    assert house.publish(files).status_code == 200
    gap = {**files, RULES: files[RULES].replace(b"deputy, chief, *, 2099-01-01", b"deputy, chief, *, 2099-01-02")}
    answer = house.publish(gap, files)
    assert answer.status_code == 422
    assert "from 2099-01-01 on" in " ".join(answer.json()["blocked"])


def test_only_what_was_planned_is_published(house: Publisher) -> None:
    document_ = planned(NEW)
    assert house.publish(without("g, user:bob, viewer, *"), plan=document_).status_code == 422
    for forged in (
        {**document_, "summary": "nothing to see"},
        {**document_, "digest": "0" * 64},
        {**document_, "effects": []},
        {**document_, "base": {}},
        {**document_, "base": {**document_["base"], "revision": "0" * 64}},
        {**document_, "judged_at": "yesterday"},
        {**document_, "author": ["x"]},
        {},
    ):
        answer = house.publish(NEW, plan=forged)
        assert answer.status_code == 422 and answer.json()["blocked"], answer.text
    assert unchanged(house)
    done = house.publish(NEW, plan=document_)
    assert done.status_code == 200 and done.json()["plan"] == document_["digest"]


def test_a_plan_without_an_author_may_be_published_by_one_who_may(house: Publisher) -> None:
    assert house.publish(NEW, plan=planned(NEW, None)).status_code == 200


def test_a_revision_comes_back_byte_for_byte(house: Publisher) -> None:
    assert house.publish(NEW).status_code == 200
    old, new = revision_of(OLD), revision_of(NEW)
    for name, files in ((old, OLD), (new, NEW), (old[:9], OLD), ("1", OLD), ("2", NEW)):
        body = house.get(f"revisions/{name}").json()
        assert sorted(body["files"], key=lambda f: f["name"]) == sorted(encoded(files), key=lambda f: f["name"])
    for name in (old[:6], "0", "3", "-1", "999999", "\u0661"):
        assert house.get(f"revisions/{name}").status_code == 404, "there is none, or it is too short to mean one"


def test_rolling_back_is_a_change_like_any_other(house: Publisher) -> None:
    """It goes live as a line of its own, and what its author may not give is refused there too."""
    more = adding("g, user:eve, researcher, project:vision")
    assert house.publish(more).status_code == 200
    old = revision_of(OLD)
    done = house.post("rollback", {"revision": old[:12], "message": "eve left"})
    assert done.status_code == 200, done.text
    assert (done.json()["number"], done.json()["how"], done.json()["revision"]) == (3, "rolled-back", old)
    assert house.get("status").json()["number"] == 3
    assert house.post("rollback", {"revision": old, "message": "again"}).status_code == 409
    assert house.post("rollback", {"revision": "0" * 64, "message": "x"}).status_code == 404
    assert house.post("rollback", {"revision": "0" * 6, "message": "x"}).status_code == 404
    assert house.post("rollback", {"revision": old, "message": ""}).status_code == 400


def test_an_older_policy_that_allows_more_does_not_come_back_by_itself(house: Publisher) -> None:
    """Row 34: who may not give what the older revision gives cannot bring it back."""
    stripped = without("g, user:ida, maintainer, department:research")
    assert house.publish(stripped).status_code == 200
    answer = house.post("rollback", {"revision": revision_of(OLD), "message": "please"})
    assert answer.status_code == 422 and "user:ida" in " ".join(answer.json()["blocked"])
    assert house.get("status").json()["number"] == 2


def test_a_difference_is_the_plan_between_two_revisions(house: Publisher) -> None:
    assert house.publish(NEW).status_code == 200
    found = house.get(f"diff?from={revision_of(OLD)[:8]}&to={revision_of(NEW)}").json()
    assert found["base"]["revision"] == revision_of(OLD) and found["head"]["revision"] == revision_of(NEW)
    assert found["changes"] and found["effects"][0]["subjects"] == [ADA] and found["effects"][0]["effect"] == "loss"
    for query in ("", "?from=x", "?from=1&to=2&x=3", f"?from={'0' * 64}&to={revision_of(NEW)}"):
        assert house.get(f"diff{query}").status_code in (400, 404)


def test_where_the_policy_comes_from_elsewhere_nothing_is_published() -> None:
    with publisher(from_database=False) as house:
        for answer in (house.publish(NEW), house.post("rollback", {"revision": revision_of(OLD), "message": "x"})):
            assert answer.status_code == 409
            assert "comes from directory policies; change it there" in answer.json()["message"]
        assert house.get("history").json()["entries"][0]["number"] == 1, "the history is there all the same"


def test_a_server_that_is_behind_does_not_judge(house: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is published is judged by the policy that is live, so that must be the one in force."""
    monkeypatch.setattr(publishing, "LIVE", 0.1)
    house.behind.append("asleep")
    other = without("g, user:bob, viewer, *")
    assert house.publish(NEW).status_code == 200
    answer = house.publish(other, NEW)
    assert answer.status_code == 503 and "not live here yet" in answer.json()["message"]
    house.behind.clear()
    assert house.publish(without("g, user:bob, viewer, *", NEW), NEW).status_code == 503, "it looks, and was behind"
    assert house.publish(without("g, user:bob, viewer, *", NEW), NEW).status_code == 200


def test_what_is_in_force_and_refused_here_can_be_mended(house: Publisher) -> None:
    """A newer remit may refuse what an older one published: the last good policy judges the way out."""
    broken = adding("g, user:eve, no-such-role, *")
    house.revisions.activate(broken, Provenance(How.PUBLISHED, CHIEF, True, "from elsewhere"), "database", 5)
    house.follow()
    refused = house.live.standing().refused
    assert refused is not None and refused.revision == revision_of(broken) and decides(house)
    assert house.publish(NEW, broken).status_code == 200
    assert not decides(house) and house.live.standing().refused is None


def test_who_lost_the_right_in_what_is_refused_here_does_not_mend_it(house: Publisher) -> None:
    """What is in force is live elsewhere: it counts as far as it can be read."""
    lost = adding("g, user:deputy, chief, *", without("g, user:chief, chief, *"))
    lost = adding(FAILING, lost, "policies/cases/all.csv")
    house.revisions.activate(lost, Provenance(How.PUBLISHED, "user:deputy", True, "from elsewhere"), "database", 5)
    house.follow()
    assert house.live.standing().refused is not None
    answer = house.publish(NEW, lost)
    assert answer.status_code == 403 and "in force though it was refused here" in answer.json()["message"]
    latest = house.revisions.latest()
    assert latest is not None and latest.number == 2


def test_a_real_process_judges_and_a_real_database_keeps(tmp_path: Path) -> None:
    database, aside = open_database(sqlite_url(tmp_path / "remit.db")), Aside()
    try:
        with publisher(revisions=database.revisions, aside=aside) as house:
            assert house.publish(ESCALATING[0]).status_code == 422
            assert house.publish(adding("g, user:eve, no-such-role, *")).status_code == 422
            assert house.publish(NEW, plan=planned(NEW)).status_code == 200
            assert house.revisions.files(revision_of(NEW)) == NEW
            found = house.get(f"diff?from={revision_of(OLD)}&to={revision_of(NEW)}").json()
            assert found["lines"][0]["text"] == "g, user:ada, researcher, project:vision"
    finally:
        aside.close()
        database.close()


def test_who_may_not_publish_is_told_before_a_policy_is_read(house: Publisher) -> None:
    """A policy is large, and whoever may not publish one keeps nobody waiting while it is read, nor any memory."""
    for body in (b"no JSON", b"[" * 1_000_000):
        answer = house.server.post(body, "/v1/policy/publish", authorization=bearer(ADA))
        assert answer.status_code == 403, answer.text
    assert house.server.post(b"no JSON", "/v1/policy/publish", authorization=bearer(CHIEF)).status_code == 400
    assert unchanged(house)


def test_the_journal_keeps_no_policy_of_whom_it_refuses() -> None:
    live, journal = LivePolicy(Snapshot(read_policy(OLD))), RingJournal()
    gate = Gate(live, journal, time.time_ns, handlers(SECRET, live))
    change = PublishPolicy(NEW, "", "because")

    async def read() -> PublishPolicy:
        raise AssertionError("it is not even read")

    for more in ((), (read,)):
        with pytest.raises(NotAllowed):
            asyncio.run(gate.perform(Actor(ADA), change, *more))
    kept = [(each.operation, each.refused) for each in journal.records]
    assert kept == [(Worked("PublishPolicy", (Judged(PUBLISH_POLICY, False),)), "policy:publish")] * 2


def test_the_journal_keeps_no_policy_of_whom_it_lets_either() -> None:
    live, journal, log = LivePolicy(Snapshot(read_policy(OLD))), RingJournal(), MemoryRevisions()
    live.numbered(revision_of(OLD), log.activate(OLD, Provenance(), "s", 1).number)
    published = Publishing(live, log, lambda work, *given: work(*given), from_database=True)
    gate = Gate(live, journal, time.time_ns, handlers(SECRET, live, publishing=published))
    for asked in (GetRevision("1"), PublishPolicy(NEW, revision_of(OLD), "because")):
        assert asyncio.run(gate.perform(Actor(CHIEF), asked)) is not None
    kept = [(each.operation, each.result) for each in journal.records]
    assert kept == [
        (Worked("GetRevision", (Judged(VIEW_POLICY, True),)), None),
        (Worked("PublishPolicy", (Judged(PUBLISH_POLICY, True),)), None),
    ]


def test_nothing_is_published_that_is_not_recorded() -> None:
    class Full(RingJournal):
        def __init__(self) -> None:
            super().__init__()
            self.record = self.full  # type: ignore[assignment]

        def full(self, _: object) -> None:
            raise NotRecorded("the journal cannot be written")

    live, log = LivePolicy(Snapshot(read_policy(OLD))), MemoryRevisions()
    live.numbered(revision_of(OLD), log.activate(OLD, Provenance(), "s", 1).number)
    published = Publishing(live, log, lambda work, *given: work(*given), from_database=True)
    gate = Gate(live, Full(), time.time_ns, handlers(SECRET, live, publishing=published))
    for change in (PublishPolicy(NEW, revision_of(OLD), "because"), RollBack("1", "because")):
        with pytest.raises(NotRecorded):
            asyncio.run(gate.perform(Actor(CHIEF), change))
    assert [line.number for line in log.history(None, 9)] == [1]


def test_a_publish_that_fails_is_recorded_before_and_after() -> None:
    live, journal, log = LivePolicy(Snapshot(read_policy(OLD))), RingJournal(), MemoryRevisions()
    live.numbered(revision_of(OLD), log.activate(OLD, Provenance(), "s", 1).number)
    published = Publishing(live, log, lambda work, *given: work(*given), from_database=True)
    gate = Gate(live, journal, time.time_ns, handlers(SECRET, live, publishing=published))
    with pytest.raises(Outdated):
        asyncio.run(gate.perform(Actor(CHIEF), PublishPolicy(NEW, "0" * 64, "because")))
    assert [bool(each.failed) for each in journal.records] == [False, True]
    asyncio.run(gate.perform(Actor(CHIEF), PublishPolicy(NEW, revision_of(OLD), "because")))
    assert len(journal.records) == 3, "one that is done needs no second line: what goes live has its own"


CROWDED = "at-most, few-maintain, department:research, because, 2, environment:edit"


def test_a_change_that_breaks_a_constraint_is_refused() -> None:
    """Also one that its author might give."""
    base = adding(CROWDED, adding("g, user:chief, maintainer, department:research"), "policies/constraints.csv")
    with publisher(base) as house:
        answer = house.publish(adding("g, user:bob, maintainer, department:research", base), base)
        assert answer.status_code == 422, answer.text
        (reason,) = answer.json()["blocked"]
        assert "`few-maintain` allows 2" in reason
        without_it = {name: data for name, data in base.items() if name != "policies/constraints.csv"}
        both = adding("g, user:bob, maintainer, department:research", without_it)
        assert house.publish(both, base).status_code == 422, "nor by who takes the constraint out with it"


def test_who_compares_policies_keeps_no_thread_from_those_who_wait_for_one() -> None:
    done = threading.Event()

    def slowly(work: Any, *given: Any) -> Any:
        if work is planned_change:
            done.wait(20)
        return work(*given)

    with publisher(aside=slowly) as house:
        assert house.publish(NEW).status_code == 200
        some = [threading.Thread(target=house.get, args=("diff?from=1&to=2",)) for _ in range(40)]
        for each in some:
            each.start()
        time.sleep(0.5)
        began = time.monotonic()
        headers = {"remit-min-revision": revision_of(OLD)}
        assert house.server.client.post(EVALUATION, json=YES, headers=headers).status_code == 200
        assert time.monotonic() - began < 2
        done.set()
        for each in some:
            each.join()


def test_whoever_was_let_in_by_a_policy_that_has_gone_does_not_publish_by_it() -> None:
    """The chief's right ends while the request is under way, and what came after that is refused here."""
    before = adding("g, user:chief, maintainer, *")
    after = adding("g, user:deputy, chief, *", without("g, user:chief, chief, *"))
    broken = adding("g, user:eve, no-such-role, *", after)
    with publisher(before) as house:
        gate = Gate(house.live, RingJournal(), time.time_ns, handlers(SECRET, house.live))
        wait: list[Any] = []

        def slowly(permit: Any, change: PublishPolicy) -> None:
            wait.append(permit)

        gate._handlers[PublishPolicy] = slowly
        change = PublishPolicy(adding("g, user:eve, maintainer, *", before), revision_of(broken), "because")
        asyncio.run(gate.perform(Actor(CHIEF), change))
        for files in (after, broken):
            house.revisions.activate(files, Provenance(How.PUBLISHED, ADA, True, "chief is out"), "database", 5)
            house.follow()
        aside = publishing.Publishing(
            house.live, house.revisions, lambda work, *given: work(*given), from_database=True
        )
        with pytest.raises(CouldNotDecide, match="another policy has gone live meanwhile"):
            aside.publish(wait[0], change)
        assert house.live.standing().revision == revision_of(after)


def _here(work: Any, *given: Any) -> Any:
    return work(*given)
