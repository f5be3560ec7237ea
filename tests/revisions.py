"""Logs of what was live to test, empty each: in memory, in SQLite, in PostgreSQL; and policies to put in.

A test module takes the fixtures it needs by assigning them, as those of `catalogs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postgres import fresh_database
from remit.adapters.db import open_database
from remit.adapters.db.database import Database
from remit.adapters.db.engine import Patience, sqlite_url
from remit.adapters.memory_revisions import MemoryRevisions
from remit.core.history import How, Provenance
from remit.service.revisions import Revisions

BY_ADA = Provenance(How.PUBLISHED, "user:ada", True, "let bob in\nfor a week: Größe 😀", "a" * 64, "b" * 40)
HOSTILE = {
    "model.conf": bytes(range(256)) * 3,
    "policies/cases/a.csv": b"",
    "policies/cases/ü 😀\u202e.csv": b"\r\n\0\xff\xfe\xef\xbb\xbf",
    "policies/a\nb\\c\rd.csv": b"no newline at the end",
    "\0": b"\x1a",
    "../../etc/passwd": b"PK\x03\x04",
    "": b"\n" * 70_000,
    "A" * 5_000: b"x",
}
"""Names and bytes that one format or another would change."""


def policy(number: int) -> dict[str, bytes]:
    """A policy of this number, as far as a log cares."""
    return {"model.conf": b"m", "policies/roles.csv": f"p, {number}\n".encode()}


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of each sort."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "remit.db")
    else:
        with fresh_database(request.config) as url:
            yield url


@pytest.fixture
def opened(database_url: str) -> Iterator[Callable[..., Database]]:
    """Opens the database of this test, as often as asked."""
    found: list[Database] = []

    def one(patience: Patience = Patience()) -> Database:  # noqa: B008
        found.append(open_database(database_url, patience))
        return found[-1]

    yield one
    for each in found:
        each.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def every_log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Revisions]:
    """One log of every sort, empty."""
    if request.param == "memory":
        yield MemoryRevisions()
    elif request.param == "sqlite":
        database = open_database(sqlite_url(tmp_path / "remit.db"))
        yield database.revisions
        database.close()
    else:
        with fresh_database(request.config) as url:
            database = open_database(url)
            yield database.revisions
            database.close()
