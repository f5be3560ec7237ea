"""What was live when, in an SQL database, behind the port."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, Row, Select, func, select

from remit.adapters.activations import activation, outdated, unfit, unknown
from remit.adapters.db.policy_tables import policy_activations, policy_revisions
from remit.adapters.db.transaction import Transaction, transaction
from remit.adapters.policy_archive import Damaged, packed, unpacked
from remit.adapters.values import storable
from remit.core.history import Activation, How, Provenance
from remit.core.policy import revision_of
from remit.errors import NotFound

CHANNEL = "remit_policy"
"""Where PostgreSQL tells of a new activation: its number."""

_LOCK = ("policy", "activation")
_LATEST = select(policy_activations).order_by(policy_activations.c.number.desc())

log = logging.getLogger("remit.adapters")


class SqlRevisions:
    """Policies and the log of their activations; for any number of threads."""

    def __init__(self, engine: Engine, ready: Callable[[], None] = lambda: None) -> None:
        """`ready` sees to it before each work that the tables are up to date."""
        self._engine = engine
        self._ready = ready

    def activate(
        self, files: Mapping[str, bytes], came: Provenance, source: str, at: int, after: int | None = None
    ) -> Activation:
        """Keep a policy and that it went live, in one transaction that has the log to itself.

        Raises Outdated, RequestInvalid for text that cannot be kept, CouldNotDecide if the database is out of reach or
        what it keeps of this revision is damaged.
        """
        archive, revision = packed(files), revision_of(files)
        with self._work(write=True) as work:
            work.claim([_LOCK])
            last = _first(work, _LATEST)
            if after is not None and after != (last.number if last else 0):
                work.void(outdated(last))
            made = activation(last, revision, came, source, at)
            if (kept := _archive(work, revision)) is None:
                work.write(policy_revisions.insert(), {"revision": revision, "archive": archive})
            else:
                _unfolded(revision, kept)
            work.write(policy_activations.insert(), _row(made))
            if work.dialect == "postgresql":
                work.read(select(func.pg_notify(CHANNEL, str(made.number))))
        return made

    def latest(self) -> Activation | None:
        """The latest line of the log."""
        with self._work() as work:
            return _first(work, _LATEST)

    def latest_of(self, revision: str) -> Activation | None:
        """The latest line of the log that is about this revision."""
        if not storable(revision):
            return None
        with self._work() as work:
            return _first(work, _LATEST.where(policy_activations.c.revision == revision))

    def files(self, revision: str) -> dict[str, bytes]:
        """The files of a revision, hashed again. Raises NotFound, and CouldNotDecide if they are not what they were."""
        kept = None
        if storable(revision):
            with self._work() as work:
                kept = _archive(work, revision)
        if kept is None:
            raise NotFound(unknown(revision))
        return _unfolded(revision, kept)

    def history(self, before: int | None, limit: int) -> tuple[Activation, ...]:
        """Lines of the log, the latest first."""
        found = _LATEST if before is None else _LATEST.where(policy_activations.c.number < before)
        with self._work() as work:
            return tuple(_activation_of(row) for row in work.read(found.limit(max(limit, 0))))

    @contextmanager
    def _work(self, write: bool = False) -> Iterator[Transaction]:
        self._ready()
        with transaction(self._engine, write) as work:
            yield work


def _first(work: Transaction, found: Select[Any]) -> Activation | None:
    rows = work.read(found.limit(1))
    return _activation_of(rows[0]) if rows else None


def _archive(work: Transaction, revision: str) -> bytes | None:
    rows = work.read(select(policy_revisions.c.archive).where(policy_revisions.c.revision == revision))
    return bytes(rows[0].archive) if rows else None


def _unfolded(revision: str, archive: bytes) -> dict[str, bytes]:
    """The files in an archive. Raises CouldNotDecide unless they are those of the revision."""
    try:
        files, _ = unpacked(archive)
        if revision_of(files) != revision:
            raise Damaged("it holds another revision")
    except Damaged as error:
        log.error("the database keeps revision %s damaged: %s", revision, error)
        raise unfit(revision) from None
    return files


def _row(made: Activation) -> dict[str, Any]:
    row = made._asdict()
    return {**row, "how": made.how.value, "git_commit": row.pop("commit")}


def _activation_of(row: Row[Any]) -> Activation:
    return Activation(
        row.number,
        row.revision,
        row.parent,
        row.at,
        row.source,
        How(row.how),
        row.author,
        row.verified,
        row.message,
        row.plan,
        row.git_commit,
    )
