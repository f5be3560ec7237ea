"""From an address to a pool of connections: SQLite in a private file, or PostgreSQL through psycopg."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from remit.adapters.private_files import OTHERS
from remit.errors import Misconfigured

BEGIN = "remit_begin"
"""The execution option of a connection that says how its next transaction begins on SQLite."""

WRITING = "BEGIN IMMEDIATE"
"""How a transaction begins on SQLite that is going to write: it waits for the one that writes now, if there is one."""

_IDLE = 60_000  # milliseconds after which PostgreSQL ends a transaction that nobody goes on with, and its locks
_ADDRESSES = "write `postgresql://user:password@host/database` or `sqlite:////path/to/remit.db`"


class Patience(NamedTuple):
    """How long to wait before giving up, in seconds, and how many connections there may be at a time."""

    connect: int = 5
    lock: float = 5.0
    statement: float = 15.0
    pool: float = 5.0
    connections: int = 8


def sqlite_url(path: Path) -> str:
    """The address of the SQLite database in a file."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def build_engine(url: str, patience: Patience = Patience()) -> Engine:  # noqa: B008
    """A bounded pool of connections to the database at `url`; nothing is connected yet.

    Errors of the engine do not show the values of a statement. Raises Misconfigured if `url` names no database that
    remit can use, or if it is a file that cannot be made or that others may read or write.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
            return _postgres(parsed.set(drivername="postgresql+psycopg"), patience)
        if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
            return _sqlite(parsed, patience)
    except (ArgumentError, ValueError):  # whose text may show the password
        raise Misconfigured(f"the database has no valid address; {_ADDRESSES}") from None
    raise Misconfigured(f"`{parsed.drivername}` is no database that remit can use; {_ADDRESSES}")


def _postgres(url: URL, patience: Patience) -> Engine:
    connecting: dict[str, Any] = {
        "connect_timeout": patience.connect,
        "application_name": "remit",
        # a server that is gone without a word is noticed by these, since its own timeouts are gone with it
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 1_000 * int(patience.statement + patience.connect),
    }
    engine = create_engine(
        url,
        connect_args={name: value for name, value in connecting.items() if name not in url.query},
        isolation_level="READ COMMITTED",  # whatever the server's own setting: what is waited for is read anew
        pool_pre_ping=True,
        **_common(patience),
    )

    @event.listens_for(engine, "connect")
    def _bounded(link: Any, _record: object) -> None:
        # set here, not as `options`: those are the address's own business
        link.execute(
            f"SET statement_timeout = {_milliseconds(patience.statement)};"
            f" SET lock_timeout = {_milliseconds(patience.lock)};"
            f" SET idle_in_transaction_session_timeout = {_IDLE}"
        )
        link.commit()

    return engine


def _sqlite(url: URL, patience: Patience) -> Engine:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:") or url.query or url.host:
        raise Misconfigured("the SQLite database is a file, and its address names no host and ends in its path")
    _private(Path(url.database))
    engine = create_engine(url, connect_args={"timeout": patience.lock}, **_common(patience))
    event.listen(engine, "connect", _tuned(patience))

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(BEGIN, "BEGIN"))

    return engine


def _common(patience: Patience) -> dict[str, Any]:
    bounds = {"pool_size": patience.connections, "max_overflow": 0, "pool_timeout": patience.pool}
    return {**bounds, "hide_parameters": True}


def _milliseconds(seconds: float) -> int:
    return max(1, round(1_000 * seconds))  # 0 would mean for ever


def _private(path: Path) -> None:
    """Make the file if need be: readable by its owner only, as SQLite then makes the files beside it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Misconfigured(f"`{path}` cannot be used as the database: {error.strerror}") from None
    try:
        if os.fstat(handle).st_mode & OTHERS:
            raise Misconfigured(f"`{path}` may be read or written by others; run `chmod 600 {path}`")
    finally:
        os.close(handle)


def _tuned(patience: Patience) -> Callable[[sqlite3.Connection, object], None]:
    """What every new connection to SQLite is told."""

    def tune(link: sqlite3.Connection, _record: object) -> None:
        link.isolation_level = None  # Python begins no transaction of its own; `begin` does
        _write_ahead(link, time.monotonic() + patience.lock)
        link.execute("PRAGMA foreign_keys = ON")
        link.execute("PRAGMA synchronous = FULL")  # what was answered survives a power cut
        link.execute("PRAGMA trusted_schema = OFF")

    return tune


def _write_ahead(link: sqlite3.Connection, until: float) -> None:
    """Keep a write-ahead log, so that nobody who reads waits for one who writes; tried until the clock says `until`.

    The change is made once in the life of a file, and is the one thing for which SQLite does not wait by itself.
    """
    while True:
        try:
            (mode,) = link.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise Misconfigured("the database needs a write-ahead log, so a file system of this machine")
