"""From the start of `remit serve`, after a kill, to its first answer: on a disk that knows the policy already.

`python benchmarks/start.py WORKERS RULES ROUNDS` starts a server, kills it (-9), and starts it again, and so on.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from load import cpu_seconds, free_port, request

from policies import files

REMIT = Path(sys.executable).with_name("remit")
PROBE = request("/access/v1/evaluation", b"{}").replace(b"content-type", b"connection: close\r\ncontent-type")


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for each in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [below for child in map(int, each.read_text().split()) for below in family(child)]
    return found


def used(pid: int) -> float:
    """CPU seconds of a process and all below it."""
    total = 0.0
    for each in family(pid):
        with suppress(FileNotFoundError):
            total += cpu_seconds(each)
    return total


def answered(port: int) -> bool:
    """Does anybody answer? Without a token that is 401, and an answer all the same."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as link:
            link.sendall(PROBE)
            return link.recv(65_536).startswith(b"HTTP/1.1 401")
    except OSError:
        return False


def start(here: Path, port: int, workers: int, flags: list[str]) -> tuple[float, float, float]:
    """Seconds until the first answer, until all are ready, and of CPU until then; it is killed in the end."""
    began = time.perf_counter()
    command = [REMIT, "serve", "--port", str(port), "--workers", str(workers), *flags]
    server = subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True)
    try:
        while not answered(port):
            if server.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.005)
        first = time.perf_counter() - began
        assert server.stdout is not None
        server.stdout.readline()
        whole, cpu = time.perf_counter() - began, used(server.pid)
        return first, whole, cpu
    finally:
        everybody = family(server.pid)
        server.kill()
        for pid in everybody[1:]:  # its workers would leave by themselves, which is not what is measured
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.wait(30)


def main(workers: int, rules: int, rounds: int, *flags: str) -> dict[str, Any]:
    """All figures for one number of workers and one size."""
    with tempfile.TemporaryDirectory() as name:
        here, port = Path(name), free_port()
        for file, data in files(rules).items():
            (here / file).parent.mkdir(parents=True, exist_ok=True)
            (here / file).write_bytes(data)
        start(here, port, workers, list(flags))
        found = [start(here, port, workers, list(flags)) for _ in range(rounds)]
        firsts, wholes, cpus = zip(*found, strict=True)
        return {
            "first_s": statistics.median(firsts),
            "worst_first_s": max(firsts),
            "whole_s": statistics.median(wholes),
            "worst_whole_s": max(wholes),
            "cpu_s": statistics.median(cpus),
        }


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:4]), *sys.argv[4:])))
