"""`remit serve --watch` as a process: what is written into the policy directory goes live if it may, and if not, says
where and since when; what is being written, or written badly, changes no answer.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from asking import NO, YES
from commands import started, written
from readable import FILES
from remit.adapters import watching
from remit.adapters.watching import WatchedDirectory
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide
from remit.following import following
from remit.service.live import LivePolicy
from server import with_caller
from test_serve import ask, free_port, running, token

PATIENCE = 30.0
CASES = {"policies/cases/all.csv": b"deny, user:bob, create, environment, project:vision,\n"}
RULES = "policies/access_rules.csv"
ADMIN = b"g, application:tests, overseer, *\n"
VIEW = {
    "policies/vocabulary.csv": b"policy, view, home, look at the policy\n",
    "policies/service_roles.csv": b"p, overseer, *, policy, view\n",
    RULES: ADMIN,
}
GOOD = with_caller({**FILES, **CASES, **{name: FILES.get(name, b"") + data for name, data in VIEW.items()}})
WITHOUT = {**GOOD, RULES: GOOD[RULES].replace(b"g, user:ada, researcher, project:vision\n", b"")}
BROKEN = {**GOOD, RULES: GOOD[RULES] + b"g, user:eve, no-such-role, *\n"}
FAILING = {**GOOD, RULES: GOOD[RULES] + b"g, user:bob, researcher, project:vision\n"}


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return written(GOOD, tmp_path)


class Followed:
    """A server that follows a directory, and those who ask it."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self.token = token(directory, "application:tests")

    def decides(self, question: Any = YES) -> bool:
        answer = ask(self.port, question, self.token)
        assert answer.status_code == 200, answer.text
        return bool(answer.json()["decision"])

    def get(self, path: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        with httpx.Client(trust_env=False, timeout=PATIENCE, headers=headers) as client:
            return client.get(f"http://127.0.0.1:{self.port}{path}")

    def status(self) -> Any:
        answer = self.get("/v1/policy/status")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until(self, there: Callable[[], Any]) -> float:
        """Wait until something is so; how many seconds that took."""
        began = time.monotonic()
        while not there():
            assert time.monotonic() - began < PATIENCE, self.status()
            time.sleep(0.02)
        return time.monotonic() - began


@pytest.fixture
def followed(policy: Path, port: int) -> Iterator[Followed]:
    with running(policy, port, "--watch"):
        yield Followed(policy, port)


def test_what_is_written_goes_live_and_what_is_wrong_does_not(followed: Followed) -> None:
    assert followed.decides(YES) and not followed.decides(NO)
    status = followed.status()
    assert (status["revision"], status["source"]) == (revision_of(GOOD), "directory policies")
    assert "refused" not in status

    written(WITHOUT, followed.directory)
    followed.until(lambda: not followed.decides())
    status = followed.status()
    assert status["revision"] == revision_of(WITHOUT)

    written(BROKEN, followed.directory)
    followed.until(lambda: "refused" in followed.status())
    after, refused = followed.status(), followed.status()["refused"]
    assert status["since"] == after["since"] < refused["since"] <= after["checked"]
    (found,) = [each for each in refused["findings"] if each["error"]]
    assert (found["code"], found["line"], found["column"]) == ("R013", BROKEN[RULES].count(b"\n"), 14)
    assert refused["revision"] == revision_of(BROKEN) and not followed.decides()
    ready = followed.get("/readyz").json()
    assert ready["revision"] == revision_of(WITHOUT)
    assert ready["refused"]["places"] == [f"{RULES}:{found['line']}:14 R013"]

    written(FAILING, followed.directory)
    followed.until(lambda: followed.status()["refused"]["faults"])
    assert "policies/cases/all.csv:1" in followed.status()["refused"]["faults"][0]
    assert not followed.decides() and not followed.decides(NO)

    written(GOOD, followed.directory)
    followed.until(followed.decides)
    assert "refused" not in followed.status() and "refused" not in followed.get("/readyz").json()


def test_a_directory_that_is_gone_leaves_the_last_good_policy(followed: Followed) -> None:
    away = followed.directory / "away"
    (followed.directory / "policies").rename(away)
    followed.until(lambda: "refused" in followed.status())
    assert followed.decides() and "no policy directory" in followed.status()["refused"]["faults"][0]
    written(WITHOUT, followed.directory)
    followed.until(lambda: not followed.decides())


def test_a_directory_that_is_swapped_by_a_link_goes_live(policy: Path, port: int) -> None:
    (policy / "policies").rename(policy / "one")
    written({name.replace("policies/", "two/"): data for name, data in WITHOUT.items()}, policy)
    (policy / "policies").symlink_to("one")
    with running(policy, port, "--watch"):
        followed = Followed(policy, port)
        assert followed.decides()
        (policy / "next").symlink_to("two")
        (policy / "next").rename(policy / "policies")
        followed.until(lambda: not followed.decides())


def test_a_policy_that_grew_too_old_decides_nothing(policy: Path, port: int) -> None:
    with running(policy, port, "--watch", REMIT_MAX_POLICY_AGE="1"):
        followed = Followed(policy, port)
        shutil.move(policy / "policies", policy / "away")
        followed.until(lambda: ask(port, YES, followed.token).status_code == 503)
        assert followed.get("/readyz").status_code == 503
        shutil.move(policy / "away", policy / "policies")
        followed.until(lambda: ask(port, YES, followed.token).status_code == 200)


def test_an_age_without_a_source_that_is_followed_is_refused(policy: Path, port: int) -> None:
    process = started("serve", "--port", str(port), directory=policy, REMIT_MAX_POLICY_AGE="60")
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, "") and "--watch" in err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_leaves_nobody_behind(policy: Path, port: int, how: signal.Signals) -> None:
    with running(policy, port, "--watch") as server:
        followed = Followed(policy, port)
        written(WITHOUT, policy)
        followed.until(lambda: not followed.decides())
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.pid)], capture_output=True, text=True)
        children = [int(each) for each in listed.stdout.split()]
        assert children, "policies are checked in a process of their own"
        server.send_signal(how)
        _, err = server.communicate(timeout=PATIENCE)
        assert "Traceback" not in err
        followed.until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


