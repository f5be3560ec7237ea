"""`init`: a policy to begin with."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from remit.cli.house import House
from remit.cli.options import Format, Formatted
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.core.names import quoted, subject_problem
from remit.errors import RequestInvalid

ADMINISTRATOR = "policy-administrator"
"""The role of the starter policy that may bring changes of it into force."""

ACCESS_RULES = "policies/access_rules.csv"


def add_beginnings(app: typer.Typer, house: House) -> None:
    """`init`: a policy to begin with."""

    @app.command()
    def init(
        directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; it is made if need be.")],
        admin: Annotated[
            str | None, typer.Option(metavar="SUBJECT", help="Who may change the policy: `user:…` or `group:…`.")
        ] = None,
        format: Formatted = Format.TEXT,
    ) -> None:
        """Write a policy to begin with: the roles, two example projects, and cases that hold."""
        files = house.starter()
        if admin is not None:
            files[ACCESS_RULES] += _administrator(admin)
        policy, _ = house.admit(files, house.now())
        house.write_new(directory, files)
        if format is Format.JSON:
            told = {"directory": str(directory), "files": sorted(files), "revision": policy.revision}
            Screen().show([json.dumps(told, indent=2)])
            return
        at = safe(shlex.quote(str(directory)))
        where = f"--policy {at}/policies --model {at}/model.conf"
        Screen().show([f"{len(files)} files of a policy are in {at}; its cases hold. What next:"])
        Screen().show(
            [
                "  put your departments, projects and people in the place of what is marked EXAMPLES"
                + ("" if admin else f", and give somebody the role {ADMINISTRATOR}"),
                f"  remit test {where}",
                f"  remit serve {where}",
            ]
        )


def _administrator(subject: str) -> bytes:
    """The access rule of the first administrator. Raises RequestInvalid if nobody can be called so."""
    if why := subject_problem(subject):
        raise RequestInvalid(f"`--admin` {quoted(subject)} {why}")
    line = f"g, {subject}, {ADMINISTRATOR}, *, , , , , named when this policy was begun"
    return f"\n# Who may change this policy\n{line}\n".encode()
