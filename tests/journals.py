"""Journals as a decision point writes them: a real gate over a policy, at the time a test says, and a real book."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from remit.adapters.db import open_database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.journal.book import Book, kept_in
from remit.adapters.journal.committer import Keeping
from remit.bootstrap import handlers
from remit.core.history import Provenance
from remit.core.model import Actor
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import parse_instant
from remit.errors import NotAllowed
from remit.service.gate import Gate
from remit.service.live import LivePolicy
from remit.service.operations import Asked, Evaluate
from remit.service.recording import body_of, told_time
from server import CALLER

SECRET = b"s" * 32
TESTS = Actor(CALLER)
"""Whom `server.with_caller` lets ask anything."""


class Recorded:
    """A decision point whose policy and clock a test sets, and what it writes down."""

    def __init__(self, book: Book) -> None:
        self.at = 0
        self._book = book
        self._gate: Gate | None = None

    def live(self, files: Mapping[str, bytes]) -> Recorded:
        """Decide by these files from now on."""
        live = LivePolicy(Snapshot(read_policy(files)))
        self._gate = Gate(live, self._book, lambda: self.at * 1_000, handlers(SECRET, live))
        return self

    def asks(self, when: str, *operations: Any, actor: Actor = TESTS) -> list[Any]:
        """Perform operations, all at one time; what is not allowed is None."""
        self.at = parse_instant(when)
        gate = self._gate
        assert gate is not None

        async def every() -> list[Any]:
            found = []
            for operation in operations:
                try:
                    found.append(await gate.perform(actor, operation))
                except NotAllowed:
                    found.append(None)
            return found

        return asyncio.run(every())


def about(subject: str, action: str, resource: str = "environment", **more: Any) -> Evaluate:
    """One question."""
    kind, _, id = resource.partition(":")
    return Evaluate(Asked(subject, action, kind, id or "new", **more))


@contextmanager
def recording(directory: Path) -> Iterator[Recorded]:
    """While this lasts, what is asked is recorded below a directory."""
    made: list[Recorded] = []
    clock = lambda: told_time(made[0].at) if made else "2026-01-01T00:00:00.000000Z"  # noqa: E731
    with kept_in(directory, Keeping(False, True), body_of, clock, lambda _: None) as book:
        made.append(Recorded(book))
        yield made[0]


def lived(state: Path, policies: Iterable[tuple[str, Mapping[str, bytes]]]) -> None:
    """Policies that went live one after the other, as the database of a state directory keeps them."""
    database = open_database(sqlite_url(state / "remit.db"))
    try:
        revisions = database.revisions
        for when, files in policies:
            revisions.activate(
                files, Provenance(author="user:ida", message=f"since {when}"), "test", parse_instant(when)
            )
    finally:
        database.close()
