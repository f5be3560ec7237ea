"""Constraints that the policy breaks: R070. Not an error, since a server must start with the policy it has."""

from __future__ import annotations

from remit.core.duties import Violation, violations
from remit.core.lint.book import Book
from remit.core.model import FOREVER
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant


def find_broken(book: Book, policy: Policy) -> None:
    """Report each violation at the name of its constraint, with its time if it is not simply from now on."""
    if not policy.constraints:
        return
    for each in violations(policy, Snapshot(policy), book.now):
        help = "`remit sod` names the lines that cause it"
        book.mark(*each.constraint.origin, 1, "R070", f"{each.sentence}{_time(each, book.now)}", help)


def _time(violation: Violation, now: int) -> str:
    since = f", from {format_instant(violation.since)} on" if violation.since > now else ""
    return since + (f", until {format_instant(violation.until)}" if violation.until != FOREVER else "")
