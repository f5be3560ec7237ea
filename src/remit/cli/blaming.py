"""`blame`: the lines that a right rests on, and for each the change that brought it, by whom and why."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from remit.cli.asking import read_question
from remit.cli.exits import Exit
from remit.cli.house import House, Revisions
from remit.cli.options import (
    STATE,
    Action,
    Format,
    Formatted,
    Groups,
    Home,
    Place,
    Resource,
    State,
    Subject,
    When,
)
from remit.cli.past import Live, kept, lines_of
from remit.cli.render import explanation_json, explanation_lines, safe
from remit.cli.screen import Say, Screen
from remit.core.blaming import Brought, Version, blame
from remit.core.explain import explain
from remit.core.history import Activation, How
from remit.core.model import Explanation, Question
from remit.core.names import counted
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant
from remit.core.told import ground_json
from remit.errors import RequestInvalid

AT_HAND = 4
"""Revisions whose files stay at hand: a history that goes to and fro has few."""

At = Annotated[str | None, typer.Option("--at", metavar="TIME", help="Blame for what was live then.")]
Scope = Annotated[
    str | None, typer.Option("--scope", metavar="SCOPE", help="Where it is to be: its home, and the place.")
]
_HOW = {How.FOLLOWED: "followed from", How.PUBLISHED: "published in", How.ROLLED_BACK: "brought back in"}


def add_blame(app: typer.Typer, house: House) -> None:
    """`blame`."""

    @app.command("blame")
    def blame_right(
        subject: Subject, action: Action, resource: Resource, scope: Scope = None, home: Home = None,
        place: Place = None, group: Groups = None, at: At = None, when: When = None, state: State = STATE,
        format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Say what a right rests on, and which change brought each line of it: exit code 1 is a deny."""
        revisions, screen = house.revisions(state), Screen()
        live = kept(revisions, at, when, house.now())
        snapshot = Snapshot(read_policy(live.files))
        home, place = _where(snapshot, action, resource, scope, (home, place))
        question = read_question(subject, action, resource, home, place, group, None, live.when)
        found = explain(snapshot, question, decide(snapshot, *question))
        with screen.progress() as say:
            brought = blame(found.lines, _versions(revisions, live, say)) if found.allowed else ()
        if format is Format.JSON:
            told = explanation_json(found, question) | {"lines": [_as_json(each) for each in brought]} | live.as_json()
            screen.show([json.dumps(told, indent=2)])
        elif found.allowed:
            screen.show(_lines(found, question, brought, live))
        else:
            screen.show([*explanation_lines(found, question), *live.words()])
        raise typer.Exit(Exit.FINE if found.allowed else Exit.FOUND)


def _where(
    snapshot: Snapshot, action: str, resource: str, scope: str | None, given: tuple[str | None, str | None]
) -> tuple[str | None, str | None]:
    """Home and place that a question speaks of: `--scope` is both, where the policy does not know the home itself and
    a place counts. Raises RequestInvalid if they are given otherwise too."""
    if scope is None:
        return given
    if given != (None, None):
        raise RequestInvalid("`--scope` says where it is to be; leave out `--home` and `--in`, or leave out `--scope`")
    kind, _, id = resource.partition(":")
    pair = snapshot.pairs.get(kind, {}).get(action)
    known = action != "create" and id in snapshot.homes.get(kind, {})
    at_place = pair is not None and pair.at_place
    return None if known and at_place else scope, scope if at_place else None


def _versions(revisions: Revisions, live: Live, say: Say) -> Iterator[Version]:
    """What was live, from the policy that is asked on back."""
    at_hand: OrderedDict[str, dict[str, bytes]] = OrderedDict()
    for number, line in enumerate(lines_of(revisions)):
        if live.line is None or line.number > live.line.number:
            continue
        if line.revision not in at_hand:
            at_hand[line.revision] = live.files if line == live.line else revisions.files(line.revision)
        at_hand.move_to_end(line.revision)
        if len(at_hand) > AT_HAND:
            at_hand.popitem(last=False)
        say(f"looking at number {line.number:,}, {counted(number, 'change')} back")
        yield line, at_hand[line.revision]


def _lines(found: Explanation, question: Question, brought: Sequence[Brought], live: Live) -> Iterator[str]:
    """A right with its lines for people."""
    yield f"allow  {found.code}"
    yield safe(f"  {found.sentence}")
    for each in brought:
        yield safe(f"  {each.ground.what}  {each.ground.origin}  {each.ground.text}")
        yield from _change(each)
        for name, text in zip(("ticket", "approved by", "why"), each.notes, strict=True):
            if text:
                yield safe(f"      {name}: {text}")
        if each.written != each.by:
            when = format_instant(each.written.at)
            yield safe(f"      with these notes since number {each.written.number}, {when}{_author(each.written)}")
    yield f"  judged at {format_instant(question.when)} by revision {found.revision}"
    yield from live.words()


def _change(each: Brought) -> Iterator[str]:
    """What brought a line."""
    by = each.by
    lead = "there when the history begins: " if each.oldest else ""
    yield safe(f"      {lead}number {by.number}, {format_instant(by.at)}, revision {by.revision[:12]}")
    yield safe(f"      {_HOW[by.how]} {by.source}{_author(by)}")
    for name, text in (("message", by.message), ("plan", by.plan), ("commit", by.commit)):
        if text:
            first, *more = str(text).splitlines()
            yield safe(f"      {name}: {first}{' …' if more else ''}")


def _author(line: Activation) -> str:
    """Who changed the policy, as words that follow others; in doubt if only a commit says so."""
    return f" by {line.author}{'' if line.verified else ' (unverified)'}" if line.author else ""


def _as_json(each: Brought) -> dict[str, Any]:
    """A line for scripts."""
    return ground_json(each.ground) | {
        "brought_by": _activation_json(each.by),
        "oldest": each.oldest,
        "written_by": _activation_json(each.written),
        **each.notes._asdict(),
    }


def _activation_json(line: Activation) -> dict[str, Any]:
    return line._asdict() | {"at": format_instant(line.at), "how": line.how.value}
