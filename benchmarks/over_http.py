"""Server CPU per request over HTTP, as a ratio to a bare uvicorn hello in the same run."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
from typing import Any

from load import bearer, measure, request, start

ROUNDS = 5


def _question(chance: random.Random) -> dict[str, object]:
    """One question about a subject and a project that the policy knows."""
    return {
        "subject": {"type": "user", "id": f"person{chance.randrange(1_000)}@example.com"},
        "action": {"name": "create"},
        "resource": {
            "type": "environment",
            "id": "new",
            "properties": {"scope": f"project:p{chance.randrange(100)}"},
        },
    }


def requests(batch: int, *headers: str) -> list[bytes]:
    chance = random.Random(batch)
    if batch == 1:
        return [request("/access/v1/evaluation", json.dumps(_question(chance)).encode(), *headers) for _ in range(500)]
    bodies = [{"evaluations": [_question(chance) for _ in range(batch)]} for _ in range(50)]
    return [request("/access/v1/evaluations", json.dumps(body).encode(), *headers) for body in bodies]


PLAN = {1: 20_000, 10: 6_000, 100: 1_500}
"""Evaluations in a request to requests in a round."""


def main() -> dict[str, object]:
    """Rounds of hello, remit and remit without authentication in turn, so that all meet the same machine."""
    servers = {name: start(name) for name in ("hello", "open", "remit")}
    found: dict[int, list[tuple[float, float, float, float]]] = {batch: [] for batch in PLAN}
    caller = bearer()
    try:
        for _ in range(ROUNDS):
            for batch, count in PLAN.items():
                base, _ = measured(servers["hello"], requests(1), 20_000)
                bare, _ = measured(servers["open"], requests(batch), count)
                cost, rate = measured(servers["remit"], requests(batch, caller), count)
                found[batch].append((cost, base / cost, bare / cost, rate))
    finally:
        for process, _ in servers.values():
            process.terminate()
            process.wait(10)
    return {str(batch): _figures(batch, *zip(*rounds, strict=True)) for batch, rounds in found.items()}


def measured(server: tuple[subprocess.Popen[bytes], int], asked: list[bytes], count: int) -> tuple[float, float]:
    process, port = server
    return measure(process.pid, port, asked, count)


def _figures(batch: int, costs: Any, of_hello: Any, of_open: Any, rates: Any) -> dict[str, float]:
    """The medians of all rounds."""
    cost = statistics.median(costs)
    return {
        "cpu_us_per_request": cost,
        "of_hello_requests_per_cpu_second": statistics.median(of_hello),
        "of_open_requests_per_cpu_second": statistics.median(of_open),
        "requests_per_second": statistics.median(rates),
        "decisions_per_cpu_second": batch * 1e6 / cost,
    }


if __name__ == "__main__":
    print(json.dumps(main()))