def test_what_cannot_be_read_is_told_once_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(GOOD, tmp_path)
    source = WatchedDirectory(tmp_path / "policies", tmp_path / "model.conf")
    live = LivePolicy(Snapshot(read_policy(GOOD)), str(source))
    with following(live, source):
        (tmp_path / "policies").rename(tmp_path / "gone")  # at once: half of a directory is another matter
        while live.standing().refused is None:
            time.sleep(0.05)
        first = live.standing()
        time.sleep(3 * watching.LOOK)  # it is looked at in vain again and again
    assert live.standing() == first
    (told,) = [record for record in caplog.records if record.name == "remit"]
    assert "the policy cannot be read; revision" in told.getMessage()


def test_a_directory_in_which_nothing_changes_is_in_reach(tmp_path: Path) -> None:
    """Its age is since it was last looked at, not since it last changed: the first bad look is no long absence."""
    written(GOOD, tmp_path)
    source = WatchedDirectory(tmp_path / "policies", tmp_path / "model.conf")
    live = LivePolicy(Snapshot(read_policy(GOOD)), str(source), time.time_ns() // 1_000, max_age=2_000_000)
    with following(live, source):
        time.sleep(3 * watching.LOOK)
        began = live.standing().checked
        (tmp_path / "policies").rename(tmp_path / "gone")
        while live.standing().refused is None:
            time.sleep(0.02)
        live.current()
        until = time.monotonic() + PATIENCE
        with pytest.raises(CouldNotDecide, match="too old"):
            while time.monotonic() < until:
                live.current()
                time.sleep(0.02)
    assert live.standing().checked >= began


def test_a_checkout_under_way_is_left_alone(tmp_path: Path) -> None:
    written(GOOD, tmp_path)
    (tmp_path / ".git").mkdir()
    lock = tmp_path / ".git" / "index.lock"
    lock.touch()
    source = WatchedDirectory(tmp_path / "policies", tmp_path / "model.conf")
    assert source.look() is None, "git is writing"
    lock.unlink()
    found = source.look()
    assert found == GOOD
    assert source.look() is found, "nothing has changed since"


def test_two_readings_that_differ_are_not_a_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(GOOD, tmp_path)
    readings = iter([GOOD, WITHOUT])
    monkeypatch.setattr(watching, "read_directory", lambda *_: next(readings, WITHOUT))
    source = WatchedDirectory(tmp_path / "policies", tmp_path / "model.conf")
    assert source.look() is None
    assert source.look() == WITHOUT
