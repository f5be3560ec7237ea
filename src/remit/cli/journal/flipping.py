"""Recorded questions put to another policy, with both reasons: what `journal replay` and `plan --replay` share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from remit.cli.house import House
from remit.cli.past import Past
from remit.core.journal.entries import Entry
from remit.core.journal.flips import Tally, explained
from remit.core.model import Explanation, Question
from remit.core.snapshot import Snapshot
from remit.errors import Misconfigured


class Reasons:
    """Why recorded answers fell as they did, by the revisions that gave them, as far as these are to be had."""

    def __init__(self, house: House, state: Path) -> None:
        try:
            self._past: Past | None = Past(house.revisions(state))
        except Misconfigured:
            self._past = None

    def of(self, revision: str, question: Question, allowed: bool) -> Explanation | None:
        """Why a question was allowed, or denied; None if nobody knows, or its revision says otherwise."""
        snapshot = self._snapshot(revision)
        found = None if snapshot is None else explained(snapshot, question)
        return found if found is not None and found.allowed is allowed else None

    def _snapshot(self, revision: str) -> Snapshot | None:
        if self._past is None:
            return None
        try:
            return self._past.snapshot(revision)
        except Misconfigured:  # there is a database, and no policy in it
            self._past = None
            return None


def tallied(entries: Iterable[Entry], tally: Tally, reasons: Reasons | None, before: Snapshot | None = None) -> Tally:
    """These lines put to the policy of the tally; `before` is the policy that it is compared with, if not with what is
    on record."""
    for entry in entries:
        revision = str(entry.body.get("revision", ""))

        def why(question: Question, allowed: bool, revision: str = revision) -> Explanation | None:
            if before is not None:
                return explained(before, question)
            return None if reasons is None else reasons.of(revision, question, allowed)

        tally.take(entry, why)
    return tally
