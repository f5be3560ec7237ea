"""The rows of the two tables of a policy, as JSON and as cells of a sheet: each with the line that says so."""

from __future__ import annotations

from typing import Any

from remit.cli import ways
from remit.core.matrix import Holding
from remit.core.model import Permission
from remit.core.told import ground_json

ROLE_SHEET = ("role", "kind", "action", "scope", "file", "line", "revision")
SUBJECT_SHEET = ("subject", "open", "role", "scope", "by_way_of", "until", "file", "line", "memberships", "revision")


def as_json(entry: Permission | Holding) -> dict[str, Any]:
    """One row for scripts; `until` is when the first of its lines ends."""
    if isinstance(entry, Permission):
        role, scope, kind, action, _ = entry
        return {"role": role, "kind": kind, "action": action, "scope": scope, "permission": ground_json(entry.ground())}
    return {
        "subject": entry.subject,
        "open": entry.is_open,
        "role": entry.access_rule.role,
        "scope": entry.access_rule.scope,
        "by_way_of": ways.via(entry.subject, entry) or None,
        "until": ways.until(entry) or None,
        "access_rule": ground_json(entry.access_rule.ground()),
        "memberships": [ground_json(each.ground()) for each in entry.memberships],
    }


def sheet_row(entry: Permission | Holding, revision: str) -> ways.Row:
    """One row under ROLE_SHEET or SUBJECT_SHEET; the revision is that of the policy that has the line."""
    if isinstance(entry, Permission):
        role, scope, kind, action, origin = entry
        return role, kind, action, scope, *origin, revision
    rule = entry.access_rule
    lines = " ".join(str(each.origin) for each in entry.memberships)
    lead = (entry.subject, "yes" if entry.is_open else "no", rule.role, rule.scope)
    return *lead, ways.via(entry.subject, entry), ways.until(entry), *rule.origin, lines, revision
