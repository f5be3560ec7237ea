"""`load`: is this a policy?"""

from __future__ import annotations

import json
from typing import Any

import typer

from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.options import MODEL, POLICY, Format, Formatted, ModelFile, PolicyDir
from remit.cli.render import finding_lines
from remit.cli.screen import Screen
from remit.core.cases import Given
from remit.core.policy import Policy, read_policy
from remit.core.told import finding_json
from remit.errors import PolicyInvalid


def add_policy_verbs(app: typer.Typer, house: House) -> None:
    """`load`: is this a policy?"""

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
