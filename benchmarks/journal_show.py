"""What it takes to find few lines among many: `python benchmarks/journal_show.py LINES`, 100,000 unless said.

The lines are made by a template, in segments of 64 MB below a temporary directory that is removed. Each search runs in
a process of its own, so that its memory is its own: CPU seconds, and the most memory it ever had, in megabytes.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from remit.adapters.journal.reading import Reader
from remit.core.journal.chain import START, leaf
from remit.core.journal.wanted import Wanted

SEGMENT = 64 * 1024 * 1024
EVERY = 10_000  # of so many lines one is wanted

_LINE = (
    b'{"prev":"%s","writer":"abcd0001","seq":%d,"time":"2026-01-01T%02d:%02d:%02d.%06dZ","kind":"decision","op":"evaluate",'
    b'"caller":"application:portal","revision":"%s","instant":"2026-01-01T00:00:00.000000Z","us":42,"permitted":true,'
    b'"request":"0f1e2d3c-%08d","need":["decision:evaluate"],"items":[{"subject":"user:%s","action":"create",'
    b'"kind":"environment","id":"new","declared":"project:vision","verdict":"%s","code":"granted","home":"project:vision"}]}\n'
)
_HASH, _START = b"5" * 64, START.encode()

SEARCHES = {
    "one subject in 10,000": Wanted(subject="user:rare"),
    "denied, one in 10,000": Wanted(denied=True),
    "the last tenth by time, one subject": Wanted(subject="user:rare", since=1_767_225_600_000_000 + 77_760_000_000),
    "everything": Wanted(),
}


def make(directory: Path, lines: int) -> int:
    """A journal of so many lines over a day; how many bytes it has."""
    (directory / "abcd0001").mkdir(parents=True)
    total, number, prev = 0, 1, _START
    while number <= lines:
        with (directory / "abcd0001" / f"{number:012d}.jsonl").open("wb") as file:
            size = 0
            while number <= lines and size < SEGMENT:
                second, rest = divmod(number * 86_399_000_000 // lines, 1_000_000)
                at = (second // 3_600, second // 60 % 60, second % 60, rest)
                rare = number % EVERY == 0
                who, verdict = (b"rare", b"deny") if rare else (b"u%d" % (number % 977), b"allow")
                line = _LINE % (prev, number, *at, _HASH, number, who, verdict)
                prev = leaf(line[:-1]).hex().encode()
                size += file.write(line)
                number += 1
            total += size
    return total


def search(directory: Path, name: str) -> None:
    """One search; prints its figures."""
    began = time.process_time()
    found = sum(1 for _ in Reader(directory, lambda _: None).entries(SEARCHES[name]))
    took = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"found": found, "cpu_s": round(took, 2), "peak_mb": round(peak, 1)}))


def main(lines: int) -> None:
    """All searches over one journal."""
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        print(f"{lines:,} lines, {make(directory, lines) / 1e6:,.0f} MB")
        for name in SEARCHES:
            if name == "everything" and lines > 1_000_000:
                continue
            run = [sys.executable, __file__, "--search", str(directory), name]
            out = json.loads(subprocess.run(run, capture_output=True, check=True, text=True).stdout)
            print(f"{name}: {out}, {lines / max(out['cpu_s'], 0.01):,.0f} lines per CPU second")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--search"]:
        search(Path(sys.argv[2]), sys.argv[3])
    else:
        main(int((sys.argv[1:] or ["100000"])[0]))
