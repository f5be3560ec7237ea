"""`check` and `explain`: one question, decided offline."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.instants import read_when as read_when
from remit.cli.options import (
    MODEL,
    POLICY,
    STATE,
    Action,
    Format,
    Formatted,
    Groups,
    Home,
    ModelFile,
    Place,
    PolicyDir,
    Resource,
    State,
    Subject,
    When,
)
from remit.cli.past import At, Live, chosen
from remit.cli.render import explanation_json, explanation_lines
from remit.cli.screen import Screen
from remit.core.explain import explain as explain_decision
from remit.core.model import Question
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.errors import RequestInvalid
from remit.service.operations import checked_name, checked_scope


def add_questions(app: typer.Typer, house: House) -> None:
    """`check` and `explain`: one question, decided offline."""

    def judged(
        policy: Path, model: Path, subject: str, action: str, resource: str, home: str | None, place: str | None,
        groups: list[str] | None, when: str | None, at: str | None, state: Path,
    ) -> tuple[Snapshot, Question, Live]:  # fmt: skip
        question = read_question(subject, action, resource, home, place, groups, when, house.now())
        live = chosen(house, policy, model, state, at, when)
        return Snapshot(read_policy(live.files)), question._replace(when=live.when), live

    @app.command()
    def check(
        subject: Subject, action: Action, resource: Resource, home: Home = None, place: Place = None,
        group: Groups = None, when: When = None, at: At = None, policy: PolicyDir = POLICY, model: ModelFile = MODEL,
        state: State = STATE, format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Decide one question: exit code 0 is allow, 1 is deny."""
        snapshot, question, live = judged(policy, model, subject, action, resource, home, place, group, when, at, state)
        witness = decide(snapshot, *question)
        word = "allow" if witness.allowed else f"deny ({witness.code})"
        answer = {"decision": witness.allowed, "code": str(witness.code), "revision": snapshot.revision}
        answer |= live.as_json()
        Screen().show([word, *live.words()] if format is Format.TEXT else [json.dumps(answer)])
        raise typer.Exit(Exit.FINE if witness.allowed else Exit.FOUND)

    @app.command()
    def explain(
        subject: Subject, action: Action, resource: Resource, home: Home = None, place: Place = None,
        group: Groups = None, when: When = None, at: At = None, policy: PolicyDir = POLICY, model: ModelFile = MODEL,
        state: State = STATE, format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Decide one question and say why, and what would change it."""
        snapshot, question, live = judged(policy, model, subject, action, resource, home, place, group, when, at, state)
        explanation = explain_decision(snapshot, question, decide(snapshot, *question))
        if format is Format.JSON:
            Screen().show([json.dumps(explanation_json(explanation, question) | live.as_json(), indent=2)])
        else:
            Screen().show([*explanation_lines(explanation, question), *live.words()])
        raise typer.Exit(Exit.FINE if explanation.allowed else Exit.FOUND)


def read_question(
    subject: str, action: str, resource: str, home: str | None, place: str | None, groups: list[str] | None,
    when: str | None, now: int,
) -> Question:  # fmt: skip
    """One question from a command line. Raises RequestInvalid if a part of it cannot be asked."""
    read_subject(subject)
    kind, colon, id = resource.partition(":")
    checked_name("KIND", kind)
    if colon:
        checked_name("ID", id)
    for option, scope in (("--home", home), ("--in", place)):
        if scope is not None:
            checked_scope(f"{option} {scope}", scope)
    named = read_groups(groups)
    id_ = id if colon else None
    return Question(subject, checked_name("ACTION", action), kind, id_, home, place, named, read_when(when, now))


def read_subject(subject: str) -> str:
    """A typed subject. Raises RequestInvalid if it is none."""
    type_, _, name = checked_name("SUBJECT", subject).partition(":")
    if not type_ or not name or type_ == "role":
        raise RequestInvalid("`SUBJECT` needs a type: `user:…`, `group:…` or `application:…`")
    return subject


def read_groups(groups: list[str] | None) -> tuple[str, ...]:
    """The groups that `--group` names, as subjects. Raises RequestInvalid for what cannot be one."""
    return tuple(f"group:{checked_name('--group', group.removeprefix('group:'))}" for group in groups or ())
