"""What a shadow policy costs: server CPU per request without one, asked a hundredth of what is answered, and all of it.

`python benchmarks/shadow.py RULES` serves the same policy three times, with 32 connections in alternating rounds.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from load import free_port, measure
from over_http import requests

from policies import files

REMIT = Path(sys.executable).with_name("remit")
CALLER = "application:portal"
SHARES = {"none": None, "0.01": "0.01", "1": "1"}
ROUNDS, COUNT = 5, 10_000


def start(here: Path, share: str | None) -> tuple[subprocess.Popen[str], int]:
    """A server that answers; None: without a shadow policy."""
    port, flags = free_port(), [] if share is None else ["--shadow-policy", "shadow"]
    environment = {**os.environ, "REMIT_JOURNAL": "off", "REMIT_SHADOW_SAMPLE": share or ""}
    command = [REMIT, "serve", "--port", str(port), *flags]
    process = subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    process.stdout.readline()
    return process, port


def dropped(port: int, token: str) -> float:
    """Of what was to be compared, the share that there was no time for."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        lines = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[:1] != "#")
    counts = [float(lines.get(f"remit_shadow_{what}_total", 0)) for what in ("dropped", "compared")]
    return counts[0] / (sum(counts) or 1)


def main(rules: int) -> dict[str, Any]:
    """All figures for one size."""
    written = files(rules)
    written["policies/access_rules.csv"] += f"g, {CALLER}, decision-client, *\ng, {CALLER}, auditor, *\n".encode()
    with ExitStack() as stack:
        here = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, data in written.items():
            for file in (here / name, here / name.replace("policies/", "shadow/")):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        servers = {name: start(here, share) for name, share in SHARES.items()}
        for process, _ in servers.values():
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        command = [REMIT, "token", CALLER]
        token = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout.strip()
        asked = requests(1, f"authorization: Bearer {token}")
        found: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(ROUNDS):
            for name, (process, port) in servers.items():
                found[name].append(measure(process.pid, port, asked, COUNT)[0])
        base = found["none"]
        return {
            name: {
                "dropped": dropped(servers[name][1], token),
                "cpu_us_per_request": statistics.median(costs),
                "of_none": statistics.median(cost / bare for cost, bare in zip(costs, base, strict=True)),
            }
            for name, costs in found.items()
        }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
