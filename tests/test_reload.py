"""While policies come and go: every answer is the old one's or the new one's, no batch mixes two, nothing fails; and a
work tree that git is writing is never read half (threats, rows 3 and 4).
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections import Counter
from pathlib import Path

import pytest

from asking import question
from commands import written
from readable import FILES
from remit.adapters import watching
from remit.adapters.policy_files import read_directory
from remit.adapters.watching import WatchedDirectory
from remit.bootstrap import build_app
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.service.live import LivePolicy
from server import CALLERS, EVALUATIONS, SECRET, serving, with_caller

RULES = "policies/access_rules.csv"
ADA, BOB = b"g, user:ada, researcher, project:vision\n", b"g, user:bob, researcher, project:vision\n"
OLD = with_caller(FILES)
NEW = {**OLD, RULES: OLD[RULES].replace(ADA, BOB)}
MAY = {revision_of(OLD): (True, False), revision_of(NEW): (False, True)}
"""By revision: may Ada, and may Bob?"""

BATCH, CLIENTS, RELOADS, DECISIONS = 250, 3, 500, 1_000_000
LOADS, ATTEMPTS = 2_000, 1_000_000


def asked(name: str) -> dict[str, object]:
    return question(subject={"type": "user", "id": name})


def test_a_million_decisions_while_five_hundred_policies_come_and_go() -> None:
    live = LivePolicy(Snapshot(read_policy(OLD)))
    batch = {"evaluations": [asked("ada"), asked("bob")] * (BATCH // 2)}
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    left = threading.Semaphore(DECISIONS // BATCH)
    with serving(app=build_app(live, "http://127.0.0.1", CALLERS, SECRET)) as running:

        def ask() -> None:
            while left.acquire(blocking=False) and not wrong:
                answer = running.ask(batch, EVALUATIONS)
                if answer.status_code != 200:
                    wrong.append(answer.text)
                    return
                revision = answer.headers["remit-revision"]
                seen[revision] += 1
                given = [each["decision"] for each in answer.json()["evaluations"]]
                if given != list(MAY[revision]) * (BATCH // 2):
                    wrong.append(f"{revision}: {given}")

        clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        reloads = 0
        while any(client.is_alive() for client in clients):
            live.offer(NEW if reloads % 2 == 0 else OLD, reloads, lambda *_: ((), ()))
            reloads += 1
            clients[0].join(0.01)
    assert not wrong, wrong[:3]
    assert reloads >= RELOADS, f"{reloads} policies went live only"
    assert seen.keys() == MAY.keys() and min(seen.values()) > 100 and sum(seen.values()) == DECISIONS // BATCH


def git(directory: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "gc.auto=0")
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree with two branches whose policy is spread over many files, each different."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(tmp_path, "init", "-q", "-b", "old")
    for branch in ("old", "new"):
        if branch == "new":
            git(tmp_path, "checkout", "-q", "-b", branch)
        more = {f"policies/cases/{number}.csv": f"# {branch} {number}\n".encode() * 400 for number in range(40)}
        written({**{name: data + f"# {branch}\n".encode() for name, data in FILES.items()}, **more}, tmp_path)
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-q", "-m", branch)
    return tmp_path


class Switching:
    """Somebody who checks out one branch after the other."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._switch)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def _switch(self) -> None:
        while not self.done.is_set():
            for branch in ("old", "new"):
                git(self.tree, "checkout", "-q", branch)
                self.done.wait(0.002)


def revisions(tree: Path) -> set[str]:
    """The two policies that were ever committed."""
    found = set()
    for branch in ("old", "new"):
        git(tree, "checkout", "-q", branch)
        found.add(revision_of(read_directory(tree / "policies", tree / "model.conf")))
    return found


def test_a_checkout_under_way_is_never_taken_for_a_policy(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = revisions(tree)
    monkeypatch.setattr(watching, "CALM", 0.0)  # what a server waits for beside the lock does not help here
    source = WatchedDirectory(tree / "policies", tree / "model.conf")
    loads: Counter[str] = Counter()
    files: dict[str, bytes] | None = None
    with Switching(tree):
        for _ in range(ATTEMPTS):
            last, files = files, source.look()
            if files is not None and files is not last:
                loads[revision_of(files)] += 1
                if loads.total() == LOADS:
                    break
    assert len(whole) == 2 and loads.keys() <= whole, f"{sum(loads.values()) - sum(loads[each] for each in whole)} torn"
    assert loads.total() == LOADS, "hardly anything was read"


def test_whoever_reads_without_care_reads_torn_ones(tree: Path) -> None:
    whole, torn = revisions(tree), 0
    with Switching(tree):
        for _ in range(2_000):
            try:
                torn += revision_of(read_directory(tree / "policies", tree / "model.conf")) not in whole
            except Exception:
                torn += 1  # a file was gone between listing and reading
            if torn > 5:
                break
    assert torn > 5, "the experiment above would find nothing"
