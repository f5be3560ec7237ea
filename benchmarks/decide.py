"""Microseconds per decision in this process: allow, deny and stranger, hot and cold, beside pycasbin.

Hot asks the same hundred questions again and again; cold asks up to 20,000 different ones whose strings were
made afresh, as after parsing a request. `--casbin` asks pycasbin the same hot questions on the same policy.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from dataclasses import replace

from policies import ROLES, files
from remit.core.model import Question
from remit.core.oracle import Oracle
from remit.core.pdp import decide, walk
from remit.core.policy import Policy, read_policy
from remit.core.snapshot import Snapshot

KINDS = ("environment", "data-source", "compute-resource", "workload")
WHEN = 1_780_000_000_000_000  # within the windows that the policy has
Asked = tuple[str, str, str, str, str]


def questions(policy: Policy, count: int) -> dict[str, list[Asked]]:
    """Questions of the three sorts: (subject, action, kind, id, home)."""
    chance = random.Random(count)
    table, snapshot = policy.access_rules, Snapshot(policy)
    found: dict[str, list[Asked]] = {"allow": [], "deny": [], "stranger": []}
    scopes = list(policy.parents)
    while len(found["allow"]) < count or len(found["deny"]) < count:
        row = chance.randrange(len(table))
        subject, scope = table.subjects[row], chance.choice((table.scopes[row], chance.choice(scopes)))
        action, kind = chance.choice((("create", "environment"), ("edit", "data-source"), ("create", "workload")))
        allowed = decide(snapshot, subject, action, kind, "x", scope, None, (), WHEN).allowed
        sort = found["allow" if allowed else "deny"]
        if len(sort) < count:
            sort.append((subject, action, kind, "x", scope))
    found["stranger"] = [(f"user:nobody{i}@example.com", *asked[1:]) for i, asked in enumerate(found["deny"])]
    return found


def _fresh(asked: Asked) -> Asked:
    """The same question in strings of its own, their hashes not yet known."""
    subject, action, kind, id, home = ("".join(list(text)) for text in asked)
    return subject, action, kind, id, home


def timed(snapshot: Snapshot, asked: list[Asked], rounds: int, fresh: bool) -> float:
    """The best of several rounds, in microseconds per decision."""
    best = float("inf")
    for _ in range(rounds):
        some = [_fresh(one) for one in asked] if fresh else asked
        began = time.process_time()
        for subject, action, kind, id, home in some:
            walk(snapshot, subject, action, kind, id, home, None, (), WHEN)
        best = min(best, (time.process_time() - began) / len(some))
    return best * 1e6


def casbin_time(policy: Policy, asked: dict[str, list[Asked]], seconds: float = 10) -> float | None:
    """pycasbin's microseconds per decision on the hot questions, or None if it cannot finish a few in time."""
    oracle = Oracle(policy, WHEN)
    everything = [Question(*one, None, (), WHEN) for sort in asked.values() for one in sort[:5]]
    began = time.process_time()
    for question in everything:  # the first question in a scope builds its links: not counted
        oracle.allows(question)
        if time.process_time() - began > seconds:
            return None
    count, began = 0, time.process_time()
    while time.process_time() - began < 1.0:
        for question in everything:
            oracle.forget()
            oracle.allows(question)
            count += 1
    return (time.process_time() - began) / count * 1e6


def main(rules: int, with_casbin: bool, permissions: int | None = None) -> dict[str, object]:
    """All figures for one size; `permissions` keeps only so many permission lines of roles that are held."""
    policy = read_policy(files(rules))
    if permissions is not None:
        kept = [p for p in policy.permissions if p.role in ROLES and p.kind in KINDS][:permissions]
        policy = replace(policy, permissions=tuple(kept))
    snapshot = Snapshot(policy)
    gc.collect()
    gc.freeze()
    hot, cold = questions(policy, 100), questions(policy, min(20_000, max(100, rules)))
    figures: dict[str, object] = {"rules": rules, "permissions": len(policy.permissions)}
    figures["hot"] = {sort: timed(snapshot, asked * 100, 7, False) for sort, asked in hot.items()}
    figures["cold"] = {sort: timed(snapshot, asked, 5, True) for sort, asked in cold.items()}
    figures["casbin"] = casbin_time(policy, hot) if with_casbin else None
    return figures


if __name__ == "__main__":
    kept = int(sys.argv[sys.argv.index("--permissions") + 1]) if "--permissions" in sys.argv else None
    print(json.dumps(main(int(sys.argv[1]), "--casbin" in sys.argv, kept)))
