"""The workflow that `docs/ci.md` hands out does what it says: its steps, run one by one in a real repository with a
base and a branch, judge the change and write the plan that is posted.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from commands import REMIT, _environment
from house import ROOT
from readable import FILES
from repositories import committed, repository

WORKFLOW = yaml.safe_load((ROOT / "deploy" / "policy-ci.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["judge"]["steps"]
RULES, CASES = "policies/access_rules.csv", {"policies/cases/all.csv": b"deny, user:bob, create, environment, *,\n"}
CONSTRAINTS = {"policies/constraints.csv": b"never, no-eve, *, x, environment:create, user:eve\n"}
BASE = {**FILES, **CASES, **CONSTRAINTS}


class Done(NamedTuple):
    """How the steps of one run went: exit codes by name, what they printed, and the plan."""

    codes: dict[str, int]
    printed: str
    plan: str
    posted: str


def run(tmp_path: Path, head: dict[str, bytes]) -> Done:
    """Run every shell step over a change from BASE, as the runner does, `gh` and the installation aside."""
    tree, tools = tmp_path / "tree", tmp_path / "tools"
    (base,) = repository(tree, BASE)
    committed(tree, head)
    tools.mkdir()
    (tools / "remit").symlink_to(REMIT)
    (tools / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/gh"\n')
    (tools / "gh").chmod(0o755)
    files = {"GITHUB_OUTPUT": "out", "GITHUB_STEP_SUMMARY": "summary", "RUNNER_TEMP": "."}
    environment = {**_environment(), "BASE": base, "GITHUB_REPOSITORY": "o/r", "NUMBER": "7"}
    environment |= {name: str(tmp_path / file) for name, file in files.items()}
    environment["PATH"] = f"{tools}:{environment['PATH']}"
    codes, printed = {}, ""
    for step in STEPS:
        if "run" in step and step["name"] != "install":
            outputs = dict(re.findall(r"(\w+)=(.*)", _read(tmp_path / "out")))
            environment["CODE"] = outputs.get("code", "")
            done = subprocess.run(["bash", "-e", "-c", step["run"]], cwd=tree, env=environment, capture_output=True)
            codes[step["name"]] = done.returncode
            printed += done.stdout.decode() + done.stderr.decode()
    return Done(codes, printed, _read(tree / "plan.md"), _read(tmp_path / "gh"))


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize(
    ("more", "failing", "said"),
    [
        (b"g, user:eve, viewer, *\n", [], "eve"),
        (b"g, user:eve,viewer, *\n", ["form"], "eve"),
        (b"g, user:bob, researcher, *\n", ["test"], "bob"),
        (b"g, user:eve, researcher, *\n", ["verdict"], "&#45;eve"),
        (b"g, user:eve, no-role, *\n", ["lint", "form", "test", "verdict"], ""),
    ],
)
def test_each_step_says_no_to_what_it_is_there_for(tmp_path: Path, more: bytes, failing: list[str], said: str) -> None:
    done = run(tmp_path, {**BASE, RULES: FILES[RULES] + more})
    assert [name for name, code in done.codes.items() if code] == failing, done
    assert said in done.plan and bool(done.plan) is bool(said)
    assert done.posted.split("\n")[:6] == ["pr", "comment", "7", "--repo", "o/r", "--body-file"]


def test_the_workflow_gives_no_more_than_it_needs() -> None:
    assert WORKFLOW[True].keys() == {"pull_request"}, "never pull_request_target"  # YAML reads `on` as true
    assert WORKFLOW["permissions"] == {"contents": "read", "pull-requests": "write"}
    for step in STEPS:
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        assert "${{" not in step.get("run", ""), "an expression within a script is a way in"
    checkout = STEPS[0]["with"]
    assert checkout == {"fetch-depth": 0, "persist-credentials": False}
