"""One row of a policy file to one value, or findings at its fields."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from remit.core import names
from remit.core.findings import Report, Source
from remit.core.model import ALWAYS, FOREVER, ROOT, AccessRule, Membership, Origin, Permission, Verb
from remit.core.names import policy_id_problem, quoted, scope_problem, subject_problem, untyped_problem
from remit.core.times import parse_instant

MEMBER_TYPES = ("user", "application", "group")
ACCESS_RULE_FORM = "g, subject, role, scope [, since, until, ticket, approved_by, why]"
MEMBERSHIP_FORM = "g, member, group:…, * [, since, until, ticket, approved_by, why]"
_OF_THE_TEXT = frozenset(("R005", "R006", "R007", "R008", "R009"))
_ONE_SPACE = "fields are parted by a comma and at most one space"
_FAULTS = {
    names.COMMENT_INSIDE: ("R012", "a comment stands on a line of its own"),
    names.FORMULA_CELL: ("R017", "begin it with a letter or a digit"),
    names.EDGE_SPACE: ("R019", _ONE_SPACE),
    names.COLON_SPACE: ("R019", "take the space out"),
}


class Line(NamedTuple):
    """A row with all that a finding about it needs. `shift`: fields before the first that are not the row's own."""

    source: Source
    report: Report
    number: int
    fields: list[str]
    shift: int = 0

    @property
    def origin(self) -> Origin:
        """Where the row stands."""
        return Origin(self.source.name, self.number)

    def fail(self, index: int, code: str, message: str, help: str = "") -> None:
        """A finding at field `index` of this row."""
        self.report.at_field(self.source, self.number, index + self.shift, code, message, help)

    def check(self, index: int, label: str, problem: Callable[[str], str | None]) -> bool:
        """True if field `index` passes; else a finding that says what is wrong with this `label`."""
        text = self.fields[index]
        why = problem(text)
        if why is None:
            return True
        if not text.strip(" "):
            self.fail(index, "R018", f"the {label} is blank", "name one")
            return False
        what, _, advice = why.rpartition("; ") if "; " in why else (why, "", "")
        code, help = _FAULTS.get(why) or (_code(text), advice or "rename it")
        if code not in _OF_THE_TEXT or not self.report.has(self.source.name, code):  # the reader marks the character
            self.fail(index, code, f"the {label} {quoted(text)} {what}", help)
        return False

    def columns(self, low: int, high: int, form: str) -> bool:
        """True if the row has `low` to `high` columns; else a finding that shows the form of the row."""
        count = len(self.fields)
        if low <= count <= high:
            return True
        wanted = str(low) if low == high else f"{low} to {high}"
        found = "1 column" if count == 1 else f"{count:,} columns"
        self.report.at_line(self.source, self.number, "R010", f"{found}; {wanted} are due", f"write `{form}`")
        return False

    def type_is(self, wanted: str, form: str) -> bool:
        """True if the row is of type `wanted` (`p`, `g`, `g2`); else a finding."""
        found = self.fields[0]
        if found == wanted:
            return True
        if not self.is_comment():
            help = "fields are parted by a comma, not by `;`" if ";" in found else f"write `{form}`"
            what = f"unknown line type {quoted(found)}" if found.strip(" ") else "a row without a line type"
            self.fail(0, "R011", f"{what}; only `{wanted}` stands here", help)
        return False

    def is_comment(self) -> bool:
        """True, with a finding, if the row is a comment that does not begin its line."""
        found = self.fields[0].lstrip().startswith("#")
        if found:
            self.fail(0, "R012", "a comment that does not begin its line", "put `#` in the first column")
        return found


def _code(text: str) -> str:
    """Which finding a bad name deserves that is not one of `_FAULTS`."""
    if (char := names.invisible(text)) is not None:
        return "R005" if char == "\r" else "R006" if unicodedata.category(char) == "Cc" else "R007"
    if not unicodedata.is_normalized("NFC", text):
        return "R008"
    return "R009" if '"' in text else "R018"


OWN = ("decision", "journal", "policy")
"""The kinds by which remit decides its own administration."""


def verb(line: Line) -> tuple[str, str, Verb] | None:
    """A vocabulary row: kind, action and what is known of the pair."""
    if line.is_comment() or not line.columns(4, 4, "kind, action, home or place, meaning"):
        return None
    kind, action, decided, meaning = line.fields
    good = line.check(0, "kind", untyped_problem) & line.check(1, "action", untyped_problem)
    if decided not in ("home", "place"):
        help = "write `home` (where it lives) or `place` (where it happens)"
        line.fail(2, "R028", f"decided at {quoted(decided)}", help)
        good = False
    elif action == "create" and decided == "place":
        message = "`create` decided at `place`, where nothing exists yet that could be available"
        line.fail(2, "R028", message, "write `home`")
        good = False
    elif kind in OWN and decided == "place":
        message = f"{quoted(kind)} decided at `place`, though it lives in all projects and nowhere else"
        line.fail(2, "R028", message, "write `home`")
        good = False
    good &= free_text(line, 3)
    return (kind, action, Verb(decided == "place", meaning, line.origin)) if good else None


