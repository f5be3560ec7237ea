"""The catalog in an SQL database: SQLite for one machine, PostgreSQL for more; the same code and meaning for both."""

from __future__ import annotations

from remit.adapters.db.engine import Patience, build_engine
from remit.adapters.db.store import SqlCatalog
from remit.adapters.db.upgrading import bring_up_to_date


def open_catalog(url: str, patience: Patience = Patience()) -> SqlCatalog:  # noqa: B008
    """The catalog in the database at `url`, its tables brought up to date first; close it in the end.

    `url` is `sqlite:////path/to/remit.db` (`sqlite_url` writes it) or `postgresql://user:password@host/database`.
    Raises Misconfigured if there can be no catalog, or it is of a later version of remit; CouldNotDecide if the
    database is out of reach.
    """
    engine = build_engine(url, patience)
    try:
        bring_up_to_date(engine)
    except BaseException:
        engine.dispose()
        raise
    return SqlCatalog(engine)
