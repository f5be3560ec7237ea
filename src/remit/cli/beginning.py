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
from remit.core.names import policy_id_problem, quoted, subject_problem
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
        ticket: Annotated[
            str | None, typer.Option(metavar="TICKET", help="Where it was asked for that `--admin` may.")
        ] = None,
        approved_by: Annotated[
            str | None, typer.Option(metavar="SUBJECT", help="Who approved that `--admin` may.")
        ] = None,
        format: Formatted = Format.TEXT,
    ) -> None:
        """Write a policy to begin with: the roles, two example projects, and cases that hold."""
        files = house.starter()
        if admin is None and (ticket or approved_by):
            raise RequestInvalid("`--ticket` and `--approved-by` are about `--admin`; name one")
        if admin is not None:
            files[ACCESS_RULES] += _administrator(admin, ticket or "", approved_by or "")
        policy, _ = house.admit(files, house.now())
        house.write_new(directory, files)
        if format is Format.JSON:
            told = {"directory": str(directory), "files": sorted(files), "revision": policy.revision}
            Screen().show([json.dumps(told, indent=2)])
            return
        Screen().show(_next_lines(directory, len(files), admin is not None))


def _next_lines(directory: Path, count: int, administered: bool) -> list[str]:
    """What there is now, and three things to do next."""
    at = safe(shlex.quote(str(directory)))
    where = f"--policy {at}/policies --model {at}/model.conf"
    somebody = "" if administered else f", and give somebody the role {ADMINISTRATOR}"
    return [
        f"{count} files of a policy are in {at}; its cases hold. What next:",
        f"  put your departments, projects and people in the place of what is marked EXAMPLES{somebody}",
        f"  remit test {where}",
        f"  remit serve {where}",
    ]


def _administrator(subject: str, ticket: str, approver: str) -> bytes:
    """The access rule of the first administrator. Raises RequestInvalid for what cannot stand in it."""
    named = (("admin", subject, subject_problem), ("approved-by", approver, subject_problem))
    for option, text, problem in (*named, ("ticket", ticket, policy_id_problem)):
        if (text or option == "admin") and (why := problem(text)):
            raise RequestInvalid(f"`--{option}` {quoted(text)} {why}")
    line = f"g, {subject}, {ADMINISTRATOR}, *, , , {ticket}, {approver}, named when this policy was begun"
    return f"\n# Who may change this policy\n{line}\n".encode()
