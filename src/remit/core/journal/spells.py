"""Within which spells of time a policy answers one question always alike."""

from __future__ import annotations

from bisect import bisect_right

from remit.core.model import ALWAYS, FOREVER, Question
from remit.core.snapshot import Snapshot


class Spells:
    """The instants at which something begins or ends to count for somebody, by one policy; looked up once for each."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._found: dict[tuple[str, tuple[str, ...]], tuple[int, ...]] = {}

    def turns(self, question: Question) -> tuple[int, ...]:
        """These instants for the subject of a question and the groups it comes with, in order."""
        key = (question.subject, question.groups)
        if key not in self._found:
            self._found[key] = self._turns(question)
        return self._found[key]

    def begin(self, question: Question) -> int:
        """When the spell began in which a question was asked: between two turns, every answer is the same."""
        turns = self.turns(question)
        number = bisect_right(turns, question.when)
        return turns[number - 1] if number else ALWAYS

    def _turns(self, question: Question) -> tuple[int, ...]:
        snapshot, found = self._snapshot, set[int]()
        starts = (question.subject, *question.groups)
        timed = snapshot.all_roles << snapshot.width
        for holder in {*starts, *(group for start in starts for group in snapshot.groups_of.get(start, ()))}:
            for membership in snapshot.memberships.get(holder, ()):
                found |= {membership.since, membership.until}
            for scope, value in snapshot.grants.get(holder, {}).items():
                if value & timed:
                    for rule in snapshot.access_rules_of(holder, scope):
                        found |= {rule.since, rule.until}
        return tuple(sorted(found - {ALWAYS, FOREVER}))
