"""Whatever goes live is put into the log, in order, however long the database is away, and as the last good policy on
disk, which is whole or refused.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import revisions
from remit import keeping
from remit.adapters.last_good import LastGood
from remit.adapters.memory_revisions import MemoryRevisions
from remit.core.history import UNKNOWN, Activation, Provenance
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide, Misconfigured, RemitError
from remit.keeping import Keeper, Kept, noted
from remit.service.live import LivePolicy
from remit.service.operations import Standing
from remit.service.policies import faults_of
from remit.starting import first_of
from revisions import BY_ADA, HOSTILE, policy
from test_watch import FAILING, GOOD, WITHOUT

PATIENCE = 10.0
FROM_GIT = Provenance(author="Ada\0 \udcff <ada@example.com>", message="let bob in", commit="c" * 40)
log = revisions.every_log


class Away(MemoryRevisions):
    """A log that is out of reach for so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def activate(
        self, files: Mapping[str, bytes], came: Provenance, source: str, at: int, after: int | None = None
    ) -> Activation:
        self.times -= 1
        if self.times >= 0:
            raise CouldNotDecide("it is away")
        return super().activate(files, came, source, at, after)


def test_a_database_that_is_away_is_tried_until_it_is_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.01,))
    log, told, done = Away(3), list[object](), threading.Event()

    def numbered(revision: str, number: int | None) -> None:
        told.append((revision, number))
        if number == 3:
            done.set()

    keeper = Keeper(log, "git x", numbered, told.append)
    for number in (1, 2, 1):
        keeper.live(policy(number), FROM_GIT, number)
    assert done.wait(PATIENCE)
    keeper.close()
    one, two = (revision_of(policy(number)) for number in (1, 2))
    assert [(line.number, line.revision) for line in log.history(None, 9)] == [(3, one), (2, two), (1, one)]
    assert told == ["it is away"] * 3 + ["", (one, 1), "", (two, 2), "", (one, 3)]
    first = log.history(2, 1)[0]
    assert (first.author, first.verified, first.source) == ("Ada\ufffd \ufffd <ada@example.com>", False, "git x")
    assert len([record for record in caplog.records if "not in the log yet" in record.getMessage()]) == 1


def test_whoever_starts_again_or_follows_too_writes_no_second_line(log: revisions.Revisions) -> None:
    assert noted(log, policy(1), UNKNOWN, "s", 1) == noted(log, policy(1), UNKNOWN, "s", 2) == 1
    assert noted(log, policy(1), UNKNOWN, "another source", 3) == 2
    assert noted(log, policy(2), UNKNOWN, "s", 4) == 3
    assert noted(log, policy(1), UNKNOWN, "s", 5) == 4


def test_the_last_good_policy_comes_back_or_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "last-good"
    good = LastGood(path, "the database")
    assert good.read() is None
    came = BY_ADA._replace(number=7)
    good.write(HOSTILE, came)
    found = good.read()
    assert found is not None and (found.files, found.came) == (HOSTILE, came)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Misconfigured, match="is of `the database`, and this server's source is `git x`"):
        LastGood(path, "git x").read()
    data = path.read_bytes()
    for position in range(0, len(data), 3):
        path.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        try:
            found = good.read()
        except Misconfigured as error:
            assert "is damaged" in str(error)
            continue
        assert found is not None and (found.files, found.came) == (HOSTILE, came), "read, and another one"
    for length in range(0, len(data), 5):
        path.write_bytes(data[:length])
        with pytest.raises(Misconfigured, match="is damaged"):
            good.read()
    path.write_bytes(data)
    path.chmod(0o644)
    with pytest.raises(Misconfigured, match="read or written by others"):
        good.read()


def test_confirming_keeps_it_young(tmp_path: Path) -> None:
    good = LastGood(tmp_path / "last-good", "s")
    good.write(policy(1), UNKNOWN)
    os.utime(tmp_path / "last-good", (1_000, 1_000))
    good.confirm()
    found = good.read()
    assert found is not None and found.seen == 1_000_000_000, "not more often than every second"
    LastGood(tmp_path / "last-good", "s").confirm()
    found = good.read()
    assert found is not None and found.seen > 1_000_000_000


def out_of_reach() -> tuple[dict[str, bytes], Provenance]:
    raise CouldNotDecide("it is away")


READS: dict[str, Callable[[], tuple[dict[str, bytes], Provenance]]] = {
    "out of reach": out_of_reach,
    "a policy that fails": lambda: (FAILING, UNKNOWN),
}


