"""A spreadsheet's file as rows with places, whoever saved it: parted by commas, semicolons or tabs, quoted or not, with
whatever ends of lines, and empty cells behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

SEPARATORS = ",;\t"
"""What spreadsheets part cells with, by the language they are set to."""


class Cell(NamedTuple):
    """What a cell says, and where it begins: line and column, counted from 1, in characters."""

    text: str
    line: int
    column: int


Row = tuple[Cell, ...]


def table(text: str, head: tuple[str, ...]) -> tuple[list[Row], list[Row]] | None:
    """The rows above the one that names these columns, and those from it on; None if there is no such row. It need not
    come first, and says by what cells are parted."""
    for separator in SEPARATORS:
        rows = list(parted(text, separator))
        for number, row in enumerate(rows):
            if tuple(cell.text.strip().lower() for cell in row if cell.text.strip()) == head:
                return rows[:number], rows[number:]
    return None


def parted(text: str, separator: str) -> Iterator[Row]:
    """The rows that are not empty (RFC 4180, leniently: a quotation mark within a cell stands for itself)."""
    row: list[Cell] = []
    at, line, begin = 0, 1, 0
    ends = re.compile(f"[{separator}\r\n]")
    while at <= len(text):
        column = at - begin + 1
        cell, end = _quoted(text, at, ends) if text.startswith('"', at) else _plain(text, at, ends)
        row.append(Cell(cell, line, column))
        if breaks := text.count("\n", at, end):
            line, begin = line + breaks, text.rindex("\n", at, end) + 1
        if text.startswith(separator, end):
            at = end + 1
            continue
        if any(each.text for each in row):
            yield tuple(row)
        row = []
        at = end + (2 if text.startswith("\r\n", end) else 1)
        line, begin = line + 1, at


def _plain(text: str, at: int, ends: re.Pattern[str]) -> tuple[str, int]:
    """A cell without quotation marks around it, and where it ends."""
    found = ends.search(text, at)
    end = len(text) if found is None else found.start()
    return text[at:end], end


def _quoted(text: str, at: int, ends: re.Pattern[str]) -> tuple[str, int]:
    """A cell in quotation marks, and where it ends; what stands behind the closing one belongs to it. One that is never
    closed is none."""
    end = at + 1
    while True:
        found = text.find('"', end)
        if found < 0:
            return _plain(text, at, ends)
        if text.startswith('""', found):
            end = found + 2
            continue
        more, after = _plain(text, found + 1, ends)
        return text[at + 1 : found].replace('""', '"') + more, after
