"""Closed segments looked after: signed, compressed, stored, removed when their time is over; whatever came in between,
the next process goes on with it, and nobody who asks ever waits for it.
"""

from __future__ import annotations

import gzip
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from asking import YES
from commands import written
from postgres import fresh_database
from publishing import OLD
from remit.adapters.db import open_database
from remit.adapters.db.checkpoints import PAGE, SqlCheckpoints, Stored
from remit.adapters.db.database import Database
from remit.adapters.db.engine import Patience, sqlite_url
from remit.adapters.journal import checkpoints, compressing, sealer
from remit.adapters.journal.book import Book, event, kept_in, words_by
from remit.adapters.journal.committer import Keeping
from remit.adapters.journal.layout import segments, writers
from remit.adapters.journal.ledger import free_ledger, open_ledger
from remit.adapters.journal.retention import DAY, Retention
from remit.adapters.journal.sealer import Sealer
from remit.adapters.journal.signing import signer_in
from remit.adapters.journal.storing import BATCH, Storing
from remit.adapters.journal_settings import JournalSettings
from remit.core.journal.chain import link_of
from remit.core.journal.entries import Kind, entry_of
from remit.core.times import parse_instant
from remit.journaling import journaling
from remit.service.recording import body_of, told_time
from signed_journals import World, lines_of
from test_serve import free_port, running, token

PATIENCE = 30.0
NOW = 1_796_000_000_000_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = World(tmp_path)
    yield found
    found.database.close()


