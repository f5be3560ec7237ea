"""A process of its own for long work: what is computed there takes no time from those who wait for a decision."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar

from remit.errors import CouldNotDecide

Given = ParamSpec("Given")
Found = TypeVar("Found")

_NICE = 10


class Aside:
    """One process beside this one. It ends with this one, however that ends."""

    def __init__(self, seconds: float | None = None, context: BaseContext | None = None) -> None:
        """`seconds` is how long one piece of work may take; None: as long as it takes. `context` is how processes are
        started; None: each is a new Python."""
        self._seconds = seconds
        self._context = context or get_context("spawn")  # not forked: threads of this process may hold locks
        self._pool = self._begun()
        self._closed = False

    def __call__(self, work: Callable[Given, Found], *given: Given.args, **named: Given.kwargs) -> Found:
        """What `work` finds, computed there. `work` is a function of a module, and everything can be pickled.

        Raises what `work` raises, and CouldNotDecide if the process dies of it or it takes too long; the next work
        gets a new process.
        """
        try:
            return self._pool.submit(work, *given, **named).result(self._seconds)
        except TimeoutError:
            self._end()
            if not self._closed:
                self._pool = self._begun()
            raise CouldNotDecide(f"judging the policy took more than {self._seconds:g} seconds") from None
        except BrokenProcessPool:
            if not self._closed:
                self._pool = self._begun()
            raise CouldNotDecide("the process that checks policies died; it may have run out of memory") from None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        # ended first: it may be about something long; and waited for, lest the pool be torn down while it is closing
        for process in list((self._pool._processes or {}).values()):
            process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begun(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, self._context, _begin)


def _begin() -> None:
    """In the new process: leave the processor to those who decide, and never outlive them."""
    os.nice(_NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from the keyboard it reaches both; the parent ends this one
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))  # held back where it was forked
    threading.Thread(target=_end_with, args=(parent_process(),), daemon=True).start()


def _end_with(parent: BaseProcess | None) -> None:
    """End as soon as the parent has, however that ended."""
    if parent is not None:
        parent.join()
        os._exit(0)
