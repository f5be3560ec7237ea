"""One database, and what it keeps: the catalog, what was live when, and what was signed of the journal."""

from __future__ import annotations

import threading

from remit.adapters.db.checkpoints import SqlCheckpoints
from remit.adapters.db.engine import Patience, build_engine
from remit.adapters.db.revisions import SqlRevisions
from remit.adapters.db.store import SqlCatalog
from remit.adapters.db.upgrading import bring_up_to_date
from remit.errors import CouldNotDecide, Misconfigured


class Database:
    """The database at an address. Nothing is connected, and no table made, before it is first used: a server whose
    policy is at hand starts and decides while its database is away."""

    def __init__(self, url: str, patience: Patience = Patience()) -> None:  # noqa: B008
        """Raises Misconfigured if `url` names no database that remit can use (`build_engine`)."""
        self.url = url
        self.engine = build_engine(url, patience)
        self.catalog = SqlCatalog(self.engine, self._ready)
        self.revisions = SqlRevisions(self.engine, self._ready)
        self.checkpoints = SqlCheckpoints(self.engine, self._ready)
        self._prepared = False
        self._one_at_a_time = threading.Lock()

    def prepare(self) -> None:
        """Bring the tables up to date, once. Raises Misconfigured if that cannot be, CouldNotDecide if the database is
        out of reach."""
        if self._prepared:
            return
        with self._one_at_a_time:
            if not self._prepared:
                bring_up_to_date(self.engine)
                self._prepared = True

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()

    def _ready(self) -> None:
        """As `prepare`, for what is in the middle of something. Raises CouldNotDecide."""
        try:
            self.prepare()
        except Misconfigured as error:
            raise CouldNotDecide(str(error)) from None
