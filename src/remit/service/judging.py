"""The live snapshot of this process, as the gate asks it about the catalog."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from remit.core.model import Actor, Code, Question
from remit.core.pdp import walk
from remit.core.search import Reach, reach
from remit.core.snapshot import Snapshot
from remit.service.ports import Need


class SnapshotSitting(NamedTuple):
    """The snapshot of this process at one instant."""

    snapshot: Snapshot
    when: int

    @property
    def revision(self) -> str:
        """The snapshot's revision."""
        return self.snapshot.revision

    def decide(self, actor: Actor, needs: Sequence[Need]) -> tuple[bool, ...]:
        """By the one walk."""
        return tuple(self._allows(actor, need) for need in needs)

    def _allows(self, actor: Actor, need: Need) -> bool:
        declared, known = (need.scope, None) if need.id is None else (None, need.scope)
        found = walk(
            self.snapshot, actor.subject, need.action, need.kind, need.id, declared, need.place, actor.groups,
            self.when, known,
        )  # fmt: skip
        return found[0] is Code.GRANTED

    def reach(self, actor: Actor, need: Need) -> Reach:
        """By the one walk."""
        question = Question(actor.subject, need.action, need.kind, None, None, need.place, actor.groups, self.when)
        return reach(self.snapshot, question)


class SnapshotJudge:
    """The live policy of this process. `clock` gives nanoseconds since 1970."""

    def __init__(self, current: Callable[[], Snapshot], clock: Callable[[], int]) -> None:
        self._current = current
        self._clock = clock

    def sit(self) -> SnapshotSitting:
        """The live snapshot, now."""
        return SnapshotSitting(self._current(), self._clock() // 1_000)
