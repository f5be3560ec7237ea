"""`sod`: who breaks the constraints of a policy, from when until when, and by which lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.instants import read_when
from remit.cli.options import MODEL, POLICY, ModelFile, PolicyDir, Tabled, TableFormat, When
from remit.cli.render import ground_table, safe
from remit.cli.screen import Screen
from remit.cli.sinks import sheet
from remit.core.constraints import kind_of
from remit.core.duties import Judgement, Violation, judge
from remit.core.model import FOREVER
from remit.core.names import counted
from remit.core.policy import Policy, read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant
from remit.core.told import violation_json

_MOST_NAMES, _MOST_LINES = 8, 20  # of one violation in a text; the other formats have all
_HEAD = (
    "weight", "constraint", "kind", "why", "who", "where", "since", "until", "sentence",
    "what", "file", "line", "text", "revision",
)  # fmt: skip


def add_duties(app: typer.Typer, house: House) -> None:
    """`sod`: who breaks the constraints of a policy."""

    @app.command()
    def sod(
        when: When = None, policy: PolicyDir = POLICY, model: ModelFile = MODEL, format: Tabled = TableFormat.TEXT
    ) -> None:
        """List who breaks a constraint, at any time from now on: exit code 1 if anybody does."""
        screen, now = Screen(), read_when(when, house.now())
        read = read_policy(house.read(policy, model))
        with screen.progress() as say:
            say("judging the constraints")
            judgement = judge(read, Snapshot(read), now)
        match format:
            case TableFormat.JSON:
                screen.show([json.dumps(_json(judgement, read, now), indent=2)])
            case TableFormat.CSV:
                screen.hand_over(sheet(_HEAD, _rows(judgement, read)))
            case TableFormat.TEXT:
                screen.show(_text(judgement, read, now))
        raise typer.Exit(Exit.FOUND if judgement.violations else Exit.FINE)


def _text(judgement: Judgement, policy: Policy, now: int) -> Iterator[str]:
    """For people: each violation with its place, its time and its lines, the notes, and what was judged."""
    for violation in judgement.violations:
        yield from _violation_lines(violation, now)
    for doubt in judgement.doubts:
        yield safe(f"{doubt.constraint.origin}: note: {doubt.sentence}{_time(doubt, now)}")
    broken = len({violation.constraint.name for violation in judgement.violations})
    found = f"{broken:,} broken in {counted(len(judgement.violations), 'way')}" if broken else "none broken"
    judged = f"from {format_instant(now)} on by revision {policy.revision}"
    yield f"{counted(len(policy.constraints), 'constraint')}, {found}; judged {judged}"


def _violation_lines(violation: Violation, now: int) -> Iterator[str]:
    constraint, who = violation.constraint, violation.who
    yield safe(f"{constraint.origin}: {constraint.name}: {violation.sentence}{_time(violation, now)}")
    if constraint.why:
        yield safe(f"  why: {constraint.why}")
    if len(who) > 2:
        yield safe(f"  who: {', '.join(who[:_MOST_NAMES])}{_more(len(who) - _MOST_NAMES)}")
    yield from ground_table(violation.lines[:_MOST_LINES])
    if len(violation.lines) > _MOST_LINES:
        yield f"    and {len(violation.lines) - _MOST_LINES:,} lines more; `--format json` has them all"


def _time(violation: Violation, now: int) -> str:
    """From when until when, as far as it is not simply from now on."""
    since = f" from {format_instant(violation.since)}" if violation.since > now else ""
    until = f" until {format_instant(violation.until)}" if violation.until != FOREVER else " on" if since else ""
    return f",{since}{until}" if since or until else ""


def _more(count: int) -> str:
    return f" and {count:,} more" if count > 0 else ""


def _json(judgement: Judgement, policy: Policy, now: int) -> dict[str, Any]:
    """For scripts."""
    return {
        "violations": [violation_json(each) for each in judgement.violations],
        "notes": [violation_json(each) for each in judgement.doubts],
        "constraints": len(policy.constraints),
        "judged_from": format_instant(now),
        "revision": policy.revision,
    }


def _end(violation: Violation) -> str | None:
    return None if violation.until == FOREVER else format_instant(violation.until)


def _rows(judgement: Judgement, policy: Policy) -> Iterator[Sequence[object]]:
    """For spreadsheets: a row for each line of each violation, so that every row says all of it."""
    weighed = [("violation", each) for each in judgement.violations] + [("note", each) for each in judgement.doubts]
    for weight, found in weighed:
        constraint = found.constraint
        head = (weight, constraint.name, kind_of(constraint), constraint.why, "; ".join(found.who))
        time = ("; ".join(found.where), format_instant(found.since), _end(found), found.sentence)
        for line in found.lines:
            yield (*head, *time, line.what, line.origin.file, line.origin.line, line.text, policy.revision)
