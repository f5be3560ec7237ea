"""A policy as it stands in a commit: read from git's objects, never from a work tree.

git runs with fixed argument vectors, without hooks, filters or replaced objects, and is asked for the bytes of regular
files only. So what is read is what the commit's name stands for, and nothing in a repository is run.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from remit.adapters.policy_files import MOST_FILES
from remit.core.names import quoted
from remit.core.reader import MAX_FILE_BYTES
from remit.errors import Misconfigured

SECONDS = 60
"""How long git may take for one answer."""

_REVISION = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_./@{}^~+-]*")
_REGULAR = ("100644", "100755")
_SORTS = {"120000": "a symbolic link", "160000": "a submodule", "040000": "a directory"}


class _Entry(NamedTuple):
    mode: str
    object: str
    size: int
    path: str


def commit_of(revision: str, inside: Path) -> str:
    """The full name of the commit that a revision stands for, in the repository around a directory.

    Raises Misconfigured if there is none, or the text is no revision.
    """
    if not _REVISION.fullmatch(revision):
        raise Misconfigured(f"{quoted(revision)} is neither a directory nor a git revision")
    found = _git(
        inside, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", may_fail=True
    )
    if found is None:
        raise Misconfigured(f"{quoted(revision)} is neither a directory nor a revision of the git repository around it")
    return found.decode("ascii", "replace").strip()


def read_commit(revision: str, policy: Path, model: Path) -> dict[str, bytes]:
    """The files of a policy as a commit has them, by their names within it, as `policy_files.read_directory` has them.

    `policy` and `model` say where they lie in the work tree. Raises Misconfigured if git, the commit or one of the
    files cannot be read, or is no regular file.
    """
    inside = _existing(policy)
    top = Path(os.fsdecode(_git(inside, "rev-parse", "--show-toplevel") or b"").rstrip("\n"))
    commit = commit_of(revision, top)
    where, model_at = _within(policy, top), _within(model, top)
    entries = [*_entries(top, commit, where), *(one for one in _entries(top, commit, model_at) if one.path == model_at)]
    for entry in entries:
        _check(entry, revision)
    below = "" if where == "." else f"{where}/"
    named = {
        f"policies/{one.path.removeprefix(below)}": one
        for one in entries
        if one.path.endswith(".csv") and one.path.startswith(below) and not _hidden(one.path)
    }
    if not named:
        raise Misconfigured(f"there is no policy in `{where}` at {quoted(revision)}")
    if len(named) > MOST_FILES:
        raise Misconfigured(
            f"`{where}` holds {len(named):,} CSV files at {quoted(revision)}; is it a policy directory?"
        )
    named.update(("model.conf", one) for one in entries if one.path == model_at)
    texts = _blobs(top, [entry.object for entry in named.values()])
    return {name: texts[entry.object] for name, entry in sorted(named.items())}


def _existing(path: Path) -> Path:
    """The closest directory that exists: the policy may have been moved since the commit."""
    path = path.absolute()
    while not path.is_dir():
        path = path.parent
    return path


def _within(path: Path, top: Path) -> str:
    """Where a path lies in the repository. Raises Misconfigured if it is elsewhere."""
    try:
        return path.resolve().relative_to(top.resolve()).as_posix()
    except ValueError:
        raise Misconfigured(f"`{path}` does not lie in the git repository that is asked for a revision") from None


def _hidden(path: str) -> bool:
    return path.rpartition("/")[2].startswith(".")


def _check(entry: _Entry, revision: str) -> None:
    if entry.mode not in _REGULAR:
        sort = _SORTS.get(entry.mode, "no regular file")
        raise Misconfigured(f"`{entry.path}` is {sort} at {quoted(revision)}; a policy is made of regular files")
    if entry.size > MAX_FILE_BYTES:
        raise Misconfigured(
            f"`{entry.path}` has {entry.size:,} bytes at {quoted(revision)}; {MAX_FILE_BYTES:,} are allowed"
        )


def _entries(top: Path, commit: str, path: str) -> Iterator[_Entry]:
    """What lies at and below a path in a commit."""
    listed = _git(top, "--literal-pathspecs", "ls-tree", "-r", "-z", "--long", "--full-tree", commit, "--", path) or b""
    for line in listed.split(b"\0"):
        if line:
            facts, _, name = line.partition(b"\t")
            mode, _, object, size = facts.decode("ascii").split()
            yield _Entry(mode, object, 0 if size == "-" else int(size), os.fsdecode(name))


def _blobs(top: Path, objects: list[str]) -> Mapping[str, bytes]:
    """The bytes of these objects, as they are: no filter and no attribute touches them."""
    asked = "".join(f"{each}\n" for each in dict.fromkeys(objects)).encode()
    data = _git(top, "cat-file", "--batch", given=asked) or b""
    found: dict[str, bytes] = {}
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        name, sort, size = data[at:end].decode("ascii").split()
        if sort != "blob":
            raise Misconfigured(f"git's object {name} is a {sort}, not a file")
        found[name] = data[end + 1 : end + 1 + int(size)]
        at = end + 2 + int(size)
    return found


def _git(inside: Path, *arguments: str, given: bytes = b"", may_fail: bool = False) -> bytes | None:
    """What git answers; None if it fails and `may_fail`. Raises Misconfigured if it fails, or is not there."""
    command = ["git", "--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(
            command, cwd=inside, input=given, capture_output=True, env=_environment(), timeout=SECONDS, check=False
        )
    except FileNotFoundError:
        raise Misconfigured("git is not installed, so no revision can be read; name a directory instead") from None
    except subprocess.TimeoutExpired:
        raise Misconfigured(f"git did not answer within {SECONDS} seconds") from None
    if done.returncode == 0:
        return done.stdout
    if may_fail:
        return None
    said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    raise Misconfigured(f"git could not be asked: {said}")


def _environment() -> dict[str, str]:
    """What git needs to find itself, and nothing that could lead it elsewhere."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_ALLOW_PROTOCOL": "none",
    }
