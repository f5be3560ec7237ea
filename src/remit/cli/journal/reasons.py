"""Why it was decided so: the lines of policy, computed again from the revision that decided. They are not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from remit.cli.house import Revisions
from remit.cli.past import Past
from remit.cli.render import explanation_json, explanation_lines, safe
from remit.core.explain import explain
from remit.core.journal.entries import Entry, Kind, question_of
from remit.core.model import Explanation, Question, Witness
from remit.core.pdp import walk
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide

_JUDGED = ("allow", "deny")

Item = Mapping[str, Any]
Reason = tuple[Question, Explanation] | str
"""A question with why it is answered so, or else why nobody can tell."""


class Reasons:
    """Explains recorded questions; `opened` gives the revisions once they are needed."""

    def __init__(self, opened: Callable[[], Revisions]) -> None:
        self._opened = opened
        self._past: Past | None = None
        self._untold: dict[str, str] = {}

    def of(self, entry: Entry, item: Item) -> Reason | None:
        """Why one item was decided so; None if nothing was decided. Raises Misconfigured if no revision is kept."""
        if item.get("verdict") not in _JUDGED or entry.kind not in (Kind.DECISION, Kind.OPERATION):
            return None
        snapshot = self._snapshot(str(entry.body.get("revision", "")))
        if isinstance(snapshot, str):
            return snapshot
        try:
            question = question_of(item, entry.instant)
            found = explain(snapshot, question, Witness(*walk(snapshot, *question)))
        except (KeyError, TypeError, ValueError):
            return "the record is not what remit writes; run `remit journal verify`"
        if found.allowed != (item["verdict"] == "allow") or item.get("code", found.code) != found.code:
            return f"RECORDED IS {item['verdict']} ({item.get('code')}), BUT ITS REVISION SAYS {found.code}"
        return question, found

    def _snapshot(self, revision: str) -> Snapshot | str:
        """The revision compiled, or why it cannot be had."""
        if revision in self._untold:
            return self._untold[revision]
        self._past = self._past or Past(self._opened())
        try:
            if found := self._past.snapshot(revision):
                return found
            why = self._past.unknown[revision]
        except CouldNotDecide as error:
            why = str(error)
        self._untold[revision] = f"no reason can be told: {why}"
        return self._untold[revision]


def reason_lines(reason: Reason) -> Iterator[str]:
    """A reason for people, below what it is of."""
    if isinstance(reason, str):
        yield safe(f"      {reason}")
    else:
        question, explanation = reason
        yield from (f"    {line}" for line in list(explanation_lines(explanation, question))[1:-1])


def reason_json(reason: Reason | None) -> object:
    """A reason for scripts."""
    return (
        {"error": reason}
        if isinstance(reason, str)
        else None
        if reason is None
        else explanation_json(reason[1], reason[0])
    )


def reason_cell(reason: Reason | None) -> str:
    """A reason for a cell: the lines that grant, or the sentence."""
    if reason is None or isinstance(reason, str):
        return reason or ""
    lines = [f"{ground.origin}: {ground.text}" for ground in reason[1].lines]
    return safe("; ".join(lines) or reason[1].sentence)
