"""`review open`: every access rule with its use and its marks, for reviewers to fill in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from remit.cli.asking import read_when
from remit.cli.certifying.past import Bearings, begins, tallied
from remit.cli.house import House
from remit.cli.journal.filters import moment
from remit.cli.journal.places import JournalDir, journal_in
from remit.cli.options import MODEL, POLICY, STATE, Format, Formatted, ModelFile, PolicyDir, State, When
from remit.cli.render import safe
from remit.cli.reviewing import check_known_scope
from remit.cli.screen import Screen
from remit.cli.sinks import sheet
from remit.core.certifying.marks import Facts, Mark, facts, marks_of
from remit.core.certifying.paper import HEAD, Opened, Reviewable, cells_of, opened
from remit.core.certifying.population import Entitled, population
from remit.core.journal.usage import Tally
from remit.core.model import ROOT
from remit.core.names import counted
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant

_Out = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to write it; none must be there.")]
_Scope = Annotated[str, typer.Option("--scope", metavar="SCOPE", help="Only what is held there or below it.")]
_Since = Annotated[str, typer.Option("--since", metavar="TIME|AGO", help="Since when use counts.")]


def add_opening(app: typer.Typer, house: House) -> None:
    """`open`."""

    @app.command("open")
    def open_review(
        output: _Out, scope: _Scope = ROOT, since: _Since = "90d", when: When = None, policy: PolicyDir = POLICY,
        model: ModelFile = MODEL, state: State = STATE, journal: JournalDir = None, format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Write every access rule as a spreadsheet: who holds what, how it was used, and why to look twice."""
        screen, now = Screen(), read_when(when, house.now())
        begin = moment("--since", since, now) or 0
        files = house.read(policy, model)
        read = read_policy(files)
        snapshot = Snapshot(read)
        check_known_scope(snapshot, scope)
        where = journal_in(state, journal)  # there may be none: a review is of use without
        reader = house.reader(where, lambda said: screen.complain([f"remit: {safe(said)}"]))
        with screen.progress() as say:
            tally = tallied(reader, Bearings(house, state, snapshot), read.access_rules, (begin, now), say)
            first = begins(reader)
        judged = facts(read, snapshot, tally, max(begin, first or begin), now)
        rows = [_row(judged, each) for each in population(files, read, snapshot, scope)]
        about = opened(rows, read.revision, (now, begin), scope)
        house.write_document(output, sheet((about.text(),), [HEAD, *cells_of(rows)]).encode("utf-8-sig"))
        if format is Format.JSON:
            screen.show([json.dumps(_json(about, rows, output, first), indent=2)])
        else:
            screen.show(safe(line) for line in _told(about, rows, output))
        screen.complain(safe(line) for line in _unsure(tally, first, begin))


def _row(judged: Facts, entitled: Entitled) -> Reviewable:
    tally = judged.tally
    used = None if tally is None else tally.uses.get(entitled.access_rule.origin)
    return Reviewable(entitled, marks_of(judged, entitled), used, tally is not None)


def _told(about: Opened, rows: Sequence[Reviewable], output: Path) -> Iterator[str]:
    """What was written, and what it is about."""
    where = "" if about.scope == ROOT else f" in `{about.scope}` and below"
    yield f"{counted(about.rows, 'access rule')}{where} to be reviewed, in {output}"
    marks = Counter(mark for row in rows for mark in row.marks)
    if marks:
        yield f"  marks: {', '.join(f'{marks[mark]:,} {mark}' for mark in Mark if marks[mark])}"
    yield f"  revision {about.revision}, at {about.at}; use since {about.since}"
    yield f"  digest {about.digest}"


def _json(about: Opened, rows: Sequence[Reviewable], output: Path, first: int | None) -> dict[str, Any]:
    """For scripts. A minor version adds, a major one changes."""
    marks = Counter(mark for row in rows for mark in row.marks)
    return {
        "format_version": "1.0",
        "file": str(output),
        "review": about._asdict(),
        "marks": {str(mark): marks[mark] for mark in Mark},
        "journal_begins": None if first is None else format_instant(first),
    }


def _unsure(tally: Tally | None, first: int | None, begin: int) -> Iterator[str]:
    """What of use is not known."""
    if tally is None:
        yield "remit: no decision was recorded in that time, so nothing is said of use; is --journal right?"
        return
    if first is not None and first > begin:
        yield f"remit: the journal begins at {format_instant(first)}; what was used before is not known"
    if tally.unknown:
        lines, revisions = counted(tally.unknown.total(), "record"), counted(len(tally.unknown), "revision")
        yield f"remit: {lines} of {revisions} count for nothing, since no database has their files (--state)"
    if tally.lost:
        yield f"remit: {counted(tally.lost, 'record')} of that time could not be kept; what they used is not known"
    if tally.unread:
        yield f"remit: {counted(tally.unread, 'record')} make no sense; `remit journal verify` tells more"
