"""A journal that cannot be written: the configuration says what becomes of answers, nothing hangs, nothing is done that
is not recorded, and all is well again without a restart.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import catalogs
from asking import NO, YES
from commands import written
from publishing import CHIEF, OLD
from remit.adapters.db.store import SqlCatalog
from remit.adapters.journal.reading import entries
from remit.bootstrap import handlers
from remit.core.journal.entries import Kind
from remit.errors import NotAllowed, NotFound, NotRecorded
from remit.service import operations as op
from remit.service.gate import Gate
from remit.service.live import LivePolicy
from remit.service.recording import body_of
from remit.service.records import Record, Worked
from server import CALLER, EVALUATIONS
from test_races import ADA, BEFORE, SECRET, Live, block, kept_over, rows
from test_serve import free_port, running, token

PATIENCE = 20.0
opened, postgres_url, sql_catalog, sort = catalogs.opened, catalogs.postgres_url, catalogs.sql_catalog, catalogs.sort


@pytest.fixture
def closing() -> Iterator[Callable[[Server], Server]]:
    """Sees to it that what a test asked with is closed."""
    found: list[Server] = []

    def noted(server: Server) -> Server:
        found.append(server)
        return server

    yield noted
    for server in found:
        server.client.close()


class Server:
    """A server, and the disk that it may still write to."""

    def __init__(self, process: Any, port: int, bearer: str, directory: Path) -> None:
        self.pid, self.port = process.pid, port
        self.journal, self.chief = directory / ".remit" / "journal", token(directory, CHIEF)
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE,
            headers={"authorization": f"Bearer {bearer}"},
        )  # fmt: skip

    def full(self) -> None:
        """No file may grow any more."""
        (segment,) = self.journal.glob("*/*.jsonl")
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (segment.stat().st_size + 20, resource.RLIM_INFINITY))

    def empty(self) -> None:
        """Files may grow again."""
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def ask(self, question: object = YES, path: str = "/access/v1/evaluation", id: str = "") -> httpx.Response:
        return self.client.post(path, json=question, headers={"x-request-id": id} if id else {})

    def metrics(self) -> str:
        return self.client.get("/metrics", headers={"authorization": f"Bearer {self.chief}"}).text

    def told(self, kind: Kind) -> list[dict[str, Any]]:
        return [dict(entry.body) for entry in entries(self.journal) if entry.kind == kind]

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end
            time.sleep(0.05)


def test_deny_denies_everything_and_recovers_without_a_restart(
    tmp_path: Path, closing: Callable[[Server], Server]
) -> None:
    directory, port = written(OLD, tmp_path), free_port()
    with running(directory, port, REMIT_JOURNAL="durable", REMIT_ON_JOURNAL_FAILURE="deny") as process:
        server = closing(Server(process, port, token(directory, CALLER), directory))
        assert server.ask(id="before").json() == {"decision": True}
        server.full()
        refused = 0
        for asked in (YES, NO, YES):
            answer = server.ask(asked, id="meanwhile")
            assert answer.status_code == 503 and "decision" not in answer.json()
            assert "the journal cannot be written, so nothing is answered: File too large" in answer.json()["message"]
            refused += 1
        for path, body in ((EVALUATIONS, {"evaluations": [YES]}), ("/v1/permitted-scopes", YES)):
            assert server.ask(body, path, id="meanwhile").status_code == 503
            refused += 1
        assert server.client.get("/readyz").status_code == 503, "whoever shares the load goes elsewhere"
        server.empty()
        server.until(lambda: server.client.get("/readyz").status_code == 200)  # without anybody asking
        server.until(lambda: server.ask(id="after").status_code == 200)
        ids = [body.get("request") for body in server.told(Kind.DECISION)]
        assert set(ids) == {"before", "after"}
        (lost,) = server.told(Kind.LOST)
        assert lost["records"] >= refused and lost["answered"] is False and lost["cause"] == "File too large"


@pytest.mark.parametrize("mode", ["durable", "buffered"])
def test_continue_goes_on_and_counts_what_is_lost(
    tmp_path: Path, mode: str, closing: Callable[[Server], Server]
) -> None:
    directory, port = written(OLD, tmp_path), free_port()
    with running(directory, port, REMIT_JOURNAL=mode, REMIT_ON_JOURNAL_FAILURE="continue") as process:
        server = closing(Server(process, port, token(directory, CALLER), directory))
        assert server.ask().json() == {"decision": True}
        server.until(lambda: len(server.told(Kind.DECISION)) == 1)
        server.full()
        for _ in range(20):
            assert server.ask().json() == {"decision": True}
            assert server.ask(NO).json() == {"decision": False}
        server.empty()
        server.until(lambda: bool(server.told(Kind.LOST)))
        assert server.ask(id="after").json() == {"decision": True}
        server.until(lambda: server.told(Kind.DECISION)[-1].get("request") == "after")
        lost = server.told(Kind.LOST)
        assert f"remit_journal_records_lost_total {sum(each['records'] for each in lost)}.0" in server.metrics()
        there = len(server.told(Kind.DECISION))
        assert sum(each["records"] for each in lost) + there == 1 + 40 + 1
        assert all(each["answered"] for each in lost)


def test_off_keeps_nothing(tmp_path: Path, closing: Callable[[Server], Server]) -> None:
    directory, port = written(OLD, tmp_path), free_port()
    with running(directory, port, REMIT_JOURNAL="off", REMIT_ON_JOURNAL_FAILURE="") as process:
        server = closing(Server(process, port, token(directory, CALLER), directory))
        assert server.ask().json() == {"decision": True}
        assert not server.journal.exists()


class Books:
    """What the journal of a gate in this process was given; with `fails` it cannot be written."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.fails = False

    def record(self, record: Record) -> None:
        if self.fails:
            raise NotRecorded("the journal cannot be written")
        self.records.append(record)

    record_and_wait = record


