"""The report as a whole: all findings of all files at once, sorted, each once, and many of a kind counted."""

from __future__ import annotations

import re

import pytest

from policies import BASE, files, findings_of, plus
from remit.core.findings import MOST_PER_FILE, Report, Source
from remit.core.policy import read_policy
from remit.errors import PolicyInvalid
from test_findings import EXAMPLES, WHOLE

FAULTY = files(
    model=BASE["model"].replace("g2 = _, _", "g2 = _, _, _"),
    vocabulary='environment, see, Home, "look"\n' + BASE["vocabulary"],
    roles=BASE["roles"] + "P, viewer, *, environment, view\np, viewer, project:z, environmnt, view\n",
    scopes=BASE["scopes"] + "g2, project:c, project:gone\n",
    groups="g, group:x, group:x, *\n",
    access_rules="g, user:ada, mker, project:z, 2026-01-01\ng, user:bob\n",
    resources="environment:cuda, project:z",
    **{"cases/some": "perhaps\n"},
)
PLACES = [
    "model.conf:7:1 R030",
    "policies/access_rules.csv:1:14 R013",
    "policies/access_rules.csv:1:20 R015",
    "policies/access_rules.csv:2:1 R010",
    "policies/cases/some.csv:1:1 R034",
    "policies/groups.csv:1:13 R023",
    "policies/resources.csv:1:1 R033",
    "policies/resources.csv:1:19 R015",
    "policies/roles.csv:6:1 R011",
    "policies/roles.csv:7:12 R014",
    "policies/roles.csv:7:23 R016",
    "policies/scopes.csv:4:16 R021",
    "policies/vocabulary.csv:1:19 R028",
    "policies/vocabulary.csv:1:25 R009",
]


def test_all_findings_of_all_files_at_once_sorted_each_once() -> None:
    assert [f"{finding.place()} {finding.code}" for finding in findings_of(FAULTY)] == PLACES


def test_the_exception_counts_errors_and_leaves_warnings_out() -> None:
    with pytest.raises(PolicyInvalid, match=r"does not load: 12 findings$"):
        read_policy(FAULTY)


def test_the_same_finding_is_listed_once() -> None:
    report, source = Report(), Source("policies/roles.csv", b"p, x\n")
    for _ in range(3):
        report.at_field(source, 1, 1, "R013", "unknown role `x`")
    assert [f.place() for f in report.findings()] == ["policies/roles.csv:1:4"]


def test_beyond_a_hundred_of_one_code_they_are_counted_behind_their_file() -> None:
    many = "".join(f"g, user:u{i}, nobody, *\n" for i in range(MOST_PER_FILE + 150))
    found = findings_of(files(access_rules=many + "P\n", scopes=BASE["scopes"] + "P\n"))
    unknown, (mistyped, rest, other) = found[:MOST_PER_FILE], found[MOST_PER_FILE:]
    assert [(f.code, f.line) for f in unknown] == [("R013", line) for line in range(1, MOST_PER_FILE + 1)]
    assert (mistyped.code, mistyped.line) == ("R011", MOST_PER_FILE + 151)
    assert (rest.file, rest.message) == ("policies/access_rules.csv", "and 150 more of R013 in this file")
    assert other.file == "policies/scopes.csv"
    assert len(findings_of(files(access_rules=many[: many.index("u100,") - len("g, user:")]))) == MOST_PER_FILE


def test_a_finding_quotes_its_line_and_marks_the_field_in_it() -> None:
    finding = findings_of(plus(access_rules="g,user:b\u00f6b,viewr,*"))[0]
    assert finding.text == "g,user:b\u00f6b,viewr,*"
    assert finding.text[finding.column - 1 :][: finding.width] == "viewr"


@pytest.mark.parametrize("name", ["l1\x1b[2J", "l1\u202ereverse", "l1\u3164", "x" * 4_000])
def test_user_text_in_a_message_is_short_and_can_be_seen(name: str) -> None:
    found = findings_of(plus(roles=f"p, {name}, *, environment, view", access_rules=f"{name}, user:bob, viewer, *"))
    assert found
    assert all(f.message.isprintable() and "\u3164" not in f.message and len(f.message) < 200 for f in found)


def test_messages_are_lower_case_without_full_stop_and_each_says_what_to_do() -> None:
    found = [f for e in EXAMPLES for f in findings_of(plus(**{e.file: e.bad.encode("utf-8", "surrogateescape")}))]
    for finding in found + [f for whole in WHOLE for f in findings_of(whole.bad)]:
        assert finding.help, finding
        for text in (finding.message, finding.help):
            assert re.match(r"[a-z0-9`]|Casbin ", text) and not text.endswith("."), text
            assert text.count("`") % 2 == 0, text


def test_one_slip_is_one_finding_and_its_help_names_the_likely_word() -> None:
    (finding,) = findings_of(plus(access_rules="g, user:bob, veiwer, *"))
    assert finding.help.startswith("did you mean `viewer`? ")
    (finding,) = findings_of(plus(access_rules="g, user:bob, nothing-like-it, *"))
    assert finding.help == "roles are declared in policies/roles.csv"
    (finding,) = findings_of(plus(access_rules="g, user:bob, viewer, project:z"))
    assert "did you mean" not in finding.help, "one project is not like another for being a project"


@pytest.mark.parametrize(
    ("line", "places"),
    [
        (b"\xef\xbb\xbf# r\xc3\xa9n\xff\n", ["1:1 R004", "1:6 R003"]),
        (b"\xef\xbb\xbf# r\xc3\xa9\r\n", ["1:1 R004", "1:5 R005"]),
        (b"\xef\xbb\xbf\xef\xbb\xbf# twice\n", ["1:1 R004", "1:1 R007", "1:1 R011"]),
        (b"# one\n\xef\xbb\xbf# later\n", ["2:1 R007", "2:1 R011"]),
        (b"# one\rstill one\r\nP\n", ["1:6 R005", "2:1 R011"]),
    ],
)
def test_columns_and_lines_are_those_a_person_counts(line: bytes, places: list[str]) -> None:
    """A byte order mark takes no column, a letter of two bytes takes one, a carriage return begins no line."""
    found = findings_of(files(access_rules=line))
    assert [f"{f.line}:{f.column} {f.code}" for f in found] == places
