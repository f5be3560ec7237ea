"""A plan over many access rules of which few changed: `python benchmarks/plan.py RULES CHANGED`."""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

from policies import files
from remit.core.difference.plan import plan, version_of

NOW = 1_795_000_000_000_000


def changed(base: dict[str, bytes], count: int) -> dict[str, bytes]:
    """The policy with so many access rules replaced by others."""
    chance = random.Random(count)
    name = "policies/access_rules.csv"
    lines = base[name].splitlines(keepends=True)
    for at in chance.sample(range(len(lines)), count):
        fields = lines[at].decode().rstrip("\n").split(", ")
        fields[2] = "editor" if fields[2] != "editor" else "l2-researcher"
        lines[at] = (", ".join(fields) + "\n").encode()
    return {**base, name: b"".join(lines)}


def main(rules: int, count: int) -> dict[str, Any]:
    """The times of one plan, everything included, in seconds of the processor."""
    base = files(rules)
    head = changed(base, count)
    began = time.process_time()
    before, after = version_of(base), version_of(head)
    read = time.process_time() - began
    found = plan(before, after, NOW, "user:person1@example.com")
    whole = time.process_time() - began
    subjects = {name for entry in found.entries for name in entry.subjects}
    return {"read_s": read, "whole_s": whole, "entries": len(found.entries), "subjects": len(subjects)}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
