"""Instants as a command line names them."""

from __future__ import annotations

from remit.core.times import parse_instant
from remit.errors import RequestInvalid


def read_when(when: str | None, now: int, option: str = "--when") -> int:
    """The instant that an option names, in microseconds since 1970, UTC; now if it is not given. Raises RequestInvalid
    if it names none."""
    try:
        return now if when is None else parse_instant(when)
    except ValueError as error:
        raise RequestInvalid(f"`{option} {when}` {error}") from None
