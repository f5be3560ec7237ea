"""Those who wait until their record is written: told so, or why not, each in its own thread or on its own loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from remit.errors import NotRecorded

Waiting = asyncio.Future[None] | Future[None]


def refusal(why: str) -> NotRecorded:
    """What whoever waits is told if its record cannot be written."""
    return NotRecorded(f"the journal cannot be written, so nothing is answered: {why}")


def settle(waiting: list[Waiting], why: str) -> None:
    """Let those go on who wait, each in its own thread or on its own loop; not, if there is a reason."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for one in waiting:
        if isinstance(one, Future):
            _resolve([one], why)
        else:
            loops.setdefault(one.get_loop(), []).append(one)
    for loop, futures in loops.items():
        with suppress(RuntimeError):  # the loop is closed, so nobody waits
            loop.call_soon_threadsafe(_resolve, futures, why)


def _resolve(waiting: Sequence[Waiting], why: str) -> None:
    for one in waiting:
        # its caller may have gone, or was told before that the disk does not answer, or is just being told
        with suppress(InvalidStateError, asyncio.InvalidStateError):
            if one.done():
                continue
            if why:
                one.set_exception(refusal(why))
            else:
                one.set_result(None)
