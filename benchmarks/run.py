"""Everything that is measured, as tables: `make bench`, or `python benchmarks/run.py NAME …` by the names at the end.

Every figure is taken in a process of its own; ratios compare what ran in the same minutes on the same machine.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SIZES = (10, 1_000, 100_000, 1_000_000)


def run(script: str, *arguments: str) -> Any:
    """The JSON that a benchmark script prints."""
    command = [sys.executable, str(HERE / script), *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=900).stdout)


def decide() -> None:
    """In process: microseconds per decision."""
    print("\n## In process: µs per decision (best of several rounds)\n")
    print("| access rules | hot allow / deny / stranger | cold allow / deny / stranger | pycasbin | times faster |")
    print("|---|---|---|---|---|")
    for rules in SIZES:
        found = run("decide.py", str(rules), *(["--casbin"] if rules <= 1_000 else []))
        hot = " / ".join(f"{value:.2f}" for value in found["hot"].values())
        cold = " / ".join(f"{value:.2f}" for value in found["cold"].values())
        casbin, mean = found["casbin"], sum(found["hot"].values()) / 3
        beside = f"{casbin:,.0f} | {casbin / mean:,.0f}" if casbin else "not in minutes | "
        print(f"| {rules:,} | {hot} | {cold} | {beside} |", flush=True)
    found = run("decide.py", "1000", "--casbin", "--permissions", "60")
    mean = sum(found["hot"].values()) / 3
    print(f"\nWith 60 permission lines and 1,000 access rules: pycasbin {found['casbin']:,.0f} µs, "
          f"remit {mean:.2f} µs, {found['casbin'] / mean:,.0f} times faster")  # fmt: skip


def build() -> None:
    """From files to ready."""
    print("\n## From files on disk to ready\n")
    print("| access rules | read + check, s | index, s | ready, s | peak, MB | kept, bytes each |")
    print("|---|---|---|---|---|---|")
    for rules in SIZES[1:]:
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run([sys.executable, str(HERE / "build.py"), "--write", directory, str(rules)], check=True)
            f = run("build.py", directory)
        times = f"{f['read_s']:.2f} | {f['index_s']:.2f} | {f['ready_s']:.2f}"
        print(f"| {rules:,} | {times} | {f['peak_mb']:.0f} | {f['kept_bytes_per_rule']:.0f} |", flush=True)


def http() -> None:
    """Over HTTP, beside a bare uvicorn hello."""
    print("\n## Over HTTP: one worker, 32 connections, medians of alternating rounds\n")
    print("| evaluations per request | server CPU, µs per request | requests per CPU second, of hello's "
          "| of remit's without authentication | requests/s | decisions per CPU second |")  # fmt: skip
    print("|---|---|---|---|---|---|")
    for batch, f in run("over_http.py").items():
        print(
            f"| {batch} | {f['cpu_us_per_request']:.0f} | {f['of_hello_requests_per_cpu_second']:.2f} "
            f"| {f['of_open_requests_per_cpu_second']:.2f} "
            f"| {f['requests_per_second']:,.0f} | {f['decisions_per_cpu_second']:,.0f} |",
            flush=True,
        )


def search() -> None:
    """Searches beside evaluating one by one."""
    print("\n## The first page of 100, over 10,000 resources\n")
    print("| access rules | search | results | page, ms | one by one, ms | peak, kB | index, s |")
    print("|---|---|---|---|---|---|---|")
    for rules in (1_000, 100_000):
        found = run("search.py", str(rules))
        for name, f in found["searches"].items():
            beside = f"{f['one_by_one_ms']:.1f} | {f['peak_kb']:.0f}" if "peak_kb" in f else " | "
            results = f"{f['results']}{'+' if f['more'] else ''}"
            index = f"{found['index_s']:.2f}"
            print(f"| {rules:,} | {name} | {results} | {f['page_ms']:.2f} | {beside} | {index} |", flush=True)


def catalog() -> None:
    """The catalog's lists and workspaces, in SQLite."""
    f = run("catalog.py")
    print("\n## The catalog: 10,000 assets in 100 projects, SQLite\n")
    print("| what | ms |")
    print("|---|---|")
    print(f"| first page of {f['results']} environments for a project's researcher | {f['page_ms']:.1f} |")
    print(f"| the same by looking at every asset | {f['one_by_one_ms']:.0f} |")
    print(f"| a new workspace, two of its blocks made on the fly | {f['workspace_ms']:.1f} |", flush=True)


