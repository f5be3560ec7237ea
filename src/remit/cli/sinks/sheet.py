"""Tables as CSV that a spreadsheet may open: RFC 4180, and no cell that it would run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from remit.core.names import FORMULA

_RUN = (*FORMULA, "\t", "\r", "\n", "\0")


def sheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table. A cell that a spreadsheet would take for a formula begins with `'`, as OWASP's ASVS 1.2.10 says."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([["" if value is None else _cell(str(value)) for value in row] for row in rows])
    return out.getvalue()


def _cell(text: str) -> str:
    """One cell. Spreadsheets look past spaces in front, so a formula behind them counts as one."""
    return f"'{text}" if text.startswith(_RUN) or text.lstrip().startswith(FORMULA) else text.replace("\0", "")
