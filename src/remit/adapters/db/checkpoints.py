"""What was signed of the journal, in an SQL database: kept for good, and read in the order of the lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Engine, select, tuple_

from remit.adapters.db.journal_tables import journal_checkpoints as table
from remit.adapters.db.transaction import Transaction, transaction

PAGE = 500
"""Rows that are read at a time."""

_ORDER = (table.c.first, table.c.size)


class Stored(NamedTuple):
    """One checkpoint: whose, of the segment that begins with which line, over how many of its lines, when it was signed
    (microseconds since 1970, UTC), and the note as it was signed."""

    writer: str
    first: int
    size: int
    at: int
    note: bytes


class SqlCheckpoints:
    """Checkpoints of any number of writers; for any number of threads. Each method raises CouldNotDecide if the
    database is out of reach."""

    def __init__(self, engine: Engine, ready: Callable[[], None] = lambda: None) -> None:
        """`ready` sees to it before each work that the table is there."""
        self._engine = engine
        self._ready = ready

    def keep(self, rows: Sequence[Stored]) -> list[Stored]:
        """Keep these. What is there already stays; those come back that say something else than what is there."""
        other = []
        with self._work(write=True) as work:
            work.claim(sorted({("journal", row.writer) for row in rows}))
            for row in rows:
                same = (table.c.writer == row.writer, table.c.first == row.first, table.c.size == row.size)
                there = work.read(select(table.c.note).where(*same))
                if not there:
                    work.write(table.insert(), row._asdict())
                elif _text(bytes(there[0].note)) != _text(row.note):
                    other.append(row)
        return other

    def latest(self, writer: str) -> tuple[int, int]:
        """The segment and the size of the latest one of a writer; zeros if there is none."""
        found = select(*_ORDER).where(table.c.writer == writer).order_by(*(each.desc() for each in _ORDER)).limit(1)
        with self._work() as work:
            rows = work.read(found)
        return (rows[0].first, rows[0].size) if rows else (0, 0)

    def writers(self) -> list[str]:
        """All writers of which anything was signed, in order."""
        with self._work() as work:
            return [row.writer for row in work.read(select(table.c.writer).distinct().order_by(table.c.writer))]

    def of(self, writer: str) -> Iterator[Stored]:
        """All of a writer, in the order of segments and sizes; a page in memory at a time."""
        last = (0, 0)
        found = select(table).where(table.c.writer == writer).order_by(*_ORDER).limit(PAGE)
        while True:
            with self._work() as work:
                rows = work.read(found.where(tuple_(*_ORDER) > last))
            for row in rows:
                yield Stored(row.writer, row.first, row.size, row.at, bytes(row.note))
            if len(rows) < PAGE:
                return
            last = (rows[-1].first, rows[-1].size)

    @contextmanager
    def _work(self, write: bool = False) -> Iterator[Transaction]:
        self._ready()
        with transaction(self._engine, write) as work:
            yield work


def _text(note: bytes) -> bytes:
    """What is signed in a note, whoever signed it."""
    return note.rpartition(b"\n\n")[0]
