"""What the core finds, as scripts read it: in JSON's own types, under names that stay."""

from __future__ import annotations

from typing import Any

from remit.core.constraints import Constraint, ground, kind_of
from remit.core.duties import Violation
from remit.core.findings import Finding
from remit.core.model import FOREVER, Ground
from remit.core.times import format_instant


def ground_json(ground: Ground) -> dict[str, Any]:
    """One policy line for scripts."""
    return {"what": ground.what, "file": ground.origin.file, "line": ground.origin.line, "text": ground.text}


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding for scripts."""
    return finding._asdict() | {"error": finding.is_error, "weight": str(finding.weight)}


def violation_json(violation: Violation) -> dict[str, Any]:
    """A violation for scripts."""
    return {
        "constraint": _constraint_json(violation.constraint),
        "who": list(violation.who),
        "where": list(violation.where),
        "since": format_instant(violation.since),
        "until": _end(violation),
        "sentence": violation.sentence,
        "lines": [ground_json(line) for line in violation.lines],
    }


def _constraint_json(constraint: Constraint) -> dict[str, Any]:
    words = {"name": constraint.name, "kind": kind_of(constraint), "scope": constraint.scope, "why": constraint.why}
    return words | ground_json(ground(constraint))


def _end(violation: Violation) -> str | None:
    return None if violation.until == FOREVER else format_instant(violation.until)
