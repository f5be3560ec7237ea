"""Where the journal is, as every verb about it takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JournalDir = Annotated[
    Path | None,
    typer.Option("--journal", envvar="REMIT_JOURNAL_DIR", help="The journal's directory, if not in the state's."),
]


def journal_in(state: Path, journal: Path | None) -> Path:
    """The directory of the journal."""
    return journal or state / "journal"
