"""The catalog in an SQL database, behind the port."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, literal, select, union_all

from remit.adapters.db.assets import Assets
from remit.adapters.db.queries import among
from remit.adapters.db.tables import assets, workspaces
from remit.adapters.db.transaction import transaction
from remit.adapters.db.units import Units
from remit.adapters.db.workspaces import Workspaces
from remit.adapters.values import kept_among
from remit.service.ports import Named, Work

WORKLOAD = "workload"
"""The kind of every workspace, in the policy's words."""


class SqlWork(Assets, Workspaces, Units):
    """One transaction over the catalog. Lock assets first, then workspaces, then claim names, then
    ask for new numbers of scopes.

    Every method raises CouldNotDecide if the database is out of reach or keeps one waiting too long. Whatever a method
    raises, the transaction is void then: each further method raises the same, and so does leaving in peace.
    """

    def claim(self, names: Collection[Named]) -> None:
        """Have names to oneself: after locking rows, before asking for new numbers. On PostgreSQL one query."""
        self._transaction.claim(names)

    def homes(self, ids: Collection[str]) -> dict[str, tuple[str, str]]:
        """Kind and scope of these assets and workspaces, as far as there are any. One query."""
        if not (known := kept_among(ids)):
            return {}
        found = union_all(
            select(assets.c.id, assets.c.kind, assets.c.scope).where(among(self._dialect, assets.c.id, known)),
            select(workspaces.c.id, literal(WORKLOAD).label("kind"), workspaces.c.scope).where(
                among(self._dialect, workspaces.c.id, known)
            ),
        )
        return {row.id: (row.kind, row.scope) for row in self._transaction.read(found)}


class SqlCatalog:
    """A catalog whose tables are up to date (`open_catalog`); for any number of threads."""

    def __init__(self, engine: Engine, ready: Callable[[], None] = lambda: None) -> None:
        """`ready` sees to it before each work that the tables are up to date."""
        self.engine = engine
        self._ready = ready

    @contextmanager
    def work(self, write: bool = True) -> Iterator[Work]:
        """A transaction: committed when its block is left in peace, undone when it raises. One that does not `write`
        locks nothing, holds up nobody, and sees everything as it was at its first look.

        Raises CouldNotDecide if the catalog is out of reach; then nothing happened, unless the connection broke in the
        very moment of committing: then nobody can tell.
        """
        self._ready()
        with transaction(self.engine, write) as found:
            yield SqlWork(found)

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()
