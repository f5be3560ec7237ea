"""`remit journal …`: the journal asked, verified and judged again, from its files."""

from __future__ import annotations

import typer

from remit.cli.house import House
from remit.cli.journal.keys import add_keys
from remit.cli.journal.proving import add_proving
from remit.cli.journal.replaying import add_replaying
from remit.cli.journal.showing import add_showing
from remit.cli.journal.stats import add_stats
from remit.cli.journal.verifying import add_verifying


def add_journal(app: typer.Typer, house: House) -> None:
    """The verbs about the journal."""
    journal = typer.Typer(no_args_is_help=True, help="The record of every decision and every change.")
    app.add_typer(journal, name="journal")
    add_showing(journal, house)
    add_stats(journal, house)
    add_replaying(journal, house)
    add_verifying(journal, house)
    add_proving(journal, house)
    add_keys(journal, house)
