"""Tables as CSV that a spreadsheet may open: RFC 4180, and no cell that it would run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain

from remit.core.names import FORMULA

_RUN = (*FORMULA, "\t", "\r", "\n", "\0")


def sheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table. A cell that a spreadsheet would take for a formula begins with `'`, as OWASP's ASVS 1.2.10 says."""
    return "".join(sheet_lines(chain((head,), rows)))


def sheet_lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The rows of such a table one by one, however many there are; each with the end of its line."""
    for row in rows:
        out = StringIO()
        csv.writer(out, lineterminator="\r\n").writerow(["" if cell is None else _cell(str(cell)) for cell in row])
        yield out.getvalue()


def _cell(text: str) -> str:
    """One cell. Spreadsheets look past spaces in front, so a formula behind them counts as one."""
    return f"'{text}" if text.startswith(_RUN) or text.lstrip().startswith(FORMULA) else text.replace("\0", "")
