"""`plan`: what a change of policy does before it does it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from remit.cli.asking import read_when
from remit.cli.duties import violation_json
from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.options import MODEL, POLICY, ModelFile, PolicyDir, When
from remit.cli.plan_text import plan_lines, plan_markdown, summary
from remit.cli.render import ground_json, safe
from remit.cli.screen import Screen
from remit.core.difference.effects import Moved
from remit.core.difference.escalation import Escalated
from remit.core.difference.folding import Entry, Rights
from remit.core.difference.plan import Plan, Version, plan, version_of
from remit.core.difference.regions import Region
from remit.core.model import ALWAYS, FOREVER
from remit.core.names import subject_problem
from remit.core.times import format_instant
from remit.errors import PolicyInvalid, RequestInvalid

FORMAT_VERSION = "1.0"
"""Of the JSON. Whoever reads it takes a higher minor number, and refuses a higher major one."""


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
_Detailed = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit with 4 if any decision changes.")]
_Written = Annotated[PlanFormat, typer.Option("--format", help="How the plan is written.")]


def add_plan(app: typer.Typer, house: House) -> None:
    """`plan`."""

    @app.command("plan")
    def plan_change(
        base: _Base = "HEAD", head: _Head = None, author: _Author = None, detailed_exitcode: _Detailed = False,
        when: When = None, policy: PolicyDir = POLICY, model: ModelFile = MODEL,
        format: _Written = PlanFormat.TEXT,
    ) -> None:  # fmt: skip
        """Say who gains and who loses what by a change of policy, and what blocks it (exit code 5)."""
        screen, now = Screen(), read_when(when, house.now())
        if author is not None and (problem := subject_problem(author)):
            raise RequestInvalid(f"`--author {author}` {problem}")
        names = (base, head or f"the files in {policy}")
        before = house.read_at(base, policy, model)
        after = house.read(policy, model) if head is None else house.read_at(head, policy, model)
        with screen.progress() as say:
            say("reading the policies")
            versions = [_read(screen, *each) for each in zip(names, (before, after), strict=True)]
            found = plan(versions[0], versions[1], now, author, say)
        _show(screen, found, names, format)
        changed = Exit.CHANGED if found.changes and detailed_exitcode else Exit.FINE
        raise typer.Exit(Exit.BLOCKED if found.blocked else changed)


def _read(screen: Screen, name: str, files: Mapping[str, bytes]) -> Version:
    """One of the policies; says which, if it does not load. Raises PolicyInvalid then."""
    try:
        return version_of(files)
    except PolicyInvalid:
        screen.complain([safe(f"{name} does not load:")])
        raise


def _show(screen: Screen, found: Plan, names: tuple[str, str], format: PlanFormat) -> None:
    match format:
        case PlanFormat.JSON:
            screen.show([json.dumps(plan_json(found, names), indent=2, ensure_ascii=True)])
        case PlanFormat.MARKDOWN:
            screen.show(plan_markdown(found, names))
        case PlanFormat.TEXT:
            screen.show(plan_lines(found, names))


def plan_json(found: Plan, names: tuple[str, str]) -> dict[str, Any]:
    """A plan for scripts; the same plan gives the same bytes. `digest` is the SHA-256 of the rest."""
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "base": {"name": names[0], "revision": found.base},
        "head": {"name": names[1], "revision": found.head},
        "judged_at": format_instant(found.now),
        "author": found.author,
        "summary": summary(found),
        "changes": found.changes,
        "blocked": found.blocked,
        "lines": [line._asdict() for line in found.lines],
        "effects": [_entry(entry) for entry in found.entries],
        "moved": [_moved(each) for each in found.moved],
        "rehung": [each._asdict() for each in found.rehung],
        "redecided": [{"kind": kind, "action": action} for kind, action in found.redecided],
        "stranded": [{"scope": scope, "lines": [ground_json(x) for x in lines]} for scope, lines in found.stranded],
        "broken": [violation_json(each) for each in found.broken],
        "standing": [violation_json(each) for each in found.standing],
        "escalations": None if found.escalations is None else [_escalation(each) for each in found.escalations],
        "self_approved": [line._asdict() for line in found.self_approved],
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return {**document, "digest": hashlib.sha256(canonical.encode()).hexdigest()}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "effect": "gain" if entry.gain else "loss",
        "subjects": list(entry.subjects),
        "open_groups": [name for name in entry.subjects if name.startswith("group:")],
        "rights": _rights(entry.rights),
        "inherited": entry.inherited,
        "regions": [_region(region) for region in entry.regions],
        "since": _instant(entry.since),
        "until": _instant(entry.until),
        "role": entry.role,
        "resource": None if entry.resource is None else _moved(entry.resource),
        "lines": [ground_json(line) | {"changed": n < entry.changed} for n, line in enumerate(entry.lines)],
    }


def _rights(rights: Rights) -> list[dict[str, Any]]:
    return [{"kind": kind, "actions": list(actions)} for kinds, actions in rights for kind in kinds]


def _region(region: Region) -> dict[str, Any]:
    return {"scope": region.top, "but": list(region.but)}


def _moved(each: Moved) -> dict[str, Any]:
    return {"kind": each.kind, "id": each.id, "from": each.base, "to": each.head}


def _escalation(each: Escalated) -> dict[str, Any]:
    return {
        "subjects": list(each.subjects),
        "rights": _rights(each.rights),
        "scopes": list(each.scopes),
        "since": _instant(each.since),
        "until": _instant(each.until),
        "resource": None if each.resource is None else _moved(each.resource),
    }


def _instant(at: int) -> str | None:
    return None if at in (ALWAYS, FOREVER) else format_instant(at)
