"""How the tables are made: the revisions give exactly the tables that the code speaks of, once, whoever starts when; a
database that is not ours to change is left alone.
"""

from __future__ import annotations

import ast
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from setuptools import find_packages
from sqlalchemy import Engine, text

import catalogs
from house import SRC
from postgres import fresh_database
from remit.adapters.db import open_catalog
from remit.adapters.db.engine import BEGIN, WRITING, build_engine, sqlite_url
from remit.adapters.db.tables import metadata
from remit.adapters.db.upgrading import ADVISORY, HEAD, MIGRATIONS, bring_up_to_date
from remit.errors import Misconfigured
from remit.service.ports import Wanted

sort = catalogs.sort

SCHEMA = {
    "sqlite": "SELECT type, name, tbl_name, replace(sql, '\"', '') FROM sqlite_master WHERE name <> 'alembic_version'",
    "postgresql": """
        SELECT 'column', table_name::text, column_name::text, concat_ws(' ', data_type, collation_name, is_nullable,
            column_default, is_identity, identity_generation)
            FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'index', tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid)
            FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'function', '', proname::text, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    """,
}
START = "import sys; from remit.adapters.db import open_catalog; open_catalog(sys.argv[1]).close()"


@pytest.fixture
def fresh(sort: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives the address of an empty database, another one each time."""
    closing = []

    def one() -> str:
        if sort == "sqlite":
            return sqlite_url(tmp_path / f"{len(closing)}.db") if not closing.append(None) else ""
        context = fresh_database(request.config)
        closing.append(context)
        return context.__enter__()

    yield one
    for context in closing:
        if context is not None:
            context.__exit__(None, None, None)


@pytest.fixture
def engines(fresh: Callable[[], str]) -> Iterator[Callable[..., Engine]]:
    """Gives an engine for an empty database, or for the one at an address."""
    made: list[Engine] = []

    def one(url: str | None = None) -> Engine:
        made.append(build_engine(url or fresh()))
        return made[-1]

    yield one
    for engine in made:
        engine.dispose()


def schema(engine: Engine) -> list[tuple[Any, ...]]:
    """All that the database says of its tables, but for Alembic's own."""
    with engine.connect() as link:
        rows = [tuple(row) for row in link.execute(text(SCHEMA[engine.name]))]
    return sorted((row for row in rows if "alembic_version" not in row), key=str)


def revision(engine: Engine) -> str:
    with engine.connect() as link:
        return str(link.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def test_the_revisions_give_the_tables_of_the_code(engines: Callable[..., Engine]) -> None:
    migrated, made = engines(), engines()
    bring_up_to_date(migrated)
    with migrated.connect() as link:
        context = MigrationContext.configure(link, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    metadata.create_all(made)
    assert spaced(schema(migrated)) == spaced(schema(made))
    assert len(schema(migrated)) > 10


def spaced(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows whose definitions differ neither in white space nor in the order of constraints."""

    def lines(cell: object) -> object:
        parts = str(cell).split("\n")
        return sorted(part.strip(" ,()\t") for part in parts) if len(parts) > 1 else cell

    return [tuple(lines(cell) for cell in row) for row in rows]


def test_text_is_compared_by_its_bytes(request: pytest.FixtureRequest) -> None:
    with fresh_database(request.config) as url:
        open_catalog(url).close()
        engine = build_engine(url)
        with engine.connect() as link:
            found = link.execute(
                text(
                    "SELECT table_name, column_name, collation_name FROM information_schema.columns"
                    " WHERE data_type = 'text' AND table_schema = 'public'"
                )
            ).all()
        engine.dispose()
    assert len(found) > 25 and {row.collation_name for row in found} == {"C"}


def test_a_database_that_is_up_to_date_stays_as_it_is(fresh: Callable[[], str], engines: Callable[..., Engine]) -> None:
    url = fresh()
    catalog = open_catalog(url)
    catalogs.kept(catalog, catalogs.asset())
    catalog.close()
    engine = engines(url)
    before = schema(engine)
    again = open_catalog(url)
    with again.work(write=False) as work:
        assert len(work.homes(["x"])) == 0 and work.count(Wanted([catalogs.VISION])) == 1
    again.close()
    assert schema(engine) == before


def test_all_tables_go_and_come_back(engines: Callable[..., Engine]) -> None:
    engine = engines()
    bring_up_to_date(engine)
    before = schema(engine)
    with engine.begin() as link:
        command.downgrade(config_for(link), "base")
    assert [row for row in schema(engine) if row[0] in ("table", "column") and "sqlite_sequence" not in row] == []
    bring_up_to_date(engine)
    assert schema(engine) == before


def config_for(link: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = link
    return config


def test_many_processes_that_start_at_once_all_start(fresh: Callable[[], str], engines: Callable[..., Engine]) -> None:
    url = fresh()
    started = [
        subprocess.Popen([sys.executable, "-c", START, url], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0] * 3, said
    made = engines()
    bring_up_to_date(made)
    assert schema(engines(url)) == schema(made)


def test_many_threads_that_start_at_once_all_start(fresh: Callable[[], str]) -> None:
    url = fresh()
    for catalog in catalogs.at_once(*(partial(open_catalog, url) for _ in range(4))):
        assert not isinstance(catalog, Exception), catalog
        catalog.close()


def test_who_starts_waits_for_the_one_who_makes_the_tables(engines: Callable[..., Engine]) -> None:
    engine = engines()
    waited, done = threading.Event(), threading.Event()

    def hold() -> None:
        with engine.connect() as link:
            if engine.name == "sqlite":
                link.execution_options(**{BEGIN: WRITING}).begin()
            else:
                link.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY})"))
            waited.set()
            assert not done.wait(0.3), "it did not wait"

    def start() -> None:
        assert waited.wait(catalogs.PATIENCE)
        bring_up_to_date(engine)
        done.set()

    assert catalogs.at_once(hold, start) == [None, None]


def test_a_later_database_is_left_alone(engines: Callable[..., Engine]) -> None:
    engine = engines()
    bring_up_to_date(engine)
    for later in ("9999", "000", "head"):
        with engine.begin() as link:
            link.execute(text("UPDATE alembic_version SET version_num = :later"), {"later": later})
        before = schema(engine)
        with pytest.raises(Misconfigured, match=rf"is of a later version of remit \(`{later}`\); update remit, or "):
            bring_up_to_date(engine)
        assert (schema(engine), revision(engine)) == (before, later)


def test_tables_of_others_are_left_alone(engines: Callable[..., Engine], caplog: pytest.LogCaptureFixture) -> None:
    engine = engines()
    with engine.begin() as link:
        link.execute(text("CREATE TABLE workspaces (mine text)"))
    before = schema(engine)
    with pytest.raises(Misconfigured, match=r"^the database cannot be brought up to date: "):
        bring_up_to_date(engine)
    assert schema(engine) == before, "all or nothing"
    assert "workspaces" in caplog.text


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "remit.db"
    path.touch(0o600)
    path.write_bytes(b"not a database, and long enough to be looked at by SQLite" * 100)
    with pytest.raises(Misconfigured, match=r"cannot be brought up to date: it is no database, or damaged$"):
        open_catalog(sqlite_url(path))
    assert path.read_bytes().startswith(b"not a database")


def test_a_database_that_cannot_hold_all_text_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "remit.db"
    path.touch(0o600)
    made = sqlite3.connect(path)
    made.execute("PRAGMA encoding = 'UTF-16le'")
    made.execute("CREATE TABLE x (y)")
    made.close()
    with pytest.raises(Misconfigured, match=r"^the database is encoded in `UTF-16le`; make one in UTF-8$"):
        open_catalog(sqlite_url(path))


def test_the_revisions_are_one_line_and_part_of_the_package() -> None:
    script = ScriptDirectory.from_config(config_for(None))
    revisions = list(script.walk_revisions())
    assert script.get_heads() == [HEAD] and len(script.get_bases()) == 1
    assert not [one for one in revisions if one.is_merge_point or one.is_branch_point]
    assert "remit.adapters.db.migrations.versions" in find_packages(str(SRC))
    files = {path.name for path in (MIGRATIONS / "versions").glob("*.py")} - {"__init__.py"}
    assert files == {Path(one.path).name for one in revisions}
    assert all(Path(one.path).name.startswith(f"v{one.revision}_") for one in revisions)


def test_a_revision_does_not_change_with_the_code() -> None:
    for path in (MIGRATIONS / "versions").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        froms = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not [name for name in froms if name.startswith("remit")], path
