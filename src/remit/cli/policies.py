"""`load` and `test`: is this a policy, and does it decide what it must?"""

from __future__ import annotations

import json
from typing import Any

import typer

from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.options import MODEL, POLICY, Format, Formatted, ModelFile, PolicyDir
from remit.cli.render import finding_json, finding_lines, safe
from remit.cli.screen import Screen
from remit.core.cases import Given
from remit.core.policy import Policy, read_policy
from remit.core.trial import try_policy
from remit.errors import PolicyInvalid, RequestInvalid


def add_policy_verbs(app: typer.Typer, house: House) -> None:
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
        "constraints": len(policy.constraints),
        "cases": sum(not isinstance(entry, Given) for suite in policy.suites for entry in suite.entries),
    }
