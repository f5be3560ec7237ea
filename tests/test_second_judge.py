"""Casbin is asked again, in a process of its own, what was answered: a wrong answer raises the alarm, and whatever
becomes of the judging, no answer waits for it or depends on it.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from asking import question
from remit.adapters.aside import Aside
from remit.bootstrap import build_app
from remit.core.model import Code, Question
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.observing import Watch
from remit.service import second_judge
from remit.service.counts import Counts
from remit.service.live import LivePolicy
from remit.service.policies import faults_of
from remit.service.sampling import Live
from remit.service.second_judge import SecondJudge, rejudge
from server import BEARER, CALLERS, SECRET
from straight import Straight
from test_metrics import post, samples_of
from test_shadow import LIVE, NEW, OLD, WHEN, some_asked

PATIENCE = 60.0
DOCTORED = Snapshot(read_policy(NEW))
DOCTORED.revision = LIVE.revision
"""A snapshot that is not what its name says: Zoe holds what Ada holds."""


def here(work: Callable[..., Any], *given: Any) -> Any:
    """A judge without a process of its own."""
    return work(*given)


def answers(snapshot: Snapshot, count: int, seed: int = 3) -> list[Live]:
    chance, found = Random(seed), []
    for number in range(count):
        subject, action, kind, id, declared, place, groups = some_asked(chance)[:7]
        asked = Question(subject, action, kind, id, declared, place, groups, WHEN + number)
        found.append(Live(snapshot, asked, decide(snapshot, *asked).code))
    return found


def test_casbin_agrees_with_what_the_snapshot_answers_and_with_nothing_else() -> None:
    counts, told = Counts(), list[str]()
    judge = SecondJudge(OLD, here, counts, told.append)
    judge.judge(answers(LIVE, 300))
    assert judge.report() == (300, 0, 0, 0, None) and not told
    wrong = answers(DOCTORED, 900)
    expected = [live for live in wrong if decide(LIVE, *live.question).allowed != (live.code is Code.GRANTED)]
    judge.judge(wrong)
    report = judge.report()
    assert (report.compared, report.disagreements) == (1_200, len(expected)) and len(told) == len(expected) > 2
    assert report.last == (expected[-1].question.when, told[-1])
    assert LIVE.revision in told[0] and f"`{expected[0].question.subject}`" in told[0]


def test_a_disagreement_is_loud_wherever_one_looks(caplog: pytest.LogCaptureFixture) -> None:
    live = LivePolicy(DOCTORED)
    watch = Watch(live, judge=(OLD, 1.0))
    with Straight(build_app(live, "http://x", CALLERS, SECRET, watch=watch)) as client, watch.running():
        assert post(client, "/access/v1/evaluation", question()).json() == {"decision": False}, "it is wrong"
        until(lambda: watch.standing().judge.compared)  # type: ignore[union-attr]
        status = client.request("GET", "/v1/policy/status", headers={"authorization": BEARER}).json()["judge"]
        metrics = samples_of(client.request("GET", "/metrics", headers={"authorization": BEARER}).text)
    assert (status["compared"], status["disagreements"], status["dropped"], status["failed"]) == (1, 1, 0, 0)
    assert "`user:ada`" in status["last"]["what"] and "answered deny, and Casbin says allow" in status["last"]["what"]
    assert metrics["remit_judge_disagreements_total", frozenset()] == 1
    (record,) = [each for each in caplog.records if each.name == "remit"]
    assert record.levelno == logging.ERROR and status["last"]["what"] in record.getMessage()


def test_a_judge_that_dies_is_replaced_and_knows_the_policy_again() -> None:
    counts, told, aside = Counts(), list[str](), Aside()
    judge = SecondJudge(OLD, aside, counts, told.append)
    try:
        judge.judge(answers(LIVE, 5))
        os.kill(aside(os.getpid), signal.SIGKILL)
        until(lambda: _judged_again(judge))
        assert judge.report().disagreements == 0
    finally:
        aside.close()


def _judged_again(judge: SecondJudge) -> bool:
    before = judge.report().compared
    judge.judge(answers(LIVE, 5))
    return judge.report().compared == before + 5


def until(there: Callable[[], Any]) -> None:
    began = time.monotonic()
    while not there():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.02)


def test_the_files_are_sent_once_for_each_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, bool]] = []

    def aside(work: Callable[..., Any], revision: str, files: Any, asked: Any) -> Any:
        sent.append((revision, files is not None))
        return work(revision, files, asked)

    monkeypatch.setattr(second_judge, "_read", {})
    judge = SecondJudge(OLD, aside, Counts(), lambda _: None)
    for _ in range(3):
        judge.judge(answers(LIVE, 2))
    assert sent == [(LIVE.revision, False), (LIVE.revision, True), (LIVE.revision, False), (LIVE.revision, False)]
    assert rejudge("another", None, []) is None


def test_answers_are_judged_by_their_own_revision_across_a_reload() -> None:
    live = LivePolicy(LIVE)
    watch = Watch(live, judge=(OLD, 1.0))
    live.went_live = watch.went_live
    assert watch._judge is not None
    try:
        before = answers(live.current(), 40)
        assert live.offer(NEW, 5, faults_of)
        watch._judge.judge(before + answers(live.current(), 40, 4))
        assert watch._judge.report() == (80, 0, 0, 0, None)
    finally:
        with watch.running():
            pass


def test_whatever_fails_is_counted_and_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_judge, "_read", {})

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    judge = SecondJudge(OLD, broken, Counts(), lambda _: None)
    judge.judge(answers(LIVE, 7))
    assert judge.report() == (0, 0, 0, 7, None)
    elsewhere = SecondJudge(NEW, here, Counts(), lambda _: None)
    elsewhere.judge(answers(LIVE, 7))
    assert elsewhere.report() == (0, 0, 0, 7, None), "nobody has the files of that revision"


def test_no_answer_waits_for_a_judge_that_takes_its_time() -> None:
    live = LivePolicy(LIVE)
    watch = Watch(live, judge=(OLD, 1.0))
    assert watch._judge is not None
    watch._judge._aside = lambda *_: time.sleep(0.5) or []
    with Straight(build_app(live, "http://x", CALLERS, SECRET, watch=watch)) as client, watch.running():
        began = time.monotonic()
        for _ in range(20):
            assert post(client, "/access/v1/evaluation", question()).json() == {"decision": True}
        assert time.monotonic() - began < 20 * 0.5


def test_a_judge_that_believes_the_answers_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_judge.Oracle, "allows", lambda self, asked: decide(DOCTORED, *asked).allowed)
    with pytest.raises(AssertionError):
        test_casbin_agrees_with_what_the_snapshot_answers_and_with_nothing_else()


def test_a_name_that_cannot_be_seen_reaches_the_log_as_text() -> None:
    told: list[str] = []
    asked = Question("user:a\x1b[31m\nb", "create", "environment", "x", "project:vision", None, (), WHEN)
    SecondJudge(OLD, lambda *_: [0], Counts(), told.append).judge([Live(LIVE, asked, Code.GRANTED)])
    assert told and told[0].isprintable()
