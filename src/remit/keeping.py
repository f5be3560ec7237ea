"""Every policy that goes live is kept: in the log of the database, and, if its source is elsewhere, on local disk.

Nobody who decides waits for that, and a database that is away is tried again until it is back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from remit.adapters.db.faults import told_already
from remit.adapters.last_good import LastGood
from remit.core.history import Provenance
from remit.core.policy import revision_of
from remit.errors import Misconfigured, Outdated, RemitError
from remit.following import Source
from remit.service.operations import Standing
from remit.service.revisions import Revisions

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds to wait before trying again, the first time, the second …"""

MOST_WAITING = 100
"""Policies that wait to be kept; of more, the oldest are given up, which is told."""

GOODBYE = 2.0
"""Seconds at the end for what is not kept yet."""

Files = dict[str, bytes]

log = logging.getLogger("remit")


class _Live(NamedTuple):
    files: Files
    came: Provenance
    at: int


class Keeper:
    """Puts what went live into the log, in order, in a thread of its own."""

    def __init__(
        self,
        revisions: Revisions,
        source: str,
        numbered: Callable[[str, int | None], None],
        unkept: Callable[[str], None],
    ) -> None:
        """`numbered` is told the number of a revision, `unkept` why the log lacks what is live, and an empty text once
        it has it."""
        self._revisions = revisions
        self._source = source
        self._numbered = numbered
        self._unkept = unkept
        self._waiting: deque[_Live] = deque()
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="policy log", daemon=True)
        self._thread.start()

    def live(self, files: Files, came: Provenance, at: int) -> None:
        """These files went live at an instant. Returns at once."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                dropped = self._waiting.popleft()
                log.error("revision %s will be missing in the log", revision_of(dropped.files)[:12])
            self._waiting.append(_Live(files, came, at))
            self._changed.notify()

    def close(self) -> None:
        """Keep what waits if that takes no time, and end."""
        until = time.monotonic() + GOODBYE
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting, max(0.0, until - time.monotonic()))
            self._stop.set()
            self._changed.notify()

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stop.is_set())
                if self._stop.is_set():
                    return
                one = self._waiting[0]
            self._keep(one)
            with self._changed:
                if self._waiting and self._waiting[0] is one:
                    self._waiting.popleft()
                self._changed.notify_all()

    def _keep(self, one: _Live) -> None:
        """Put one into the log, however long that takes."""
        failed = 0
        while True:
            try:
                with told_already(failed > 0):
                    number = noted(self._revisions, one.files, one.came, self._source, one.at)
                break
            except Exception as error:
                why = _why(error)
                if failed == 0:
                    log.warning("what is live is not in the log yet: %s; trying again", why)
                self._unkept(why)
                if self._stop.wait(PAUSES[min(failed, len(PAUSES) - 1)]):
                    return
                failed += 1
        if failed:
            log.warning("what is live is in the log again, as number %d", number)
        self._unkept("")
        self._numbered(revision_of(one.files), number)


def noted(revisions: Revisions, files: Files, came: Provenance, source: str, at: int) -> int:
    """The number of the activation of these files; a new line, unless the latest one says the same already: somebody
    started again, or several follow one source.

    Raises CouldNotDecide if the database is out of reach.
    """
    revision = revision_of(files)
    told = Provenance(
        came.how, _plain(came.author), came.verified, _plain(came.message), came.plan, came.commit, came.number
    )
    while True:
        last = revisions.latest()
        if last is not None and (last.revision, last.source) == (revision, source):
            return last.number
        try:
            return revisions.activate(files, told, source, at, after=last.number if last else 0).number
        except Outdated:
            continue


class Kept:
    """A source whose policies are kept when they have gone live: by the keeper unless they come from the log, and as
    the last good one if there is a file for it."""

    def __init__(
        self,
        source: Source | None,
        standing: Callable[[], Standing],
        keeper: Keeper | None,
        last_good: LastGood | None = None,
    ) -> None:
        self._source = source
        self._standing = standing
        self._keeper = keeper
        self._last_good = last_good
        self._unwritten = False
        self._number: int | None = None

    def __str__(self) -> str:
        return str(self._source)

    def wake(self) -> None:
        """Look at the source at once."""
        if self._source is not None:
            self._source.wake()

    def follow(
        self, stop: threading.Event, offer: Callable[[Files, Provenance], None], lost: Callable[[str], None]
    ) -> None:
        """As the source does, and keep what is live then."""

        def kept(files: Files, came: Provenance) -> None:
            before = self._standing()
            offer(files, came)
            after = self._standing()
            if after.revision != before.revision:
                self._log(files, came, after.since)
            elif (self._unwritten or came.number != self._number) and after.refused is None:
                self.going_live(files, came)
            elif self._last_good is not None and not self._unwritten:
                self._last_good.confirm()

        assert self._source is not None
        self._source.follow(stop, kept, lost)

    def first(self, files: Files, came: Provenance, at: int, on_disk: bool) -> None:
        """These files are what a server begins with: to be put on disk unless they are there, and in the log."""
        if not on_disk:
            self.going_live(files, came)
        self._log(files, came, at)

    def _log(self, files: Files, came: Provenance, at: int) -> None:
        """These files went live: in the log if they do not come from there."""
        if self._keeper is not None and came.number is None:
            self._keeper.live(files, came, at)

    def going_live(self, files: Mapping[str, bytes], came: Provenance) -> None:
        """Put what goes live on disk, before it answers: whoever is killed then must not begin with an older policy.
        Until that succeeds an older one is there, and stays as old as it is."""
        if self._last_good is None:
            return
        failed, self._unwritten = self._unwritten, True
        try:
            self._last_good.write(files, came)
            self._unwritten, self._number = False, came.number
        except Misconfigured as error:
            if not failed:
                log.warning("the last good policy could not be put on disk: %s; trying again", error)


def _plain(text: str) -> str:
    """A text of a commit without what no database keeps."""
    return "".join("\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)


def _why(error: Exception) -> str:
    """What keeps a policy out of the log, for people."""
    if isinstance(error, RemitError):
        return str(error)
    log.error("a fault kept a policy out of the log", exc_info=error)
    return "a fault, which the server's log has"
