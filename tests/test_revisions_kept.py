"""What is kept of what was live stays as it is: the databases refuse to change it, what comes back is hashed again, and
a process that is killed in the middle leaves all of an activation behind, or nothing of it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import revisions
from remit.adapters.db import open_database
from remit.adapters.db.database import Database
from remit.adapters.db.engine import Patience, sqlite_url
from remit.adapters.db.revisions import CHANNEL
from remit.adapters.policy_archive import Damaged, packed, unpacked
from remit.core.history import UNKNOWN
from remit.core.policy import revision_of
from remit.errors import CouldNotDecide
from revisions import HOSTILE, policy

database_url, opened = revisions.database_url, revisions.opened

KILLS, PATIENCE = 40, 30.0
ONE, TWO = revision_of(policy(1)), revision_of(policy(2))
CHANGES = {
    "another archive": "UPDATE policy_revisions SET archive = archive",
    "no archive": "DELETE FROM policy_revisions",
    "another line": "UPDATE policy_activations SET author = 'nobody'",
    "a line less": "DELETE FROM policy_activations WHERE number = 2",
    "a line again": f"INSERT INTO policy_activations SELECT 2, '{ONE}', parent, at, source, how, author, verified,"
    " message, plan, git_commit FROM policy_activations WHERE number = 2",
    "a line far off": "INSERT INTO policy_activations SELECT 9, revision, parent, at, source, how, author, verified,"
    " message, plan, git_commit FROM policy_activations WHERE number = 2",
    "a revision again": "INSERT INTO policy_revisions SELECT * FROM policy_revisions",
}
BY_SORT = {
    "sqlite": [
        "INSERT OR REPLACE INTO policy_revisions SELECT revision, x'00' FROM policy_revisions",
        f"REPLACE INTO policy_activations SELECT number, '{ONE}', parent, at, source, how, author, verified, message,"
        " plan, git_commit FROM policy_activations",
        "UPDATE OR REPLACE policy_revisions SET archive = x'00'",
    ],
    "postgresql": [
        "TRUNCATE policy_revisions, policy_activations",
        f"INSERT INTO policy_revisions VALUES ('{ONE}', '') ON CONFLICT (revision) DO UPDATE SET archive = ''",
    ],
}


@pytest.fixture
def database(opened: Callable[..., Database]) -> Database:
    """A database of each sort in which two policies were live."""
    found = opened()
    for number in (1, 2):
        found.revisions.activate(policy(number), UNKNOWN, "s", number)
    return found


def rows(database: Database) -> list[object]:
    with database.engine.connect() as link:
        return [
            link.execute(text(f"SELECT * FROM {table} ORDER BY 1")).all()
            for table in ("policy_revisions", "policy_activations")
        ]


def test_nothing_that_was_live_can_be_changed(database: Database) -> None:
    before = rows(database)
    for statement in (*CHANGES.values(), *BY_SORT[database.engine.name]):
        with pytest.raises(DBAPIError), database.engine.begin() as link:
            link.execute(text(statement))
        assert rows(database) == before, statement


def unguarded(database: Database, statement: str) -> None:
    """Somebody who may do everything takes the triggers away, and changes what was live."""
    with database.engine.begin() as link:
        if database.engine.name == "sqlite":
            for (name,) in link.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                link.execute(text(f"DROP TRIGGER {name}"))
        else:
            link.execute(text("ALTER TABLE policy_revisions DISABLE TRIGGER USER"))
        link.execute(text(statement))


def test_what_is_not_what_was_kept_is_refused(database: Database) -> None:
    unguarded(database, f"UPDATE policy_revisions SET archive = (SELECT archive FROM policy_revisions WHERE revision ="
              f" '{TWO}') WHERE revision = '{ONE}'")  # fmt: skip
    assert database.revisions.files(TWO) == policy(2)
    with pytest.raises(CouldNotDecide, match=f"^the database keeps revision {ONE[:12]} damaged"):
        database.revisions.files(ONE)
    with pytest.raises(CouldNotDecide, match="damaged"):  # which nobody could read
        database.revisions.activate(policy(1), UNKNOWN, "s", 3)
    assert [line.number for line in database.revisions.history(None, 9)] == [2, 1]


def test_an_archive_is_whole_or_refused() -> None:
    for files in (HOSTILE, policy(1), {}):
        data = packed(files, {"a": ["b", 1, None]})
        assert unpacked(data) == (files, {"a": ["b", 1, None]})
        for length in range(len(data)):
            with pytest.raises(Damaged):
                unpacked(data[:length])
        with pytest.raises(Damaged):
            unpacked(data + b"\0")
        for position in range(len(data)):
            changed = bytearray(data)
            changed[position] ^= 1 << random.Random(position).randrange(8)
            try:
                found = unpacked(bytes(changed))
            except Damaged:
                continue
            assert found == (files, {"a": ["b", 1, None]}), f"byte {position} went unnoticed"


def test_an_archive_whose_files_are_others_is_refused() -> None:
    first, body = packed(policy(1))[: len(b"remit policy 1\n")], zlib.decompress(packed(policy(1))[15:])
    assert unpacked(first + zlib.compress(body))[0] == policy(1)
    for other in (body.replace(b"p, 1", b"p, 2"), body + b"x", body[:-1], body.replace(b"roles", b"rules")):
        assert other != body
        with pytest.raises(Damaged):
            unpacked(first + zlib.compress(other))


def test_whoever_waits_too_long_for_the_log_is_told(opened: Callable[..., Database], database: Database) -> None:
    hasty = opened(Patience(lock=0.2))
    with database.engine.connect() as link:
        if database.engine.name == "sqlite":
            link.execution_options(remit_begin="BEGIN IMMEDIATE").begin()
        else:
            link.execute(text("LOCK TABLE policy_activations"))
        with pytest.raises(CouldNotDecide, match=r"busy; try again$"):
            hasty.revisions.activate(policy(3), UNKNOWN, "s", 3)
        link.rollback()
    assert hasty.revisions.activate(policy(3), UNKNOWN, "s", 3).number == 3


def test_postgresql_tells_of_an_activation_when_it_is_there(request: pytest.FixtureRequest) -> None:
    with revisions.fresh_database(request.config) as url:
        database = open_database(url)
        with psycopg.connect(url, autocommit=True) as link:
            link.execute(f"LISTEN {CHANNEL}")
            made = database.revisions.activate(policy(1), UNKNOWN, "s", 1)
            (told,) = link.notifies(timeout=PATIENCE, stop_after=1)
            assert (told.channel, told.payload) == (CHANNEL, str(made.number))
        database.close()


BREEDER = """
import os, sys
from remit.adapters.db import open_database
from remit.core.history import UNKNOWN
for line in sys.stdin:  # each line makes a process that writes until it is killed
    if (child := os.fork()) == 0:
        revisions = open_database(sys.argv[1]).revisions
        number = revisions.latest().number
        print("ready", os.getpid(), flush=True)
        while True:
            files = {"model.conf": b"m", "policies/a.csv": b"x" * 300_000 + str(number).encode()}
            number = revisions.activate(files, UNKNOWN, "s", number, after=number).number
            print("wrote", number, flush=True)
    os.waitpid(child, 0)
    print("dead", child, flush=True)
