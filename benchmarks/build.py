"""Read and compile a policy in this process alone; print seconds, peak memory and bytes kept per access rule."""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from pathlib import Path

from policies import files
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot


def _rss() -> int:
    """Resident bytes now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def measure(directory: Path) -> dict[str, float]:
    """From files on disk to a snapshot that answers."""
    gc.collect()
    before = _rss()
    gc.disable()
    began = time.perf_counter()
    data = {
        name.as_posix().removeprefix(f"{directory}/"): name.read_bytes()
        for name in directory.rglob("*")
        if name.is_file()
    }
    policy = read_policy(data)
    read = time.perf_counter()
    rules = len(policy.access_rules)
    snapshot = Snapshot(policy)
    ready = time.perf_counter()
    del data, policy
    gc.enable()
    gc.collect()
    kept = _rss() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert snapshot.grants
    return {
        "rules": rules,
        "read_s": read - began,
        "index_s": ready - read,
        "ready_s": ready - began,
        "peak_mb": peak / 1e6,
        "kept_bytes_per_rule": kept / rules,
    }


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        for name, body in files(int(sys.argv[3])).items():
            path = Path(sys.argv[2]) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    else:
        print(json.dumps(measure(Path(sys.argv[1]))))
