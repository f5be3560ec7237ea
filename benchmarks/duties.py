"""Constraints judged over a policy: `python duties.py ACCESS_RULES`. Two are broken by many on purpose."""

from __future__ import annotations

import json
import sys
import time

from policies import files
from remit.core.duties import judge
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot

WHEN = 1_780_000_000_000_000  # within the windows that the policy has
QUIET = """\
separate, publish-or-audit, *, , 2, policy-administrator, auditor
separate, publish-or-vouch, *, , 2, policy:publish, decision:vouch
never, nobody-escalates, *, , policy:escalate, everyone
never, no-application-publishes, *, , policy:publish, application:
at-most, all-environments, *, , 3, environment:edit
requires, research-in-one, project:p1, , research-manager, group:managers
"""
BROKEN = {
    "four roles apart": "separate, x, *, , 2, l1-researcher, l2-researcher, ml-engineer, editor\n",
    "never for everybody": "never, y, *, , environment:create, everyone\n",
}


def main(rules: int) -> dict[str, object]:
    """Seconds for six that few break, all together, and for each that many break; and how many violations there are."""
    written = files(rules)
    written["policies/groups.csv"] = b"g, user:person1@example.com, group:managers, *\n"
    found: dict[str, dict[str, float]] = {}
    for name, lines in {"six that few break": QUIET, **BROKEN}.items():
        policy = read_policy({**written, "policies/constraints.csv": lines.encode()})
        snapshot = Snapshot(policy)
        began = time.process_time()
        judgement = judge(policy, snapshot, WHEN)
        found[name] = {"seconds": time.process_time() - began, "violations": len(judgement.violations)}
    return {"rules": rules, "judged": found}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
