"""Which lines of a policy its cases rest on.

A case that must be allowed rests on the lines that grant it: the smallest set that does, as `explain` tells. `exactly`
rests on those of every role that it finds allowed. A case that must be denied rests on no line: none may allow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from remit.core.cases import Case, Exactly
from remit.core.explain import explain
from remit.core.model import Ground, Origin, Question
from remit.core.oracle import slice_of
from remit.core.pdp import decide
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from remit.core.stages import named, question_of, questions_of, set_up, stages


class Covered(NamedTuple):
    """The lines of one file that a case rests on, those that none does, and how many lines that makes."""

    file: str
    covered: tuple[int, ...]
    uncovered: tuple[int, ...]

    @property
    def total(self) -> int:
        """Lines that a case can rest on."""
        return len(self.covered) + len(self.uncovered)


def coverage(policy: Policy, now: int) -> tuple[Covered, ...]:
    """File by file; cases that name no time are judged at `now`. The cases have passed before."""
    resting = set(rested_on(policy, now))
    lines: dict[str, list[int]] = {}
    for origin in dict.fromkeys(ground.origin for ground in grounds(policy)):
        lines.setdefault(origin.file, []).append(origin.line)
    return tuple(
        Covered(
            file,
            tuple(line for line in sorted(numbers) if Origin(file, line) in resting),
            tuple(line for line in sorted(numbers) if Origin(file, line) not in resting),
        )
        for file, numbers in sorted(lines.items())
    )


def grounds(policy: Policy) -> Iterator[Ground]:
    """The lines that a case can rest on: all but the vocabulary's, which says what can be asked at all."""
    yield from (each.ground() for each in policy.permissions)
    yield from (Ground("scope", at, f"g2, {child}, {parent}") for child, (parent, at) in policy.parents.items())
    yield from (each.ground() for each in policy.memberships)
    yield from (each.ground() for each in policy.access_rules)
    for kind, homes in policy.homes.items():
        yield from (Ground("resource", at, f"{kind}:{id}, {scope}") for id, (scope, at) in homes.items())


def rested_on(policy: Policy, now: int) -> Iterator[Origin]:
    """Every line that some case rests on, lines given to cases among them."""
    sliced = replace(policy, access_rules=slice_of(policy, named(policy.suites)))
    for suite in policy.suites:
        for stage in stages(sliced, suite):
            if not stage.entries:
                continue
            judged = set_up(stage.policy, stage.entries)
            snapshot = Snapshot(judged)
            for entry in stage.entries:
                yield from _origins(snapshot, _asked(judged, entry, now))


def _asked(policy: Policy, entry: Case | Exactly, now: int) -> Iterator[Question]:
    """What an entry asks and may be allowed."""
    if isinstance(entry, Exactly):
        yield from (question for _, question in questions_of(policy, entry, now))
    elif entry.allow:
        yield question_of(entry, now)


def _origins(snapshot: Snapshot, questions: Iterable[Question]) -> Iterator[Origin]:
    """The lines that grant what is allowed of these questions."""
    for question in questions:
        witness = decide(snapshot, *question)
        if witness.allowed:
            yield from (ground.origin for ground in explain(snapshot, question, witness).lines)


def ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Line numbers in order, as runs: first and last."""
    first = last = 0
    for number in numbers:
        if first and number == last + 1:
            last = number
            continue
        if first:
            yield first, last
        first = last = number
    if first:
        yield first, last
