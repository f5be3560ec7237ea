"""`remit serve --workers N` as processes: all answer by the same policy, whoever dies is replaced, and whoever is told
to stop answers what it has begun to. `REMIT_KILLS=200` kills more often.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from asking import NO, YES
from commands import REMIT, written
from remit.core.policy import revision_of
from test_serve import ask, free, free_port, running, token
from test_watch import BROKEN, GOOD, PATIENCE, WITHOUT, Followed

N = 2
AT_A_TIME = 20
"""Workers of one server that are killed; who dies more often than that is replaced after longer and longer pauses."""


def workers_of(supervisor: int) -> set[int]:
    """The processes that answer: those that listen, and that another forked for it, which holds the socket too while it
    forks."""
    return {pid for pid in below(supervisor) if _listens(pid) and parent_of(pid) != supervisor}


def parent_of(process: int) -> int:
    """Who started it, or has it now; 0 if it is gone."""
    with suppress(OSError):
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def below(process: int) -> list[int]:
    """The processes that one has started, and those that these have."""
    found = []
    with suppress(OSError):
        for each in Path(f"/proc/{process}/task").glob("*/children"):  # of whichever thread
            for child in map(int, each.read_text().split()):
                found += [child, *below(child)]
    return found


def _listens(pid: int) -> bool:
    listening = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A":
            listening.add(f"socket:[{fields[9]}]")
    with suppress(OSError):
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if str(each.readlink()) in listening:
                    return True
    return False


def gone(pids: set[int]) -> bool:
    return not any(_alive(pid) for pid in pids)


def _alive(pid: int) -> bool:
    """Is there such a process, and is it more than one that nobody has buried yet?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Several(Followed):
    """A server of several processes."""

    def __init__(self, directory: Path, port: int, server: subprocess.Popen[str]) -> None:
        super().__init__(directory, port)
        self.server = server

    def workers(self) -> set[int]:
        return workers_of(self.server.pid)

    def revisions(self, times: int = 30) -> set[str]:
        """The revisions by which fresh connections are answered."""
        return {ask(self.port, YES, self.token).headers["remit-revision"] for _ in range(times)}


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def several(tmp_path: Path, port: int) -> Iterator[Several]:
    policy = written(GOOD, tmp_path)
    with running(policy, port, "--watch", "--workers", str(N)) as server:
        yield Several(policy, port, server)


def everybody(several: Several) -> dict[int, dict[str, Any]]:
    """What each worker says of how it stands, by its process: the others are stopped while one is asked."""
    said = {}
    workers = several.workers()
    for one in workers:
        others = workers - {one}
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        try:
            said[one] = several.status()
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)
    return said


def test_every_worker_stands_the_same_and_a_broken_policy_changes_none(several: Several) -> None:
    assert len(several.workers()) == N
    written(WITHOUT, several.directory)
    several.until(lambda: several.revisions() == {revision_of(WITHOUT)})
    written(BROKEN, several.directory)
    several.until(lambda: "refused" in several.status())
    several.until(lambda: len({str(each) for each in everybody(several).values()}) == 1)
    said = everybody(several)
    assert len(said) == N
    for each in said.values():
        assert each["revision"] == revision_of(WITHOUT) and each["refused"]["revision"] == revision_of(BROKEN)
        assert each["workers"] == {"number": N, "behind": 0}
    assert not several.decides() and not several.decides(NO)


def test_a_policy_that_grew_too_old_is_too_old_everywhere(tmp_path: Path, port: int) -> None:
    policy = written(GOOD, tmp_path)
    with running(policy, port, "--watch", "--workers", "2", REMIT_MAX_POLICY_AGE="1"):
        bearer = token(policy, "application:tests")

        def codes() -> set[int]:
            return {ask(port, YES, bearer).status_code for _ in range(30)}

        followed = Followed(policy, port)
        assert codes() == {200}
        shutil.move(policy / "policies", policy / "away")
        until = time.monotonic() + PATIENCE
        while codes() != {503}:
            assert time.monotonic() < until
        shutil.move(policy / "away", policy / "policies")
        followed.until(lambda: codes() == {200})


def test_who_is_killed_is_replaced_and_the_new_one_knows_what_is_live(several: Several) -> None:
    before = several.workers()
    written(WITHOUT, several.directory)
    several.until(lambda: several.revisions() == {revision_of(WITHOUT)})
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    several.until(lambda: len(several.workers()) == N)
    assert not several.workers() & before
    assert several.revisions() == {revision_of(WITHOUT)}
    several.until(lambda: several.status()["workers"]["behind"] == 0)


def test_counts_are_those_of_all_and_never_fall(several: Several) -> None:
    for _ in range(60):
        several.decides()

    def counted() -> float:
        lines = several.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("remit_decisions_total{"))

    assert counted() >= 60
    first = counted()
    for pid in several.workers():
        os.kill(pid, signal.SIGKILL)
    several.until(lambda: len(several.workers()) == N)
    several.decides()
    assert counted() >= first + 1


