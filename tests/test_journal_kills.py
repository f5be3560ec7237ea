"""Killed at any moment under load: whatever was answered is in the journal, whole and in its chain, and what was torn
is put aside and told. `REMIT_KILLS=200` kills more often.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from asking import YES
from commands import written
from publishing import OLD
from remit.adapters.journal.layout import lines_of, segments, writers
from remit.adapters.journal.reading import entries
from remit.core.journal.entries import Kind
from server import CALLER
from test_journal_ledger import holds
from test_serve import free_port, running, token

KILLS = int(os.environ.get("REMIT_KILLS", "12"))
SERVERS = max(2, KILLS // 8)
PATIENCE = 30.0


def sound(directory: Path) -> None:
    """All whole lines of each writer stand in one chain, and nothing whole was ever cut off."""
    for writer in writers(directory):
        lines = [line for segment in segments(directory, writer) for line, whole in lines_of(segment) if whole]
        assert holds(lines), writer
    assert all(entry.body["lines"] == 0 for entry in entries(directory) if entry.kind == Kind.TRIMMED)


def test_no_record_that_was_answered_is_lost(tmp_path: Path) -> None:
    chance = random.Random(os.environ.get("REMIT_SEED", "7"))
    kept: set[int] = set()
    for number in range(KILLS):
        first = 1 + number * 1_000_000
        command = [sys.executable, str(Path(__file__).with_name("journal_child.py")), str(tmp_path), str(first)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            said = child.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.15))
            child.kill()
            said += child.stdout.read()
        kept |= {int(line) for line in said.splitlines(keepends=True) if line.endswith(b"\n")}
        sound(tmp_path)
    found = [int(str(entry.body["caller"])[5:]) for entry in entries(tmp_path) if entry.kind == Kind.OPERATION]
    assert len(found) == len(set(found))
    assert len(kept) > KILLS and kept <= set(found)
    assert len(writers(tmp_path)) == 1


def asked_under_load(port: int, bearer: str, answered: set[str], stop: threading.Event, who: str) -> None:
    """Ask until told to stop, and remember the ids of requests that were answered."""
    headers = {"authorization": f"Bearer {bearer}"}
    with httpx.Client(trust_env=False, timeout=PATIENCE, headers=headers) as client:
        number = 0
        while not stop.is_set():
            number += 1
            id = f"{who}-{number}"
            try:
                answer = client.post(
                    f"http://127.0.0.1:{port}/access/v1/evaluation", json=YES, headers={"x-request-id": id}
                )
            except httpx.HTTPError:
                time.sleep(0.02)
                continue
            if answer.status_code == 200:
                answered.add(id)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_is_killed_has_kept_what_it_answered(tmp_path: Path, workers: str) -> None:
    directory, port, chance = written(OLD, tmp_path), free_port(), random.Random(os.environ.get("REMIT_SEED", "5"))
    bearer, answered = token(tmp_path, CALLER), set[str]()
    for round in range(SERVERS):
        stop = threading.Event()
        with running(directory, port, "--workers", workers) as server:
            who = [f"{round}-{each}" for each in range(4)]
            threads = [
                threading.Thread(target=asked_under_load, args=(port, bearer, answered, stop, each)) for each in who
            ]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.3, 0.8))
            server.kill()
            stop.set()
            for thread in threads:
                thread.join()
    with running(directory, port, "--workers", workers):  # what the last one left is put in order
        pass
    journal = directory / ".remit" / "journal"
    sound(journal)
    found = [entry.body["request"] for entry in entries(journal) if "request" in entry.body]
    assert len(answered) > SERVERS and answered <= set(found)
