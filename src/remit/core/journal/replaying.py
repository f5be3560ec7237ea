"""Recorded questions decided again by their own revision: every answer has to be the one on record.

What is decided again, each at its own instant: every item with a verdict (verdict, code and home); what the gate
itself took to be needed, and whether its caller could vouch for the groups that it claimed; where a subject reaches;
and of a search the part of the list that its page was: from its beginning on if it is the first page, from its first
result on if it is not, and to its end if it is the last. Of what only a catalog knew, each result is decided again by
the home on record; what the catalog knew besides is not in the journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from remit.core.journal.entries import Entry, Kind, question_of
from remit.core.journal.listing import permitted, searched
from remit.core.model import ROOT, Code
from remit.core.pdp import Found, walk
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant

JUDGED = (str(Kind.DECISION), str(Kind.OPERATION))
"""The kinds of lines that answer something."""

UNANSWERED = "unanswered"
"""Why there is nothing to decide again where there is no verdict: its caller was refused, a batch had ended before, or
something failed."""

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)
"""What is raised where a line has not the members that a record has."""

_VERDICTS = {"allow": True, "deny": False}


class Difference(NamedTuple):
    """An answer that does not come out as on record; `where` is its place in the line, such as `items[2].code`."""

    id: str
    time: int
    where: str
    recorded: str
    found: str


class Again(NamedTuple):
    """What came of one line: how many answers were decided again, how many were not and why, and what differs."""

    answers: int
    left: Mapping[str, int]
    differences: tuple[Difference, ...]


def judged_again(entry: Entry, snapshot: Snapshot) -> Again:
    """A line decided again by the policy that it names."""
    judge = _Judge(entry, snapshot)
    try:
        judge.line()
    except UNREADABLE:
        judge.differs("the line", "a record", "none: it cannot be read as one")
    return Again(judge.answers, judge.left, tuple(judge.differences))


def asked_at(entry: Entry) -> int:
    """When its caller asked, which is what the gate judged: for all but later pages of a search the instant on record
    (microseconds since 1970, UTC). Raises TypeError if the line does not say how long it took."""
    return entry.time - int(entry.body["us"])


def needed(entry: Entry) -> Iterator[tuple[str, str, bool]]:
    """Kind and action of what the gate took to be needed, and whether it was granted."""
    refused = entry.body.get("refused")
    for need in entry.body.get("need", ()):
        kind, _, action = need.partition(":")
        yield kind, action, need != refused
        if need == refused:
            return


def vouched(entry: Entry) -> bool | None:
    """Did groups count that its caller claimed for somebody? None: none were claimed."""
    groups = [item.get("groups", {}) for item in entry.items]
    if any(each.get("claimed") for each in groups):
        return True
    return False if any(each.get("ignored") for each in groups) else None


class Replay:
    """Lines decided again, one after the other, each by the revision that it names.

    `lines` counts those that were, `unknown` by revision those whose revision is not to be had. Of the differences the
    first `most` are kept (None: all), and all are counted.
    """

    def __init__(self, snapshot: Callable[[str], Snapshot | None], most: int | None = None) -> None:
        """`snapshot` gives a revision, or None if it is not to be had."""
        self._snapshot, self._most = snapshot, most
        self.lines = self.answers = self.differing = 0
        self.left, self.unknown, self.revisions = Counter[str](), Counter[str](), set[str]()
        self.differences: list[Difference] = []

    def take(self, entry: Entry) -> None:
        """Decide a line again, if it answers something."""
        if entry.kind not in JUDGED:
            return
        revision = str(entry.body.get("revision", ""))
        if not revision and not entry.items and entry.body.get("failed"):
            self.left[UNANSWERED] += 1  # it failed before anything was decided
            return
        snapshot = self._snapshot(revision)
        if snapshot is None:
            self.unknown[revision] += 1
            return
        found = judged_again(entry, snapshot)
        self.lines, self.answers = self.lines + 1, self.answers + found.answers
        self.revisions.add(revision)
        self.left.update(found.left)
        self.differing += len(found.differences)
        if found.differences and (self._most is None or len(self.differences) < self._most):
            self.differences += found.differences


class _Judge:
    """One line as it is decided again."""

    def __init__(self, entry: Entry, snapshot: Snapshot) -> None:
        self.entry, self.snapshot = entry, snapshot
        self.answers, self.left, self.differences = 0, Counter[str](), list[Difference]()

    def differs(self, where: str, recorded: object, found: object) -> None:
        """Tell it."""
        self.differences.append(Difference(self.entry.id, self.entry.time, where, str(recorded), str(found)))

    def line(self) -> None:
        """All that is on record in it."""
        body = self.entry.body
        self._time()
        self._needs()
        lists = body.get("op") in ("search", "permitted-scopes")
        for number, item in enumerate(self.entry.items):
            self._groups(f"items[{number}].groups", item)
            if not lists:
                self._item(f"items[{number}]", item)
        if lists and "results" in body:
            self.answers += 1
            self._list()
        elif lists:
            self.left[UNANSWERED] += 1

    def _time(self) -> None:
        """A line is written when its answer is there: its instant, and as long as that took. Later pages of a search
        are judged at the instant of the first."""
        at, instant, body = asked_at(self.entry), self.entry.instant, self.entry.body
        if instant > at or (instant < at and ("page" not in body or body.get("first"))):
            self.differs("instant", format_instant(instant), format_instant(at))

    def _needs(self) -> None:
        for kind, action, granted in needed(self.entry):
            self.answers += 1
            if self._may(kind, action) is not granted:
                self.differs("need", f"{kind}:{action} {_word(granted)}", _word(not granted))
        refused = self.entry.body.get("refused")
        if self.entry.kind == Kind.DECISION and refused is not None and refused not in self.entry.body.get("need", ()):
            self.differs("refused", refused, "nothing that was needed")

    def _may(self, kind: str, action: str) -> bool:
        """May the caller do this with remit itself?"""
        caller, groups = self.entry.body["caller"], tuple(self.entry.body.get("caller_groups", ()))
        at = asked_at(self.entry)
        return walk(self.snapshot, caller, action, kind, None, ROOT, None, groups, at)[0] is Code.GRANTED

    def _groups(self, where: str, item: Mapping[str, Any]) -> None:
        """Did the groups count that should have?"""
        body, groups = self.entry.body, item.get("groups", {})
        if "subject" not in item:
            return
        own = body.get("caller_groups", []) if item["subject"] == body["caller"] else []
        if groups.get("token", []) != own:
            self.differs(f"{where}.token", ", ".join(groups.get("token", [])) or "none", ", ".join(own) or "none")
        if ("claimed" in groups or "ignored" in groups) and body.get("permitted"):
            vouched = self._may("decision", "vouch")
            if vouched is not ("claimed" in groups) or {"claimed", "ignored"} <= groups.keys():
                words = {True: "claimed", False: "ignored"}
                self.differs(where, " and ".join(sorted(groups.keys() - {"token"})), words[vouched])

    def _item(self, where: str, item: Mapping[str, Any]) -> None:
        """One question with its verdict."""
        verdict = item.get("verdict", UNANSWERED)
        if verdict not in _VERDICTS:
            self.left[verdict] += 1
            return
        self.answers += 1
        found = walk(self.snapshot, *question_of(item, self.entry.instant))
        if (found[0] is Code.GRANTED) is not _VERDICTS[verdict]:
            self.differs(f"{where}.verdict", verdict, f"{_word(found[0] is Code.GRANTED)} ({found[0]})")
        elif self.entry.kind == Kind.DECISION:
            self._details(where, item, found)

    def _details(self, where: str, item: Mapping[str, Any], found: Found) -> None:
        if item.get("code") != found[0]:
            self.differs(f"{where}.code", item.get("code", "none"), found[0])
        if item.get("home") != found[5]:
            self.differs(f"{where}.home", item.get("home", "none"), found[5] or "none")

    def _list(self) -> None:
        """Where a subject reaches, or a page of what a search found."""
        body, question = self.entry.body, question_of(self.entry.items[0], self.entry.instant)
        results = list(body["results"])
        if body["op"] == "search":
            found = searched(self.snapshot, body, question)
        else:
            found, unplaced = permitted(self.snapshot, question)
            if body.get("unplaced") is not unplaced:
                self.differs("unplaced", body.get("unplaced", "none"), unplaced)
        if found != results:
            gone, more = _only(results, found), _only(found, results)
            self.differs("results", gone or "in this order", more or ("not these" if gone else "in another order"))


def _only(some: list[str], others: list[str], most: int = 3) -> str:
    """What is in one list only, as a person reads it."""
    names = list(dict.fromkeys(name for name in some if name not in set(others)))
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _word(granted: bool) -> str:
    return "allow" if granted else "deny"
