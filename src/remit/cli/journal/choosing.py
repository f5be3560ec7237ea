"""Which lines of the journal a verb is about, as every verb about it takes it."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from remit.cli.instants import read_when
from remit.core.journal.wanted import Wanted
from remit.errors import RequestInvalid

Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME|AGE", help="Only from then on: an instant (UTC), or `7d`, `12h`.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME|AGE", help="Only what was before that.")]
OfSubject = Annotated[
    str | None, typer.Option("--subject", metavar="SUBJECT", help="Only who asked, or was asked about.")
]
OfCaller = Annotated[str | None, typer.Option("--caller", metavar="SUBJECT", help="Only who asked.")]
OfAction = Annotated[str | None, typer.Option("--action", metavar="ACTION", help="Only this action.")]
OfResource = Annotated[str | None, typer.Option("--resource", metavar="KIND[:ID]", help="Only about this.")]

_AGE = re.compile(r"([1-9]\d{0,5})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def read_time(option: str, text: str | None, now: int) -> int | None:
    """The instant that an option names, or how long ago (`7d`); in microseconds since 1970, UTC. None if it is not
    given. Raises RequestInvalid if it names none."""
    if text is None:
        return None
    if age := _AGE.fullmatch(text):
        return now - int(age[1]) * _SECONDS[age[2]] * 1_000_000
    try:
        return read_when(text, now)
    except RequestInvalid:
        raise RequestInvalid(
            f"`{option} {text}` is neither a UTC time nor an age; write `2026-11-23`, `2026-11-23T20:19:00Z` or `7d`"
        ) from None


def read_wanted(
    now: int, since: str | None, until: str | None, subject: str | None = None, caller: str | None = None,
    action: str | None = None, resource: str | None = None,
) -> Wanted:  # fmt: skip
    """The lines that these options choose. Raises RequestInvalid if one of them says nothing."""
    times = read_time("--since", since, now), read_time("--until", until, now)
    return Wanted(*times, subject=subject, caller=caller, action=action, resource=resource)
