"""`plan`: what a change of policy does before it does it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import typer

from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.instants import read_when
from remit.cli.journal.filters import Since, moment
from remit.cli.journal.flipping import tallied
from remit.cli.journal.places import JournalDir, reader_in
from remit.cli.journal.showing import scanned
from remit.cli.options import MODEL, POLICY, STATE, ModelFile, PolicyDir, State, When
from remit.cli.plan_text import plan_lines, plan_markdown
from remit.cli.render import safe
from remit.cli.replayed import replayed_json, replayed_lines, replayed_markdown
from remit.cli.screen import Screen
from remit.core.difference.document import document
from remit.core.difference.plan import Plan, Version, plan, version_of
from remit.core.journal.entries import Entry
from remit.core.journal.flips import Tally
from remit.core.journal.replaying import JUDGED
from remit.core.journal.wanted import Wanted
from remit.core.names import subject_problem
from remit.core.snapshot import Snapshot
from remit.errors import PolicyInvalid, RequestInvalid


class PlanFormat(StrEnum):
    """How a plan is written: for people, for scripts, or as the comment on a pull request."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


_Base = Annotated[str, typer.Argument(metavar="[BASE]", help="The policy as it is: a git revision or a directory.")]
_Head = Annotated[
    str | None, typer.Argument(metavar="[HEAD]", help="As it would be; the files here, if it is not given.")
]
_Author = Annotated[str | None, typer.Option(metavar="SUBJECT", help="Who wrote the change: may they give all that?")]
_Replay = Annotated[bool, typer.Option("--replay", help="Say what would be answered otherwise of what was asked.")]
_Detailed = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit with 4 if any decision changes.")]
Written = Annotated[PlanFormat, typer.Option("--format", help="How the plan is written.")]


def add_plan(app: typer.Typer, house: House) -> None:
    """`plan`."""

    @app.command("plan")
    def plan_change(
        base: _Base = "HEAD", head: _Head = None, author: _Author = None, detailed_exitcode: _Detailed = False,
        when: When = None, replay: _Replay = False, since: Since = None, policy: PolicyDir = POLICY,
        model: ModelFile = MODEL, state: State = STATE, journal: JournalDir = None,
        format: Written = PlanFormat.TEXT,
    ) -> None:  # fmt: skip
        """Say who gains and who loses what by a change of policy, and what blocks it (exit code 5)."""
        screen, now = Screen(), read_when(when, house.now())
        if since is not None and not replay:
            raise RequestInvalid("`--since` goes with `--replay`: it says which recorded questions are asked again")
        began = moment("--since", since, house.now())
        if author is not None and (problem := subject_problem(author)):
            raise RequestInvalid(f"`--author {author}` {problem}")
        names = (base, head or f"the files in {policy}")
        before = house.read_at(base, policy, model)
        after = house.read(policy, model) if head is None else house.read_at(head, policy, model)
        with screen.progress() as say:
            say("reading the policies")
            versions = [_read(screen, *each) for each in zip(names, (before, after), strict=True)]
            found = plan(versions[0], versions[1], now, author, say)
            asked = None
            if replay:
                reader = reader_in(house, screen, state, journal)
                asked = _asked_again(versions, scanned(reader, Wanted(began, kinds=JUDGED), say))
        show_plan(screen, found, names, format, asked)
        changed = Exit.CHANGED if found.changes and detailed_exitcode else Exit.FINE
        raise typer.Exit(Exit.BLOCKED if found.blocked else changed)


def _read(screen: Screen, name: str, files: Mapping[str, bytes]) -> Version:
    """One of the policies; says which, if it does not load. Raises PolicyInvalid then."""
    try:
        return version_of(files)
    except PolicyInvalid:
        screen.complain([safe(f"{name} does not load:")])
        raise


def _asked_again(versions: Sequence[Version], entries: Iterable[Entry]) -> Tally:
    """What was asked before, put to both policies."""
    before, after = (Snapshot(version.policy) for version in versions)
    return tallied(entries, Tally(after, before), None, before)


def show_plan(
    screen: Screen, found: Plan, names: tuple[str, str], format: PlanFormat, asked: Tally | None = None
) -> None:
    """Print a plan of what goes by these names; `asked` is what it would answer otherwise of what was asked before."""
    match format:
        case PlanFormat.JSON:
            told = document(found, names, None if asked is None else replayed_json(asked))
            screen.show([json.dumps(told, indent=2, ensure_ascii=True)])
        case PlanFormat.MARKDOWN:
            screen.show([*plan_markdown(found, names), *([] if asked is None else replayed_markdown(asked))])
        case PlanFormat.TEXT:
            screen.show([*plan_lines(found, names), *([] if asked is None else replayed_lines(asked))])
