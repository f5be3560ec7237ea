"""`matrix`: what each role may, or who holds which role where; whole, or only what differs from another policy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from remit.cli import matrix_text as text
from remit.cli.house import House
from remit.cli.matrix_change_text import difference_lines, holding_difference_lines
from remit.cli.matrix_changes import (
    ROLE_CHANGES,
    SUBJECT_CHANGES,
    change_json,
    change_row,
    elsewhen_row,
    surrounding_json,
    surrounding_row,
)
from remit.cli.matrix_rows import ROLE_SHEET, SUBJECT_SHEET, as_json, sheet_row
from remit.cli.options import MODEL, POLICY, STATE, ModelFile, PolicyDir, State, Tabled, TableFormat, When
from remit.cli.past import At, Live, chosen
from remit.cli.render import safe
from remit.cli.reviewing import Scope, check_known_scope
from remit.cli.screen import Screen
from remit.cli.sinks import sheet
from remit.core.difference.tables import Change, Difference, Word, holding_difference, role_difference
from remit.core.matrix import Holding, Key, cells, holdings
from remit.core.model import Permission
from remit.core.policy import Policy, read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant
from remit.errors import PolicyInvalid, RequestInvalid

Entries = Mapping[Key, Permission | Holding]
Subjects = Annotated[bool, typer.Option("--subjects", help="Who holds which role where, not what roles may.")]
Base = Annotated[
    str | None, typer.Option(metavar="BASE", help="Only what differs from this git revision or directory.")
]


class Asked(NamedTuple):
    """What is asked: which of the two tables, where it counts (None: anywhere), and at which instant."""

    subjects: bool
    scope: str | None
    when: int

    def entries(self, snapshot: Snapshot) -> Entries:
        """The table of one policy."""
        return holdings(snapshot, self.when, self.scope) if self.subjects else cells(snapshot, self.scope)

    def compared(self, base: Snapshot, head: Snapshot) -> Compared:
        """The table of one policy, compared with that of another."""
        if self.subjects:
            return Compared(base, head, holding_difference(base, head, self.when, self.scope))
        return Compared(base, head, role_difference(base, head, self.scope))


class Compared(NamedTuple):
    """Two policies, and how their tables differ."""

    base: Snapshot
    head: Snapshot
    difference: Difference

    def revision_of(self, change: Change) -> str:
        """The revision that has the line of a change."""
        return (self.base if change.word is Word.REMOVED else self.head).revision


def add_matrix(app: typer.Typer, house: House) -> None:
    """`matrix`: what each role may, or who holds which role where."""

    @app.command()
    def matrix(
        subjects: Subjects = False, scope: Scope = None, diff: Base = None, when: When = None, at: At = None,
        policy: PolicyDir = POLICY, model: ModelFile = MODEL, state: State = STATE, format: Tabled = TableFormat.TEXT,
    ) -> None:  # fmt: skip
        """Show what each role may, or who holds which role where."""
        if when is not None and not subjects:
            raise RequestInvalid("`--when` needs `--subjects`: what a role may does not depend on time")
        live = chosen(house, policy, model, state, at, when)
        asked = Asked(subjects, scope, live.when)
        head = Snapshot(read_policy(live.files))
        check_known_scope(head, scope)
        if diff is not None:
            _show_compared(asked, asked.compared(Snapshot(_base(house, diff, policy, model)), head), format, live)
        else:
            _show(asked, head, format, live)


def _base(house: House, base: str, policy: Path, model: Path) -> Policy:
    """The policy to compare with. What is wrong with it is said of its files, not of those at hand."""
    try:
        return read_policy(house.read_at(base, policy, model))
    except PolicyInvalid as error:
        raise PolicyInvalid(tuple(each._replace(file=f"{base}:{each.file}") for each in error.findings)) from None


def _show(asked: Asked, head: Snapshot, format: TableFormat, live: Live) -> None:
    """The table of one policy."""
    entries, screen = asked.entries(head), Screen()
    match format:
        case TableFormat.TEXT:
            screen.show([*_framed(asked, _lines(asked, head, entries, _marks(screen)), head), *live.words()])
        case TableFormat.JSON:
            rows = [as_json(entry) for entry in entries.values()]
            document = {"asked": _lead(asked), "rows": rows, "revision": head.revision} | live.as_json()
            screen.show([json.dumps(document, indent=2)])
        case TableFormat.CSV:
            head_row = SUBJECT_SHEET if asked.subjects else ROLE_SHEET
            screen.hand_over(sheet(head_row, (sheet_row(entry, head.revision) for entry in entries.values())))


def _show_compared(asked: Asked, found: Compared, format: TableFormat, live: Live) -> None:
    """What differs from the table of another policy."""
    screen, difference = Screen(), found.difference
    match format:
        case TableFormat.TEXT:
            if asked.subjects:
                lines = holding_difference_lines(difference)
            else:
                lines = difference_lines(text.pairs_of(found.head, found.base), difference, _marks(screen).yes)
            screen.show([*_framed(asked, lines, found.head, found.base), *live.words()])
        case TableFormat.JSON:
            screen.show([json.dumps(_document(asked, found) | live.as_json(), indent=2)])
        case TableFormat.CSV:
            screen.hand_over(_sheet(asked, found))


def _marks(screen: Screen) -> text.Marks:
    return text.FINE if screen.has("".join(text.FINE)) else text.PLAIN


def _lines(asked: Asked, head: Snapshot, entries: Entries, marks: text.Marks) -> Iterator[str]:
    """The table of one policy for people."""
    if asked.subjects:
        return text.holding_lines([each for each in entries.values() if isinstance(each, Holding)])
    return text.matrix_lines(text.pairs_of(head), entries, marks)


def _framed(asked: Asked, lines: Iterator[str], head: Snapshot, base: Snapshot | None = None) -> Iterator[str]:
    """A table between what was asked and the policies looked at."""
    if asked.scope is not None:
        yield safe(f"what counts in `{asked.scope}`")
        yield ""
    yield from lines
    judged = f"judged at {format_instant(asked.when)} by " if asked.subjects else ""
    compared = "" if base is None else f", compared with revision {base.revision}"
    yield f"{judged}revision {head.revision}{compared}"


def _lead(asked: Asked) -> dict[str, Any]:
    when = {"when": format_instant(asked.when)} if asked.subjects else {}
    return {"table": "subjects" if asked.subjects else "roles", "scope": asked.scope, **when}


def _document(asked: Asked, found: Compared) -> dict[str, Any]:
    """What differs, for scripts; it is nothing only if all of it is empty."""
    difference = found.difference
    return {
        "asked": _lead(asked),
        "changes": [change_json(each) for each in difference.changes],
        **({"changes_at_other_times": difference.elsewhen} if asked.subjects else {}),
        "surroundings": [surrounding_json(each) for each in difference.surroundings],
        "revision": found.head.revision,
        "base_revision": found.base.revision,
    }


def _sheet(asked: Asked, found: Compared) -> str:
    """What differs, for a spreadsheet."""
    changes = [change_row(each, found.revision_of(each)) for each in found.difference.changes]
    others = [
        surrounding_row(each, asked.subjects, (found.base if each.after is None else found.head).revision)
        for each in found.difference.surroundings
    ]
    if found.difference.elsewhen:
        others.append(elsewhen_row(found.difference.elsewhen))
    return sheet(SUBJECT_CHANGES if asked.subjects else ROLE_CHANGES, [*changes, *others])
