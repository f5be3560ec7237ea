"""The canonical form of policy files: bytes to bytes, and the gate that these pass before anything is written.

One space after each comma, no empty cells at the end that need not be there, times in their shortest form, at most one
empty line at a time. Comments and the order of lines stay: comments group the lines below them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from remit.core.cases import Given, Suite
from remit.core.findings import MAX_LINE, Report, Source
from remit.core.lines import access_rule, membership
from remit.core.names import fields_of
from remit.core.policy import CASES, Policy, read_policy
from remit.core.reader import rows
from remit.core.times import format_instant, parse_instant
from remit.errors import PolicyInvalid

_TIMED = ("policies/access_rules.csv", "policies/groups.csv")
_CONSTRAINTS = "policies/constraints.csv"
_COLUMNS_OF_G = range(4, 10)


class Formed(NamedTuple):
    """The files that are not in canonical form, as they would be. `refused` says why they may not be written, if so."""

    files: dict[str, bytes]
    refused: str | None


def form(files: Mapping[str, bytes]) -> Formed:
    """A policy in canonical form, by the names of its files. Raises PolicyInvalid if it does not load."""
    before = read_policy(files)
    after = {name: canonical(name, data) for name, data in sorted(files.items()) if name.endswith(".csv")}
    changed = {name: data for name, data in after.items() if data != files[name]}
    return Formed(changed, gate(before, files, {**files, **changed}) if changed else None)


def canonical(name: str, data: bytes) -> bytes:
    """A file of a policy that loads, in canonical form; of one that does not load nothing is promised."""
    found: list[str] = []
    for line in data.decode("utf-8").split("\n"):
        formed = line.rstrip(" ") if line.startswith("#") else _row(name, line) if line else ""
        if formed or (found and found[-1]):
            found.append(formed)
    while found and not found[-1]:
        found.pop()
    return "".join(f"{line}\n" for line in found).encode()


def _row(name: str, line: str) -> str:
    """A row in canonical form; one that would be longer than a line may be stays as it is."""
    cells = fields_of(line)
    least, times = _shape(name, cells)
    while len(cells) > least and not cells[-1]:
        cells.pop()
    for index in times:
        if index < len(cells):
            cells[index] = _time(cells[index])
    formed = ", ".join(cells).rstrip(" ")
    return formed if len(formed) <= MAX_LINE else line


def _shape(name: str, cells: list[str]) -> tuple[int, tuple[int, ...]]:
    """How many cells a row keeps though they are empty, and in which ones times stand."""
    if name in _TIMED:
        return _kept(cells, 4), (4, 5)
    if name == _CONSTRAINTS and cells[0] in ("at-most", "requires"):
        return 6, ()
    if name.startswith(CASES):
        if cells[0] in ("allow", "deny"):
            return 6, (6,)
        if cells[0] == "exactly":
            return 3, ()
        if cells[:2] == ["given", "g"] and len(cells) - 1 in _COLUMNS_OF_G:
            return _kept(cells, 5), (5, 6)
    return len(cells), ()


def _kept(cells: list[str], since: int) -> int:
    """The cells that a row with a window keeps. An empty `until` behind a `since` says that no end is meant, where a
    row that stops there may have lost a cell (R069); so it is neither taken out nor put in."""
    return since + 2 if len(cells) > since + 1 and cells[since] else since


def _time(text: str) -> str:
    """A time in its shortest form; what is none is judged elsewhere."""
    try:
        return format_instant(parse_instant(text)) if text else text
    except ValueError:
        return text


def gate(before: Policy, was: Mapping[str, bytes], files: Mapping[str, bytes]) -> str | None:
    """Why `files` may not take the place of `was`, which `before` was read from; None if they say the very same."""
    try:
        after = read_policy(files)
    except PolicyInvalid:
        return "the policy would not load any more"
    if list(sayings(before)) != list(sayings(after)):
        return "the policy would mean something else"
    if any(list(_remarks(name, was[name])) != list(_remarks(name, files.get(name, b""))) for name in was):
        return "a comment or a reason would be lost"
    return None


def sayings(policy: Policy) -> Iterator[Any]:
    """All that a policy says, line by line in the order written, but not where it is written."""
    for kind, verbs in policy.vocabulary.items():
        yield from ((kind, action, verb.at_place, verb.meaning) for action, verb in verbs.items())
    yield policy.roles
    yield from (each[:-1] for each in policy.permissions)
    yield from ((child, parent) for child, (parent, _) in policy.parents.items())
    yield from (each[:-1] for each in policy.memberships)
    yield from (each[:-1] for each in policy.access_rules)
    for kind, homes in policy.homes.items():
        yield from ((kind, id, scope) for id, (scope, _) in homes.items())
    yield from ((type(each).__name__, each[:-1]) for each in policy.constraints)
    for suite in policy.suites:
        yield from case_sayings(suite)
    yield sorted((each.file, each.code) for each in policy.warnings)


def case_sayings(suite: Suite) -> Iterator[Any]:
    """The cases of a file. A given line is read as it will be, since more than one text of it may say the same."""
    yield suite.name
    for entry in suite.entries:
        if not isinstance(entry, Given):
            yield entry[:-1]
            continue
        fields, report = entry.line.fields, Report()
        read = membership if fields[2:3] and fields[2].startswith("group:") else access_rule
        if fields[0] != "g":
            yield fields
        elif (value := read(entry.line._replace(report=report))) is not None:
            yield (*value[:-1], *_reasons(fields))
        else:
            yield fields[:4], [(finding.code, finding.message) for finding in report.findings()]


def _reasons(fields: list[str]) -> list[str]:
    """Ticket, approver and reason of a row: for the auditor, and in no decision."""
    return [*fields, *[""] * 9][6:9]


def _remarks(name: str, data: bytes) -> Iterator[Any]:
    """What a file says that no parsed value holds: its comments, and the reasons of its lines."""
    yield from (line.rstrip(b" ") for line in data.split(b"\n") if line.startswith(b"#"))
    if name in _TIMED:
        yield from (_reasons(fields) for _, fields in rows(Source(name, data), Report()))
