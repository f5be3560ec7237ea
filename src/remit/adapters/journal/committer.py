"""Group commit: what is to be written at the same time is written together, and waits for the disk once.

One thread writes. Whoever wants something written hands it over and, where the journal has to be durable, waits until
it is on disk. A failure fails all that wait; the next try begins by putting the file's end in order.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, NamedTuple

from remit.adapters.journal.blocks import too_long
from remit.adapters.journal.ledger import Closed, Ledger
from remit.adapters.journal.settling import Waiting, refusal, settle
from remit.errors import NotRecorded

PAUSE = 0.25
"""Seconds after a failure in which nothing is tried; whoever comes meanwhile fails at once."""

PATIENCE = 5.0
"""Seconds that the disk may take for one group; then nobody waits for it any more."""

GATHER, REST = 0.0005, 0.01
"""Seconds in which others may join a group before it is written: where there were several just now, so that who is
alone waits for the disk only; and where nobody waits."""

GROUP = 1_000
"""Records that are written together at most."""

ROOM = 100_000
"""Records that may wait."""

log = logging.getLogger("remit")


class Keeping(NamedTuple):
    """How the journal is kept: whether answers wait for the disk, whether they are denied if it fails, how many bytes
    and seconds a segment grows, how many seconds what is written may be without being on disk, and how many what is on
    disk without being signed."""

    durable: bool
    deny: bool
    segment_bytes: int = 64 * 1024 * 1024
    segment_seconds: float = 3_600.0
    sync_seconds: float = 1.0
    sign_seconds: float = 300.0


class Lost(NamedTuple):
    """What could not be written: how many records, from when on (nanoseconds since 1970, UTC), and why."""

    number: int
    since: int
    cause: str


class Told(NamedTuple):
    """What the journal says of itself, as the body of a line: that records were lost, that a segment is closed, and
    that something was cut off after a crash."""

    lost: Callable[[Lost, bool], bytes]
    closed: Callable[[int, bytes], bytes]
    trimmed: Callable[[Any], bytes]


class Committer:
    """Writes to one ledger, in a thread. `finished` is told there of each segment that is closed, and from time to time
    of the one that grows; it is quick."""

    def __init__(self, ledger: Ledger, keeping: Keeping, told: Told, finished: Callable[[Closed], None]) -> None:
        self.writer = ledger.writer
        self._ledger, self._keeping, self._told, self._finished = ledger, keeping, told, finished
        self._turn, self._over = threading.Condition(), threading.Event()
        self._waiting: list[tuple[bytes, Waiting | None]] = []
        self._writing: list[tuple[bytes, Waiting | None]] = []
        self._since = self._opened_at = self._signed_at = self._synced_at = time.monotonic()
        self._signed = 0
        self._stopped = self._busy = self._stuck = self._unsynced = self._crowded = False
        self._lost: Lost | None = None
        self._down, self._failed_at = "", 0.0
        self.counted: dict[str, int] = {"kept": 0, "lost": 0}
        self._threads = [threading.Thread(target=each, name="journal", daemon=True) for each in (self._run, self._look)]

    def start(self) -> None:
        """Begin to write. Raises OSError if that cannot be done: then nothing was begun."""
        if self._ledger.torn is not None:
            self._ledger.append([self._told.trimmed(self._ledger.torn)], durable=True)
        for thread in self._threads:
            thread.start()

    def put(self, body: bytes) -> asyncio.Future[None] | None:
        """Have this written. On an event loop; what comes back, if anything, is to be awaited before an answer leaves.

        It raises NotRecorded, or this does, if there must be no answer.
        """
        found = asyncio.get_running_loop().create_future() if self._keeping.durable else None
        self._take(body, found)
        return found

    def put_and_wait(self, body: bytes) -> None:
        """Have this written, and wait for it if answers do. In a thread. Raises NotRecorded."""
        found: Future[None] | None = Future() if self._keeping.durable else None
        self._take(body, found)
        if found is not None:
            found.result()

    def mention(self, body: bytes) -> None:
        """Have this written, and wait for nothing; whether it can be or not, nothing depends on it."""
        with suppress(NotRecorded):
            self._take(body, None)

    def check(self) -> None:
        """Raises NotRecorded if it cannot be written now, and there must be no answer without."""
        if self._keeping.deny and (self._down or self._stuck):
            raise refusal(self._down or "the disk does not answer")

    def stop(self) -> None:
        """Write all that waits, end the segment, and let others go on. Nothing may be put any more."""
        with self._turn:
            self._stopped = True
            self._turn.notify()
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        if not self._threads[0].is_alive():
            self._ledger.release()

    def _take(self, body: bytes, waiting: Waiting | None) -> None:
        with self._turn:
            why = "the disk does not answer" if self._stuck or len(self._waiting) >= ROOM else self._down
            why = "it is closed" if self._stopped else too_long(body) or why
            if why and (why != self._down or time.monotonic() - self._failed_at < PAUSE):
                self._lose(1, why)
            else:
                why = ""
                self._waiting.append((body, waiting))
                self._turn.notify()
        if why and self._keeping.deny:
            raise refusal(why)
        if why and waiting is not None:
            waiting.set_result(None)

    def _run(self) -> None:
        while True:
            with self._turn:
                came = self._turn.wait_for(lambda: self._waiting or self._stopped, self._keeping.sync_seconds)
            if came and (self._crowded or not self._keeping.durable):
                self._over.wait(GATHER if self._keeping.durable else REST)
            with self._turn:
                self._writing, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
                self._busy, self._since = True, time.monotonic()
                stopped = self._stopped and not self._writing
                lost, self._lost = self._lost, None
            self._crowded = len(self._writing) > 1
            if self._writing or lost is not None:
                self._append(lost)
            if self._unsynced and time.monotonic() - self._synced_at >= self._keeping.sync_seconds:
                self._unsynced, self._synced_at = bool(self._try(self._ledger.sync)), time.monotonic()
            if stopped or self._due():
                self._try(self._roll)
            elif time.monotonic() - self._signed_at >= self._keeping.sign_seconds:
                self._grew()
            with self._turn:
                self._busy = self._stuck = False
            if stopped:
                return

    def _append(self, lost: Lost | None) -> None:
        """Write what is to be written, first of all what was lost before, and tell whoever waits for it."""
        bodies = [body for body, _ in self._writing]
        if lost is not None:
            bodies.insert(0, self._told.lost(lost, self._keeping.deny))
        why = self._try(lambda: self._ledger.append(bodies, self._keeping.durable))
        self._unsynced |= not self._keeping.durable
        with self._turn:
            group, self._writing = self._writing, []
            if not why:
                self.counted["kept"] += len(group)
            elif lost is not None:
                self._lose(lost.number, lost.cause, lost.since)
            if why:
                self._lose(len(group), why)
        if lost is not None and not why:
            log.warning("the journal is written again; %d records are lost: %s", lost.number, lost.cause)
        settle([one for _, one in group if one is not None], why if self._keeping.deny else "")

    def _try(self, work: Callable[[], object]) -> str:
        """Do it; what came in between, if it cannot be done."""
        try:
            work()
        except Exception as error:  # whatever it is: whoever waits must be told, and the next one may be written
            why = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
            if not self._down:
                trace = None if isinstance(error, OSError) else error
                log.error("THE JOURNAL CANNOT BE WRITTEN: %s", why, exc_info=trace)
            with self._turn:
                self._down, self._failed_at = why, time.monotonic()
                taken, self._ledger.taken_back = self._ledger.taken_back, 0
                self.counted["kept"] = max(0, self.counted["kept"] - taken)
                self._lose(taken, why)
            return why
        with self._turn:
            self._down = ""
        return ""

    def _due(self) -> bool:
        grown = self._ledger.size >= self._keeping.segment_bytes
        return grown or time.monotonic() - self._opened_at >= self._keeping.segment_seconds

    def _roll(self) -> None:
        closed = self._ledger.close(self._told.closed)
        self._opened_at = self._signed_at = time.monotonic()
        self._signed = 0
        self._finished(closed)

    def _grew(self) -> None:
        """Have what was written since the last time signed, if anything was."""
        self._signed_at = time.monotonic()
        if self._ledger.lines > self._signed and not (self._unsynced and self._try(self._ledger.sync)):
            self._signed, self._unsynced = self._ledger.lines, False
            self._finished(self._ledger.so_far())

    def _lose(self, count: int, cause: str, since: int = 0) -> None:
        """Count what is not written. With the turn held."""
        if count:
            self.counted["lost"] += count if not since else 0
            before = self._lost
            since = since or time.time_ns()
            if before is not None:
                count, since = before.number + count, min(before.since, since)
            self._lost = Lost(count, since, cause)

    def _look(self) -> None:
        """Let nobody wait for a disk that does not answer."""
        while not self._over.wait(PATIENCE / 10):
            with self._turn:
                if not self._busy or time.monotonic() - self._since < PATIENCE:
                    continue
                self._stuck = True
                left, self._waiting = self._waiting, []
                self._lose(len(left), "the disk does not answer")
                group = [waiting for _, waiting in (*self._writing, *left) if waiting is not None]
            log.error("THE JOURNAL CANNOT BE WRITTEN: the disk has not answered for %d seconds", PATIENCE)
            settle(group, "the disk does not answer" if self._keeping.deny else "")