def until(true: Callable[[], object]) -> None:
    """Wait for it."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def kept(world: World, roll: float = 3_600, retention: int | None = None, mode: str = "durable") -> JournalSettings:
    return JournalSettings(mode, True, world.directory, 64 * 1024 * 1024, roll, retention, ())


def said(world: World, kind: Kind) -> list[dict[str, object]]:
    """What all lines of this kind say."""
    found = []
    for writer in writers(world.directory):
        for segment in segments(world.directory, writer):
            found += [dict(entry_of(line[:-1]).body) for line in lines_of(segment.path)]
    return [each for each in found if each["kind"] == kind]


def settled(world: World, closed: int) -> bool:
    """Are so many segments closed, and all of them signed, compressed and stored?"""
    with suppress(FileNotFoundError):
        there = [each for writer in writers(world.directory) for each in segments(world.directory, writer)]
        done = [each for each in there if each.compressed and each.checkpoint.exists()]
        stored = {(row.writer, row.first) for name in world.stored.writers() for row in world.stored.of(name)}
        return len(done) >= closed and {(each.writer, each.first) for each in done} <= stored
    return False


def test_a_segment_is_signed_compressed_and_stored_also_when_nothing_happened(world: World) -> None:
    with journaling(kept(world, roll=0.2), world.state, world.database):
        until(lambda: settled(world, 4))
    faults, notes, (tally,) = world.found()
    assert (faults, notes, tally.unsigned, tally.unstored) == ([], [], 0, 0)
    (writer,) = writers(world.directory)
    sizes = [len(lines_of(segment.path)) for segment in segments(world.directory, writer)]
    assert sizes[1:] == [1] * (len(sizes) - 1), "nothing but the lines that close them"


def test_what_grows_is_signed_from_time_to_time(world: World) -> None:
    with journaling(kept(world, roll=3), world.state, world.database) as record:  # a twelfth of it is a quarter second
        until(lambda: list(checkpoints.files(world.directory, writers(world.directory)[0])))
        (writer,) = writers(world.directory)
        assert not segments(world.directory, writer)[0].compressed
        record.note(Kind.ACTIVATED, {"revision": "1" * 64})
        until(lambda: world.stored.latest(writer)[1] >= 2)
        faults, _, (tally,) = world.found()
        assert (faults, tally.segments, tally.unsigned) == ([], 1, 0)


def test_the_first_line_of_a_writer_and_the_first_by_another_key_name_the_key(world: World) -> None:
    keys = []
    for _ in range(2):
        keys.append(signer_in(world.state, new=True).key)
        for _ in range(2):
            with journaling(kept(world), world.state, world.database):
                pass
    assert [each["vkey"] for each in said(world, Kind.KEY)] == [each.text for each in keys]
    assert len(writers(world.directory)) == 1
    assert world.found()[0] == []
    for key in keys:
        faults, _, _ = world.found(keys=[key])
        assert faults and all("which is no key that is trusted here" in each.what or "missing" in each.what
                              for each in faults)  # fmt: skip


def test_a_checkpoint_that_is_gone_costs_no_line(world: World) -> None:
    with journaling(kept(world), world.state, world.database):
        pass
    (writer,) = writers(world.directory)
    (segment,) = segments(world.directory, writer)
    before = lines_of(segment.path)
    segment.checkpoint.unlink()
    with journaling(kept(world), world.state, world.database):
        until(segment.checkpoint.exists)
    assert lines_of(segment.path) == before and not list(segment.path.parent.glob("*.gz.gz"))


def test_a_damaged_segment_keeps_no_other_from_being_looked_after(world: World) -> None:
    with journaling(kept(world, roll=0.2), world.state, world.database):
        until(lambda: settled(world, 3))
    (writer,) = writers(world.directory)
    bent = segments(world.directory, writer)[1].path
    bent.write_bytes(bent.read_bytes()[:20] + bytes(20))
    there = len(segments(world.directory, writer))
    with journaling(kept(world, roll=0.2, retention=1), world.state, world.database):
        until(lambda: len([each for each in segments(world.directory, writer) if each.compressed]) >= there + 3)


def left_closed(world: World, lines: int = 3) -> Path:
    """A segment whose process ended right after it was closed."""
    ledger = open_ledger(world.directory)
    world.writes(ledger, lines)
    closed = ledger.close(words_by(lambda: world.time).closed)
    ledger.release()
    return closed.path


def signed(world: World, path: Path) -> None:
    world.seals().sign(next(each for each in _closed(world) if each.path == path))


def _closed(world: World) -> Iterator[sealer.Closed]:
    ledger = open_ledger(world.directory)
    ledger.release()
    if ledger.unclosed is not None:
        yield ledger.unclosed


@pytest.mark.parametrize("step", ["closed", "half signed", "signed", "half compressed", "compressed", "two files"])
def test_a_process_that_was_killed_at_any_step_is_taken_up_by_the_next(world: World, step: str) -> None:
    path = left_closed(world)
    if step == "half signed":
        path.with_name(".000000000001.checkpoint.0123").write_bytes(b"remit/")
    elif step != "closed":
        signed(world, path)
    if step == "half compressed":
        path.with_name(f".{path.name}.0123").write_bytes(gzip.compress(path.read_bytes())[:20])
    if step in ("compressed", "two files"):
        data = path.read_bytes()
        compressing.compress(path)
        if step == "two files":
            path.write_bytes(data)
    with journaling(kept(world), world.state, world.database):
        until(lambda: settled(world, 1))
        assert not path.exists()
    faults, _, (tally,) = world.found()
    assert (faults, tally.segments, tally.unsigned, tally.unstored) == ([], 2, 0, 0)
    assert not [each.name for each in path.parent.iterdir() if each.name.startswith(f".{path.name}")]


def test_all_segments_that_were_left_are_taken_up_in_their_order(world: World) -> None:
    for _ in range(4):
        left_closed(world)
    with journaling(kept(world), world.state, world.database):
        until(lambda: settled(world, 4))
    assert world.found()[0] == []
    (writer,) = writers(world.directory)
    assert all(segment.compressed for segment in segments(world.directory, writer))


def test_what_was_cut_short_while_it_was_copied_does_not_take_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = left_closed(world)
    data, copied = path.read_bytes(), compressing._copied

    def short(plain: Path, beside: Path) -> bytes:
        digest = copied(plain, beside)
        os.truncate(beside, beside.stat().st_size - 1)
        return digest

    monkeypatch.setattr(compressing, "_copied", short)
    with pytest.raises(OSError, match=r"does not say the same|ended before"):
        compressing.compress(path)
    assert path.read_bytes() == data
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name, "lock"]


def test_a_database_that_is_busy_is_tried_again_and_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sealer, "RETRY", 0.1)
    world = World(tmp_path)
    world.database.prepare()
    busy = Database(sqlite_url(tmp_path / "remit.db"), Patience(lock=0.05))
    lock = sqlite3.connect(tmp_path / "remit.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with journaling(kept(world, roll=0.2), world.state, busy) as record:
        until(lambda: "what is signed of the journal is not in the database yet" in caplog.text)
        began = time.monotonic()
        for _ in range(20):
            record.note(Kind.ACTIVATED, {"revision": "1" * 64})
        assert time.monotonic() - began < PATIENCE
        until(lambda: len(checkpoints.files(world.directory, writers(world.directory)[0])) > 2)
        assert world.found(database=False)[0] == []
        _, _, (tally,) = world.found()
        assert tally.unstored >= 2
        lock.execute("ROLLBACK")
        until(lambda: settled(world, 3))
    assert world.found()[0] == []
    for each in (busy, world.database, lock):
        each.close()


def test_a_database_that_is_out_of_reach_keeps_nothing_from_its_end(world: World) -> None:
    away = Database("postgresql://remit@127.0.0.1:1/remit", Patience(connect=1))
    with journaling(kept(world), world.state, away):
        pass
    assert world.found(database=False)[0] == []
    with journaling(kept(world), world.state, world.database):
        pass
    faults, _, (tally,) = world.found()
    assert (faults, tally.segments, tally.unstored) == ([], 2, 0)
    away.close()


@contextmanager
def booked(
    world: World, clock: list[int], retention: int | None = None, stored: SqlCheckpoints | None = None
) -> Iterator[Book]:
    """A book whose segments end with every second record, at a time that the test says (microseconds)."""
    keys = (signer_in(world.state).key,)

    def told() -> str:
        return told_time(clock[0])

    expiring = None if retention is None else Retention(world.directory, retention, told, lambda: clock[0])
    storing = Storing(world.directory, keys, stored or world.stored)
    found = Sealer(world.directory, world.seals(), storing, expiring)
    try:
        keeping = Keeping(True, True, 600, 3_600, 0.05)
        with kept_in(world.directory, keeping, body_of, told, found.finished) as book:
            found.start(book.writer, book.note)
            yield book
    finally:
        found.stop()


def grows(book: Book, lines: int = 8) -> None:
    for number in range(lines):
        book.note(Kind.ACTIVATED, {"revision": f"{number:064d}", "message": "x" * 250})


def test_whole_segments_go_when_their_time_is_over_and_a_line_says_so_first(world: World) -> None:
    clock = [NOW]
    with booked(world, clock, retention=30) as book:
        grows(book)
        until(lambda: settled(world, 4))
        clock[0] += 29 * DAY
        grows(book, 4)
        until(lambda: settled(world, 6))
        first = segments(world.directory, book.writer)[0].first
        assert first == 1
        clock[0] += 2 * DAY
        grows(book, 2)  # says it
        until(lambda: said(world, Kind.EXPIRED))
        grows(book, 4)  # closes the segment with the line that says it
        until(lambda: segments(world.directory, book.writer)[0].first > 1)
    assert {line["days"] for line in said(world, Kind.EXPIRED)} == {30}
    faults, (note,), (tally,) = world.found()
    assert faults == [] and note.file == f"{book.writer}/000000000001" and tally.expired >= 8
    files = checkpoints.files(world.directory, book.writer)
    assert 1 in files and len(files) > len(segments(world.directory, book.writer))
    ends = min(link_of(line[:-1]).time for line in lines_of(world.file(book.writer, 0)))  # type: ignore[union-attr]
    assert ends >= told_time(NOW)


def test_nothing_goes_without_a_retention_or_before_the_database_has_what_was_signed(world: World) -> None:
    away = Database("postgresql://remit@127.0.0.1:1/remit", Patience(connect=1))
    for retention, stored in ((None, world.stored), (30, away.checkpoints)):
        clock = [NOW]
        with booked(world, clock, retention, stored) as book:
            grows(book)
            clock[0] += 40 * DAY
            grows(book)
        assert said(world, Kind.EXPIRED) == []
        assert world.found(database=False)[0] == []
        assert segments(world.directory, book.writer)[0].first == 1
    away.close()


def test_what_is_over_of_a_writer_that_did_not_come_back_goes_too(world: World) -> None:
    clock = [NOW]
    with booked(world, clock) as one, booked(world, clock) as other:
        grows(one)
        grows(other)
        assert one.writer != other.writer
    clock[0] += 31 * DAY
    with booked(world, clock, retention=30) as again:
        (gone,) = {one.writer, other.writer} - {again.writer}
        until(lambda: grows(again, 2) or len(segments(world.directory, gone)) == 1)
        left = segments(world.directory, gone)
    assert [link_of(line[:-1]).kind for line in lines_of(left[0].path)] == [Kind.EXPIRED, Kind.CLOSED]  # type: ignore[union-attr]
    faults, notes, tallies = world.found()
    assert faults == [] and {each.file.partition("/")[0] for each in notes} == {one.writer, other.writer}
    assert all(each.expired for each in tallies)
    clock[0] += 31 * DAY
    with booked(world, clock, retention=30) as again:
        until(lambda: grows(again, 2) or segments(world.directory, gone)[0].first > left[0].first)
    assert world.found()[0] == []
    ledger = free_ledger(world.directory, gone)
    assert ledger is not None, "it can be gone on with"
    world.writes(ledger, 3)
    ledger.release()
    assert world.found()[0] == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_after_a_kill_and_a_restart_the_journal_is_sound(tmp_path: Path, workers: str) -> None:
    directory, port = written(OLD, tmp_path), free_port()
    headers = {"authorization": f"Bearer {token(tmp_path, 'application:notebook-portal')}"}
    for round in range(2):
        with running(directory, port, "--workers", workers, REMIT_JOURNAL_ROLL="1") as server:
            with httpx.Client(trust_env=False, timeout=PATIENCE, headers=headers) as client:
                for _ in range(6):
                    client.post(f"http://127.0.0.1:{port}/access/v1/evaluation", json=YES)
                    time.sleep(0.1)
            server.send_signal(signal.SIGKILL if round < 1 else signal.SIGTERM)
            server.wait(PATIENCE)
    state = directory / ".remit"
    found = World(tmp_path / "x")
    found.state, found.directory = state, state / "journal"
    found.database = Database(sqlite_url(state / "remit.db"))
    faults, _, tallies = found.found()
    assert faults == []
    assert sum(each.lines for each in tallies) > 12 and len(tallies) >= int(workers)
    found.database.close()


def rows(number: int, writer: str = "abcd1234") -> list[Stored]:
    return [Stored(writer, first, 2, first, b"remit/%d\n\nx" % first) for first in range(1, 2 * number, 2)]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        found = open_database(sqlite_url(tmp_path / "kept.db"))
        yield found
        found.close()
        return
    with fresh_database(request.config) as url:
        found = open_database(url)
        yield found
        found.close()


def test_checkpoints_are_kept_in_their_order_once_and_for_good(database: Database) -> None:
    kept = database.checkpoints
    assert (kept.writers(), kept.latest("abcd1234"), list(kept.of("abcd1234"))) == ([], (0, 0), [])
    many = rows(PAGE + BATCH)
    assert kept.keep(list(reversed(many))) == [] and kept.keep(rows(3, "ffff0000")) == []
    assert list(kept.of("abcd1234")) == many
    assert kept.latest("abcd1234") == (many[-1].first, 2)
    assert kept.writers() == ["abcd1234", "ffff0000"]
    assert kept.keep([many[0]._replace(note=b"remit/1\n\nby another key", at=9)]) == []
    (other,) = kept.keep([many[0]._replace(note=b"something else\n\nx"), many[1]])
    assert other.note == b"something else\n\nx"
    assert list(kept.of("abcd1234")) == many, "what is there stays"
    assert kept.keep([many[0]._replace(size=1)]) == []
    assert [row.size for row in kept.of("abcd1234")][:3] == [1, 2, 2]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_checkpoints SET note = note",
        "DELETE FROM journal_checkpoints",
        "INSERT OR REPLACE INTO journal_checkpoints SELECT writer, first, size, at, x'00' FROM journal_checkpoints",
        "TRUNCATE journal_checkpoints",
    ],
)
def test_the_database_itself_keeps_what_was_signed(database: Database, statement: str) -> None:
    database.checkpoints.keep(rows(2))
    foreign = {"INSERT OR": "postgresql", "TRUNCATE ": "sqlite"}.get(statement[:9]) == database.engine.name
    what = "syntax" if foreign else "what was signed of the journal never changes"
    with pytest.raises(DBAPIError, match=what), database.engine.begin() as link:
        link.execute(text(statement))
    assert list(database.checkpoints.of("abcd1234")) == rows(2)


def test_a_note_that_was_forged_does_not_get_into_the_database(world: World, caplog: pytest.LogCaptureFixture) -> None:
    ledger = open_ledger(world.directory)
    for _ in range(2):
        world.writes(ledger, 3)
        world.closes(ledger)
    ledger.release()
    path = world.directory / ledger.writer / "000000000001.checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n4\n", b"\n5\n"))
    world.stores(ledger.writer)
    assert [row.first for row in world.stored.of(ledger.writer)] == [5]
    assert "THE JOURNAL IS DAMAGED" in caplog.text


def test_nothing_goes_before_the_line_that_says_so_is_signed(world: World) -> None:
    ledger = open_ledger(world.directory)
    for _ in range(3):
        world.writes(ledger, 3)
        world.closes(ledger)
    world.writes(ledger, 1)
    later = parse_instant(world.time) + 31 * DAY
    retention = Retention(world.directory, 30, lambda: told_time(later), lambda: later)
    noted: list[object] = []

    def note(kind: Kind, said: Mapping[str, object]) -> None:
        noted.append(said)
        ledger.append([event(told_time(later), kind, said)], durable=True)

    retention.begin(ledger.writer, note, lambda _: True)
    for _ in range(3):
        retention.apply()
        assert noted == [{"before": 13, "days": 30}]
        assert segments(world.directory, ledger.writer)[0].first == 1
    closed = ledger.close(words_by(lambda: world.time).closed)
    assert world.seals().sign(closed)
    retention.apply()
    assert segments(world.directory, ledger.writer)[0].first == 1
    retention.sealed(closed)
    retention.apply()
    assert segments(world.directory, ledger.writer)[0].first == 13
    world.stores(ledger.writer)
    assert world.found()[0] == []
    ledger.release()