"""


def test_a_process_killed_in_the_middle_leaves_all_or_nothing(tmp_path: Path) -> None:
    url, chance = sqlite_url(tmp_path / "remit.db"), random.Random(7)
    database = open_database(url)
    database.revisions.activate(policy(0), UNKNOWN, "s", 0)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", BREEDER, url], stdin=pipe, stdout=pipe, text=True) as breeder:
        assert breeder.stdin is not None and breeder.stdout is not None
        for _ in range(KILLS):
            print("go", file=breeder.stdin, flush=True)
            word, pid = breeder.stdout.readline().split()
            assert word == "ready"
            said = 0
            for _ in range(chance.randrange(3)):
                said = int(breeder.stdout.readline().split()[1])
            time.sleep(chance.uniform(0, 0.04))
            os.kill(int(pid), signal.SIGKILL)
            while (line := breeder.stdout.readline().split())[0] == "wrote":
                said = int(line[1])
            assert_whole(database, said)
        breeder.stdin.close()
        assert breeder.wait(PATIENCE) == 0
    assert len(database.revisions.history(None, 10_000)) > KILLS // 2, "hardly anything was written"
    database.close()


def assert_whole(database: Database, said: int) -> None:
    """The log has all that was answered, no gap, no half of anything, and its latest policy can be read."""
    lines = database.revisions.history(None, 10_000)
    assert [line.number for line in lines] == list(range(len(lines), 0, -1))
    assert said <= len(lines), "what was answered is not there"
    assert revision_of(database.revisions.files(lines[0].revision)) == lines[0].revision
    orphans = "SELECT count(*) FROM policy_revisions WHERE revision NOT IN (SELECT revision FROM policy_activations)"
    with database.engine.connect() as link:
        assert link.execute(text(orphans)).scalar_one() == 0, "half an activation"
