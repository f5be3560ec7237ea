"""What a line of the journal says. `docs/journal.md` has every member.

Members that have nothing to say are left out; whoever reads takes a missing member for that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from remit.core.journal.chain import Link, link_of
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
    LOST = "journal.lost"
    TRIMMED = "journal.trimmed"
    KEY = "journal.key"
    CLOSED = "journal.closed"


class Entry(NamedTuple):
    """One line: whose, its number, when it was written (microseconds since 1970, UTC), what it is about, and all its
    members as they stand."""

    writer: str
    seq: int
    time: int
    kind: str
    body: Mapping[str, Any]

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
        """What was asked, one by one, with its verdict."""
        return list(self.body.get("items", ()))

    @property
    def denied(self) -> bool:
        """Was its caller, or anything that it asked, denied?"""
        return self.body.get("permitted") is False or any(each.get("verdict") == "deny" for each in self.items)


def entry_of(line: bytes) -> Entry:
    """What a line says. Raises JournalDamaged if it is no line of a journal."""
    link = link_of(line)
    if link is None:
        raise JournalDamaged("no line of a journal")
    return _entry(link, line)


def _entry(link: Link, line: bytes) -> Entry:
    try:
        body = json.loads(line)
        return Entry(link.writer, link.seq, parse_instant(body["time"]), str(body["kind"]), body)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise JournalDamaged(f"`{link.writer}-{link.seq}` is no line of a journal") from None


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
