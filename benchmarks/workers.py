"""Several workers: requests per second, how evenly they fall, and how long until every worker answers by a new file.

`python benchmarks/workers.py WORKERS RULES` starts `remit serve --watch --workers WORKERS`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from live import BODY, LINE, SUBJECT, Asking
from load import cpu_seconds, free_port, measure, request
from start import family

from policies import files

REMIT = Path(sys.executable).with_name("remit")
ASKING = 24
"""Connections that ask while a policy changes: enough that every worker has some."""
ROUNDS = 6
REQUESTS = 20_000


def news(server: subprocess.Popen[str], heard: list[float]) -> None:
    """Note when the server says that a revision is live: checked, and handed to whoever answers."""
    assert server.stdout is not None
    for line in server.stdout:
        if line.endswith(" is live\n"):
            heard.append(time.perf_counter())


def lags(here: Path, port: int, token: str, heard: list[float]) -> tuple[list[float], list[float]]:
    """Seconds until the last of all connections is answered by a new file: from the file, and from when it was handed
    on; round by round."""
    path, fresh = here / "policies/access_rules.csv", here / "next.csv"
    before, found, handed = path.read_bytes(), [], []
    asking = [Asking(port, token, 0.05) for _ in range(ASKING)]
    for one in asking:
        one.start()
    time.sleep(2)
    for number in range(ROUNDS):
        fresh.write_bytes(before if number % 2 else before + LINE)
        fresh.replace(path)
        after = time.perf_counter()
        found.append(max(one.when(number % 2 == 0, after) for one in asking))
        handed.append(after + found[-1] - heard[number])
    for one in asking:
        one.done = True
    for one in asking:
        one.join()
    return found, handed


def answering(supervisor: int, workers: int) -> list[int]:
    """The processes that may answer."""
    if workers == 1:
        return [supervisor]
    return family(supervisor)[1:]


def main(workers: int, rules: int) -> dict[str, Any]:
    """All figures for one number of workers and one size."""
    with tempfile.TemporaryDirectory() as name:
        here, port = Path(name), free_port()
        for file, data in files(rules).items():
            (here / file).parent.mkdir(parents=True, exist_ok=True)
            (here / file).write_bytes(data)
        command = [REMIT, "serve", "--watch", "--port", str(port), "--workers", str(workers)]
        server = subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            server.stdout.readline()
            command = [REMIT, "token", SUBJECT]
            token = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout.strip()
            questions = [request("/access/v1/evaluation", BODY.encode(), f"authorization: Bearer {token}")]
            pids = answering(server.pid, workers)
            before = {pid: cpu_seconds(pid) for pid in pids}
            rates = [measure(server.pid, port, questions, REQUESTS)[1] for _ in range(3)]
            used = sorted((cpu_seconds(pid) - before[pid] for pid in pids), reverse=True)[:workers]
            heard: list[float] = []
            threading.Thread(target=news, args=(server, heard), daemon=True).start()
            found, handed = lags(here, port, token, heard)
            return {
                "requests_per_second": statistics.median(rates),
                "share_of_the_busiest": used[0] / sum(used),
                "lag_s": statistics.median(found),
                "worst_lag_s": max(found),
                "handed_s": statistics.median(handed),
                "worst_handed_s": max(handed),
            }
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
