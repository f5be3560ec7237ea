"""The first page of a search beside evaluating one by one, in this process: `python search.py ACCESS_RULES`.

Both go through the gate, as one caller's requests do; the network is left out of both. One by one asks, in as few
batches as a batch may be large, about every candidate until the page is full.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import islice
from typing import Any

from policies import files
from remit.adapters.memory import RingJournal
from remit.bootstrap import handlers
from remit.core.model import Actor
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.service.gate import Gate
from remit.service.live import LivePolicy
from remit.service.operations import Asked, EvaluateMany, Page, PermittedScopes, Search, Sought

RESOURCES, PAGE, BATCH = 10_000, 100, 256
CALLER = Actor("application:portal")
WHEN = 1_780_000_000_000_000_000  # within the windows that the policy has


def policy(rules: int) -> dict[str, bytes]:
    """The policy of the other benchmarks, with resources in its projects, and one who sees them all."""
    written = files(rules)
    projects = [line.split(",")[1].strip() for line in written["policies/scopes.csv"].decode().splitlines()]
    projects = [name for name in projects if name.startswith("project:")]
    homes = [f"environment:block{at:05}, {projects[at % len(projects)]}\n" for at in range(RESOURCES)]
    written["policies/resources.csv"] = "".join(homes).encode()
    written["policies/access_rules.csv"] += f"g, {CALLER.subject}, decision-client, *\n".encode()
    written["policies/access_rules.csv"] += b"g, user:chief, editor, *\n"
    return written


def best(do: Callable[[], Any], rounds: int = 7) -> float:
    """The best of several rounds, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        do()
        times.append(time.process_time() - began)
    return min(times) * 1e3


def main(rules: int) -> dict[str, object]:
    """All figures for one size."""
    snapshot = Snapshot(read_policy(policy(rules)))
    began = time.process_time()
    directory = snapshot.directory
    indexed = time.process_time() - began
    gate = Gate(LivePolicy(snapshot), RingJournal(), lambda: WHEN, handlers(bytes(32), LivePolicy(snapshot)))
    gc.collect()
    gc.freeze()

    def perform(operation: Any) -> Any:
        return asyncio.run(gate.perform(CALLER, operation))

    home = next(iter(directory.residents["environment"]))
    block = directory.residents["environment"][home][0]
    people = sorted({subject for subject in snapshot.grants if subject.startswith("user:")})
    blocks = [id for ids in directory.residents["environment"].values() for id in ids]
    few = people[len(people) // 2]

    def one_by_one(questions: Any) -> int:
        found = 0
        while found < PAGE and (items := tuple(islice(questions, BATCH))):
            found += sum(answer.allowed for answer in perform(EvaluateMany(items)).items)
        return found

    page = Page(b"", None, PAGE)
    searches: dict[str, tuple[Any, Callable[[], Any]]] = {
        "who may edit one block": (
            Search(Sought.SUBJECT, Asked("", "edit", "environment", block), page, "user"),
            lambda: (Asked(name, "edit", "environment", block) for name in people),
        ),
        "what a researcher may use": (
            Search(Sought.RESOURCE, Asked(few, "use", "environment", ""), page),
            lambda: (Asked(few, "use", "environment", id) for id in blocks),
        ),
        "what an editor of all projects may edit": (
            Search(Sought.RESOURCE, Asked("user:chief", "edit", "environment", ""), page),
            lambda: (Asked("user:chief", "edit", "environment", id) for id in blocks),
        ),
    }
    figures: dict[str, object] = {}
    for name, (search, questions) in searches.items():
        tracemalloc.start()
        results = perform(search)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        figures[name] = {
            "results": len(results.names),
            "more": bool(results.token),
            "page_ms": best(lambda search=search: perform(search)),
            "one_by_one_ms": best(lambda questions=questions: one_by_one(questions()), 3),
            "peak_kb": peak / 1e3,
        }
    scopes = PermittedScopes(Asked(few, "use", "environment", ""))
    figures["where a researcher may use"] = {
        "results": len(perform(scopes).scopes), "more": False, "page_ms": best(lambda: perform(scopes)),
    }  # fmt: skip
    return {"rules": rules, "index_s": indexed, "searches": figures}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
