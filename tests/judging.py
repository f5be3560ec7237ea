"""The comparison that all proofs share: what `decide` answers against what Casbin answers, question by question."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from remit.core.model import Question
from remit.core.oracle import Oracle
from remit.core.pdp import decide
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from worlds import World, questions_of, random_world

QUESTIONS = 600
"""Questions asked in one random world."""


class Judged(NamedTuple):
    """A world, its questions, and Casbin's verdict on each."""

    world: World
    questions: tuple[Question, ...]
    verdicts: tuple[bool, ...]


class Tally(NamedTuple):
    """How many decisions were compared, how many Casbin allows, and the questions answered otherwise."""

    compared: int
    allowed: int
    different: tuple[Question, ...]


def judge(policy: Policy, questions: Iterable[Question]) -> tuple[bool, ...]:
    """Casbin's verdict on each question: one fresh enforcer for each instant asked about."""
    oracles: dict[int, Oracle] = {}
    verdicts = []
    for question in questions:
        oracle = oracles.get(question.when)
        if oracle is None:
            oracle = oracles[question.when] = Oracle(policy, question.when)
        verdicts.append(oracle.allows(question))
    return tuple(verdicts)


@lru_cache(maxsize=128)
def judged(seed: int) -> Judged:
    """The random world of this seed, judged."""
    world = random_world(seed)
    questions = tuple(questions_of(world, QUESTIONS))
    return Judged(world, questions, judge(world.policy, questions))


def compare(
    policy: Policy,
    questions: Iterable[Question],
    verdicts: Iterable[bool],
    decide: Callable[..., Any] = decide,
    build: Callable[[Policy], Any] = Snapshot,
) -> Tally:
    """Ask `decide` over `build(policy)` each question and hold its answer against Casbin's."""
    snapshot = build(policy)
    compared = allowed = 0
    different = []
    for question, verdict in zip(questions, verdicts, strict=True):
        compared += 1
        allowed += verdict
        if decide(snapshot, *question).allowed is not verdict:
            different.append(question)
    return Tally(compared, allowed, tuple(different))
