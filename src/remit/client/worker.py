"""An exchange in a thread with an event loop of its own, for callers that have none."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from remit.client.exchange import Exchange
from remit.client.settings import Settings
from remit.errors import CouldNotDecide

T = TypeVar("T")
Work = Callable[[Exchange], Coroutine[Any, Any, T]]

GRACE = 0.25
"""Seconds past the deadline that a caller waits for the answer to be handed over, should the thread be late."""


class Worker:
    """Does the input and output of one client. The thread starts with the first work; after a fork the child starts
    its own, since threads and connections stay with the parent."""

    def __init__(self, settings: Settings) -> None:
        token = settings.token
        self._settings = settings._replace(token=_in_a_thread(token) if callable(token) else token)
        self._closed = False
        self._lock = threading.Lock()
        self._thread: _Thread | None = None
        _workers.add(self)

    def run(self, work: Work[T]) -> T:
        """What `work` returns, in the caller's context (`contextvars`). Raises what it raises, and CouldNotDecide if it
        takes longer than it may, or the worker is closed. Interrupting the caller cancels the work."""
        return self._started().run(work, self._settings.timeout)

    def close(self) -> None:
        """End the thread and close all connections. It may be called again."""
        with self._lock:
            self._closed, thread, self._thread = True, self._thread, None
        if thread is not None:
            thread.stop()

    def _started(self) -> _Thread:
        with self._lock:
            if self._closed:
                raise CouldNotDecide("the client is closed")
            if self._thread is None:
                self._thread = _Thread(self._settings)
                weakref.finalize(self, self._thread.stop).atexit = False
            return self._thread

    def leave_behind(self) -> None:
        """In the child of a fork: part from what is the parent's, without touching it."""
        # the child's copy must not be tidied up either: its selector is one and the same with the parent's
        _left.append(self._thread)
        self._lock, self._thread = threading.Lock(), None


class _Thread:
    """One exchange and the thread it lives in."""

    def __init__(self, settings: Settings) -> None:
        self._exchange = Exchange(settings)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="remit-client", daemon=True)
        self._thread.start()
        self._ready.wait()

    async def _live(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._stopped.wait()
        await self._exchange.close()

    def run(self, work: Work[T], seconds: float) -> T:
        """What the work returns; see `Worker.run`."""
        coroutine = work(self._exchange)
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError as error:
            coroutine.close()
            raise CouldNotDecide("the client is closed") from error
        try:
            return future.result(seconds + GRACE)
        except TimeoutError as error:
            future.cancel()
            raise CouldNotDecide(f"remit did not answer within {seconds:g} s") from error
        except CancelledError as error:
            raise CouldNotDecide("the client was closed meanwhile") from error
        except BaseException:
            future.cancel()
            raise

    def stop(self) -> None:
        """End the thread, and all that still runs in it."""
        try:
            self._loop.call_soon_threadsafe(self._stopped.set)
        except RuntimeError:
            return  # it has ended before
        if threading.current_thread() is not self._thread:
            self._thread.join(GRACE)


def _in_a_thread(token: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
    """A token that may take its time, so that neither others nor the deadline wait for it."""
    return lambda: asyncio.to_thread(token)


_workers: weakref.WeakSet[Worker] = weakref.WeakSet()
_left: list[object] = []


def _after_fork() -> None:
    for worker in list(_workers):
        worker.leave_behind()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
