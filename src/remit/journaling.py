"""The journal's part of the composition root: one writer for each process, and what it is told besides operations."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from remit.adapters.db.database import Database
from remit.adapters.journal.book import Book, kept_in
from remit.adapters.journal.committer import Keeping
from remit.adapters.journal.reading import Reader
from remit.adapters.journal.retention import Retention
from remit.adapters.journal.sealer import Sealer
from remit.adapters.journal.seals import Seals
from remit.adapters.journal.signing import signer_in, trusted_in
from remit.adapters.journal.storing import Storing
from remit.adapters.journal_settings import JournalSettings
from remit.adapters.memory import RingJournal
from remit.core.findings import Finding
from remit.core.history import How, Provenance
from remit.core.journal.entries import Kind
from remit.core.policy import revision_of
from remit.service.live import Files, LivePolicy, LiveRevision
from remit.service.operations import Standing
from remit.service.ports import Counts, Journal, Written
from remit.service.recording import MOST_REQUEST, body_of, told_time

MOST_TOLD = 20
"""Findings of a refused policy that are kept; the policy itself is the place to look for the rest."""

WITHIN = "journal"
"""The journal's directory, in the state directory unless the configuration says otherwise."""

SIGNED = 12
"""How often a segment is signed while it grows, if it grows as long as it may."""

MOST_UNKNOWN = 10
"""Calls of nobody knows whom that are kept in a second."""

Note = Callable[[Kind, Mapping[str, Any]], None]


def directory_of(settings: JournalSettings, state: Path) -> Path:
    """Where the journal is."""
    return settings.directory or state / WITHIN


def now() -> str:
    """Now, as the journal writes it."""
    return told_time(time.time_ns() // 1_000)


class Unknown:
    """Keeps that nobody knows who called, as often as a journal can be read: whoever wants to fill it with that cannot.
    What is left out is counted with the next one."""

    def __init__(self, mention: Note, clock: Callable[[], float] = time.monotonic) -> None:
        self._mention, self._clock = mention, clock
        self._until, self._left = 0.0, 0

    def __call__(self, why: str, request: str) -> None:
        """A call was refused, and why."""
        now = self._clock()
        if now < self._until - (MOST_UNKNOWN - 1) / MOST_UNKNOWN:
            self._left += 1
            return
        self._until = max(self._until, now) + 1 / MOST_UNKNOWN
        said: dict[str, Any] = {"why": why} | ({"request": request[:MOST_REQUEST]} if request else {})
        self._mention(Kind.AUTH_FAILED, said | ({"more": self._left} if self._left else {}))
        self._left = 0


class Journaled:
    """The journal of one process: what takes records, what takes anything else that happens, and what reads them and
    those of others (None: nothing is kept)."""

    def __init__(self, book: Book | None, written: Written | None = None) -> None:
        self.written = written
        self.journal: Journal = RingJournal(0) if book is None else book
        self.note: Note = (lambda *_: None) if book is None else book.note
        self.unknown = Unknown((lambda *_: None) if book is None else book.mention)
        self._book = book

    def counts_in(self, counts: Counts) -> None:
        """Count there what becomes of records."""
        if self._book is not None:
            counts.journal = self._book.counted

    def check(self) -> None:
        """Raises NotRecorded if records cannot be written now, and nothing is answered without."""
        if self._book is not None:
            self._book.check()

    def went_live(self, revision: str, came: Provenance | None = None) -> None:
        """A policy is about to answer here."""
        said: dict[str, Any] = {"revision": revision}
        if came is not None:
            told = {"how": came.how, "number": came.number, "author": came.author, "message": came.message}
            said |= {name: value for name, value in told.items() if value}
            said |= {"verified": came.verified} if came.author else {}
        back = came is not None and came.how is How.ROLLED_BACK
        self.note(Kind.ROLLED_BACK if back else Kind.ACTIVATED, said)

    def follows(self, policies: LiveRevision) -> None:
        """Keep what goes live, with what its source tells of it, before it answers."""
        before = policies.going_live

        def going_live(files: Files, came: Provenance) -> None:
            before(files, came)
            self.went_live(revision_of(files), came)

        policies.going_live = going_live
        self.went_live(policies.standing().revision)

    def is_told(self, policies: LivePolicy) -> None:
        """Keep what goes live where another process says so, before it answers."""
        before = policies.went_live

        def went_live(files: Files) -> None:
            before(files)
            self.went_live(revision_of(files))

        policies.went_live = went_live
        self.went_live(policies.standing().revision)

    def heard(self, before: Standing, after: Standing) -> None:
        """The source of policies was looked at: keep what was refused, once."""
        refused = after.refused
        if refused is None or refused == before.refused:
            return
        errors = [_told(each) for each in refused.findings if each.is_error]
        said: dict[str, Any] = {"live": after.revision, "findings": errors[:MOST_TOLD]}
        said |= {"revision": refused.revision} if refused.revision else {}
        self.note(Kind.REJECTED, said | {"faults": list(refused.faults[:MOST_TOLD])})


@contextmanager
def journaling(settings: JournalSettings, state: Path, database: Database | None = None) -> Iterator[Journaled]:
    """While this lasts, this process keeps a journal as the configuration says; what is signed of it is kept in the
    database too, if there is one.

    Raises Misconfigured if it cannot be written or signed.
    """
    if settings.mode == "off":
        yield Journaled(None)
        return
    directory, roll = directory_of(settings, state), settings.roll
    keeping = Keeping(settings.mode == "durable", settings.deny, settings.segment, roll, sign_seconds=roll / SIGNED)
    sealer = sealer_of(settings, directory, state, database)
    try:
        with kept_in(directory, keeping, body_of, now, sealer.finished) as book:
            sealer.start(book.writer, book.note)
            yield Journaled(book, Reader(directory))
    finally:
        sealer.stop()


def sealer_of(settings: JournalSettings, directory: Path, state: Path, database: Database | None) -> Sealer:
    """What looks after closed segments. Raises Misconfigured if there is no key to sign them with."""
    signer = signer_in(state)
    keys = trusted_in(state)
    retention = None if settings.retention is None else Retention(directory, settings.retention, now)
    storing = Storing(directory, keys, None if database is None else database.checkpoints)
    return Sealer(directory, Seals(directory, signer, keys), storing, retention)


def _told(finding: Finding) -> str:
    return f"{finding.place()} {finding.code}"
