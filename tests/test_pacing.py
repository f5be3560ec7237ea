"""A policy that is compiled in small steps is the same policy, and who was answered by the one before still is."""

from __future__ import annotations

import pytest

from readable import FILES, NOW
from remit.core.directory import Directory
from remit.core.pacing import STEP, paced
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.following import breathing
from remit.service.live import LivePolicy, compiled

MANY = 200
RULES = "policies/access_rules.csv"
LARGE = {
    **FILES,
    RULES: FILES[RULES] + b"".join(b"g, user:u%d, researcher, project:vision\n" % number for number in range(MANY)),
    "policies/groups.csv": FILES.get("policies/groups.csv", b"")
    + b"".join(b"g, user:u%d, group:g%d, *\n" % (number, number % 7) for number in range(MANY)),
}


class Count:
    """A pause that counts."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def told(snapshot: Snapshot) -> list[object]:
    """All that a snapshot holds, in values that can be compared."""
    kept = {"_directory", "rows", "pairs"}
    found: list[object] = [getattr(snapshot, name) for name in Snapshot.__slots__ if name not in kept]
    found += [[getattr(snapshot.rows, name) for name in type(snapshot.rows).__slots__], snapshot.pairs]
    return [*found, *(getattr(snapshot.directory, name) for name in Directory.__slots__)]


def test_small_steps_make_the_same_snapshot() -> None:
    count = Count()
    assert told(compiled(LARGE, count)) == told(compiled(LARGE))
    assert count.times > 5 * (MANY // STEP), "the lines of both files, what is held, and the index, step by step"


@pytest.mark.parametrize("length", [0, 1, STEP - 1, STEP, 10 * STEP + 1])
def test_a_pause_comes_every_few_items_and_none_is_lost(length: int) -> None:
    count = Count()
    assert list(paced(range(length), count)) == list(range(length))
    assert count.times == length // STEP
    assert list(paced(range(length), None)) == list(range(length))


def test_who_is_answered_by_the_policy_before_is_not_disturbed_when_it_goes() -> None:
    live = LivePolicy(compiled(LARGE))
    live.pause = Count()
    before = live.current()
    expected = told(Snapshot(read_policy(LARGE)))
    live.offer(FILES, NOW, lambda *_: ((), ()))
    assert live.current().revision == revision_of(FILES) != before.revision
    assert told(before) == expected
    assert "user:u7" in before.grants and "user:u7" not in live.current().grants
    assert live.pause.times > 2 * (MANY // STEP), "compiled in steps, and let go in steps"  # type: ignore[attr-defined]


def test_all_that_is_large_is_let_go_in_pieces() -> None:
    snapshot = compiled(LARGE)
    pieces = {id(each) for each in snapshot.pieces()}
    assert {id(held) for held in snapshot.grants.values()} <= pieces
    assert {id(held) for held in snapshot.directory.holders.values()} <= pieces


def test_work_rests_once_it_has_gone_on_for_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    now, rests = [100.0], []
    monkeypatch.setattr("remit.following.time.perf_counter", lambda: now[0])

    def sleep(seconds: float) -> None:
        rests.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("remit.following.time.sleep", sleep)
    pause = breathing(1.0, 5.0)
    for _ in range(10):
        pause()
        now[0] += 0.4
    assert rests == [5.0] * 4, "at first, and then after each third step"
