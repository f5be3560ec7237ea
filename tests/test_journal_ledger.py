"""One writer's files: a chain that goes on over crashes, segments and restarts, and loses nothing it said it wrote."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.adapters.journal import ledger as ledger_module
from remit.adapters.journal.layout import lines_of, segments, writers
from remit.adapters.journal.ledger import Ledger, open_ledger, others, taken
from remit.core.journal.chain import START, leaf, line_of, link_of
from remit.core.journal.merkle import root_of
from remit.errors import JournalDamaged

TIME = b'"time":"2026-11-30T12:00:00.000000Z"'


def body(number: int, kind: bytes = b"decision") -> bytes:
    """What a line says."""
    return b'{%s,"kind":"%s","number":%d}' % (TIME, kind, number)


def closing(lines: int, root: bytes) -> bytes:
    """What the last line of a segment says."""
    return b'{%s,"kind":"journal.closed","lines":%d,"root":"%s"}' % (TIME, lines, root.hex().encode())


def all_lines(directory: Path) -> list[bytes]:
    """Every whole line of the one writer there, in order."""
    (writer,) = writers(directory)
    return [line for segment in segments(directory, writer) for line, whole in lines_of(segment) if whole]


def holds(lines: list[bytes]) -> bool:
    """Does each line name the one before it, with no number left out?"""
    prev = START
    for number, line in enumerate(lines, 1):
        link = link_of(line)
        if link is None or (link.prev, link.seq) != (prev, number):
            return False
        prev = leaf(line).hex()
    return True


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A new writer's files."""
    found = open_ledger(tmp_path)
    yield found
    found.release()


