"""A clock that is set is on record, and nothing that is measured is measured by it (threats, the row of clocks)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from commands import ran
from journals import TESTS, about
from readable import FILES
from remit.adapters.journal import clock as module
from remit.adapters.journal.committer import Keeping
from remit.bootstrap import handlers
from remit.core.journal.entries import Kind
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.service.gate import Gate
from remit.service.live import LivePolicy
from server import SECRET, with_caller
from test_journal_committer import book, record, told, until

HOUR, SECOND = 3_600_000_000_000, 1_000_000_000


class Clock:
    """What tells the time, and can be set; it may be looked at by who then has to wait."""

    def __init__(self) -> None:
        self.set = 0
        self.slow = 0

    def time_ns(self) -> int:
        if self.slow:
            self.slow -= 1
            found = time.time_ns() + self.set
            time.sleep(0.05)
            return found
        return time.time_ns() + self.set


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The clock that is looked at, a hundred times a second."""
    found = Clock()
    monkeypatch.setattr(module, "time", SimpleNamespace(time_ns=found.time_ns, monotonic_ns=time.monotonic_ns))
    monkeypatch.setattr(module, "LOOK", 0.01)
    yield found


def test_each_jump_of_the_clock_is_on_record(tmp_path: Path, clock: Clock) -> None:
    with book(tmp_path, Keeping(True, True)) as kept:
        kept.record_and_wait(record(1))
        for number, jump in enumerate((HOUR, -2 * HOUR, HOUR, 1_500_000_000), 1):
            clock.set += jump
            until(lambda due=number: len(told(tmp_path, Kind.CLOCK)) == due)  # type: ignore[misc]
        kept.record_and_wait(record(2))
    found = [round(line.body["seconds"], 1) for line in told(tmp_path, Kind.CLOCK)]
    assert found == [3_600.0, -7_200.0, 3_600.0, 1.5]
    text = ran("journal", "show", "--state", str(tmp_path), "--journal", str(tmp_path), "--kind", "clock.jumped")
    assert text.out.count("clock.jumped") == 4 and "-7200" in text.out


def test_a_clock_that_is_put_right_slowly_or_read_late_has_not_jumped(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    drift = module.Drift()
    for _ in range(5):
        clock.set += 900_000_000
        assert drift.jumped() == 0
    monkeypatch.setattr(module, "JUMP", 20_000_000)
    for _ in range(5):
        clock.slow = 2
        assert drift.jumped() == 0 and clock.slow == 0


def test_nothing_takes_less_than_no_time_while_the_clock_is_set(tmp_path: Path) -> None:
    set_by = [0]
    live = LivePolicy(Snapshot(read_policy(with_caller(FILES))))

    def wall() -> int:
        set_by[0] = -set_by[0] - HOUR  # at each look
        return time.time_ns() + set_by[0]

    with book(tmp_path, Keeping(False, True)) as kept:
        gate = Gate(live, kept, wall, handlers(SECRET, live))
        for _ in range(20):
            asyncio.run(gate.perform(TESTS, about("user:ada", "view")))
    took = [line.body["us"] for line in told(tmp_path, Kind.DECISION)]
    assert len(took) == 20 and all(0 <= each < 5_000_000 for each in took)
