"""Why a policy may not go live, as a body says it."""

from __future__ import annotations

from typing import Any

from remit.core.findings import Finding
from remit.errors import Blocked, CasesFailed, PolicyInvalid


def finding_body(finding: Finding) -> dict[str, Any]:
    """One thing wrong at one place, with the line it is in."""
    return finding._asdict() | {"error": finding.is_error}


def why_not(error: Exception) -> dict[str, Any]:
    """What the body of an error says of a policy, if it is about one."""
    match error:
        case PolicyInvalid():
            return {"findings": [finding_body(finding) for finding in error.findings]}
        case CasesFailed():
            return {"faults": list(error.faults)}
        case Blocked():
            return {"blocked": list(error.reasons)}
    return {}
