"""Names out of a policy are text wherever findings go: they begin no command, no formula, no element and no mark
(threats, rows 37 and 38).
"""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.cli.render import safe
from remit.cli.sinks import Level, Notice, cell, github, junit, sarif, sheet

HOSTILE = [
    "\x1b[31mred\x1b[0m", "::error file=x::owned", "a%0Ab", "two\nlines", "carriage\rreturn", "\u202eevil",
    "]]>&<script>", "\x00nul", "\u200bzero", "\ud800lone", "\ufffe", "a,b:c", "`code` | cell", "@somebody", "[a](b)",
    "=1+1", "+cmd", "-2", "@sum", "＝1", "\t=1", " =1", '"quoted"', "#1", "<!--", "&amp;", "$x$",
    "\x85next", "\u2028line",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=20))
NOTICE = Notice("policies/roles.csv", 3, 5, 9, Level.ERROR, "R013", "unknown-role", "unknown role `x`", "look", True)


def notices(text: str) -> list[Notice]:
    return [
        NOTICE._replace(message=text), NOTICE._replace(help=text), NOTICE._replace(file=text, line=0, column=0),
        NOTICE._replace(title=text, level=Level.NOTE),
    ]  # fmt: skip


def test_a_notice_for_github() -> None:
    (line,) = github([NOTICE])
    assert line == (
        "::error file=policies/roles.csv,line=3,col=5,endColumn=9,title=R013 unknown-role::unknown role `x`%0Alook"
    )
    assert next(github([NOTICE._replace(level=Level.NOTE, line=0, help="")])) == (
        "::notice file=policies/roles.csv,title=R013 unknown-role::unknown role `x`"
    )


@given(TEXTS)
def test_a_workflow_command_is_one_line_and_one_command(text: str) -> None:
    for line in github(notices(text)):
        assert line.isprintable() and "\n" not in line
        head, _, data = line[2:].partition("::")
        assert re.fullmatch(r"(error|warning|notice) file=[^:]*", head), head
        keys = [part.partition("=")[0] for part in head.split(" ", 1)[1].split(",")]
        assert keys in (["file", "line", "col", "endColumn", "title"], ["file", "title"])
        assert not re.search(r"%(?!25|0A|0D)", data)
    (line,) = github([NOTICE._replace(message=text)])
    data = line[2:].partition("::")[2]
    said = data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    assert said == "\n".join(safe(each) for each in f"{text}\nlook".split("\n")), "what is shown is what was said"


@given(TEXTS)
def test_junit_is_xml_whatever_it_says(text: str) -> None:
    made = junit("lint", [(text, text)], notices(text))
    suite = fromstring(made.encode()).find("testsuite")
    assert suite is not None and suite.attrib["tests"] == "5" and suite.attrib["failures"] == "4"
    assert len(suite) == 5 and len(suite.findall("testcase/failure")) == 4
    assert [element.tag for element in suite.iter()].count("testcase") == 5


def test_junit_says_what_failed() -> None:
    failure = fromstring(junit("lint", [], [NOTICE])).find("testsuite/testcase/failure")
    assert failure is not None
    assert (failure.attrib, failure.text) == (
        {"type": "error", "message": "unknown role `x`"}, "policies/roles.csv:3:5: unknown role `x`\nhelp: look",
    )  # fmt: skip


@given(TEXTS)
def test_sarif_has_a_region_and_a_fingerprint_for_everything(text: str) -> None:
    made = json.loads(json.dumps(sarif(notices(text), {}, "1.0"), ensure_ascii=True))
    (run,) = made["runs"]
    codes = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert run["columnKind"] == "unicodeCodePoints" and made["version"] == "2.1.0"
    for result in run["results"]:
        assert codes[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note") and result["message"]["text"]
        (place,) = result["locations"]
        assert re.fullmatch(r"[\x21-\x7e]*", place["physicalLocation"]["artifactLocation"]["uri"])
        region = place["physicalLocation"].get("region")
        assert region in ({"startLine": 3, "startColumn": 5, "endColumn": 9}, None)
    prints = [each["partialFingerprints"]["remit/v1"] for each in run["results"]]
    assert len(set(prints)) == len(prints)


def test_a_fingerprint_stays_where_a_finding_only_moves() -> None:
    one, other = (sarif([NOTICE._replace(line=line)], {}, "1.0")["runs"][0]["results"][0] for line in (3, 30))
    assert one["partialFingerprints"] == other["partialFingerprints"] and one != other


def test_more_than_a_service_takes_is_counted() -> None:
    (run,) = sarif([NOTICE] * 5_002, {}, "1.0")["runs"]
    assert len(run["results"]) == 5_000
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("2 more")


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_a_sheet_holds_no_formula_and_comes_back(rows: list[tuple[str, str]]) -> None:
    made = sheet(("a", "b"), rows)
    found = list(csv.reader(StringIO(made, newline="")))
    assert found[0] == ["a", "b"] and len(found) == len(rows) + 1
    for row, given_ in zip(found[1:], rows, strict=True):
        for text, was in zip(row, given_, strict=True):
            assert not text.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
            assert not text.startswith(("\t", "\r", "\n", "\0"))
            assert text.removeprefix("'") == was.removeprefix("'") or "\0" in was


def test_a_sheet_parts_rows_as_the_standard_says() -> None:
    assert sheet(("a", "b"), [("x", None), ('"', "=1")]) == 'a,b\r\nx,\r\n"""",\'=1\r\n'


@given(TEXTS)
def test_markdown_shows_what_is_there(text: str) -> None:
    shown = cell(text)
    assert "\n" not in shown and shown.isprintable()
    bare = re.sub(r"&#\d+;", "", shown)
    assert not re.search(r"[`*_\[\]()<>|@#~&!\\]", bare)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_reaches_a_terminal(text: str) -> None:
    for line in github(notices(text)):
        assert "\x1b" not in line and "\u202e" not in line
