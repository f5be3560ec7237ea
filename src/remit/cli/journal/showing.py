"""`journal show`: what was asked, and what was answered."""

from __future__ import annotations

import json

import typer

from remit.cli.house import House
from remit.cli.journal.places import JournalDir, journal_in
from remit.cli.options import STATE, State
from remit.cli.screen import Screen
from remit.core.journal.wanted import Wanted


def add_showing(app: typer.Typer, house: House) -> None:
    """`show`."""

    @app.command()
    def show(state: State = STATE, journal: JournalDir = None) -> None:
        """Show what was asked and answered, the oldest first."""
        found = house.journal(journal_in(state, journal), Wanted())
        Screen().show(json.dumps(entry.body, ensure_ascii=False) for entry in found)
