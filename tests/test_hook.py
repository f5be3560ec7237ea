"""`remit hook` in real git repositories: what is staged or pushed is judged, and no hook of anybody's is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from commands import Ran, ran
from house import ROOT
from remit.adapters.git_hooks import MARK
from remit.entry import RealHouse

CASE = "policies/cases/where_it_counts.csv"
SCOPES = "policies/scopes.csv"


def git(at: Path, *arguments: str, **environment: str) -> Ran:
    """Run git as somebody who has no settings of their own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "REMIT_"))}
    who = {f"GIT_{role}_{what}": "tests@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    settings = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PYTHONPATH": str(ROOT / "src")}
    found = subprocess.run(
        ["git", *arguments],
        cwd=at,
        env={**plain, **who, **settings, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(found.returncode, found.stdout, found.stderr)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a policy, committed, and somewhere to push it to."""
    here = tmp_path / "a policy's place"
    RealHouse().write_new(here, RealHouse().starter())
    monkeypatch.chdir(here)
    for arguments in (
        ("init", "-q", "-b", "main"),
        ("add", "."),
        ("commit", "-qm", "begin"),
        ("init", "-q", "--bare", "../up"),
        ("remote", "add", "up", "../up"),
    ):
        assert git(here, *arguments).code == 0
    return here


def change(name: str, old: str, new: str) -> None:
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new))


def test_a_commit_that_breaks_a_case_is_refused_and_a_good_one_passes(repository: Path) -> None:
    assert ran("hook", "install").code == 0
    change(CASE, "deny, user:example-visitor", "allow, user:example-visitor")
    refused = git(repository, "commit", "-qam", "break a case")
    assert refused.code == 1 and "remit: nothing is committed" in refused.err and "1 failed" in refused.err
    assert git(repository, "rev-list", "--count", "HEAD").out == "1\n"
    git(repository, "checkout", "-q", CASE)
    change(SCOPES, "g2, project:example-two, department:example\n", "g2, project:example-two, department:example\n"
           "g2, project:example-three, department:example\n")  # fmt: skip
    passed = git(repository, "commit", "-qam", "one more project")
    assert passed.code == 0 and "0 failed" in passed.err


def test_a_policy_that_does_not_load_is_refused(repository: Path) -> None:
    assert ran("hook", "install", "--pre-commit").code == 0
    change(SCOPES, "g2, project:example-two, department:example", "g2, project:example-two; department:example")
    found = git(repository, "commit", "-qam", "break it")
    assert found.code == 1 and "R010" in found.err
    assert not (repository / ".git/hooks/pre-push").exists()


def test_a_policy_in_another_form_is_refused(repository: Path) -> None:
    assert ran("hook", "install").code == 0
    change(SCOPES, "g2, project:example-two, department:example", "g2,project:example-two,department:example")
    found = git(repository, "commit", "-qam", "squeeze it")
    assert found.code == 1 and "run `remit fmt`" in found.err


def test_what_is_staged_is_judged_and_not_the_work_tree(repository: Path) -> None:
    assert ran("hook", "install").code == 0
    change(CASE, "deny, user:example-visitor", "allow, user:example-visitor")
    git(repository, "add", CASE)
    git(repository, "show", "HEAD:" + CASE)
    change(CASE, "allow, user:example-visitor", "deny, user:example-visitor")
    assert git(repository, "commit", "-qm", "staged is wrong, the work tree is right").code == 1
    git(repository, "reset", "-q")
    change(CASE, "deny, user:example-visitor", "allow, user:example-visitor")
    Path("note.txt").write_text("more")
    git(repository, "add", "note.txt")
    assert git(repository, "commit", "-qm", "staged is right, the work tree is wrong").code == 0


def test_what_is_pushed_is_judged_whatever_was_committed(repository: Path) -> None:
    assert ran("hook", "install").code == 0
    assert git(repository, "push", "-q", "up", "main").code == 0
    change(CASE, "deny, user:example-visitor", "allow, user:example-visitor")
    assert git(repository, "commit", "-qam", "wrong", "--no-verify").code == 0
    refused = git(repository, "push", "-q", "up", "main")
    assert refused.code == 1 and "remit: nothing is pushed" in refused.err
    assert git(repository, "push", "-q", "up", "HEAD~1:refs/heads/other").code == 0
    assert git(repository, "push", "-q", "up", "--delete", "other").code == 0
    assert git(repository, "status", "--short").out == "", "the index is left as it was"


def test_a_push_shows_what_it_does_and_stops_at_what_breaks_a_constraint(repository: Path) -> None:
    assert ran("hook", "install").code == 0
    constraints = Path("policies/constraints.csv")
    before = constraints.read_text() if constraints.exists() else ""
    constraints.write_text(before + "never, no-eve, *, none of hers, environment:create, user:eve@example.com\n")
    git(repository, "add", "-A")
    assert git(repository, "commit", "-qm", "a constraint").code == 0
    assert git(repository, "push", "-q", "up", "main").code == 0
    access, role = Path("policies/access_rules.csv"), Path("policies/roles.csv").read_text()
    maker = next(line.split(", ")[1] for line in role.splitlines() if line.endswith(", environment, create"))
    kept = access.read_text()
    access.write_text(f"{kept}g, user:eve@example.com, {maker}, *\n")
    assert git(repository, "commit", "-qam", "broken").code == 0, "what it breaks shows against what was pushed"
    refused = git(repository, "push", "-q", "up", "main")
    assert refused.code == 1 and "no-eve" in refused.err and "remit: nothing is pushed" in refused.err
    access.write_text(f"{kept}g, user:ida@example.com, {maker}, *\n")
    assert git(repository, "commit", "-qam", "mended").code == 0
    pushed = git(repository, "push", "-q", "up", "main")
    assert pushed.code == 0 and "`user:ida@example.com` gains" in pushed.err


def test_what_was_done_is_told_to_scripts(repository: Path) -> None:
    wrote = json.loads(ran("hook", "install", "--format", "json").out)["wrote"]
    assert [Path(path).name for path in wrote] == ["pre-commit", "pre-push"]
    assert json.loads(ran("hook", "show", "pre-push", "--format", "json").out).startswith("#!/bin/sh")
    assert json.loads(ran("hook", "uninstall", "--format", "json").out) == {"took_away": wrote}


def test_a_branch_without_a_policy_is_pushed_and_it_says_so(repository: Path) -> None:
    assert ran("hook", "install").code == 0
    git(repository, "checkout", "-q", "--orphan", "pages")
    git(repository, "rm", "-rqf", ".")
    assert git(repository, "commit", "-qm", "no policy", "--allow-empty", "--no-verify").code == 0
    found = git(repository, "push", "-q", "up", "pages")
    assert found.code == 0 and "no policy" in found.err


def test_a_link_is_no_policy_file(repository: Path) -> None:
    assert ran("hook", "install").code == 0
    Path(SCOPES).rename("elsewhere.csv")
    Path(SCOPES).symlink_to("../elsewhere.csv")
    git(repository, "add", ".")
    found = git(repository, "commit", "-qm", "a link")
    assert found.code == 1 and "regular files" in found.err


@pytest.mark.parametrize("hook", ["pre-commit", "pre-push"])
def test_without_remit_nothing_passes(hook: str, repository: Path) -> None:
    assert ran("hook", "install").code == 0
    path = repository / ".git/hooks" / hook
    lines = path.read_text().split("\n")
    index = next(index for index, line in enumerate(lines) if line.startswith("python="))
    lines[index] = "python=/nowhere/python " + lines[index].partition(" ")[2]
    path.write_text("\n".join(lines))
    what = ("commit", "-qm", "x", "--allow-empty") if hook == "pre-commit" else ("push", "-q", "up", "main")
    found = git(repository, *what)
    assert found.code == 1 and "remit: /nowhere/python is gone" in found.err


def test_a_module_in_the_repository_is_not_run(repository: Path) -> None:
    assert ran("hook", "install").code == 0
    for name in ("typer.py", "remit.py", "sitecustomize.py"):
        Path(name).write_text(f"open({str(repository / 'ran')!r}, 'w')\n")
    git(repository, "add", ".")
    assert git(repository, "commit", "-qm", "modules").code == 0
    assert not (repository / "ran").exists()


@pytest.mark.parametrize("kind", ["a file", "a link", "the mark elsewhere"])
def test_a_hook_of_somebody_elses_stays(kind: str, repository: Path) -> None:
    path = repository / ".git/hooks/pre-push"
    path.parent.mkdir(exist_ok=True)
    text = "#!/bin/sh\necho mine\n" + (MARK + "\n" if "mark" in kind else "")
    if kind == "a link":
        (repository / "mine").write_text(f"#!/bin/sh\n{MARK}\n")
        path.symlink_to(repository / "mine")
        text = (repository / "mine").read_text()
    else:
        path.write_text(text)
    found = ran("hook", "install")
    assert found.code == 1 and "is not remit's" in found.err and "remit hook show pre-push" in found.err
    assert path.read_text() == text and not (repository / ".git/hooks/pre-commit").exists()
    assert ran("hook", "uninstall").out == "there are no hooks of remit's\n"
    assert path.read_text() == text


def test_a_hook_can_be_called_from_another(repository: Path) -> None:
    hooks = repository / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "remit-pre-commit").write_text(ran("hook", "show", "pre-commit").out)
    (hooks / "remit-pre-commit").chmod(0o755)
    (hooks / "pre-commit").write_text('#!/bin/sh\n.git/hooks/remit-pre-commit "$@" || exit 1\n')
    (hooks / "pre-commit").chmod(0o755)
    change(CASE, "deny, user:example-visitor", "allow, user:example-visitor")
    assert git(repository, "commit", "-qam", "wrong").code == 1
    assert ran("hook", "show", "post-commit").code == 2


def test_hooks_are_written_anew_and_taken_away(repository: Path) -> None:
    assert ran("hook", "install").code == 0
    first = (repository / ".git/hooks/pre-commit").read_text()
    assert ran("hook", "install", "--pre-commit").code == 0
    assert (repository / ".git/hooks/pre-commit").read_text() == first
    assert ran("hook", "uninstall").out.count("took away ") == 2
    assert not list((repository / ".git/hooks").glob("pre-[cp]*[!e]"))


def test_hooks_go_where_git_looks_for_them(repository: Path) -> None:
    assert git(repository, "config", "core.hooksPath", "ours").code == 0
    assert ran("hook", "install").code == 0
    assert (repository / "ours/pre-commit").exists() and not (repository / ".git/hooks/pre-commit").exists()
    assert git(repository, "config", "core.hooksPath", "/tmp").code == 0
    found = ran("hook", "install")
    assert found.code == 1 and "core.hooksPath" in found.err and not Path("/tmp/pre-commit").exists()


def test_a_policy_deeper_in_a_repository_is_found(repository: Path) -> None:
    deeper = repository / "deeper one"
    deeper.mkdir()
    for name in ("policies", "model.conf"):
        shutil.move(repository / name, deeper / name)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "move")
    assert ran("hook", "install", "--policy", "deeper one/policies", "--model", "deeper one/model.conf").code == 0
    found = git(repository, "commit", "-qm", "x", "--allow-empty")
    assert found.code == 0 and "0 failed" in found.err


def test_outside_a_repository_there_are_no_hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in (("install",), ("uninstall",), ("show", "pre-commit")):
        found = ran("hook", *verb)
        assert found.code == 2 and "no git repository" in found.err
