"""One worker as its supervisor sees it: a process, the pipe to it, and what it has taken of what it was told.

Two threads serve the pipe, so that a worker which does not read, or stops in the middle of a word, holds up nobody.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from remit import nursery
from remit.errors import RemitError
from remit.service.operations import Standing
from remit.service.ports import Counts
from remit.supervising.messages import Gather, State, Taken, Total, Wake
from remit.supervising.orders import Orders

Work = Callable[..., None]
"""What a worker does with its orders and what else it is given; a function of a module."""

log = logging.getLogger("remit")


BURIAL = 1.0
"""Seconds to wait for word of how a process ended."""


class Parcel(NamedTuple):
    """What is to be told: its number, how it stands, whether that is too old, and the files, pickled once for all."""

    number: int
    standing: Standing
    too_old: bool
    files: bytes


class Worker:
    """A process that answers."""

    def __init__(
        self, name: str, work: Work, given: tuple[Any, ...],
        heard: Callable[[Worker, Wake | Gather | Taken], None], gone: Callable[[Worker], None],
    ) -> None:  # fmt: skip
        """Starts it. `heard` is told, by a thread, what it says, and `gone` that it is gone.

        Raises OSError or EOFError if it cannot be started: who forks it may die just then.
        """
        nursery.begin()
        forked = nursery.context()
        self._link, theirs = forked.Pipe()
        self.process = forked.Process(target=_begin, args=(work, theirs, *given), name=name)
        try:
            self.process.start()
        except BaseException:
            self._link.close()  # if it was forked after all, this ends it
            raise
        finally:
            theirs.close()
        self.name = f"{name} (process {self.process.pid})"
        self.since = time.monotonic()
        self.taken, self.counts = 0, Counts()
        self.waiting_since: float | None = self.since
        self.told_late = False
        self._heard, self._gone = heard, gone
        self._says, self._over, self._number = threading.Condition(), False, 0
        self._parcel: Parcel | None = None
        self._total: Counts | None = None
        self._threads = [threading.Thread(target=each, name=name, daemon=True) for each in (self._talk, self._listen)]
        for thread in self._threads:
            thread.start()

    def tell(self, parcel: Parcel) -> None:
        """Let it stand so; of what it has no time for, the latest."""
        with self._says:
            self._parcel = parcel
            self._number = parcel.number
            self.waiting_since = self.waiting_since or time.monotonic()
            self._says.notify()

    def tell_total(self, counts: Counts) -> None:
        """What all have counted."""
        with self._says:
            self._total = counts
            self._says.notify()

    def overdue(self, now: float) -> float:
        """Seconds since it was told something that it has not taken yet; 0.0 if it has taken all."""
        since = self.waiting_since
        return 0.0 if since is None else now - since

    def answers(self) -> bool:
        """Has it ever taken what is live?"""
        return self.taken > 0

    def end(self, how: signal.Signals) -> None:
        """Send it a signal."""
        if self.process.exitcode in (None, nursery.LOST) and self.process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, how)

    def buried(self) -> int:
        """How it ended: its exit code, or minus the number of the signal. For a worker that is gone."""
        self.process.join(BURIAL)
        self.end(signal.SIGKILL)  # it may have closed the pipe and live on: it would answer by an old policy
        self.process.join(BURIAL)
        with self._says:
            self._over = True
            self._says.notify()
        for thread in self._threads:
            thread.join()
        self._link.close()
        code = self.process.exitcode
        return nursery.LOST if code is None else code

    def _talk(self) -> None:
        has = ""
        while True:
            with self._says:
                self._says.wait_for(lambda: self._parcel or self._total or self._over)
                if self._over:
                    return
                parcel, total, self._parcel, self._total = self._parcel, self._total, None, None
            try:
                if total is not None:
                    self._link.send(Total(total))
                if parcel is not None:
                    revision = parcel.standing.revision
                    self._link.send(State(*parcel[:3], files=revision != has))
                    if revision != has:
                        self._link.send_bytes(parcel.files)
                        has = revision
            except (OSError, ValueError):  # it is gone, which `_listen` tells
                return

    def _listen(self) -> None:
        try:
            while True:
                message = self._link.recv()
                if isinstance(message, Taken):
                    self._took(message)
                self._heard(self, message)
        except (EOFError, OSError):
            pass
        except Exception:
            log.exception("%s said what nobody understands, and is ended", self.name)
            self.end(signal.SIGKILL)
        self._gone(self)

    def _took(self, message: Taken) -> None:
        with self._says:
            self.taken, self.counts = message
            self.waiting_since = time.monotonic() if message.number < self._number else None
            self.told_late = self.told_late and self.waiting_since is not None


def _begin(work: Work, link: Connection, *given: Any) -> None:
    """In the new process. From the keyboard signals reach all; it is the supervisor that ends this one."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    nursery.awake()
    try:
        work(Orders(link), *given)
    except RemitError as error:
        log.error("a worker cannot go on: %s", error)
        sys.exit(1)
