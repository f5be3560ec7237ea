"""The cases of a policy: what it must decide, as CSV that reads like the seed's sentences.

allow|deny, subject, action, kind[:id], home, place[, at]    a subject may also be role@scope
exactly, action, kind, role, role, …                         the roles that may, and no other
given, …                                                     a policy line added for the cases below it
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from remit.core.findings import Report, Source
from remit.core.lines import Line
from remit.core.model import Origin
from remit.core.names import identifier_problem, quoted, scope_problem, subject_problem, untyped_problem
from remit.core.reader import rows
from remit.core.times import parse_instant

CASE_FORM = "allow or deny, subject, action, kind[:id], home, place[, at]"
EXACTLY_FORM = "exactly, action, kind, role, role, …"
_TYPED = re.compile(r"[a-z][a-z0-9-]*:.*", re.DOTALL)


class Case(NamedTuple):
    """One decision that must come out as written. `held` is (role, scope) where the subject is written role@scope."""

    allow: bool
    subject: str
    held: tuple[str, str] | None
    action: str
    kind: str
    id: str | None
    home: str | None
    place: str | None
    at: int | None
    origin: Origin


class Exactly(NamedTuple):
    """One row of the seed's tables: these roles may do it, and no other role of the policy."""

    action: str
    kind: str
    roles: tuple[str, ...]
    origin: Origin


class Given(NamedTuple):
    """A policy line (`p`, `g` or `g2`) that holds for the cases below it."""

    line: Line


@dataclass(frozen=True, slots=True)
class Suite:
    """One file of cases, in the order written."""

    name: str
    entries: tuple[Case | Exactly | Given, ...]


def read_suite(source: Source, report: Report) -> Suite:
    """The cases of one file; what cannot be read is a finding (R034)."""
    entries: list[Case | Exactly | Given] = []
    for number, fields in rows(source, report):
        line = Line(source, report, number, fields)
        if line.is_comment():
            continue
        match fields[0]:
            case "allow" | "deny":
                entry: Case | Exactly | Given | None = _case(line)
            case "exactly":
                entry = _exactly(line)
            case "given":
                entry = _given(line)
            case other:
                help = f"write `{CASE_FORM}`, `{EXACTLY_FORM}` or `given, policy line`"
                line.fail(0, "R034", f"{quoted(other)} begins no case", help)
                entry = None
        if entry is not None:
            entries.append(entry)
    return Suite(source.name, tuple(entries))


def _case(line: Line) -> Case | None:
    if not line.columns(6, 7, CASE_FORM):
        return None
    verdict, subject, action, resource, home, place = line.fields[:6]
    kind, colon, id = resource.partition(":")
    good, held = _subject(line)
    good &= line.check(2, "action", untyped_problem)
    for label, text, why in (("kind", kind, untyped_problem(kind)), ("id", id, colon and identifier_problem(id))):
        if why:
            what = f"the {label} {quoted(text)} {why}" if text.strip() else f"the {label} of the resource is blank"
            line.fail(3, "R034", what, "write `kind` or `kind:id`")
            good = False
    for index, text in ((4, home), (5, place)):
        good &= not text or line.check(index, "scope", scope_problem)
    at = None
    if len(line.fields) == 7 and line.fields[6]:
        try:
            at = parse_instant(line.fields[6])
        except ValueError as error:
            what, _, help = str(error).partition("; ")
            line.fail(6, "R026", f"{quoted(line.fields[6])} {what}", help)
            good = False
    if not good:
        return None
    return Case(
        verdict == "allow", subject, held, action, kind, id or None, home or None, place or None, at, line.origin
    )


def _subject(line: Line) -> tuple[bool, tuple[str, str] | None]:
    """Whether the subject of a case can be read, and the role and scope if it is written role@scope."""
    text = line.fields[1]
    if _TYPED.fullmatch(text):
        return line.check(1, "subject", subject_problem), None
    role, at, scope = text.partition("@")
    if not at or untyped_problem(role) or scope_problem(scope):
        line.fail(
            1, "R034", f"{quoted(text)} is no subject", "write `user:…`, `group:…`, `application:…` or `role@scope`"
        )
        return False, None
    return True, (role, scope)


def _exactly(line: Line) -> Exactly | None:
    if len(line.fields) < 3:
        line.report.at_line(line.source, line.number, "R034", "`exactly` names no kind", f"write `{EXACTLY_FORM}`")
        return None
    good = line.check(1, "action", untyped_problem) & line.check(2, "kind", untyped_problem)
    roles = tuple(role for role in line.fields[3:] if role)
    return Exactly(line.fields[1], line.fields[2], roles, line.origin) if good else None


def _given(line: Line) -> Given | None:
    if len(line.fields) < 2 or line.fields[1] not in ("p", "g", "g2"):
        help = "write `given, p, …`, `given, g, …` or `given, g2, …`"
        line.report.at_line(line.source, line.number, "R034", "`given` adds no policy line", help)
        return None
    return Given(Line(line.source, line.report, line.number, line.fields[1:], shift=1))
