"""A policy read from git is what the commit holds, byte for byte, whatever the work tree, the configuration and the
repository itself would make of it; and nothing of theirs is run (threats, rows 35 and 36).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import written
from readable import FILES
from remit.adapters import git_files
from remit.adapters.git_files import commit_of, read_commit
from remit.entry import RealHouse
from remit.errors import Misconfigured
from repositories import committed, git, repository

RULES = "policies/access_rules.csv"
CASES = {"policies/cases/deep/one.csv": b"# none\n"}
FIRST = {**FILES, **CASES}
SECOND = {**FIRST, RULES: FILES[RULES] + b"g, user:eve, viewer, *\n"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    repository(tmp_path / "tree", FIRST, SECOND)
    return tmp_path / "tree"


def read(tree: Path, revision: str = "HEAD", below: str = "") -> dict[str, bytes]:
    return read_commit(revision, tree / below / "policies", tree / below / "model.conf")


def test_each_commit_is_read_as_it_is(tree: Path) -> None:
    written({RULES: b"something else\n", "policies/more.csv": b"x\n"}, tree)
    assert read(tree) == SECOND == read(tree, "main")
    assert read(tree, "HEAD~1") == FIRST == read(tree, "HEAD^")
    assert read(tree, git(tree, "rev-parse", "HEAD~1")[:12]) == FIRST
    git(tree, "tag", "-a", "v1", "-m", "x", "HEAD~1")
    assert read(tree, "v1") == FIRST


def test_a_policy_further_down_is_found_and_its_neighbours_are_not(tmp_path: Path) -> None:
    files = {f"team/a[1]/{name}": data for name, data in FIRST.items()}
    repository(tmp_path, {**files, "team/a1/policies/roles.csv": b"no\n", "policies/roles.csv": b"no\n"})
    assert read(tmp_path, below="team/a[1]") == FIRST


@pytest.mark.parametrize("directory", [":(top)odd", ":/", "*", "a[1]", "-x"])
def test_a_directory_of_any_name_is_the_one_that_is_read(tmp_path: Path, directory: str) -> None:
    files = {f"{directory}/{name}": data for name, data in FIRST.items()}
    repository(tmp_path, {**files, "x/policies/roles.csv": b"no\n", "policies/roles.csv": b"no\n"})
    assert read(tmp_path, below=directory) == FIRST


def test_hidden_files_are_no_policy_as_in_a_directory(tree: Path) -> None:
    committed(tree, {**FIRST, "policies/.roles.csv": b"no\n", "policies/cases/.~lock.one.csv": b"no\n"})
    assert read(tree) == FIRST == RealHouse().read(tree / "policies", tree / "model.conf")


def test_a_policy_that_was_moved_since_is_still_found(tree: Path) -> None:
    (tree / "policies").rename(tree / "elsewhere")
    assert read(tree) == SECOND


def test_bytes_are_not_what_attributes_and_filters_make_of_them(tree: Path) -> None:
    marker = tree / "ran"
    for name in ("filter.x.smudge", "filter.x.clean", "core.fsmonitor", "core.hooksPath", "diff.external", "core.pager",
                 "alias.cat-file", "uploadpack.packObjectsHook", "core.sshCommand"):  # fmt: skip
        git(tree, "config", name, f"touch '{marker}'; cat")
    hooks = {
        f".git/hooks/{name}": f"#!/bin/sh\ntouch '{marker}'\n".encode() for name in ("post-checkout", "pre-commit")
    }
    written({".gitattributes": b"*.csv filter=x text eol=crlf ident working-tree-encoding=UTF-16\n", **hooks}, tree)
    for name in hooks:
        (tree / name).chmod(0o755)
    assert read(tree) == SECOND
    assert not marker.exists()


def test_a_replaced_object_does_not_count(tree: Path) -> None:
    git(tree, "replace", git(tree, "rev-parse", f"HEAD:{RULES}"), git(tree, "rev-parse", f"HEAD~1:{RULES}"))
    git(tree, "replace", git(tree, "rev-parse", "HEAD"), git(tree, "rev-parse", "HEAD~1"))
    assert read(tree) == SECOND


@pytest.mark.parametrize(
    "revision",
    ["--upload-pack=touch x", "-v", "--help", "ext::sh -c x", "HEAD:policies", "HEAD..main", "a b", "", "\n", "HEAD\n",
     "$(id)", "nothing-of-that-name", "HEAD^{tree}", "refs/heads/../main", "@{-9}", ":/change", "HEAD^{/x}", "\0"],
)  # fmt: skip
def test_what_is_no_revision_is_refused_by_name(tree: Path, revision: str) -> None:
    with pytest.raises(Misconfigured, match="neither a directory nor a"):
        read(tree, revision)


def linked(tree: Path, mode: str, object: str, path: str) -> None:
    """A commit in which something that is no regular file stands at a path."""
    git(tree, "update-index", "--add", "--cacheinfo", f"{mode},{object},{path}")
    git(tree, "commit", "-q", "-m", "x")


@pytest.mark.parametrize(
    ("mode", "path", "what"),
    [
        ("120000", "policies/cases/link.csv", "symbolic link"),
        ("120000", RULES, "symbolic link"),
        ("120000", "model.conf", "symbolic link"),
        ("120000", "policies/links", "symbolic link"),
        ("160000", "policies/sub.csv", "submodule"),
        ("160000", "policies/sub", "submodule"),
    ],
)
def test_only_regular_files_are_read(tree: Path, tmp_path: Path, mode: str, path: str, what: str) -> None:
    (tmp_path / "secret").write_text("a secret")
    blob = git(tree, "hash-object", "-w", "--stdin", given=str(tmp_path / "secret").encode())
    linked(tree, mode, git(tree, "rev-parse", "HEAD") if mode == "160000" else blob, path)
    with pytest.raises(Misconfigured, match=f"`{path}` is a {what} at `HEAD`"):
        read(tree)


def test_a_policy_directory_that_is_a_link_is_no_policy(tree: Path) -> None:
    git(tree, "rm", "-rq", "policies")
    linked(tree, "120000", git(tree, "hash-object", "-w", "--stdin", given=b"/etc"), "policies")
    with pytest.raises(Misconfigured, match="`policies` is a symbolic link"):
        read(tree)


def test_a_commit_without_a_policy_is_told(tree: Path) -> None:
    git(tree, "rm", "-rq", "policies")
    git(tree, "commit", "-qm", "x")
    with pytest.raises(Misconfigured, match="no policy in `policies`"):
        read(tree)


def test_a_file_that_is_too_large_is_not_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_files, "MAX_FILE_BYTES", 300)
    with pytest.raises(Misconfigured, match="bytes at `HEAD`; 300 are allowed"):
        read(tree)


def test_too_many_files_are_no_policy(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_files, "MOST_FILES", 3)
    with pytest.raises(Misconfigured, match="is it a policy directory"):
        read(tree)


def test_strange_names_come_out_whole(tree: Path) -> None:
    name = 'policies/cases/a "b"\té\n.csv'
    committed(tree, {**FIRST, name: b"# x\n"})
    assert read(tree)[name] == b"# x\n"


def test_outside_of_a_repository_a_person_is_told(tmp_path: Path) -> None:
    written(FIRST, tmp_path)
    with pytest.raises(Misconfigured, match=r"git could not be asked: .*not a git repository"):
        read(tmp_path)


def test_without_git_a_person_is_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tree))
    with pytest.raises(Misconfigured, match="git is not installed"):
        read(tree)


def test_a_commit_has_one_full_name(tree: Path) -> None:
    assert commit_of("main", tree) == git(tree, "rev-parse", "HEAD")


def test_where_is_a_directory_or_a_revision(tree: Path, tmp_path: Path) -> None:
    house, policy, model = RealHouse(), tree / "policies", tree / "model.conf"
    assert house.read_at("HEAD~1", policy, model) == FIRST
    written(FIRST, tmp_path / "copy")
    assert (
        house.read_at(str(tmp_path / "copy"), policy, model)
        == FIRST
        == house.read_at(str(tmp_path / "copy/policies"), policy, model)
    )
    (tmp_path / "copy/model.conf").rename(tmp_path / "copy/policies/not.conf")
    assert house.read_at(str(tmp_path / "copy/policies"), policy, model) == FIRST, "the model of here, then"
