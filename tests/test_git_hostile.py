"""Repositories that mean harm, followed: nothing of them is run, nothing outside of them is read, and the live policy
stays as it is (threats, row 35).
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from commands import written
from readable import FILES
from remit.adapters import git_files
from remit.adapters.git_address import Address
from remit.adapters.git_mirror import Mirror
from remit.adapters.git_source import GitSource
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.errors import Misconfigured
from remit.service.live import LivePolicy
from remit.service.policies import faults_of
from repositories import committed, git, repository

RULES = "policies/access_rules.csv"
SECOND = {**FILES, RULES: FILES[RULES] + b"# second\n"}
SECRET = "a secret that lies outside"
MOST = 400_000


class Place(NamedTuple):
    """The repository that is followed, what shows that something was run, and a file outside."""

    remote: Path
    canary: Path
    outside: Path

    @property
    def program(self) -> str:
        """What an attacker would like to see run."""
        return f"touch '{self.canary}'; cat"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "remote", tmp_path / "ran", tmp_path / "outside.csv")
    made.outside.write_text(SECRET)
    repository(made.remote, FILES)
    return made


def blob(place: Place, data: bytes) -> str:
    return git(place.remote, "hash-object", "-w", "--stdin", given=data)


def tree(place: Place, *entries: tuple[str, bytes, str]) -> str:
    """A tree of any names at all: mode, name, object."""
    data = b"".join(b"%b %b\0%b" % (mode.encode(), name, bytes.fromhex(id)) for mode, name, id in entries)
    return git(place.remote, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=data)


def pushed(place: Place, top: str, message: bytes = b"x") -> None:
    """The branch goes on with this tree."""
    commit = git(place.remote, "commit-tree", top, "-p", "main", "-F", "-", given=message)
    git(place.remote, "update-ref", "refs/heads/main", commit)


def with_policies(place: Place, *entries: tuple[str, bytes, str]) -> None:
    """A commit with these entries among the policy files, sorted as git sorts."""
    kept = [(mode, name, id) for mode, name, id in listed(place, "main:policies")]
    policies = tree(place, *sorted([*kept, *entries], key=lambda each: each[1]))
    model = git(place.remote, "rev-parse", "main:model.conf")
    pushed(place, tree(place, ("100644", b"model.conf", model), ("40000", b"policies", policies)))


def listed(place: Place, what: str) -> list[tuple[str, bytes, str]]:
    lines = [line.split() for line in git(place.remote, "ls-tree", what).splitlines()]
    return [(mode.lstrip("0"), name.encode(), id) for mode, _, id, name in lines]


# what they do


def hooks_and_settings(place: Place) -> None:
    names = ("post-checkout", "post-merge", "pre-auto-gc", "reference-transaction", "update", "post-update")
    hooks = {f".git/hooks/{name}": f"#!/bin/sh\n{place.program}\n".encode() for name in names}
    committed(place.remote, SECOND)
    written(hooks, place.remote)
    for name in hooks:
        (place.remote / name).chmod(0o755)
    for name in ("filter.x.smudge", "filter.x.process", "core.sshCommand", "core.pager", "core.alternateRefsCommand",
                 "uploadpack.packObjectsHook", "core.gitProxy", "credential.helper", "core.fsmonitor"):  # fmt: skip
        git(place.remote, "config", name, f"!{place.program}" if name == "credential.helper" else place.program)


def attributes(place: Place) -> None:
    lines = b"*.csv filter=x text eol=crlf ident export-subst merge=x diff=x\n"
    mailmap = b"Root <root@example.com> <t@example.com>\n"
    committed(place.remote, {**SECOND, "policies/.gitattributes": lines, ".mailmap": mailmap})
    git(place.remote, "config", "filter.x.smudge", place.program)


def a_repository_within(place: Place) -> None:
    config = f'[core]\n\tfsmonitor = "{place.program}"\n\thooksPath = hooks\n[alias]\n\tfetch = "!{place.program}"\n'
    within = {
        "config": config.encode(),
        "HEAD": b"ref: refs/heads/main\n",
        "refs/x": b"",
        "objects/info/alternates": b"/\n",
    }
    committed(place.remote, {**SECOND, **within, **{f"policies/{name}": data for name, data in within.items()}})


def odd_refs(place: Place) -> None:
    committed(place.remote, SECOND)
    tip = git(place.remote, "rev-parse", "HEAD")
    odd = ("--upload-pack=touch${IFS}ran", "$(id)", ";x", "-x", "refs/remit/seen")
    for name in (*(f"heads/{each}" for each in odd), "remit/seen", "replace/" + "a" * 40, "tags/main", "notes/commits"):
        (place.remote / ".git/refs" / name).parent.mkdir(parents=True, exist_ok=True)
        (place.remote / ".git/refs" / name).write_text(tip + "\n")


def submodule(place: Place) -> None:
    with_policies(place, ("160000", b"sub.csv", git(place.remote, "rev-parse", "main")))


def evil_submodule(place: Place) -> None:
    lines = f'[submodule "x"]\n\tpath = x\n\turl = --upload-pack={place.program}\n\tupdate = !{place.program}\n'
    committed(place.remote, {**SECOND, ".gitmodules": lines.encode()})


def link(place: Place) -> None:
    with_policies(place, ("120000", b"more.csv", blob(place, str(place.outside).encode())))


def linked_directory(place: Place) -> None:
    with_policies(place, ("120000", b"more", blob(place, str(place.outside.parent).encode())))


def linked_policies(place: Place) -> None:
    pushed(place, tree(place, ("120000", b"policies", blob(place, b".."))))


def linked_model(place: Place) -> None:
    policies = git(place.remote, "rev-parse", "main:policies")
    target = blob(place, str(place.outside).encode())
    pushed(place, tree(place, ("120000", b"model.conf", target), ("40000", b"policies", policies)))


def parent(place: Place) -> None:
    with_policies(place, ("40000", b"..", tree(place, ("100644", b"outside.csv", blob(place, b"x")))))


def slashes(place: Place) -> None:
    with_policies(place, ("100644", b"../../outside.csv", blob(place, b"x")))


def absolute(place: Place) -> None:
    with_policies(place, ("100644", str(place.outside).encode(), blob(place, b"x")))


def dot_git(place: Place) -> None:
    hooks = tree(place, ("100755", b"post-checkout", blob(place, place.program.encode())))
    with_policies(place, ("40000", b".GIT", tree(place, ("40000", b"hooks", hooks))))


def lfs_pointer(place: Place) -> None:
    lines = b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\nsize 12345\n" % (b"0" * 64)
    attributes = b"*.csv filter=lfs diff=lfs merge=lfs -text\n"
    lfs = f'[lfs]\n\turl = "ext::{place.program}"\n'.encode()
    committed(place.remote, {**FILES, RULES: lines, ".gitattributes": attributes, ".lfsconfig": lfs})


def twice_the_same_name(place: Place) -> None:
    with_policies(place, ("100644", b"Access_Rules.csv", blob(place, b"g, user:eve, overseer, *\n")))


def no_text(place: Place) -> None:
    with_policies(place, ("100644", b"\xff\x1b[31m.csv", blob(place, b"x")))


def many_files(place: Place) -> None:
    nothing = blob(place, b"")
    with_policies(
        place, ("40000", b"x", tree(place, *(("100644", b"%d.csv" % n, nothing) for n in range(1_000, 3_000))))
    )


def bomb(place: Place) -> None:
    at = tree(place, *(("100644", b"f%d.csv" % number, blob(place, b"x")) for number in range(10)))
    for _ in range(10):  # ten thousand million files
        at = tree(place, *(("40000", b"d%d" % number, at) for number in range(10)))
    with_policies(place, ("40000", b"x", at))


def deep(place: Place) -> None:
    at = tree(place, ("100644", b"x.csv", blob(place, b"x")))
    for _ in range(300):
        at = tree(place, ("40000", b"d", at))
    with_policies(place, ("40000", b"x", at))


def huge(place: Place) -> None:
    with_policies(place, ("100644", b"huge.csv", blob(place, os.urandom(3 * MOST))))


def swollen(place: Place) -> None:
    with_policies(place, ("100644", b"swollen.csv", blob(place, bytes(3 * MOST))))


def wordy(place: Place) -> None:
    pushed(place, git(place.remote, "rev-parse", "main^{tree}"), b"x" * 2_000_000)


def no_commit(place: Place) -> None:
    (place.remote / ".git/refs/heads/main").write_text(blob(place, FILES[RULES]) + "\n")


def a_tag_of_a_tree(place: Place) -> None:
    git(place.remote, "tag", "-a", "x", "-m", "x", "main^{tree}")
    (place.remote / ".git/refs/heads/main").write_text(git(place.remote, "rev-parse", "x") + "\n")


def broken_object(place: Place) -> None:
    committed(place.remote, SECOND)
    id = git(place.remote, "rev-parse", f"HEAD:{RULES}")
    path = place.remote / ".git/objects" / id[:2] / id[2:]
    path.chmod(0o644)
    path.write_bytes(b"garbage")


def missing_history(place: Place) -> None:
    committed(place.remote, SECOND)
    committed(place.remote, SECOND)
    before = git(place.remote, "rev-parse", "HEAD~1")
    (place.remote / ".git/shallow").write_text(before + "\n")


def elsewhere(place: Place) -> None:
    """Objects that the repository only claims to have: they lie in another one."""
    other = place.remote.with_name("other")
    repository(other, {**SECOND, "policies/more.csv": SECRET.encode()})
    (place.remote / ".git/refs/heads/main").write_text(git(other, "rev-parse", "HEAD") + "\n")


HARMLESS = [hooks_and_settings, attributes, a_repository_within, odd_refs]
"""Those whose policy is one like any other."""

HARMFUL: dict[Callable[[Place], None], str] = {
    submodule: "is a submodule",
    evil_submodule: "disallowed submodule|gitmodules",
    link: "is a symbolic link",
    linked_directory: "is a symbolic link",
    linked_policies: "is a symbolic link",
    linked_model: "is a symbolic link",
    parent: "cannot be fetched.*'..'",
    slashes: "cannot be fetched.*full pathnames",
    absolute: "cannot be fetched.*full pathnames",
    dot_git: "cannot be fetched.*'.git'",
    lfs_pointer: "access_rules.csv:1:",
    twice_the_same_name: "are one file to some machines",
    no_text: "is no name for a file",
    many_files: "holds 2,.* CSV files",
    bomb: "git answers more than",
    deep: "policies/x/d/d",
    huge: "brings more than 400,000 bytes",
    swollen: "has 1,200,000 bytes at",
    wordy: "git answers more than 1,048,576 bytes",
    no_commit: "is no commit",
    a_tag_of_a_tree: "is no commit",
    broken_object: "cannot be fetched",
    missing_history: "shallow",
    elsewhere: "cannot be fetched",
}
"""Those that are refused, and for what."""


def source(place: Place) -> GitSource:
    address = Address(str(place.remote), "file")
    mirror = Mirror(place.remote.with_name("state") / "policy.git", address, "refs/heads/main", MOST, 20)
    return GitSource(mirror, address, "refs/heads/main", "policies", "model.conf", 1)


def followed(place: Place, harm: Callable[[Place], None]) -> tuple[LivePolicy, str]:
    """The live policy after the branch went on with that, and what was wrong with it if anything."""
    one = source(place)
    live = LivePolicy(Snapshot(read_policy(one.look().files)), str(one))
    state = place.remote.with_name("state") / "policy.git"
    config = (state / "config").read_bytes()
    harm(place)
    place.canary.unlink(missing_ok=True)  # doing harm may have done so
    why = ""
    try:
        files = one.look().files
        assert not any(SECRET.encode() in data for data in files.values())
        live.offer(files, 1, faults_of)
        refused = live.standing().refused
        if refused is not None:
            why = " ".join([*(f"{each.place()}: {each.message}" for each in refused.findings), *refused.faults])
    except Misconfigured as error:
        why = str(error)
    assert not place.canary.exists(), "something was run"
    assert (state / "config").read_bytes() == config and not (state / "shallow").exists()
    assert sorted(path.name for path in state.iterdir()) == ["HEAD", "config", "lock", "objects", "refs"]
    assert not (state / "objects/info/alternates").exists()
    assert {path.name for path in (state / "refs").rglob("*") if path.is_file()} <= {"seen", "tip"}
    return live, why


@pytest.mark.parametrize("harm", HARMLESS)
def test_what_stands_beside_a_policy_does_nothing(place: Place, harm: Callable[[Place], None]) -> None:
    live, why = followed(place, harm)
    assert (why, live.current().revision) == ("", revision_of(SECOND))


@pytest.mark.parametrize(("harm", "what"), HARMFUL.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_what_means_harm_is_refused(
    place: Place, harm: Callable[[Place], None], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_files, "MAX_FILE_BYTES", 2 * MOST)
    began = time.monotonic()
    live, why = followed(place, harm)
    assert live.current().revision == revision_of(FILES)
    assert re.search(what, why) and why.isprintable()
    assert time.monotonic() - began < 15, "nobody waits for it"
