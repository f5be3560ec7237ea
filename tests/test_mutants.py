"""The comparison can fail: each fault put into the walk by hand is noticed, within the worlds said for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fuzz import hunt
from judging import compare, judged
from mutants import CODES, SOURCES, VERDICTS, WHERE, Mutant, Walk, compiled, text_of
from naive import Naive


def wrong_verdicts(walk: Walk, worlds: int) -> Iterator[int]:
    """The worlds in which the walk decides otherwise than Casbin: the comparison of the differential test."""
    for seed in range(worlds):
        world, questions, verdicts = judged(seed)
        if compare(world.policy, questions, verdicts, walk.decide, walk.build).different:
            yield seed


def wrong_codes(walk: Walk, worlds: int) -> Iterator[int]:
    """The worlds in which the walk gives another code than its conditions: the comparison of the properties."""
    for seed in range(worlds):
        world, questions, _ = judged(seed)
        naive, snapshot = Naive(world.policy), walk.build(world.policy)
        if any(walk.decide(snapshot, *question).code != naive.code(question) for question in questions):
            yield seed


def named(mutants: list[Mutant]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("mutant", mutants, ids=lambda mutant: mutant.fault)


@named(VERDICTS)
def test_a_wrong_answer_is_noticed(mutant: Mutant) -> None:
    walk = compiled(mutant.module, text_of(mutant))
    assert next(wrong_verdicts(walk, mutant.within), None) is not None


@named(CODES)
def test_a_wrong_reason_is_noticed(mutant: Mutant) -> None:
    walk = compiled(mutant.module, text_of(mutant))
    assert next(wrong_codes(walk, mutant.within), None) is not None


@named(CODES)
def test_a_wrong_reason_is_not_a_wrong_answer(mutant: Mutant) -> None:
    walk = compiled(mutant.module, text_of(mutant))
    assert not list(wrong_verdicts(walk, mutant.within))


@pytest.mark.parametrize("module", SOURCES)
def test_the_source_as_it_is_passes_all_of_it(module: str) -> None:
    walk = compiled(module, SOURCES[module].read_text(encoding="utf-8"))
    most = max(mutant.within for mutant in (*VERDICTS, *CODES))
    assert not list(wrong_verdicts(walk, most))
    assert not list(wrong_codes(walk, most))


def test_a_mutant_that_no_longer_applies_is_an_error() -> None:
    with pytest.raises(ValueError, match="applies 0 times"):
        text_of(Mutant("nothing", "pdp", "no such text", "", 1))
    with pytest.raises(ValueError, match="rewrite it"):
        text_of(Mutant("everything", "pdp", "return", "", 1))


def test_the_fuzzer_finds_a_fault_and_says_how_to_repeat_it() -> None:
    walk = compiled(WHERE[0].module, text_of(WHERE[0]))
    (text,) = hunt(0, 1, 60, walk.decide, walk.build).reports
    assert text.startswith("random_world(0)\n  Question(subject=")
    assert "Casbin says deny, remit says granted" in text
    assert text.count(" p, ") == 1, "more lines than the fault needs"
    assert hunt(0, 1, 0).reports == ()
