"""Catalogs to test, empty each: in memory, in SQLite, in PostgreSQL; rows to put in; and threads that use them at once.

A test module takes the fixtures it needs by assigning them: `catalog = catalogs.every_catalog`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import event, text

from postgres import fresh_database
from remit.adapters.db import open_catalog
from remit.adapters.db.engine import Patience, sqlite_url
from remit.adapters.db.store import SqlCatalog
from remit.adapters.db.tables import metadata
from remit.adapters.memory_catalog import MemoryCatalog
from remit.core.blocks import Asset, Phase, Stamp, Variant, Workspace
from remit.service.ports import Catalog

Result = TypeVar("Result")

VISION, NLP, AUDIO = "project:vision", "project:nlp", "project:audio"
NEVER_CHANGE = ("policy_", "journal_")
"""How tables are called that cannot be emptied."""

PATIENCE = 10.0
"""Seconds after which a test gives up on a thread."""

_NUMBERS = count(1)


def stamp(at: int = 1, by: str = "user:ada@example.com") -> Stamp:
    return Stamp(by, at, "r1")


def asset(name: str = "one", scope: str = VISION, variant: Variant = Variant.GIT, **more: Any) -> Asset:
    """A block of which only what a test speaks of matters."""
    made = Asset(f"asset-{next(_NUMBERS):06}", variant, name, "", scope, {"url": "x"}, False, stamp(), stamp(), 1)
    return made._replace(**more)


def workspace(name: str = "one", scope: str = VISION, blocks: tuple[str, ...] = (), **more: Any) -> Workspace:
    """A workspace of which only what a test speaks of matters."""
    id, spec = f"workspace-{next(_NUMBERS):06}", {"image": "x"}
    made = Workspace(id, name, scope, spec, blocks, Phase.RUNNING, Phase.PENDING, 1, stamp(), stamp(), 1)
    return made._replace(**more)


def changed(one: Asset, **more: Any) -> Asset:
    """The asset one version later."""
    return one._replace(version=one.version + 1, **more)


def kept(catalog: Catalog, *nouns: Asset | Workspace) -> None:
    """Put assets, without secrets, and workspaces in."""
    with catalog.work() as work:
        for noun in nouns:
            work.add(noun, None) if isinstance(noun, Asset) else work.add_workspace(noun)


@pytest.fixture(scope="module")
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A PostgreSQL database of the module's own."""
    with fresh_database(request.config) as url:
        yield url


@pytest.fixture
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., SqlCatalog]]:
    """Opens the catalog of this test in SQLite or PostgreSQL, as often as asked; empty the first time."""
    found: list[SqlCatalog] = []

    def open_one(sort: str, patience: Patience = Patience()) -> SqlCatalog:  # noqa: B008
        sqlite = sort == "sqlite"
        url = sqlite_url(tmp_path / "remit.db") if sqlite else request.getfixturevalue("postgres_url")
        catalog = open_catalog(url, patience)
        if not found and not sqlite:
            _empty(catalog)
        found.append(catalog)
        return catalog

    yield open_one
    for catalog in found:
        catalog.close()


def _empty(catalog: SqlCatalog) -> None:
    names = ", ".join(name for name in metadata.tables if not name.startswith(NEVER_CHANGE))
    with catalog.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def every_catalog(request: pytest.FixtureRequest, opened: Callable[..., SqlCatalog]) -> Catalog:
    """One catalog of every sort, empty."""
    return MemoryCatalog() if request.param == "memory" else opened(request.param)


@pytest.fixture(params=["sqlite", "postgres"])
def sort(request: pytest.FixtureRequest) -> str:
    """The name of each database."""
    return str(request.param)


@pytest.fixture
def sql_catalog(sort: str, opened: Callable[..., SqlCatalog]) -> SqlCatalog:
    """One catalog in each database, empty."""
    return opened(sort)


def at_once(*functions: Callable[[], Result]) -> list[Result | Exception]:
    """What functions return or raise, each run in a thread of its own."""
    with ThreadPoolExecutor(len(functions)) as pool:
        running = [pool.submit(function) for function in functions]
        return [one.exception(PATIENCE) or one.result() for one in running]  # type: ignore[misc]


@contextmanager
def statements(catalog: SqlCatalog) -> Iterator[list[str]]:
    """Collect the statements that reach the database, beginning and end of transactions aside."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            found.append(statement)

    event.listen(catalog.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(catalog.engine, "before_cursor_execute", note)