def test_lines_stand_in_a_chain(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append([body(1), body(2)], durable=True)
    ledger.append([body(3)], durable=False)
    lines = all_lines(tmp_path)
    assert len(lines) == 3 and holds(lines)
    assert lines[0] == line_of(START, ledger.writer, 1, body(1))
    assert leaf(lines[0]) == hashlib.sha256(b"\0" + lines[0]).digest()


def test_a_segment_ends_with_its_root_and_the_chain_goes_on(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append([body(1), body(2)], durable=True)
    closed = ledger.close(closing)
    ledger.append([body(3)], durable=True)
    lines = all_lines(tmp_path)
    assert [path.name for path in sorted((tmp_path / ledger.writer).glob("*.jsonl"))] == [
        "000000000001.jsonl", "000000000004.jsonl",
    ]  # fmt: skip
    assert holds(lines)
    assert b'"root":"%s"' % root_of([leaf(line) for line in lines[:2]]).hex().encode() in lines[2]
    assert (closed.first, closed.size, closed.root) == (1, 3, root_of([leaf(line) for line in lines[:3]]))


def test_an_hour_in_which_nothing_happened_is_closed_too(ledger: Ledger, tmp_path: Path) -> None:
    first, second = ledger.close(closing), ledger.close(closing)
    assert (first.first, first.size, second.first, second.size) == (1, 1, 2, 1)
    assert holds(all_lines(tmp_path))


def test_a_writer_goes_on_where_it_ended(tmp_path: Path) -> None:
    names = set()
    for number in range(1, 8):
        ledger = open_ledger(tmp_path)
        names.add(ledger.writer)
        ledger.append([body(number)], durable=True)
        if number % 3 == 0:
            ledger.close(closing)
        ledger.release()
    assert len(names) == 1
    lines = all_lines(tmp_path)
    assert len(lines) == 9 and holds(lines)


def test_two_processes_are_two_writers(ledger: Ledger, tmp_path: Path) -> None:
    other = open_ledger(tmp_path)
    assert other.writer != ledger.writer
    assert taken(tmp_path / other.writer) is None
    assert list(others(tmp_path, ledger.writer)) == []
    other.release()
    (left,) = others(tmp_path, ledger.writer)
    assert left.writer == other.writer
    left.release()


def test_whatever_a_crash_left_is_put_aside_and_told(tmp_path: Path) -> None:
    """Cut at every byte of the last two lines: what was whole stays, the rest is kept beside."""
    ledger = open_ledger(tmp_path)
    ledger.append([body(1), body(2), body(3)], durable=True)
    ledger.release()
    (segment,) = segments(tmp_path, ledger.writer)
    data = segment.path.read_bytes()
    ends = [number + 1 for number, byte in enumerate(data) if byte == 10]
    for cut in range(ends[0], len(data) + 1):
        segment.path.write_bytes(data[:cut])
        again = open_ledger(tmp_path)
        whole = [end for end in ends if end <= cut]
        rest = data[whole[-1] : cut]
        if rest:
            assert again.torn is not None
            assert again.torn == (len(rest), 0, hashlib.sha256(rest).hexdigest())
            (aside,) = (tmp_path / ledger.writer).glob("*.torn-*")
            assert aside.read_bytes() == rest
            aside.unlink()
        else:
            assert again.torn is None
        again.append([body(9)], durable=True)
        again.release()
        lines = all_lines(tmp_path)
        assert len(lines) == len(whole) + 1 and holds(lines)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_bent_end_is_never_gone_on_from(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any byte changed: what comes before the bent line stays, and what comes after it is kept beside, whole."""
    directory = tmp_path_factory.mktemp("journal")
    ledger = open_ledger(directory)
    ledger.append([body(number) for number in range(1, 6)], durable=True)
    ledger.release()
    (segment,) = segments(directory, ledger.writer)
    before = segment.path.read_bytes()
    at = data.draw(st.integers(0, len(before) - 1))
    bent = bytearray(before)
    bent[at] ^= 1 << data.draw(st.integers(0, 7))
    segment.path.write_bytes(bent)
    again = open_ledger(directory)
    kept = again.size
    assert at >= kept or at > bent.rfind(b"\n", 0, kept - 1), "nothing stays that stands behind what was bent"
    again.append([body(7)], durable=True)
    again.release()
    aside = b"".join(path.read_bytes() for path in (directory / ledger.writer).glob("*.torn-*"))
    assert bytes(bent[kept:]) == aside
    assert holds(all_lines(directory)) or at < kept


def test_a_damaged_writer_is_left_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([body(1)], durable=True)
    ledger.close(closing)
    ledger.append([body(2)], durable=True)
    ledger.release()
    first, second = segments(tmp_path, ledger.writer)
    first.path.unlink()
    second.path.write_bytes(b"nothing of a journal\n")
    with pytest.raises(JournalDamaged):
        Ledger(tmp_path, ledger.writer, os.open(tmp_path, os.O_RDONLY))
    other = open_ledger(tmp_path)
    assert other.writer != ledger.writer and "THE JOURNAL IS DAMAGED" in caplog.text
    assert second.path.read_bytes() == b"nothing of a journal\n"
    other.release()


@pytest.mark.parametrize("call", ["write", "fdatasync"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_what_failed_never_counts(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    """A write that got half way, or a sync that failed, leaves nothing behind once the disk is well again."""
    ledger.append([body(1)], durable=True)
    real = getattr(os, call)

    def fails(file: int, *data: Any) -> int:
        if call == "write":
            real(file, bytes(data[0])[: len(data[0]) // 2])
        raise OSError(error, os.strerror(error))

    with monkeypatch.context() as ill:
        ill.setattr(os, call, fails)
        for _ in range(2):
            with pytest.raises(OSError):
                ledger.append([body(2), body(3)], durable=True)
    ledger.append([body(4)], durable=True)
    lines = all_lines(tmp_path)
    assert holds(lines)
    assert [line.rpartition(b":")[2] for line in lines] == [b"1}", b"4}"]


def test_a_file_that_somebody_shortened_is_not_written_to(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append([body(1), body(2)], durable=True)
    (segment,) = segments(tmp_path, ledger.writer)
    os.truncate(segment.path, 10)
    ledger._sound = False
    with pytest.raises(OSError, match="shorter"):
        ledger.append([body(3)], durable=True)


def test_nobody_leads_the_journal_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / secrets.token_hex(4)
    ledger = open_ledger(tmp_path / "journal")
    (tmp_path / "journal" / ledger.writer / "000000000001.jsonl").symlink_to(elsewhere)
    with pytest.raises(OSError):
        ledger.append([body(1)], durable=True)
    assert not elsewhere.exists()
    ledger.release()


def test_after_a_loss_of_power_all_that_was_synced_is_there(tmp_path: Path) -> None:
    """Whatever the disk made of the bytes behind the last sync: cut short, not there at all, zeros, or older blocks."""
    chance = random.Random(3)
    for state in range(200):
        directory = tmp_path / str(state)
        ledger = open_ledger(directory)
        synced = chance.randrange(4)
        for number in range(synced):
            ledger.append([body(number)], durable=True)
        if chance.random() < 0.3 and synced:
            ledger.close(closing)
        ledger.append([body(7)] * chance.randrange(1, 4), durable=False)
        ledger.release()
        segment = segments(directory, ledger.writer)[-1]
        data = segment.path.read_bytes()
        firm = 0 if segment.first > 1 else len(b"".join(line + b"\n" for line, _ in list(lines_of(segment))[:synced]))
        tail = bytearray(data[firm:])
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(tail) + 1)
            tail[at : at + chance.randrange(1, 200)] = chance.choice([b"", bytes(50), data[:80], b"\n"])
        segment.path.write_bytes(data[:firm] + tail[: chance.randrange(len(tail) + 1)])
        again = open_ledger(directory)
        again.append([body(9)], durable=True)
        again.release()
        lines = all_lines(directory)
        assert holds(lines) and lines[-1].endswith(b'"number":9}')
        assert [line for line in lines if b'"kind":"decision"' in line][:synced] == lines[:synced]
        assert len(lines) > synced


def test_nobody_finds_a_new_writer_that_is_not_held_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks after what others left would take it from whoever is making it."""
    seen: list[str] = []

    def looked_at(directory: Path) -> int | None:
        seen.extend(writers(tmp_path))
        return taken(directory)

    monkeypatch.setattr(ledger_module, "taken", looked_at)
    made = open_ledger(tmp_path)
    try:
        assert writers(tmp_path) == [made.writer] and not seen
        assert [each.writer for each in others(tmp_path, "")] == []
    finally:
        made.release()
