"""`matrix`: what each role may, or who holds which role where; whole, or only what differs from another policy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from remit.cli import matrix_text as text
from remit.cli.asking import read_when
from remit.cli.house import House
from remit.cli.matrix_rows import ROLE_SHEET, SUBJECT_SHEET, as_json, sheet_row
from remit.cli.options import MODEL, POLICY, ModelFile, PolicyDir, Tabled, TableFormat, When
from remit.cli.render import safe
from remit.cli.reviewing import Scope, check_known_scope
from remit.cli.screen import Screen
from remit.cli.sinks import sheet
from remit.core.matrix import Holding, Key, cells, holdings, widest
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

    def compared(self, snapshot: Snapshot) -> Entries:
        """The table of one policy as it is compared: without what changes nothing a role may."""
        return self.entries(snapshot) if self.subjects else widest(snapshot, cells(snapshot, self.scope))


class Difference(NamedTuple):
    """A table, and the one it is compared with if it is: what was added and what was removed."""

    head: Snapshot
    base: Snapshot | None
    added: Entries
    removed: Entries


def add_matrix(app: typer.Typer, house: House) -> None:
    """`matrix`: what each role may, or who holds which role where."""

    @app.command()
    def matrix(
        subjects: Subjects = False, scope: Scope = None, diff: Base = None, when: When = None,
        policy: PolicyDir = POLICY, model: ModelFile = MODEL, format: Tabled = TableFormat.TEXT,
    ) -> None:  # fmt: skip
        """Show what each role may, or who holds which role where."""
        if when is not None and not subjects:
            raise RequestInvalid("`--when` needs `--subjects`: what a role may does not depend on time")
        asked = Asked(subjects, scope, read_when(when, house.now()))
        head = Snapshot(read_policy(house.read(policy, model)))
        check_known_scope(head, scope)
        found = _compared(asked, head, None if diff is None else Snapshot(_base(house, diff, policy, model)))
        screen = Screen()
        match format:
            case TableFormat.TEXT:
                screen.show(_lines(asked, found, text.FINE if screen.has("".join(text.FINE)) else text.PLAIN))
            case TableFormat.JSON:
                screen.show([json.dumps(_document(asked, found), indent=2)])
            case TableFormat.CSV:
                screen.hand_over(_sheet(asked, found))


def _base(house: House, base: str, policy: Path, model: Path) -> Policy:
    """The policy to compare with. What is wrong with it is said of its files, not of those at hand."""
    try:
        return read_policy(house.read_at(base, policy, model))
    except PolicyInvalid as error:
        raise PolicyInvalid(tuple(each._replace(file=f"{base}:{each.file}") for each in error.findings)) from None


def _compared(asked: Asked, head: Snapshot, base: Snapshot | None) -> Difference:
    """What is in one table only; without another one, all of it."""
    if base is None:
        return Difference(head, None, asked.entries(head), {})
    after, before = asked.compared(head), asked.compared(base)
    added = {key: entry for key, entry in after.items() if key not in before}
    return Difference(head, base, added, {key: entry for key, entry in before.items() if key not in after})


def _lines(asked: Asked, found: Difference, marks: text.Marks) -> Iterator[str]:
    """The table for people."""
    head, base, added, removed = found
    if asked.scope is not None:
        yield safe(f"what counts in `{asked.scope}`")
        yield ""
    if asked.subjects:
        more, less = (
            [each for each in some.values() if isinstance(each, Holding)] for some in (found.added, found.removed)
        )
        yield from text.holding_lines(more) if base is None else text.holding_difference_lines(more, less)
    elif base is None:
        yield from text.matrix_lines(text.pairs_of(head), added, marks)
    else:
        yield from text.difference_lines(text.pairs_of(head, base), added, removed, marks.yes)
    yield (f"judged at {format_instant(asked.when)} by " if asked.subjects else "") + _revisions(found)


def _revisions(found: Difference) -> str:
    """The policies looked at."""
    now = f"revision {found.head.revision}"
    return now if found.base is None else f"{now}, compared with revision {found.base.revision}"


def _document(asked: Asked, found: Difference) -> dict[str, Any]:
    """The table for scripts."""
    when = {"when": format_instant(asked.when)} if asked.subjects else {}
    lead = {"table": "subjects" if asked.subjects else "roles", "scope": asked.scope, **when}
    if found.base is None:
        rows = [as_json(entry) for entry in found.added.values()]
        return {"asked": lead, "rows": rows, "revision": found.head.revision}
    changes = [{"change": change, **as_json(entry)} for change, entry, _ in _changes(found)]
    revisions = {"revision": found.head.revision, "base_revision": found.base.revision}
    return {"asked": lead, "changes": changes, **revisions}


def _sheet(asked: Asked, found: Difference) -> str:
    """The table for a spreadsheet, one row for each cell that is not empty."""
    head = SUBJECT_SHEET if asked.subjects else ROLE_SHEET
    if found.base is None:
        return sheet(head, (sheet_row(entry, found.head.revision) for entry in found.added.values()))
    return sheet(
        ("change", *head), ((change, *sheet_row(entry, revision)) for change, entry, revision in _changes(found))
    )


def _changes(found: Difference) -> Iterator[tuple[str, Permission | Holding, str]]:
    """What was removed and what was added, each with the revision that has the line."""
    base = found.head if found.base is None else found.base
    yield from (("removed", entry, base.revision) for entry in found.removed.values())
    yield from (("added", entry, found.head.revision) for entry in found.added.values())
