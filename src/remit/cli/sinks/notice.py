"""Something to tell about one place in one file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple


class Level(StrEnum):
    """How much a notice weighs, in the words that SARIF has for it."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Notice(NamedTuple):
    """Something to tell about one place. Lines and columns count from 1, in characters; 0 is not known. `end_column` is
    the first column behind it. `code` is stable, `title` its name; `fixable`: a command can repair it."""

    file: str
    line: int
    column: int
    end_column: int
    level: Level
    code: str
    title: str
    message: str
    help: str = ""
    fixable: bool = False


def located(name: str, policy: Path, model: Path) -> str:
    """A file as it is found from here, not as the policy names it."""
    inside = name.removeprefix("policies/")
    return (policy / inside if inside != name else model).as_posix()
