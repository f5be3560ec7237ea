"""Real git repositories for tests."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from commands import written

IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", "-c", "gc.auto=0")


def git(directory: Path, *arguments: str, given: bytes = b"") -> str:
    """Run git; what it prints."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    command = ["git", *IDENTITY, *arguments]
    return subprocess.run(command, cwd=directory, check=True, capture_output=True, input=given).stdout.decode().strip()


def repository(directory: Path, *commits: Mapping[str, bytes]) -> list[str]:
    """A repository with these contents, one commit after the other; the names of the commits."""
    directory.mkdir(parents=True, exist_ok=True)
    git(directory, "init", "-q", "-b", "main")
    return [committed(directory, files) for files in commits]


def committed(directory: Path, files: Mapping[str, bytes], message: str = "change") -> str:
    """One more commit, which holds these files and no others; its name."""
    for path in git(directory, "ls-files", "-z").split("\0"):
        if path:
            (directory / path).unlink(missing_ok=True)
    written(files, directory)
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "--allow-empty", "-m", message)
    return git(directory, "rev-parse", "HEAD")
