"""The journal read: every line that is wanted, in order, while others write, compress and take away what is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal_lines import REVISION, SECOND, START, Writing, body_of, compressed, decision, ids, record, written
from remit.adapters.journal import blocks, reading, spans
from remit.adapters.journal.layout import name_of, segments
from remit.adapters.journal.reading import Reader, entries
from remit.core.journal.chain import line_of
from remit.core.journal.entries import Kind, entry_of
from remit.core.journal.marks import Mark, Marks
from remit.core.journal.wanted import Wanted
from remit.core.times import parse_instant
from remit.errors import JournalDamaged
from remit.service.recording import told_time

AT = lambda second: START + int(second * SECOND)  # noqa: E731


def several(directory: Path, writers: int = 3, lines: int = 40) -> list[str]:
    """A journal of several writers and segments, some compressed; all ids but those of `journal.closed`, by time."""
    found, writing = [], [Writing(directory) for _ in range(writers)]
    for number in range(lines):
        for writer, one in enumerate(writing):
            second = number * writers + writer
            found += [(second, id) for id in one.write(decision(second, f"user:u{number % 7}"))]
            if number % 10 == 9:
                one.roll(second)
    for one in writing:
        one.release()
        compressed(directory, one.writer, *[n for n in (0, 2) if n < lines // 10])
    return [id for _, id in sorted(found)]


@pytest.fixture
def hearing() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 1_000)


def decisions(found: Any) -> list[str]:
    return ids([entry for entry in found if entry.kind == Kind.DECISION])


def test_all_lines_of_all_writers_by_their_time(tmp_path: Path, hearing: list[str]) -> None:
    wanted = several(tmp_path)
    assert len(wanted) == 120 and len({id.partition("-")[0] for id in wanted}) == 3
    assert decisions(Reader(tmp_path, hearing.append).entries()) == wanted
    assert hearing == []


def test_what_was_written_between_two_instants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several(tmp_path)
    everything = list(entries(tmp_path))
    for slack in (0, 20 * SECOND):
        monkeypatch.setattr(spans, "SLACK", slack)
        monkeypatch.setattr(reading, "SLACK", slack)
        for since in (None, -5, 0, 29, 30, 30.5, 118, 119, 500):
            for until in (None, 0, 31, 60.5, 500):
                one = Wanted(since if since is None else AT(since), until if until is None else AT(until))
                assert ids(entries(tmp_path, one)) == ids([entry for entry in everything if one.fits(entry)])


def test_segments_before_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writing = Writing(tmp_path)
    for hour in range(100):
        writing.write(decision(hour * 3_600))
        writing.roll(hour * 3_600 + 3_599)
    writing.release()
    read: list[int] = []
    honest = reading.blocks_of
    monkeypatch.setattr(
        reading, "blocks_of", lambda file, offset: (read.append(1), honest(file, offset))[1], raising=True
    )
    assert len(list(entries(tmp_path, Wanted(since=AT(98 * 3_600))))) == 4
    assert len(read) == 3, "the one that begins then, the one before it, for slack, and the one behind"


def test_a_clock_that_was_set_back_hides_nothing(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    for second in (0, 1_000, 2_000, 1_700, 1_900, 2_500):
        writing.write(decision(second))
        writing.roll(second)
    writing.release()
    for since, until in ((1_950, None), (None, 1_950), (1_650, 1_950)):
        one = Wanted(since and AT(since), until and AT(until), kinds=("decision",))
        told = [(entry.time - START) // SECOND for entry in entries(tmp_path, one)]
        wanted = [s for s in (0, 1_000, 2_000, 1_700, 1_900, 2_500) if (since or 0) <= s < (until or 9_999)]
        assert told == wanted, "of one writer the order stays"


def test_the_last_ones(tmp_path: Path) -> None:
    wanted = several(tmp_path)
    for number in (0, 1, 5, 30, 119, 120, 500):
        found, marks = Reader(tmp_path).latest(Wanted(kinds=("decision",)), number)
        assert ids(found) == (wanted[-number:] if number else [])
        assert [step.entry for step in Reader(tmp_path).steps(Wanted(), marks) if step.entry] == []
    found, _ = Reader(tmp_path).latest(Wanted(subject="user:u3"), 4)
    assert ids(found) == ids(list(entries(tmp_path, Wanted(subject="user:u3"))))[-4:]


def test_one_line_by_its_name(tmp_path: Path) -> None:
    for id in several(tmp_path, 2):
        writer, _, seq = id.partition("-")
        found = Reader(tmp_path).entry(writer, int(seq))
        assert found is not None and found.id == id
    assert Reader(tmp_path).entry(writer, 10_000) is None
    assert Reader(tmp_path).entry("nobody", 1) is None
    assert Reader(tmp_path).entry("..", 1) is None


def followed(reader: Reader, marks: dict[str, Mark], wanted: Wanted = Wanted()) -> list[str]:  # noqa: B008
    """What is new."""
    found = []
    for step in reader.steps(wanted, marks):
        marks[step.writer] = step.mark
        if step.entry is not None and step.entry.kind == Kind.DECISION:
            found.append(step.entry.id)
    return found


def test_new_lines_are_seen_once_through_rolls_and_compression(tmp_path: Path, hearing: list[str]) -> None:
    one = Writing(tmp_path)
    reader, marks = Reader(tmp_path, hearing.append), {}
    first = one.write(*[decision(n) for n in range(25)])
    _, there = reader.latest(Wanted(), 0)
    marks.update(there)
    assert followed(reader, marks) == []
    more = one.write(*[decision(30 + n) for n in range(25)])
    assert followed(reader, marks) == more
    rest = one.write(decision(60))
    one.roll(61)
    compressed(tmp_path, one.writer, 0)
    assert followed(reader, marks) == rest, "where one stands is the same, compressed or not"
    assert followed(reader, marks) == []
    other = Writing(tmp_path)
    fresh = [*other.write(decision(62)), *one.write(decision(63))]
    assert followed(reader, marks) == fresh, "also of a writer that was not there"
    for second in range(64, 70):
        fresh = one.write(decision(second))
        one.roll(second)
        assert followed(reader, marks) == fresh
        assert followed(reader, marks) == []
    assert hearing == [] and first
    one.release()
    other.release()


def test_any_step_is_one_to_go_on_from(tmp_path: Path) -> None:
    wanted = several(tmp_path, 2, 20)
    steps = list(Reader(tmp_path).steps(Wanted(kinds=("decision",))))
    for cut in range(0, len(steps), 3):
        marks: dict[str, Mark] = {}
        for step in steps[:cut]:
            marks[step.writer] = step.mark
        before = ids([step.entry for step in steps[:cut] if step.entry is not None])
        assert before + followed(Reader(tmp_path), marks, Wanted(kinds=("decision",))) == wanted


def test_a_line_that_is_growing_is_left_out_until_it_is_whole(tmp_path: Path, hearing: list[str]) -> None:
    writing = Writing(tmp_path)
    whole = writing.write(decision(0), decision(1))
    path = segments(tmp_path, writing.writer)[0].path
    writing.release()
    line = line_of(writing.ledger._prev, writing.writer, 3, body_of(decision(2)))
    reader, marks = Reader(tmp_path, hearing.append), {}
    for cut in (1, 50, 200, len(line)):
        with path.open("ab") as file:
            file.write(line[:cut])
        assert ids(entries(tmp_path)) == whole
        assert followed(reader, marks) == (whole if cut == 1 else [])
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - cut)
    with path.open("ab") as file:
        file.write(line + b"\n")
    assert followed(reader, marks) == [f"{writing.writer}-3"]
    assert hearing == []


def test_a_segment_that_is_compressed_or_gone_after_the_list_was_made(
    tmp_path: Path, hearing: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = several(tmp_path, 1, 40)
    there = segments(tmp_path, wanted[0].partition("-")[0])
    assert [segment.compressed for segment in there] == [True, False, True, False]
    stale = list(there)
    compressed(tmp_path, there[0].writer, 0)
    monkeypatch.setattr(reading, "segments", lambda *_: list(stale))
    assert decisions(Reader(tmp_path, hearing.append).entries()) == wanted and hearing == []
    there[2].path.unlink()
    found = decisions(Reader(tmp_path, hearing.append).entries())
    assert found == [id for id in wanted if not 22 < int(id.partition("-")[2]) < 33]
    assert len(hearing) == 1 and "not there any more" in hearing[0] and there[2].path.name in hearing[0]


def test_a_segment_that_a_list_lacks_is_looked_for(
    tmp_path: Path, hearing: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = several(tmp_path, 1, 40)
    whole, asked = reading.segments, []

    def once(directory: Path, writer: str) -> list[Any]:
        asked.append(1)
        found = whole(directory, writer)
        return [found[0], *found[3:]] if len(asked) == 1 else found

    monkeypatch.setattr(reading, "segments", once)
    assert decisions(Reader(tmp_path, hearing.append).entries()) == wanted
    assert len(asked) == 2 and hearing == []


def test_what_is_taken_away_between_is_told(tmp_path: Path, hearing: list[str]) -> None:
    wanted = several(tmp_path, 1, 40)
    writer = wanted[0].partition("-")[0]
    segments(tmp_path, writer)[1].path.unlink()
    assert len(decisions(Reader(tmp_path, hearing.append).entries())) == 30
    assert hearing == [f"`{writer}-12` to `{writer}-22` are not there: expired, or taken away"]


@pytest.mark.parametrize("harm", ["cut", "flip", "garbage", "torn", "empty"])
def test_damage_is_told_and_passed_over(tmp_path: Path, hearing: list[str], harm: str) -> None:
    wanted = several(tmp_path, 1, 40)
    there = segments(tmp_path, wanted[0].partition("-")[0])
    packed, plain = there[2].path, there[1].path
    if harm == "cut":
        packed.write_bytes(packed.read_bytes()[:-30])
    elif harm == "flip":
        data = bytearray(packed.read_bytes())
        data[len(data) // 2] ^= 0xFF
        packed.write_bytes(data)
    elif harm == "garbage":
        lines = plain.read_bytes().split(b"\n")
        lines[3] = b'{"no": "line"}'
        plain.write_bytes(b"\n".join(lines))
    elif harm == "torn":
        plain.write_bytes(plain.read_bytes()[:-5])
    else:
        packed.write_bytes(b"")
    found = decisions(Reader(tmp_path, hearing.append).entries())
    assert set(found) < set(wanted) or harm == "torn"
    assert {id for id in wanted if int(id.partition("-")[2]) > 33} <= set(found), "what is behind it is read"
    assert {id for id in wanted if int(id.partition("-")[2]) < 11} <= set(found)
    if harm != "empty":
        assert len(hearing) >= 1 and "remit journal verify" in hearing[0], hearing
    else:
        assert len(hearing) >= 1, hearing


def test_a_line_without_an_end_is_not_read_to_it(
    tmp_path: Path, hearing: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MOST_LINE", 50_000)
    writer = written(tmp_path, decision(0))
    with (tmp_path / writer / name_of(1)).open("ab") as file:
        file.write(b"x" * 1_000_000)
    assert len(list(Reader(tmp_path, hearing.append).entries())) == 1
    assert "more than 50,000 bytes" in hearing[0]


def test_what_is_no_object_or_has_no_items_is_no_line(tmp_path: Path) -> None:
    top = '{"prev":"' + "0" * 64 + '","writer":"abcd","seq":1,"time":"2026-11-30T00:00:00Z","kind":"decision"'
    assert entry_of(f"{top}}}".encode()).items == []
    assert entry_of(f'{top},"items":[{{"groups":7}},{{"groups":-1}},{{"groups":1}}]}}'.encode()).items
    for rest in (',"items":7}', ',"items":[7]}', ',"items":{}}', ',"x":}', ',"time":5}', ',"time":"x"}'):
        with pytest.raises(Exception, match="no line of a journal"):
            entry_of(f"{top}{rest}".encode())


def test_times_are_read_as_they_were_written() -> None:
    top = '{"prev":"' + "0" * 64 + '","writer":"abcd","seq":1,"time":"%s","kind":"decision"}'
    for instant in (START, START + 1, START + 999_999, 0, 1, 253_402_300_799_999_999):
        assert entry_of((top % told_time(instant)).encode()).time == instant
    assert entry_of((top % "2026-11-30T00:00:00Z").encode()).time == parse_instant("2026-11-30")


# what a caller can bring into a line: any text there is
NAMES = st.one_of(
    st.sampled_from(
        ["user:ada", 'a"b', "a\\b", "a/b", "é", "☃", "\u202e", "=cmd", '"verdict":"deny"', "*", "", "\\", '"']
    ),
    st.text(max_size=12),
    st.text(alphabet='a"\\/\x00\x1f\x7fé\u202e😀:}{,', max_size=8),
)
ITEMS = st.fixed_dictionaries(
    {
        "subject": NAMES,
        "action": NAMES,
        "kind": NAMES,
        "verdict": st.sampled_from(["allow", "deny", "list", "invalid"]),
    },
    optional={"id": NAMES, "home": NAMES, "place": NAMES, "declared": NAMES, "known": NAMES},
)
BODIES = st.builds(
    lambda second, kind, items, more: record(second, kind, items=items, **more),
    st.floats(0, 100),
    st.sampled_from(list(Kind)),
    st.lists(ITEMS, max_size=3),
    st.fixed_dictionaries(
        {"permitted": st.booleans()}, optional={"caller": NAMES, "request": NAMES, "revision": st.just("0a" * 32)}
    ),
)
MAYBE = st.none() | NAMES
WANTED = st.builds(
    Wanted,
    st.none() | st.floats(0, 100).map(AT),
    st.none() | st.floats(0, 100).map(AT),
    st.lists(st.sampled_from(list(Kind)), max_size=2).map(tuple),
    MAYBE, MAYBE, MAYBE, MAYBE, MAYBE, st.booleans(), MAYBE, st.none() | st.sampled_from(["0a0a", "55555", REVISION]),
)  # fmt: skip


def values(body: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions that this line has a good chance to fit."""
    items = body["items"] or [{}]
    of = lambda *names: [item[name] for item in items for name in names if name in item]  # noqa: E731
    kinds = [f"{item['kind']}:{item['id']}" for item in items if "id" in item] + of("kind")
    pick = lambda found: st.none() | st.sampled_from(found) if found else st.none()  # noqa: E731
    return st.fixed_dictionaries(
        {
            "subject": pick([*of("subject"), body["caller"]]),
            "caller": pick([body["caller"]]),
            "action": pick(of("action")),
            "resource": pick(kinds),
            "scope": pick(of("home", "place", "declared", "known")),
            "request": pick([body["request"]] if "request" in body else []),
            "revision": pick([body["revision"][:7], body["revision"]]),
            "denied": st.booleans(),
            "kinds": st.sampled_from([(), (body["kind"],)]),
            "since": pick([parse_instant(body["time"]), parse_instant(body["time"]) - 1]),
            "until": pick([parse_instant(body["time"]) + 1]),
        }
    )


