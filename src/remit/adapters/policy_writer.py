"""Files of a policy that are there already, written again: all of them or none, each whole at every moment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from remit.adapters.policy_files import read_file
from remit.errors import Conflict, Misconfigured


def write_files(policy: Path, model: Path, was: Mapping[str, bytes], files: Mapping[str, bytes]) -> None:
    """Put `files`, named as `read_directory` names them, in the place of those that `was` holds.

    Each is written beside its place, with the permissions of the file it replaces, and renamed into it. Nothing is
    written if a file has changed since it was read (Conflict), if it is a link that leads out of the directory, or if
    one of them cannot be written (Misconfigured).
    """
    places = {name: _place(name, policy, model) for name in files}
    for name, path in places.items():
        if read_file(path) != was.get(name):
            raise Conflict(f"`{path}` has changed since it was read; nothing is written")
    beside = {name: path.with_name(f".{path.name}.{secrets.token_hex(6)}") for name, path in places.items()}
    try:
        try:
            for name, path in places.items():
                _write_new(beside[name], files[name], path.stat().st_mode & 0o7777)
            for name, path in places.items():
                beside[name].replace(path)
        finally:
            for path in beside.values():
                path.unlink(missing_ok=True)
    except OSError as error:
        raise Misconfigured(f"`{policy}` cannot be written: {error.strerror}") from None


def _place(name: str, policy: Path, model: Path) -> Path:
    """Where a file really lies. Raises Misconfigured if that is outside the policy directory."""
    if name == "model.conf":
        return model.resolve()
    path = (policy / name.removeprefix("policies/")).resolve()
    if not path.is_relative_to(policy.resolve()):
        raise Misconfigured(f"`{policy / name.removeprefix('policies/')}` leads out of `{policy}`; nothing is written")
    return path


def _write_new(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)  # whatever the umask
        file.write(data)
        file.flush()
        os.fsync(handle)
