"""Group commit: what answers wait for is on disk, a failure is told to whoever waits, and nothing is lost uncounted."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from remit.adapters.journal import committer as module
from remit.adapters.journal.blocks import MOST_LINE
from remit.adapters.journal.book import Book, _encoded, kept_in
from remit.adapters.journal.committer import Keeping
from remit.adapters.journal.ledger import Closed
from remit.adapters.journal.reading import entries
from remit.adapters.journal.settling import settle
from remit.core.journal.entries import Entry, Kind
from remit.core.model import Actor
from remit.errors import NotRecorded
from remit.journaling import now
from remit.service.operations import PolicyStatus
from remit.service.recording import body_of
from remit.service.records import Record
from test_journal_ledger import all_lines, holds

PATIENCE = 10.0


def record(number: int) -> Record:
    """Something that was performed."""
    return Record(number, Actor(f"user:{number}"), PolicyStatus(), "0" * 64, None)


@contextmanager
def book(directory: Path, keeping: Keeping, closed: list[Closed] | None = None) -> Iterator[Book]:
    """A journal that is kept."""
    with kept_in(directory, keeping, body_of, now, (closed if closed is not None else []).append) as found:
        yield found


def told(directory: Path, kind: Kind) -> list[Entry]:
    """The lines of a kind."""
    return [entry for entry in entries(directory) if entry.kind == kind]


def callers(directory: Path) -> list[str]:
    """Who is in the journal, in order."""
    return [str(entry.body["caller"]) for entry in told(directory, Kind.OPERATION)]


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


async def put(book: Book, number: int) -> None:
    """Record, and wait as the gate does."""
    kept = book.record(record(number))
    if kept is not None:
        await kept


class Disk:
    """The disk under a journal, which may fail, or not answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: int | None = None
        self.syncs = 0
        self.slow = threading.Event()
        self.slow.set()
        self._real = os.fdatasync
        monkeypatch.setattr(os, "fdatasync", self._sync)

    def _sync(self, file: int) -> None:
        self.syncs += 1
        self.slow.wait(PATIENCE)
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        self._real(file)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk that this test has."""
    return Disk(monkeypatch)


def test_what_is_waited_for_is_on_disk(tmp_path: Path, disk: Disk) -> None:
    async def work() -> None:
        with book(tmp_path, Keeping(True, True)) as kept:
            for number in range(5):
                await put(kept, number)
                assert disk.syncs == number + 1
                assert holds(all_lines(tmp_path)) and len(all_lines(tmp_path)) == number + 1

    asyncio.run(work())
    assert callers(tmp_path) == [f"user:{number}" for number in range(5)]


def test_those_who_come_together_wait_for_the_disk_once(tmp_path: Path, disk: Disk) -> None:
    async def work() -> None:
        with book(tmp_path, Keeping(True, True)) as kept:
            disk.slow.clear()
            first = asyncio.ensure_future(put(kept, 0))
            await asyncio.sleep(0.1)
            rest = [asyncio.ensure_future(put(kept, number)) for number in range(1, 200)]
            await asyncio.sleep(0.1)
            assert not first.done() and not any(each.done() for each in rest)
            disk.slow.set()
            await asyncio.gather(first, *rest)
            assert disk.syncs == 2

    asyncio.run(work())
    assert callers(tmp_path) == [f"user:{number}" for number in range(200)]


def test_who_gives_up_waiting_takes_nobody_along(tmp_path: Path, disk: Disk) -> None:
    async def work() -> None:
        with book(tmp_path, Keeping(True, True)) as kept:
            disk.slow.clear()
            one, other = asyncio.ensure_future(put(kept, 1)), asyncio.ensure_future(put(kept, 2))
            await asyncio.sleep(0.05)
            one.cancel()
            await asyncio.sleep(0.05)
            disk.slow.set()
            await other
            assert one.cancelled()

    asyncio.run(work())
    assert callers(tmp_path) == ["user:1", "user:2"]


def test_buffered_answers_wait_for_nothing_and_are_written_all_the_same(tmp_path: Path, disk: Disk) -> None:
    async def work() -> None:
        with book(tmp_path, Keeping(False, True)) as kept:
            for number in range(50):
                assert kept.record(record(number)) is None
            until(lambda: len(callers(tmp_path)) == 50)

    asyncio.run(work())
    assert holds(all_lines(tmp_path))
    assert disk.syncs >= 1  # the end of a segment is always on disk


def test_buffered_is_on_disk_soon_however_much_comes(tmp_path: Path, disk: Disk) -> None:
    async def work() -> None:
        with book(tmp_path, Keeping(False, True, sync_seconds=0.1)) as kept:
            end, number = time.monotonic() + PATIENCE, 0
            while disk.syncs < 3:  # and never a pause
                assert time.monotonic() < end
                kept.record(record(number := number + 1))
                await asyncio.sleep(0.001)

    asyncio.run(work())


def test_what_was_never_synced_is_not_believed_after_the_disk_failed(tmp_path: Path, disk: Disk) -> None:
    """A system may drop what it could not write, and say nothing the next time: so those lines are taken back."""

    async def work() -> None:
        with book(tmp_path, Keeping(False, False, sync_seconds=0.2)) as kept:
            kept.record(record(1))
            until(lambda: disk.syncs == 1)
            disk.error = errno.EIO
            for number in range(2, 7):
                kept.record(record(number))
            until(lambda: kept.counted["lost"] == 5)
            disk.error = None
            until(lambda: bool(told(tmp_path, Kind.LOST)))
            kept.record(record(7))

    asyncio.run(work())
    assert callers(tmp_path) == ["user:1", "user:7"]
    assert [entry.body["records"] for entry in told(tmp_path, Kind.LOST)] == [5]
    assert holds(all_lines(tmp_path))


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_deny_denies_until_the_disk_is_well_and_tells_what_is_lost(tmp_path: Path, disk: Disk, error: int) -> None:
    async def work() -> None:
        with book(tmp_path, Keeping(True, True)) as kept:
            await put(kept, 1)
            disk.error = error
            for number in range(2, 12):
                with pytest.raises(NotRecorded, match=os.strerror(error)):
                    await put(kept, number)
            assert kept.counted["lost"] == 10
            await asyncio.sleep(module.PAUSE + 0.05)  # it is tried again, and fails again
            with pytest.raises(NotRecorded):
                await put(kept, 12)
            disk.error = None
            await asyncio.sleep(module.PAUSE + 0.05)
            await put(kept, 13)

    asyncio.run(work())
    assert callers(tmp_path) == ["user:1", "user:13"]
    (lost,) = told(tmp_path, Kind.LOST)
    assert (lost.body["records"], lost.body["answered"], lost.body["cause"]) == (11, False, os.strerror(error))
    assert holds(all_lines(tmp_path))


def test_continue_goes_on_and_tells_what_is_lost(tmp_path: Path, disk: Disk) -> None:
    async def work() -> None:
        with book(tmp_path, Keeping(True, False)) as kept:
            disk.error = errno.ENOSPC
            for number in range(10):
                await put(kept, number)
            assert kept.counted["lost"] == 10
            disk.error = None
            until(lambda: bool(told(tmp_path, Kind.LOST)))  # without anybody coming
            await put(kept, 10)

    asyncio.run(work())
    assert callers(tmp_path) == ["user:10"]
    (lost,) = told(tmp_path, Kind.LOST)
    assert (lost.body["records"], lost.body["answered"]) == (10, True)


def test_buffered_and_deny_denies_once_it_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, ill = os.write, True

    def fails(file: int, data: Any) -> int:
        if ill:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, data)

    async def work() -> None:
        nonlocal ill
        with book(tmp_path, Keeping(False, True)) as kept:
            monkeypatch.setattr("remit.adapters.journal.ledger.os.write", fails)
            kept.record(record(0))  # nobody knows yet
            until(lambda: kept.counted["lost"] == 1)
            with pytest.raises(NotRecorded):
                kept.record(record(1))
            ill = False
            await asyncio.sleep(module.PAUSE + 0.05)
            until(lambda: bool(told(tmp_path, Kind.LOST)))
            assert kept.record(record(2)) is None

    asyncio.run(work())
    assert callers(tmp_path) == ["user:2"]
    assert sum(entry.body["records"] for entry in told(tmp_path, Kind.LOST)) == 2


@pytest.mark.parametrize("deny", [True, False])
def test_nobody_waits_for_a_disk_that_does_not_answer(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, deny: bool
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)

    async def one(kept: Book, number: int) -> bool:
        try:
            await put(kept, number)
        except NotRecorded as error:
            assert "does not answer" in str(error)
            return False
        return True

    async def work() -> None:
        with book(tmp_path, Keeping(True, deny)) as kept:
            disk.slow.clear()
            first = asyncio.ensure_future(one(kept, 0))
            await asyncio.sleep(0.05)
            second = asyncio.ensure_future(one(kept, 1))
            answers = await asyncio.wait_for(asyncio.gather(first, second), PATIENCE)
            assert answers == [not deny] * 2
            assert await asyncio.wait_for(one(kept, 2), PATIENCE) is not deny
            disk.slow.set()
            until(lambda: bool(told(tmp_path, Kind.LOST)))
            assert await one(kept, 3)

    asyncio.run(work())
    assert callers(tmp_path) == ["user:0", "user:3"]  # the first one got there in the end
    assert sum(entry.body["records"] for entry in told(tmp_path, Kind.LOST)) == 2


@pytest.mark.parametrize("durable", [True, False])
def test_nobody_waits_either_while_the_disk_does_not_answer_something_else(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    """The line that closes a segment, or the sync of what was written before."""
    monkeypatch.setattr(module, "PATIENCE", 0.3)

    async def work() -> None:
        with book(tmp_path, Keeping(durable, True, 10**6, 0.5 if durable else 3_600, 0.05)) as kept:
            disk.slow.clear()
            if not durable:
                kept.record(record(0))
            until(lambda: disk.syncs > 0)
            until(lambda: refuses(kept))
            with pytest.raises(NotRecorded, match="does not answer"):
                await asyncio.wait_for(put(kept, 1), PATIENCE)
            disk.slow.set()
            until(lambda: not refuses(kept))

    def refuses(kept: Book) -> bool:
        try:
            kept.check()
        except NotRecorded:
            return True
        return False

    asyncio.run(work())


def test_whatever_comes_after_the_end_is_refused(tmp_path: Path) -> None:
    with book(tmp_path, Keeping(True, True)) as kept:
        pass
    with pytest.raises(NotRecorded, match="closed"):
        kept.record_and_wait(record(1))
    kept.note(Kind.ACTIVATED, {"revision": "0"})


def test_two_may_tell_the_same_one() -> None:
    class Late(Future[None]):
        def done(self) -> bool:
            return False  # it was not, a moment ago

    one = Late()
    one.set_result(None)
    settle([one], "the disk does not answer")
    settle([one], "")


@pytest.mark.parametrize("deny", [True, False])
def test_no_line_is_longer_than_can_be_read_again(tmp_path: Path, deny: bool) -> None:
    """A record of any length comes of whoever may do something in very many places."""
    most = MOST_LINE - 1_000
    with book(tmp_path, Keeping(False, deny)) as kept:
        for number, size in enumerate((most, most + 1, 100)):
            body = _encoded({"time": now(), "kind": Kind.OPERATION, "op": "", "number": number})
            long = body[:-1] + b',"more":"' + b"x" * (size - len(body) - 10) + b'"}'
            assert len(long) == size
            with pytest.raises(NotRecorded, match="bytes is longer than") if deny and size > most else nullcontext():
                kept._committer.put_and_wait(long)
    assert [entry.body["number"] for entry in told(tmp_path, Kind.OPERATION)] == [0, 2]
    assert [entry.body["records"] for entry in told(tmp_path, Kind.LOST)] == [1]
    assert holds(all_lines(tmp_path))


def test_segments_roll_by_size_and_by_time_also_when_nothing_happens(tmp_path: Path) -> None:
    async def work(closed: list[Closed]) -> None:
        with book(tmp_path, Keeping(True, True, 2_000, 3_600, 0.05), closed) as kept:
            for number in range(40):
                await put(kept, number)
            by_size = len(closed)
            assert by_size >= 2
        with book(tmp_path, Keeping(True, True, 10**6, 0.2, 0.05), closed):
            until(lambda: len(closed) >= by_size + 3)

    found: list[Closed] = []
    asyncio.run(work(found))
    segments = sorted({closed.first: closed for closed in found}.values())  # the last one of a writer is told again
    assert [closed.first + closed.size for closed in segments[:-1]] == [closed.first for closed in segments[1:]]
    assert any(closed.size == 1 for closed in segments)
    assert callers(tmp_path) == [f"user:{number}" for number in range(40)]
    assert holds(all_lines(tmp_path))


def test_a_fault_of_its_own_fails_whoever_waits_and_not_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        with book(tmp_path, Keeping(True, True)) as kept:
            with monkeypatch.context() as ill:
                ill.setattr("remit.adapters.journal.ledger.line_of", lambda *_: 1 / 0)
                with pytest.raises(NotRecorded, match="division"):
                    await asyncio.wait_for(put(kept, 0), PATIENCE)
            await asyncio.sleep(module.PAUSE + 0.05)
            await put(kept, 1)

    asyncio.run(work())
    assert callers(tmp_path) == ["user:1"] and "division" in caplog.text


def test_who_works_in_a_thread_waits_there(tmp_path: Path, disk: Disk) -> None:
    with book(tmp_path, Keeping(True, True)) as kept:
        kept.record_and_wait(record(1))
        assert callers(tmp_path) == ["user:1"]
        disk.error = errno.EIO
        with pytest.raises(NotRecorded):
            kept.record_and_wait(record(2))
        kept.note(Kind.ACTIVATED, {"revision": "0"})  # nothing depends on it
        kept.mention(Kind.AUTH_FAILED, {"why": "because"})
        disk.error = None
        time.sleep(module.PAUSE)
    (lost,) = told(tmp_path, Kind.LOST)
    assert lost.body["records"] == 3


def test_lines_are_json_in_one_line_whatever_is_in_them(tmp_path: Path) -> None:
    odd = 'user:"}\\,{"\u2028é\u007f'
    with book(tmp_path, Keeping(True, True)) as kept:
        kept.record_and_wait(Record(1, Actor(odd), PolicyStatus(), "0" * 64, None, request="a\nb\r\x00\x1b[31m"))
    (line, *_) = all_lines(tmp_path)
    assert json.loads(line)["caller"] == odd and json.loads(line)["request"] == "a\nb\r\x00\x1b[31m"
    assert not any(byte < 32 for byte in line)
