"""Notices as workflow commands: GitHub shows them beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from remit.cli.render import safe
from remit.cli.sinks.notice import Level, Notice

_WORDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def github(notices: Iterable[Notice]) -> Iterator[str]:
    """A workflow command for each notice, one line each whatever the notice says."""
    for notice in notices:
        place = {"file": notice.file}
        if notice.line:
            place["line"] = str(notice.line)
        if notice.line and notice.column:
            place |= {"col": str(notice.column), "endColumn": str(max(notice.end_column, notice.column))}
        place["title"] = f"{notice.code} {notice.title}".strip()
        properties = ",".join(f"{name}={_property(value)}" for name, value in place.items())
        text = notice.message + (f"\n{notice.help}" if notice.help else "")
        yield f"::{_WORDS[notice.level]} {properties}::{_data(text)}"


def _data(text: str) -> str:
    """Text of a command: its end of line would end it, and begin another."""
    shown = "\n".join(safe(line) for line in text.split("\n"))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property of a command: a colon or comma would end it too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
