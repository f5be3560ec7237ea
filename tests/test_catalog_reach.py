"""A database that is away, slow, busy or not one at all: never an answer, and never a secret in a sentence."""

from __future__ import annotations

import logging
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import exc, text

import catalogs
from catalogs import PATIENCE, VISION, asset, at_once, changed, kept
from remit.adapters.db import open_catalog
from remit.adapters.db.engine import Patience, build_engine, sqlite_url
from remit.adapters.db.store import SqlCatalog
from remit.adapters.db.transaction import transaction
from remit.errors import CouldNotDecide, Misconfigured
from remit.service.ports import Wanted

postgres_url, opened, sort, sql_catalog = catalogs.postgres_url, catalogs.opened, catalogs.sort, catalogs.sql_catalog

SECRET = "hunter2"
AWAY = "^the database is out of reach$"
BUSY = "^the database is busy; try again$"


def end_others(catalog: SqlCatalog) -> None:
    """Let PostgreSQL break all connections but the one that says so."""
    with catalog.engine.connect() as link:
        link.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "remit.db",
        f"mysql://remit:{SECRET}@db/remit",
        f"postgresql+asyncpg://remit:{SECRET}@db/remit",
        f"postgresql://remit:{SECRET}@db:port/remit",
        f"postgresql://remit:{SECRET}@[::1/remit",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:remit.db?uri=true",
        "sqlite:///remit.db?mode=memory",
        f"sqlite://user:{SECRET}@host/remit.db",
    ],
)
def test_an_address_that_names_no_database_is_refused_without_its_password(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Misconfigured, match=r"^(the (SQLite )?database|`)") as found:
        build_engine(url)
    assert SECRET not in str(found.value)
    assert not list(tmp_path.iterdir()), "nothing is made of it"


