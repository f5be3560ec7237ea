"""The columns that people keep: from when until when a line counts, who approved it and why (R060 to R069)."""

from __future__ import annotations

from remit.core.lines import MEMBER_TYPES
from remit.core.lint.book import Book, cell
from remit.core.names import did_you_mean, quoted, subject_problem
from remit.core.times import format_instant, parse_instant

GROUPS, ACCESS_RULES = "policies/groups.csv", "policies/access_rules.csv"
_SINCE, _UNTIL, _TICKET, _APPROVED_BY, _WHY = range(4, 9)
_NEEDED = (
    (_WHY, "R060", "does not say why"),
    (_TICKET, "R061", "names no ticket"),
    (_APPROVED_BY, "R062", "names nobody who approved it"),
)
_FULL = "write `g, subject, role, scope, since, until, ticket, approved_by, why`"


def find_neglect(book: Book) -> None:
    """Report what is missing, contradictory or over in memberships and access rules."""
    ends: dict[str, int | None] = {}
    for number, fields in book.rows(GROUPS):
        _kept(book, GROUPS, number, fields, ends)
    holders: dict[str, dict[str, int]] = {}
    for number, fields in book.rows(ACCESS_RULES):
        _, subject, role, scope, *_ = fields
        over = _kept(book, ACCESS_RULES, number, fields, ends)
        _check_type(book, number, subject)
        if not over and book.authority.is_privileged(role, scope):
            _check_privileged(book, number, fields)
            holders.setdefault(role, {})[subject] = number
    for role, found in holders.items():
        ((subject, number), *others) = found.items()
        if not others and subject.startswith("user:"):
            message = f"{quoted(subject)} alone holds {quoted(role)} with authority over all projects or the policy"
            help = "give the role to a second person, or to a group, for the day the first is not there"
            book.mark(ACCESS_RULES, number, 1, "R067", message, help)


def _kept(book: Book, file: str, number: int, fields: list[str], ends: dict[str, int | None]) -> bool:
    """Report what any line with these columns may have wrong; True if it is over."""
    if len(fields) < 5:
        return False
    if len(fields) == 5 and fields[_SINCE]:
        message = f"the line begins to count at {quoted(fields[_SINCE])} and never ends"
        help = "if that is meant, end it with a comma, for an empty `until`; if not, a cell was lost before it"
        book.mark(file, number, _SINCE, "R069", message, help)
    if approver := cell(fields, _APPROVED_BY):
        _check_approver(book, file, number, fields[1], approver)
    until = cell(fields, _UNTIL)
    if until not in ends:
        ends[until] = _instant(until)
    end = ends[until]
    over = end is not None and end <= book.now
    if over:
        message = f"the line counts no more since {quoted(until)}"
        book.mark(file, number, _UNTIL, "R065", message, "take it out: git remembers it")
    return over


def _instant(text: str) -> int | None:
    """The instant of a cell; None if it has none."""
    try:
        return parse_instant(text) if text else None
    except ValueError:
        return None


def _check_approver(book: Book, file: str, number: int, subject: str, approver: str) -> None:
    """An approver is a person, and another one."""
    if approver == subject:
        message = f"{quoted(subject)} approved what {quoted(subject)} gets"
        book.mark(file, number, _APPROVED_BY, "R063", message, "have somebody else approve it")
    elif not approver.startswith("user:") or subject_problem(approver):
        message = f"{quoted(approver)} is nobody who can approve"
        book.mark(file, number, _APPROVED_BY, "R064", message, "name one person: `user:…`")


def _check_type(book: Book, number: int, subject: str) -> None:
    """A type that is nearly one of the usual three is probably meant to be it."""
    type_ = subject.partition(":")[0]
    if type_ in MEMBER_TYPES:
        return
    likely = next((usual for usual in MEMBER_TYPES if len(type_) > 2 and usual.startswith(type_)), None)
    if likely := likely or did_you_mean(type_, MEMBER_TYPES):
        message = f"{quoted(subject)} is of the type {quoted(type_)}, and no `{likely}`"
        book.mark(ACCESS_RULES, number, 1, "R068", message, f"did you mean `{likely}:{subject.partition(':')[2]}`?")


def _check_privileged(book: Book, number: int, fields: list[str]) -> None:
    """What gives authority over all projects or the policy says by whom, for what and until when."""
    _, subject, role, scope, *_ = fields
    what = f"{quoted(subject)} holds {quoted(role)} in {quoted(scope)}, which is privileged"
    for index, code, lack in _NEEDED:
        if not cell(fields, index):
            book.mark(ACCESS_RULES, number, 2, code, f"{what}, and the line {lack}", _FULL)
    if not cell(fields, _UNTIL):
        today = format_instant(book.now)[:4]
        help = f"give it an end, such as `{int(today) + 1}-01-01`, and renew it when it is reviewed"
        book.mark(ACCESS_RULES, number, 2, "R066", f"{what}, and never ends", help)
