"""What looks on while the gate answers, and has no say in it."""

from __future__ import annotations

from remit.core.model import Code
from remit.service.counts import INVALID, OTHER, UNDECIDED, Counts
from remit.service.gate import Permit, Tap
from remit.service.operations import Answer, Answers, Evaluate, EvaluateMany, Unanswerable

_UNKNOWN_KIND = Code.UNKNOWN_KIND


def counting(counts: Counts) -> Tap:
    """Counts every decision by its kind and code, those of batches one by one."""
    decisions = counts.decisions

    def count(_: Permit, operation: object, result: object) -> None:
        if type(operation) is Evaluate:
            code = result.found[0]  # type: ignore[attr-defined]
            key = (operation[0][2] if code is not _UNKNOWN_KIND else OTHER, code)
            decisions[key] = decisions.get(key, 0) + 1
        elif type(operation) is EvaluateMany:
            assert type(result) is Answers
            for asked, answer in zip(operation[0], result[0], strict=False):  # fewer, if the semantic stopped it
                key = _key(asked, answer)
                decisions[key] = decisions.get(key, 0) + 1

    return count


def _key(asked: object, answer: Answer | Unanswerable) -> tuple[str, str]:
    """What one member of a batch is counted by."""
    if isinstance(answer, Unanswerable):
        return (OTHER, UNDECIDED if answer.could_not_decide else INVALID)
    code = answer[1][0]
    return (asked[2] if code is not _UNKNOWN_KIND else OTHER, code)  # type: ignore[index]
