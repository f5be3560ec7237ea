"""A branch of a git repository as the source: what follows goes live, what was rewritten does not until it is
meant, and a repository that is gone leaves the last good policy (threats, row 33).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import written
from readable import FILES
from remit.adapters import git_mirror, git_source
from remit.adapters.git_address import Address
from remit.adapters.git_mirror import Mirror
from remit.adapters.git_source import MOST_AUTHOR, MOST_MESSAGE, GitSource, provenance
from remit.core.history import How, Provenance
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.errors import Misconfigured
from remit.following import following
from remit.service.live import LivePolicy
from repositories import committed, git, repository

RULES = "policies/access_rules.csv"
REF = "refs/heads/main"


def numbered(number: int) -> dict[str, bytes]:
    """A policy that says in two of its files which one it is."""
    mark = b"# %d\n" % number
    return {**FILES, RULES: FILES[RULES] + mark, "policies/roles.csv": FILES["policies/roles.csv"] + mark}


FIRST, SECOND, THIRD, FOURTH = (numbered(number) for number in range(4))


def source(remote: Path, state: Path, accept: str | None = None, poll: float = 0.05, ref: str = REF) -> GitSource:
    address = Address(str(remote), "file")
    return GitSource(Mirror(state / "policy.git", address, ref), address, ref, "policies", "model.conf", poll, accept)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    repository(tmp_path / "remote", FIRST)
    return tmp_path / "remote"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_what_the_branch_holds_is_read_from_its_commit(remote: Path, state: Path) -> None:
    one = source(remote, state)
    looked = one.look()
    assert looked.files == FIRST and looked.commit == git(remote, "rev-parse", "HEAD")
    written({RULES: b"not committed\n"}, remote)
    assert one.look() == looked
    committed(remote, SECOND, "let ada in\n\nbecause")
    looked = one.look()
    assert looked.files == SECOND
    assert looked.came == Provenance(
        How.FOLLOWED, "t <t@example.com>", False, "let ada in", commit=git(remote, "rev-parse", "HEAD")
    )
    assert str(one) == f"git {remote} {REF}"
    assert (state / "policy.git").stat().st_mode & 0o077 == 0, "nobody else's business"


def test_other_branches_and_tags_stay_where_they_are(remote: Path, state: Path) -> None:
    git(remote, "tag", "v1")
    git(remote, "checkout", "-q", "-b", "other")
    committed(remote, SECOND)
    assert source(remote, state).look().files == FIRST
    assert git(state / "policy.git", "for-each-ref", "--format=%(refname)").split() == [
        "refs/remit/seen",
        "refs/remit/tip",
    ]
    assert source(remote, state, ref="refs/heads/other").look().files == SECOND, "it follows"
    with pytest.raises(Misconfigured, match="goes back to"):
        source(remote, state, ref="refs/tags/v1").look()


def test_an_annotated_tag_is_the_commit_that_it_names(remote: Path, state: Path) -> None:
    git(remote, "tag", "-a", "live", "-m", "x")
    assert source(remote, state, ref="refs/tags/live").look().commit == git(remote, "rev-parse", "HEAD")


def test_a_policy_further_down_is_found(tmp_path: Path, state: Path) -> None:
    repository(tmp_path / "remote", {f"team/a/{name}": data for name, data in FIRST.items()})
    address = Address(str(tmp_path / "remote"), "file")
    mirror = Mirror(state / "policy.git", address, REF)
    assert GitSource(mirror, address, REF, "team/a/policies", "team/a/model.conf", 1).look().files == FIRST
    with pytest.raises(Misconfigured, match="there is no policy in `policies` at"):
        GitSource(mirror, address, REF, "policies", "model.conf", 1).look()


# rewritten history


def rewritten(remote: Path, onto: str) -> str:
    """The branch begun anew from an older commit; its tip."""
    git(remote, "reset", "-q", "--hard", onto)
    return committed(remote, THIRD)


def orphaned(remote: Path) -> None:
    """The branch begun anew from nothing."""
    git(remote, "checkout", "-q", "--orphan", "x")
    committed(remote, FOURTH)
    git(remote, "branch", "-qfM", "main")


@pytest.mark.parametrize(
    ("move", "how"),
    [
        (lambda remote: git(remote, "reset", "-q", "--hard", "HEAD~1"), "goes back to"),
        (lambda remote: rewritten(remote, "HEAD~1"), "was rewritten to"),
        (orphaned, "was rewritten to"),
    ],
)
def test_a_branch_that_is_moved_back_or_aside_is_refused_also_after_a_restart(
    remote: Path, state: Path, move: Callable[[Path], object], how: str
) -> None:
    seen = committed(remote, SECOND)
    one = source(remote, state)
    one.look()
    move(remote)
    tip = git(remote, "rev-parse", "main")
    for each in (one, one, source(remote, state)):
        with pytest.raises(Misconfigured, match=f"{how} {tip}, which does not follow {seen}; .*ACCEPT={tip}"):
            each.look()
    git(remote, "reset", "-q", "--hard", seen)
    assert one.look().files == SECOND == source(remote, state).look().files, "as it was"


def test_a_tip_that_was_refused_by_its_policy_counts_as_seen(remote: Path, state: Path) -> None:
    bad = committed(remote, {**FIRST, RULES: b"no such line\n"})
    source(remote, state).look()
    git(remote, "reset", "-q", "--hard", "HEAD~1")
    with pytest.raises(Misconfigured, match=f"does not follow {bad}"):
        source(remote, state).look()


def test_a_tip_that_cannot_be_read_counts_as_seen_and_is_mended_by_what_follows(remote: Path, state: Path) -> None:
    git(remote, "rm", "-rq", "policies")
    git(remote, "commit", "-qm", "x")
    one = source(remote, state)
    with pytest.raises(Misconfigured, match="there is no policy"):
        one.look()
    committed(remote, SECOND)
    assert one.look().files == SECOND


def test_what_is_accepted_is_taken_once(remote: Path, state: Path) -> None:
    committed(remote, SECOND)
    source(remote, state).look()
    tip = rewritten(remote, "HEAD~1")
    with pytest.raises(Misconfigured, match="does not follow"):
        source(remote, state, accept=git(remote, "rev-parse", "HEAD~1")).look()
    one = source(remote, state, accept=tip)
    assert one.look().files == THIRD == source(remote, state).look().files
    committed(remote, FOURTH)
    assert one.look().files == FOURTH
    git(remote, "reset", "-q", "--hard", tip)
    for each in (one, source(remote, state, accept=tip)):
        with pytest.raises(Misconfigured, match="goes back to"):
            each.look()


def test_a_replaced_object_changes_no_history(remote: Path, state: Path) -> None:
    committed(remote, SECOND)
    one = source(remote, state)
    one.look()
    seen = git(remote, "rev-parse", "HEAD")
    tip = rewritten(remote, "HEAD~1")
    with pytest.raises(Misconfigured, match="was rewritten to"):
        one.look()
    for place in (remote, state / "policy.git"):
        git(place, "replace", "--graft", tip, seen)
        git(place, "merge-base", "--is-ancestor", seen, tip)  # git itself would be taken in
    with pytest.raises(Misconfigured, match="was rewritten to"):
        one.look()


def test_a_mirror_that_lost_what_was_seen_takes_nothing(remote: Path, state: Path) -> None:
    source(remote, state).look()
    for damage in ("", "0" * 40 + "\n", "f" * 40 + "\n"):
        (state / "policy.git/refs/remit/seen").write_text(damage)
        with pytest.raises(Misconfigured, match="is damaged"):
            source(remote, state).look()


# what a commit says of itself


def test_what_a_commit_says_is_bounded_and_can_be_seen() -> None:
    def told(author: bytes, message: bytes) -> tuple[str, str]:
        came = provenance("c", b"tree 1\nauthor %b 1700000000 +0100\ncommitter x\n\n%b" % (author, message))
        assert not came.verified and came.commit == "c"
        return came.author, came.message

    assert told(b"Ada <ada@example.com>", b"one\ntwo\n") == ("Ada <ada@example.com>", "one")
    assert told("Zoë <z>".encode(), b"\n\n  spaced \r\n") == ("Zoë <z>", "spaced")
    assert told(b"\x1b[31mred\x07 \xff", "a\u202eb\u200bc".encode()) == ("[31mred", "abc")
    author, message = told(b"a" * 10_000, b"m" * 10_000)
    assert (author, message) == ("a" * MOST_AUTHOR + "…", "m" * MOST_MESSAGE + "…")
    assert provenance("c", b"no commit at all") == Provenance(commit="c")
    assert provenance("c", b"tree 1\n\nauthor in the message 1700000000 +0100").author == ""


# followed


@contextmanager
def followed(one: GitSource) -> Iterator[LivePolicy]:
    live = LivePolicy(Snapshot(read_policy(FIRST)), str(one))
    with following(live, one):
        yield live


def until(there: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not there():
        assert time.monotonic() < end
        time.sleep(0.01)


def faults(live: LivePolicy) -> str:
    refused = live.standing().refused
    return "" if refused is None else " ".join(refused.faults)


def test_what_follows_goes_live_and_what_was_rewritten_is_told(remote: Path, state: Path) -> None:
    with followed(source(remote, state)) as live:
        committed(remote, SECOND)
        until(lambda: live.standing().revision == revision_of(SECOND))
        tip = git(remote, "rev-parse", "HEAD")
        rewritten(remote, "HEAD~1")
        until(lambda: "which does not follow" in faults(live))
        assert live.standing().revision == revision_of(SECOND) == live.current().revision
        git(remote, "reset", "-q", "--hard", tip)
        committed(remote, {**SECOND, RULES: SECOND[RULES] + b"g, user:eve, no-such-role, *\n"})
        until(lambda: (refused := live.standing().refused) is not None and refused.findings)
        assert live.current().revision == revision_of(SECOND)
        committed(remote, FOURTH)
        until(lambda: live.standing().revision == revision_of(FOURTH) and live.standing().refused is None)


def test_a_repository_that_is_gone_is_told_and_found_again(remote: Path, state: Path) -> None:
    with followed(source(remote, state)) as live:
        until(lambda: live.standing().checked)
        remote.rename(remote.with_name("away"))
        until(lambda: "cannot be fetched" in faults(live))
        assert live.current().revision == revision_of(FIRST)
        first = live.standing()
        time.sleep(0.3)
        assert live.standing() == first, "it is told once"
        remote.with_name("away").rename(remote)
        committed(remote, SECOND)
        until(lambda: live.standing().revision == revision_of(SECOND) and not faults(live))


def test_looking_says_that_the_source_was_reached(remote: Path, state: Path) -> None:
    with followed(source(remote, state)) as live:
        until(lambda: live.standing().checked)
        before = live.standing()
        until(lambda: live.standing().checked > before.checked)
        assert live.standing().since == before.since


def test_out_of_reach_it_is_looked_at_less_often_and_yet_gets_too_old(remote: Path, state: Path) -> None:
    one = source(remote / "nowhere", state, poll=0.01)
    looks: list[float] = []
    told: list[str] = []
    stop = threading.Event()
    look = one.look

    def counted(*arguments: threading.Event | None) -> git_source.Looked:
        looks.append(time.monotonic())
        return look(*arguments)

    one.look = counted  # type: ignore[method-assign]
    thread = threading.Thread(target=one.follow, args=(stop, lambda *_: None, told.append), daemon=True)
    thread.start()
    until(lambda: len(told) > 40)
    stop.set()
    thread.join(10)
    assert not thread.is_alive() and 3 < len(looks) < 12 < len(told) and len(set(told)) == 1


def test_who_wakes_it_need_not_wait(remote: Path, state: Path) -> None:
    one = source(remote, state, poll=3_600)
    with followed(one) as live:
        until(lambda: live.standing().checked)
        committed(remote, SECOND)
        one.wake()
        until(lambda: live.standing().revision == revision_of(SECOND))


def test_who_stops_it_need_not_wait_for_a_repository_that_does_not_answer(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "sleep 60 #")
    address = Address("ssh://host.invalid/x", "ssh")
    one = GitSource(Mirror(state / "policy.git", address, REF), address, REF, "policies", "model.conf", 1)
    stop = threading.Event()
    thread = threading.Thread(target=one.follow, args=(stop, lambda *_: None, lambda _: None), daemon=True)
    thread.start()
    time.sleep(0.5)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    slow = Mirror(state / "policy.git", address, REF, seconds=1)
    with pytest.raises(Misconfigured, match=r"`ssh://host.invalid/x` cannot be fetched: git did not answer within 1 s"):
        slow.fetch()


def test_pushes_that_come_fast_are_read_whole_and_in_order(
    remote: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_mirror, "MOST_PACKS", 5)  # made one many times meanwhile
    pushed, seen = 60, []
    whole = {revision_of(numbered(number)): number for number in range(pushed)}
    done = threading.Event()
    one = source(remote, state, poll=0.05)

    def push() -> None:
        for number in range(1, pushed):
            committed(remote, numbered(number))
        done.set()

    stop = threading.Event()
    lost: list[str] = []
    follow = threading.Thread(
        target=one.follow, args=(stop, lambda files, _: seen.append(revision_of(files)), lost.append), daemon=True
    )
    pusher = threading.Thread(target=push, daemon=True)
    follow.start()
    pusher.start()
    until(lambda: one.wake() or (done.is_set() and seen and seen[-1] == revision_of(numbered(pushed - 1))))
    stop.set()
    follow.join(10)
    order = [whole[revision] for revision in seen]
    assert not lost and order == sorted(order) and len(set(order)) > 3
    assert len(list((state / "policy.git/objects/pack").glob("*.pack"))) <= 6
