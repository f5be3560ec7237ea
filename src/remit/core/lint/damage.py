"""What spreadsheets and editors do to a policy file, undone line by line.

Each step has one reading only. What has two stays as it is and stays a finding: 01/02/2026, a quoted comma, a carriage
return within a line, a last line without its line feed.
"""

from __future__ import annotations

import csv
import re

from remit.core.lint.book import TABLES
from remit.core.names import fields_of
from remit.core.times import parse_instant

_MARK = b"\xef\xbb\xbf"
_ENDS = re.compile(r"\r+\n")
_BLANK = re.compile(r"[, ]+")
_PADDING = re.compile(r",(?: *,)+ *$")
_QUOTED_COMMENT = re.compile(r'"(#(?:[^"]|"")*)"[, ]*')
_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", re.ASCII)
_DAY_BACKWARDS = re.compile(r"(\d{4})([./-])(\d{1,2})\2(\d{1,2})", re.ASCII)
_WIDTHS = {"p": 5, "g": 9, "g2": 3}


def mended(name: str, data: bytes) -> bytes:
    """A file of a policy without the damage that has one remedy only; as it is if it is not UTF-8."""
    while data.startswith(_MARK):
        data = data.removeprefix(_MARK)
    try:
        lines = _ENDS.sub("\n", data.decode("utf-8")).split("\n")
    except UnicodeDecodeError:
        return data
    if name.endswith(".csv"):
        mend = _with_semicolons if _is_parted_by_semicolons(lines) else _line
        lines = [mend(name, line) for line in lines]
    return "\n".join(lines).encode()


def _is_parted_by_semicolons(lines: list[str]) -> bool:
    """True if every row is parted by semicolons, and none by a comma."""
    rows = [line for line in lines if line.strip() and not line.lstrip('" ').startswith("#")]
    return bool(rows) and all(";" in row and "," not in row for row in rows)


def _with_semicolons(name: str, line: str) -> str:
    """A line of a file that is parted by semicolons. Within quotes one of them is text, and the row stays as it is."""
    if line.lstrip('" ').startswith("#"):
        return _line(name, re.sub(r";(?: *;)* *$", "", line))
    return _line(name, line.replace(";", ",")) if re.search(r'"[^"]*;[^"]*"', line) is None else line


def _line(name: str, line: str) -> str:
    """A line as it was before a spreadsheet saved it."""
    if match := _QUOTED_COMMENT.fullmatch(line):
        return match[1].replace('""', '"')
    if line.startswith("#"):
        return _PADDING.sub("", line)
    if _BLANK.fullmatch(line):
        return ""
    cells = _cells(line)
    if cells is None:
        return line
    found = _without_padding(name, [cell.strip(" ") for cell in cells])
    found = [_day(cell) if index in _times(name, found) else cell for index, cell in enumerate(found)]
    if found == fields_of(line):
        return line
    return (", " if ", " in line or '"' in line else ",").join(found)


def _cells(line: str) -> list[str] | None:
    """The fields of a row, the quotation marks around them taken off; None if one of them needs its marks."""
    if '"' not in line:
        return line.split(",")
    try:
        (cells,) = csv.reader([line], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError):
        return None
    return None if any("," in cell or '"' in cell for cell in cells) else cells


def _without_padding(name: str, cells: list[str]) -> list[str]:
    """The row without the empty cells behind the last column that it may have."""
    while len(cells) > _width(name, cells) and not cells[-1]:
        cells = cells[:-1]
    return cells


def _width(name: str, cells: list[str]) -> int:
    """How many columns a row may have; of rows that may have any number, how many they need."""
    if name in TABLES:
        return TABLES[name].high
    match cells[0]:
        case "allow" | "deny":
            return 7
        case "given":
            return 1 + _WIDTHS.get(cells[1] if len(cells) > 1 else "", 9)
        case "exactly" | "separate" | "at-most" | "requires" | "never":
            return 1
        case _:
            return len(cells)


def _times(name: str, cells: list[str]) -> tuple[int, ...]:
    """The columns that hold times."""
    if cells[0] == "g" and name in ("policies/groups.csv", "policies/access_rules.csv"):
        return (4, 5)
    if not name.startswith("policies/cases/"):
        return ()
    return (6,) if cells[0] in ("allow", "deny") else (5, 6) if cells[:2] == ["given", "g"] else ()


def _day(cell: str) -> str:
    """A day as policies write it, if it is one of another form that has one reading only."""
    readings = set()
    if match := _DAY_BACKWARDS.fullmatch(cell):
        year, _, month, day = match.groups()
        readings.add(_written(year, month, day))
    elif match := _DAY.fullmatch(cell):
        one, mark, other, year = match.groups()
        readings.add(_written(year, other, one))
        if mark != ".":
            readings.add(_written(year, one, other))
    readings.discard(None)
    return next(iter(readings)) or cell if len(readings) == 1 else cell


def _written(year: str, month: str, day: str) -> str | None:
    """A day in its one form; None if there is no such day."""
    text = f"{year}-{month:>02}-{day:>02}"
    try:
        parse_instant(text)
    except ValueError:
        return None
    return text
