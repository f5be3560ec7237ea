"""Server CPU per request over HTTP, as a ratio to a bare uvicorn hello in the same run."""

from __future__ import annotations

import json
import random
import statistics

from load import measure, request, start

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


def _requests(batch: int) -> list[bytes]:
    chance = random.Random(batch)
    if batch == 1:
        return [request("/access/v1/evaluation", json.dumps(_question(chance)).encode()) for _ in range(500)]
    bodies = [{"evaluations": [_question(chance) for _ in range(batch)]} for _ in range(50)]
    return [request("/access/v1/evaluations", json.dumps(body).encode()) for body in bodies]


def main() -> dict[str, object]:
    """Rounds of hello and remit in turn, so that both meet the same machine."""
    hello, hello_port = start("hello")
    remit, remit_port = start("remit")
    plan = {1: 20_000, 10: 6_000, 100: 1_500}
    taken: dict[int, list[float]] = {batch: [] for batch in plan}
    against: dict[int, list[float]] = {batch: [] for batch in plan}
    rates: dict[int, list[float]] = {batch: [] for batch in plan}
    try:
        for _ in range(ROUNDS):
            for batch, count in plan.items():
                requests = _requests(batch)
                base, _ = measure(hello.pid, hello_port, _requests(1), 20_000)
                cost, rate = measure(remit.pid, remit_port, requests, count)
                taken[batch].append(cost)
                against[batch].append(base / cost)
                rates[batch].append(rate)
    finally:
        for process in (hello, remit):
            process.terminate()
            process.wait(10)
    return {
        str(batch): {
            "cpu_us_per_request": statistics.median(taken[batch]),
            "of_hello_requests_per_cpu_second": statistics.median(against[batch]),
            "requests_per_second": statistics.median(rates[batch]),
            "decisions_per_cpu_second": batch * 1e6 / statistics.median(taken[batch]),
        }
        for batch in plan
    }


if __name__ == "__main__":
    print(json.dumps(main()))
