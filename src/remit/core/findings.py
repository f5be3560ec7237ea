"""Findings: what is wrong with a policy, where, and what to do about it.

Each code has one meaning for ever (`codes`). An error keeps the policy from loading; a warning or a note does not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from io import BytesIO
from typing import NamedTuple

from remit.core.codes import RULES, Weight

MOST_PER_FILE = 100
"""Findings of one code in one file that are listed one by one; the rest are counted."""

MOST_ERRORS = 10_000
"""Errors after which the rest of a file is not read: who has so many in one file will not mend them one by one."""

MAX_LINE = 4_096
"""The longest line, in characters: nine columns of the longest names and a long reason. Findings quote no more."""


_REST = re.compile(r"and ([\d,]+) more of R\d{3} in this file")


class Source(NamedTuple):
    """A policy file: its name within the policy (`policies/roles.csv`) and its exact bytes."""

    name: str
    data: bytes


class Finding(NamedTuple):
    """One thing wrong at one place. Line and column count from 1 (0: the whole file); `width` in characters."""

    file: str
    line: int
    column: int
    code: str
    message: str
    help: str = ""
    text: str = ""
    width: int = 0

    @property
    def is_error(self) -> bool:
        """True if a policy with this finding does not load."""
        return RULES[self.code].error

    @property
    def weight(self) -> Weight:
        """How much it weighs."""
        return RULES[self.code].weight

    def place(self) -> str:
        """`file:line:column`, as far as it is known."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


class Report:
    """Gathers findings over all files; lists each once, sorted, and counts what would drown the rest.

    Lines are quoted when the findings are asked for, in one pass a file: a file with a million wrong lines
    costs no more to report than to read.
    """

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._sources: dict[str, Source] = {}

    def add(self, finding: Finding) -> None:
        """Take one finding; beyond `MOST_PER_FILE` of a code in a file only its count is kept."""
        key = (finding.file, finding.code)
        self._counts[key] += 1
        if self._counts[key] <= MOST_PER_FILE:
            self._findings.append(finding)

    def has(self, name: str, code: str) -> bool:
        """True if there is a finding of this code in this file."""
        return (name, code) in self._counts

    def is_full(self, name: str, code: str) -> bool:
        """True if further findings of this code in this file are only counted, so that help is not worth its cost."""
        return self._counts[name, code] >= MOST_PER_FILE

    def is_hopeless(self, name: str) -> bool:
        """True if there are so many errors in a file that reading on would help nobody."""
        return sum(n for (file, code), n in self._counts.items() if file == name and RULES[code].error) > MOST_ERRORS

    def at_file(self, name: str, code: str, message: str, help: str = "") -> None:
        """A finding about a whole file."""
        self.add(Finding(name, 0, 0, code, message, help))

    def at_line(self, source: Source, line: int, code: str, message: str, help: str = "") -> None:
        """A finding about a whole line."""
        self._sources[source.name] = source
        self.add(Finding(source.name, line, 1, code, message, help))

    def at_column(self, source: Source, line: int, column: int, code: str, message: str, help: str = "") -> None:
        """A finding about one character."""
        self._sources[source.name] = source
        self.add(Finding(source.name, line, column, code, message, help, width=1))

    def at_field(self, source: Source, line: int, index: int, code: str, message: str, help: str = "") -> None:
        """A finding about field `index` (from 0) of a line; its column is found when the line is quoted."""
        self._sources[source.name] = source
        self.add(Finding(source.name, line, -index - 1, code, message, help))

    def findings(self) -> tuple[Finding, ...]:
        """All findings, each once, sorted by file, line, column and code; a file's uncounted rest ends its list."""
        rest = {
            Finding(file, 0, 0, code, f"and {count - MOST_PER_FILE:,} more of {code} in this file")
            for (file, code), count in self._counts.items()
            if count > MOST_PER_FILE
        }
        found = {*self._quoted(), *rest}
        return tuple(sorted(found, key=lambda f: (f.file, f in rest, f.line, f.column, f.code, f.message)))

    @property
    def has_errors(self) -> bool:
        """True if any finding keeps the policy from loading."""
        return any(RULES[code].error for _, code in self._counts)

    def _quoted(self) -> list[Finding]:
        """The findings with their lines' text, and fields turned into columns."""
        wanted: dict[str, set[int]] = {}
        for finding in self._findings:
            wanted.setdefault(finding.file, set()).add(finding.line)
        texts = {
            (name, number): line_text(raw, number)[:MAX_LINE]
            for name, source in self._sources.items()
            for number, raw in enumerate(BytesIO(source.data), 1)
            if number in wanted.get(name, ())
        }
        return [_placed(finding, texts.get((finding.file, finding.line), "")) for finding in self._findings]


def total(findings: Iterable[Finding]) -> int:
    """How many there are, those that are only counted included."""
    return sum(int(more[1].replace(",", "")) if (more := _REST.match(each.message)) else 1 for each in findings)


def line_text(raw: bytes, number: int) -> str:
    """A line as it is quoted and its columns counted: without its end, and without a byte order mark."""
    return raw.decode("utf-8", "replace").removeprefix("\ufeff" if number == 1 else "").rstrip("\r\n")


def _placed(finding: Finding, text: str) -> Finding:
    """The finding with its line's text, its column counted from 1 and its width."""
    if finding.line == 0:
        return finding
    if finding.column > 0:
        return finding._replace(text=text, width=finding.width or max(len(text), 1))
    start, index = 0, -finding.column - 1
    for _ in range(index):
        comma = text.find(",", start)
        if comma < 0:
            break
        start = comma + 1
    if index and text[start : start + 1] == " ":
        start += 1
    end = text.find(",", start)
    width = (len(text) if end < 0 else end) - start
    return finding._replace(text=text, column=start + 1, width=max(width, 1))
