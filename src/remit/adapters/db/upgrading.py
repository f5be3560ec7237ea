"""Bring the tables of a database to what this version of remit needs, however many processes start at once."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from remit.adapters.db.engine import BEGIN, WRITING
from remit.adapters.db.faults import log, out_of_reach, reaching
from remit.errors import Misconfigured

MIGRATIONS = Path(__file__).parent / "migrations"

HEAD = "0003"
"""The latest revision in there: a database that has it needs nothing, and Alembic is not even imported."""

ADVISORY = 0x72656D6974
"""The advisory lock on PostgreSQL of whoever brings remit's tables up to date."""
_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps what it works on in module globals


def bring_up_to_date(engine: Engine) -> None:
    """Make or change the tables as need be, in one transaction: of all processes one does it, the others wait.

    Raises Misconfigured if the database is of a later version of remit, cannot hold all text, is damaged, or does not
    let its tables be changed; CouldNotDecide if it is out of reach.
    """
    with _ONE_AT_A_TIME, reaching():
        try:
            with engine.connect() as connection:
                _wait_for_others(connection)
                _check_encoding(connection)
                if not _is_current(connection):
                    _upgrade(connection)
                connection.commit()
        except DBAPIError as error:
            raise _meaning(error) from None


def _wait_for_others(connection: Connection) -> None:
    """Begin a transaction in which nobody else is."""
    if connection.dialect.name == "sqlite":
        connection.execution_options(**{BEGIN: WRITING}).begin()
        return
    connection.begin()
    connection.execute(text("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY})


def _check_encoding(connection: Connection) -> None:
    """Names are Unicode, and compared byte by byte."""
    question = "PRAGMA encoding" if connection.dialect.name == "sqlite" else "SHOW server_encoding"
    encoding = connection.execute(text(question)).scalar_one()
    if encoding.upper().replace("-", "") != "UTF8":
        raise Misconfigured(f"the database is encoded in `{encoding}`; make one in UTF-8")


def _is_current(connection: Connection) -> bool:
    """Does the database have what this version of remit needs, and nothing else?"""
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    current = set(MigrationContext.configure(connection).get_current_heads())
    if later := sorted(current - known):
        advice = "update remit, or restore what was saved before the other version started"
        raise Misconfigured(f"the database is of a later version of remit (`{later[0]}`); {advice}")
    if current != set(script.get_heads()):
        command.upgrade(config, "head")


def _meaning(error: DBAPIError) -> Exception:
    """What keeps the tables from being made: the database is out of reach, or is not what it should be."""
    cause = error.orig
    damaged = isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & 0xFF in _DAMAGED
    wrong = isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_ERROR
    if not damaged and not wrong and (found := out_of_reach(error)):
        return found
    log.error("the database's tables: %s: %s", type(cause).__name__, str(cause).partition("\n")[0])
    why = "it is no database, or damaged" if damaged else "the log says why"
    return Misconfigured(f"the database cannot be brought up to date: {why}")
