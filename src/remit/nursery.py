"""Where the processes come from that a server starts beside itself.

Several workers are forked from one process that has imported all they need, and does nothing else: it has no threads
that could hold a lock, and who begins there begins at once. It is started before anything else is, so that it imports
while the policy is checked. A server of one process has none, and starts another Python for what it wants done aside.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext, SpawnContext

NEEDED = ["remit.workers", "uvicorn.loops.auto"]
"""What is imported before anybody is forked."""

LOST = 255
"""The exit code of a worker of which nobody can say how it ended, or whether: the process that forked it is gone."""

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_begun = False


def begin() -> None:
    """Start the process that others are forked from, unless there is one. Returns at once."""
    global _begun
    _begun = True
    os.environ["PYTHONSAFEPATH"] = "1"  # or else it would import what lies where the server happens to run
    forkserver.set_forkserver_preload(NEEDED)
    with held_back():  # it ends with the processes that it forked, and by no signal
        forkserver.ensure_running()


def context() -> ForkServerContext | SpawnContext:
    """How this process starts another: forked from the one that `begin` started, or else a new Python. Never forked
    from this one, whose threads may hold locks at any moment."""
    return get_context("forkserver") if _begun else get_context("spawn")


@contextmanager
def held_back() -> Iterator[None]:
    """What is started meanwhile begins with the signals of a stop held back, until it says what they are to do."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def awake() -> None:
    """In the new process, once it has said what signals are to do: let them come. What it began with it keeps for
    good, and no collection need look at that."""
    gc.freeze()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
