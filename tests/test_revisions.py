"""What every log of activations does, whatever keeps it: in memory, in SQLite, in PostgreSQL."""

from __future__ import annotations

import hashlib
import subprocess
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import revisions
from catalogs import at_once
from remit.adapters.memory_revisions import MemoryRevisions
from remit.core.history import UNKNOWN, Activation, How, Provenance
from remit.core.policy import revision_of
from remit.errors import NotFound, Outdated, RequestInvalid
from remit.service.revisions import Revisions
from revisions import BY_ADA, HOSTILE, policy

log = revisions.every_log

WRITERS, EACH = 6, 8


def test_nothing_is_there_at_first(log: Revisions) -> None:
    assert log.latest() is None and log.latest_of(revision_of(policy(1))) is None and log.history(None, 10) == ()
    for revision in (revision_of(policy(1)), "", "\0", "\ud800", "x" * 10_000):
        assert log.latest_of(revision) is None
        with pytest.raises(NotFound, match=r"was ever live$"):
            log.files(revision)


def test_what_went_live_comes_back_line_for_line(log: Revisions) -> None:
    one, two = revision_of(policy(1)), revision_of(policy(2))
    first = log.activate(policy(1), UNKNOWN, "directory policies", 5)
    second = log.activate(policy(2), BY_ADA._replace(number=77), "database", 2**62)
    third = log.activate(policy(1), BY_ADA._replace(how=How.ROLLED_BACK), "database", 7, after=2)
    assert first == Activation(1, one, None, 5, "directory policies", How.FOLLOWED, "", False, "", None, None)
    assert second == Activation(2, two, one, 2**62, "database", *BY_ADA[:6])
    assert third == second._replace(number=3, revision=one, parent=two, at=7, how=How.ROLLED_BACK)
    assert log.history(None, 10) == (third, second, first)
    assert (log.latest(), log.latest_of(one), log.latest_of(two)) == (third, third, second)
    assert (log.files(one), log.files(two)) == (policy(1), policy(2))


def test_history_comes_in_pieces(log: Revisions) -> None:
    made = [log.activate(policy(number), UNKNOWN, "s", number) for number in range(7)][::-1]
    assert log.history(None, 3) == tuple(made[:3])
    assert log.history(made[2].number, 3) == tuple(made[3:6])
    assert log.history(made[5].number, 3) == tuple(made[6:])
    assert log.history(1, 3) == log.history(0, 3) == log.history(-5, 3) == log.history(None, 0) == ()
    assert log.history(10**9, 100) == tuple(made)


def test_whoever_comes_too_late_changes_nothing(log: Revisions) -> None:
    with pytest.raises(Outdated, match=r"^nothing is kept yet"):
        log.activate(policy(1), UNKNOWN, "s", 1, after=1)
    first = log.activate(policy(1), UNKNOWN, "s", 1, after=0)
    for after in (0, 2, -1):
        with pytest.raises(Outdated, match=f"^revision {first.revision[:12]} has gone live meanwhile, as number 1"):
            log.activate(policy(2), UNKNOWN, "s", 2, after=after)
    assert log.history(None, 10) == (first,)
    with pytest.raises(NotFound):
        log.files(revision_of(policy(2)))


def test_of_two_at_once_exactly_one_wins(log: Revisions) -> None:
    log.activate(policy(0), UNKNOWN, "s", 0)
    for after in range(1, 6):
        tries = [partial(log.activate, policy(10 * after + each), UNKNOWN, "s", 1, after) for each in range(WRITERS)]
        found = at_once(*tries)
        won = [each for each in found if isinstance(each, Activation)]
        assert len(won) == 1 and sum(isinstance(each, Outdated) for each in found) == WRITERS - 1, found
        assert log.latest() == won[0] and won[0].number == after + 1
        assert log.files(won[0].revision) in [policy(10 * after + each) for each in range(WRITERS)]


def test_numbers_have_no_gaps_and_whoever_saw_one_saw_all_before(log: Revisions) -> None:
    done: list[bool] = []

    def write(writer: int) -> list[Activation]:
        return [log.activate(policy(each % 3), UNKNOWN, f"s{writer}", each) for each in range(EACH)]

    def read() -> int:
        looks, seen = 0, 0
        while not done or looks < 3:
            lines = log.history(None, 1_000)
            assert [line.number for line in lines] == list(range(len(lines), 0, -1)), "a gap, or one that came later"
            assert len(lines) >= seen, "what was there is gone"
            seen, looks = len(lines), looks + 1
            for line, before in pairwise(lines):
                assert line.parent == before.revision
        return looks

    def writers() -> list[list[Activation] | Exception]:
        try:
            return at_once(*(partial(write, each) for each in range(WRITERS)))
        finally:
            done.append(True)

    found, looks = at_once(writers, read)
    assert isinstance(looks, int) and looks >= 3, looks
    assert isinstance(found, list)
    lines = [line for each in found for line in each]
    assert sorted(line.number for line in lines) == list(range(1, WRITERS * EACH + 1))
    assert set(lines) == set(log.history(None, 1_000))


def test_any_bytes_and_names_come_back(log: Revisions) -> None:
    log.activate(HOSTILE, UNKNOWN, "s", 1)
    assert log.files(revision_of(HOSTILE)) == HOSTILE
    log.activate({}, UNKNOWN, "s", 1)
    assert log.files(revision_of({})) == {}


def test_text_that_one_database_would_refuse_is_refused_by_all(log: Revisions) -> None:
    texts = [Provenance(author="a\0"), Provenance(message="\ud83d"), Provenance(plan="\0"), Provenance(commit="\udcff")]
    for came, source in [*((text, "s") for text in texts), (UNKNOWN, "\0")]:
        with pytest.raises(RequestInvalid, match="cannot be kept"):
            log.activate(policy(1), came, source, 1)
    with pytest.raises(RequestInvalid, match="no name that a file"):
        log.activate({"policies/\udcff.csv": b""}, UNKNOWN, "s", 1)
    assert log.latest() is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(max_size=8), st.binary(max_size=64), max_size=4))
def test_whatever_the_files_are_they_come_back(files: dict[str, bytes]) -> None:
    log = MemoryRevisions()  # whose archives are those of the others
    made = log.activate(files, UNKNOWN, "s", 1)
    assert log.files(made.revision) == files


def test_no_name_reads_like_two_files(tmp_path: Path) -> None:
    data = {"policies/cases/a.csv": b"", "policies/constraints.csv": b"1"}
    digest = hashlib.sha256(data["policies/constraints.csv"]).hexdigest()
    one = {f"policies/cases/a.csv\n{digest}  policies/constraints.csv": b""}
    assert revision_of(one) != revision_of(data)
    names = ["a\nb.csv", "c\\d.csv", "e\\n\rf.csv", "plain.csv"]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    done = subprocess.run(["sha256sum", *sorted(names)], cwd=tmp_path, capture_output=True, check=True)
    assert revision_of({name: name.encode() for name in names}) == hashlib.sha256(done.stdout).hexdigest()