def gate_with(books: Books, catalog: SqlCatalog) -> Gate:
    """The real gate over a catalog, and this journal."""
    made = kept_over(Live(), catalog)
    performed = {**handlers(SECRET, LivePolicy(BEFORE), made.door), **made.handlers}
    return Gate(LivePolicy(BEFORE), books, time.time_ns, performed, made.door)


def test_nothing_is_done_in_the_catalog_that_is_not_recorded(sql_catalog: SqlCatalog) -> None:
    books = Books()
    gate = gate_with(books, sql_catalog)
    made = asyncio.run(gate.perform(ADA, block("one"))).asset
    before, books.fails = rows(sql_catalog), True
    for operation in (block("two"), op.DeleteAsset(made.id, (made.variant,)), op.GetAsset(made.id, (made.variant,))):
        with pytest.raises(NotRecorded):
            asyncio.run(gate.perform(ADA, operation))
    assert rows(sql_catalog) == before


def test_an_operation_is_recorded_by_what_was_decided_of_it(sql_catalog: SqlCatalog) -> None:
    books = Books()
    gate = gate_with(books, sql_catalog)
    made = asyncio.run(gate.perform(ADA, block("one"), None, "the request")).asset
    asyncio.run(gate.perform(ADA, op.GetAsset(made.id, (made.variant,))))
    with pytest.raises(NotFound):
        asyncio.run(gate.perform(ADA, op.GetAsset("nothing", (made.variant,))))
    elsewhere = op.CreateAsset(made.variant, "two", "", "project:nlp", block("two").spec)
    with pytest.raises(NotAllowed):
        asyncio.run(gate.perform(ADA, elsewhere))
    told = [body_of(record) for record in books.records]
    assert [(body["op"], body["permitted"]) for body in told] == [
        ("CreateAsset", True), ("GetAsset", True), ("GetAsset", False), ("CreateAsset", False),
    ]  # fmt: skip
    assert (told[0]["request"], told[0]["made"]) == ("the request", made.id)
    create, view, nothing, other = (body["items"][0] for body in told)
    assert create == {
        "subject": ADA.subject, "action": "create", "kind": "environment", "declared": "project:vision",
        "verdict": "allow",
    }  # fmt: skip
    assert (view["id"], view["known"], view["verdict"]) == (made.id, "project:vision", "allow")
    assert (nothing["id"], nothing["verdict"]) == ("nothing", "missing")
    assert (other["declared"], other["verdict"]) == ("project:nlp", "deny")
    assert all(isinstance(record.operation, Worked) for record in books.records), "never with what is in it"


def test_what_was_undone_is_not_left_on_record_as_done(
    sql_catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = Books()
    gate = gate_with(books, sql_catalog)

    def breaks(*_: object) -> None:
        raise KeyError("somebody's secret")

    monkeypatch.setattr("remit.service.catalog_gate._made_by", breaks)  # before it is kept
    with pytest.raises(KeyError):
        asyncio.run(gate.perform(ADA, block("one")))
    monkeypatch.undo()
    real = books.record_and_wait
    monkeypatch.setattr(books, "record_and_wait", lambda record: (real(record), record.failed or breaks()))  # behind
    with pytest.raises(KeyError):
        asyncio.run(gate.perform(ADA, block("two")))
    assert rows(sql_catalog) == ((), ())
    first, second, third = (body_of(record) for record in books.records)
    assert first["failed"] == third["failed"] == "a fault that nobody foresaw"
    assert "failed" not in second and third["made"] == second["made"] and third["revision"] == second["revision"]


def test_what_fails_on_the_way_is_recorded_too(sql_catalog: SqlCatalog) -> None:
    books = Books()
    gate = gate_with(books, sql_catalog)
    asyncio.run(gate.perform(ADA, block("one")))
    with pytest.raises(Exception, match="one"):
        asyncio.run(gate.perform(ADA, block("one")))
    told = body_of(books.records[-1])
    assert told["op"] == "CreateAsset" and "one" in told["failed"]
