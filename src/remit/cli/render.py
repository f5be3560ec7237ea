"""Values to text for a terminal. What a policy or a user wrote never reaches the terminal as control characters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from remit.core.findings import Finding
from remit.core.model import AccessRule, Advice, Explanation, Ground, Question
from remit.core.times import format_instant


def safe(text: str) -> str:
    """The text with everything that does not print written as its code point."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"<U+{ord(char):04X}>" for char in text)


def finding_lines(finding: Finding, root: str = "policies/") -> Iterator[str]:
    """A finding as a person reads it: place, what, the line with its carets, help."""
    place = finding.place()
    if place.startswith("policies/"):
        place = root + place.removeprefix("policies/")
    weight = "" if finding.is_error else "warning: "
    yield safe(f"{place}: {finding.code} {weight}{finding.message}")
    if finding.text:
        number = f"{finding.line:>5} | "
        before = finding.text[: finding.column - 1]
        yield number + safe(finding.text)
        carets = "^" * max(1, len(safe(finding.text[finding.column - 1 :][: finding.width])))
        yield " " * (len(number) - 2) + "| " + " " * len(safe(before)) + carets
    if finding.help:
        yield safe(f"  help: {finding.help}")


def explanation_lines(explanation: Explanation, question: Question) -> Iterator[str]:
    """An explanation as a person reads it."""
    yield f"{'allow' if explanation.allowed else 'deny'}  {explanation.code}"
    yield safe(f"  {explanation.sentence}")
    if explanation.lines:
        yield from _table(explanation.lines)
    if explanation.advice is not None:
        yield from _advice_lines(explanation.advice)
    if explanation.counted:
        yield safe(f"  groups counted: {', '.join(explanation.counted)}")
    if explanation.ignored:
        yield safe(f"  groups ignored, since the caller may not vouch for them: {', '.join(explanation.ignored)}")
    yield f"  judged at {format_instant(question.when)} by revision {explanation.revision}"


def _advice_lines(advice: Advice) -> Iterator[str]:
    if advice.nearest is not None:
        yield safe(f"  nearest miss: {advice.nearest}")
        yield from _table(_grounds(advice.rules))
    if advice.lapsed:
        yield "  would have granted at another time:"
        yield from _table(_grounds(advice.lapsed))
    if advice.suggestion is not None:
        yield "  would grant, in policies/access_rules.csv:"
        yield safe(f"    {advice.suggestion}")
    if advice.no_suggestion is not None:
        yield safe(f"  no access rule would grant: {advice.no_suggestion}")


def _grounds(rules: Iterable[AccessRule]) -> tuple[Ground, ...]:
    return tuple(Ground("access rule", rule.origin, rule.line()) for rule in rules)


def _table(grounds: tuple[Ground, ...]) -> Iterator[str]:
    """Lines of policy in columns: what, where, text."""
    what = max((len(ground.what) for ground in grounds), default=0)
    where = max((len(str(ground.origin)) for ground in grounds), default=0)
    for ground in grounds:
        yield safe(f"    {ground.what:<{what}}  {ground.origin!s:<{where}}  {ground.text}")


def explanation_json(explanation: Explanation, question: Question) -> dict[str, Any]:
    """An explanation for scripts."""
    return {
        "decision": explanation.allowed,
        "code": str(explanation.code),
        "sentence": explanation.sentence,
        "lines": [ground_json(ground) for ground in explanation.lines],
        "advice": None if explanation.advice is None else _advice_json(explanation.advice),
        "groups_counted": list(explanation.counted),
        "judged_at": format_instant(question.when),
        "revision": explanation.revision,
    }


def _advice_json(advice: Advice) -> dict[str, Any]:
    return {
        "nearest_miss": advice.nearest,
        "lines": [ground_json(ground) for ground in _grounds(advice.rules)],
        "out_of_time": [ground_json(ground) for ground in _grounds(advice.lapsed)],
        "would_grant": advice.suggestion,
        "no_line_would_grant": advice.no_suggestion,
    }


def ground_json(ground: Ground) -> dict[str, Any]:
    """One policy line for scripts."""
    return {"what": ground.what, "file": ground.origin.file, "line": ground.origin.line, "text": ground.text}


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding for scripts."""
    return finding._asdict() | {"error": finding.is_error}