def duties() -> None:
    """Constraints, all of time judged."""
    print("\n## Constraints judged over all of time, with the index of searches\n")
    print("| access rules | constraints | violations | s |")
    print("|---|---|---|---|")
    for rules in (1_000, 100_000):
        for name, f in run("duties.py", str(rules))["judged"].items():
            print(f"| {rules:,} | {name} | {f['violations']:,} | {f['seconds']:.2f} |", flush=True)


def start() -> None:
    """From a kill to the first answer."""
    print("\n## From the start of a server, after a kill, to its first answer: medians (worst)\n")
    print("| workers | access rules | first answer, s | all workers, s | CPU until then, s |")
    print("|---|---|---|---|---|")
    for number in (1, 4):
        for rules in (60, 10_000):
            f = run("start.py", str(number), str(rules), "7")
            first, whole = (f"{f[f'{what}_s']:.2f} ({f[f'worst_{what}_s']:.2f})" for what in ("first", "whole"))
            print(f"| {number} | {rules:,} | {first} | {whole} | {f['cpu_s']:.2f} |", flush=True)


def live() -> None:
    """A policy that changes under a server."""
    print("\n## A policy that changes under a server: medians, one question every 2 ms\n")
    print("| access rules | start to answer, s | check, CPU s | compile, CPU s | from file to effect, s "
          "| p50 quiet / meanwhile, ms | p99 quiet / meanwhile, ms | worst, ms | peak, MB |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for rules, rounds in ((10_000, 12), (100_000, 6), (1_000_000, 2)):
        f = run("live.py", str(rules), str(rounds))
        steps = f"{f['ready_s']:.2f} | {f['check_s']:.2f} | {f['compile_s']:.2f} | {f['effect_s']:.2f}"
        halves = f"{f['quiet_p50_ms']:.2f} / {f['busy_p50_ms']:.2f}"
        tails = f"{f['quiet_p99_ms']:.2f} / {f['busy_p99_ms']:.2f}"
        print(
            f"| {rules:,} | {steps} | {halves} | {tails} | {f['busy_worst_ms']:.0f} | {f['peak_mb']:.0f} |", flush=True
        )


def reloads() -> None:
    """Two policies that disagree, and those who ask meanwhile."""
    print("\n## While two policies come and go, one after the other, and four clients ask as fast as they can\n")
    print("| access rules | journal | policies | from file to effect, s | p50 quiet / meanwhile, ms "
          "| p99 quiet / meanwhile, ms | times |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for rules, kept, decisions in ((60, "durable", 150_000), (10_000, "durable", 150_000), (60, "off", 600_000)):
        f = run("reloads.py", str(rules), str(decisions), "500", "4", "1", kept)
        halves, tails = (f"{f[f'quiet_{p}_ms']:.2f} / {f[f'busy_{p}_ms']:.2f}" for p in ("p50", "p99"))
        times = f"{f['busy_p99_ms'] / f['quiet_p99_ms']:.2f}"
        print(
            f"| {rules:,} | {kept} | {f['reloads']} | {f['effect_s']:.2f} | {halves} | {tails} | {times} |", flush=True
        )


def publish() -> None:
    """From a publish to its effect everywhere."""
    print("\n## From a publish to its effect: medians (worst)\n")
    print("| access rules | on | answered, s | in effect everywhere, s |")
    print("|---|---|---|---|")
    for rules in (1_000, 10_000):
        for how, name in (("servers", "two servers, one PostgreSQL"), ("workers", "four workers, SQLite")):
            f = run("publish.py", str(rules), how)
            effect = f"{max(f['effect_s']):.2f} ({max(f['worst_effect_s']):.2f})"
            print(f"| {rules:,} | {name} | {f['answered_s']:.2f} | {effect} |", flush=True)


def shadow() -> None:
    """What a shadow policy costs."""
    print("\n## A shadow policy over HTTP, 10,000 access rules\n")
    print("| of the answers it is asked | server CPU, µs per request | of that without |")
    print("|---|---|---|")
    for name, f in run("shadow.py", "10000").items():
        print(f"| {name} | {f['cpu_us_per_request']:.0f} | {f['of_none']:.2f} |", flush=True)


def workers() -> None:
    """Several processes that answer."""
    print("\n## Workers: 32 connections, then 24 that ask while a policy changes\n")
    print("| workers | access rules | requests/s | share of the busiest | file to the last worker, s (worst) "
          "| of it from when it was checked, s (worst) |")  # fmt: skip
    print("|---|---|---|---|---|---|")
    for number, rules in ((1, 10_000), (2, 10_000), (4, 10_000), (4, 100_000)):
        f = run("workers.py", str(number), str(rules))
        lag = f"{f['lag_s']:.2f} ({f['worst_lag_s']:.2f})"
        share, handed = f"{f['share_of_the_busiest']:.2f}", f"{f['handed_s']:.2f} ({f['worst_handed_s']:.2f})"
        print(f"| {number} | {rules:,} | {f['requests_per_second']:,.0f} | {share} | {lag} | {handed} |", flush=True)


def asking() -> None:
    """What a policy adds up to, over all its lines."""
    print("\n## Asking a loaded policy, the text of the answer included\n")
    print("| access rules | asked | lines of the answer | ms |")
    print("|---|---|---|---|")
    for rules in (1_000, 100_000):
        for name, f in run("asking.py", str(rules))["asked"].items():
            print(f"| {rules:,} | {name} | {f['lines']:,} | {f['ms']:.1f} |", flush=True)


def lint() -> None:
    """All there is to say of a policy."""
    print("\n## Lint: seconds of CPU\n")
    print("| access rules | lint | lint, saved by a spreadsheet | its repair and the gate |")
    print("|---|---|---|---|")
    for rules in SIZES[1:3]:
        f = run("lint.py", str(rules))
        print(f"| {rules:,} | {f['lint_s']:.2f} | {f['damaged_s']:.2f} | {f['repair_s']:.2f} |", flush=True)


def planned() -> None:
    """Plans of few changed lines among many."""
    print("\n## A plan: 50 access rules changed\n")
    print("| access rules | both read, CPU s | everything, CPU s | entries |")
    print("|---|---|---|---|")
    for rules in (1_000, 100_000):
        f = run("plan.py", str(rules), "50")
        print(f"| {rules:,} | {f['read_s']:.2f} | {f['whole_s']:.2f} | {f['entries']} |", flush=True)


def journal() -> None:
    """What a journal costs."""
    print("\n## The journal: one worker, 32 connections, medians of alternating rounds\n")
    print("| evaluations per request | journal | server CPU, µs per request "
          "| decisions per CPU second, of those without | requests/s |")  # fmt: skip
    print("|---|---|---|---|---|")
    for name, f in sorted(run("journal.py").items(), key=lambda pair: int(pair[0].split()[1])):
        mode, batch = name.split()
        cost, share = f"{f['cpu_us_per_request']:.0f}", f"{f['of_off_decisions_per_cpu_second']:.2f}"
        mode = "off" if mode == "remit" else mode
        print(f"| {batch} | {mode} | {cost} | {share} | {f['requests_per_second']:,.0f} |", flush=True)


ALL = {"decide": decide, "build": build, "http": http, "search": search, "catalog": catalog, "duties": duties,
       "start": start, "live": live, "reloads": reloads, "workers": workers, "publish": publish, "shadow": shadow,
       "asking": asking, "lint": lint, "plan": planned, "journal": journal}  # fmt: skip

if __name__ == "__main__":
    print(f"Python {platform.python_version()}, {platform.machine()}")
    for name in sys.argv[1:] or ALL:
        ALL[name]()
