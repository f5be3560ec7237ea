"""All that a journal says was asked, each question once, as today's policy answers it: then, now and later.

Whoever asked may ask again. So a question is judged at the instants at which it was asked, now, and at every later one
at which something begins or ends to count for its subject: within a spell between two of these the answer is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from remit.core.journal.asked import Asked, asked, judged, normal
from remit.core.journal.entries import Entry, Kind
from remit.core.journal.spells import Spells
from remit.core.model import Question
from remit.core.snapshot import Snapshot
from remit.errors import JournalDamaged


class Gathered:
    """The questions of a journal. Of those that differ in nothing that matters to the policy one is kept, so memory
    goes with how many there are, not with how often they were asked.

    `records` counts the lines that asked something, `unread` those that make no sense, `lost` what the journal says
    that it could not keep.
    """

    def __init__(self, snapshot: Snapshot, now: int) -> None:
        self.records = self.unread = self.lost = 0
        self._snapshot, self._now = snapshot, now
        self._spells = Spells(snapshot)
        self._found: dict[tuple[Question, bool], set[int]] = {}

    def __len__(self) -> int:
        """How many different questions there are."""
        return len(self._found)

    def take(self, entry: Entry) -> None:
        """Take what one line asked."""
        if entry.kind == Kind.LOST:
            self.lost += records if type(records := entry.body.get("records")) is int else 0
        try:
            found = asked(entry)
        except JournalDamaged:
            self.unread += 1
            return
        self.records += bool(found)
        for one in found:
            self._add(one)

    def questions(self) -> Iterator[Question]:
        """Every question at every instant that matters."""
        for (question, everywhere), begins in self._found.items():
            later = [turn for turn in self._spells.turns(question) if turn > self._now]
            for when in sorted({*begins, self._spells.begin(question._replace(when=self._now)), *later}):
                asked_then = Asked(question._replace(when=when), True, everywhere)
                yield from judged(self._snapshot, asked_then)

    def _add(self, one: Asked) -> None:
        question = one.question
        if one.everywhere:
            question = question._replace(id=None, declared=None, known=None)
        question = normal(self._snapshot, question)
        begin = self._spells.begin(question)
        self._found.setdefault((question._replace(when=0), one.everywhere), set()).add(begin)


def gathered(snapshot: Snapshot, entries: Iterable[Entry], now: int) -> Gathered:
    """What these lines asked."""
    found = Gathered(snapshot, now)
    for entry in entries:
        found.take(entry)
    return found
