"""Lint policies of this many access rules, sound and through a spreadsheet; print seconds of CPU and findings.

CPU, not wall time: all of it runs in one thread and waits for nothing, so the two are the same on a quiet machine.
"""

from __future__ import annotations

import json
import sys
import time

from policies import files
from remit.core.lint import lint
from remit.core.lint.repair import repair
from remit.core.times import parse_instant

NOW = parse_instant("2026-11-25")
GROUPS = 200


def with_groups(rules: int) -> dict[str, bytes]:
    """A policy in which every tenth subject belongs to a group, and groups hold what some of their members hold."""
    policy = files(rules, timed=True)
    people = max(1, rules // 100)
    joined = (f"g, user:person{10 * n}@example.com, group:g{n % GROUPS}, *\n" for n in range(people))
    held = (f"g, group:g{n}, l1-researcher, department:d0\n" for n in range(GROUPS))
    policy["policies/groups.csv"] = "".join(joined).encode()
    policy["policies/access_rules.csv"] += "".join(held).encode()
    return policy


def saved(policy: dict[str, bytes]) -> dict[str, bytes]:
    """The policy as a spreadsheet saves it: marked, padded, with its own ends of lines and its own days."""
    name = "policies/access_rules.csv"
    text = policy[name].decode().replace("2027-01-01", "31/12/2026").replace(", ", ",").replace("\n", ",,,,,,\r\n")
    return {**policy, name: b"\xef\xbb\xbf" + text.encode()}


def measure(rules: int) -> dict[str, float]:
    """Seconds of CPU for lint of a sound policy, for lint of a damaged one and for its repair."""
    sound = with_groups(rules)
    bad = saved(sound)
    times = []
    for step in (lambda: lint(sound, NOW), lambda: lint(bad, NOW), lambda: repair(bad, NOW)):
        began = time.process_time()
        found = step()
        times.append((time.process_time() - began, found))
    (whole, linted), (damaged, _), (mended, fixed) = times
    assert fixed.refused is None and linted.policy is not None
    return {"lint_s": whole, "damaged_s": damaged, "repair_s": mended, "findings": len(linted.findings)}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
