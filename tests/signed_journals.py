"""Journals to verify: written, signed, compressed and stored as a server does it, and then changed by somebody."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from remit.adapters.db.checkpoints import SqlCheckpoints
from remit.adapters.db.database import Database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.journal.book import event, words_by
from remit.adapters.journal.compressing import compress
from remit.adapters.journal.layout import segments
from remit.adapters.journal.ledger import Closed, Ledger, open_ledger
from remit.adapters.journal.seals import Seals
from remit.adapters.journal.signing import signer_in, trusted_in
from remit.adapters.journal.storing import Storing
from remit.adapters.journal.verifying import verified
from remit.core.journal.chain import START, leaf, line_of
from remit.core.journal.entries import Kind
from remit.core.journal.merkle import root_of
from remit.core.journal.notes import Key
from remit.core.journal.verifying import Notice, Tally

TIME = "2026-11-30T12:00:00.000000Z"


def body(number: int, time: str = TIME) -> bytes:
    """What a record says, as long as one of a real decision."""
    return event(time, Kind.DECISION, {"op": "evaluate", "number": number, "revision": "5" * 64, "pad": "x" * 250})


class World:
    """A journal below one directory, its state, and its database."""

    def __init__(self, root: Path) -> None:
        self.state, self.directory = root / "state", root / "journal"
        self.database = Database(sqlite_url(root / "remit.db"))
        self.time = TIME
        self._numbers = 0

    @property
    def stored(self) -> SqlCheckpoints:
        return self.database.checkpoints

    def seals(self) -> Seals:
        return Seals(self.directory, signer_in(self.state), trusted_in(self.state))

    def writes(self, ledger: Ledger, lines: int) -> None:
        """Append lines to the growing segment."""
        self._numbers += lines
        ledger.append([body(self._numbers - each, self.time) for each in range(lines)], durable=True)

    def closes(self, ledger: Ledger) -> Closed:
        """End the growing segment, sign and compress it."""
        closed = ledger.close(words_by(lambda: self.time).closed)
        self.seals().sign(closed)
        compress(closed.path)
        return closed

    def stores(self, writer: str) -> None:
        """Have what was signed in the database."""
        assert Storing(self.directory, trusted_in(self.state), self.stored).all_of(writer, quiet=False)

    def made(self, sizes: Sequence[int] = (4, 6, 5), growing: int = 3) -> str:
        """A writer with closed segments of so many records, and one that grows; its name."""
        ledger = open_ledger(self.directory)
        for size in sizes:
            self.writes(ledger, size)
            self.closes(ledger)
        if growing:
            self.writes(ledger, growing)
        ledger.release()
        self.stores(ledger.writer)
        return ledger.writer

    def file(self, writer: str, number: int) -> Path:
        """The segment with this place among those that are there, from 0."""
        return segments(self.directory, writer)[number].path

    def found(
        self, database: bool = True, keys: Sequence[Key] | None = None, since: int | None = None
    ) -> tuple[list[Notice], list[Notice], list[Tally]]:
        """What verifying finds: faults, what is worth knowing, and what there is."""
        trusted = trusted_in(self.state) if keys is None else keys
        all_of_it = list(verified(self.directory, trusted, self.stored if database else None, since, lambda *_: None))
        notices = [each for each in all_of_it if isinstance(each, Notice)]
        return (
            [each for each in notices if each.broken],
            [each for each in notices if not each.broken],
            [each for each in all_of_it if isinstance(each, Tally)],
        )


def lines_of(path: Path) -> list[bytes]:
    """The lines of a segment, with their line feeds."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [line + b"\n" for line in data.split(b"\n")[:-1]]


def rewrite(path: Path, change: Callable[[list[bytes]], Iterable[bytes]]) -> None:
    """Put other lines in the place of those of a segment."""
    data = b"".join(change(lines_of(path)))
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def forged(writer: str, first: int, bodies: Sequence[bytes], prev: str = START) -> list[bytes]:
    """Lines in a chain of their own, with their line feeds, closed as a segment is: without the key, all of it can be
    computed."""
    lines, leaves = [], []
    for number, each in enumerate(bodies):
        line = line_of(prev, writer, first + number, each)
        leaves.append(leaf(line))
        prev = leaves[-1].hex()
        lines.append(line + b"\n")
    closing = event(TIME, Kind.CLOSED, {"lines": len(lines), "root": root_of(leaves).hex()})
    return [*lines, line_of(prev, writer, first + len(lines), closing) + b"\n"]
