"""What the errors of a database mean here. Neither SQL nor values nor passwords get into a sentence."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import exc

from remit.errors import CouldNotDecide

log = logging.getLogger("remit.adapters")

UNREACHED = "the database is out of reach"
BUSY = "the database is busy; try again"

# what PostgreSQL calls its errors (its manual, appendix A); psycopg is there only where PostgreSQL is
_WAITED_IN_VAIN = ("55P03", "57014", "40P01")  # lock not available, query canceled, deadlock detected
_NOT_LET = ("42501", "42P01")  # insufficient privilege, undefined table
_TAKEN = "23505"  # unique violation
_OUR_OWN = (exc.IntegrityError, exc.DataError, exc.ProgrammingError, exc.NotSupportedError)
_BUSY_CODES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_TAKEN_CODES = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)


_TOLD: ContextVar[bool] = ContextVar("told", default=False)


@contextmanager
def told_already(so: bool) -> Iterator[None]:
    """Keep out of the log, if `so`, what is tried again and again and was in it the first time."""
    before = _TOLD.set(so)
    try:
        yield
    finally:
        _TOLD.reset(before)


@contextmanager
def reaching() -> Iterator[None]:
    """Raises CouldNotDecide for what keeps the database out of reach."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        if found := out_of_reach(error):
            raise found from None
        raise


def out_of_reach(error: BaseException) -> CouldNotDecide | None:
    """What is wrong if the database is to blame: it is away, slow, damaged or full. None for an error of ours."""
    if isinstance(error, exc.TimeoutError):
        log.warning("all connections to the database are in use")
        return CouldNotDecide(BUSY)
    if not isinstance(error, exc.DBAPIError):
        return None
    cause = error.orig
    if isinstance(error, _OUR_OWN) and not (error.connection_invalidated or _state(cause) in _NOT_LET):
        return None
    said = str(cause).partition("\n")[0]  # PostgreSQL's further lines may quote the statement
    level = logging.DEBUG if _TOLD.get() else logging.WARNING
    log.log(level, "the database: %s: %s", type(cause).__name__, said)
    busy = _state(cause) in _WAITED_IN_VAIN or _sqlite_code(cause) & 0xFF in _BUSY_CODES
    return CouldNotDecide(BUSY if busy else UNREACHED)


def is_taken(error: BaseException) -> bool:
    """Is this a row that cannot be there because another one is?"""
    if not isinstance(error, exc.IntegrityError):
        return False
    return _state(error.orig) == _TAKEN or _sqlite_code(error.orig) in _TAKEN_CODES


def _sqlite_code(cause: object) -> int:
    """SQLite's extended result code; 0 for what is not SQLite's."""
    return getattr(cause, "sqlite_errorcode", 0) if isinstance(cause, sqlite3.Error) else 0


def _state(cause: object) -> str | None:
    """PostgreSQL's code; None for what is not PostgreSQL's."""
    return getattr(cause, "sqlstate", None)
