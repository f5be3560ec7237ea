"""`fmt`: the files of a policy in canonical form."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from remit.cli.diffs import diff_lines
from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.options import MODEL, POLICY, Format, Formatted, ModelFile, PolicyDir
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.core.form import form
from remit.core.policy import revision_of
from remit.errors import Conflict

Check = Annotated[bool, typer.Option("--check", help="Write nothing; list the files that would change.")]
Diff = Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")]


def add_form(app: typer.Typer, house: House) -> None:
    """`fmt`."""

    @app.command()
    def fmt(
        policy: PolicyDir = POLICY, model: ModelFile = MODEL, check: Check = False, diff: Diff = False,
        format: Formatted = Format.TEXT,
    ) -> None:  # fmt: skip
        """Write policy files in canonical form: exit code 1 if --check or --diff finds some that are not."""
        files = house.read(policy, model)
        formed = form(files)
        if formed.refused:
            raise Conflict(f"nothing is written: {formed.refused}")
        writes = not (check or diff)
        if formed.files and writes:
            house.write(policy, model, files, formed.files)
        diffs = {name: list(diff_lines(name, files[name], data)) for name, data in formed.files.items()}
        if format is Format.JSON:
            after = {
                "format_version": "1.0",
                "written": bool(formed.files) and writes,
                "files": [{"file": name, "diff": lines} for name, lines in diffs.items()],
                "revision": revision_of(files),
                "revision_formatted": revision_of({**files, **formed.files}),
            }
            Screen().show([json.dumps(after, indent=2)])
        elif diff:
            Screen().show(line for lines in diffs.values() for line in lines)
        else:
            Screen().show(safe(f"{name}: {'formatted' if writes else 'would be formatted'}") for name in diffs)
        raise typer.Exit(Exit.FINE if writes or not formed.files else Exit.FOUND)
