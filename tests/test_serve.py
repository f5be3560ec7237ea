"""`remit serve` as a process: it starts on loopback only, and only with a policy whose cases come out as written; it
answers over HTTP, and leaves with exit code 0 when it is told to stop.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from asking import NO, YES
from commands import Ran, golden, really_ran, started, written
from readable import FILES, POLICY, with_cases
from test_cli import BROKEN

PATIENCE = 30.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def free(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A server over the readable policy that has said it answers."""
    files = {**FILES, "policies/cases/all.csv": b"allow, user:ada, create, environment, project:vision,\n"}
    process = started("serve", "--port", str(port), directory=written(files, tmp_path))
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"remit answers at http://127.0.0.1:{port} by revision ")
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def ask(port: int, question: object) -> tuple[int, str, object]:
    """Status, revision and body of the answer to one question."""
    url = f"http://127.0.0.1:{port}/access/v1/evaluation"
    body = json.dumps(question).encode()
    request = Request(url, body, {"content-type": "application/json"})
    for left in range(50, -1, -1):
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.headers["remit-revision"], json.load(answer)
        except OSError:
            if not left:
                raise
            time.sleep(0.1)
    raise AssertionError("not reached")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_stops_when_told(server: subprocess.Popen[str], port: int, how: signal.Signals) -> None:
    status, revision, body = ask(port, YES)
    assert (status, body) == (200, {"decision": True})
    assert len(revision) == len(POLICY.revision)
    assert ask(port, NO)[2] == {"decision": False}
    server.send_signal(how)
    out, err = server.communicate(timeout=PATIENCE)
    assert (server.returncode, out, err) == (0, "", "")
    assert free(port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_it_answers_on_loopback_only(host: str, tmp_path: Path, port: int) -> None:
    found = really_ran("serve", "--host", host, "--port", str(port), directory=written(FILES, tmp_path))
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith(f"remit: `{host}` is not a loopback address; callers are not authenticated")
    assert free(port)


def test_it_does_not_start_on_a_policy_that_does_not_load(tmp_path: Path, port: int) -> None:
    found = really_ran("serve", "--port", str(port), directory=written(BROKEN, tmp_path))
    assert found == Ran(3, "", golden("load_findings.txt"))
    assert free(port)


def test_it_does_not_start_on_a_policy_that_decides_otherwise_than_its_cases(tmp_path: Path, port: int) -> None:
    files = with_cases("deny, user:ada, create, environment, project:vision,\n")
    found = really_ran("serve", "--port", str(port), directory=written(files, tmp_path))
    place = "policies/cases/all.csv:1: expected deny, decided allow by policies/roles.csv:1"
    assert (found.code, found.out) == (3, "")
    assert found.err == (
        f"{place} and policies/access_rules.csv:1\nremit: the policy does not decide what it must: 1 fault\n"
    )
    assert free(port)


def test_it_does_not_start_without_a_policy(tmp_path: Path) -> None:
    found = really_ran("serve", directory=tmp_path)
    assert found == Ran(2, "", "remit: there is no policy directory `policies`; name one with --policy\n")
    (tmp_path / "policies").mkdir()
    found = really_ran("serve", directory=tmp_path)
    assert (found.code, found.out) == (3, "")
    missing = ("model.conf", *(f"policies/{name}.csv" for name in ("access_rules", "roles", "scopes", "vocabulary")))
    assert [line.split(": ")[0] for line in found.err.splitlines() if "R001" in line] == list(missing)


def test_where_the_policy_stands_can_be_said_in_the_environment(tmp_path: Path) -> None:
    written(FILES, tmp_path)
    question = ("check", "user:ada", "create", "environment", "--home", "project:vision")
    found = really_ran(
        *question,
        directory=tmp_path.parent,
        REMIT_POLICY=str(tmp_path / "policies"),
        REMIT_MODEL=str(tmp_path / "model.conf"),
    )
    assert found == Ran(0, "allow\n", "")
