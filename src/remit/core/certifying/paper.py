"""A review as a spreadsheet's rows.

What a spreadsheet rewrites when it saves (dates, numbers, ends of lines, separators) must not matter: a row goes by
the whole line of its access rule, and what is reviewed stands in one cell above; both are text to any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from remit.core.certifying.marks import BETWEEN, Mark
from remit.core.certifying.population import COLUMNS, Entitled, digest
from remit.core.journal.usage import Used
from remit.core.times import format_instant

KEY = "access_rule"
ANSWER = ("decision", "justification", "reviewer")
"""The columns that reviewers fill in."""

HEAD = (KEY, *COLUMNS, "last_used", "uses", "marks", *ANSWER)
"""All columns, in their order."""

_FORM = re.compile(
    r"remit-review 1 revision=([0-9a-f]{64}) at=(\S+) since=(\S+) rows=(\d{1,9}) digest=([0-9a-f]{64}) scope=(.+)",
    re.ASCII,
)


class Opened(NamedTuple):
    """What a review is about: a revision at an instant, with what was used since another; how many rows it has, what
    stands for all of them (`population.digest`), and the scope that it is limited to (`*` if it is not)."""

    revision: str
    at: str
    since: str
    rows: int
    digest: str
    scope: str

    def text(self) -> str:
        """The cell that says so."""
        revision, at, since, rows, stands, scope = self
        return f"remit-review 1 revision={revision} at={at} since={since} rows={rows} digest={stands} scope={scope}"


def opened_of(text: str) -> Opened | None:
    """What such a cell says; None if it is none."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    revision, at, since, rows, stands, scope = found.groups()
    return Opened(revision, at, since, int(rows), stands, scope)


class Reviewable(NamedTuple):
    """One row: an access rule with its marks and its use. `used` None: it was not used; `counted` is false where there
    is no journal to tell."""

    entitled: Entitled
    marks: tuple[Mark, ...]
    used: Used | None
    counted: bool


def opened(rows: Sequence[Reviewable], revision: str, times: tuple[int, int], scope: str) -> Opened:
    """What a review of these rows is about; `times` are when it is opened, and since when use counts."""
    stands = digest((row.entitled.line, marks_text(row.marks)) for row in rows)
    return Opened(revision, format_instant(times[0]), format_instant(times[1]), len(rows), stands, scope)


def cells_of(rows: Iterable[Reviewable]) -> Iterator[tuple[object, ...]]:
    """The rows as cells, the reviewers' ones empty."""
    for entitled, marks, used, counted in rows:
        last = format_instant(used.last) if used else ""
        times = (used.times if used else 0) if counted else ""
        yield (entitled.line, *entitled.cells, last, times, marks_text(marks), *("" for _ in ANSWER))


def marks_text(marks: Iterable[str]) -> str:
    """Marks as they stand in a cell."""
    return BETWEEN.join(marks)
