"""The `remit` command. Offline verbs read the policy files they are pointed at and need no server."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from remit.cli.exits import Exit
from remit.cli.house import House, ServeOptions
from remit.cli.render import explanation_json, explanation_lines, finding_json, finding_lines, safe
from remit.cli.screen import Screen
from remit.core.cases import Given
from remit.core.explain import explain as explain_decision
from remit.core.model import Question
from remit.core.pdp import decide
from remit.core.policy import Policy, read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import parse_instant
from remit.core.trial import try_policy
from remit.errors import CasesFailed, CouldNotDecide, PolicyInvalid, RemitError, RequestInvalid
from remit.service.operations import checked_name, checked_scope

_OFFLINE = "offline: it reads policy files that its user can read anyway"
PUBLIC = {
    "serve": "starts the server, where every caller is judged",
    "check": _OFFLINE,
    "explain": _OFFLINE,
    "load": _OFFLINE,
    "test": _OFFLINE,
}
"""The verbs that perform no operation through the gate, each with the reason."""


class Format(StrEnum):
    """How an answer is written: for people or for scripts."""

    TEXT = "text"
    JSON = "json"


PolicyDir = Annotated[Path, typer.Option("--policy", envvar="REMIT_POLICY", help="The policy directory.")]
ModelFile = Annotated[Path, typer.Option("--model", envvar="REMIT_MODEL", help="The Casbin model.")]
Formatted = Annotated[Format, typer.Option("--format", help="How the answer is written.")]
Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="Who asks: `user:…`, `group:…` or `application:…`.")]
Action = Annotated[str, typer.Argument(metavar="ACTION", help="What they want to do.")]
Resource = Annotated[str, typer.Argument(metavar="KIND[:ID]", help="What they want to do it to.")]
Home = Annotated[str | None, typer.Option(metavar="SCOPE", help="Where the resource lives.")]
Place = Annotated[str | None, typer.Option("--in", metavar="SCOPE", help="Where the action happens.")]
Groups = Annotated[
    list[str] | None, typer.Option("--group", metavar="NAME", help="A group that comes with the request; repeatable.")
]
When = Annotated[str | None, typer.Option(metavar="TIME", help="Judge this instant (UTC), not now.")]
POLICY, MODEL = Path("policies"), Path("model.conf")


def create_cli(house: House) -> typer.Typer:
    """The command, over a world."""
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help=__doc__
    )
    _add_questions(app, house)
    _add_policy_verbs(app, house)

    @app.command()
    def serve(
        policy: PolicyDir = POLICY,
        model: ModelFile = MODEL,
        host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65_535)] = 8080,
        base_url: Annotated[str | None, typer.Option(help="How callers reach this server.")] = None,
    ) -> None:
        """Answer decisions over HTTP."""
        with _told_to_stop():
            house.serve(ServeOptions(policy, model, host, port, base_url))

    return app


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """While this lasts, being told to stop (by a supervisor or from the keyboard) is no failure."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(each, lambda *_: sys.exit(Exit.FINE)) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def run(house: House, arguments: list[str] | None = None) -> None:
    """Run the command and exit; every error becomes findings or a sentence, and an exit code."""
    screen = Screen()
    try:
        typer.main.get_command(create_cli(house))(arguments, prog_name="remit")
    except PolicyInvalid as error:
        for finding in error.findings:
            screen.complain(finding_lines(finding))
        _leave(screen, error, Exit.POLICY_INVALID)
    except CasesFailed as error:
        screen.complain(safe(fault) for fault in error.faults)
        _leave(screen, error, Exit.POLICY_INVALID)
    except CouldNotDecide as error:
        _leave(screen, error, Exit.UNDECIDED)
    except RemitError as error:
        _leave(screen, error, Exit.USAGE)


def _leave(screen: Screen, error: RemitError, code: Exit) -> NoReturn:
    """Say what is wrong on the error stream and exit."""
    screen.complain([f"remit: {safe(str(error))}"])
    raise SystemExit(code)


