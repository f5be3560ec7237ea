"""Where worker processes come from: one that forks and does nothing else, imports nothing from where the server happens
to run, and can be lost; and a server that is to be back soon imports only what it needs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from asking import YES
from commands import written
from test_serve import ask, free_port, running
from test_watch import GOOD, PATIENCE
from test_workers import N, Several, below, gone, parent_of, workers_of

LATER = {"alembic", "httpx", "kubernetes", "psycopg", "rich", "schemathesis"}
"""What a server of the default kind does without until somebody needs it, if ever."""


def nursery_of(supervisor: int) -> int:
    """The process that all workers were forked from."""
    (one,) = {parent_of(worker) for worker in workers_of(supervisor)}
    assert one != supervisor
    return one


def threads_of(process: int) -> int:
    return len(list(Path(f"/proc/{process}/task").iterdir()))


def imported(*modules: str) -> set[str]:
    """The packages that are there once these modules are."""
    program = f"import sys, {', '.join(modules)}; print(*{{name.split('.')[0] for name in sys.modules}})"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def leave(pids: set[int]) -> None:
    """Wait until they are gone."""
    until = time.monotonic() + PATIENCE
    while not gone(pids):
        assert time.monotonic() < until, "somebody is left over"
        time.sleep(0.02)


def test_who_forks_has_no_threads_and_is_left_alone_by_signals_to_all(tmp_path: Path) -> None:
    policy, port = written(GOOD, tmp_path), free_port()
    with running(policy, port, "--workers", str(N)) as server:
        nursery, workers = nursery_of(server.pid), workers_of(server.pid)
        assert threads_of(nursery) == 1 and len(workers) == N
        for pid in (server.pid, *below(server.pid)):  # as a service manager does
            os.kill(pid, signal.SIGTERM)
        _, err = server.communicate(timeout=10)
        assert (server.returncode, err) == (0, "")
    leave({nursery, *workers})


def test_workers_outlive_who_forked_them_and_another_begins_the_next(tmp_path: Path) -> None:
    policy, port = written(GOOD, tmp_path), free_port()
    with running(policy, port, "--watch", "--workers", str(N)) as server:
        several = Several(policy, port, server)
        nursery, first = nursery_of(server.pid), several.workers()
        os.kill(nursery, signal.SIGKILL)
        assert several.decides()
        one, other = sorted(first)
        assert gone({nursery}) or parent_of(one) != nursery
        os.kill(one, signal.SIGKILL)
        several.until(lambda: len(several.workers()) == 1)  # the other one is nobody's child by now
        several.until(lambda: several.status()["workers"]["behind"] == 0)
        assert several.decides()
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=10)
        assert server.returncode == 0 and "another takes its place" in err and "Traceback" not in err
    leave({other, *first})  # also who is nobody's child any more is told to


def test_who_forks_may_die_while_it_is_asked_to(tmp_path: Path) -> None:
    policy, port = written(GOOD, tmp_path), free_port()
    with running(policy, port, "--watch", "--workers", str(N)) as server:
        several = Several(policy, port, server)
        nursery, (one, *_) = nursery_of(server.pid), sorted(several.workers())
        os.kill(nursery, signal.SIGSTOP)
        os.kill(one, signal.SIGKILL)
        time.sleep(3.0)  # for as long as it takes to give up on word of how that one ended, and to ask for another
        assert several.decides()
        os.kill(nursery, signal.SIGKILL)
        several.until(lambda: len(several.workers()) == 1)  # the other one is nobody's child by now
        several.until(lambda: several.status()["workers"]["behind"] == 0)
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=10)
        assert server.returncode == 0 and "cannot be started (EOFError); it is tried again" in err


def test_nothing_is_imported_from_where_a_server_happens_to_run(tmp_path: Path) -> None:
    policy, port = written(GOOD, tmp_path), free_port()
    for name in ("remit", "fastapi", "uvicorn", "sqlalchemy", "msgspec"):
        (policy / f"{name}.py").write_text("raise SystemExit('imported from the working directory')\n")
    with running(policy, port, "--watch", "--workers", str(N)) as server:
        assert ask(port, YES, None).status_code == 401
        assert len(workers_of(server.pid)) == N


def test_a_server_imports_what_it_needs_and_no_more() -> None:
    found = imported("remit.entry", "remit.cli.app", "remit.workers")
    assert {"fastapi", "sqlalchemy", "casbin"} <= found and not LATER & found


def test_a_process_beside_a_server_waits_for_no_command_line() -> None:
    assert not {"typer", "casbin", "msgspec"} & imported("remit.entry")
