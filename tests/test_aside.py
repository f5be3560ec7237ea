"""Work beside the server: its results and faults come back, its death is told, and it is over when the server is."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from remit.adapters.aside import Aside
from remit.errors import CouldNotDecide

LONG = 20.0
"""Seconds of work that nobody waits for."""


@pytest.fixture
def aside() -> Iterator[Aside]:
    made = Aside()
    yield made
    made.close()


def test_work_is_done_in_another_process_again_and_again(aside: Aside) -> None:
    one, other = aside(os.getpid), aside(os.getpid)
    assert one == other != os.getpid()


def test_what_the_work_raises_comes_back(aside: Aside) -> None:
    with pytest.raises(ZeroDivisionError):
        aside(divmod, 1, 0)
    assert aside(divmod, 7, 2) == (3, 1)


def test_a_process_that_dies_of_its_work_is_told_and_replaced(aside: Aside) -> None:
    with pytest.raises(CouldNotDecide, match="died"):
        aside(os._exit, 1)
    assert aside(divmod, 7, 2) == (3, 1)


def test_work_under_way_is_ended_with_it(aside: Aside) -> None:
    assert aside(divmod, 7, 2) == (3, 1)  # it runs
    came: list[object] = []

    def work() -> None:
        try:
            came.append(aside(time.sleep, LONG))
        except CouldNotDecide as error:
            came.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.5)
    aside.close()
    thread.join()
    assert isinstance(came[0], CouldNotDecide), "it was waited for to its end"


def test_what_takes_too_long_is_ended_and_the_next_work_is_done() -> None:
    hasty = Aside(2.0)
    try:
        pid = hasty(os.getpid)
        with pytest.raises(CouldNotDecide, match="more than 2 seconds"):
            hasty(time.sleep, 60)
        assert not Path(f"/proc/{pid}").exists(), "it would go on, and take a processor"
        found, until = 0, time.monotonic() + 10 * LONG
        while not found and time.monotonic() < until:
            with suppress(CouldNotDecide):  # beginning the next process takes its time too
                found = hasty(len, "next")
        assert found == 4
    finally:
        hasty.close()
