"""Files that were not there before: a policy directory begun, and nothing of anybody's overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from remit.adapters.policy_files import read_directory
from remit.errors import Conflict, Misconfigured

STARTER = Path(__file__).parents[1] / "starter"
"""The policy that `remit init` begins with."""


def read_starter() -> dict[str, bytes]:
    """The files of the starter policy, by their names within it. Raises Misconfigured if they cannot be read."""
    return read_directory(STARTER / "policies", STARTER / "model.conf")


def write_new(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a directory, which is made if need be: all of them, or none.

    Raises Conflict if one of them is there, or a CSV file that would be read together with them, and Misconfigured if
    they cannot be written.
    """
    if there := _in_the_way(directory, files):
        names = ", ".join(f"`{name}`" for name in there)
        raise Conflict(f"`{directory}` has {names}, and nothing is overwritten; name another directory")
    written: list[Path] = []
    try:
        for name, data in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:  # x: whoever was quicker keeps what they wrote
                written.append(path)
                file.write(data)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise Misconfigured(f"`{error.filename or directory}` cannot be written: {error.strerror}") from None


def write_document(path: Path, data: bytes) -> None:
    """Write one file where none was. Raises Conflict if there is one, and Misconfigured if it cannot be written."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise Conflict(f"`{path}` is there already, and nothing is overwritten; name another file") from None
    except OSError as error:
        raise Misconfigured(f"`{path}` cannot be written: {error.strerror}") from None


def _in_the_way(directory: Path, files: Mapping[str, bytes]) -> list[str]:
    """The files that are there already, and those that a policy directory would take for its own."""
    found = {name for name in files if (path := directory / name).is_symlink() or path.exists()}
    found |= {path.relative_to(directory).as_posix() for path in (directory / "policies").rglob("*.csv")}
    return sorted(found)
