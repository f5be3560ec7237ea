"""A policy that changes under a server: from file to effect, and what those who ask meanwhile notice of it.

`python benchmarks/live.py RULES ROUNDS` starts `remit serve --watch`, asks one question after the other at a steady
pace, and lets a line of the policy come and go.
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from load import free_port

from policies import files
from remit.service.live import compiled
from remit.service.policies import faults_of

REMIT = Path(sys.executable).with_name("remit")
PACE = 0.002
QUIET = 4.0
SUBJECT = "user:newcomer"
LINE = f"g, {SUBJECT}, l1-researcher, *\n".encode()
BODY = json.dumps(
    {
        "subject": {"type": "user", "id": "newcomer"},
        "action": {"name": "create"},
        "resource": {"type": "environment", "id": "new"},
    }
)


class Asking(threading.Thread):
    """Asks one question after the other: how long each answer took, and what it was."""

    def __init__(self, port: int, token: str, pace: float = PACE) -> None:
        super().__init__(daemon=True)
        self._port, self._token, self._pace = port, token, pace
        self.answers: list[tuple[float, float, bool]] = []
        self.done = False

    def run(self) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        head = {"content-type": "application/json", "authorization": f"Bearer {self._token}"}
        while not self.done:
            began = time.perf_counter()
            link.request("POST", "/access/v1/evaluation", BODY, head)
            answer = link.getresponse()
            allowed = json.loads(answer.read())["decision"]
            ended = time.perf_counter()
            self.answers.append((ended, ended - began, allowed))
            time.sleep(self._pace)

    def when(self, allowed: bool, after: float) -> float:
        """Wait for this answer; how many seconds after an instant it came. Looks seldom: whoever asks is in this
        process too, and is not to be held up."""
        seen = max(0, len(self.answers) - 1)
        while True:
            for ended, _, found in self.answers[seen:]:
                if found is allowed and ended > after:
                    return ended - after
                seen += 1
            if time.perf_counter() - after > 300:
                raise RuntimeError("the change never took effect")
            time.sleep(0.02)


def steps(written: dict[str, bytes]) -> dict[str, float]:
    """CPU seconds of what a change takes: to check it, which another process does, and to compile it."""
    began = time.process_time()
    assert faults_of(written, time.time_ns() // 1_000) == ((), ())
    checked = time.process_time()
    compiled(written)
    return {"check_s": checked - began, "compile_s": time.process_time() - checked}


def peak_mb(pid: int) -> float:
    """The most memory that a process ever held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no such line")


def p(answers: list[float], share: float) -> float:
    """A quantile, in milliseconds."""
    return statistics.quantiles(answers, n=1000)[round(share * 1000) - 1] * 1e3


def main(rules: int, rounds: int) -> dict[str, Any]:
    """All figures for one size."""
    with tempfile.TemporaryDirectory() as name:
        here, written = Path(name), files(rules)
        for file, data in written.items():
            (here / file).parent.mkdir(parents=True, exist_ok=True)
            (here / file).write_bytes(data)
        path, fresh, port = here / "policies/access_rules.csv", here / "next.csv", free_port()
        before = path.read_bytes()
        taken = steps(written)
        del written
        began = time.perf_counter()
        server = subprocess.Popen(
            [REMIT, "serve", "--watch", "--port", str(port)], cwd=here, stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        server.stdout.readline()
        ready = time.perf_counter() - began
        command = [REMIT, "token", SUBJECT]
        token = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout.strip()
        asking = Asking(port, token)
        asking.start()
        time.sleep(QUIET)
        quiet = [took for _, took, _ in asking.answers[100:]]
        start, effects = len(asking.answers), []
        for number in range(rounds):
            data = before if number % 2 else before + LINE
            fresh.write_bytes(data)
            fresh.replace(path)
            effects.append(asking.when(number % 2 == 0, time.perf_counter()))
        busy = [took for _, took, _ in asking.answers[start:]]
        asking.done = True
        asking.join()
        peak = peak_mb(server.pid)
        server.terminate()
        server.wait(30)
        return {
            "ready_s": ready,
            **taken,
            "effect_s": statistics.median(effects),
            "quiet_p50_ms": p(quiet, 0.5),
            "busy_p50_ms": p(busy, 0.5),
            "quiet_p99_ms": p(quiet, 0.99),
            "busy_p99_ms": p(busy, 0.99),
            "busy_worst_ms": max(busy) * 1e3,
            "peak_mb": peak,
        }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