def permission(line: Line) -> Permission | None:
    """A `p` row: what a role may do."""
    form = "p, role, scope, kind, action"
    if not line.type_is("p", form) or not line.columns(5, 5, form):
        return None
    _, role, scope, kind, action = line.fields
    good = line.check(1, "role", untyped_problem) & line.check(2, "scope", scope_problem)
    good &= line.check(3, "kind", untyped_problem) & line.check(4, "action", untyped_problem)
    return Permission(role, scope, kind, action, line.origin) if good else None


def scope_edge(line: Line) -> tuple[str, str, Origin] | None:
    """A `g2` row: a child scope, its parent, and where that is written."""
    form = "g2, child, parent"
    if not line.type_is("g2", form) or not line.columns(3, 3, form):
        return None
    _, child, parent = line.fields
    if child == ROOT:
        line.fail(1, "R020", "a parent for `*`, which is the root of the tree", "take the line out")
        return None
    good = line.check(1, "scope", scope_problem) & line.check(2, "scope", scope_problem)
    return (child, parent, line.origin) if good else None


def membership(line: Line) -> Membership | None:
    """A `g` row of groups.csv: who belongs to which group."""
    if not line.type_is("g", MEMBERSHIP_FORM) or not line.columns(4, 9, MEMBERSHIP_FORM):
        return None
    member, group, scope = line.fields[1:4]
    good = line.check(1, "member", subject_problem) & line.check(2, "group", subject_problem)
    if good and member.partition(":")[0] not in MEMBER_TYPES:
        help = "members are `user:…`, `application:…` or `group:…`"
        line.fail(1, "R025", f"`{member}` cannot join a group", help)
        good = False
    if good and not group.startswith("group:"):
        help = "only a `group:…` is joined; who holds a role stands in access_rules.csv"
        line.fail(2, "R025", f"`{group}` is not a group", help)
        good = False
    if scope != ROOT:
        line.fail(3, "R025", f"a membership in {quoted(scope)} only", "a membership counts everywhere: write `*`")
        good = False
    since, until, timed = window(line)
    return Membership(member, group, since, until, line.origin) if good and timed else None


def access_rule(line: Line) -> AccessRule | None:
    """A `g` row of access_rules.csv: who holds which role where. Whether the names are known is checked elsewhere."""
    if not line.type_is("g", ACCESS_RULE_FORM) or not line.columns(4, 9, ACCESS_RULE_FORM):
        return None
    subject, role, scope = line.fields[1:4]
    good = line.check(1, "subject", subject_problem) & line.check(3, "scope", scope_problem)
    if role.startswith("group:"):
        message = f"a membership of {quoted(role)} among access rules"
        line.fail(2, "R025", message, "memberships stand in groups.csv")
        good = False
    else:
        good &= line.check(2, "role", untyped_problem)
    since, until, timed = window(line)
    return AccessRule(subject, role, scope, since, until, line.origin) if good and timed else None


def home(line: Line) -> tuple[str, str, str, Origin] | None:
    """A resources.csv row: kind, id, the scope it lives in, and where that is written."""
    if line.is_comment() or not line.columns(2, 2, "kind:id, scope"):
        return None
    kind, colon, id = line.fields[0].partition(":")
    good = line.check(0, "resource", policy_id_problem) & line.check(1, "scope", scope_problem)
    if good and not (colon and kind and id):
        line.fail(0, "R018", f"the resource `{line.fields[0]}` lacks its kind or its id", "write `kind:id`")
        good = False
    elif good and id[0] == " ":
        line.fail(0, "R019", f"the resource `{line.fields[0]}` {names.COLON_SPACE}", "take the space out")
        good = False
    return (kind, id, line.fields[1], line.origin) if good else None


def window(line: Line) -> tuple[int, int, bool]:
    """When a rule or membership counts (`since`, `until`), and whether the columns from the fifth on are sound."""
    instants, good = [ALWAYS, FOREVER], True
    for index in (4, 5):
        text = line.fields[index] if len(line.fields) > index else ""
        if text:
            try:
                instants[index - 4] = parse_instant(text)
            except ValueError as error:
                what, _, help = str(error).partition("; ")
                line.fail(index, "R026", f"{quoted(text)} {what}", help)
                good = False
    since, until = instants
    if good and since >= until:
        help = "`until` is the first moment at which it no longer counts"
        line.fail(5, "R027", "`until` is not after `since`, so the line never counts", help)
        good = False
    for index in range(6, len(line.fields)):
        good &= free_text(line, index)
    return since, until, good


def free_text(line: Line, index: int) -> bool:
    """True if a column for the reader's eyes is neither a formula nor edged with spaces."""
    text = line.fields[index]
    if text.startswith(names.FORMULA):
        line.fail(index, "R017", f"{quoted(text)} {names.FORMULA_CELL}", "begin it with a letter or a digit")
        return False
    if text != text.strip(" "):
        line.fail(index, "R019", f"{quoted(text)} {names.EDGE_SPACE}", _ONE_SPACE)
        return False
    return True
