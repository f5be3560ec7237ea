"""What was signed, stored in the database too: in order, and as often as it takes."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from remit.adapters.db.checkpoints import SqlCheckpoints, Stored
from remit.adapters.db.faults import told_already
from remit.adapters.journal import checkpoints
from remit.adapters.journal.layout import writers
from remit.core.journal.notes import Key
from remit.errors import CouldNotDecide, JournalDamaged

BATCH = 200
"""Checkpoints that are stored in one transaction."""

log = logging.getLogger("remit")


class Storing:
    """Stores what is signed below one directory, of the writers that it is told of; `keys` are those that are trusted.
    Where nothing is `stored`, all is well."""

    def __init__(self, directory: Path, keys: Sequence[Key], stored: SqlCheckpoints | None) -> None:
        self._directory, self._keys, self._stored = directory, tuple(keys), stored
        self._marks: dict[str, tuple[int, int]] = {}
        self._writers: set[str] | None = None

    def concerns(self, writer: str) -> None:
        """Something new was signed of this writer."""
        if self._writers is not None:
            self._writers.add(writer)

    def all_of(self, writer: str, quiet: bool) -> bool:
        """Store what is not stored yet of this writer and of those that were told of; the first time, of all.

        False if the database is out of reach, which is not told if `quiet`. Raises nothing.
        """
        if self._stored is None:
            return True
        try:
            found = set(writers(self._directory)) if self._writers is None else self._writers
            with told_already(quiet):
                for name in sorted(found | {writer}):
                    self._one(self._stored, name)
        except (CouldNotDecide, SQLAlchemyError, OSError) as error:
            if not quiet:
                log.warning("what is signed of the journal is not in the database yet: %s", error)
            return False
        self._writers = set()
        return True

    def _one(self, stored: SqlCheckpoints, writer: str) -> None:
        """Store what came after the latest that is stored."""
        if writer not in self._marks:
            self._marks[writer] = stored.latest(writer)
        rows: list[Stored] = []
        for row in self._rows(writer, self._marks[writer]):
            rows.append(row)
            if len(rows) == BATCH:
                self._keep(stored, rows)
                rows = []
        self._keep(stored, rows)

    def _keep(self, stored: SqlCheckpoints, rows: Sequence[Stored]) -> None:
        if not rows:
            return
        for row in stored.keep(rows):
            said = "THE JOURNAL IS DAMAGED: the database has something else of segment %d of `%s`; run %s"
            log.error(said, row.first, row.writer, "`remit journal verify`")
        self._marks[rows[-1].writer] = (rows[-1].first, rows[-1].size)

    def _rows(self, writer: str, mark: tuple[int, int]) -> Iterator[Stored]:
        now = time.time_ns() // 1_000
        for first, path in checkpoints.files(self._directory, writer).items():
            if first < mark[0]:
                continue
            try:
                found = checkpoints.read(path, writer, first, self._keys)
            except JournalDamaged as error:
                log.error("THE JOURNAL IS DAMAGED: `%s`: %s; run `remit journal verify`", path, error)
                continue
            if found is not None and (first, found.checkpoint.size) > mark:
                yield Stored(writer, first, found.checkpoint.size, now, found.note)
