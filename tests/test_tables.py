"""The short way through access rules gives what the long way gives: the same rows and the same findings."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from policies import findings_of, plus
from remit.core import tables
from remit.core.findings import Report, Source
from remit.core.lines import Line, access_rule
from remit.core.model import ROOT, AccessRule
from remit.core.reader import rows
from remit.core.tables import read_access_rules

ROLES = ("maker", "viewer")
SCOPES = {"department:r": None, "project:a": None}
COLUMNS = (
    ("g", "g", "g", "p", "G", ""),
    ("user:ada", "user:ada", "group:x", "application:ci-2", "user:r\u00e9n\u00e9", "user:o'neil", "user:a b", "ada",
     "user: ada", "role:maker", "User:ada", "user:", ":ada", "", " user:ada", "user:ada ", "*", "=user:ada", "user:a(b",
     "user:" + "a" * 251, "user:" + "a" * 252, "user:\u0301a", "user:a #b", "user:-ada", "us-er:ada", "user\uff1aada"),
    ("maker", "maker", "viewer", "Maker", "make", "group:x", "", "maker ", "-maker"),
    (ROOT, "project:a", "project:a", "department:r", "project:gone", "project:a ", "project", "", "Project:a"),
    ("", "", "2026-01-01", "2027-01-01T00:00:00Z", "2026-02-30", "soon", " "),
    ("", "", "2026-06-01", "2026-01-01", "2027-01-01", "2026-1-1"),
    ("", "T-1", " T-1", "=1", "+1", "\uff1d1", "(why)"),
    ("", "user:eve", "@eve", "eve "),
    ("", "why not", "-", "#", " "),
    ("", "one too many"),
)  # fmt: skip


def generated(count: int, seed: int = 7) -> list[str]:
    """Lines of one to ten columns, good and bad ones, and each bad cell alone in a line that is otherwise good."""
    dice = Random(seed)
    lines = [
        ", ".join(dice.choice(column) for column in COLUMNS[: dice.choice((1, 3, 4, 4, 4, 5, 6, 6, 7, 8, 9, 10))])
        for _ in range(count)
    ]
    good = ["g", "user:ada", "maker", "project:a", "", "", "", "", ""]
    for at, width in product(range(9), (4, 5, 6, 9)):
        lines += [", ".join([*good[:at], cell, *good[at + 1 : width]]) for cell in COLUMNS[at] if at < width]
    return lines


def long_way(source: Source, report: Report) -> list[AccessRule]:
    """Every row through the judgement that the short way spares."""
    role_ids = {role: index for index, role in enumerate(ROLES)}
    places = {scope: scope for scope in (ROOT, *SCOPES)}
    found = (
        tables._resolved(Line(source, report, number, fields), role_ids, places)
        for number, fields in rows(source, report)
    )
    return [rule for rule in found if rule is not None]


def compared(lines: list[str]) -> tuple[int, int]:
    """How many rows and findings both ways give for these lines; it fails where they differ."""
    source = Source("policies/access_rules.csv", "".join(f"{line}\n" for line in lines).encode())
    short, long = Report(), Report()
    rules = list(read_access_rules(source, short, ROLES, SCOPES))
    assert rules == long_way(source, long)
    assert short.findings() == long.findings()
    return len(rules), len(short.findings())


def test_both_ways_agree_on_each_line_by_itself() -> None:
    outcomes = {compared([line]) for line in generated(6_000)}
    assert {(1, 0), (0, 1), (1, 1)} <= outcomes, "the corpus holds good lines, bad ones and stranded ones"


def test_both_ways_agree_on_many_lines_in_one_file() -> None:
    lines = generated(3_000, seed=8)
    for start in range(0, len(lines), 50):  # few enough to be listed one by one
        compared(lines[start : start + 50])


def test_instants_are_remembered_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_MOST_INSTANTS", 3)
    known = tables._Instants(0)
    days = [known[f"2026-01-{day:02}"] for day in range(1, 29)]
    assert days == sorted(set(days)) and len(known) == 3


def test_roles_and_permissions_are_few_enough_for_their_masks() -> None:
    many = "\n".join(f"p, r{i}, *, environment, view" for i in range(tables.MAX_ROLES - 1))
    assert [f.message for f in findings_of(plus(roles=many))] == ["1,001 roles; 1,000 are allowed"]
    assert findings_of(plus(roles=many.rpartition("\n")[0])) == ()
    far_too_many = "".join(f"p, r{i}, *, environment, view\n" for i in range(70_000))
    assert {f.code for f in findings_of(plus(roles=far_too_many, access_rules="g, user:bob, r69999, *"))} == {
        "R013",
        "R031",
    }
    (finding,) = findings_of(plus(service_roles="#\n" * tables.MAX_PERMISSIONS))
    assert finding.message == "the file has 200,001 lines; 200,000 are allowed"


@pytest.mark.parametrize(("cell", "code"), [("user:b\u200b", "R007"), ("user:b\x07", "R006"), ("user:b\r", "R005"),
                                            ("user:e\u0301", "R008"), ('user:"b"', "R009")])  # fmt: skip
def test_no_line_is_lost_without_a_finding_even_if_the_reader_had_missed_it(cell: str, code: str) -> None:
    report = Report()
    line = Line(Source("policies/access_rules.csv", b""), report, 1, ["g", cell, "viewer", "*"])
    assert access_rule(line) is None
    assert [f.code for f in report.findings()] == [code]
