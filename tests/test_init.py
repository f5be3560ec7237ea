"""A policy to begin with: it loads, decides what it says, serves, and writes over nothing."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from commands import ran, really_ran
from golden import golden
from house import ROOT
from remit.adapters import new_files
from remit.adapters.new_files import write_new
from remit.core.policy import read_policy
from remit.entry import RealHouse
from remit.errors import Conflict, Misconfigured
from test_serve import free_port, running

STARTER = RealHouse().starter()


def test_a_policy_is_begun_and_says_what_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = ran("init", "mine", "--admin", "user:ada@example.com")
    assert (found.code, found.err) == (0, "")
    golden("init/init.txt", found.out)
    golden("init/init.json", ran("init", "other", "--format", "json").out)
    told = found.out.splitlines()[2].split()
    assert really_ran(*told[1:], directory=tmp_path) == (0, "75 passed, 0 failed\n", "")
    assert really_ran("load", "--policy", "mine/policies", "--model", "mine/model.conf", directory=tmp_path).err == ""


def test_it_is_served_as_it_is(tmp_path: Path) -> None:
    assert really_ran("init", "mine", directory=tmp_path).code == 0
    with running(tmp_path, free_port(), "--policy", "mine/policies", "--model", "mine/model.conf") as process:
        assert process.poll() is None


@pytest.mark.parametrize(("subject", "allowed"), [("user:ada@example.com", 0), ("user:example-manager@example.com", 1)])
def test_whoever_is_named_may_change_the_policy_and_nobody_else(subject: str, allowed: int, tmp_path: Path) -> None:
    assert ran("init", str(tmp_path / "x"), "--admin", "user:ada@example.com").code == 0
    place = ("--policy", "x/policies", "--model", "x/model.conf", "--home", "*")
    assert really_ran("check", subject, "publish", "policy", *place, directory=tmp_path).code == allowed


@pytest.mark.parametrize(("flags", "code"), [
    ((), 0),
    (("--admin", "user:ada@example.com", "--ticket", "IAM-1", "--approved-by", "user:eve@example.com"), 0),
    (("--admin", "user:ada@example.com"), 1),
])  # fmt: skip
def test_lint_has_nothing_against_it_but_an_administrator_whom_nobody_approved(
    flags: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    assert ran("init", str(tmp_path / "x"), *flags).code == 0
    found = really_ran("lint", "--policy", "x/policies", "--model", "x/model.conf", directory=tmp_path)
    assert found.code == code and ("warning" in found.out.replace("0 warnings", "")) == bool(code), found.out


@pytest.mark.parametrize(
    "flags",
    [
        ("--ticket", "IAM-1"),
        ("--admin", ""),
        ("--admin", "user:ada", "--ticket", "a, b"),
        ("--admin", "user:ada", "--ticket", "=1"),
        ("--admin", "user:ada", "--approved-by", "eve\ng, user:x, editor, *"),
    ],
)
def test_what_cannot_stand_in_a_line_begins_nothing(flags: tuple[str, ...], tmp_path: Path) -> None:
    assert ran("init", str(tmp_path / "x"), *flags).code == 2
    assert not (tmp_path / "x").exists()


def test_without_a_name_nobody_may(tmp_path: Path) -> None:
    assert "give somebody the role policy-administrator" in ran("init", str(tmp_path)).out
    assert not [rule for rule in read_policy(STARTER).access_rules if rule.role == "policy-administrator"]


@pytest.mark.parametrize("subject", ["ada", "role:x", "user:", "user:a,g", "user:a\ng, user:b", "user:=x\u200b", "*"])
def test_a_name_that_is_no_subject_begins_nothing(subject: str, tmp_path: Path) -> None:
    found = ran("init", str(tmp_path / "x"), "--admin", subject)
    assert found.code == 2 and "`--admin`" in found.err and found.err.count("\n") == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["model.conf", "policies/roles.csv", "policies/of/mine.csv", "policies/cases/a.csv"])
def test_nothing_is_written_where_something_is(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    found = ran("init", str(tmp_path))
    assert found.code == 1 and f"`{name}`" in found.err
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [path] and path.read_text() == "mine"


def test_a_link_to_nowhere_is_something(tmp_path: Path) -> None:
    (tmp_path / "model.conf").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict, match=r"model\.conf"):
        write_new(tmp_path, STARTER)
    assert not (tmp_path / "elsewhere").exists()


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    assert ran("init", str(tmp_path)).code == 0
    assert (tmp_path / "README.md").read_text() == "mine"


def test_all_is_written_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "cases").write_text("a file where a directory is due")
    with pytest.raises(Misconfigured, match="cannot be written"):
        write_new(tmp_path, STARTER)
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == ["cases"]


def test_the_roles_are_those_that_we_ship() -> None:
    for name in ("model.conf", *(f"policies/{name}.csv" for name in ("vocabulary", "roles", "service_roles"))):
        assert STARTER[name] == (ROOT / name).read_bytes(), f"copy {name} to src/remit/starter"


def test_examples_are_marked() -> None:
    for name in ("scopes", "groups", "access_rules", "resources"):
        before, _, after = STARTER[f"policies/{name}.csv"].decode().partition("# EXAMPLES")
        assert all(line.startswith("#") or not line for line in before.splitlines()), "no line that is no example"
        assert all("example" in line for line in after.splitlines()[1:])


def test_an_installation_has_it() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["remit"]
    package = ROOT / "src/remit"
    packed = {path for pattern in listed for path in package.glob(pattern) if path.is_file()}
    assert {new_files.STARTER / name for name in STARTER} <= packed


def test_what_is_told_is_what_is_written(tmp_path: Path) -> None:
    told = json.loads(ran("init", str(tmp_path / "x"), "--format", "json").out)
    written = {path.relative_to(tmp_path / "x").as_posix(): path for path in (tmp_path / "x").rglob("*.*")}
    assert told["files"] == sorted(written) and told["files"]
    assert {name: path.read_bytes() for name, path in written.items()} == STARTER
