"""`unused`: what no recorded question needed, and the policy without it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from remit.cli.asking import read_when
from remit.cli.certifying.past import begins, lived_since, within
from remit.cli.house import House
from remit.cli.journal.places import JournalDir, journal_in
from remit.cli.journal.showing import scanned
from remit.cli.options import MODEL, POLICY, STATE, ModelFile, PolicyDir, State, Tabled, TableFormat, When
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.cli.sinks import sheet
from remit.core.certifying.applying import new_faults
from remit.core.difference.plan import Version, version_of
from remit.core.journal.entries import Entry
from remit.core.journal.gathered import Gathered
from remit.core.journal.newness import begun_since, come_since
from remit.core.journal.proposal import Fate, Proposal, Unneeded, propose
from remit.core.journal.support import lines_of
from remit.core.names import counted
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant
from remit.errors import Conflict

_DAY = 86_400_000_000
_WHY = {
    Fate.GOES: "",
    Fate.SPARE: "stays: it gives what other lines give too, and those go",
    Fate.NEW: "stays: it is newer than that",
    Fate.DUE: "stays: the policy would not load without it",
    Fate.BOUND: "stays: a constraint would be broken without it",
}
_SORTS = ("permission", "access rule", "membership")
_HEAD = ("what", "file", "line", "text", "fate", "why", "since", "revision")

_Days = Annotated[int, typer.Option(help="How far to look back.", min=1, max=36_500)]
_Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where to write the policy without what may go.")
]
_Anyway = Annotated[bool, typer.Option("--anyway", help="Even though the journal does not reach back so far.")]


class Looked(NamedTuple):
    """What was looked at: a policy, since when, when the journal begins, what it holds, and what follows from that."""

    version: Version
    since: int
    first: int
    gathered: Gathered
    aged: bool
    proposal: Proposal


def add_unused(app: typer.Typer, house: House) -> None:
    """`unused`."""

    @app.command()
    def unused(
        days: _Days = 90, output: _Output = None, anyway: _Anyway = False, when: When = None,
        policy: PolicyDir = POLICY, model: ModelFile = MODEL, state: State = STATE, journal: JournalDir = None,
        format: Tabled = TableFormat.TEXT,
    ) -> None:  # fmt: skip
        """List permissions, access rules and memberships that no recorded question needed, and which may go."""
        screen, now = Screen(), read_when(when, house.now())
        since, faults = now - days * _DAY, list[str]()
        reader = house.reader(journal_in(state, journal), faults.append)
        version = version_of(house.read(policy, model))
        first = _begin(begins(reader), since, days, anyway)
        with screen.progress() as say:
            found = Gathered(Snapshot(version.policy), now)
            _gather(scanned(reader, within((since, now)), say), found)
            _check_whole(faults, anyway)
            say("what came since")
            past, aged = lived_since(house, state, since)
            new = begun_since(version.policy, since) | come_since(version.files, past)
            say("taking lines away")
            proposal = propose(version, list(found.questions()), new, now)
        looked = Looked(version, since, first, found, aged, proposal)
        failing = _written(house, looked, output, now) if output is not None else []
        match format:
            case TableFormat.TEXT:
                screen.show(safe(line) for line in _text(looked, output))
            case TableFormat.JSON:
                screen.show([json.dumps(_json(looked), indent=2)])
            case TableFormat.CSV:
                screen.hand_over(sheet(_HEAD, _rows(looked)))
        screen.complain(safe(line) for line in (*faults, *_unsure(looked), *failing))


def _begin(first: int | None, since: int, days: int, anyway: bool) -> int:
    """When the journal begins. Raises Conflict if that is too late to call anything unused."""
    if first is None:
        raise Conflict("nothing is recorded, so everything would seem unused; is --journal right?")
    if first > since and not anyway:
        raise Conflict(
            f"the journal begins at {format_instant(first)}, not {days:,} days ago: what was needed before would seem\n"
            "unused; look back as far as it goes (--days), or take it as it is (--anyway)"
        )
    return first


def _gather(entries: Iterable[Entry], found: Gathered) -> None:
    """Take what was asked. Raises Conflict if nothing was."""
    for entry in entries:
        found.take(entry)
    if not found.records:
        raise Conflict("nobody asked anything in that time, so everything would seem unused")


def _check_whole(faults: Sequence[str], anyway: bool) -> None:
    """Raises Conflict if something of the journal could not be read: what was needed there would seem unused."""
    if faults and not anyway:
        told = "\n".join(faults)
        raise Conflict(f"{told}\nwhat was needed there would seem unused; take it as it is with --anyway")


def _written(house: House, looked: Looked, output: Path, now: int) -> list[str]:
    """Write the whole policy, without what may go, and say which of its cases fail then. Raises Conflict rather than
    write one that answers differently."""
    if looked.proposal.flips:
        raise Conflict("nothing is written: a recorded question would be answered differently")
    files = {**looked.version.files, **looked.proposal.files}
    house.write_new(output, files)
    failing = new_faults(looked.version.policy, version_of(files).policy, now)
    return [f"{fault}: mend this case before it goes live" for fault in failing]


def _text(looked: Looked, output: Path | None) -> Iterator[str]:
    """For people: what is unused by sort of line, and what may go."""
    proposal, found = looked.proposal, looked.gathered
    since = format_instant(looked.since)
    for sort in _SORTS:
        some = [each for each in proposal.unneeded if each.line.ground().what == sort]
        every = sum(line.ground().what == sort for line in lines_of(looked.version.policy))
        yield f"{counted(every, sort)}, {len(some):,} not needed since {since}"
        yield from _table(some)
    asked = f"{counted(found.records, 'record')} asked {counted(len(found), 'different question')}"
    yield f"{asked}; without the {counted(len(proposal.gone), 'line')} marked -, {_answered(proposal)}"
    if output is not None:
        yield f"written to {output}; `remit plan` says what it takes from whom"


def _answered(proposal: Proposal) -> str:
    flips = len(proposal.flips)
    differently = f"{flips:,} are" if flips else "none is"
    return f"{differently} answered differently ({proposal.judged:,} judged again: then, now and later)"


def _table(some: Sequence[Unneeded]) -> Iterator[str]:
    """Lines of policy in columns: what becomes of it, where, text, why."""
    where = max((len(str(each.line.origin)) for each in some), default=0)
    text = max((len(each.line.line()) for each in some if each.fate is not Fate.GOES), default=0)
    for line, fate in some:
        sign = "-" if fate is Fate.GOES else "."
        yield f"  {sign} {line.origin!s:<{where}}  {line.line():<{text}}  {_WHY[fate]}".rstrip()


def _json(looked: Looked) -> dict[str, Any]:
    """For scripts. A minor version adds, a major one changes."""
    found, proposal = looked.gathered, looked.proposal
    return {
        "format_version": "1.0",
        "revision": looked.version.policy.revision,
        "since": format_instant(looked.since),
        "journal_begins": format_instant(looked.first),
        "lines_dated": looked.aged,
        "records": found.records,
        "records_lost": found.lost,
        "records_unread": found.unread,
        "questions": len(found),
        "judged_again": proposal.judged,
        "flips": len(proposal.flips),
        "unneeded": [dict(zip(_HEAD[:6], row[:6], strict=True)) for row in _rows(looked)],
    }


def _rows(looked: Looked) -> Iterator[tuple[object, ...]]:
    """For spreadsheets: a row for each line that was not needed."""
    since, revision = format_instant(looked.since), looked.version.policy.revision
    for line, fate in looked.proposal.unneeded:
        ground = line.ground()
        yield (ground.what, line.origin.file, line.origin.line, ground.text, fate, _WHY[fate], since, revision)


def _unsure(looked: Looked) -> Iterator[str]:
    """What is not known."""
    found = looked.gathered
    if looked.first > looked.since:
        yield f"remit: the journal begins at {format_instant(looked.first)}; what was needed before is not known"
    if found.lost:
        yield f"remit: {counted(found.lost, 'record')} of that time could not be kept; what they needed is not known"
    if found.unread:
        yield f"remit: {counted(found.unread, 'record')} make no sense; `remit journal verify` tells more"
    if not looked.aged:
        yield "remit: no database says what was live then (--state), so new lines may be among them"
