"""A journal of 50 records closed by a checkpoint, changed in every way that there is for one line, and every one found.

`REMIT_TAMPER=all` flips every bit, which takes minutes; otherwise every twenty-ninth of them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence

import pytest

from remit.adapters.journal.signing import Signer, holds
from remit.core.journal.chain import START, leaf
from remit.core.journal.merkle import root_of
from remit.core.journal.notes import Checkpoint, checkpoint_of, opened, origin_of
from remit.core.journal.verifying import FILE, Claim, Follower, Notice
from signed_journals import body, forged

WRITER = "abcd1234"
RECORDS = 50
STEP = 1 if os.environ.get("REMIT_TAMPER") == "all" else 29
LINES = forged(WRITER, 1, [body(number) for number in range(RECORDS)])
SIGNER = Signer(os.urandom(32))


def signed(lines: Sequence[bytes]) -> Claim:
    """What is signed of these lines, by way of a note."""
    root = root_of([leaf(line[:-1]) for line in lines])
    note = SIGNER.signed(Checkpoint(origin_of(WRITER, 1), len(lines), root).text)
    found = checkpoint_of(opened(note, [SIGNER.key], holds))
    return Claim(found.size, found.root, FILE)


CLAIM = signed(LINES)


def faults(data: bytes, claims: Sequence[Claim] = (CLAIM,)) -> list[Notice]:
    """What is found in these bytes of a segment."""
    follower = Follower(WRITER, 1, "file", START, claims)
    follower.follow(io.BytesIO(data))
    return [each for each in follower.notices if each.broken]


def found(lines: Sequence[bytes], claims: Sequence[Claim] = (CLAIM,)) -> list[Notice]:
    return faults(b"".join(lines), claims)


def test_what_was_not_changed_is_sound() -> None:
    assert found(LINES) == []
    assert len(LINES) == RECORDS + 1 and sum(map(len, LINES)) > 20_000


def test_every_deletion_of_one_line_is_found_in_its_place() -> None:
    for at in range(len(LINES)):
        notices = found(LINES[:at] + LINES[at + 1 :])
        assert notices, at
        if at < len(LINES) - 1:
            assert (notices[0].line, notices[0].what) == (at + 1, f"line {at + 1} is missing above this line")


def test_every_deletion_of_several_lines_is_found() -> None:
    for at in range(len(LINES)):
        for end in range(at + 2, len(LINES) + 1):
            assert found(LINES[:at] + LINES[end:]), (at, end)


def test_every_swap_of_two_lines_is_found() -> None:
    for one in range(len(LINES)):
        for other in range(one + 1, len(LINES)):
            lines = list(LINES)
            lines[one], lines[other] = lines[other], lines[one]
            notices = found(lines)
            assert notices, (one, other)
            assert any("out of its order" in each.what for each in notices), (one, other)


def test_every_duplication_at_every_place_is_found() -> None:
    for line in LINES:
        for place in range(len(LINES) + 1):
            notices = found([*LINES[:place], line, *LINES[place:]])
            assert notices, (line, place)
            told = " ".join(each.what for each in notices)
            assert "stands here" in told or "missing above" in told or "behind the line that ends" in told


def test_every_truncation_is_found() -> None:
    data = b"".join(LINES)
    ends = {0, *(sum(map(len, LINES[:number])) for number in range(len(LINES)))}
    for size in sorted(ends | set(range(0, len(data), STEP))):
        notices = faults(data[:size])
        assert notices and "were signed by the checkpoint, but only" in notices[-1].what, size


def test_every_flipped_bit_is_found() -> None:
    data = bytearray(b"".join(LINES))
    for number in range(0, len(data) * 8, STEP):
        at, bit = divmod(number, 8)
        data[at] ^= 1 << bit
        assert faults(bytes(data)), (at, bit)
        data[at] ^= 1 << bit


def test_whoever_edits_a_line_is_told_by_its_place() -> None:
    for at in range(RECORDS):
        lines = list(LINES)
        lines[at] = lines[at].replace(b'"op":"evaluate"', b'"op":"evaluatf"')
        assert lines[at] != LINES[at]
        notices = found(lines)
        assert (notices[0].line, notices[0].what) == (at + 1, "this line is not the one that the next line names")


def test_lines_of_another_writer_and_lines_made_up_are_found() -> None:
    other = forged("ffff0000", 1, [body(number) for number in range(RECORDS)])
    for at in range(len(LINES)):
        assert any("one of `ffff0000`" in each.what for each in found([*LINES[:at], other[at], *LINES[at + 1 :]]))
        assert any("no line of a journal" in each.what for each in found([*LINES[:at], b"{}\n", *LINES[at:]]))


def test_a_chain_that_was_rewritten_without_the_key_is_found_by_what_was_signed() -> None:
    for gone in (0, 20, RECORDS - 1):
        lines = forged(WRITER, 1, [body(number) for number in range(RECORDS) if number != gone])
        assert found(lines, ()) == [], "the chain alone cannot tell"
        assert found(lines), gone
    edited = forged(WRITER, 1, [body(number + (number == 20)) for number in range(RECORDS)])
    assert found(edited, ()) == []
    (notice,) = found(edited)
    assert "are not those that were signed by the checkpoint" in notice.what


def test_lines_behind_what_was_signed_of_a_growing_segment_are_held_by_their_chain() -> None:
    """Of a segment that grows, 30 lines are signed: those cannot be changed, and of the rest only the last one, or all
    from one line on."""
    growing, claim = LINES[:RECORDS], signed(LINES[:30])
    assert found(growing, [claim]) == []
    for at in range(RECORDS):
        gone = found(growing[:at] + growing[at + 1 :], [claim])
        cut = found(growing[:at], [claim])
        edited = found([*growing[:at], growing[at].replace(b"evaluate", b"evaluatf"), *growing[at + 1 :]], [claim])
        assert bool(cut) == (at < 30)
        assert bool(gone) == bool(edited) == (at < RECORDS - 1), at


def test_what_is_told_of_one_file_is_bounded() -> None:
    notices = faults(b"garbage\n" * 10_000)
    assert len(notices) < 30
    assert "more faults are in this file" in notices[-1].what


@pytest.mark.parametrize("end", [b"", b"\n", b"{}\n", b"x"])
def test_nothing_stands_behind_the_line_that_ends_a_segment(end: bytes) -> None:
    follower = Follower(WRITER, 1, "file", START, [CLAIM])
    follower.follow(io.BytesIO(b"".join(LINES) + end))
    assert bool(follower.torn or [each for each in follower.notices if each.broken]) == bool(end)
