"""What a journal costs: decisions per CPU second with it buffered and durable, as a ratio to without, in one run."""

from __future__ import annotations

import json
import statistics

from load import bearer, start
from over_http import measured, requests

ROUNDS = 5
PLAN = {1: 12_000, 100: 600}
"""Evaluations in a request to requests in a round."""

MODES = ("remit", "buffered", "durable")


def main() -> dict[str, dict[str, float]]:
    """Rounds of all three in turn, so that all meet the same machine; the median of each ratio."""
    servers = {name: start(name) for name in MODES}
    costs: dict[tuple[str, int], list[float]] = {(name, batch): [] for name in MODES for batch in PLAN}
    rates: dict[tuple[str, int], list[float]] = {(name, batch): [] for name in MODES for batch in PLAN}
    caller = bearer()
    try:
        for _ in range(ROUNDS):
            for batch, count in PLAN.items():
                for name in MODES:
                    cost, rate = measured(servers[name], requests(batch, caller), count)
                    costs[name, batch].append(cost)
                    rates[name, batch].append(rate)
    finally:
        for process, _ in servers.values():
            process.terminate()
            process.wait(10)
    found = {}
    for name, batch in costs:
        pairs = zip(costs["remit", batch], costs[name, batch], strict=True)
        found[f"{name} {batch}"] = {
            "cpu_us_per_request": statistics.median(costs[name, batch]),
            "of_off_decisions_per_cpu_second": statistics.median(off / cost for off, cost in pairs),
            "requests_per_second": statistics.median(rates[name, batch]),
        }
    return found


if __name__ == "__main__":
    print(json.dumps(main()))
