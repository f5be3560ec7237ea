"""A plan for scripts: a stable document, described in docs/plan.schema.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from remit.core.difference.effects import Moved
from remit.core.difference.escalation import Escalated
from remit.core.difference.folding import Entry, Rights
from remit.core.difference.plan import Plan
from remit.core.difference.regions import Region
from remit.core.difference.sentences import summary
from remit.core.model import ALWAYS, FOREVER
from remit.core.times import format_instant
from remit.core.told import ground_json, violation_json

FORMAT_VERSION = "1.1"
"""Whoever reads it takes a higher minor number, and refuses a higher major one."""


def document(plan: Plan, names: tuple[str, str], replay: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A plan for scripts; the same plan gives the same bytes. `digest` is the SHA-256 of the rest, but for `replay`:
    what of all that was asked before would be answered otherwise."""
    told: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "base": {"name": names[0], "revision": plan.base},
        "head": {"name": names[1], "revision": plan.head},
        "judged_at": format_instant(plan.now),
        "author": plan.author,
        "summary": summary(plan),
        "changes": plan.changes,
        "blocked": plan.blocked,
        "lines": [line._asdict() for line in plan.lines],
        "effects": [_entry(entry) for entry in plan.entries],
        "moved": [_moved(each) for each in plan.moved],
        "rehung": [each._asdict() for each in plan.rehung],
        "redecided": [{"kind": kind, "action": action} for kind, action in plan.redecided],
        "stranded": [{"scope": scope, "lines": [ground_json(x) for x in lines]} for scope, lines in plan.stranded],
        "broken": [violation_json(each) for each in plan.broken],
        "standing": [violation_json(each) for each in plan.standing],
        "escalations": None if plan.escalations is None else [_escalation(each) for each in plan.escalations],
        "self_approved": [line._asdict() for line in plan.self_approved],
    }
    return {**told, **({} if replay is None else {"replay": dict(replay)}), "digest": digest_of(told)}


def digest_of(document: Mapping[str, Any]) -> str:
    """The SHA-256 of a plan's document, but for the digest and the replay that it may carry, over its canonical form:
    keys sorted, no white space, ASCII."""
    rest = {name: value for name, value in document.items() if name not in ("digest", "replay")}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "effect": "gain" if entry.gain else "loss",
        "subjects": list(entry.subjects),
        "open_groups": [name for name in entry.subjects if name.startswith("group:")],
        "rights": _rights(entry.rights),
        "inherited": entry.inherited,
        "regions": [_region(region) for region in entry.regions],
        "since": _instant(entry.since),
        "until": _instant(entry.until),
        "role": entry.role,
        "resource": None if entry.resource is None else _moved(entry.resource),
        "lines": [ground_json(line) | {"changed": n < entry.changed} for n, line in enumerate(entry.lines)],
    }


def _rights(rights: Rights) -> list[dict[str, Any]]:
    return [{"kind": kind, "actions": list(actions)} for kinds, actions in rights for kind in kinds]


def _region(region: Region) -> dict[str, Any]:
    return {"scope": region.top, "but": list(region.but)}


def _moved(each: Moved) -> dict[str, Any]:
    return {"kind": each.kind, "id": each.id, "from": each.base, "to": each.head}


def _escalation(each: Escalated) -> dict[str, Any]:
    return {
        "subjects": list(each.subjects),
        "rights": _rights(each.rights),
        "scopes": list(each.scopes),
        "since": _instant(each.since),
        "until": _instant(each.until),
        "resource": None if each.resource is None else _moved(each.resource),
    }


def _instant(at: int) -> str | None:
    return None if at in (ALWAYS, FOREVER) else format_instant(at)
