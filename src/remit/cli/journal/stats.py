"""`journal stats`: what a journal comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Any

import typer

from remit.cli.house import House
from remit.cli.journal import filters as f
from remit.cli.journal.places import JournalDir, reader_in
from remit.cli.journal.showing import scanned
from remit.cli.options import STATE, State, Tabled, TableFormat
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.cli.sinks.sheet import sheet_lines
from remit.core.journal.counted import Tally
from remit.core.journal.wanted import Wanted
from remit.core.times import format_instant

SHARES = (0.5, 0.9, 0.99, 0.999)

Most = Annotated[int, typer.Option("--most", metavar="N", min=1, help="How many names of each sort.")]


def add_stats(app: typer.Typer, house: House) -> None:
    """`stats`."""

    @app.command()
    def stats(
        since: f.Since = None, until: f.Until = None, kind: f.Kinds = None, subject: f.About = None,
        caller: f.Caller = None, action: f.Did = None, resource: f.Thing = None, scope: f.Where = None,
        denied: f.Denied = False, revision: f.Revision = None, most: Most = 10, state: State = STATE,
        journal: JournalDir = None, format: Tabled = TableFormat.TEXT,
    ) -> None:  # fmt: skip
        """Count what is on record: verdicts, reasons, callers, actions and revisions, and how long answers took."""
        now = house.now()
        wanted = Wanted(
            f.moment("--since", since, now), f.moment("--until", until, now), f.line_kinds(kind), subject, caller,
            action, resource, scope, denied, None, f.revision_part(revision),
        )  # fmt: skip
        screen, tally = Screen(), Tally()
        reader = reader_in(house, screen, state, journal)
        with screen.progress() as say, closing(scanned(reader, wanted, say)) as found:
            for entry in found:
                tally.add(entry)
        match format:
            case TableFormat.TEXT:
                screen.show(_lines(tally, most))
            case TableFormat.JSON:
                screen.show([json.dumps(_document(tally, most), indent=2)])
            case TableFormat.CSV:
                screen.pour(sheet_lines([("of", "name", "count"), *_rows(tally, most)]))


def _lines(tally: Tally, most: int) -> Iterator[str]:
    """For people."""
    if tally.first is None or tally.last is None:
        yield "there is no such line"
        return
    yield f"{tally.lines:,} lines from {format_instant(tally.first)} to {format_instant(tally.last)}"
    if tally.lost:
        yield f"{tally.lost:,} RECORDS ARE LOST: they could not be written; `remit journal show --kind journal.lost`"
    if tally.unnamed:
        yield f"{tally.unnamed:,} calls of nobody knows whom"
    if tally.took.number:
        said = ", ".join(f"{share:.1%} in {tally.took.at(share):,}".replace(".0%", "%") for share in SHARES)
        yield f"microseconds that answers took: {said}"
    for name, counts in tally.sorts.items():
        if counts:
            yield ""
            yield f"by {name}"
            yield from (safe(f"  {count:>12,}  {each}") for each, count in counts.most_common(most))
            if len(counts) > most:
                rest = sum(counts.values()) - sum(count for _, count in counts.most_common(most))
                yield f"  {rest:>12,}  of {len(counts) - most:,} more"


def _document(tally: Tally, most: int) -> dict[str, Any]:
    """For scripts."""
    return {
        "lines": tally.lines,
        "first": None if tally.first is None else format_instant(tally.first),
        "last": None if tally.last is None else format_instant(tally.last),
        "lost": tally.lost,
        "unnamed": tally.unnamed,
        "microseconds": {f"p{100 * share:g}": tally.took.at(share) for share in SHARES},
        "by": {name: dict(counts.most_common(most)) for name, counts in tally.sorts.items()},
    }


def _rows(tally: Tally, most: int) -> Iterator[tuple[object, ...]]:
    """For a spreadsheet."""
    yield from (("lines", "", tally.lines), ("lost", "", tally.lost), ("unnamed", "", tally.unnamed))
    yield from (("microseconds", f"p{100 * share:g}", tally.took.at(share)) for share in SHARES)
    for name, counts in tally.sorts.items():
        yield from ((name, safe(each), count) for each, count in counts.most_common(most))
