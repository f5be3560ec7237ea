"""From a publish to its effect: on two servers with one PostgreSQL, or on all workers of one server.

`python benchmarks/publish.py RULES servers|workers` publishes that somebody gets a role, and takes it back, in turn.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from live import LINE, SUBJECT, Asking
from load import free_port

from policies import files
from postgres import postgres
from remit.core.policy import revision_of

REMIT = Path(sys.executable).with_name("remit")
CHIEF = "user:chief"
RIGHTS = f"g, {CHIEF}, policy-administrator, *\ng, {CHIEF}, l1-researcher, *\n".encode()
RULES = "policies/access_rules.csv"
CONNECTIONS = 24
"""Connections that ask one server of several workers: enough that every worker has some."""
ROUNDS = 6


class Server:
    """One server, and what asks it all the time."""

    def __init__(self, here: Path, name: str, workers: int, **settings: str) -> None:
        self.port, state = free_port(), str(here / name)
        command = [REMIT, "serve", "--port", str(self.port), "--state", state, "--workers", str(workers)]
        environment = {**os.environ, "REMIT_SOURCE": "database", **settings}
        self.process = subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        self.process.stdout.readline()
        self.chief, caller = (_token(here, state, each) for each in (CHIEF, SUBJECT))
        count, pace = (1, 0.002) if workers == 1 else (CONNECTIONS, 0.05)
        self.asking = [Asking(self.port, caller, pace) for _ in range(count)]
        for each in self.asking:
            each.start()

    def publish(self, given: dict[str, bytes], parent: dict[str, bytes]) -> None:
        """Publish these files in the place of those."""
        some = [{"name": name, "content": base64.b64encode(data).decode()} for name, data in given.items()]
        body = json.dumps({"files": some, "parent": revision_of(parent), "message": "round"}).encode()
        head = {"authorization": f"Bearer {self.chief}", "content-type": "application/json"}
        address = f"http://127.0.0.1:{self.port}/v1/policy/publish"
        with urllib.request.urlopen(urllib.request.Request(address, body, head), timeout=120) as answer:
            answer.read()

    def effect(self, allowed: bool, after: float) -> float:
        """Seconds after an instant until nobody is answered otherwise."""
        return max(each.when(allowed, after) for each in self.asking)

    def close(self) -> None:
        """End it."""
        for each in self.asking:
            each.done = True
        for each in self.asking:
            each.join()
        self.process.terminate()
        self.process.wait(30)


def _token(here: Path, state: str, subject: str) -> str:
    command = [REMIT, "token", subject, "--state", state]
    return subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout.strip()


def main(rules: int, how: str) -> dict[str, Any]:
    """All figures for one size."""
    before = files(rules)
    before[RULES] += RIGHTS
    after = {**before, RULES: before[RULES] + LINE}
    with ExitStack() as stack:
        here = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, data in before.items():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_bytes(data)
        if how == "servers":
            shared = {"REMIT_DATABASE_URL": stack.enter_context(postgres())}
            servers = [Server(here, name, 1, **shared) for name in ("one", "two")]
        else:
            servers = [Server(here, "one", 4)]
        for server in servers:
            stack.callback(server.close)
        time.sleep(2)
        answered, effects = [], []
        for number in range(ROUNDS):
            began = time.perf_counter()
            servers[0].publish(*((before, after) if number % 2 else (after, before)))
            answered.append(time.perf_counter() - began)
            effects.append([server.effect(number % 2 == 0, began) for server in servers])
        return {
            "answered_s": statistics.median(answered),
            "effect_s": [statistics.median(each) for each in zip(*effects, strict=True)],
            "worst_effect_s": [max(each) for each in zip(*effects, strict=True)],
            "after_the_answer_s": statistics.median(max(e) - a for e, a in zip(effects, answered, strict=True)),
        }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2])))
