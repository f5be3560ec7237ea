"""What is wrong with a review that came back: what its reviewers left out or may not say, and what has changed since.

- Every row has a decision: approve, revoke or abstain; a partial review may have rows without.
- A reviewer is a person, and neither the subject nor one who belongs to the group that the line is about. Whoever
  approved a line does not approve it again as its reviewer.
- A revocation and an abstention say why; so does an approval of a line with a mark that weighs (`marks.LIGHT` do not).
- The rows are those that were opened, and the access rules are those that there are now. A line that was to be revoked
  and is gone is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from remit.core.certifying.filled import Answered, Fault, Filled
from remit.core.certifying.marks import Mark, belongs, facts, marks_of, weighs
from remit.core.certifying.paper import KEY, marks_text
from remit.core.certifying.population import COLUMNS, Entitled, digest, population
from remit.core.model import ROOT
from remit.core.names import counted, did_you_mean, fields_of, quoted, subject_problem
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot

_HELD = ("subject", "role", "scope", "approved_by")  # cells that no spreadsheet takes for a date or a number


class Decision(StrEnum):
    """What a reviewer may say of an access rule."""

    APPROVE = "approve"
    REVOKE = "revoke"
    ABSTAIN = "abstain"


class Now(NamedTuple):
    """The policy as it is when a review is checked, and when that is (microseconds since 1970, UTC)."""

    files: Mapping[str, bytes]
    policy: Policy
    snapshot: Snapshot
    when: int


class Checked(NamedTuple):
    """What is wrong with a review, by place, and the rows by what was decided; `open` are those that nobody did."""

    faults: tuple[Fault, ...]
    decided: dict[Decision, tuple[Answered, ...]]
    open: int
    done: int

    @property
    def revoked(self) -> tuple[str, ...]:
        """The lines that are to go, those that are gone already too."""
        return tuple(row.line for row in self.decided[Decision.REVOKE])


def decision_of(row: Answered) -> Decision | None:
    """What was decided; None if that is nothing, or not one of the three."""
    text = row.text("decision").casefold()
    return Decision(text) if text in tuple(Decision) else None


def check(review: Filled, now: Now, partial: bool = False) -> Checked:
    """All that is wrong with a review by the policy as it is now."""
    scope = review.opened.scope
    there: dict[str, Entitled] = {}
    faults: list[Fault] = []
    if scope == ROOT or scope in now.snapshot.chains:
        there = {each.line: each for each in population(now.files, now.policy, now.snapshot, scope)}
        faults += _compared(review, there)
    else:
        message = f"the scope that was reviewed, {quoted(scope)}, has left the tree"
        faults.append(review.whole("V002", message, "open another review"))
    judge = _Judge(review, now, there, partial)
    faults += [fault for row in review.rows for fault in judge.faults(row)]
    decided = {each: tuple(row for row in review.rows if decision_of(row) is each) for each in Decision}
    done = sum(row.line not in there for row in decided[Decision.REVOKE])
    left = sum(not row.text("decision") for row in review.rows)
    order = sorted(dict.fromkeys(faults), key=lambda fault: (fault.line, fault.column, fault.code, fault.message))
    return Checked(tuple(order), decided, left, done)


def _compared(review: Filled, there: Mapping[str, Entitled]) -> Iterator[Fault]:
    """What is not as it was when the review was opened."""
    rows = {row.line: row for row in review.rows}
    stands = digest((row.line, marks_text(row.marks)) for row in review.rows)
    same = stands == review.opened.digest and len(review.rows) == review.opened.rows
    if not same:
        found = f"{counted(len(review.rows), 'row')} here, {review.opened.rows:,} then"
        help = "access_rule and marks stay as they are, and every row stays; copy the answers into the file as it was"
        yield review.whole("V003", f"the rows are not those that were opened: {found}", help)
    seen: set[str] = set()
    for row in review.rows:
        if row.line in seen:
            yield review.fault("V006", row, KEY, "the line stands here twice", "leave one row for each")
        seen.add(row.line)
    fresh = [each for line, each in there.items() if line not in rows]
    for row in review.rows:
        if row.line not in there:
            yield from _gone(review, row, fresh, same)
    for each in fresh:
        message = f"the access rule `{each.line}` is there now and was not reviewed"
        yield review.whole("V005", message, "open another review, for what came since too")


def _gone(review: Filled, row: Answered, fresh: list[Entitled], same: bool) -> Iterator[Fault]:
    """A row whose line is not in the policy: done if it was to go, unless another line gives the same."""
    cells = fields_of(row.line)[1:4]
    now = next((each for each in fresh if list(each.cells[:3]) == cells), None)
    if now is not None:
        message = f"the line is another one by now: `{now.line}`"
        yield review.fault("V004", row, KEY, message, "open another review: this is not what was reviewed")
    elif not same:
        help = "put back what stood here; if it was taken out of the policy since, open another review"
        yield review.fault("V004", row, KEY, "no access rule of the policy says this", help)
    elif decision_of(row) is not Decision.REVOKE:
        help = "open another review; a line that is to be revoked may be gone"
        yield review.fault("V004", row, KEY, "the access rule is gone from the policy", help)


class _Judge:
    """Judges what reviewers wrote, row by row."""

    def __init__(self, review: Filled, now: Now, there: Mapping[str, Entitled], partial: bool) -> None:
        self._review, self._now, self._there, self._partial = review, now, there, partial
        self._facts = facts(now.policy, now.snapshot, None, now.when, now.when)
        self._names: dict[str, list[str]] = {}
        for name in now.snapshot.memberships:
            self._names.setdefault(name.casefold(), []).append(name)

    def faults(self, row: Answered) -> Iterator[Fault]:
        """What is wrong with one row."""
        review, decision = self._review, decision_of(row)
        yield from self._changed(row)
        if text := row.text("decision"):
            if decision is None:
                guess = did_you_mean(text.casefold(), tuple(Decision))
                help = f"{f'did you mean `{guess}`? ' if guess else ''}write approve, revoke or abstain"
                yield review.fault("V010", row, "decision", f"the decision {quoted(text)} is none", help)
        elif not self._partial:
            help = "write approve, revoke or abstain; with --partial it may stay open"
            yield review.fault("V011", row, "decision", "nobody decided", help)
        if decision is not None:
            yield from self._unjustified(row, decision)
        if text:
            yield from self._reviewer(row, decision)

    def _changed(self, row: Answered) -> Iterator[Fault]:
        """Cells beside the line that say something else than it does."""
        cells = [*fields_of(row.line)[1:], *[""] * len(COLUMNS)]
        for name, due in zip(COLUMNS, cells, strict=False):
            if name in _HELD and row.text(name) != due:
                message = f"{quoted(row.text(name))} is not what the line says"
                yield self._review.fault(
                    "V007", row, name, message, f"write {quoted(due)}" if due else "empty the cell"
                )

    def _unjustified(self, row: Answered, decision: Decision) -> Iterator[Fault]:
        if any(char.isalnum() for char in row.text("justification")):
            return
        there = self._there.get(row.line)
        marks: set[str] = set(row.marks) | set(marks_of(self._facts, there) if there else ())
        heavy = [mark for mark in Mark if mark in marks and weighs((mark,))]
        if decision is Decision.APPROVE and not heavy:
            return
        why = f"the line is {', '.join(heavy)}" if decision is Decision.APPROVE else f"it says {decision}"
        message = f"no justification, though {why}"
        yield self._review.fault("V012", row, "justification", message, "say why, in a few words")

    def _reviewer(self, row: Answered, decision: Decision | None) -> Iterator[Fault]:
        """What is wrong with who decided."""
        review, name = self._review, row.text("reviewer")
        subject, *_, approver = (cell.strip() for cell in self._about(row))
        if not name:
            yield review.fault("V013", row, "reviewer", "nobody says who decided", "write who did: `user:…`")
        elif not name.startswith("user:") or subject_problem(name):
            yield review.fault("V014", row, "reviewer", f"{quoted(name)} is no person", "write `user:…`")
        elif self._is(name, subject):
            message = f"{quoted(name)} reviews what {quoted(name)} has"
            yield review.fault("V015", row, "reviewer", message, "have somebody else review it")
        elif any(belongs(self._now.snapshot, each, subject, self._now.when) for each in self._named(name)):
            message = f"{quoted(name)} belongs to {quoted(subject)}, and reviews what it has"
            yield review.fault("V015", row, "reviewer", message, "have somebody else review it")
        elif decision is Decision.APPROVE and self._is(name, approver):
            message = f"{quoted(name)} approved the line, and reviews it"
            yield review.fault("V016", row, "reviewer", message, "have somebody else review it, or revoke it")

    def _about(self, row: Answered) -> tuple[str, str]:
        """Whom the line is about, and who approved it."""
        cells = [*fields_of(row.line)[1:], *[""] * len(COLUMNS)]
        return cells[0], cells[COLUMNS.index("approved_by")]

    def _named(self, name: str) -> list[str]:
        """The members of groups that this may be another spelling of."""
        return self._names.get(name.casefold(), [name])

    def _is(self, one: str, other: str) -> bool:
        return one.casefold() == other.casefold()
