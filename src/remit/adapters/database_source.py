"""The database as the source of policies: the latest line of its log says what is to be live.

Asked every so often, and at once when the database tells. The log only grows: one that went back, or tells another
story than before, is of another database or an older copy of it, and nothing of it goes live.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import NamedTuple

from remit.adapters.db.database import Database
from remit.adapters.db.faults import told_already
from remit.adapters.db.listening import listen, listens
from remit.core.history import Activation, Provenance
from remit.errors import CouldNotDecide, Misconfigured, NotFound, Outdated

NAME = "the database"

Files = dict[str, bytes]

log = logging.getLogger("remit.adapters")


class Line(NamedTuple):
    """A line of the log as one remembers it: its number, and the revision that it is about."""

    number: int
    revision: str


class DatabaseSource:
    """The log of activations in a database, followed. One thread looks; any may wake it."""

    def __init__(self, database: Database, poll: float, known: Line | None = None) -> None:
        """`poll` is in seconds; `known` is a line that the log must have, if any was seen before."""
        self._database = database
        self._revisions = database.revisions
        self._poll = poll
        self._known = known
        self._held: tuple[Files, Provenance] | None = None
        self._woken = threading.Event()

    def __str__(self) -> str:
        return NAME

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    def look(self) -> tuple[Files, Provenance] | None:
        """What is to be live; None if the log is empty and always was.

        Raises CouldNotDecide if the database is out of reach or keeps it damaged, Misconfigured if its log is another
        one than before.
        """
        last = self._revisions.latest()
        if self._held is None or last is None or (last.number, last.revision) != self._known:
            self._check(last)
            if last is None:
                return None
            files = self._revisions.files(last.revision)
            self._held = files, told_by(last)
            self._known = Line(last.number, last.revision)
        return self._held

    def seed(self, files: Files, source: str, at: int) -> tuple[Files, Provenance]:
        """Let these files be the first in an empty log; what is to be live then, which is another's if it was faster.

        Raises as `look`.
        """
        try:
            self._revisions.activate(files, Provenance(), source, at, after=0)
        except Outdated:
            log.warning("another server was faster to put the first policy into the database; that one counts")
        found = self.look()
        assert found is not None
        return found

    def follow(
        self, stop: threading.Event, offer: Callable[[Files, Provenance], None], lost: Callable[[str], None]
    ) -> None:
        """Until told to stop, `offer` what the log says is to be live, the very same files as long as it says the same,
        and say each time that it cannot be known why."""
        if listens(self._database.url):
            ear = threading.Thread(
                target=listen, args=(self._database.url, stop, self.wake), name="policy ear", daemon=True
            )
            ear.start()
        failed = False
        while not stop.is_set():
            self._woken.clear()
            try:
                with told_already(failed):
                    found = self.look()
                if found is None:
                    raise Misconfigured("the database holds no policy")
                failed = False
                offer(*found)
            except Exception as error:
                if stop.is_set():
                    return
                failed = True
                lost(_why(error))
            self._woken.wait(self._poll)

    def _check(self, last: Activation | None) -> None:
        """Raises Misconfigured unless the log has the line that is known."""
        if self._known is None:
            return
        number, revision = self._known
        there = self._revisions.history(number + 1, 1) if last is not None else ()
        if not there or (there[0].number, there[0].revision) != self._known:
            raise Misconfigured(
                f"the database's log lacks number {number}, revision {revision[:12]}, which was live here:"
                " it is another database, or an older copy; to go on with it, stop, remove `last-good` from the state"
                " directory, and start"
            )


def told_by(line: Activation) -> Provenance:
    """What a line of the log tells of its policy."""
    return Provenance(line.how, line.author, line.verified, line.message, line.plan, line.commit, line.number)


def _why(error: Exception) -> str:
    """What keeps the database from being read, for people."""
    if isinstance(error, CouldNotDecide | Misconfigured | NotFound):
        return str(error)
    log.exception("the database could not be followed; trying again")
    return "a fault kept the database from being read; the server's log has it"
