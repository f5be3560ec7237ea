"""An explanation as JSON: `context.reason_admin` of an answer that was asked for it."""

from __future__ import annotations

from typing import Any

from remit.core.model import Advice, Explanation, Ground


def context_of(explanation: Explanation) -> dict[str, Any]:
    """The `context` of an explained answer (AuthZEN §5.5.1); members without a value are left out."""
    reason: dict[str, Any] = {"code": explanation.code, "sentence": explanation.sentence}
    if explanation.lines:
        reason["lines"] = [_ground(ground) for ground in explanation.lines]
    if explanation.advice is not None:
        reason |= _advice(explanation.advice)
    if explanation.counted:
        reason["groups_counted"] = list(explanation.counted)
    if explanation.ignored:
        reason["groups_ignored"] = list(explanation.ignored)
    return {"reason_admin": reason, "revision": explanation.revision}


def _advice(advice: Advice) -> dict[str, Any]:
    """What is said of a deny: the nearest miss, and the line that would grant or why there is none."""
    said: dict[str, Any] = {}
    if advice.nearest is not None:
        said["nearest_miss"] = {
            "sentence": advice.nearest,
            "lines": [_ground(rule.ground()) for rule in advice.access_rules],
        }
    if advice.lapsed:
        said["out_of_time"] = [_ground(rule.ground()) for rule in advice.lapsed]
    if advice.suggestion is not None:
        said["would_grant"] = {"file": "policies/access_rules.csv", "text": advice.suggestion}
    if advice.no_suggestion is not None:
        said["no_suggestion"] = advice.no_suggestion
    return said


def _ground(ground: Ground) -> dict[str, Any]:
    return {"what": ground.what, "file": ground.origin.file, "line": ground.origin.line, "text": ground.text}
