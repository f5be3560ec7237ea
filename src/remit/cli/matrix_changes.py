"""What differs between the tables of two policies, as JSON and as cells of a sheet."""

from __future__ import annotations

from typing import Any

from remit.cli import ways
from remit.cli.matrix_rows import ROLE_SHEET, SUBJECT_SHEET, as_json, sheet_row
from remit.core.difference.spells import EVER, Spells
from remit.core.difference.surroundings import Differing, Said, What
from remit.core.difference.tables import Change
from remit.core.matrix import Holding
from remit.core.model import ALWAYS, FOREVER
from remit.core.times import format_instant

ROLE_CHANGES = ("change", *ROLE_SHEET)
SUBJECT_CHANGES = ("change", *SUBJECT_SHEET, "held_before", "held")


def spell_text(some: Spells) -> str:
    """Stretches of time in words; nothing if there are none."""
    if some == EVER:
        return "always"
    return " and ".join(
        " ".join(
            ([] if since == ALWAYS else [f"from {format_instant(since)}"])
            + ([] if until == FOREVER else [f"until {format_instant(until)}"])
        )
        for since, until in some
    )


def change_json(change: Change) -> dict[str, Any]:
    """One changed row for scripts; of a holding, when it counts at all, before and now."""
    row = {"change": change.word.value, **as_json(change.entry)}
    if isinstance(change.entry, Holding):
        row |= {"held_before": _spells_json(change.before), "held": _spells_json(change.after)}
    return row


def _spells_json(some: Spells) -> list[dict[str, str | None]]:
    return [
        {
            "since": None if since == ALWAYS else format_instant(since),
            "until": None if until == FOREVER else format_instant(until),
        }
        for since, until in some
    ]


def change_row(change: Change, revision: str) -> ways.Row:
    """One changed row under ROLE_CHANGES or SUBJECT_CHANGES."""
    row = (change.word.value, *sheet_row(change.entry, revision))
    held = (spell_text(change.before), spell_text(change.after))
    return (*row, *held) if isinstance(change.entry, Holding) else row


def surrounding_json(each: Differing) -> dict[str, Any]:
    """What differs beside the table, for scripts."""
    return {
        "what": each.what.value,
        "name": list(each.name),
        "change": each.change,
        "before": _said_json(each.before),
        "after": _said_json(each.after),
    }


def _said_json(said: Said | None) -> dict[str, Any] | None:
    return None if said is None else {"where": said.where, "file": said.origin.file, "line": said.origin.line}


def surrounding_row(each: Differing, subjects: bool, revision: str) -> ways.Row:
    """The same as a row under SUBJECT_CHANGES or ROLE_CHANGES: `scope moved`, `vocabulary added` and so on, with the
    line that says so; of a resource, the kind and the scope it lives in."""
    said = each.after or each.before
    assert said is not None
    change, line = f"{each.what} {each.change}", said.origin
    if subjects:
        return change, "", "", "", each.name[0], "", "", *line, "", revision, "", ""
    if each.what is What.SCOPE:
        return change, "", "", "", each.name[0], *line, revision
    kind, other = each.name
    return (change, "", kind, *((other, "") if each.what is What.VOCABULARY else ("", said.where)), *line, revision)


def elsewhen_row(count: int) -> ways.Row:
    """That so many holdings that do not count at the instant count at other times than before."""
    return (f"{count} at other times", *[""] * (len(SUBJECT_CHANGES) - 1))
