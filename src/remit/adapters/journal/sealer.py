"""Closed segments looked after, in a thread: signed, compressed, stored in the database, and removed in the end.

Each step can be taken twice, and is on disk for good before the next one begins; whatever a crash leaves undone is
found at the next start (`Ledger.unclosed`, `recovery.unfinished`). Nothing here is in the way of an answer.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from remit.adapters.journal.compressing import compress
from remit.adapters.journal.layout import writers
from remit.adapters.journal.ledger import Closed, taken
from remit.adapters.journal.recovery import unfinished
from remit.adapters.journal.retention import Retention
from remit.adapters.journal.seals import Seals
from remit.adapters.journal.spans import DAMAGE
from remit.adapters.journal.storing import Storing
from remit.core.journal.entries import Kind

RETRY = 5.0
"""Seconds after which what could not be done is tried again; each time twice as long, up to a minute."""

LARGE = 8 * 1024 * 1024
"""Bytes of a segment that a process which is about to end leaves to the next one to compress."""

LEAVE = 5.0
"""Seconds that a process which is about to end gives this."""

log = logging.getLogger("remit")

Note = Callable[[Kind, Mapping[str, Any]], None]


class Sealer:
    """Looks after the segments of one process' writer, and of those that others left."""

    def __init__(self, directory: Path, seals: Seals, storing: Storing, retention: Retention | None) -> None:
        self._directory, self._seals, self._storing, self._retention = directory, seals, storing, retention
        self._come: queue.SimpleQueue[Closed | None] = queue.SimpleQueue()
        self._left: list[Closed] = []
        self._writer, self._ending = "", False
        self._retry, self._again = RETRY, time.monotonic() + RETRY
        self._thread = threading.Thread(target=self._run, name="journal sealer", daemon=True)

    def finished(self, part: Closed) -> None:
        """Take a segment, closed or as far as it has grown. Quick; in any thread."""
        self._come.put(part)

    def start(self, writer: str, note: Note) -> None:
        """Begin. `writer` is the one of this process, and `note` has a line of its written."""
        self._writer = writer
        if not self._seals.signed_last(writer):
            note(Kind.KEY, {"vkey": self._seals.key.text})
        if self._retention is not None:
            self._retention.begin(writer, note, self._look_after)
        self._thread.start()

    def stop(self) -> None:
        """Do what can be done at once, and end."""
        if self._thread.is_alive():
            self._come.put(None)
            self._thread.join(LEAVE)

    def _run(self) -> None:
        if sys.platform == "linux":  # where a thread can be less urgent than those that answer
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        self._tried(lambda: self._left.extend(_left_in(self._directory, self._writer)))
        while not self._ending:
            self._take()
            sealed = False
            while self._left and self._tried(lambda: self._seal(self._left[0])):
                sealed = bool(self._left.pop(0))
            if sealed or self._left or self._ending or time.monotonic() >= self._again:
                self._store()

    def _take(self) -> None:
        """Wait for segments, or until something is to be tried again."""
        wait = self._again - time.monotonic()
        with suppress(queue.Empty):
            part = self._come.get(timeout=max(0.0, min(wait, threading.TIMEOUT_MAX)))
            while True:
                if part is None:
                    self._ending = True
                elif part.complete or not self._left:  # what grows is signed again soon
                    self._left.append(part)
                part = self._come.get_nowait()

    def _store(self) -> None:
        """Store what was signed, and remove what is over."""
        done = self._storing.all_of(self._writer, self._retry > RETRY)
        if done and self._retention is not None and not self._ending:
            done = self._tried(self._retention.apply)
        done = done and not self._left
        self._again = float("inf") if done else time.monotonic() + self._retry
        self._retry = RETRY if done else min(60.0, 2 * self._retry)

    def _seal(self, part: Closed) -> None:
        """Sign a segment, and compress it if it is closed."""
        self._storing.concerns(part.writer)
        if not self._seals.sign(part) or not part.complete:
            return
        if self._retention is not None:
            self._retention.sealed(part)
        if not (self._ending and part.path.exists() and part.path.stat().st_size > LARGE):
            compress(part.path)

    def _look_after(self, part: Closed) -> bool:
        """The same for what nobody else looks after; is it in the database as well?"""
        self._seal(part)
        return self._storing.all_of(part.writer, quiet=True)

    def _tried(self, work: Callable[[], object]) -> bool:
        """Do it; False if it cannot be done now."""
        try:
            work()
        except Exception as error:  # whatever it is: the next segment may do better, and this one later
            why = (error.strerror if isinstance(error, OSError) else None) or error
            trace = None if isinstance(error, (OSError, *DAMAGE)) else error
            log.error("a closed segment of the journal cannot be looked after yet: %s", why, exc_info=trace)
            return False
        return True


def _left_in(directory: Path, writer: str) -> Iterator[Closed]:
    """Closed segments of this writer, and of those that nobody writes to, that were not looked after."""
    for name in writers(directory):
        if name != writer:
            lock = taken(directory / name)
            if lock is None:
                continue
            os.close(lock)  # at once, so that nobody who starts just now takes it for used; steps can be taken twice
        for segment, lines, root in unfinished(directory, name):
            yield Closed(name, segment.first, lines, root, segment.path)
