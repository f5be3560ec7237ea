"""What was live when, and what was signed of the journal, for who only looks: nothing is made, upgraded or locked, also
beside a server that runs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, inspect, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from remit.adapters.db.checkpoints import SqlCheckpoints
from remit.adapters.db.engine import build_engine, sqlite_url
from remit.adapters.db.faults import reaching
from remit.adapters.db.journal_tables import journal_checkpoints
from remit.adapters.db.policy_tables import policy_activations
from remit.adapters.db.revisions import SqlRevisions
from remit.errors import Misconfigured

_WHERE = "REMIT_DATABASE_URL and --state say where it is, as for the server"


def past_revisions(url: str | None, state: Path) -> SqlRevisions:
    """The revisions in the database at an address; None: in that of the state directory. Nothing is connected yet.

    Raises Misconfigured if there is no such database. Each of its methods does too if no policy was ever kept in it,
    and CouldNotDecide if it is out of reach.
    """
    engine = _engine(url or sqlite_url(state / "remit.db"))
    return SqlRevisions(engine, _ready(engine, policy_activations.name, "the database keeps no policy"))


def past_checkpoints(url: str | None, state: Path) -> SqlCheckpoints:
    """What was signed of the journal, as the same database has it. Raises as `past_revisions`."""
    engine = _engine(url or sqlite_url(state / "remit.db"))
    return SqlCheckpoints(engine, _ready(engine, journal_checkpoints.name, "the database has nothing of a journal"))


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return build_engine(url)  # which says what is wrong
    if not parsed.drivername.startswith("sqlite") or not parsed.database:
        return build_engine(url)
    path = Path(parsed.database)
    if not path.is_file():
        raise Misconfigured(f"there is no database `{path}`, so nothing is known of what was live or signed; {_WHERE}")
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    opened = lambda: sqlite3.connect(address, uri=True, timeout=5.0, check_same_thread=False)  # noqa: E731
    return create_engine("sqlite://", creator=opened, poolclass=NullPool, hide_parameters=True)


def _ready(engine: Engine, table: str, lacks: str) -> Callable[[], None]:
    """Looks once whether such things are kept there."""
    looked = False

    def ready() -> None:
        nonlocal looked
        if looked:
            return
        with reaching():
            there = inspect(engine).has_table(table)
        if not there:
            raise Misconfigured(f"{lacks}; {_WHERE}")
        looked = True

    return ready
