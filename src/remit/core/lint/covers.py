"""Lines that change no decision, because another line covers them: R045 to R049.

A cover is one line, or one path of memberships: whatever the covered line gives at an instant and a place, the cover
gives too. Two lines that only together cover a third are not looked for. Of lines that cover each other the first is
kept, so all that are reported may be taken out together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from remit.core.lint.book import Book
from remit.core.lint.reach import Reach
from remit.core.model import ROOT, AccessRule, Membership, Origin, Permission
from remit.core.names import quoted
from remit.core.policy import Policy

_NO_LOSS = "without this line every decision stays as it is; take it out, or make the other one narrower"

Scopes = dict[str, tuple[str, ...]]
"""Each scope of the tree with all that cover it: itself first, `*` last."""


class Covered(NamedTuple):
    """A line that may go, and the line that gives what it gives."""

    origin: Origin
    by: Origin


def find_covered(book: Book, policy: Policy, told: Iterable[Origin] = ()) -> None:
    """Report each line that changes no decision, unless it is among those `told` of before."""
    twice, rules = set(told), list(policy.access_rules)
    scopes = above(policy)
    for code, what, found in (
        ("R045", "access rule", covered_access_rules(rules, scopes)),
        ("R046", "permission", covered_permissions(policy.permissions, scopes)),
        ("R047", "membership", covered_memberships(policy.memberships)),
    ):
        for origin, by in found:
            if origin not in twice:
                message = f"this {what} changes no decision: {by} covers it"
                book.mark_line(*origin, code, message, _NO_LOSS)
                twice.add(origin)
    for origin, by in held_through_groups(rules, policy.memberships, scopes):
        if origin not in twice:
            message = f"the subject has this through a group already: {by} covers it"
            book.mark_line(*origin, "R048", message, "keep it only if it should outlive the membership")
    _find_idle(book, policy, rules, scopes)


def above(policy: Policy) -> Scopes:
    """Each scope of the tree with all that cover it: itself first, `*` last."""
    found: Scopes = {ROOT: (ROOT,)}
    for scope in policy.parents:
        path = [scope]
        while path[-1] not in found:
            path.append(policy.parents[path[-1]][0])
        known = found[path.pop()]
        for place in reversed(path):
            known = found[place] = (place, *known)
    return found


class Windows:
    """Lines that say the same but for when: which of them is there all through a window?"""

    def __init__(self, lines: list[tuple[int, int, Origin]]) -> None:
        # earliest first, of those the longest, of those the first written: a cover stands before what it covers
        self._lines = lines if len(lines) < 2 else sorted(lines, key=lambda line: (line[0], -line[1], line[2]))
        self._since = [since for since, _, _ in self._lines]
        self._longest: list[tuple[int, Origin]] = []
        for _, until, origin in self._lines:
            best = self._longest[-1] if self._longest else None
            self._longest.append(best if best and best[0] >= until else (until, origin))

    def over(self, since: int, until: int) -> Origin | None:
        """A line that counts all through, or None."""
        index = bisect_right(self._since, since) - 1
        if index < 0 or self._longest[index][0] < until:
            return None
        return self._longest[index][1]

    def needless(self) -> Iterator[Covered]:
        """The lines that another of these covers."""
        for (_, until, origin), (longest, by) in zip(self._lines[1:], self._longest, strict=False):
            if longest >= until:
                yield Covered(origin, by)


def _by_meaning(lines: Iterable[tuple[object, int, int, Origin]]) -> dict[object, Windows]:
    """Lines that say the same, together."""
    found: dict[object, list[tuple[int, int, Origin]]] = {}
    for meaning, since, until, origin in lines:
        found.setdefault(meaning, []).append((since, until, origin))
    return {meaning: Windows(some) for meaning, some in found.items()}


def covered_access_rules(rules: Sequence[AccessRule], scopes: Scopes) -> Iterator[Covered]:
    """Access rules that one of the same subject and role covers, in the same scope or above, all the time it counts."""
    found = _by_meaning((each[:3], each.since, each.until, each.origin) for each in rules)
    for windows in found.values():
        yield from windows.needless()
    for each in rules:
        for scope in scopes.get(each.scope, ())[1:]:
            wider = found.get((each.subject, each.role, scope))
            if wider is not None and (by := wider.over(each.since, each.until)) is not None:
                yield Covered(each.origin, by)
                break


def covered_permissions(permissions: Iterable[Permission], scopes: Scopes) -> Iterator[Covered]:
    """Permissions of a role that it has in the same scope or above."""
    every = list(permissions)
    first: dict[tuple[str, str, str, str], Origin] = {}
    for each in every:
        first.setdefault(each[:4], each.origin)
    for role, scope, kind, action, origin in every:
        for place in scopes[scope]:
            by = first.get((role, place, kind, action))
            if by is not None and by != origin:
                yield Covered(origin, by)
                break


def covered_memberships(memberships: Iterable[Membership]) -> Iterator[Covered]:
    """Memberships that another one of the same two, or a path of other memberships, covers."""
    every = list(memberships)
    same = _by_meaning(((each.member, each.group), each.since, each.until, each.origin) for each in every)
    for windows in same.values():
        yield from windows.needless()
    reach = Reach(every)
    for each in every:
        if (by := reach.way_round(each)) is not None:
            yield Covered(each.origin, by)


def held_through_groups(
    rules: Sequence[AccessRule], memberships: Iterable[Membership], scopes: Scopes
) -> Iterator[Covered]:
    """Access rules of subjects that a group of theirs has in the same scope or above, all the time they count."""
    reach = Reach(memberships)
    groups = (each for each in rules if each.subject.startswith("group:"))
    given = _by_meaning((each[:3], each.since, each.until, each.origin) for each in groups)
    for each in rules:
        if each.subject in reach.members:
            for group in reach.groups(each.subject, each.since, each.until):
                by = _given_by(group, each, given, scopes)
                if by is not None:
                    yield Covered(each.origin, by)
                    break


def _given_by(group: str, rule: AccessRule, given: dict[object, Windows], scopes: Scopes) -> Origin | None:
    """The access rule of a group that gives all that `rule` gives, if there is one."""
    for scope in scopes.get(rule.scope, (rule.scope,)):
        windows = given.get((group, rule.role, scope))
        if windows is not None and (by := windows.over(rule.since, rule.until)) is not None:
            return by
    return None


def idle_access_rules(policy: Policy, rules: Iterable[AccessRule], scopes: Scopes) -> Iterator[AccessRule]:
    """Access rules that give a role where it may do nothing: all its permissions lie in other branches of the tree."""
    narrowed: dict[str, set[str]] = {}
    for permission in policy.permissions:
        narrowed.setdefault(permission.role, set()).add(permission.scope)
    idle: dict[tuple[str, str], bool] = {}
    for each in rules:
        key = (each.role, each.scope)
        if key not in idle:
            places = narrowed.get(each.role, ())
            idle[key] = each.scope in scopes and not any(
                place in scopes[each.scope] or each.scope in scopes[place] for place in places
            )
        if idle[key]:
            yield each


def _find_idle(book: Book, policy: Policy, rules: Iterable[AccessRule], scopes: Scopes) -> None:
    for each in idle_access_rules(policy, rules, scopes):
        message = f"{quoted(each.role)} may do nothing in {quoted(each.scope)} or below: its permissions lie elsewhere"
        help = "give the role where its permissions are, or give it permissions here"
        book.mark(*each.origin, 2, "R049", message, help)
