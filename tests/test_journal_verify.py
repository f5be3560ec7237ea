"""Real files verified with a real database: what somebody did to them is found and told by its place, whoever it was;
what is over is not taken for deleted.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from remit.adapters.db.checkpoints import Stored
from remit.adapters.journal.book import event
from remit.adapters.journal.layout import segments
from remit.adapters.journal.ledger import open_ledger
from remit.adapters.journal.retention import remove
from remit.adapters.journal.signing import Signer, signer_in, trusted_in
from remit.core.journal.chain import leaf, line_of
from remit.core.journal.entries import Kind
from remit.core.journal.merkle import root_of
from remit.core.journal.notes import Checkpoint, origin_of
from remit.errors import Misconfigured
from signed_journals import World, body, forged, lines_of, rewrite


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def told(world: World, database: bool = True) -> list[str]:
    """Each fault, with its place."""
    faults, _, _ = world.found(database)
    return [f"{each.file.partition('/')[2] or each.file}:{each.line or ''} {each.what}" for each in faults]


def test_a_journal_that_nobody_changed_is_sound(world: World) -> None:
    writer = world.made((4, 6, 5), growing=3)
    faults, notes, (tally,) = world.found()
    assert (faults, notes) == ([], [])
    assert tally[:3] == (writer, 4, 5 + 7 + 6 + 3)
    assert (tally.signed_until, tally.unsigned, tally.expired, tally.unstored) == (world.time, 3, 0, 0)
    assert [path.name for path in sorted((world.directory / writer).iterdir())] == [
        "000000000001.checkpoint", "000000000001.jsonl.gz", "000000000006.checkpoint", "000000000006.jsonl.gz",
        "000000000013.checkpoint", "000000000013.jsonl.gz", "000000000019.jsonl", "lock",
    ]  # fmt: skip


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("database", [True, False])
def test_a_line_that_was_edited_deleted_or_put_in_is_told(world: World, number: int, database: bool) -> None:
    file = world.file(world.made(), number)
    whole = file.read_bytes()
    for change, what in (
        (
            lambda lines: [lines[0].replace(b"evaluate", b"evaluatf"), *lines[1:]],
            "not the one that the next line names",
        ),
        (lambda lines: [lines[0], *lines[2:]], "missing above this line"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "out of its order"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], "stands here again"),
        (lambda lines: lines[:-1], "without the line that closes it"),
    ):
        rewrite(file, change)
        assert any(what in each and file.name in each for each in told(world, database)), what
        file.write_bytes(whole)
    assert told(world, database) == []


def test_the_last_line_of_a_segment_is_held_by_the_next_one(world: World) -> None:
    writer = world.made((4, 6), growing=3)
    file = world.file(writer, 1)
    rewrite(file, lambda lines: [*lines[:-1], lines[-1].replace(b"2026", b"2027")])
    assert [each for each in told(world, False) if each.startswith("000000000013.jsonl:1 the last line of ")]


@pytest.mark.parametrize("database", [True, False])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_segment_that_was_deleted_is_told(world: World, number: int, database: bool) -> None:
    file = world.file(world.made(), number)
    file.unlink()
    assert any("are not here" in each for each in told(world, database))
    file.with_name(file.name.replace("jsonl.gz", "checkpoint")).unlink()
    assert any("are not here" in each for each in told(world, database))


def test_the_latest_lines_and_all_that_was_signed_of_them_are_missed_by_the_database_alone(world: World) -> None:
    writer = world.made((4, 6), growing=0)
    world.file(writer, 1).unlink()
    (world.directory / writer / "000000000006.checkpoint").unlink()
    assert told(world, database=False) == []
    assert told(world) == ["000000000006: lines 6 to 12 are not here"]


def test_a_checkpoint_that_was_deleted_is_told(world: World) -> None:
    writer = world.made()
    for first in (1, 6, 13):
        path = world.directory / writer / f"{first:012d}.checkpoint"
        note = path.read_bytes()
        path.unlink()
        for database in (True, False):
            assert told(world, database) == [f"{first:012d}.jsonl.gz: what was signed of it is missing"]
        path.write_bytes(note)
    assert told(world) == []


def test_every_changed_byte_of_a_checkpoint_is_told(world: World) -> None:
    writer = world.made((4,), growing=1)
    path = world.directory / writer / "000000000001.checkpoint"
    note = path.read_bytes()
    for at in range(len(note)):
        path.write_bytes(note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :])
        assert told(world, database=False), at
    path.write_bytes(note[:-1])
    assert told(world, database=False)


def test_a_checkpoint_of_another_segment_or_by_a_key_of_ones_own_is_told(world: World) -> None:
    writer = world.made()
    there = world.directory / writer
    note = (there / "000000000001.checkpoint").read_bytes()
    (there / "000000000001.checkpoint").write_bytes((there / "000000000006.checkpoint").read_bytes())
    assert any("it is what was signed of another segment" in each for each in told(world))
    mine = Signer(b"k" * 32)
    (there / "000000000001.checkpoint").write_bytes(mine.signed(note.decode().partition("\n\n")[0] + "\n"))
    assert any("which is no key that is trusted here" in each for each in told(world))


def rewritten(world: World, writer: str, sign: Signer | None) -> None:
    """The whole journal of a writer again, with one record left out: whoever has no key can do all but sign it."""
    shutil.rmtree(world.directory / writer)
    (world.directory / writer).mkdir()
    lines = forged(writer, 1, [body(number) for number in range(13)])
    (world.directory / writer / "000000000001.jsonl").write_bytes(b"".join(lines))
    signer = sign or Signer(b"k" * 32)
    text = Checkpoint(origin_of(writer, 1), len(lines), root_of([leaf(line[:-1]) for line in lines])).text
    (world.directory / writer / "000000000001.checkpoint").write_bytes(signer.signed(text))


def test_whoever_has_not_the_key_cannot_rewrite_the_journal(world: World) -> None:
    writer = world.made()
    rewritten(world, writer, None)
    assert [each for each in told(world, database=False) if "which is no key that is trusted here" in each]


def test_whoever_has_all_but_the_database_cannot_rewrite_the_journal(world: World) -> None:
    writer = world.made()
    rewritten(world, writer, signer_in(world.state))
    assert told(world, database=False) == [], "who has host and key can"
    assert any("signed by the database" in each for each in told(world))


def test_whoever_adds_a_key_of_ones_own_is_found_by_an_auditor_who_brings_the_key(world: World) -> None:
    writer = world.made()
    keys = trusted_in(world.state)
    mine = signer_in(world.state, new=True)
    rewritten(world, writer, mine)
    assert told(world, database=False) == []
    assert world.found(False, keys)[0]


def test_a_writer_that_vanished_is_known_to_the_database(world: World) -> None:
    one, other = world.made(), None
    held = open_ledger(world.directory)  # so that the next one is another writer
    other = world.made((2,), growing=1)
    assert other != one
    held.release()
    shutil.rmtree(world.directory / one)
    assert told(world, database=False) == []
    (found,) = told(world)
    assert "all lines of this writer, to number 18, are not here" in found


def test_a_writer_of_another_server_is_worth_a_note(world: World) -> None:
    world.made()
    note = Signer(b"k" * 32).signed(Checkpoint(origin_of("ffff0000", 1), 3, b"r" * 32).text)
    world.stored.keep([Stored("ffff0000", 1, 3, 0, note)])
    faults, notes, _ = world.found()
    assert faults == [] and [each.file for each in notes] == ["ffff0000"]


def test_a_root_that_does_not_fit_is_told(world: World) -> None:
    writer = world.made((4,), growing=1)

    def closing(lines: list[bytes]) -> list[bytes]:
        at = lines[-1].rindex(b'"}') - 1
        return [*lines[:-1], lines[-1][:at] + (b"0" if lines[-1][at : at + 1] != b"0" else b"1") + lines[-1][at + 1 :]]

    rewrite(world.file(writer, 0), closing)
    assert any("says another number or another root" in each for each in told(world))


def test_a_compressed_segment_that_is_cut_off_or_damaged_is_told(world: World) -> None:
    file = world.file(world.made((40,)), 0)
    whole = file.read_bytes()
    for size in (0, 1, 10, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        file.write_bytes(whole[:size])
        assert told(world, database=False), size
    for at in range(30, len(whole) - 8, 37):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        assert told(world, database=False), at
    file.write_bytes(whole + b"x")
    assert told(world, database=False)


def test_a_segment_under_another_name_is_told(world: World) -> None:
    writer = world.made()
    shutil.copy(world.file(writer, 0), world.directory / writer / "000000000003.jsonl.gz")
    assert told(world, database=False)


def test_what_grows_is_signed_as_far_as_it_is(world: World) -> None:
    ledger = open_ledger(world.directory)
    world.writes(ledger, 5)
    world.seals().sign(ledger.so_far())
    world.writes(ledger, 4)
    world.stores(ledger.writer)
    faults, _, (tally,) = world.found()
    assert faults == [] and (tally.lines, tally.unsigned) == (9, 4)
    file = world.file(ledger.writer, 0)
    whole = file.read_bytes()
    rewrite(file, lambda lines: lines[:5])
    assert told(world) == [], "the window: lines after the last signature"
    for lines in (4, 1, 0):
        rewrite(file, lambda all_of_them, lines=lines: all_of_them[:lines])
        assert any(f"5 lines were signed by the checkpoint, but only {lines} are there" in each for each in told(world))
    file.write_bytes(whole)
    file.unlink()
    assert any("lines 1 to 5 are not here" in each for each in told(world))
    ledger.release()


def test_an_older_checkpoint_put_back_is_known_to_the_database(world: World) -> None:
    ledger, path = open_ledger(world.directory), None
    seals = world.seals()
    world.writes(ledger, 5)
    seals.sign(ledger.so_far())
    path = world.directory / ledger.writer / "000000000001.checkpoint"
    older = path.read_bytes()
    world.stores(ledger.writer)
    world.writes(ledger, 5)
    seals.sign(ledger.so_far())
    world.stores(ledger.writer)
    path.write_bytes(older)
    assert any("only 5 of its 10 lines are signed by the checkpoint" in each for each in told(world))
    rewrite(world.file(ledger.writer, 0), lambda lines: lines[:5])
    assert told(world, database=False) == []
    assert any("10 lines were signed by the database, but only 5 are there" in each for each in told(world))
    ledger.release()


def over(world: World, sizes: tuple[int, ...] = (3, 3, 3)) -> str:
    """A writer whose lines before the third segment were removed, because their time was over."""
    ledger = open_ledger(world.directory)
    for size in sizes:
        world.writes(ledger, size)
        world.closes(ledger)
    ledger.append([event(world.time, Kind.EXPIRED, {"before": 9, "days": 1})], durable=True)
    world.closes(ledger)
    world.writes(ledger, 2)
    ledger.release()
    world.stores(ledger.writer)
    remove(world.directory, ledger.writer, 9)
    return ledger.writer


def test_what_is_over_is_not_taken_for_deleted(world: World) -> None:
    writer = over(world)
    for database in (True, False):
        faults, (note,), (tally,) = world.found(database)
        assert faults == []
        assert (note.file, note.what) == (f"{writer}/000000000001", "lines 1 to 8 are not here")
        assert tally.expired == 8
    assert (world.directory / writer / "000000000001.checkpoint").exists(), "what was signed of it stays"


def test_what_was_deleted_is_not_taken_for_over(world: World) -> None:
    writer = over(world)
    world.file(writer, 0).unlink()
    assert told(world) == ["000000000009: lines 9 to 12 are not here"]


def test_what_is_over_still_has_what_was_signed_of_it(world: World) -> None:
    writer = over(world)
    (world.directory / writer / "000000000005.checkpoint").unlink()
    assert told(world, database=False) == ["000000000005: lines 5 to 8 are not here, nor is what was signed of them"]
    assert told(world) == ["000000000005: lines 5 to 8 are not here, nor is what was signed of them"]


def test_a_line_that_says_what_is_over_counts_only_once_it_is_signed(world: World) -> None:
    writer = world.made((3, 3), growing=1)
    file = world.file(writer, 2)
    last = lines_of(file)[-1][:-1]
    said = event(world.time, Kind.EXPIRED, {"before": 9, "days": 1})
    file.write_bytes(file.read_bytes() + line_of(leaf(last).hex(), writer, 10, said) + b"\n")
    assert told(world) == []
    remove(world.directory, writer, 9)
    for database in (True, False):
        assert told(world, database) == ["000000000001: lines 1 to 8 are not here"]


def test_nothing_goes_that_was_never_signed(world: World) -> None:
    writer = world.made((3, 3, 3), growing=1)
    (world.directory / writer / "000000000005.checkpoint").unlink()
    remove(world.directory, writer, 13)
    assert [segment.first for segment in segments(world.directory, writer)] == [5, 9, 13]


def test_a_journal_is_verified_since_an_instant(world: World) -> None:
    ledger = open_ledger(world.directory)
    for day in (1, 2, 3, 4):
        world.time = f"2026-11-0{day}T00:00:00.000000Z"
        world.writes(ledger, 3)
        world.closes(ledger)
    ledger.release()
    world.stores(ledger.writer)
    rewrite(world.file(ledger.writer, 0), lambda lines: lines[:2])
    assert told(world)
    faults, _, (tally,) = world.found(since=1_793_664_000_000_000)  # 2026-11-03
    assert faults == [] and tally.segments == 2
    rewrite(world.file(ledger.writer, 3), lambda lines: lines[:2])
    assert world.found(since=1_793_664_000_000_000)[0]


def test_what_the_journal_says_of_itself_is_told(world: World) -> None:
    ledger = open_ledger(world.directory)
    ledger.append([event(world.time, Kind.LOST, {"records": 3, "since": 1, "cause": "No space left"})], durable=True)
    ledger.append([event(world.time, Kind.TRIMMED, {"bytes": 9, "lines": 0, "sha256": "0" * 64})], durable=True)
    faults, notes, _ = world.found(False)
    assert faults == []
    assert [(each.line, each.what) for each in notes] == [
        (1, "3 records could not be written: No space left"),
        (2, "9 bytes were cut off above this line, 0 whole lines among them"),
    ]
    ledger.append([event(world.time, Kind.TRIMMED, {"bytes": 900, "lines": 2, "sha256": "0" * 64})], durable=True)
    assert len(told(world, database=False)) == 1
    (world.directory / ledger.writer / "000000000001.torn-0123456789abcdef").write_bytes(b"{}\n{}\n{")
    assert any("2 whole lines were cut off" in each for each in told(world, database=False))
    ledger.release()


def test_whoever_edits_what_grows_and_waits_for_a_restart_is_found(world: World) -> None:
    """The lines from the edited one on are put aside as if torn: that is told, whole lines never tear."""
    writer = world.made((3,), growing=5)
    rewrite(world.file(writer, 1), lambda lines: [lines[0], lines[1].replace(b"evaluate", b"evaluatf"), *lines[2:]])
    ledger = open_ledger(world.directory)
    assert ledger.writer == writer and ledger.torn is not None and ledger.torn.lines
    ledger.release()
    assert any("whole lines were cut off" in each for each in told(world))


def test_what_was_signed_is_not_signed_anew_when_it_was_changed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    ledger = open_ledger(world.directory)
    world.writes(ledger, 5)
    world.seals().sign(ledger.so_far())
    ledger.release()
    rewrite(world.file(ledger.writer, 0), lambda lines: lines[:3])
    again = open_ledger(world.directory)
    assert again.writer == ledger.writer and again.lines == 3
    assert not world.seals().sign(again.so_far())
    world.writes(again, 5)
    assert not world.seals().sign(again.so_far())
    assert "THE JOURNAL IS DAMAGED" in caplog.text
    assert any("are not those that were signed" in each for each in told(world, database=False))
    again.release()


def test_where_no_journal_is_that_is_said(world: World) -> None:
    with pytest.raises(Misconfigured, match="there is no journal in"):
        world.found()
