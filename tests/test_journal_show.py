"""`remit journal show`: what is wanted of a journal, for people, scripts and spreadsheets, and nothing that could do
anything to whoever looks at it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from commands import Desk, Ran, ran, really_ran
from golden import golden
from journal_lines import REVISION, SECOND, START, Writing, decision, event, record, written
from readable import FILES, NOW
from remit.adapters.memory_revisions import MemoryRevisions
from remit.core.history import UNKNOWN
from remit.core.journal.entries import Kind
from remit.core.policy import revision_of
from remit.service.recording import told_time

HOSTILE = "\x1b[31m\u202e=cmd\r\n::error::\x9b31m\u2028%0A|<b>`x`"
"""What a terminal, a CI log, a spreadsheet or a page would take for more than text."""


def item(subject: str, verdict: str, **more: Any) -> dict[str, Any]:
    code = {"allow": "granted", "deny": "no-role-here"}.get(verdict)
    found = {"subject": subject, "action": "use", "kind": "environment", "id": "seen", "verdict": verdict, "code": code}
    return {name: value for name, value in (found | more).items() if value is not None}


BATCH = [item(f"user:u{n}", "deny" if n == 20 else "allow", home="project:vision") for n in range(25)]
SAID = [
    event(0, Kind.ACTIVATED, revision=REVISION, number=3, author="user:leslie", message="let ada in"),
    decision(1, item={"home": "project:vision", "place": "project:vision"}),
    decision(2, verdict="deny", caller="user:ada", request="r-7"),
    record(3, op="evaluations", items=BATCH),
    record(
        4, op="search", sought="subject", type="user", page="next", results=["ada", "bob"],
        items=[{"subject": "", "action": "use", "kind": "environment", "id": "seen"}],
    ),
    record(
        5, op="permitted-scopes", results=["project:vision"], unplaced=False,
        items=[{"subject": "user:ada", "action": "use", "kind": "environment"}],
    ),
    record(
        6, Kind.OPERATION, op="CreateAsset", caller="user:bob", permitted=False, refused="environment:create",
        items=[{"subject": "user:bob", "action": "create", "kind": "environment", "declared": "*", "verdict": "deny"}],
    ),
    record(7, Kind.OPERATION, op="PublishPolicy", failed="the policy does not load: 1 finding", items=[]),
    event(8, Kind.AUTH_FAILED, why="the token has expired", more=12),
    event(9, Kind.LOST, records=5, cause="No space left on device"),
    decision(10, "user:grace", request=HOSTILE, item={"id": HOSTILE, "verdict": "deny", "code": "no-permission"}),
]  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Path:
    written(tmp_path / "journal", *SAID)
    return tmp_path


@pytest.fixture
def shown(state: Path) -> Callable[..., Ran]:
    def show(*arguments: str, desk: Desk | None = None) -> Ran:
        return ran("journal", "show", "--state", str(state), *arguments, desk=desk)

    return show


def named(text: str) -> str:
    """The text with a name for its writer."""
    return re.sub(r"\b[0-9a-f]{8}-(?=\d)", "WRITER-", text)


def seconds(out: str) -> list[int]:
    """Which of the lines are shown, by their second."""
    return [int(line[17:19]) - int(told_time(START)[17:19]) for line in out.splitlines() if line[0] != " "]


def test_for_people(shown: Callable[..., Ran]) -> None:
    code, out, err = shown()
    assert (code, err) == (0, "")
    golden("journal-show.txt", named(out))


def test_all_of_a_batch(shown: Callable[..., Ran]) -> None:
    out = shown("--all").out
    assert out.count("    allow") == 24 and "more; --all" not in out
    assert shown().out.count("    … 15 more; --all shows them") == 1


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--denied"], [2, 3, 6, 10]),
        (["--subject", "user:ada"], [1, 2, 5]),
        (["--subject", "user:u20", "--denied"], [3]),
        (["--subject", "user:u19", "--denied"], []),
        (["--caller", "user:bob"], [6]),
        (["--action", "create"], [6]),
        (["--resource", "environment"], [1, 2, 3, 4, 5, 6, 10]),
        (["--resource", "environment:seen", "--caller", "user:ada"], [2]),
        (["--scope", "project:vision"], [1, 3]),
        (["--scope", "*"], [6]),
        (["--kind", "operation", "--kind", "auth.failed"], [6, 7, 8]),
        (["--request", "r-7"], [2]),
        (["--request", HOSTILE], [10]),
        (["--revision", "5555"], [0, 1, 2, 3, 4, 5, 6, 7, 10]),
        (["--revision", "5556"], []),
        (["--since", told_time(START + 9 * SECOND)], [9, 10]),
        (["--until", told_time(START + 1 * SECOND)], [0]),
        (["--limit", "2"], [0, 1]),
        (["--last", "2"], [9, 10]),
        (["--last", "1", "--kind", "decision", "--caller", "user:ada"], [2]),
        (["--last", "0"], []),
    ],
)
def test_only_what_is_wanted(shown: Callable[..., Ran], arguments: list[str], wanted: list[int]) -> None:
    for format in ("text", "json"):
        code, out, err = shown(*arguments, "--format", format)
        assert (code, err) == (0, "")
        if format == "text":
            assert seconds(out) == wanted
        else:
            assert len(out.splitlines()) == len(wanted)


def test_of_a_batch_those_are_shown_that_are_wanted(shown: Callable[..., Ran]) -> None:
    out = shown("--subject", "user:u20").out
    assert [line for line in out.splitlines() if line.startswith(" ")] == [
        "    deny       user:u20  use environment:seen  of project:vision  no-role-here"
    ]
    rows = list(csv.reader(StringIO(shown("--denied", "--kind", "decision", "--format", "csv").out)))
    assert [row[rows[0].index("subject")] for row in rows[1:]] == ["user:ada", "user:u20", "user:grace"]


def test_how_long_ago(state: Path) -> None:
    desk = Desk(FILES)
    desk.paused = (START - NOW) / 1e6 + 60
    for ago, wanted in (("50s", [10]), ("52s", [8, 9, 10]), ("1m", list(range(11))), ("7d", list(range(11)))):
        assert seconds(ran("journal", "show", "--state", str(state), "--since", ago, desk=desk).out) == wanted


def test_one_line_by_its_name(shown: Callable[..., Ran]) -> None:
    third = json.loads(shown("--limit", "3", "--format", "json").out.splitlines()[-1])
    id = f"{third['writer']}-{third['seq']}"
    assert json.loads(shown("--id", id, "--format", "json").out) == third
    code, out, err = shown("--id", f"{third['writer']}-99")
    assert (code, out) == (1, "") and "there is no line" in err
    assert shown("--id", "x").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "soon"], "`--since soon` is not a UTC time"),
        (["--kind", "decisions"], "there are decision, operation"),
        (["--revision", "xyz"], "at least 4 of its characters"),
        (["--follow", "--limit", "2"], "`--follow` goes on until interrupted"),
        (["--last", "2", "--limit", "2"], "not both"),
    ],
)
def test_what_cannot_be_wanted_is_told(shown: Callable[..., Ran], arguments: list[str], said: str) -> None:
    code, out, err = shown(*arguments)
    assert (code, out) == (2, "") and said in err


def test_json_is_the_lines_as_they_stand(shown: Callable[..., Ran], state: Path) -> None:
    (segment,) = (state / "journal").glob("*/*.jsonl")
    assert shown("--format", "json").out.encode() == segment.read_bytes()


def test_a_sheet_has_a_row_for_each_question(shown: Callable[..., Ran]) -> None:
    out = shown("--format", "csv").out
    assert out.count("\r\n") == out.count("\n") == 1 + 10 + 25
    rows = list(csv.DictReader(StringIO(out, newline="")))
    assert [row["subject"] for row in rows if row["op"] == "evaluations"] == [f"user:u{n}" for n in range(25)]
    assert {row["verdict"] for row in rows} == {"allow", "deny", "list", "failed", ""}
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("format", ["text", "json", "csv"])
def test_nothing_that_is_shown_does_anything(shown: Callable[..., Ran], format: str) -> None:
    """Threats, row 38."""
    out = shown("--format", format).out
    assert all(char.isprintable() or char == "\n" or (char == "\r" and format == "csv") for char in out)
    if format == "json":
        assert any(json.loads(line).get("request") == HOSTILE for line in out.splitlines()), "and nothing is lost"
    if format == "csv":
        cells = [cell for row in csv.reader(StringIO(out, newline="")) for cell in row]
        assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
        assert any("::error::" in cell for cell in cells)
    assert not [line for line in out.splitlines() if line.startswith("::")]


def test_a_line_that_another_hand_wrote_does_nothing_either(shown: Callable[..., Ran], state: Path) -> None:
    (segment,) = (state / "journal").glob("*/*.jsonl")
    data = segment.read_bytes()
    segment.write_bytes(data.replace(b"user:leslie", "\u202e\x9b31m\x7f".encode()))
    for format in ("text", "json", "csv"):
        assert all(char.isprintable() or char in "\r\n" for char in shown("--format", format).out), format
    segment.write_bytes(data.replace(b"user:leslie", b"\x1b[31m\xff"))  # which is no JSON
    code, out, err = shown("--format", "json")
    assert code == 0 and len(out.splitlines()) == 10 and "holds 1 lines that are not as" in err


def test_where_there_is_no_journal_it_says_so(tmp_path: Path) -> None:
    for more in ((), ("--last", "3")):
        found = ran("journal", "show", "--state", str(tmp_path), *more)
        assert (found.code, found.out) == (2, "") and "there is nothing of a journal in" in found.err


KEPT = revision_of(FILES)


@pytest.fixture
def kept() -> Desk:
    desk = Desk(FILES)
    desk.past = MemoryRevisions()
    desk.past.activate(FILES, UNKNOWN, "tests", 1)
    return desk


ASKED = [
    {"subject": "user:ada", "action": "create", "kind": "environment", "id": "new", "declared": "project:vision"},
    {"subject": "user:ada", "action": "create", "kind": "environment", "id": "new", "declared": "project:nlp"},
]


def explained_of(tmp_path: Path, *verdicts: tuple[str, str], revision: str = KEPT) -> None:
    items = [
        {**asked, "verdict": verdict, "code": code} for asked, (verdict, code) in zip(ASKED, verdicts, strict=True)
    ]
    said = record(0, op="evaluations", items=items, revision=revision)
    written(tmp_path / "journal", {**said, "instant": told_time(NOW)})


def test_why_it_was_decided_so(tmp_path: Path, kept: Desk) -> None:
    explained_of(tmp_path, ("allow", "granted"), ("deny", "no-role-here"))
    where = ("journal", "show", "--state", str(tmp_path), "--explain")
    out = ran(*where, desk=kept).out
    assert "policies/access_rules.csv:" in out and "g, user:ada, " in out and "nearest miss" in out
    found = json.loads(ran(*where, "--format", "json", desk=kept).out)
    assert [one["decision"] for one in found["explained"]] == [True, False]
    assert found["explained"][0]["lines"] and found["items"][0]["subject"] == "user:ada"
    rows = list(csv.DictReader(StringIO(ran(*where, "--format", "csv", desk=kept).out)))
    assert "policies/roles.csv:" in rows[0]["reason"] and "holds no role" in rows[1]["reason"]


def test_a_verdict_that_its_revision_does_not_give_is_told(tmp_path: Path, kept: Desk) -> None:
    explained_of(tmp_path, ("deny", "no-role-here"), ("deny", "no-permission"))
    for format in ("text", "json", "csv"):
        out = ran("journal", "show", "--state", str(tmp_path), "--explain", "--format", format, desk=kept).out
        assert "RECORDED IS deny (no-role-here), BUT ITS REVISION SAYS granted" in out
        assert "RECORDED IS deny (no-permission), BUT ITS REVISION SAYS no-role-here" in out


def test_a_revision_that_is_not_kept_is_told(tmp_path: Path, kept: Desk) -> None:
    explained_of(tmp_path, ("allow", "granted"), ("deny", "no-role-here"), revision="0" * 64)
    code, out, _ = ran("journal", "show", "--state", str(tmp_path), "--explain", desk=kept)
    assert code == 0 and out.count("no reason can be told") == 2
    code, _, err = ran("journal", "show", "--state", str(tmp_path), "--explain")
    assert code == 2 and "there is no database" in err


class Busy(Desk):
    """A world in which something happens whenever somebody waits, until there is nothing left to happen."""

    def __init__(self, *happens: Callable[[], object]) -> None:
        super().__init__(FILES)
        self.happens = list(happens)

    def pause(self, seconds: float) -> None:
        if not self.happens:
            raise KeyboardInterrupt
        self.happens.pop(0)()


def test_a_journal_is_followed_until_interrupted(tmp_path: Path) -> None:
    one = Writing(tmp_path / "journal")
    for turn, arguments in enumerate(([], ["--last", "1"], ["--since", told_time(START + 218 * SECOND)])):
        begins = 100 * turn
        one.write(*[decision(begins + n) for n in range(20)])
        desk = Busy(
            lambda at=begins: one.write(decision(at + 20)),
            lambda at=begins: (one.write(decision(at + 21)), one.roll(at + 21)),
            lambda: None,
            lambda at=begins: (one.write(decision(at + 22)), Writing(one.directory).write(decision(at + 23))),
        )
        follow = ("journal", "show", "--state", str(tmp_path), "-f", "--kind", "decision", "--format", "json")
        code, out, err = ran(*follow, *arguments, desk=desk)
        assert (code, err) == (0, "")
        found = [json.loads(line)["time"] for line in out.splitlines()]
        first, end = ((10, 24), (119, 124), (218, 224))[turn]
        assert found == [told_time(START + n * SECOND) for n in range(first, end)]


def test_a_sheet_that_is_followed_has_one_head(tmp_path: Path) -> None:
    one = Writing(tmp_path / "journal")
    desk = Busy(lambda: one.write(decision(1)))
    out = ran("journal", "show", "--state", str(tmp_path), "-f", "--format", "csv", desk=desk).out
    assert out.startswith("id,time,") and out.count("id,time") == 1 and out.count("\r\n") == 2


def test_the_command_itself(tmp_path: Path) -> None:
    written(tmp_path / "journal", *SAID)
    found = really_ran("journal", "show", "--state", str(tmp_path), "--denied", directory=tmp_path)
    assert found.code == 0 and seconds(found.out) == [2, 3, 6, 10] and found.err == ""
