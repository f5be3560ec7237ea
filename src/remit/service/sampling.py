"""A share of the live answers, set aside for those who look at them later and elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from remit.core.model import Code, Question
from remit.core.snapshot import Snapshot
from remit.service.counts import Counts
from remit.service.decisions import question_of
from remit.service.gate import Permit
from remit.service.operations import Answer, Asked, Evaluate, EvaluateMany

ROOM = 5_000
"""Answers that may wait; those that come while it is full are counted and gone."""


class Live(NamedTuple):
    """One live answer: what was judged (its instant, groups and home included), by which snapshot, and the code."""

    snapshot: Snapshot
    question: Question
    code: Code


class Sample:
    """The answers that wait. One thread is shown what was answered, another one takes it."""

    def __init__(self, name: str, share: float, counts: Counts, chance: Callable[[], float], room: int = ROOM) -> None:
        """`share` of the answers is taken, by `chance` (each call from 0 to 1); `name` is what drops are counted by."""
        self._share = share
        self._chance = chance
        self._room = room
        self._waiting: deque[tuple[Any, Asked, Answer]] = deque()
        self._dropped = (name, "dropped")
        self._counts = counts.samples

    def tap(self, permit: Permit, operation: object, result: object) -> None:
        """Take an answer, or those of a batch, if it is their turn. Never waits."""
        if type(operation) is Evaluate:
            self._put(permit, operation[0], result)
        elif type(operation) is EvaluateMany:
            for asked, answer in zip(operation[0], result[0], strict=False):  # type: ignore[index]
                self._put(permit, asked, answer)

    def _put(self, permit: Permit, asked: object, answer: object) -> None:
        if type(answer) is not Answer or (self._share < 1 and self._chance() >= self._share):
            return
        if len(self._waiting) >= self._room:
            self._counts[self._dropped] = self._counts.get(self._dropped, 0) + 1
            return
        self._waiting.append((permit, asked, answer))  # type: ignore[arg-type]

    def take(self, most: int) -> list[Live]:
        """The oldest of what waits."""
        found: list[Live] = []
        while self._waiting and len(found) < most:
            permit, asked, answer = self._waiting.popleft()
            found.append(Live(permit[1], question_of(permit, asked), answer.found[0]))
        return found
