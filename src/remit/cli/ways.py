"""One way to a right, as cells of a table, as JSON and as cells of a sheet: its lines, and when the first ends."""

from __future__ import annotations

from typing import Any

from remit.core.explain import Way
from remit.core.matrix import Holding
from remit.core.model import FOREVER, Membership
from remit.core.review import until_of
from remit.core.times import format_instant
from remit.core.told import ground_json

HEAD = ("ROLE", "HELD IN", "BY WAY OF", "UNTIL", "ACCESS RULE")
SHEET = ("where", "role", "held_in", "by_way_of", "until", "access_rule_file", "access_rule_line", "memberships",
         "permission_file", "permission_line")  # fmt: skip

Row = tuple[object, ...]


def cells(subject: str, way: Way | Holding) -> Row:
    """The cells of a way under HEAD; the group that holds the role stands with the lines that lead into it."""
    rule = way.access_rule
    path = places(way.memberships) if way.memberships else "as given"
    group = via(subject, way)
    return rule.role, rule.scope, f"{group} ({path})" if group else "", until(way), rule.origin


def sheet_cells(subject: str, way: Way) -> Row:
    """The cells of a way under SHEET."""
    rule = way.access_rule
    lines = " ".join(str(each.origin) for each in way.memberships)
    return way.at, rule.role, rule.scope, via(subject, way), until(way), *rule.origin, lines, *way.permission.origin


def as_json(subject: str, way: Way) -> dict[str, Any]:
    """A way with its lines, for scripts; `where` is the scope asked, or the topmost scope to which it leads."""
    rule = way.access_rule
    return {
        "where": way.at,
        "role": rule.role,
        "held_in": rule.scope,
        "by_way_of": via(subject, way) or None,
        "until": until(way) or None,
        "access_rule": ground_json(rule.ground()),
        "memberships": [ground_json(each.ground()) for each in way.memberships],
        "permission": ground_json(way.permission.ground()),
    }


def via(subject: str, way: Way | Holding) -> str:
    """The group that holds the role, or nothing if the subject does."""
    return "" if way.access_rule.subject == subject else way.access_rule.subject


def until(way: Way | Holding) -> str:
    """When a way ends, or nothing if it does not."""
    ends = until_of(way.access_rule, way.memberships)
    return "" if ends == FOREVER else format_instant(ends)


def places(memberships: tuple[Membership, ...]) -> str:
    """Where these lines stand, a file named once: `policies/groups.csv:3, :7`."""
    first, *more = (each.origin for each in memberships)
    return ", ".join([str(first), *(f":{each.line}" if each.file == first.file else str(each) for each in more)])
