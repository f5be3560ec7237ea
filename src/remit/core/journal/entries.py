"""What a line of the journal says. `docs/journal.md` has every member.

Members that have nothing to say are left out; whoever reads takes a missing member for that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from remit.core.journal.chain import link_of
from remit.core.model import Question
from remit.core.times import parse_instant
from remit.errors import JournalDamaged


class Kind(StrEnum):
    """What a line is about."""

    DECISION = "decision"
    OPERATION = "operation"
    ACTIVATED = "policy.activated"
    REJECTED = "policy.rejected"
    ROLLED_BACK = "policy.rolled_back"
    AUTH_FAILED = "auth.failed"
    CLOCK = "clock.jumped"
    LOST = "journal.lost"
    TRIMMED = "journal.trimmed"
    KEY = "journal.key"
    EXPIRED = "journal.expired"
    CLOSED = "journal.closed"


class Entry(NamedTuple):
    """One line: whose, its number, when it was written (microseconds since 1970, UTC), what it is about, all its
    members as they stand, and its bytes without the line feed."""

    writer: str
    seq: int
    time: int
    kind: str
    body: Mapping[str, Any]
    line: bytes = b""

    @property
    def id(self) -> str:
        """What names this line and no other: its writer and its number."""
        return f"{self.writer}-{self.seq}"

    @property
    def instant(self) -> int:
        """What was judged: microseconds since 1970, UTC."""
        return parse_instant(self.body["instant"]) if "instant" in self.body else self.time

    @property
    def items(self) -> list[Mapping[str, Any]]:
        """What was asked, one by one, with its verdict. Groups that are the same as those of another item stand there
        once; here each item has its own."""
        found = list(self.body.get("items", ()))
        for number, item in enumerate(found):
            if isinstance(same := item.get("groups"), int):
                found[number] = {**item, "groups": found[same].get("groups", {}) if 0 <= same < number else {}}
        return found

    @property
    def denied(self) -> bool:
        """Was its caller, or anything that it asked, denied?"""
        return self.body.get("permitted") is False or any(each.get("verdict") == "deny" for each in self.items)


def entry_of(line: bytes, decoded: Callable[[bytes], Any] = json.loads) -> Entry:
    """What a line says; `decoded` reads its JSON, or raises ValueError. Raises JournalDamaged if it is no line of a
    journal."""
    link = link_of(line)
    if link is None:
        raise JournalDamaged("no line of a journal")
    try:
        body = decoded(line)
        items = body.get("items", [])
        if type(items) is not list or not all(map(_is_item, items)) or type(body.get("results", [])) is not list:
            raise ValueError("items")
        return Entry(link.writer, link.seq, _instant(body["time"]), str(body["kind"]), body, line)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise JournalDamaged(f"`{link.writer}-{link.seq}` is no line of a journal") from None


def _is_item(item: object) -> bool:
    return type(item) is dict and type(item.get("groups", {})) in (dict, int)


def _instant(text: str) -> int:
    """The instant of a line, which mostly is one of the same second as that of the line before."""
    if len(text) == 27 and text[26] == "Z" and text[19] == "." and text[20:26].isdecimal() and text.isascii():
        return _second(text[:19]) + int(text[20:26])
    return parse_instant(text)


@lru_cache(16)
def _second(text: str) -> int:
    return parse_instant(f"{text}Z")


def question_of(item: Mapping[str, Any], instant: int) -> Question:
    """What one item asked, as it was judged at `instant`: with the groups that counted, and the home that was known."""
    groups = item.get("groups", {})
    return Question(
        item["subject"],
        item["action"],
        item["kind"],
        item.get("id"),
        item.get("declared"),
        item.get("place"),
        (*groups.get("token", ()), *groups.get("claimed", ())),
        instant,
        item.get("known"),
    )