@pytest.mark.parametrize("what", READS)
def test_a_server_begins_with_the_last_good_policy_if_there_is_one(
    what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = LastGood(tmp_path / "last-good", "s")
    with pytest.raises(RemitError):
        first_of(READS[what], good, 1)
    good.write(GOOD, UNKNOWN._replace(number=3))
    first = first_of(READS[what], good, 1)
    assert (first.files, first.came.number, bool(first.lost)) == (GOOD, 3, True)
    assert f"STARTING BY THE LAST GOOD POLICY, revision {revision_of(GOOD)[:12]}" in caplog.text
    (tmp_path / "last-good").write_bytes(b"remit policy 1\n")
    with pytest.raises(RemitError):
        first_of(READS[what], good, 1)
    assert "is damaged" in caplog.text


def test_a_source_in_reach_is_what_counts(tmp_path: Path) -> None:
    good = LastGood(tmp_path / "last-good", "s")
    good.write(GOOD, UNKNOWN)
    first = first_of(lambda: (WITHOUT, UNKNOWN), good, 1)
    assert (first.files, first.lost, first.seen) == (WITHOUT, "", 1)


class Full(LastGood):
    """A disk that is full for so many times."""

    times = 0

    def write(self, files: Mapping[str, bytes], came: Provenance) -> None:
        self.times -= 1
        if self.times >= 0:
            raise Misconfigured("the disk is full")
        super().write(files, came)


def test_what_could_not_be_put_on_disk_is_tried_again_and_makes_nothing_older_young(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that begins by a policy from before a right was revoked must at least know how old it is."""
    good = Full(tmp_path / "last-good", "s")
    revision = [revision_of(policy(1))]
    seen: list[tuple[str, bool]] = []

    class Looked:
        def follow(self, _: object, offer: Callable[..., None], __: object) -> None:
            for _ in range(4):
                good._confirmed = 0.0
                offer(policy(2), UNKNOWN)
                found = good.read()
                assert found is not None
                seen.append((revision_of(found.files), found.seen > 1_000_000_000))

        def wake(self) -> None: ...

    def standing() -> Standing:
        return Standing(revision[0], 1, "s", 1, None)

    kept = Kept(Looked(), standing, None, good)
    kept.first(policy(1), UNKNOWN, 1, on_disk=False)
    os.utime(tmp_path / "last-good", (1_000, 1_000))
    good.times = 2
    one, two = revision_of(policy(1)), revision_of(policy(2))

    def offered(files: dict[str, bytes], came: Provenance) -> None:
        if revision[0] != two:
            kept.going_live(files, came)
        revision[0] = two

    kept.follow(threading.Event(), offered, lambda _: None)
    assert seen == [(one, False), (one, False), (two, True), (two, True)]
    assert caplog.text.count("could not be put on disk") == 1


class Once:
    """A source that holds these policies, one after the other."""

    def __init__(self, *held: tuple[dict[str, bytes], Provenance]) -> None:
        self.held = held

    def follow(self, _: object, offer: Callable[..., None], __: object) -> None:
        for each in self.held:
            offer(*each)

    def wake(self) -> None: ...


def test_what_answers_is_on_disk_already(tmp_path: Path) -> None:
    """Whoever is killed between the two would begin with the policy before, from which a right was revoked."""
    good = LastGood(tmp_path / "last-good", "s")
    live = LivePolicy(Snapshot(read_policy(GOOD)), "s", 1)
    kept = Kept(Once((WITHOUT, UNKNOWN)), live.standing, None, good)
    kept.first(GOOD, UNKNOWN, 1, on_disk=False)
    live.going_live = kept.going_live
    there: list[bool] = []

    def swapping(files: Mapping[str, bytes]) -> None:
        found = good.read()
        there.append(found is not None and found.files == files and live.current().revision == revision_of(GOOD))

    live.went_live = swapping
    kept.follow(threading.Event(), lambda files, came: live.offer(files, 2, faults_of, came), lambda _: None)
    assert there == [True] and live.current().revision == revision_of(WITHOUT)


def test_a_policy_that_came_back_is_kept_as_of_its_last_time(tmp_path: Path) -> None:
    """A server that missed the one between knows that the log has gone on."""
    good = LastGood(tmp_path / "last-good", "the database")
    live = LivePolicy(Snapshot(read_policy(GOOD)), "s", 1)
    kept = Kept(Once((GOOD, UNKNOWN._replace(number=3))), live.standing, None, good)
    kept.first(GOOD, UNKNOWN._replace(number=1), 1, on_disk=False)
    kept.follow(threading.Event(), lambda files, came: live.offer(files, 2, faults_of, came), lambda _: None)
    found = good.read()
    assert found is not None and found.came.number == 3
