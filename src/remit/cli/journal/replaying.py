"""`journal replay`: recorded questions decided again, by their own revisions or by another policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.journal.again_text import AGAIN_SHEET, again_json, again_lines, again_rows
from remit.cli.journal.filters import About, Caller, Did, Since, Thing, Until, moment
from remit.cli.journal.flip_text import FLIP_SHEET, flip_json, flip_lines, flip_rows, totals
from remit.cli.journal.flipping import Reasons, tallied
from remit.cli.journal.places import JournalDir, reader_in
from remit.cli.journal.showing import scanned
from remit.cli.options import MODEL, POLICY, STATE, ModelFile, State, Tabled, TableFormat
from remit.cli.past import Past, named_in
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.cli.sinks import sheet
from remit.core.journal.flips import Tally
from remit.core.journal.replaying import JUDGED, Replay
from remit.core.journal.wanted import Wanted
from remit.core.names import counted
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.errors import RequestInvalid

MOST = 20
"""Differences, or sorts of flips, that are told unless all are wanted."""

Revision = Annotated[
    str | None, typer.Option("--revision", metavar="REVISION", help="Put them to this revision that was live instead.")
]
Policy = Annotated[str | None, typer.Option("--policy", metavar="DIR|COMMIT", help="Put them to this policy instead.")]
All = Annotated[bool, typer.Option("--all", help="Tell all of them, however many.")]
Detailed = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit with 4 if an answer would be another one.")]


def add_replaying(app: typer.Typer, house: House) -> None:
    """`replay`."""

    @app.command()
    def replay(
        since: Since = None, until: Until = None, subject: About = None, caller: Caller = None,
        action: Did = None, resource: Thing = None, revision: Revision = None, policy: Policy = None,
        model: ModelFile = MODEL, all: All = False, detailed_exitcode: Detailed = False,
        state: State = STATE, journal: JournalDir = None, format: Tabled = TableFormat.TEXT,
    ) -> None:  # fmt: skip
        """Decide recorded questions again: every answer is the one on record, or the exit code is 6. With --revision or
        --policy, put them to that policy instead, and tell what it would answer otherwise."""
        screen = Screen()
        times = moment("--since", since, house.now()), moment("--until", until, house.now())
        wanted = Wanted(*times, JUDGED, subject, caller, action, resource)
        reader = reader_in(house, screen, state, journal)
        if revision is not None and policy is not None:
            raise RequestInvalid("`--revision` and `--policy` are two policies; which one is to be asked?")
        most = None if all or format is TableFormat.CSV else MOST
        if revision is None and policy is None:
            past = Past(house.revisions(state))
            again = Replay(past.snapshot, most)
            with screen.progress() as say:
                for entry in scanned(reader, wanted, say):
                    again.take(entry)
            _show_again(screen, again, past, format)
            raise typer.Exit(Exit.BROKEN if again.differing else Exit.FINE)
        name, after = _other(house, revision, policy, model, state)
        with screen.progress() as say:
            tally = tallied(scanned(reader, wanted, say), Tally(after), Reasons(house, state))
        _show_flips(screen, tally, name, after, most, format)
        raise typer.Exit(Exit.CHANGED if detailed_exitcode and tally.sorts else Exit.FINE)


def _other(house: House, revision: str | None, policy: str | None, model: Path, state: Path) -> tuple[str, Snapshot]:
    """The policy that is asked instead, and what it is called."""
    if revision is not None:
        revisions = house.revisions(state)
        return f"revision {revision}", Snapshot(read_policy(revisions.files(named_in(revisions, revision))))
    return str(policy), Snapshot(read_policy(house.read_at(str(policy), POLICY, model)))


def _show_again(screen: Screen, again: Replay, past: Past, format: TableFormat) -> None:
    match format:
        case TableFormat.TEXT:
            screen.show(again_lines(again, past.unknown))
        case TableFormat.JSON:
            screen.show([json.dumps(again_json(again, past.unknown), indent=2)])
        case TableFormat.CSV:
            screen.hand_over(sheet(AGAIN_SHEET, again_rows(again)))


def _show_flips(
    screen: Screen, tally: Tally, name: str, after: Snapshot, most: int | None, format: TableFormat
) -> None:
    match format:
        case TableFormat.TEXT:
            screen.show(flip_lines(tally, most))
            asked = counted(tally.answers, "recorded answer")
            left = f"; {tally.left:,} have no answer on record" if tally.left else ""
            screen.show([safe(f"{asked} put to {name} ({after.revision[:12]}): {totals(tally)}{left}")])
        case TableFormat.JSON:
            told = {
                "policy": {"name": name, "revision": after.revision},
                "answers": tally.answers,
                "deny_to_allow": tally.to_allow,
                "allow_to_deny": tally.to_deny,
                "not_replayable": tally.left,
                "not_told_apart": tally.untold,
                "flips": flip_json(tally, most),
            }
            screen.show([json.dumps(told, indent=2)])
        case TableFormat.CSV:
            screen.hand_over(sheet(FLIP_SHEET, flip_rows(tally)))
