"""`/v1/journal`: who may read what is on record reads all of it, page by page, and that is on record, too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from asking import FILES, YES
from journal_lines import SECOND, START, Writing, decision, event, ids, record
from remit.adapters.journal import blocks
from remit.adapters.journal.layout import segments
from remit.adapters.journal.reading import Reader, entries
from remit.adapters.journal_settings import journal_settings
from remit.bootstrap import build_app
from remit.core.journal.entries import Kind
from remit.core.journal.wanted import Wanted
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.journaling import Journaled, journaling
from remit.service import audits
from remit.service.recording import told_time
from server import CALLERS, SECRET, Running, bearer, with_caller

AUDITOR, OTHER, ADA = "user:auditor", "user:other-auditor", "user:ada"
FOR_AUDITORS = {
    "policies/vocabulary.csv": b"journal, view, home, read\npolicy, view, home, see\n",
    "policies/service_roles.csv": b"p, auditor, *, journal, view\np, auditor, *, policy, view\n",
    "policies/access_rules.csv": b"g, user:auditor, auditor, *\ng, user:other-auditor, auditor, *\n",
}
BASE = with_caller(FILES)
SNAPSHOT = Snapshot(read_policy({**BASE, **{name: BASE[name] + data for name, data in FOR_AUDITORS.items()}}))
LINES = 120
Told = Callable[[], list[Mapping[str, Any]]]


class Asked:
    """A server over a journal, asked by somebody."""

    def __init__(self, running: Running, subject: str = AUDITOR) -> None:
        self.client, self.headers = running.client, {"authorization": bearer(subject)}

    def get(self, path: str = "", **query: str) -> httpx.Response:
        return self.client.get(f"/v1/journal{path}", params=query, headers=self.headers)

    def pages(self, **query: str) -> Iterator[list[str]]:
        """Page by page, what lines are called."""
        for _ in range(500):
            reply = self.get(**query)
            assert reply.status_code == 200, reply.text
            body = reply.json()
            yield [f"{line['writer']}-{line['seq']}" for line in body["entries"]]
            if "next" not in body:
                return
            query["page"] = body["next"]
        raise AssertionError("it comes to no end")

    def all(self, **query: str) -> list[str]:
        return [id for page in self.pages(**query) for id in page]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three writers, several segments each, one of them compressed."""
    directory = Path(tmp_path_factory.mktemp("journal"))
    writing = [Writing(directory) for _ in range(3)]
    for number in range(LINES):
        one = writing[number % 3]
        one.write(decision(number, f"user:u{number % 7}", "deny" if number % 5 == 0 else "allow"))
        if number % 40 > 36:
            one.roll(number)
    for one in writing:
        one.release()
    return directory


@pytest.fixture(scope="module")
def over(serve: Callable[..., Running]) -> Callable[..., Running]:
    def serving(kept: Journaled) -> Running:
        return serve(app=build_app(SNAPSHOT, "http://127.0.0.1", CALLERS, SECRET, record=kept))

    return serving


@pytest.fixture(scope="module")
def asked(journal: Path, over: Callable[..., Running]) -> Asked:
    return Asked(over(Journaled(None, Reader(journal))))


def wanted(journal: Path, **what: Any) -> list[str]:
    return ids(list(entries(journal, Wanted(**what))))


@pytest.mark.parametrize("limit", ["1", "7", "500", ""])
def test_all_of_it_page_by_page(asked: Asked, journal: Path, limit: str) -> None:
    query = {"limit": limit} if limit else {}
    pages = list(asked.pages(**query))
    assert [id for page in pages for id in page] == wanted(journal)
    assert all(len(page) <= int(limit or 100) for page in pages)
    assert len(wanted(journal)) == LINES + 9


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ({"subject": "user:u3"}, {"subject": "user:u3"}),
        ({"denied": "true"}, {"denied": True}),
        ({"kind": "journal.closed"}, {"kinds": ("journal.closed",)}),
        ({"kind": "decision,journal.closed", "caller": "application:tests"}, {"caller": "application:tests"}),
        ({"resource": "environment:seen", "action": "use"}, {"resource": "environment"}),
        ({"scope": "project:none"}, {"scope": "project:none"}),
        ({"revision": "5555"}, {"revision": "5555"}),
        ({"request": "none"}, {"request": "none"}),
        (
            {"since": told_time(START + 10 * SECOND), "until": told_time(START + 20 * SECOND)},
            {"since": START + 10 * SECOND, "until": START + 20 * SECOND},
        ),
        ({"since": "2020-01-01", "until": "2020-01-02T00:00:00Z"}, {"until": 0}),
    ],
)
def test_only_what_is_wanted(asked: Asked, journal: Path, query: dict[str, str], what: dict[str, Any]) -> None:
    assert asked.all(limit="9", **query) == wanted(journal, **what)


