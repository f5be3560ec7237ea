"""A policy directory to the files of a policy, by their names within it."""

from __future__ import annotations

from pathlib import Path

from remit.errors import Misconfigured

MOST_FILES = 1_000
"""Policy files in one directory; more than this is a wrong directory."""


def read_directory(policy: Path, model: Path) -> dict[str, bytes]:
    """The bytes of `model` and of every CSV file below `policy`, named `model.conf` and `policies/…`.

    Raises Misconfigured if there is no such directory or a file cannot be read.
    """
    if not policy.is_dir():
        raise Misconfigured(f"there is no policy directory `{policy}`; name one with --policy")
    paths = sorted(path for path in policy.rglob("*.csv") if not path.name.startswith("."))
    if len(paths) > MOST_FILES:
        raise Misconfigured(f"`{policy}` holds {len(paths):,} CSV files; is it a policy directory?")
    named = {f"policies/{path.relative_to(policy).as_posix()}": path for path in paths}
    if model.is_file():
        named["model.conf"] = model
    return {name: read_file(path) for name, path in named.items()}


def read_tree(directory: Path, model: Path) -> dict[str, bytes]:
    """The files of a policy in a directory that is a checkout (`model.conf` and `policies/` in it), or the policy
    directory itself; then the model lies beside it, or else is `model`. Raises Misconfigured as `read_directory`."""
    if (directory / "policies").is_dir():
        return read_directory(directory / "policies", directory / "model.conf")
    beside = directory.resolve().parent / "model.conf"
    return read_directory(directory, beside if beside.is_file() else model)


def read_file(path: Path) -> bytes:
    """The bytes of one file. Raises Misconfigured if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"`{path}` cannot be read: {error.strerror}") from None
