"""`import`: an existing Casbin policy, written in this layout and proven to decide the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.options import Format, Formatted
from remit.cli.render import finding_lines, safe
from remit.cli.screen import Screen
from remit.core.bringing.bring import Brought, Text, bring
from remit.core.bringing.naming import Naming
from remit.core.bringing.notes import Note
from remit.core.bringing.proof import Difference, Proof
from remit.core.lines import MEMBER_TYPES
from remit.core.policy import MODEL
from remit.core.told import finding_json
from remit.errors import RequestInvalid

MOST_SHOWN = 10
"""Differences that are shown; the rest are counted."""


def add_bringing(app: typer.Typer, house: House) -> None:
    """`import`: an existing Casbin policy, written in this layout and proven to decide the same."""

    @app.command("import")
    def import_(
        policy: Annotated[str, typer.Argument(metavar="POLICY.csv", help="The Casbin policy.")],
        model: Annotated[str, typer.Argument(metavar="MODEL.conf", help="Its model: RBAC, or RBAC with domains.")],
        into: Annotated[Path, typer.Option(metavar="DIR", help="Where to; it is made if need be.")],
        type: Annotated[
            list[str] | None,
            typer.Option(metavar="[PREFIX=]TYPE", help="What untyped subjects are, all or by prefix; repeatable."),
        ] = None,
        subject: Annotated[
            list[str] | None, typer.Option(metavar="NAME", help="A role that also asks for itself; repeatable.")
        ] = None,
        partly: Annotated[bool, typer.Option("--partly", help="Leave out the lines that cannot be taken.")] = False,
        format: Formatted = Format.TEXT,
    ) -> None:
        """Take over an existing Casbin policy, and prove that it still decides the same."""
        texts = Text(policy, house.document(policy)), Text(model, house.document(model))
        brought = bring(*texts, house.starter()[MODEL], _naming(type or []), subject or [], partly)
        if brought.files:
            house.write_new(into, brought.files)
        if format is Format.JSON:
            Screen().show([json.dumps(_told(brought, into), indent=2)])
        else:
            _show(brought, into)
        raise typer.Exit(Exit.FINE if brought.files else Exit.FOUND)


def _naming(types: list[str]) -> Naming:
    """How subjects are named. Raises RequestInvalid for a type that no subject has."""
    default, by_prefix = "user", {}
    for text in types:
        prefix, _, type = text.rpartition("=")
        if type not in MEMBER_TYPES:
            raise RequestInvalid(f"`--type {text}` is no type; write `user`, `application` or `group`")
        if prefix:
            by_prefix[prefix] = type
        else:
            default = type
    return Naming(default, by_prefix)


def _show(brought: Brought, into: Path) -> None:
    screen = Screen()
    for word, notes in (("", brought.notes), ("not taken: ", (*brought.refused, *brought.left))):
        for note in notes:
            screen.show(
                [safe(f"{_place(note)}: {word}{note.said}"), *([safe(f"    {note.text}")] if note.line else [])]
            )
    for finding in brought.findings:
        screen.show(finding_lines(finding))
    if (proof := brought.proof) is not None:
        screen.show(_proof_lines(proof))
    if brought.files:
        screen.show(_role_lines(brought.roles))
        screen.show([f"{len(brought.files)} files are in {safe(str(into))}; each object is a kind there"])
    elif brought.left and not (brought.refused or brought.findings or proof):
        screen.show(["nothing is written; leave these lines out with --partly, or mend them"])
    else:
        screen.show(["nothing is written"])


def _place(note: Note) -> str:
    return f"{note.file}:{note.line}" if note.line else note.file


def _role_lines(roles: tuple[str, ...]) -> list[str]:
    """Who can no longer ask: Casbin tells roles from subjects by nothing, and here they are two things."""
    if not roles:
        return []
    names = ", ".join(roles[:MOST_SHOWN]) + (
        f" and {len(roles) - MOST_SHOWN:,} more" if len(roles) > MOST_SHOWN else ""
    )
    return [safe(f"roles only, who ask nothing for themselves: {names}"), "  help: --subject NAME for one who does"]


def _proof_lines(proof: Proof) -> list[str]:
    subjects, scopes, kinds, actions = proof.sizes
    asked = f"{len(proof.verdicts):,} questions"
    space = f"{subjects} subjects, {scopes} scopes, {kinds} kinds, {actions} actions"
    how = f"all {asked}" if proof.exhaustive else f"a sample of {asked} out of {proof.size:,}"
    if not proof.differences:
        return [f"proven: the original, judged by Casbin, and this policy decide alike: {how} ({space})"]
    lines = [f"this policy would decide otherwise on {len(proof.differences):,} of {how} ({space}):"]
    lines += [safe(f"  {_difference(each)}") for each in proof.differences[:MOST_SHOWN]]
    if any("*" in asked.request for asked, _ in proof.verdicts):
        lines.append("  help: to Casbin `*` is a name like any other here; in this layout it covers all scopes")
    return lines


def _difference(difference: Difference) -> str:
    verdict = {True: "allow", False: "deny"}
    asked = ", ".join(difference.asked.request)
    if difference.oracle:
        return f"{asked}: our own two judges part on what would be written; please report this"
    return f"{asked}: Casbin says {verdict[difference.casbin]}, this would be {verdict[difference.walk]}"


def _told(brought: Brought, into: Path) -> dict[str, Any]:
    """The answer for scripts."""
    proof = brought.proof
    return {
        "written": bool(brought.files),
        "directory": str(into),
        "files": sorted(brought.files),
        "roles_only": brought.roles,
        "notes": [note._asdict() for note in brought.notes],
        "not_taken": [note._asdict() for note in (*brought.refused, *brought.left)],
        "findings": [finding_json(finding) for finding in brought.findings],
        "proof": None
        if proof is None
        else {
            "questions": len(proof.verdicts),
            "of": proof.size,
            "exhaustive": proof.exhaustive,
            "differences": [
                {"request": each.asked.request, "casbin": each.casbin, "written": each.walk}
                for each in proof.differences[:MOST_SHOWN]
            ],
            "more": max(0, len(proof.differences) - MOST_SHOWN),
        },
    }
