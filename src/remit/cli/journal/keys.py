"""`journal key`: the key that the journal is signed with."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from remit.cli.house import House
from remit.cli.options import STATE, Format, Formatted, State
from remit.cli.screen import Screen

New = Annotated[bool, typer.Option("--new", help="Sign with a new key from the next start on; old ones stay trusted.")]


def add_keys(app: typer.Typer, house: House) -> None:
    """`key`."""

    @app.command()
    def key(state: State = STATE, new: New = False, format: Formatted = Format.TEXT) -> None:
        """Print the public key that the journal is signed with; keep it where nobody who runs remit can change it."""
        keys = house.journal_keys(state, new)
        if format is Format.JSON:
            Screen().show([json.dumps({"key": keys[-1], "before": list(keys[:-1])})])
            return
        Screen().show([keys[-1]])
        if new:
            Screen().complain(["servers that run sign with it when they are started again; give it to your auditors"])
