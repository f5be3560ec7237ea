"""`journal verify`: is the journal as it was written?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import typer

from remit.cli.exits import Exit
from remit.cli.house import House, Verifying
from remit.cli.journal.filters import Since, moment
from remit.cli.journal.places import JournalDir, journal_in
from remit.cli.options import STATE, Format, Formatted, State
from remit.cli.render import columns, safe
from remit.cli.screen import Screen
from remit.core.journal.notes import Key, key_of
from remit.core.journal.verifying import Notice, Tally
from remit.core.names import counted
from remit.errors import CouldNotDecide, JournalDamaged, RequestInvalid

Keys = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="VKEY", help="A public key to trust, not those in the state; repeatable."),
]
NoDatabase = Annotated[bool, typer.Option("--no-database", help="Ask the files alone.")]

_HEAD = ("writer", "segments", "lines", "signed until", "only chained", "expired", "not in the database")
_LIST = "trusted are the keys in the state directory; whoever can write there can add one, so auditors give --key"


def add_verifying(app: typer.Typer, house: House) -> None:
    """`verify`."""

    @app.command()
    def verify(
        state: State = STATE,
        journal: JournalDir = None,
        key: Keys = None,
        since: Since = None,
        no_database: NoDatabase = False,
        format: Formatted = Format.TEXT,
    ) -> None:
        """Find every line of the journal that was edited, deleted, moved, copied or cut off since it was written."""
        keys = keys_of(key)
        asked = Verifying(
            state, journal_in(state, journal), keys, moment("--since", since, house.now()), not no_database
        )
        report = _Report(Screen(), format, bool(keys))
        fault = None
        with report.screen.progress() as say:
            try:
                for found in house.verified(asked, say):
                    report.take(found)
            except CouldNotDecide as error:
                fault = error
        report.end(fault)
        if report.faults:
            raise typer.Exit(Exit.BROKEN)
        if fault is not None:
            raise CouldNotDecide(f"{fault}; --no-database asks the files alone")


def keys_of(texts: list[str] | None) -> tuple[Key, ...]:
    """The keys that were given. Raises RequestInvalid if one is none."""
    try:
        return tuple(key_of(text) for text in texts or ())
    except JournalDamaged as error:
        raise RequestInvalid(f"`--key`: {error}") from None


class _Report:
    """What was found, told as it is found, or as one document in the end."""

    def __init__(self, screen: Screen, format: Format, given: bool) -> None:
        self.screen, self.faults = screen, 0
        self._format, self._given = format, given
        self._notices: list[Notice] = []
        self._tallies: list[Tally] = []

    def take(self, found: Notice | Tally) -> None:
        """Take what was found."""
        if isinstance(found, Tally):
            self._tallies.append(found)
            return
        self.faults += found.broken
        if self._format is Format.TEXT:
            self.screen.show(_told(found))
        else:
            self._notices.append(found)

    def end(self, fault: CouldNotDecide | None) -> None:
        """Tell the rest. With a `fault`, not all could be looked at."""
        if self._format is Format.JSON:
            self.screen.show([json.dumps(self._document(fault), ensure_ascii=False)])
            return
        if self._tallies:
            self.screen.show(columns(_HEAD, [_row(each) for each in self._tallies]))
        lines, writers = sum(each.lines for each in self._tallies), len(self._tallies)
        if self.faults:
            self.screen.show([f"THE JOURNAL IS NOT AS IT WAS WRITTEN: {counted(self.faults, 'fault')}"])
        elif fault is None:
            counts = f"{counted(lines, 'line')} of {counted(writers, 'writer')}"
            self.screen.show([f"the journal is as it was written: {counts}"])
        self.screen.show([_LIST] if not self._given else [])

    def _document(self, fault: CouldNotDecide | None) -> dict[str, object]:
        told = [(each.broken, {**each._asdict()}) for each in self._notices]
        return {
            "whole": None if fault is not None and not self.faults else not self.faults,
            "faults": [_without(each) for broken, each in told if broken],
            "notes": [_without(each) for broken, each in told if not broken],
            "writers": [each._asdict() for each in self._tallies],
            **({} if fault is None else {"undecided": str(fault)}),
        }


def _without(told: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in told.items() if name != "broken" and value is not None}


def _told(found: Notice) -> Iterator[str]:
    place = found.file if found.line is None else f"{found.file}:{found.line}"
    yield safe(f"{'' if found.broken else 'note: '}{place}: {found.what}")
    yield safe(f"    {found.means}")


def _row(tally: Tally) -> tuple[object, ...]:
    until = tally.signed_until or "never"
    counts = (tally.unsigned, tally.expired, tally.unstored)
    return (tally.writer, f"{tally.segments:,}", f"{tally.lines:,}", until, *(f"{each:,}" for each in counts))
