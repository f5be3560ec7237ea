"""Proves that ending a slow read ends that read only: the task goes on, and what was read in time is left alone."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from remit.web.http import Bodies, Refusal

SECONDS = 0.1


async def never() -> Any:
    """A body that does not come."""
    await asyncio.sleep(60)


async def at_once() -> Any:
    """A body that is there."""
    return {"type": "http.request", "body": b"{}", "more_body": False}


def test_a_task_whose_read_was_ended_is_not_cancelled() -> None:
    async def read() -> int:
        with pytest.raises(Refusal) as caught:
            await Bodies(SECONDS).read(never, {})
        assert caught.value.status == 408
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert asyncio.run(read()) == 0


def test_a_task_that_read_in_time_may_take_its_time_afterwards() -> None:
    async def read() -> bytes:
        bodies = Bodies(SECONDS)
        body = await bodies.read(at_once, {})
        await asyncio.sleep(SECONDS * 3)
        return body + await bodies.read(at_once, {})

    assert asyncio.run(read()) == b"{}{}"


def test_a_task_that_somebody_else_cancels_is_cancelled() -> None:
    async def cancel() -> None:
        bodies = Bodies(60)
        task = asyncio.create_task(bodies.read(never, {}))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())


def test_slow_reads_are_ended_one_by_one() -> None:
    async def read_all() -> list[int]:
        bodies = Bodies(SECONDS)
        loop = asyncio.get_running_loop()
        started = loop.time()
        ended: list[float] = []

        async def read(after: float) -> int:
            await asyncio.sleep(after)
            try:
                await bodies.read(never, {})
            except Refusal as refusal:
                ended.append(loop.time() - started - after)
                return refusal.status
            return 200

        statuses = await asyncio.gather(*(read(number * SECONDS / 10) for number in range(20)))
        assert all(SECONDS * 0.9 < seconds < SECONDS * 1.25 + 1 for seconds in ended)
        return list(statuses)

    assert asyncio.run(read_all()) == [408] * 20


def test_a_read_that_is_over_is_forgotten() -> None:
    async def read_many() -> int:
        bodies = Bodies(SECONDS)
        tasks = [asyncio.create_task(bodies.read(receive, {})) for receive in (never, at_once) for _ in range(20)]
        await asyncio.gather(*tasks, return_exceptions=True)
        left = weakref.WeakSet(tasks)
        tasks.clear()
        await asyncio.sleep(SECONDS)
        gc.collect()
        return len(left)

    assert asyncio.run(read_many()) == 0