def test_a_server_that_is_not_there_is_out_of_reach(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(CouldNotDecide, match=AWAY):
        open_catalog(f"postgresql://remit:{SECRET}@127.0.0.1:{port}/remit")
    assert "refused" in caplog.text and SECRET not in caplog.text


def test_a_server_that_says_nothing_is_out_of_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        begun = time.monotonic()
        with pytest.raises(CouldNotDecide, match=AWAY):
            open_catalog(f"postgresql://127.0.0.1:{door.getsockname()[1]}/remit", Patience(connect=2))
    assert time.monotonic() - begun < PATIENCE


def test_a_broken_connection_undoes_its_work_and_no_more(opened: Callable[..., SqlCatalog]) -> None:
    catalog, other = opened("postgres"), opened("postgres")
    one = asset()
    kept(catalog, one)
    with pytest.raises(CouldNotDecide, match=AWAY) as found, catalog.work() as work:
        work.put(changed(one), None)
        end_others(other)
        with pytest.raises(CouldNotDecide, match=AWAY):
            work.add(asset("two"), None)
        work.count(Wanted([VISION]))
    assert "SELECT" not in str(found.value) and found.value.__suppress_context__
    with catalog.work(write=False) as work:
        assert work.assets(Wanted([VISION])) == (one,)


def test_a_connection_that_broke_while_waiting_is_not_used(opened: Callable[..., SqlCatalog]) -> None:
    catalog, other = opened("postgres"), opened("postgres")
    kept(catalog, asset())
    end_others(other)
    kept(catalog, asset("two"))


@pytest.mark.parametrize("leave", [ZeroDivisionError, None])
def test_a_connection_that_breaks_on_the_way_out(
    leave: type[Exception] | None, opened: Callable[..., SqlCatalog]
) -> None:
    catalog, other = opened("postgres"), opened("postgres")
    with pytest.raises(leave or CouldNotDecide), catalog.work() as work:
        work.add(asset("lost"), None)
        end_others(other)
        if leave is not None:
            raise leave
    kept(catalog, asset("kept"))
    with catalog.work(write=False) as work:
        assert [one.name for one in work.assets(Wanted([VISION]))] == ["kept"]


def test_who_waits_too_long_for_a_row_is_told(sort: str, opened: Callable[..., SqlCatalog]) -> None:
    catalog = opened(sort, Patience(lock=0.2))
    one = asset()
    kept(catalog, one)
    with catalog.work() as work:
        work.lock([one.id])
        work.add(asset("new"), None)
        found = at_once(lambda: lock_in(catalog, one.id), lambda: kept(catalog, asset("new")))
        work.put(changed(one), None)
    assert [(type(each), str(each)) for each in found] == [(CouldNotDecide, BUSY.strip("^$"))] * 2
    assert lock_in(catalog, one.id) == 2


def lock_in(catalog: SqlCatalog, id: str) -> int:
    with catalog.work() as work:
        return work.lock([id])[id].version


def test_a_statement_that_takes_too_long_ends(opened: Callable[..., SqlCatalog]) -> None:
    catalog = opened("postgres", Patience(statement=0.2))
    with pytest.raises(CouldNotDecide, match=BUSY), transaction(catalog.engine, write=False) as found:
        found.read(text("SELECT pg_sleep(60)"))


def test_a_deadlock_ends_for_one_of_two(opened: Callable[..., SqlCatalog]) -> None:
    catalog = opened("postgres")
    one, two, together = asset("1"), asset("2"), threading.Barrier(2)
    kept(catalog, one, two)

    def lock(first: str, second: str) -> str:
        with catalog.work() as work:
            work.lock([first])
            together.wait(PATIENCE)
            work.lock([second])
        return "done"

    found = at_once(lambda: lock(one.id, two.id), lambda: lock(two.id, one.id))
    assert sorted(map(str, found)) == ["done", BUSY.strip("^$")]


def test_there_are_no_more_connections_than_allowed(sort: str, opened: Callable[..., SqlCatalog]) -> None:
    catalog = opened(sort, Patience(pool=0.2, connections=1))
    with catalog.work(write=False) as work:
        assert work.count(Wanted([VISION])) == 0
        with pytest.raises(CouldNotDecide, match=BUSY), catalog.work(write=False):
            raise AssertionError
    kept(catalog, asset())


def test_a_table_that_is_gone_is_out_of_reach(sort: str, opened: Callable[..., SqlCatalog]) -> None:
    catalog = opened(sort)
    with catalog.engine.begin() as link:
        link.execute(text("ALTER TABLE org_units RENAME TO gone"))
    try:
        with pytest.raises(CouldNotDecide, match=AWAY), catalog.work() as work:
            work.unit_ids([VISION])
    finally:
        with catalog.engine.begin() as link:
            link.execute(text("ALTER TABLE gone RENAME TO org_units"))


def test_an_error_of_ours_is_not_taken_for_the_databases_and_shows_no_values(sql_catalog: SqlCatalog) -> None:
    statement = text("INSERT INTO asset_secrets (asset_id, sealed) VALUES (:id, :sealed)")
    with pytest.raises(exc.IntegrityError) as found, transaction(sql_catalog.engine, write=True) as work:
        work.write(statement, {"id": "nobody", "sealed": SECRET.encode()}, taken="never said")
        work.commit()
    assert SECRET not in str(found.value)
    with pytest.raises(exc.ProgrammingError if sql_catalog.engine.name == "postgresql" else CouldNotDecide):  # noqa: SIM117
        with transaction(sql_catalog.engine, write=True) as work:
            work.read(text("SELEKT"))


def test_what_is_logged_names_the_cause_and_no_statement(
    opened: Callable[..., SqlCatalog], caplog: pytest.LogCaptureFixture
) -> None:
    catalog = opened("postgres", Patience(lock=0.1))
    one = asset(name=SECRET)
    kept(catalog, one)
    with caplog.at_level(logging.WARNING, "remit.adapters"), catalog.work() as work:
        work.lock([one.id])
        assert isinstance(at_once(lambda: lock_in(catalog, one.id))[0], CouldNotDecide)
    assert [record.getMessage() for record in caplog.records] == [
        "the database: LockNotAvailable: canceling statement due to lock timeout"
    ]


def test_postgres_is_told_how_long_to_wait(opened: Callable[..., SqlCatalog]) -> None:
    settings = {
        "statement_timeout": "15s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "1min",
        "application_name": "remit",
        "transaction_isolation": "read committed",
    }
    with opened("postgres").engine.connect() as link:
        assert {name: link.execute(text(f"SHOW {name}")).scalar_one() for name in settings} == settings


def test_sqlite_is_told_what_it_would_not_do_by_itself(opened: Callable[..., SqlCatalog]) -> None:
    settings = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 5_000, "trusted_schema": 0}
    catalog = opened("sqlite")
    with catalog.engine.connect() as link, catalog.engine.connect() as other:
        for one in (link, other):
            found = {name: one.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in settings}
            assert found == settings


def test_the_file_and_its_directory_are_the_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "100% é.db"
    catalog = open_catalog(sqlite_url(path))
    kept(catalog, asset())
    modes = {file.name: file.stat().st_mode & 0o777 for file in (path.parent, *path.parent.iterdir())}
    catalog.close()
    assert modes == {"deep": 0o700, path.name: 0o600, f"{path.name}-wal": 0o600, f"{path.name}-shm": 0o600}


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "remit.db"
    open_catalog(sqlite_url(path)).close()
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(Misconfigured, match="may be read or written by others; run `chmod 600 "):
            open_catalog(sqlite_url(path))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch(0o600)
    for path in (tmp_path, tmp_path / "file" / "remit.db"):
        with pytest.raises(Misconfigured, match="cannot be used as the database: "):
            open_catalog(sqlite_url(path))


def test_sqlite_written_by_another_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "remit.db"
    catalog = open_catalog(sqlite_url(path), Patience(lock=0.2))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(CouldNotDecide, match=BUSY):
            kept(catalog, asset())
        with catalog.work(write=False) as work:
            assert work.assets(Wanted([VISION])) == ()
        other.execute("COMMIT")
        kept(catalog, asset())
    finally:
        other.close()
        catalog.close()


def test_sqlite_that_lost_its_file_is_out_of_reach(tmp_path: Path) -> None:
    path = tmp_path / "state" / "remit.db"
    catalog = open_catalog(sqlite_url(path))
    catalog.close()
    for file in path.parent.iterdir():
        file.unlink()
    path.parent.rmdir()
    with pytest.raises(CouldNotDecide, match=AWAY), catalog.work(write=False):
        raise AssertionError
    catalog.close()
