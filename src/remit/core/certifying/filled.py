"""A review as it came back from its reviewers: whatever a spreadsheet made of the file, and what of it cannot be read.

Their three columns are read leniently, and so are separators, quotes, ends of lines, a byte order mark and empty cells.
Not read are the columns that spreadsheets take for dates and numbers: the whole line stands beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import NamedTuple

from remit.core.certifying.cells import Cell, Row, table
from remit.core.certifying.paper import HEAD, KEY, Opened, opened_of
from remit.core.codes import Weight
from remit.core.findings import Finding
from remit.core.names import FORMULA

CODES = {
    "V001": "not-a-review",
    "V002": "changed-head",
    "V003": "changed-rows",
    "V004": "row-vanished",
    "V005": "row-appeared",
    "V006": "row-twice",
    "V007": "changed-cell",
    "V010": "unknown-decision",
    "V011": "not-reviewed",
    "V012": "no-justification",
    "V013": "no-reviewer",
    "V014": "not-a-person",
    "V015": "reviews-own",
    "V016": "approved-it",
}
"""What may be wrong with a review; each code has one meaning for ever."""

_SAVE = "save the spreadsheet as CSV in UTF-8"


class Fault(Finding):
    """One thing wrong with a review. Its codes are the review's own, and each is an error."""

    __slots__ = ()

    @property
    def is_error(self) -> bool:
        """Always: a review with a fault is not applied."""
        return True

    @property
    def weight(self) -> Weight:
        """How much it weighs."""
        return Weight.ERROR


class Answered(NamedTuple):
    """One row: its cells by column."""

    cells: dict[str, Cell]

    def text(self, column: str) -> str:
        """What a cell says, without what a spreadsheet puts around it."""
        text = self.cells[column].text.strip()
        return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA) else text

    @property
    def line(self) -> str:
        """The line of the access rule."""
        return self.text(KEY)

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks that it was given."""
        return tuple(mark.strip() for mark in self.text("marks").split(";") if mark.strip())


class Filled(NamedTuple):
    """A review that can be read: what it is about, and its rows. `texts` are the lines of the file."""

    file: str
    opened: Opened
    rows: tuple[Answered, ...]
    texts: tuple[str, ...]

    def fault(self, code: str, row: Answered, column: str, message: str, help: str) -> Fault:
        """What is wrong with a cell."""
        cell = row.cells[column]
        text = self.texts[cell.line - 1] if cell.line <= len(self.texts) else ""
        return Fault(self.file, cell.line, cell.column, code, message, help, text, max(len(cell.text), 1))

    def whole(self, code: str, message: str, help: str) -> Fault:
        """What is wrong with the file as a whole."""
        return Fault(self.file, 0, 0, code, message, help)


def filled(file: str, text: str) -> Filled | Fault:
    """A review from the text of its file, or why it is none."""
    text = text.removeprefix("\ufeff")
    found = table(text, HEAD)
    if found is None:
        help = f"it has a row of these names, and all of them: {', '.join(HEAD)}; {_SAVE}"
        return Fault(file, 0, 0, "V001", "no review: the row that names the columns is missing or changed", help)
    above, rows = found
    opened = next(filter(None, (opened_of(row[0].text) for row in above)), None)
    if opened is None:
        help = "it begins with a cell `remit-review 1 revision=…`, as `remit review open` wrote it"
        return Fault(file, 1, 1, "V002", "what was reviewed is not said any more, or not by this version", help)
    return Filled(file, opened, tuple(_answered(rows)), tuple(text.replace("\r\n", "\n").split("\n")))


def _answered(rows: list[Row]) -> Iterable[Answered]:
    """The rows below the one that names the columns; a row that ends early has empty cells."""
    head, *rest = rows
    places = {cell.text.strip().lower(): number for number, cell in enumerate(head) if cell.text.strip()}
    for row in rest:
        last = row[-1]
        end = Cell("", last.line, last.column + len(last.text))
        padded = [cell for cell, _ in zip_longest(row, head, fillvalue=end)]
        yield Answered({name: padded[number] for name, number in places.items()})
