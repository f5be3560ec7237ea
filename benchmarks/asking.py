"""How long `who`, `can` and `matrix` take once a policy is loaded: `python benchmarks/asking.py RULES`.

Times are the best of several rounds, in milliseconds, the text of the answer included; `index_s` is the index of
searches, which the first `who` makes.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from policies import files
from remit.cli.granted import who_lines
from remit.cli.matrix_text import holding_lines
from remit.cli.rights import About, can_lines
from remit.core.matrix import holdings
from remit.core.policy import read_policy
from remit.core.review import can, sought, who
from remit.core.snapshot import Snapshot
from remit.core.times import parse_instant

WHEN = parse_instant("2026-06-01")


def best(action: Callable[[], Any], rounds: int = 5) -> float:
    """The shortest of several rounds, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        action()
        times.append(time.process_time() - began)
    return min(times) * 1e3


def main(rules: int) -> dict[str, Any]:
    """The figures of one size."""
    snapshot = Snapshot(read_policy(files(rules)))
    began = time.process_time()
    subjects = snapshot.directory.named
    indexed = time.process_time() - began
    gc.collect()
    gc.freeze()
    subject = subjects[len(subjects) // 2]

    def who_may(scope: str | None) -> list[str]:
        asked = sought(snapshot, "create", "environment", None, scope, WHEN)
        return list(who_lines(snapshot, asked, list(who(snapshot, asked))))

    def one_can() -> list[str]:
        about = About(subject, (), None, WHEN)
        return list(can_lines(snapshot, about, list(can(snapshot, *about))))

    def held() -> list[str]:
        return list(holding_lines(list(holdings(snapshot, WHEN, "project:p1").values())))

    asked: dict[str, Callable[[], list[str]]] = {
        "who may create an environment in one project": lambda: who_may("project:p1"),
        "who may create an environment anywhere": lambda: who_may(None),
        "what one user can do anywhere": one_can,
        "who holds which role in one project": held,
    }
    figures = {name: {"lines": len(ask()), "ms": best(ask)} for name, ask in asked.items()}
    return {"rules": rules, "index_s": indexed, "asked": figures}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1])), indent=2))
