"""The catalog in this process: a page of 10,000 assets for a researcher, and a workspace of three blocks.

`python catalog.py [DATABASE_URL]`; without an address in SQLite, in a directory of its own. Through the gate, as a
request goes; the network is left out. The same page is measured by filtering after the fact, row by row, beside it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from policies import files
from remit.adapters.cluster_workspaces import rendered_cluster
from remit.adapters.db import open_catalog
from remit.adapters.db.engine import sqlite_url
from remit.adapters.memory import RingJournal
from remit.adapters.sealing import Sealer
from remit.assembly import keep
from remit.bootstrap import handlers
from remit.core.blocks import Asset, Stamp, Variant
from remit.core.model import Actor, Question
from remit.core.policy import read_policy
from remit.core.search import allows
from remit.core.snapshot import Snapshot
from remit.service import operations as op
from remit.service.gate import Gate
from remit.service.judging import SnapshotJudge
from remit.service.live import LivePolicy
from remit.service.ports import Catalog, Wanted

ASSETS, RULES, PAGE = 10_000, 10_000, 50
ADA = Actor("user:ada")
IMAGE = {"image": "example.com/jupyter:1"}


def policy() -> dict[str, bytes]:
    """The policy of the other benchmarks, and one researcher in one of its projects."""
    written = files(RULES)
    written["policies/access_rules.csv"] += b"g, user:ada, l1-researcher, project:p7\n"
    return written


def filled(catalog: Catalog, scopes: list[str]) -> None:
    """Assets in all projects in turn, and a few hundred in all of them."""
    stamp = Stamp("user:maker", 1, "0" * 64)
    for start in range(0, ASSETS, 1_000):
        with catalog.work() as work:
            for number in range(start, start + 1_000):
                scope = "*" if number % 40 == 0 else scopes[number % len(scopes)]
                name = f"environment-{number:05}"
                id = str(uuid.UUID(int=number))
                work.add(Asset(id, Variant.ENVIRONMENT, name, "", scope, IMAGE, False, stamp, stamp, 1), None)
    with catalog.work() as work:
        work.unit_ids(scopes)


def best(do: Callable[[], Any], rounds: int = 15) -> float:
    """The best of several rounds, in milliseconds of wall time: a database may work in a process of its own."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    return min(times) * 1e3


def one_by_one(catalog: Catalog, snapshot: Snapshot, when: int) -> int:
    """The same page by looking at every row, as one would without permitted scopes."""
    with catalog.work(write=False) as work:
        rows = work.assets(Wanted(None, (Variant.ENVIRONMENT,)))
    question = Question(ADA.subject, "view", "environment", when=when)
    return sum(allows(snapshot, question._replace(id=row.id, known=row.scope)) for row in rows)


def main(url: str) -> dict[str, Any]:
    """All figures over one database."""
    snapshot = Snapshot(read_policy(policy()))
    catalog = open_catalog(url)
    filled(catalog, [scope for scope in snapshot.chains if scope.startswith("project:")])
    judge = SnapshotJudge(lambda: snapshot, time.time_ns)
    kept = keep(catalog, judge, rendered_cluster(None), Sealer(bytes(32)), lambda: snapshot)
    performed = {**handlers(bytes(32), LivePolicy(snapshot), kept.door), **kept.handlers}
    gate = Gate(LivePolicy(snapshot), RingJournal(), time.time_ns, performed, kept.door)

    def perform(operation: Any) -> Any:
        return asyncio.run(gate.perform(ADA, operation))

    listed = op.ListAssets((Variant.ENVIRONMENT,), op.Part(limit=PAGE))
    made = iter(range(10**6))

    def workspace() -> Any:
        number = next(made)
        blocks = (
            op.Chosen("environment", str(uuid.UUID(int=0))),
            op.Inline(Variant.COMPUTE, f"compute-{number}", "", {"cpuCoreRequest": 1}),
            op.Inline(Variant.GIT, f"git-{number}", "", {"repository": "https://example.com/a.git", "path": "/a"}),
        )
        return perform(op.CreateWorkspace(f"w{number}", "project:p7", blocks, {}))

    found = {
        "database": url.partition(":")[0],
        "page_ms": best(lambda: perform(listed)),
        "results": len(perform(listed)),
        "one_by_one_ms": best(lambda: one_by_one(catalog, snapshot, time.time_ns() // 1_000), 3),
        "workspace_ms": best(workspace),
    }
    catalog.close()
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        print(json.dumps(main(sys.argv[1] if len(sys.argv) > 1 else sqlite_url(Path(directory) / "remit.db"))))
