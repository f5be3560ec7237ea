"""Names that lead to nothing: R050 to R056. All are notes; each may be meant, and each may be a slip."""

from __future__ import annotations

from collections.abc import Iterator

from remit.core.cases import Case, Given, Suite
from remit.core.constraints import Never, Requires
from remit.core.lint.book import Book
from remit.core.lint.covers import above
from remit.core.model import ROOT, Membership, Origin
from remit.core.names import did_you_mean, quoted
from remit.core.policy import Policy


def find_unused(book: Book, policy: Policy) -> None:
    """Report names that are declared and not used, or used and lead nowhere."""
    _roles(book, policy)
    _groups(book, policy)
    _scopes(book, policy)
    _pairs(book, policy)
    _strangers(book, policy)


def _roles(book: Book, policy: Policy) -> None:
    """Roles that nobody holds, and permissions that reach nobody who holds their role."""
    scopes = above(policy)
    held: dict[str, set[str]] = {}
    for role_id, scope in zip(policy.access_rules.role_ids, policy.access_rules.scopes, strict=True):
        held.setdefault(policy.access_rules.roles[role_id], set()).add(scope)
    told: set[str] = set()
    for role, scope, kind, action, origin in policy.permissions:
        places = held.get(role)
        if places is None:
            if role not in told:
                told.add(role)
                help = "no access rule gives it; take it out, or leave it for the day one does"
                book.mark(*origin, 1, "R050", f"nobody holds the role {quoted(role)}", help)
        elif scope != ROOT and not any(scope in scopes.get(place, ()) or place in scopes[scope] for place in places):
            message = f"nobody who holds {quoted(role)} reaches {quoted(scope)}, so `{kind}:{action}` there is nobody's"
            book.mark(*origin, 2, "R051", message, "take the line out, or give the role where it counts")


def _groups(book: Book, policy: Policy) -> None:
    """Groups without members, and memberships of groups that lead to no access rule."""
    joined = {membership.group for membership in policy.memberships}
    holders: dict[str, Origin] = {}
    for index, subject in enumerate(policy.access_rules.subjects):
        if subject not in holders:
            holders[subject] = policy.access_rules.origin(index)
    for subject, origin in holders.items():
        if subject.startswith("group:") and subject not in joined:
            help = "that is right if its members come with their tokens; if not, they stand in policies/groups.csv"
            book.mark(*origin, 1, "R052", f"the policy knows no member of {quoted(subject)}", help)
    useful = _useful(policy.memberships, {*holders, *_constrained(policy)})
    told: set[str] = set()
    for each in policy.memberships:
        if each.group not in useful and each.group not in told:
            told.add(each.group)
            message = f"no access rule gives {quoted(each.group)} anything, nor any group it belongs to"
            book.mark(*each.origin, 2, "R053", message, "give it a role in policies/access_rules.csv, or take it out")


def _useful(memberships: tuple[Membership, ...], named: set[str]) -> set[str]:
    """The groups that are named, or belong to one that is."""
    below: dict[str, list[str]] = {}
    for each in memberships:
        below.setdefault(each.group, []).append(each.member)
    found, stack = set(named), list(named)
    while stack:
        for member in below.get(stack.pop(), ()):
            if member not in found:
                found.add(member)
                stack.append(member)
    return found


def _constrained(policy: Policy) -> Iterator[str]:
    """The groups that constraints name: those mean something without an access rule."""
    for constraint in policy.constraints:
        if isinstance(constraint, Requires):
            yield constraint.other
        elif isinstance(constraint, Never):
            yield from (constraint.who, *constraint.but)


def _scopes(book: Book, policy: Policy) -> None:
    """Scopes with nothing in them: no scope, no access rule, no permission and no resource of their own."""
    used = {parent for parent, _ in policy.parents.values()} | set(policy.access_rules.scopes)
    used |= {permission.scope for permission in policy.permissions}
    used |= {scope for homes in policy.homes.values() for scope, _ in homes.values()}
    for scope, (_, origin) in policy.parents.items():
        if scope not in used:
            message = f"nothing is in {quoted(scope)}: no scope, no access rule, no permission and no resource"
            book.mark(*origin, 1, "R054", message, "what holds above it reaches it all the same; is it still there?")


def _pairs(book: Book, policy: Policy) -> None:
    """What can be said and no permission says."""
    said = {(permission.kind, permission.action) for permission in policy.permissions}
    for kind, verbs in policy.vocabulary.items():
        for action, verb in verbs.items():
            if (kind, action) not in said:
                message = f"no role may {quoted(action)} {quoted(kind)}"
                book.mark(*verb.origin, 1, "R055", message, "right if nobody should; if not, a permission is missing")


def _strangers(book: Book, policy: Policy) -> None:
    """Subjects of cases whom no line names: the case decides nothing about the policy's own people."""
    known = set(policy.access_rules.subjects)
    for each in policy.memberships:
        known |= {each.member, each.group}
    people = sorted(known)
    for suite in policy.suites:
        told = _given(suite)
        for case in suite.entries:
            if isinstance(case, Case) and case.held is None and case.subject not in known and case.subject not in told:
                told.add(case.subject)
                guess = did_you_mean(case.subject, people)
                help = f"did you mean {quoted(guess)}?" if guess else "right if the case is about a stranger"
                message = f"no line of the policy names {quoted(case.subject)}"
                book.mark(*case.origin, 1, "R056", message, help)


def _given(suite: Suite) -> set[str]:
    """The names that the lines of a suite add."""
    return {field for entry in suite.entries if isinstance(entry, Given) for field in entry.line.fields}
