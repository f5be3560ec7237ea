"""What was live when, for who only looks: the database is found, read, and left as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from remit.adapters.db.database import Database
from remit.adapters.db.engine import build_engine, sqlite_url
from remit.adapters.db.past import past_revisions
from remit.core.policy import revision_of
from remit.entry import RealHouse
from remit.errors import Misconfigured, NotFound
from revisions import BY_ADA, HOSTILE, database_url, opened, policy

__all__ = ["database_url", "opened"]


def test_what_was_live_is_read_as_it_was_kept(
    opened: Callable[..., Database], database_url: str, tmp_path: Path
) -> None:
    there = opened().revisions
    for number, files in enumerate((policy(1), HOSTILE, policy(1))):
        there.activate(files, BY_ADA, "tests", number)
    found = past_revisions(database_url, tmp_path)
    assert found.history(None, 10) == there.history(None, 10)
    assert [line.number for line in found.history(3, 1)] == [2]
    assert found.files(revision_of(HOSTILE)) == HOSTILE
    with pytest.raises(NotFound):
        found.files("0" * 64)
    there.activate(policy(2), BY_ADA, "tests", 9)
    assert found.history(None, 1)[0].number == 4, "also what goes live meanwhile"
    found._engine.dispose()


def test_nothing_is_made_where_there_is_nothing(tmp_path: Path) -> None:
    for url in (None, sqlite_url(tmp_path / "remit.db")):
        with pytest.raises(Misconfigured, match=r"there is no database `.*remit.db`.*--state"):
            past_revisions(url, tmp_path)
    assert not list(tmp_path.iterdir())
    for url in ("mysql://x", "::", "sqlite://"):
        with pytest.raises(Misconfigured):
            past_revisions(url, tmp_path)


def test_a_database_without_policies_says_so_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "remit.db"
    with build_engine(sqlite_url(path)).connect():
        pass
    before = path.read_bytes()
    with pytest.raises(Misconfigured, match="keeps no policy"):
        past_revisions(None, tmp_path).history(None, 1)
    assert path.read_bytes() == before


def test_nothing_can_be_written_this_way(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "remit.db"))
    database.revisions.activate(policy(1), BY_ADA, "tests", 1)
    with past_revisions(None, tmp_path)._engine.connect() as link, pytest.raises(Exception, match="readonly"):
        link.exec_driver_sql("CREATE TABLE t (a)")
    with closing(sqlite3.connect(tmp_path / "remit.db")) as link:
        assert ("t",) not in link.execute("SELECT name FROM sqlite_master").fetchall()
    database.close()


def test_the_environment_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Database(sqlite_url(tmp_path / "other.db")).revisions.activate(policy(7), BY_ADA, "tests", 1)
    monkeypatch.setenv("REMIT_DATABASE_URL", sqlite_url(tmp_path / "other.db"))
    assert RealHouse().revisions(tmp_path).files(revision_of(policy(7))) == policy(7)
