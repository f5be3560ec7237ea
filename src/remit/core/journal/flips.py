"""Recorded questions put to another policy, each at its own instant: whose answers would be others, and how often.

Asked are every item with a verdict, what the gate itself took to be needed, each name in a list that was handed out,
and, where the whole of a list is on record, each name that would be in it besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from remit.core.explain import explain
from remit.core.journal.entries import Entry, question_of
from remit.core.journal.listing import is_whole, whole
from remit.core.journal.replaying import JUDGED, UNREADABLE, asked_at, needed, vouched
from remit.core.model import Code, Explanation, Question, Witness
from remit.core.pdp import walk
from remit.core.snapshot import Snapshot

MOST_GROUPS = 10_000
"""Sorts of flips that are told apart; of more than that, all that is known is how many flips there are."""

IN_A_LIST = "listed"
"""The code on record of a name in a list, which has none of its own."""


class Point(NamedTuple):
    """One question with its answer on record; the code is empty where none is on record."""

    question: Question
    allowed: bool
    code: str


class Flip(NamedTuple):
    """A question whose answer would be another one."""

    question: Question
    allowed: bool
    was: str
    becomes: str


class Sort(NamedTuple):
    """What flips alike: who, what, and both answers with their codes."""

    subject: str
    action: str
    kind: str
    allowed: bool
    was: str
    becomes: str


@dataclass(slots=True)
class Flipped:
    """Flips of one sort: how many, when the first and the last of them were asked (microseconds since 1970, UTC), and
    of the one met first the line, the question, and both reasons; None where nobody knows any more why it was so."""

    count: int
    first: int
    last: int
    id: str
    question: Question
    before: Explanation | None
    after: Explanation


Reason = Callable[[Question, bool], Explanation | None]
"""Why a question was allowed, or denied, as it was on record."""


class Tally:
    """Flips, counted by their sort. `answers` were put to the policy, `left` have none on record; `first` is when the
    first of the lines was written; `untold` are flips of more sorts than are told apart."""

    def __init__(self, after: Snapshot, before: Snapshot | None = None) -> None:
        """As `flips`."""
        self._after, self._before = after, before
        self.answers, self.left, self.to_allow, self.to_deny, self.untold = 0, 0, 0, 0, 0
        self.first: int | None = None
        self.sorts: dict[Sort, Flipped] = {}

    def take(self, entry: Entry, reason: Reason) -> None:
        """Put a line to the policy, if it answers something."""
        if entry.kind not in JUDGED:
            return
        self.first = entry.time if self.first is None else min(self.first, entry.time)  # clocks may go back
        try:
            for flip in flips(entry, self._after, self._before):
                self.answers += 1
                if flip is not None:
                    self._take(entry, flip, reason)
            self.left += _unanswered(entry)
        except UNREADABLE:
            self.left += 1

    def _take(self, entry: Entry, flip: Flip, reason: Reason) -> None:
        self.to_allow += flip.allowed
        self.to_deny += not flip.allowed
        subject, action, kind = flip.question[:3]
        sort = Sort(subject, action, kind, flip.allowed, flip.was, flip.becomes)
        known = self.sorts.get(sort)
        if known is not None:
            known.count += 1
            known.first, known.last = min(known.first, entry.time), max(known.last, entry.time)
        elif len(self.sorts) == MOST_GROUPS:
            self.untold += 1
        else:
            before, after = reason(flip.question, not flip.allowed), explained(self._after, flip.question)
            self.sorts[sort] = Flipped(1, entry.time, entry.time, entry.id, flip.question, before, after)


def explained(snapshot: Snapshot, question: Question) -> Explanation:
    """Why a policy answers a question as it does."""
    return explain(snapshot, question, Witness(*walk(snapshot, *question)))


def points(entry: Entry) -> Iterator[Point]:
    """All that a line says was allowed or denied. Raises one of UNREADABLE if it is no record."""
    body = entry.body
    groups = tuple(body.get("caller_groups", ()))
    for kind, action, granted in needed(entry):
        asked = Question(body["caller"], action, kind, groups=groups, when=asked_at(entry))
        yield Point(asked, granted, "" if granted else "refused")
    counted = vouched(entry) if body.get("permitted") else None
    if counted is not None:  # then its groups would, or would no longer
        yield Point(Question(body["caller"], "vouch", "decision", groups=groups, when=asked_at(entry)), counted, "")
    if "results" in body:
        yield from (Point(each, True, IN_A_LIST) for each in _listed(entry))
        if "unplaced" in body:
            asked = question_of(entry.items[0], entry.instant)._replace(id=None, declared=None, known=None)
            yield Point(asked, body["unplaced"], "")
        return
    for item in entry.items:
        if item.get("verdict") in ("allow", "deny"):
            yield Point(question_of(item, entry.instant), item["verdict"] == "allow", item.get("code", ""))


def _listed(entry: Entry, names: list[str] | None = None) -> Iterator[Question]:
    """A question for each name in a list: for those on record, unless others are given."""
    body, asked = entry.body, question_of(entry.items[0], entry.instant)
    known = body.get("known", ()) if names is None else ()
    for number, name in enumerate(body["results"] if names is None else names):
        match body.get("sought"):
            case "subject":
                yield asked._replace(subject=f"{body['type']}:{name}", groups=())
            case "action":
                yield asked._replace(action=name)
            case "resource":
                yield asked._replace(id=name, known=known[number] if known else None)
            case _ if asked.action == "create":
                yield asked._replace(id=None, declared=name, known=None)
            case _:
                yield asked._replace(id=None, declared=None, known=name)


def _more(entry: Entry, *snapshots: Snapshot) -> Iterator[Question]:
    """What any of these policies lists besides, where the whole of a list is on record."""
    body = entry.body
    if "results" not in body or not is_whole(body):
        return
    asked, there = question_of(entry.items[0], entry.instant), set(body["results"])
    listed = dict.fromkeys(name for snapshot in snapshots for name in whole(snapshot, body, asked))
    yield from _listed(entry, [name for name in listed if name not in there])


def flips(entry: Entry, after: Snapshot, before: Snapshot | None = None) -> Iterator[Flip | None]:
    """Each question of a line put to the policy `after`: a flip, or None where the answer stays. It is compared with
    what is on record, or with the answer of the policy `before`."""
    for question, allowed, code in points(entry):
        yield _flip(question, allowed, code, after, before)
    for question in _more(entry, *filter(None, (after, before))):
        if (flip := _flip(question, False, "not listed", after, before)) is not None:
            yield flip


def _unanswered(entry: Entry) -> int:
    """How much of a line has no answer on record."""
    if "results" in entry.body:
        return 0
    return sum(item.get("verdict") not in ("allow", "deny") for item in entry.items)


def _flip(question: Question, allowed: bool, code: str, after: Snapshot, before: Snapshot | None) -> Flip | None:
    if before is not None:
        found = walk(before, *question)[0]
        allowed, code = found is Code.GRANTED, str(found)
    becomes = walk(after, *question)[0]
    if (becomes is Code.GRANTED) is allowed:
        return None
    return Flip(question, becomes is Code.GRANTED, code, str(becomes))
