"""The lines of constraints.csv to constraints, or findings at their fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from remit.core.constraint_cells import (
    Names,
    closed_of,
    each_once,
    number_of,
    right_of,
    role_of,
    scope_is_known,
    subject_is_known,
    type_is_known,
)
from remit.core.constraints import BUT, EVERYONE, AtMost, Constraint, Never, Requires, Right, Separate
from remit.core.findings import Report, Source
from remit.core.lines import Line, free_text
from remit.core.model import Origin
from remit.core.names import did_you_mean, quoted, untyped_problem
from remit.core.reader import rows

MAX_CONSTRAINTS = 1_000
"""Lines of the file: each of them is judged over the whole policy."""

FORMS = {
    "separate": "separate, name, scope, why, n, role, role, … (or kind:action, kind:action, …)",
    "at-most": "at-most, name, scope, why, n, kind:action[, closed]",
    "requires": "requires, name, scope, why, role, role or group:…[, closed]",
    "never": "never, name, scope, why, kind:action, everyone or type: or type:id[, but, type:id, …]",
}
_COLUMNS = {"separate": (7, 200), "at-most": (6, 7), "requires": (6, 7), "never": (6, 200)}
_TYPE = re.compile(r"[a-z][a-z0-9-]*:")


def read_constraints(source: Source, report: Report, names: Names) -> tuple[Constraint, ...]:
    """The constraints of the file, in the order written; what cannot be read or can never be broken is a finding."""
    found: list[Constraint] = []
    met: dict[str, Origin] = {}
    for number, fields in rows(source, report, MAX_CONSTRAINTS):
        line = Line(source, report, number, fields)
        if line.is_comment():
            continue
        if fields[0] not in FORMS:
            guess = did_you_mean(fields[0], FORMS)
            help = f"write `{FORMS[guess]}`" if guess else f"write {', '.join(f'`{kind}, …`' for kind in FORMS)}"
            line.fail(0, "R035", f"{quoted(fields[0])} begins no constraint", help)
            continue
        if not line.columns(*_COLUMNS[fields[0]], FORMS[fields[0]]):
            continue
        good = _head(line, names, met)
        constraint = _READERS[fields[0]](line, names)
        if good and constraint is not None:
            found.append(constraint)
    return tuple(found)


def _head(line: Line, names: Names, met: dict[str, Origin]) -> bool:
    """The columns that all kinds share: a name of its own, a scope of the tree, a reason."""
    name = line.fields[1]
    good = line.check(1, "name", untyped_problem)
    if good and met.setdefault(name, line.origin) != line.origin:
        line.fail(1, "R035", f"a second constraint named {quoted(name)}", f"{met[name]} has that name; give another")
        good = False
    good &= scope_is_known(line, 2, names)
    return free_text(line, 3) and good


def _named(line: Line) -> tuple[str, str, str]:
    """Name, scope and reason."""
    _, name, scope, why, *_ = line.fields
    return name, scope, why


def _separate(line: Line, names: Names) -> Constraint | None:
    cells = range(5, len(line.fields))
    n = number_of(line, 4, 2, "what nobody may have at all is said by `never`")
    rights = ":" in line.fields[5]
    found = [(right_of if rights else role_of)(line, index, names) for index in cells]
    good = all(each is not None for each in found) and each_once(line, cells)
    if good and n is not None and n > len(cells):
        line.fail(4, "R038", f"{n:,} of {len(cells):,} can never be had", f"write at most `{len(cells)}`")
        good = False
    if not good or n is None:
        return None
    roles = tuple(each for each in found if isinstance(each, str))
    others = tuple(each for each in found if isinstance(each, Right))
    return Separate(*_named(line), n, roles, others, line.origin)


def _at_most(line: Line, names: Names) -> Constraint | None:
    n, right, closed = (
        number_of(line, 4, 1, "what nobody may do is said by `never`"),
        right_of(line, 5, names),
        closed_of(line),
    )
    if n is None or right is None or closed is None:
        return None
    return AtMost(*_named(line), n, right, closed, line.origin)


def _requires(line: Line, names: Names) -> Constraint | None:
    role, other, closed = role_of(line, 4, names), line.fields[5], closed_of(line)
    known = subject_is_known(line, 5, names) if other.startswith("group:") else role_of(line, 5, names) is not None
    if role is None or not known or closed is None:
        return None
    if role == other:
        line.fail(5, "R038", f"{quoted(role)} requires itself, which all that hold it do", "name another role")
        return None
    return Requires(*_named(line), role, other, closed, line.origin)


def _never(line: Line, names: Names) -> Constraint | None:
    right, who = right_of(line, 4, names), line.fields[5]
    good = who == EVERYONE
    if not good and ":" not in who:
        help = "write `everyone`, a type such as `user:`, or a subject such as `user:ada@example.com`"
        line.fail(5, "R035", f"{quoted(who)} does not say who", help)
    elif not good:
        good = type_is_known(line, names) if _TYPE.fullmatch(who) else subject_is_known(line, 5, names)
    if len(line.fields) > 6 and (line.fields[6] != BUT or len(line.fields) == 7):
        line.fail(6, "R035", f"{quoted(line.fields[6])} where the constraint ends", f"write `{FORMS['never']}`")
        return None
    cells = range(7, len(line.fields))
    known = [subject_is_known(line, index, names) for index in cells]
    good &= all(known) and each_once(line, cells)
    if good and who in line.fields[7:]:
        line.fail(5, "R038", f"nobody is left of {quoted(who)}", "take it out after `but`, or name others")
        good = False
    return Never(*_named(line), right, who, tuple(line.fields[7:]), line.origin) if good and right else None


_READERS: Mapping[str, Callable[[Line, Names], Constraint | None]] = {
    "separate": _separate,
    "at-most": _at_most,
    "requires": _requires,
    "never": _never,
}
