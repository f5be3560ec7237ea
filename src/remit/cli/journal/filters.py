"""Which lines a verb is about, as all of them take it."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from remit.core.journal.entries import Kind
from remit.core.names import quoted
from remit.core.times import parse_instant
from remit.errors import RequestInvalid

Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME|AGO", help="From then on: `2026-11-23`, or `90s`, `1h`, `7d`.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME|AGO", help="Only what was before then.")]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help=f"Only such lines: {', '.join(Kind)}; repeatable."),
]
About = Annotated[str | None, typer.Option("--subject", metavar="SUBJECT", help="Who asked, or was asked about.")]
Caller = Annotated[str | None, typer.Option("--caller", metavar="SUBJECT", help="Who asked.")]
Did = Annotated[str | None, typer.Option("--action", metavar="ACTION", help="What they wanted to do.")]
Thing = Annotated[str | None, typer.Option("--resource", metavar="KIND[:ID]", help="What they wanted to do it to.")]
Where = Annotated[str | None, typer.Option("--scope", metavar="SCOPE", help="Where it lives, or where it happened.")]
Denied = Annotated[bool, typer.Option("--denied", help="Only what was denied.")]
Request = Annotated[str | None, typer.Option("--request", metavar="ID", help="The request of this `X-Request-ID`.")]
Revision = Annotated[str | None, typer.Option("--revision", metavar="REVISION", help="What this policy decided.")]

_AGO = re.compile(r"([1-9][0-9]{0,5})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def moment(option: str, text: str | None, now: int) -> int | None:
    """An instant, or one that is so long ago, in microseconds since 1970, UTC. Raises RequestInvalid if it is none."""
    if text is None:
        return None
    if ago := _AGO.fullmatch(text):
        return now - int(ago[1]) * _SECONDS[ago[2]] * 1_000_000
    try:
        return parse_instant(text)
    except ValueError as error:
        raise RequestInvalid(f"`{option} {text}` {error}, or how long ago: `90s`, `15m`, `1h`, `7d`") from None


def line_kinds(given: list[str] | None) -> tuple[str, ...]:
    """The kinds of lines that are wanted. Raises RequestInvalid if there is no such kind."""
    for kind in given or ():
        if kind not in list(Kind):
            raise RequestInvalid(f"`--kind` {quoted(kind)} is none; there are {', '.join(Kind)}")
    return tuple(given or ())


def revision_part(text: str | None) -> str | None:
    """A revision, or how it begins. Raises RequestInvalid if none can begin so."""
    if text is not None and not re.fullmatch(r"[0-9a-f]{4,64}", text, re.ASCII):
        raise RequestInvalid(f"`--revision` {quoted(text)} is none; give at least 4 of its characters, 0-9 and a-f")
    return text