def _add_questions(app: typer.Typer, house: House) -> None:
    """`check` and `explain`: one question, decided offline."""

    def judged(
        policy: Path, model: Path, subject: str, action: str, resource: str, home: str | None, place: str | None,
        groups: list[str] | None, when: str | None,
    ) -> tuple[Snapshot, Question]:  # fmt: skip
        question = read_question(subject, action, resource, home, place, groups, when, house.now())
        return Snapshot(read_policy(house.read(policy, model))), question

    @app.command()
    def check(
        subject: Subject, action: Action, resource: Resource, home: Home = None, place: Place = None,
        group: Groups = None, when: When = None, policy: PolicyDir = POLICY, model: ModelFile = MODEL,
        format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Decide one question: exit code 0 is allow, 1 is deny."""
        snapshot, question = judged(policy, model, subject, action, resource, home, place, group, when)
        witness = decide(snapshot, *question)
        word = "allow" if witness.allowed else f"deny ({witness.code})"
        answer = {"decision": witness.allowed, "code": str(witness.code), "revision": snapshot.revision}
        Screen().show([word] if format is Format.TEXT else [json.dumps(answer)])
        raise typer.Exit(Exit.FINE if witness.allowed else Exit.FOUND)

    @app.command()
    def explain(
        subject: Subject, action: Action, resource: Resource, home: Home = None, place: Place = None,
        group: Groups = None, when: When = None, policy: PolicyDir = POLICY, model: ModelFile = MODEL,
        format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Decide one question and say why, and what would change it."""
        snapshot, question = judged(policy, model, subject, action, resource, home, place, group, when)
        explanation = explain_decision(snapshot, question, decide(snapshot, *question))
        if format is Format.JSON:
            Screen().show([json.dumps(explanation_json(explanation, question), indent=2)])
        else:
            Screen().show(explanation_lines(explanation, question))
        raise typer.Exit(Exit.FINE if explanation.allowed else Exit.FOUND)


def read_question(
    subject: str, action: str, resource: str, home: str | None, place: str | None, groups: list[str] | None,
    when: str | None, now: int,
) -> Question:  # fmt: skip
    """One question from a command line. Raises RequestInvalid if a part of it cannot be asked."""
    type_, _, name = checked_name("SUBJECT", subject).partition(":")
    if not type_ or not name or type_ == "role":
        raise RequestInvalid("`SUBJECT` needs a type: `user:…`, `group:…` or `application:…`")
    kind, colon, id = resource.partition(":")
    checked_name("KIND", kind)
    if colon:
        checked_name("ID", id)
    for option, scope in (("--home", home), ("--in", place)):
        if scope is not None:
            checked_scope(f"{option} {scope}", scope)
    named = tuple(f"group:{checked_name('--group', group.removeprefix('group:'))}" for group in groups or ())
    try:
        instant = now if when is None else parse_instant(when)
    except ValueError as error:
        raise RequestInvalid(f"`--when {when}` {error}") from None
    return Question(subject, checked_name("ACTION", action), kind, id if colon else None, home, place, named, instant)


def _add_policy_verbs(app: typer.Typer, house: House) -> None:
    """`load` and `test`: is this a policy, and does it decide what it must?"""

    @app.command()
    def load(policy: PolicyDir = POLICY, model: ModelFile = MODEL, format: Formatted = Format.TEXT) -> None:
        """Read a policy: all findings, or one line that says what it is."""
        screen = Screen()
        try:
            found = read_policy(house.read(policy, model))
        except PolicyInvalid as error:
            if format is Format.TEXT:
                raise
            screen.show([json.dumps({"loads": False, "findings": [finding_json(f) for f in error.findings]}, indent=2)])
            raise typer.Exit(Exit.POLICY_INVALID) from None
        if format is Format.JSON:
            warnings = [finding_json(finding) for finding in found.warnings]
            screen.show([json.dumps({"loads": True, **_counts(found), "findings": warnings}, indent=2)])
            return
        for finding in found.warnings:
            screen.complain(finding_lines(finding))
        counts = _counts(found)
        revision = counts.pop("revision")
        screen.show(
            [f"revision {revision}: " + ", ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in counts.items())]
        )

    @app.command()
    def test(policy: PolicyDir = POLICY, model: ModelFile = MODEL, format: Formatted = Format.TEXT) -> None:
        """Decide every case of a policy, by both judges."""
        found = read_policy(house.read(policy, model))
        outcomes = list(try_policy(found, house.now()))
        if not outcomes:
            raise RequestInvalid("there are no cases to try; write some in policies/cases/")
        failed = [outcome for outcome in outcomes if not outcome.passed]
        if format is Format.JSON:
            faults = [{"file": o.origin.file, "line": o.origin.line, "fault": o.fault} for o in failed]
            Screen().show(
                [json.dumps({"cases": len(outcomes), "failed": faults, "revision": found.revision}, indent=2)]
            )
        else:
            Screen().show(safe(f"{outcome.origin}: {outcome.fault}") for outcome in failed)
            Screen().show([f"{len(outcomes) - len(failed)} passed, {len(failed)} failed"])
        raise typer.Exit(Exit.FOUND if failed else Exit.FINE)


def _counts(policy: Policy) -> dict[str, Any]:
    """What a policy holds, by the words of the glossary."""
    return {
        "revision": policy.revision,
        "roles": len(policy.roles),
        "permissions": len(policy.permissions),
        "scopes": len(policy.parents) + 1,
        "memberships": len(policy.memberships),
        "access_rules": len(policy.access_rules),
        "resources": sum(map(len, policy.homes.values())),
        "cases": sum(not isinstance(entry, Given) for suite in policy.suites for entry in suite.entries),
    }
