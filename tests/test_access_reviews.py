"""An access review: what is written for its reviewers, what of their answers is refused, and what is taken out."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import Desk, Ran, ran, really_ran, written
from golden import golden
from journal_lines import SECOND, START, Writing, event
from journals import about, lived, recording
from readable import FILES
from remit.core.certifying.cells import parted
from remit.core.certifying.filled import CODES
from remit.core.certifying.paper import ANSWER, HEAD, KEY
from remit.core.journal.entries import Kind
from remit.core.policy import read_policy
from remit.core.times import parse_instant
from remit.service.operations import Asked, EvaluateMany, Page, PermittedScopes, Search, Sought
from server import with_caller

RULES, GROUPS, CONSTRAINTS = "policies/access_rules.csv", "policies/groups.csv", "policies/constraints.csv"
ADA = "g, user:ada, researcher, project:vision"
BEFORE = with_caller(FILES)
MARKED = {
    **BEFORE,
    RULES: BEFORE[RULES].replace(
        b"g, user:bob, viewer, *\n", b"g, user:bob, maintainer, *, , , T-1, user:bob, edits; all of it\n"
    )
    + b"# those who come with a token\n"
    b"g, group:guests, viewer, project:web, 2026-01-01, 2027-06-01, 007, user:ida, a visit\n"
    b"g,user:ada, viewer,project:web,,,\n",
    CONSTRAINTS: b"never, no-bob, *, not he, environment:edit, user:bob\n",
}
"""The readable policy, with an access rule of every sort."""


def opened(file: Path, *arguments: str, files: Mapping[str, bytes] = MARKED) -> Ran:
    return ran("review", "open", "-o", str(file), *arguments, files=files)


def rows_of(file: Path) -> list[list[str]]:
    return list(csv.reader(StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))


Answers = Mapping[str, tuple[str, str, str]]
FINE = ("approve", "still does this work", "user:rita")


def answer(file: Path, answers: Answers, rest: tuple[str, str, str] = FINE) -> list[list[str]]:
    """The rows of a review with answers by line, and one for all others; written back as they were."""
    head, columns, *rows = rows_of(file)
    filled = [[*row[:-3], *answers.get(row[0], rest)] for row in rows]
    found = [head, columns, *filled]
    save(file, found)
    return found


def save(file: Path, rows: list[list[str]], bom: bool = True, **dialect: object) -> None:
    out = StringIO(newline="")
    csv.writer(out, **{"lineterminator": "\r\n", **dialect}).writerows(rows)  # type: ignore[arg-type]
    file.write_bytes(out.getvalue().encode("utf-8-sig" if bom else "utf-8"))


def checked(file: Path, *arguments: str, files: Mapping[str, bytes] = MARKED) -> list[tuple[str, str]]:
    """The findings: code and message; each has a place, and words that help."""
    found = ran("review", "check", str(file), "--format", "json", *arguments, files=files)
    told = json.loads(found.out)
    assert found.code == (1 if told["findings"] else 0) and found.err == ""
    for each in told["findings"]:
        assert each["help"] and each["name"] == CODES[each["code"]] and each["file"] == str(file)
    return [(each["code"], each["message"]) for each in told["findings"]]


@pytest.fixture
def review(tmp_path: Path) -> Path:
    """A review that was opened, and not filled in."""
    file = tmp_path / "review.csv"
    assert opened(file, "--state", str(tmp_path)).code == 0
    return file


def test_what_is_written_and_told(tmp_path: Path) -> None:
    lived(tmp_path, [("2026-09-01", BEFORE)])
    with recording(tmp_path / "journal") as point:
        point.live(BEFORE).asks(
            "2026-10-01T10:00:00Z",
            about("user:ada", "use", place="project:vision", declared="project:vision"),
            EvaluateMany(
                tuple(
                    Asked("user:grace", "create", "environment", "new", f"project:{p}") for p in ("nlp", "nlp", "web")
                )
            ),
        )
        point.live(MARKED).asks(
            "2026-11-01", about("user:ida", "edit", declared="project:nlp"), about("user:old", "view")
        )
        point.live({**MARKED, RULES: MARKED[RULES] + b"# nobody has these files\n"}).asks(
            "2026-11-02", about("user:gus", "view")
        )
    found = opened(tmp_path / "r.csv", "--state", str(tmp_path))
    golden("review/open.csv", (tmp_path / "r.csv").read_bytes().decode())
    golden("review/open.txt", found.out.replace(str(tmp_path), "…"))
    assert (found.code, re.sub(r"\.\d+Z", "Z", found.err)) == (
        0,
        "remit: the journal begins at 2026-10-01T10:00:00Z; what was used before is not known\n"
        "remit: 1 record of 1 revision count for nothing, since no database has their files (--state)\n",
    )


def test_records_that_were_lost_are_told(tmp_path: Path) -> None:
    lived(tmp_path, [("2026-06-01", BEFORE)])
    ask = about("user:ada", "view")
    with recording(tmp_path / "journal") as point:
        point.live(BEFORE).asks("2026-06-02", ask)
        point.asks("2026-10-02", ask)
    one = Writing(tmp_path / "journal")
    when = (parse_instant("2026-10-01") - START) / SECOND
    one.write(*(event(when, Kind.LOST, records=records) for records in (1, 2, "many")))
    one.release()
    found = opened(tmp_path / "r.csv", "--state", str(tmp_path), "--since", "2026-06-03")
    assert (found.code, found.err) == (
        0,
        "remit: 3 records of that time could not be kept; what they used is not known\n",
    )


def test_a_use_is_an_allow_that_rests_on_the_line(tmp_path: Path) -> None:
    """Every way to use an access rule, counted by hand."""
    shared = {**BEFORE, RULES: BEFORE[RULES] + b"g, user:ada, viewer, department:research, 2026-01-01\n"}
    ask = about("user:ada", "view", place="project:vision", declared="project:vision")
    with recording(tmp_path / "journal") as point:
        point.live(shared)
        point.asks("2026-10-01", ask, ask)  # by the earlier line, both
        point.asks("2026-10-02", about("user:ada", "view", place="project:nlp", declared="project:nlp"))  # by the other
        point.asks("2026-10-03", about("user:ada", "edit", declared="project:vision"))  # a deny uses nothing
        point.asks("2026-10-04", PermittedScopes(Asked("user:ida", "edit", "environment", "")))  # a list: once
        point.asks(
            "2026-10-05",
            Search(Sought.RESOURCE, Asked("user:gus", "use", "environment", "", None, "project:nlp"), Page(b"")),
        )
        point.asks("2026-10-06", Search(Sought.ACTION, Asked("user:bob", "", "environment", "seen"), Page(b"")))
        point.asks(
            "2026-10-07",
            Search(Sought.SUBJECT, Asked("", "view", "environment", "seen", None, "project:vision"), Page(b""), "user"),
        )
        point.asks("2026-10-08", about("user:stranger", "view", place="project:nlp", declared="project:nlp",
                                       claimed=("group:lab",)))  # fmt: skip
    assert opened(tmp_path / "r.csv", "--state", str(tmp_path), files=shared).err.count("\n") == 1
    at = {name: HEAD.index(name) for name in HEAD}
    uses = {row[0]: (row[at["uses"]], row[at["last_used"]]) for row in rows_of(tmp_path / "r.csv")[2:]}
    assert {line: use for line, use in uses.items() if use[0] != "0"} == {
        ADA: ("2", "2026-10-01"),
        "g, user:ada, viewer, department:research, 2026-01-01": ("1", "2026-10-02"),
        "g, user:ida, maintainer, department:research": ("1", "2026-10-04"),
        "g, user:gus, guide, department:research": ("1", "2026-10-05"),
        "g, user:bob, viewer, *": ("1", "2026-10-06"),
        "g, group:science, researcher, project:nlp": ("1", "2026-10-08"),
        "g, application:tests, decision-client, *": ("10", "2026-10-08"),
    }
    marks = {row[0]: row[at["marks"]].split("; ") for row in rows_of(tmp_path / "r.csv")[2:]}
    assert {line for line, some in marks.items() if "dormant" in some} == {
        "g, user:old, researcher, project:vision, 2001-01-01, 2002-01-01",
        "g, user:old, viewer, project:vision, 2030-01-01",
        "g, user:zoe, researcher, project:gone",
    }
    assert {line for line, some in marks.items() if "unused" in some} == {"g, user:zoe, researcher, project:gone"}


def test_a_use_counts_for_the_line_that_counted_then(tmp_path: Path) -> None:
    """A line was renewed, and another one with the same words is over: each has its own uses, in its own time."""
    renewed = {**BEFORE, RULES: BEFORE[RULES].replace(b"project:vision\n", b"project:vision, , 2026-10-02\n", 1)}
    renewed[RULES] += b"g, user:ada, researcher, project:vision, 2026-10-02, 2027-10-02\n"
    create = about("user:ada", "create", declared="project:vision")
    lived(tmp_path, [("2026-09-01", BEFORE)])
    with recording(tmp_path / "journal") as point:
        point.live(BEFORE).asks("2026-10-01", create, create)
        point.asks("2026-10-03", create)  # by the line that never ended, in the time of the one that came for it
        point.live(renewed).asks("2026-10-04", create)
    opened(tmp_path / "r.csv", "--state", str(tmp_path), files=renewed)
    uses = {row[0]: row[HEAD.index("uses")] for row in rows_of(tmp_path / "r.csv") if "user:ada, researcher" in row[0]}
    assert uses == {f"{ADA}, , 2026-10-02": "2", f"{ADA}, 2026-10-02, 2027-10-02": "2"}


def test_whom_a_policy_allowed_that_nobody_has_is_not_called_unused(tmp_path: Path) -> None:
    """Also who was allowed it by way of a group; others are."""
    nlp = {"declared": "project:nlp", "place": "project:nlp"}
    with recording(tmp_path / "journal") as point:
        point.live(BEFORE).asks("2026-10-01", about("user:ida", "edit", declared="project:nlp"))
        point.live({**BEFORE, RULES: BEFORE[RULES] + b"# another one\n"})
        point.asks("2026-10-02", about("user:gus", "use", **nlp), about("user:grace", "use", **nlp))
        point.asks("2026-10-03", about("user:bob", "edit", declared="project:nlp"))  # a deny is no use
    assert "3 records of 1 revision count for nothing" in opened(
        tmp_path / "r.csv", "--state", str(tmp_path), files=BEFORE
    ).err  # fmt: skip
    at = HEAD.index("marks")
    unused = {row[0] for row in rows_of(tmp_path / "r.csv")[2:] if "unused" in row[at]}
    assert unused == {ADA, "g, user:bob, viewer, *", "g, user:zoe, researcher, project:gone"}


def test_what_was_written_can_be_read_by_scripts(tmp_path: Path) -> None:
    found = opened(tmp_path / "r.csv", "--state", str(tmp_path), "--format", "json")
    told = json.loads(found.out)
    assert (told["file"], told["review"]["rows"], told["journal_begins"]) == (str(tmp_path / "r.csv"), 11, None)
    assert (told["marks"]["privileged"], told["marks"]["unused"]) == (2, 0)
    assert "no decision was recorded in that time" in found.err


def test_a_scope_limits_it_to_what_is_held_there_and_below(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    assert opened(file, "--scope", "department:research", "--state", str(tmp_path)).out.startswith(
        "6 access rules in `dep"
    )
    assert {row[HEAD.index("scope")] for row in rows_of(file)[2:]} == {
        "project:vision", "project:nlp", "department:research",
    }  # fmt: skip
    answer(file, {})
    assert checked(file) == []
    found = opened(tmp_path / "s.csv", "--scope", "project:visoin")
    assert (found.code, found.err) == (
        2,
        "remit: `project:visoin` is not a known scope; did you mean `project:vision`?\n",
    )


def test_nothing_is_overwritten_and_wrong_times_are_told(review: Path, tmp_path: Path) -> None:
    before = review.read_bytes()
    assert opened(review).code == 1
    assert review.read_bytes() == before
    for since in ("yesterday", "0d", "90", "90y", "-3d", "2026-02-30"):
        found = opened(tmp_path / "other.csv", "--since", since)
        assert (found.code, found.err.startswith(f"remit: `--since {since}` is not a ")) == (2, True)


def test_a_review_that_nobody_filled_in(review: Path) -> None:
    lines = len(rows_of(review)) - 2
    assert lines == len(MARKED[RULES].decode().splitlines()) - 1  # the comment
    assert [code for code, _ in checked(review)] == ["V011"] * lines
    assert checked(review, "--partial") == []


def test_a_review_that_is_whole(review: Path) -> None:
    answer(review, {})
    found = ran("review", "check", str(review), files=MARKED)
    assert (found.code, found.out) == (0, "11 rows: 11 approve, 0 revoke, 0 abstain; 0 findings\n")


GUESTS = "g, group:guests, viewer, project:web, 2026-01-01, 2027-06-01, 007, user:ida, a visit"
BOB = "g, user:bob, maintainer, *, , , T-1, user:bob, edits; all of it"
SCIENCE = "g, group:science, researcher, project:nlp"


@pytest.mark.parametrize(
    ("line", "given", "due"),
    [
        (ADA, ("approve", "", "user:rita"), []),  # only light marks
        (ADA, (" Approve ", "", " user:rita "), []),
        (ADA, ("aprove", "x", "user:rita"), ["V010"]),
        (ADA, ("ja", "x", "user:rita"), ["V010"]),
        (ADA, ("revoke", "", "user:rita"), ["V012"]),
        (ADA, ("revoke", " -- ", "user:rita"), ["V012"]),
        (ADA, ("revoke", "left", "user:rita"), []),
        (ADA, ("abstain", "", "user:rita"), ["V012"]),
        (ADA, ("abstain", "nicht mein Bereich", "user:rita"), []),
        (ADA, ("approve", "x", ""), ["V013"]),
        (ADA, ("revoke", "", ""), ["V012", "V013"]),
        (ADA, ("approve", "x", "rita"), ["V014"]),
        (ADA, ("approve", "x", "group:lab"), ["V014"]),
        (ADA, ("approve", "x", "user:=rita,"), ["V014"]),
        (ADA, ("approve", "x", "user:ada"), ["V015"]),
        (ADA, ("approve", "x", "user:Ada"), ["V015"]),
        (ADA, ("revoke", "x", "user:ada"), ["V015"]),
        (SCIENCE, ("approve", "x", "user:grace"), ["V015"]),  # by way of group:lab, until 2027
        (SCIENCE, ("approve", "x", "user:GRACE"), ["V015"]),
        (SCIENCE, ("approve", "x", "user:bob"), []),
        (GUESTS, ("approve", "", "user:rita"), ["V012"]),  # an open group
        (GUESTS, ("approve", "x", "user:ida"), ["V016"]),
        (GUESTS, ("revoke", "x", "user:ida"), []),
        (BOB, ("approve", "", "user:rita"), ["V012"]),
        (BOB, ("approve", "x", "user:bob"), ["V015"]),
    ],
)
def test_what_a_reviewer_may_not_say(line: str, given: tuple[str, str, str], due: list[str], review: Path) -> None:
    answer(review, {line: given})
    found = ran("review", "check", str(review), files=MARKED)
    assert sorted(re.findall(r"^\S+:\d+:\d+: (V\d+)", found.out, re.MULTILINE)) == due
    assert found.code == bool(due)


def test_a_group_counts_until_its_memberships_are_over(review: Path) -> None:
    answer(review, {SCIENCE: ("approve", "x", "user:grace")})
    assert [code for code, _ in checked(review, "--when", "2027-01-01")] == []


def test_marks_are_judged_anew_where_the_file_hides_them(review: Path) -> None:
    """Whoever empties the cell is told, and has to justify all the same."""
    head, columns, *rows = answer(review, {BOB: ("approve", "", "user:rita")})
    save(review, [head, columns, *([*row[:11], "", *row[12:]] if row[0] == BOB else row for row in rows)])
    assert [code for code, _ in checked(review)] == ["V003", "V012"]


def test_what_was_changed_in_the_file(review: Path) -> None:
    head, columns, *rows = answer(review, {})
    at = {row[0]: number for number, row in enumerate(rows)}

    def saved(change: Callable[[list[list[str]]], object]) -> list[str]:
        copy = [row[:] for row in rows]
        change(copy)
        save(review, [head, columns, *copy])
        return [code for code, _ in checked(review)]

    assert saved(lambda copy: copy.reverse()) == []  # whoever sorts changes nothing
    assert saved(lambda copy: copy.pop(at[ADA])) == ["V003", "V005"]
    assert saved(lambda copy: copy.append(copy[0])) == ["V003", "V006"]
    assert saved(lambda copy: copy[at[ADA]].__setitem__(0, ADA + "x")) == ["V003", "V005", "V004", "V007"]
    assert saved(lambda copy: copy[at[ADA]].__setitem__(1, "user:eve")) == ["V007"]
    assert saved(lambda copy: copy[at[ADA]].__setitem__(3, "*")) == ["V007"]
    assert saved(lambda copy: copy[at[GUESTS]].__setitem__(4, "01.01.26")) == []  # as spreadsheets have it
    assert saved(lambda copy: copy[at[GUESTS]].__setitem__(6, "7")) == []
    assert saved(lambda copy: [row.append("") for row in copy]) == []
    save(review, [["remit-review 2"], columns, *rows])
    assert [code for code, _ in checked(review)] == ["V002"]
    save(review, [head, columns[:-1], *rows])
    assert [code for code, _ in checked(review)] == ["V001"]


def test_what_has_changed_in_the_policy_since(review: Path) -> None:
    answer(review, {GUESTS: ("revoke", "the visit is over", "user:rita")})

    def since(old: bytes, new: bytes) -> list[tuple[str, str]]:
        assert old in MARKED[RULES]
        return checked(review, files={**MARKED, RULES: MARKED[RULES].replace(old, new)})

    ada = ADA.encode() + b"\n"
    assert since(ada, b"# moved\n\ng,user:ada,researcher,project:vision\n") == []  # lines move, and are formed
    assert since(ada, b"") == [("V004", "the access rule is gone from the policy")]
    assert since(ada, ada + b"g, user:eve, viewer, project:web\n") == [
        ("V005", "the access rule `g, user:eve, viewer, project:web` is there now and was not reviewed")
    ]
    longer = ADA + ", , 2027-01-01"
    assert since(ada, f"{longer}\n".encode()) == [
        ("V005", f"the access rule `{longer}` is there now and was not reviewed"),
        ("V004", f"the line is another one by now: `{longer}`"),
    ]
    guests = GUESTS.encode() + b"\n"
    assert since(guests, b"") == []  # it was to go, and is gone
    codes = [code for code, _ in since(guests, guests.replace(b"2027-06-01", b"2028-06-01"))]
    assert codes == ["V005", "V004"]  # it was to go, and another line gives the same
    web = {"g2, project:web, department:sales\n": "g2, project:w, department:sales\n"}
    ((old, new),) = web.items()
    moved = MARKED["policies/scopes.csv"].replace(old.encode(), new.encode())
    assert checked(review, files={**MARKED, "policies/scopes.csv": moved}) == []


def test_a_scope_that_left_the_tree(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    opened(file, "--scope", "project:web", "--state", str(tmp_path))
    answer(file, {})
    assert checked(file) == []
    scopes = MARKED["policies/scopes.csv"].replace(b"g2, project:web, department:sales\n", b"")
    assert [code for code, _ in checked(file, files={**MARKED, "policies/scopes.csv": scopes})] == ["V002"]


DIALECTS: dict[str, dict[str, object]] = {
    "as it was": {},
    "another spreadsheet": {"lineterminator": "\n", "bom": False},
    "with semicolons": {"delimiter": ";"},
    "with tabs": {"delimiter": "\t", "bom": False},
    "all quoted": {"quoting": csv.QUOTE_ALL},
    "all quoted, with semicolons": {"quoting": csv.QUOTE_ALL, "delimiter": ";", "lineterminator": "\n"},
}


@pytest.mark.parametrize("saved", DIALECTS)
def test_it_survives_what_spreadsheets_do(saved: str, review: Path) -> None:
    said = 'sagt "nein"; auch zu =1+1,\r\nund zwar seit 😀'
    head, columns, *rows = answer(review, {GUESTS: ("REVOKE", said, "user:rita"), ADA: ("approve", "", "user:grace")})
    padded = [["" for _ in HEAD]]
    wide = [[*row, "", ""] for row in ([*head, *[""] * 14], columns, *padded, *rows, *padded)]
    dated = [[cell.replace("2026-01-01", "01/01/2026").replace("2027-06-01", "6/1/2027") if n in (4, 5) else cell
              for n, cell in enumerate(row)] for row in wide]  # fmt: skip
    save(review, dated, **DIALECTS[saved])  # type: ignore[arg-type]
    found = ran("review", "check", str(review), files=MARKED)
    assert (found.code, found.out) == (0, "11 rows: 10 approve, 1 revoke, 0 abstain; 0 findings\n")
    applied = ran("review", "apply", str(review), files=MARKED)
    assert f"-{GUESTS}\n" in applied.out and applied.code == 0


def test_places_are_those_of_the_file_as_it_is(review: Path) -> None:
    answer(review, {SCIENCE: ("approve", "two\nlines", "user:rita"), BOB: ("perhaps", "x", "user:rita")})
    text = review.read_bytes().decode("utf-8-sig")
    found = json.loads(ran("review", "check", str(review), "--format", "json", files=MARKED).out)["findings"]
    (place,) = [(each["line"], each["column"], each["width"]) for each in found]
    line = text.replace("\r\n", "\n").split("\n")[place[0] - 1]
    assert line[place[1] - 1 : place[1] - 1 + place[2]] == "perhaps" and BOB in line


def test_applying_takes_out_what_was_revoked_and_nothing_else(review: Path) -> None:
    answer(
        review,
        {GUESTS: ("revoke", "over", "user:rita"), "g, user:ada, viewer, project:web": ("revoke", "x", "user:rita")},
    )
    desk = Desk(MARKED)
    shown = ran("review", "apply", str(review), desk=desk)
    assert (shown.code, shown.err, desk.files) == (0, "nothing is written; --write does that\n", MARKED)
    golden("review/apply.txt", re.sub(r"\([0-9a-f]{12}\)", "(…)", shown.out.replace(str(review), "review.csv")))
    done = ran("review", "apply", str(review), "--write", desk=desk)
    assert (done.code, done.err, done.out) == (0, f"written: {RULES}\n", shown.out)
    lines = MARKED[RULES].splitlines()
    left = [line for line in lines if line != GUESTS.encode() and line != b"g,user:ada, viewer,project:web,,,"]
    assert desk.files[RULES].splitlines() == left and len(left) == len(lines) - 2
    assert {name: data for name, data in desk.files.items() if name != RULES} == {
        name: data for name, data in MARKED.items() if name != RULES
    }
    read_policy(desk.files)
    again = ran("review", "apply", str(review), "--write", desk=desk)
    assert (again.code, again.err) == (0, "nothing is left to revoke\n")
    assert "no line differs" in again.out
    assert checked(review, files=desk.files) == []


def test_a_plan_of_it_can_be_read_by_scripts(review: Path) -> None:
    answer(review, {GUESTS: ("revoke", "over", "user:rita")})
    found = ran("review", "apply", str(review), "--format", "json", files=MARKED)
    told = json.loads(found.out)
    assert (found.code, [line["text"] for line in told["lines"]]) == (0, [GUESTS])
    assert ran("review", "apply", str(review), "--format", "markdown", files=MARKED).out.startswith(
        "### What this change"
    )


def test_a_review_with_findings_is_not_applied(review: Path) -> None:
    answer(review, {GUESTS: ("revoke", "", "user:rita")})
    desk = Desk(MARKED)
    found = ran("review", "apply", str(review), "--write", desk=desk)
    assert (found.code, found.out, desk.files) == (1, "", MARKED)
    assert "V012 no justification" in found.err
    assert found.err.endswith("remit: nothing is applied: 11 rows: 10 approve, 1 revoke, 0 abstain; 1 finding\n")


def test_what_is_not_decided_is_not_applied_but_in_part(review: Path) -> None:
    answer(review, {GUESTS: ("revoke", "over", "user:rita")}, ("", "", ""))
    assert ran("review", "apply", str(review), files=MARKED).code == 1
    assert ran("review", "apply", "--partial", str(review), files=MARKED).code == 0


def test_cases_that_would_fail_are_told_and_not_edited(review: Path, tmp_path: Path) -> None:
    cases = {
        **MARKED,
        "policies/cases/all.csv": b"allow, user:ada, create, environment, project:vision,\n"
        b"allow, user:bob, view, environment, project:vision,\ndeny, user:ada, edit, environment, *,\n",
    }
    file = tmp_path / "cases.csv"
    opened(file, "--state", str(tmp_path), files=cases)
    answer(file, {ADA: ("revoke", "left", "user:rita")})
    found = ran("review", "apply", str(file), files=cases)
    assert (found.code, "-g, user:ada, researcher" in found.out) == (0, True)
    told = [line for line in found.err.splitlines() if line.startswith("policies/cases/")]
    assert [line.partition(": ")[0] for line in told] == ["policies/cases/all.csv:1"]  # the second one failed before


def test_what_no_policy_is_left_of_is_not_applied(tmp_path: Path) -> None:
    files = {**MARKED, CONSTRAINTS: b"requires, known, project:web, why, viewer, group:guests\n"}
    file = tmp_path / "r.csv"
    opened(file, "--state", str(tmp_path), files=files)
    answer(file, {GUESTS: ("revoke", "over", "user:rita")})
    desk = Desk(files)
    found = ran("review", "apply", str(file), "--write", desk=desk)
    assert (found.code, desk.files) == (3, files)
    assert found.err.startswith("without what was revoked the policy does not load:\n")
    assert "policies/constraints.csv:1:44: R037 unknown group `group:guests`" in found.err


def test_what_breaks_a_constraint_is_not_written(tmp_path: Path) -> None:
    files = {**MARKED, CONSTRAINTS: b"requires, both, project:vision, why, researcher, viewer\n"}
    files[RULES] += b"g, user:ada, viewer, project:vision\ng, user:old, viewer, project:vision\n"
    file = tmp_path / "r.csv"
    opened(file, "--state", str(tmp_path), files=files)
    answer(file, {"g, user:ada, viewer, project:vision": ("revoke", "x", "user:rita")})
    desk = Desk(files)
    found = ran("review", "apply", str(file), "--write", desk=desk)
    assert (found.code, desk.files) == (5, files)
    assert "blocked by broken constraints (both)" in found.out


def test_the_command_works_on_disk(tmp_path: Path) -> None:
    directory = written(MARKED, tmp_path)
    assert really_ran("review", "open", "-o", "r.csv", "--since", "30d", directory=directory).code == 0
    file = directory / "r.csv"
    answer(file, {GUESTS: ("revoke", "over", "user:rita")})
    assert really_ran("review", "check", "r.csv", directory=directory).code == 0
    assert really_ran("review", "apply", "r.csv", "--write", directory=directory).code == 0
    assert GUESTS not in (directory / RULES).read_text()
    assert really_ran("review", "check", "none.csv", directory=directory).code == 2


def test_names_in_a_review_reach_no_terminal_raw(review: Path) -> None:
    head, columns, *rows = answer(review, {ADA: ("\x1b[31mno", "x", "user:\u202eatir")})
    save(review, [head, columns, *rows])
    found = ran("review", "check", str(review), files=MARKED)
    assert found.code == 1 and "\x1b" not in found.out and "\u202e" not in found.out


def test_every_sort_of_finding_has_a_test() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert {code for code in CODES if f'"{code}"' in text} == set(CODES)
    assert (HEAD[0], HEAD[-3:]) == (KEY, ANSWER)


CELLS = st.lists(st.lists(st.text(st.sampled_from("ab ,;\t\"'\n=é"), max_size=6), min_size=1, max_size=4), max_size=5)


@given(
    CELLS, st.sampled_from(",;\t"), st.sampled_from(("\n", "\r\n")), st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))
)
def test_cells_are_read_as_they_were_written(cells: list[list[str]], separator: str, end: str, quoting: int) -> None:
    out = StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting).writerows(cells)  # type: ignore[arg-type]
    text = out.getvalue()
    rows = list(parted(text, separator))
    assert [[cell.text for cell in row] for row in rows] == [row for row in cells if any(row)]
    lines = text.split("\n")
    for cell in (cell for row in rows for cell in row):
        there = lines[cell.line - 1][cell.column - 1 :]
        assert there.removeprefix('"').startswith(cell.text.replace('"', '""').split("\n")[0][:1]) or not cell.text


@given(st.text(st.sampled_from('a,;"\r\n\t'), max_size=30), st.sampled_from(",;\t"))
def test_whatever_stands_there_is_read_to_its_end(text: str, separator: str) -> None:
    for row in parted(text, separator):
        assert all(1 <= cell.line <= text.count("\n") + text.count("\r") + 1 for cell in row)
