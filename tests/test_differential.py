"""Random worlds, decided by `decide` and by Casbin: not one answer may differ.

Together with the exhaustive worlds these are close to two million compared decisions in every run of the suite.
A difference names its seed: `random_world(seed)` is the world.
"""

from __future__ import annotations

import pytest

from judging import QUESTIONS, Tally, compare, judge, judged
from remit.core.model import ALWAYS, FOREVER, ROOT, Code, Question
from remit.core.pdp import decide
from remit.core.snapshot import Snapshot
from test_exhaustive import DECISIONS
from worlds import policy_of

WORLDS = 400
CHUNKS = 20
EACH = WORLDS // CHUNKS


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_worlds_are_decided_as_casbin_decides_them(chunk: int) -> None:
    total = Tally(0, 0, ())
    for seed in range(chunk * EACH, (chunk + 1) * EACH):
        world, questions, verdicts = judged(seed)
        assert len(set(questions)) == QUESTIONS
        tally = compare(world.policy, questions, verdicts)
        assert not tally.different, f"random_world({seed}): {tally.different[0]}"
        total = Tally(total.compared + tally.compared, total.allowed + tally.allowed, ())
    assert total.compared == EACH * QUESTIONS
    assert 0.15 < total.allowed / total.compared < 0.5, "worlds in which nearly all questions end alike prove little"


def test_only_an_untyped_name_parts_the_two_judges() -> None:
    """Casbin keeps subjects and roles in one name space; remit does not, and denies (design §4, rule 5)."""
    policy = policy_of([("editor", ROOT, "workload", "edit")], [("user:ada", "editor", ROOT, ALWAYS, FOREVER)])
    asked = [Question(name, "edit", "workload") for name in ("user:ada", "user:editor", "group:editor", "editor")]
    verdicts = judge(policy, asked)
    assert verdicts == (True, False, False, True)
    assert compare(policy, asked, verdicts).different == (asked[3],)
    assert decide(Snapshot(policy), *asked[3]).code is Code.UNKNOWN_SUBJECT


def test_enough_decisions_are_compared() -> None:
    assert WORLDS * QUESTIONS == 240_000
    assert WORLDS * QUESTIONS + DECISIONS == 1_988_768 >= 500_000