@settings(max_examples=300, deadline=None)
@given(st.data(), BODIES, WANTED)
def test_what_fits_is_never_sorted_out_by_its_bytes(data: st.DataObject, body: Any, other: Wanted) -> None:
    near = Wanted(**data.draw(values(body)))
    spelt = (body_of(body), json.dumps(body, separators=(",", ":")).encode())  # a reader need not know who wrote it
    for one in spelt:
        line = line_of("0" * 64, "abcd", 1, one)
        for wanted in (near, other):
            sieve = wanted.sieve()
            if wanted.fits(entry_of(line)):
                assert wanted.may_fit(line) and sieve.may_fit(line) and sieve.may_hold(b"x\n" + line + b"\nx")
                assert wanted.items_of(entry_of(line)) or not body["items"] or wanted.denied


@pytest.mark.parametrize("text", ["job/job", "1/1", 'x"x', "ab\u00e9ab", "/", "a/b/a"])
def test_a_text_that_ends_as_it_begins_is_found(text: str) -> None:
    line = line_of("0" * 64, "abcd", 1, body_of(decision(50, request=text)))
    assert Wanted(request=text).fits(entry_of(line)) and Wanted(request=text).sieve().may_fit(line)


@pytest.mark.parametrize("bent", [{"results": 3}, {"items": [{"groups": []}]}, {"items": [{"groups": "x"}]}])
def test_what_another_hand_wrote_is_no_line(bent: Any) -> None:
    with pytest.raises(JournalDamaged):
        entry_of(line_of("0" * 64, "abcd", 1, body_of(record(50, **bent))))


def test_most_of_what_does_not_fit_is() -> None:
    line = line_of("0" * 64, "abcd", 1, body_of(decision(50)))
    assert Wanted().may_fit(line)
    for wanted in (
        Wanted(subject="user:bob"), Wanted(denied=True), Wanted(kinds=("operation",)), Wanted(since=AT(51)),
        Wanted(until=AT(50)), Wanted(resource="environment:other"), Wanted(revision="6666"), Wanted(caller="user:ad"),
        Wanted(scope="project:x"), Wanted(request="r"), Wanted(action="edit"),
    ):  # fmt: skip
        assert not wanted.may_fit(line), wanted


def test_marks_of_what_is_gone_lead_on(tmp_path: Path, hearing: list[str]) -> None:
    wanted = several(tmp_path, 1, 40)
    writer = wanted[0].partition("-")[0]
    there = segments(tmp_path, writer)
    marks: Marks = {writer: Mark(there[1].first, 500)}
    there[1].path.unlink()
    found = [step.entry.id for step in Reader(tmp_path, hearing.append).steps(Wanted(), marks) if step.entry]
    assert found[0] == f"{writer}-{there[2].first}" and len(hearing) == 1
