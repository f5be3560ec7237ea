"""A policy as it stands in a commit: read from git's objects, never from a work tree.

git runs with fixed argument vectors, without hooks, filters or replaced objects, and is asked for the bytes of regular
files only. So what is read is what the commit's name stands for, and nothing in a repository is run.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from remit.adapters.git_calls import Git
from remit.adapters.policy_files import MOST_FILES
from remit.core.names import quoted
from remit.core.reader import MAX_FILE_BYTES
from remit.errors import Misconfigured

MOST_BYTES = 512 * 1024 * 1024
"""Bytes of all files of a policy: they are in memory at once."""

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
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    found = Git(inside).ask(*asked, failures=(1, 128))
    if found is None:
        raise Misconfigured(f"{quoted(revision)} is neither a directory nor a revision of the git repository around it")
    return found.decode("ascii", "replace").strip()


def read_commit(revision: str, policy: Path, model: Path) -> dict[str, bytes]:
    """The files of a policy as a commit has them, by their names within it, as `policy_files.read_directory` has them.

    `policy` and `model` say where they lie in the work tree. Raises Misconfigured if git, the commit or one of the
    files cannot be read, or is no regular file.
    """
    inside = _existing(policy)
    top = Path(os.fsdecode(Git(inside)("rev-parse", "--show-toplevel")).rstrip("\n"))
    return read_objects(Git(top), commit_of(revision, top), revision, _within(policy, top), _within(model, top))


def read_objects(git: Git, commit: str, revision: str, where: str, model_at: str) -> dict[str, bytes]:
    """The same from any repository: `commit` is the full name of one, `revision` what to call it, and `where` and
    `model_at` are the paths of policy and model within it, as git writes them; `.` is the top."""
    entries = [*_entries(git, commit, where), *(one for one in _entries(git, commit, model_at) if one.path == model_at)]
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
    _check_names(named, revision)
    named.update(("model.conf", one) for one in entries if one.path == model_at)
    size = sum(entry.size for entry in named.values())
    if size > MOST_BYTES:
        raise Misconfigured(f"the policy has {size:,} bytes at {quoted(revision)}; {MOST_BYTES:,} are allowed")
    texts = _blobs(git, list(named.values()))
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
        raise Misconfigured(f"{quoted(entry.path)} is {sort} at {quoted(revision)}; a policy is made of regular files")
    if entry.size > MAX_FILE_BYTES:
        raise Misconfigured(
            f"{quoted(entry.path)} has {entry.size:,} bytes at {quoted(revision)}; {MAX_FILE_BYTES:,} are allowed"
        )


def _check_names(names: Iterable[str], revision: str) -> None:
    """Every name is text, none leads out of the directory it is in, and no two are one file where case counts not."""
    known: dict[str, str] = {}
    for name in names:
        if not {"", ".", ".."}.isdisjoint(name.split("/")) or any("\ud800" <= char <= "\udfff" for char in name):
            raise Misconfigured(f"{quoted(name)} is no name for a file, at {quoted(revision)}")
        other = known.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if other != name:
            raise Misconfigured(f"{quoted(other)} and {quoted(name)} are one file to some machines; rename one of them")


def _entries(git: Git, commit: str, path: str) -> Iterator[_Entry]:
    """What lies at and below a path in a commit."""
    listed = git("--literal-pathspecs", "ls-tree", "-r", "-z", "--long", "--full-tree", commit, "--", path)
    for line in listed.split(b"\0"):
        if line:
            facts, _, name = line.partition(b"\t")
            mode, _, object, size = facts.decode("ascii").split()
            yield _Entry(mode, object, 0 if size == "-" else int(size), os.fsdecode(name))


def _blobs(git: Git, entries: list[_Entry]) -> Mapping[str, bytes]:
    """The bytes of these objects, as they are: no filter and no attribute touches them."""
    sizes = {entry.object: entry.size for entry in entries}
    asked = "".join(f"{each}\n" for each in sizes).encode()
    data = git("cat-file", "--batch", given=asked, most=sum(sizes.values()) + 200 * len(sizes))
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
