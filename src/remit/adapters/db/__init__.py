"""What is kept in an SQL database: SQLite for one machine, PostgreSQL for more; the same code and meaning for both."""

from __future__ import annotations

from remit.adapters.db.database import Database
from remit.adapters.db.engine import Patience
from remit.adapters.db.store import SqlCatalog


def open_catalog(url: str, patience: Patience = Patience()) -> SqlCatalog:  # noqa: B008
    """The catalog in the database at `url`, its tables brought up to date first; close it in the end.

    `url` is `sqlite:////path/to/remit.db` (`sqlite_url` writes it) or `postgresql://user:password@host/database`.
    Raises Misconfigured if there can be no catalog, or it is of a later version of remit; CouldNotDecide if the
    database is out of reach.
    """
    return open_database(url, patience).catalog


def open_database(url: str, patience: Patience = Patience()) -> Database:  # noqa: B008
    """The database at `url` with all that it keeps; otherwise as `open_catalog`."""
    database = Database(url, patience)
    try:
        database.prepare()
    except BaseException:
        database.close()
        raise
    return database