def test_a_page_that_looked_in_vain_ends_and_leads_on(
    asked: Asked, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 500)
    monkeypatch.setattr(audits, "LOOKED", 2_000)
    pages = list(asked.pages(subject="user:u3"))
    assert len(pages) > 20 and [] in pages
    assert [id for page in pages for id in page] == wanted(journal, subject="user:u3")
    assert asked.all(subject="user:nobody") == []


def test_a_page_of_large_lines_ends_early(asked: Asked, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits, "HANDED_OUT", 1_000)
    pages = list(asked.pages())
    assert max(map(len, pages)) <= 4 and len(pages) > 30
    assert [id for page in pages for id in page] == wanted(journal)


def test_a_token_is_for_its_caller_and_its_question(asked: Asked, over: Callable[..., Running], journal: Path) -> None:
    token = asked.get(limit="5", denied="true").json()["next"]
    again = asked.get(limit="7", denied="true", page=token)
    assert [line["seq"] for line in again.json()["entries"]] and again.status_code == 200
    other = Asked(over(Journaled(None, Reader(journal))), OTHER)
    for reply in (
        other.get(limit="5", denied="true", page=token),
        asked.get(limit="5", page=token),
        asked.get(limit="5", denied="true", subject=ADA, page=token),
        asked.get(limit="5", denied="true", page=token[:-1]),
        asked.get(limit="5", denied="true", page="A" + token[1:]),
        asked.get(limit="5", denied="true", page="x"),
    ):
        assert reply.status_code == 400 and "start again" in reply.json()["message"]
    flipped = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(0, len(token), 5)]
    assert {asked.get(denied="true", page=each).status_code for each in flipped} == {400}


def test_a_segment_that_expires_between_two_pages_is_passed_over(over: Callable[..., Running], tmp_path: Path) -> None:
    one = Writing(tmp_path)
    for number in range(4):
        one.write(*[decision(10 * number + n) for n in range(5)])
        one.roll(10 * number)
    asked = Asked(over(Journaled(None, Reader(tmp_path, lambda _: None))))
    first = asked.get(limit="3").json()
    for segment in segments(tmp_path, one.writer)[:2]:
        segment.path.unlink()
    assert asked.all(page=first["next"]) == wanted(tmp_path)
    one.release()


def test_one_line(asked: Asked, journal: Path) -> None:
    for entry in list(entries(journal))[::29]:
        reply = asked.get(f"/{entry.id}")
        assert reply.status_code == 200 and reply.content == entry.line
        assert reply.headers["content-type"] == "application/json"
    writer = entry.writer
    for id in (f"{writer}-99999", f"{writer}-0", f"{writer}-x", writer, "-1", f"{writer}-1-1", "%2e%2e-1", "x" * 999):
        reply = asked.get(f"/{id}")
        assert reply.status_code == 404, id
        assert len(reply.json()["message"]) < 200


def test_the_latest_lines_are_there_and_growing_ones_are_not(over: Callable[..., Running], tmp_path: Path) -> None:
    one = Writing(tmp_path)
    asked = Asked(over(Journaled(None, Reader(tmp_path))))
    assert asked.all() == []
    one.write(decision(1))
    assert len(asked.all()) == 1
    with segments(tmp_path, one.writer)[0].path.open("ab") as file:
        file.write(b'{"prev":"')
    assert len(asked.all()) == 1
    one.release()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"since": "soon"}, "`since` must be a UTC time"),
        ({"until": "2026-13-01"}, "`until` must be a UTC time"),
        ({"since": "2026-11-23T25:00:00Z"}, "`since` must be a UTC time"),
        ({"kind": "decisions"}, "there are decision, operation"),
        ({"kind": ","}, "`kind` `` is none"),
        ({"denied": "yes"}, "`denied` must be"),
        ({"revision": "x"}, "`revision` must be"),
        ({"limit": "501"}, "`limit` must be a whole number from 1 to 500"),
        ({"limit": "0"}, "`limit` must be a whole number from 1 to 500"),
        ({"user": "ada"}, "`user` is not supported here"),
    ],
)
def test_what_cannot_be_asked_is_told(asked: Asked, query: dict[str, str], said: str) -> None:
    reply = asked.get(**query)
    assert reply.status_code == 400 and said in reply.json()["message"]


