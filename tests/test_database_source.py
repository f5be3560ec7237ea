"""The database as the source of policies: what its log says is live, on every server that follows it, at once; what is
wrong with it changes no decision, and a log that went back is none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import revisions
from asking import NO, YES
from commands import started, written
from postgres import fresh_database
from remit.adapters.database_source import DatabaseSource, Line
from remit.adapters.db import open_database
from remit.adapters.db.database import Database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.db.listening import listen
from remit.adapters.memory_revisions import MemoryRevisions
from remit.core.history import UNKNOWN
from remit.core.policy import revision_of
from remit.errors import Misconfigured
from revisions import BY_ADA, policy
from test_serve import free_port, running
from test_watch import BROKEN, GOOD, PATIENCE, WITHOUT, Followed

database_url, opened = revisions.database_url, revisions.opened


def server(directory: Path, url: str, port: int, **more: str):  # type: ignore[no-untyped-def]
    return running(directory, port, REMIT_SOURCE="database", REMIT_DATABASE_URL=url, **more)


def test_two_servers_on_one_database_follow_each_other(
    database_url: str, opened: Callable[..., Database], tmp_path: Path
) -> None:
    one, two = written(GOOD, tmp_path / "one"), written(WITHOUT, tmp_path / "two")
    ports = free_port(), free_port()
    with server(one, database_url, ports[0]), server(two, database_url, ports[1]):
        log = opened().revisions
        both = [Followed(one, ports[0]), Followed(two, ports[1])]
        assert [line.source for line in log.history(None, 9)] == ["directory policies"], "the first one put it there"
        assert all(each.decides(YES) for each in both), "the directory of the second counts for nothing"
        made = log.activate(WITHOUT, BY_ADA, "published", 1, after=1)
        for each in both:
            each.until(lambda each=each: not each.decides())  # type: ignore[misc]
        assert [each.status()["number"] for each in both] == [made.number] * 2
        log.activate(BROKEN, BY_ADA, "published", 1)
        for each in both:
            each.until(lambda each=each: "refused" in each.status())  # type: ignore[misc]
            assert each.status()["refused"]["revision"] == revision_of(BROKEN) and not each.decides()
        log.activate(GOOD, BY_ADA, "published", 1)
        for each in both:
            each.until(each.decides)
    assert [line.number for line in log.history(None, 9)] == [4, 3, 2, 1], "what comes from the log is not put there"


def test_with_the_database_away_the_last_good_policy_is_begun_with(tmp_path: Path) -> None:
    directory, port = written(GOOD, tmp_path), free_port()
    away = "postgresql://127.0.0.1:9/remit"
    process = started(
        "serve", "--port", str(port), directory=directory, REMIT_SOURCE="database", REMIT_DATABASE_URL=away
    )
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (7, "") and "out of reach" in err, "there is no last good one"
    with server(directory, sqlite_url(tmp_path / "remit.db"), port) as process:
        assert Followed(directory, port).decides()
    with server(directory, away, port) as process:
        followed = Followed(directory, port)
        assert followed.decides(YES) and not followed.decides(NO)
        assert "out of reach" in followed.status()["refused"]["faults"][0]
        time.sleep(2)  # in which it is asked four times more
        process.kill()
        err = process.communicate(timeout=PATIENCE)[1]
        assert "STARTING BY THE LAST GOOD POLICY" in err
        assert err.count("Connection refused") <= 3, "it is told once by each who asks, however often it is tried"
    with server(directory, away, port, REMIT_MAX_POLICY_AGE="1"):
        assert followed.get("/readyz").status_code == 503


def test_a_directory_that_is_followed_is_kept_too(tmp_path: Path) -> None:
    directory, port = written(GOOD, tmp_path), free_port()
    url = sqlite_url(tmp_path / ".remit" / "remit.db")
    with running(directory, port, "--watch", REMIT_CATALOG="off"):
        followed = Followed(directory, port)
        followed.until(lambda: followed.status().get("number") == 1)
        written(WITHOUT, directory)
        followed.until(lambda: followed.status().get("number") == 2)
    with running(directory, port):
        followed.until(lambda: followed.status().get("number") == 2)
    database = open_database(url)
    lines = database.revisions.history(None, 9)
    assert [line.revision for line in lines] == [revision_of(WITHOUT), revision_of(GOOD)]
    assert {(line.source, line.how.value) for line in lines} == {("directory policies", "followed")}
    assert database.revisions.files(lines[1].revision) == GOOD
    database.close()


def test_watch_is_for_a_directory(tmp_path: Path) -> None:
    process = started("serve", "--watch", directory=written(GOOD, tmp_path), REMIT_SOURCE="database")
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, "") and "`--watch` is for a policy directory" in err


@pytest.fixture
def database(opened: Callable[..., Database]) -> Iterator[Database]:
    found = opened()
    for number in (1, 2, 3):
        found.revisions.activate(policy(number), UNKNOWN, "s", number)
    yield found


def test_a_log_that_went_back_or_tells_another_story_is_none(database: Database) -> None:
    names = {number: revision_of(policy(number)) for number in range(5)}
    for known in (Line(3, names[3]), Line(1, names[1]), None):
        found = DatabaseSource(database, 1, known).look()
        assert found is not None and (found[0], found[1].number) == (policy(3), 3)
    for known in (Line(4, names[4]), Line(3, names[2]), Line(2, names[4]), Line(4, names[3])):
        with pytest.raises(Misconfigured, match=f"lacks number {known.number}, revision {known.revision[:12]}"):
            DatabaseSource(database, 1, known).look()


def test_an_empty_log_where_there_was_one_is_none(opened: Callable[..., Database]) -> None:
    assert DatabaseSource(opened(), 1).look() is None
    with pytest.raises(Misconfigured, match="lacks number 1"):
        DatabaseSource(opened(), 1, Line(1, revision_of(policy(1)))).look()


def test_it_is_listened_again_when_the_connection_broke(request: pytest.FixtureRequest) -> None:
    with fresh_database(request.config) as url:
        database, stop, heard = open_database(url), threading.Event(), threading.Semaphore(0)
        ear = threading.Thread(target=listen, args=(url, stop, heard.release), daemon=True)
        ear.start()
        assert heard.acquire(timeout=PATIENCE), "once when it is connected"
        database.revisions.activate(policy(1), UNKNOWN, "s", 1)
        assert heard.acquire(timeout=PATIENCE)
        with psycopg.connect(url, autocommit=True) as link:
            link.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        assert heard.acquire(timeout=PATIENCE), "connected again"
        database.revisions.activate(policy(2), UNKNOWN, "s", 1)
        assert heard.acquire(timeout=PATIENCE)
        stop.set()
        ear.join(PATIENCE)
        assert not ear.is_alive()
        database.close()


class Restorable:
    """A log that may be replaced by another one between two looks."""

    def __init__(self, *numbers: int) -> None:
        self.url, self.revisions = "sqlite://", self
        self.restored(*numbers)

    def restored(self, *numbers: int) -> None:
        log = MemoryRevisions()
        for number in numbers:
            log.activate(policy(number), UNKNOWN, "s", number)
        self.latest, self.history, self.files = log.latest, log.history, log.files


def test_a_log_that_was_replaced_by_one_as_long_is_none() -> None:
    """A backup of number 1, to which another number 2 was added while this server could not look."""
    log = Restorable(1, 2)
    source = DatabaseSource(log, 1)  # type: ignore[arg-type]
    assert source.look() is not None
    log.restored(1, 3)
    for _ in range(2):
        with pytest.raises(Misconfigured, match="lacks number 2"):
            source.look()
    log.restored(1, 2, 3)
    found = source.look()
    assert found is not None and found[0] == policy(3)


def test_a_policy_that_took_long_to_check_is_looked_at_as_often_as_any() -> None:
    """What is in reach is young, so a database that goes away later does not stop the decisions at once."""
    stop, told = threading.Event(), list[float]()

    def offer(*_: object) -> None:
        told.append(time.monotonic())
        if len(told) == 1:
            time.sleep(0.5)  # its checks, and compiling it
        if len(told) > 3:
            stop.set()

    source = DatabaseSource(Restorable(1), 0.01)  # type: ignore[arg-type]
    thread = threading.Thread(target=source.follow, args=(stop, offer, pytest.fail))
    thread.start()
    ended = stop.wait(PATIENCE)
    stop.set()
    thread.join()
    assert ended and told[-1] - told[0] < 5
