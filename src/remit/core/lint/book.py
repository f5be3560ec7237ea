"""The files of a policy as rows, and the one place where lint's findings go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from remit.core.findings import Finding, Report, Source
from remit.core.lint.authority import Authority
from remit.core.model import Origin
from remit.core.reader import Row, rows


class Table(NamedTuple):
    """How the rows of one file look: their type (none if empty), how many columns they have, which columns hold names
    of what sort, and how many columns say what the line means; those behind them are for the reader's eyes."""

    type: str
    low: int
    high: int
    names: dict[int, str]
    meaning: int


_MAY = Table("p", 5, 5, {1: "role", 2: "scope", 3: "kind", 4: "action"}, 5)
TABLES: dict[str, Table] = {
    "policies/vocabulary.csv": Table("", 4, 4, {0: "kind", 1: "action"}, 3),
    "policies/roles.csv": _MAY,
    "policies/service_roles.csv": _MAY,
    "policies/scopes.csv": Table("g2", 3, 3, {1: "scope", 2: "scope"}, 3),
    "policies/groups.csv": Table("g", 4, 9, {1: "subject", 2: "subject"}, 6),
    "policies/access_rules.csv": Table("g", 4, 9, {1: "subject", 2: "role", 3: "scope"}, 6),
    "policies/resources.csv": Table("", 2, 2, {0: "resource", 1: "scope"}, 2),
}
"""The tables of a policy, those that declare a name before those that use it."""


class Book:
    """A policy's rows at an instant (`now`, microseconds since 1970), and what is found in them."""

    def __init__(self, files: Mapping[str, bytes], now: int, found: Iterable[Finding] = ()) -> None:
        self.now = now
        self.report = Report()
        self.sources = {name: Source(name, data) for name, data in files.items()}
        errors = [finding for finding in found if finding.is_error]
        self._wrong = {(finding.file, finding.line) for finding in errors}
        self.faulty = frozenset(finding.file for finding in errors)

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of one table that are as they should be: of its type, wide enough, and without an error."""
        table, source = TABLES[name], self.sources.get(name)
        if source is None:
            return
        for number, fields in rows(source, Report()):
            sound = table.low <= len(fields) <= table.high and (not table.type or fields[0] == table.type)
            if sound and (name, number) not in self._wrong:
                yield number, fields

    def mark(self, file: str, line: int, index: int, code: str, message: str, help: str = "") -> None:
        """A finding at field `index` (from 0) of a line."""
        self.report.at_field(self.sources[file], line, index, code, message, help)

    def mark_line(self, file: str, line: int, code: str, message: str, help: str = "") -> None:
        """A finding about a whole line."""
        self.report.at_line(self.sources[file], line, code, message, help)

    @cached_property
    def authority(self) -> Authority:
        """Which roles make an access rule privileged, by the permissions that can be read."""
        found = (fields for name, table in TABLES.items() if table is _MAY for _, fields in self.rows(name))
        return Authority.of((role, scope, kind, action) for _, role, scope, kind, action in found)


def cell(fields: list[str], index: int) -> str:
    """A field of a row, empty if the row ends before it."""
    return fields[index] if len(fields) > index else ""


def at(origin: Origin) -> str:
    """Where a line stands, for a message."""
    return f"{origin.file}:{origin.line}"
