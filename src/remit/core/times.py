"""Instants as policy writes them: RFC 3339 dates and date-times in UTC, as microseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?Z)?", re.ASCII)


def parse_instant(text: str) -> int:
    """The instant that `text` names; a bare date is its first moment.

    Raises ValueError, with words for a person, if it is neither `2026-11-23` nor `2026-11-23T20:19:00Z`.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("is not a UTC time; write `2026-11-23` or `2026-11-23T20:19:00Z`")
    *numbers, fraction = match.groups("0")
    try:
        moment = datetime(*map(int, numbers), tzinfo=UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        raise ValueError("is not a day and time that exists; write one that does, such as `2026-11-23`") from None
    return (moment - _EPOCH) // _MICROSECOND + int(fraction.ljust(6, "0"))


def format_instant(instant: int) -> str:
    """The shortest canonical text of an instant: a date at midnight, else a date-time ending in `Z`."""
    moment = _EPOCH + timedelta(microseconds=instant)
    if not (instant % 86_400_000_000):
        return moment.date().isoformat()
    text = moment.isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if moment.microsecond else text) + "Z"
