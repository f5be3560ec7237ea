"""`journal show`: what was asked, and what was answered."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from typing import Annotated, Any, NamedTuple

import typer

from remit.cli.house import House, JournalReader
from remit.cli.journal import filters as f
from remit.cli.journal.places import JournalDir, reader_in
from remit.cli.journal.reasons import Reasons, reason_cell, reason_json, reason_lines
from remit.cli.journal.sheets import HEAD, rows_of
from remit.cli.journal.text import MOST_ITEMS, chosen, headline, item_lines
from remit.cli.options import STATE, State, Tabled, TableFormat
from remit.cli.screen import Say, Screen
from remit.cli.sinks.sheet import sheet_lines
from remit.core.journal.entries import Entry, Kind
from remit.core.journal.spelling import harmless
from remit.core.journal.wanted import Wanted
from remit.errors import NotFound, RequestInvalid

POLL = 0.5
"""Seconds between looks at a journal that is followed."""

_FOLLOWED = 10  # lines that are shown before those that come

Id = Annotated[str | None, typer.Option("--id", metavar="WRITER-SEQ", help="The one line that is called so.")]
Last = Annotated[int | None, typer.Option("--last", metavar="N", min=0, max=10_000, help="Only the last lines.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Only the first lines.")]
All = Annotated[bool, typer.Option("--all", help="All that a batch asked, not only its first questions.")]
Explained = Annotated[bool, typer.Option("--explain", help="Why: the lines of the policy that decided.")]
Followed = Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come, until interrupted.")]


class Shown(NamedTuple):
    """How lines are written: in which format, which of their items, and why they were answered so, if that is told."""

    format: TableFormat
    wanted: Wanted
    all: bool
    reasons: Reasons | None

    def head(self) -> Iterator[str]:
        """What stands above all lines."""
        if self.format is TableFormat.CSV:
            yield from sheet_lines([(*HEAD, *(("reason",) if self.reasons else ()))])

    def text(self, entry: Entry) -> Iterator[str]:
        """What is printed of one line of the journal."""
        items = self.wanted.items_of(entry)
        match self.format:
            case TableFormat.JSON:
                yield self._json(entry)
            case TableFormat.CSV:
                yield from sheet_lines(self._rows(entry, items))
            case TableFormat.TEXT:
                yield headline(entry)
                yield from self._below(entry, items)

    def _below(self, entry: Entry, items: Sequence[Any]) -> Iterator[str]:
        """The items of a batch, and reasons."""
        most = None if self.all else MOST_ITEMS
        batch = len(entry.items) > 1 and entry.kind == Kind.DECISION
        if self.reasons is None:
            yield from item_lines(items, most) if batch else ()
            return
        for item in chosen(items, most):
            if batch:
                yield from item_lines([item], None)
            if (reason := self.reasons.of(entry, item)) is not None:
                yield from reason_lines(reason)
        yield from item_lines(items[most:], 0) if most is not None and len(items) > most else ()

    def _json(self, entry: Entry) -> str:
        line = harmless(entry.line).decode()
        if self.reasons is None:
            return line
        told = [reason_json(self.reasons.of(entry, item)) for item in entry.items]
        return f'{line[:-1]},"explained":{json.dumps(told)}}}'

    def _rows(self, entry: Entry, items: Sequence[Any]) -> Iterator[list[str]]:
        for row, item in zip(rows_of(entry, items), items or ({},), strict=True):
            yield row if self.reasons is None else [*row, reason_cell(self.reasons.of(entry, item))]


def add_showing(app: typer.Typer, house: House) -> None:
    """`show`."""

    @app.command()
    def show(
        since: f.Since = None, until: f.Until = None, kind: f.Kinds = None, subject: f.About = None,
        caller: f.Caller = None, action: f.Did = None, resource: f.Thing = None, scope: f.Where = None,
        denied: f.Denied = False, request: f.Request = None, revision: f.Revision = None, id: Id = None,
        last: Last = None, limit: Limit = None, all: All = False, explain: Explained = False,
        follow: Followed = False, state: State = STATE, journal: JournalDir = None,
        format: Tabled = TableFormat.TEXT,
    ) -> None:  # fmt: skip
        """Show what was asked and answered, the oldest first: one line each, and what a batch asked below it."""
        now = house.now()
        wanted = Wanted(
            f.moment("--since", since, now), f.moment("--until", until, now), f.line_kinds(kind), subject, caller,
            action, resource, scope, denied, request, f.revision_part(revision),
        )  # fmt: skip
        if follow and (limit or until or id):
            raise RequestInvalid("`--follow` goes on until interrupted, so not with --limit, --until or --id")
        if last is not None and limit is not None:
            raise RequestInvalid("give --last or --limit, not both")
        screen = Screen()
        reader = reader_in(house, screen, state, journal, may_begin=follow)
        shown = Shown(format, wanted, all, Reasons(partial(house.revisions, state)) if explain else None)
        if id is not None:
            _print(screen, shown, [_one(reader, id)])
        elif follow:
            _follow(house, screen, shown, reader, _FOLLOWED if last is None and since is None else last)
        else:
            _show_all(screen, shown, reader, last, limit)


def _show_all(screen: Screen, shown: Shown, reader: JournalReader, last: int | None, limit: int | None) -> None:
    """Show what is there, the last of it, or the first."""
    with screen.progress() as say:
        if last is None:
            with closing(scanned(reader, shown.wanted, say)) as entries:
                _print(screen, shown, islice(entries, limit))
            return
        say("reading the journal")
        found, _ = reader.latest(shown.wanted, last)
    _print(screen, shown, found)


def scanned(reader: JournalReader, wanted: Wanted, say: Say) -> Generator[Entry, None, None]:
    """The lines that are wanted; it is said how much of the journal is behind."""
    total, behind = reader.bytes_of(wanted), 0
    for step in reader.steps(wanted):
        if step.entry is not None:
            yield step.entry
        behind += step.looked
        if step.looked:
            say("reading the journal", min(1.0, behind / total) if total else None)


def _one(reader: JournalReader, id: str) -> Entry:
    writer, _, seq = id.partition("-")
    if not (writer and seq.isascii() and seq.isdigit() and len(seq) < 19):
        raise RequestInvalid(f"`--id {id}` is none: it is a writer and a number, such as `1f2e3d4c-17`")
    found = reader.entry(writer, int(seq))
    if found is None:
        raise NotFound(f"there is no line `{id}` in this journal, or none any more")
    return found


def _follow(house: House, screen: Screen, shown: Shown, reader: JournalReader, last: int | None) -> None:
    """Show what is there, or the last of it, and then what comes, until interrupted."""
    marks: dict[str, Any] = {}
    found: Iterable[Entry] = ()
    if last is not None:
        found, there = reader.latest(shown.wanted, last)
        marks = dict(there)
    try:
        _print(screen, shown, found)
        while True:
            _print(screen, shown, _new(reader, shown.wanted, marks), head=False)
            house.pause(POLL)
    except KeyboardInterrupt:
        return


def _new(reader: JournalReader, wanted: Wanted, marks: dict[str, Any]) -> Iterator[Entry]:
    """What is behind the marks, which go on with it."""
    for step in reader.steps(wanted, marks):
        marks[step.writer] = step.mark
        if step.entry is not None:
            yield step.entry


def _print(screen: Screen, shown: Shown, found: Iterable[Entry], head: bool = True) -> None:
    """Print lines as they come."""
    lines = (text for entry in found for text in shown.text(entry))
    if shown.format is TableFormat.CSV:
        screen.pour(text for part in ((shown.head() if head else ()), lines) for text in part)
    else:
        screen.show(lines)