def test_a_worker_whose_supervisor_dies_ends(several: Several) -> None:
    workers = several.workers()
    several.server.kill()
    until = time.monotonic() + PATIENCE
    while not gone(workers) or not free(several.port):
        assert time.monotonic() < until, "somebody answers by a policy that nobody follows"
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_was_begun_is_answered_before_all_leave(several: Several, how: signal.Signals) -> None:
    workers = several.workers()
    body = b'{"subject":{"type":"user","id":"ada"},"action":{"name":"create"},' + (
        b'"resource":{"type":"environment","id":"new"}}'
    )
    head = (
        f"POST /access/v1/evaluation HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {several.token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode()
    links = [socket.create_connection(("127.0.0.1", several.port), PATIENCE) for _ in range(12)]
    for link in links:
        link.sendall(head + body[:10])
    time.sleep(0.5)
    several.server.send_signal(how)
    time.sleep(0.3)
    for link in links:
        link.sendall(body[10:])
        assert link.recv(65_536).startswith(b"HTTP/1.1 200 ")
        link.close()
    _, err = several.server.communicate(timeout=PATIENCE)
    assert (several.server.returncode, err) == (0, "")
    assert gone(workers) and free(several.port)


def test_who_does_not_leave_is_ended_and_a_second_word_from_the_keyboard_waits_for_nobody(several: Several) -> None:
    workers = several.workers()
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    several.server.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert several.server.poll() is None
    several.server.send_signal(signal.SIGINT)
    _, err = several.server.communicate(timeout=5)
    assert several.server.returncode == 0 and "Traceback" not in err and gone(workers)


def test_a_stop_is_over_within_ten_seconds_whatever_happens(several: Several) -> None:
    workers = several.workers()
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    several.server.send_signal(signal.SIGTERM)
    _, err = several.server.communicate(timeout=10)
    assert several.server.returncode == 0 and "did not leave in time" in err and gone(workers)


def test_a_hangup_lets_the_source_be_looked_at_and_ends_nobody(several: Several) -> None:
    workers = several.workers()
    for pid in (several.server.pid, *workers):
        os.kill(pid, signal.SIGHUP)
    written(WITHOUT, several.directory)
    several.until(lambda: several.revisions() == {revision_of(WITHOUT)})
    assert several.workers() == workers


@pytest.mark.parametrize("seed", range(max(1, int(os.environ.get("REMIT_KILLS", "0")) // AT_A_TIME)))
def test_who_is_killed_while_a_policy_changes_leaves_old_or_new_and_nothing_else(several: Several, seed: int) -> None:
    """Workers die at random moments, under load, while two policies that disagree take each other's place."""
    chance, done = random.Random(seed), threading.Event()
    found: list[tuple[bool, str]] = []
    failed: list[str] = []

    def load() -> None:
        while not done.is_set():
            with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
                try:
                    answer = client.post(
                        f"http://127.0.0.1:{several.port}/access/v1/evaluation",
                        json=YES,
                        headers={"authorization": f"Bearer {several.token}"},
                    )
                except httpx.TransportError as error:
                    failed.append(repr(error))
                    continue
                assert answer.status_code == 200
                found.append((answer.json()["decision"], answer.headers["remit-revision"]))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(AT_A_TIME):
        files = WITHOUT if number % 2 == 0 else GOOD
        written(files, several.directory)
        time.sleep(chance.random() * 0.6)
        workers = sorted(several.workers())
        if workers:
            os.kill(chance.choice(workers), signal.SIGKILL)
        several.until(lambda: found and found[-1][1] == revision_of(files))  # noqa: B023
    several.until(lambda: several.revisions() == {revision_of(GOOD)})
    done.set()
    for thread in threads:
        thread.join()
    several.until(lambda: several.status()["workers"]["behind"] == 0)
    assert set(found) == {(True, revision_of(GOOD)), (False, revision_of(WITHOUT))}
    assert len(failed) <= 2 * AT_A_TIME, "only what was under way at a worker that died is lost"


def test_what_keeps_all_from_starting_is_said_once(tmp_path: Path, port: int) -> None:
    policy = written(GOOD, tmp_path)
    with socket.create_server(("127.0.0.1", port)):
        found = subprocess.run(
            [REMIT, "serve", "--workers", "2", "--port", str(port)], cwd=policy, capture_output=True, text=True
        )
    assert found.returncode == 2 and found.stderr.startswith("remit: remit cannot listen on")


def test_another_takes_the_place_of_a_supervisor_that_was_killed(several: Several) -> None:
    several.server.kill()
    with running(several.directory, several.port, "--watch", "--workers", str(N)):
        assert several.revisions() == {revision_of(GOOD)}
