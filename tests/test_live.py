"""A policy takes the place of another whole, or not at all; and what was refused is told, where and since when."""

from __future__ import annotations

import pytest

from readable import FILES, with_cases
from remit.core.model import Question
from remit.core.pdp import decide
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide
from remit.service.live import LivePolicy
from remit.service.policies import faults_of

ADA = Question("user:ada", "create", "environment", None, "project:vision")
RULES = "policies/access_rules.csv"
WITHOUT_ADA = {**FILES, RULES: b"".join(line for line in FILES[RULES].splitlines(True) if b"user:ada" not in line)}
BROKEN = {**FILES, RULES: FILES[RULES] + b"g, user:eve, no-such-role, *\n"}
SECOND = 1_000_000


@pytest.fixture
def live() -> LivePolicy:
    return LivePolicy(Snapshot(read_policy(FILES)), "somewhere", 1)


def may(live: LivePolicy) -> bool:
    return decide(live.current(), *ADA).allowed


def test_a_policy_goes_live_whole(live: LivePolicy) -> None:
    assert may(live)
    before = live.current()
    assert live.offer(WITHOUT_ADA, 2, faults_of)
    assert not may(live) and live.current().revision == revision_of(WITHOUT_ADA)
    assert decide(before, *ADA).allowed, "whoever was under way keeps what it began with"
    assert live.standing()[:4] == (revision_of(WITHOUT_ADA), 2, "somewhere", 2)


@pytest.mark.parametrize(
    "files", [BROKEN, with_cases("deny, user:ada, create, environment, project:vision, project:vision\n"), {}]
)
def test_what_is_wrong_changes_no_decision_and_is_told(live: LivePolicy, files: dict[str, bytes]) -> None:
    assert not live.offer(files, 5, faults_of)
    standing = live.standing()
    assert may(live) and standing.revision == revision_of(FILES) and standing.since == 1
    refused = standing.refused
    assert refused is not None and refused.since == 5 and refused.revision == revision_of(files)
    assert bool(refused.findings) != bool(refused.faults)
    assert not live.offer(files, 9, faults_of)
    refused = live.standing().refused
    assert refused is not None and refused.since == 5, "the same files are refused since the first time"


def test_the_place_of_what_is_wrong_is_told(live: LivePolicy) -> None:
    live.offer(BROKEN, 5, faults_of)
    refused = live.standing().refused
    assert refused is not None
    finding = next(each for each in refused.findings if each.is_error)
    line = BROKEN[RULES].count(b"\n")
    assert (finding.code, finding.place()) == ("R013", f"{RULES}:{line}:14")


def test_a_refusal_ends_when_the_source_is_mended(live: LivePolicy) -> None:
    live.offer(BROKEN, 5, faults_of)
    assert live.offer(FILES, 6, faults_of)
    assert live.standing().refused is None and live.standing().since == 1, "it was live all the time"
    live.offer(BROKEN, 7, faults_of)
    assert live.offer(WITHOUT_ADA, 8, faults_of) and live.standing().refused is None


def test_what_is_checked_aside_and_fails_there_goes_not_live(live: LivePolicy) -> None:
    def dies(*_: object) -> None:
        raise CouldNotDecide("it died")

    with pytest.raises(CouldNotDecide):
        live.offer(WITHOUT_ADA, 5, dies)  # type: ignore[arg-type]
    assert may(live)


def test_out_of_reach_the_last_good_policy_goes_on_for_ever() -> None:
    live = LivePolicy(Snapshot(read_policy(FILES)), "somewhere", 1)
    live.lost("gone", 10**15)
    refused = live.standing().refused
    assert may(live) and refused is not None and refused.faults == ("gone",)
    live.lost("gone", 2 * 10**15)
    assert live.standing().refused == refused, "it is gone since the first time"


def test_unless_it_may_not_grow_too_old() -> None:
    live = LivePolicy(Snapshot(read_policy(FILES)), "somewhere", 0, max_age=60 * SECOND)
    live.offer(FILES, 30 * SECOND, faults_of)
    live.lost("gone", 90 * SECOND)
    assert may(live), "sixty seconds since it was last read"
    live.lost("gone", 90 * SECOND + 1)
    with pytest.raises(CouldNotDecide, match="too old"):
        live.current()
    live.offer(BROKEN, 91 * SECOND, faults_of)
    assert may(live), "within reach again, though what it holds is wrong: the last good one goes on"
    live.lost("gone", 151 * SECOND + 1)
    assert live.offer(FILES, 200 * SECOND, faults_of) and may(live)


def test_one_process_stands_as_another_does() -> None:
    one, other = (LivePolicy(Snapshot(read_policy(FILES)), "somewhere", 1, max_age=SECOND) for _ in range(2))
    assert one.offer(WITHOUT_ADA, 2, faults_of)
    other.told(one.standing(), False, WITHOUT_ADA)
    assert not may(other) and other.standing() == one.standing()
    one.lost("gone", 2 + 2 * SECOND)
    other.told(one.standing(), True, None)
    with pytest.raises(CouldNotDecide, match="too old"):
        other.current()
    other.told(one.standing(), False, None)
    assert not may(other)


def test_what_is_told_of_one_policy_is_not_said_of_another(live: LivePolicy) -> None:
    told = live.standing()._replace(revision=revision_of(WITHOUT_ADA))
    with pytest.raises(AssertionError):
        live.told(told, False, None)
    assert may(live) and live.standing().revision == revision_of(FILES)


def test_a_policy_that_is_too_old_stays_so_when_its_activation_gets_a_number() -> None:
    live = LivePolicy(Snapshot(read_policy(FILES)), "somewhere", 0, max_age=SECOND)
    live.lost("gone", 2 * SECOND)
    live.numbered(revision_of(FILES), 7)
    assert live.standing().number == 7
    with pytest.raises(CouldNotDecide):
        live.current()
    live.lost("gone", 0)
    with pytest.raises(CouldNotDecide):
        live.current()
