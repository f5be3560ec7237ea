"""Where the journal is, as every verb about it takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from remit.cli.house import House, JournalReader
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.core.journal.wanted import Wanted
from remit.errors import Misconfigured

JournalDir = Annotated[
    Path | None,
    typer.Option("--journal", envvar="REMIT_JOURNAL_DIR", help="The journal's directory, if not in the state's."),
]


def journal_in(state: Path, journal: Path | None) -> Path:
    """The directory of the journal."""
    return journal or state / "journal"


def reader_in(
    house: House, screen: Screen, state: Path, journal: Path | None, may_begin: bool = False
) -> JournalReader:
    """The journal of a state directory; what is not as it should be is said on the error stream.

    Raises Misconfigured if there is nothing in it, unless it `may_begin` later: what is said of nothing says nothing.
    """
    directory = journal_in(state, journal)
    reader = house.reader(directory, lambda said: screen.complain([f"remit: {safe(said)}"]))
    if not may_begin and not reader.bytes_of(Wanted()):
        raise Misconfigured(f"there is nothing of a journal in `{directory}`; --state or --journal says where it is")
    return reader