def test_only_who_may(asked: Asked, journal: Path) -> None:
    some = wanted(journal)[0]
    for path in ("", f"/{some}"):
        reply = asked.client.get(f"/v1/journal{path}", headers={"authorization": bearer(ADA)})
        assert reply.status_code == 403 and "journal:view" in reply.json()["message"]
        assert asked.client.get(f"/v1/journal{path}", headers={"authorization": "Bearer x"}).status_code == 401
        assert asked.client.post(f"/v1/journal{path}", headers=asked.headers).status_code == 405


def test_without_a_journal_that_is_told(over: Callable[..., Running]) -> None:
    asked = Asked(over(Journaled(None)))
    for path in ("", "/abcd-1"):
        reply = asked.get(path)
        assert reply.status_code == 404 and "no journal is kept here" in reply.json()["message"]


@pytest.fixture
def recording(
    over: Callable[..., Running], tmp_path: Path
) -> Iterator[tuple[Asked, Callable[[], list[Mapping[str, Any]]]]]:
    """A server that keeps a journal, and what that says."""
    faults: list[str] = []
    with journaling(journal_settings({}, ("dev",), faults), tmp_path) as kept:
        assert not faults
        only = Wanted(kinds=(Kind.OPERATION, Kind.DECISION))
        yield Asked(over(kept)), lambda: [entry.body for entry in entries(tmp_path / "journal", only)]


def test_who_reads_is_on_record_by_what_was_looked_for(recording: Any) -> None:
    asked, lines = recording
    asked.get(subject=ADA, denied="true", kind="decision", since="2026-01-01", limit="3")
    asked.get("/abcd-1")
    Asked.get(_as(asked, ADA), caller=ADA)
    read, one, refused = lines()
    assert (read["kind"], read["op"], read["caller"]) == ("operation", "ReadJournal", AUDITOR)
    assert read["sought"] == {
        "since": 1_767_225_600_000_000, "subject": ADA, "denied": True, "kinds": ["decision"], "limit": 3
    }  # fmt: skip
    assert read["items"][0]["verdict"] == "allow" and read["items"][0]["kind"] == "journal"
    assert (one["op"], one["sought"]) == ("ReadLine", {"id": "abcd-1"}) and "no line" in one["failed"]
    assert refused["permitted"] is False and refused["sought"]["caller"] == ADA


def _as(asked: Asked, subject: str) -> Asked:
    found = object.__new__(Asked)
    found.client, found.headers = asked.client, {"authorization": bearer(subject)}
    return found


def test_reading_what_reading_adds_to_comes_to_an_end(recording: Any) -> None:
    asked, lines = recording
    for _ in range(5):
        assert asked.client.post("/access/v1/evaluation", json=YES).status_code == 200
    found = asked.all(limit="1", kind="decision,operation")
    assert len(found) == 5 and len(lines()) >= 10


def test_decisions_are_made_while_the_journal_is_read(
    over: Callable[..., Running], journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Reader):
        def steps(self, *given: Any) -> Iterator[Any]:
            for step in super().steps(*given):
                time.sleep(0.02)
                yield step

    running = over(Journaled(None, Slow(journal)))

    async def all_at_once() -> list[float]:
        async with httpx.AsyncClient(base_url=running.url, timeout=30, trust_env=False) as client:
            ends: dict[str, float] = {}

            async def one(name: str, **what: Any) -> None:
                assert (await client.request(**what)).status_code == 200
                ends[name] = time.monotonic()

            auditor = {"authorization": bearer(AUDITOR)}
            reads = [one(f"r{n}", method="GET", url="/v1/journal", headers=auditor) for n in range(6)]
            caller = {"authorization": running.client.headers["authorization"]}
            asks = [
                one(f"a{n}", method="POST", url="/access/v1/evaluation", json=YES, headers=caller) for n in range(20)
            ]
            await asyncio.gather(*reads, *asks)
            return [max(t for n, t in ends.items() if n[0] == "a"), min(t for n, t in ends.items() if n[0] == "r")]

    decided, read = asyncio.run(all_at_once())
    assert decided < read


def test_kinds_are_those_of_lines(over: Callable[..., Running], tmp_path: Path) -> None:
    one = Writing(tmp_path)
    one.write(event(0, Kind.ACTIVATED, revision="0" * 64), record(1, Kind.OPERATION, op="CreateAsset", items=[]))
    one.release()
    asked = Asked(over(Journaled(None, Reader(tmp_path))))
    assert list(asked.pages(kind="policy.activated")) == [[f"{one.writer}-1"]]
