"""Values to text for a terminal. What a policy or a user wrote never reaches the terminal as control characters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from rich.cells import cell_len

from remit.core.model import Advice, Explanation, Ground, Question
from remit.core.names import invisible
from remit.core.times import format_instant
from remit.core.told import ground_json


def safe(text: str) -> str:
    """The text with everything that cannot be seen written as its code point."""
    if invisible(text) is None:
        return text
    return "".join(f"<U+{ord(char):04X}>" if invisible(char) else char for char in text)


def columns(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> Iterator[str]:
    """A table: every cell text of one line, each column as wide as its widest cell."""
    table = [head, *(tuple("" if cell is None else safe(str(cell)) for cell in row) for row in rows)]
    widths = [max(_width(row[number]) for row in table) for number in range(len(head))]
    for row in table:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    """How many columns of a terminal a text takes, once `safe`; most are ASCII, and tables may be long."""
    return len(text) if text.isascii() else cell_len(text)


def details(pairs: Sequence[tuple[str, object]]) -> Iterator[str]:
    """One thing in full: names and values, those that are not there left out; an object is written as JSON."""
    widest = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        text = json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
        first, *more = text.split("\n") if isinstance(value, dict | list) else [text]
        if value not in (None, ""):
            yield safe(f"{name:<{widest}}  {first}" if widest else first)
            yield from (safe(" " * (widest + 2) + line) for line in more)


class Found(Protocol):
    """What is wrong at a place: a finding about a policy (`findings.Finding`), or about something else."""

    @property
    def line(self) -> int:
        """The line, counted from 1."""
        ...

    @property
    def column(self) -> int:
        """The column, counted from 1."""
        ...

    @property
    def code(self) -> str:
        """What sort of finding it is."""
        ...

    @property
    def message(self) -> str:
        """What is wrong."""
        ...

    @property
    def help(self) -> str:
        """What to do."""
        ...

    @property
    def text(self) -> str:
        """The line as it stands."""
        ...

    @property
    def width(self) -> int:
        """How many characters it is about."""
        ...

    @property
    def is_error(self) -> bool:
        """Does it keep the thing from being used?"""
        ...

    @property
    def weight(self) -> str:
        """How much it weighs."""
        ...

    def place(self) -> str:
        """`file:line:column`, as far as it is known."""
        ...


def finding_lines(finding: Found) -> Iterator[str]:
    """A finding as a person reads it: place, what, the line with its carets, help."""
    weight = "" if finding.is_error else f"{finding.weight}: "
    yield safe(f"{finding.place()}: {finding.code} {weight}{finding.message}")
    if finding.text:
        number, at = f"{finding.line:>5} | ", finding.column - 1
        yield number + safe(finding.text)
        before, marked = safe(finding.text[:at]), safe(finding.text[at:][: finding.width])
        yield " " * (len(number) - 2) + "| " + " " * cell_len(before) + "^" * max(1, cell_len(marked))
    if finding.help:
        yield safe(f"  help: {finding.help}")


def explanation_lines(explanation: Explanation, question: Question) -> Iterator[str]:
    """An explanation as a person reads it."""
    yield f"{'allow' if explanation.allowed else 'deny'}  {explanation.code}"
    yield safe(f"  {explanation.sentence}")
    if explanation.lines:
        yield from ground_table(explanation.lines)
    if explanation.advice is not None:
        yield from _advice_lines(explanation.advice)
    if explanation.counted:
        yield safe(f"  groups counted: {', '.join(explanation.counted)}")
    if explanation.ignored:
        yield safe(f"  groups ignored, since the caller may not vouch for them: {', '.join(explanation.ignored)}")
    yield f"  judged at {format_instant(question.when)} by revision {explanation.revision}"


def _advice_lines(advice: Advice) -> Iterator[str]:
    if advice.nearest is not None:
        yield safe(f"  nearest miss: {advice.nearest}")
        yield from ground_table(tuple(rule.ground() for rule in advice.access_rules))
    if advice.lapsed:
        yield "  would grant, but not at the time judged:"
        yield from ground_table(tuple(rule.ground() for rule in advice.lapsed))
    if advice.suggestion is not None:
        yield "  would grant, added to policies/access_rules.csv:"
        yield safe(f"    {advice.suggestion}")
    if advice.no_suggestion is not None:
        yield safe(f"  no access rule is suggested: {advice.no_suggestion}")


def ground_table(grounds: Sequence[Ground]) -> Iterator[str]:
    """Lines of policy in columns: what, where, text."""
    what = max((len(ground.what) for ground in grounds), default=0)
    where = max((len(str(ground.origin)) for ground in grounds), default=0)
    for ground in grounds:
        yield safe(f"    {ground.what:<{what}}  {ground.origin!s:<{where}}  {ground.text}")


def explanation_json(explanation: Explanation, question: Question) -> dict[str, Any]:
    """An explanation for scripts."""
    return {
        "decision": explanation.allowed,
        "code": str(explanation.code),
        "sentence": explanation.sentence,
        "lines": [ground_json(ground) for ground in explanation.lines],
        "advice": None if explanation.advice is None else _advice_json(explanation.advice),
        "groups_counted": list(explanation.counted),
        "judged_at": format_instant(question.when),
        "revision": explanation.revision,
    }


def _advice_json(advice: Advice) -> dict[str, Any]:
    return {
        "nearest_miss": advice.nearest,
        "lines": [ground_json(rule.ground()) for rule in advice.access_rules],
        "out_of_time": [ground_json(rule.ground()) for rule in advice.lapsed],
        "would_grant": advice.suggestion,
        "no_suggestion": advice.no_suggestion,
    }
