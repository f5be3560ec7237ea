"""The worker's end of the pipe: the source of its policy, which it takes as it is told."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TypeVar

from remit.following import SWITCH, breathing
from remit.service.live import Files, LivePolicy, compiled
from remit.service.ports import Counts
from remit.supervising.messages import Gather, State, Taken, Total, Wake

LAST = 5.0
"""Seconds in which a worker without a supervisor answers what it has begun to."""

TOTAL = 2.0
"""Seconds to wait for what others have counted."""

Read = TypeVar("Read")

log = logging.getLogger("remit")


class Orders:
    """What the supervisor tells this worker, and what this worker asks of it."""

    def __init__(self, link: Connection) -> None:
        self._link = link
        self._sending = threading.Lock()
        self._gathering, self._came = threading.Lock(), threading.Condition()
        self._total = self._counts = Counts()
        self._totals = 0

    def begun(self) -> tuple[LivePolicy, Files]:
        """The policy that is live, and its files. Ends this process if there is nobody to tell it."""
        state = self._heard()
        assert isinstance(state, State) and state.files
        files = self._files()
        policies = LivePolicy(compiled(files))
        policies.told(state.standing, state.too_old, None)
        self._number = state.number
        return policies, files

    @contextmanager
    def followed(self, policies: LivePolicy, counts: Counts) -> Iterator[None]:
        """While this lasts, `policies` stand as they are told to; what was told meanwhile is taken first. `counts` go
        on growing."""
        self._counts = counts
        sys.setswitchinterval(SWITCH)
        policies.pause = breathing()
        while self._link.poll():
            self._heed(policies, self._heard())
        self._send(Taken(self._number, self._counts.copy()))
        threading.Thread(target=self._follow, args=(policies,), name="orders", daemon=True).start()
        yield

    def wake(self) -> None:
        """Let the source be looked at."""
        self._send(Wake())

    def total(self) -> Counts:
        """What all workers have counted, or what was known of it last if they do not tell in time. It waits for them,
        so it is for a thread that may."""
        with self._gathering:
            before = self._totals
            self._send(Gather())
            with self._came:
                self._came.wait_for(lambda: self._totals > before, TOTAL)
                return self._total.copy()

    def _follow(self, policies: LivePolicy) -> None:
        while True:
            try:
                self._heed(policies, self._heard())
            except Exception:  # such as no memory for it: another worker may do better, and this one may not go on
                log.exception("worker process %d could not take what is live, and ends", os.getpid())
                os._exit(1)

    def _heed(self, policies: LivePolicy, message: object) -> None:
        """Do what is said."""
        if isinstance(message, State):
            files = self._files() if message.files else None
            policies.told(message.standing, message.too_old, files)
            self._number = message.number
            self._send(Taken(message.number, self._counts.copy()))
        elif isinstance(message, Total):
            with self._came:
                self._total, self._totals = message.counts, self._totals + 1
                self._came.notify_all()

    def _heard(self) -> object:
        """The next message."""
        return self._or_end(self._link.recv)

    def _files(self) -> dict[str, bytes]:
        """The files that follow a state."""
        return pickle.loads(self._or_end(self._link.recv_bytes))  # type: ignore[no-any-return]

    def _or_end(self, read: Callable[[], Read]) -> Read:
        """What there is to read. Ends this process if the supervisor is gone: nobody would tell it what is live."""
        try:
            return read()
        except (EOFError, OSError):
            end = threading.Timer(LAST, os._exit, (1,))
            end.daemon = True
            end.start()
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait()
            raise

    def _send(self, message: Taken | Wake | Gather) -> None:
        """Say something; what the supervisor is not there to hear is said in vain, and `_heard` sees to the rest."""
        with self._sending:
            try:
                self._link.send(message)
            except OSError:
                log.debug("the supervisor is gone")
