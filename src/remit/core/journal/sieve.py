"""A coarse look at lines: which of them could be wanted, as far as their bytes tell, without reading what they say.

Most of a journal is not wanted, and whole blocks of it are passed over by one search each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_PLAIN = re.compile(r"[ !#-.0-\[\]-~]+", re.ASCII)  # what every writer of JSON spells as it is
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = b'"time":"'
_NEAR, _FAR = 85, 200  # where the time of a line begins
_FORM = 27  # bytes of a time to the microsecond


class Sieve(NamedTuple):
    """Of each of `groups` a line holds at least one; its time is not before `since`, and before `until`, if it is
    written to the microsecond. Empty: whatever."""

    groups: tuple[tuple[bytes, ...], ...]
    since: bytes = b""
    until: bytes = b""

    def may_hold(self, block: bytes) -> bool:
        """Could any line of these be wanted?"""
        return all(any(each in block for each in group) for group in self.groups)

    def may_fit(self, line: bytes) -> bool:
        """Could this line be wanted?"""
        for group in self.groups:
            if not any(each in line for each in group):
                return False
        if self.since or self.until:
            at = line.find(_TIME, _NEAR, _FAR) + len(_TIME)
            time = line[at : at + _FORM]
            if time[19:20] == b"." and time[26:] == b"Z":
                return self.since <= time and not (self.until and time >= self.until)
        return True


def part_of(text: str, before: str = "", after: str = "") -> tuple[bytes, ...]:
    """What a line holds that holds this text, between those, however its JSON is spelt."""
    run = max(_PLAIN.finditer(text), key=lambda found: len(found[0]), default=None)
    if run is None:
        return ()
    before, after = before if run.start() == 0 else "", after if run.end() == len(text) else ""
    return (f"{before}{run[0]}{after}".encode(),)


def groups_of(parts: Iterable[tuple[bytes, ...]]) -> tuple[tuple[bytes, ...], ...]:
    """Those that tell anything."""
    return tuple(part for part in parts if part)


def spelt(instant: int | None) -> bytes:
    """An instant (microseconds since 1970, UTC) as lines have it; empty if none is given, or it cannot be one."""
    if instant is None:
        return b""
    try:
        moment = _EPOCH + timedelta(microseconds=instant)
    except OverflowError:
        return b""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z").encode()
