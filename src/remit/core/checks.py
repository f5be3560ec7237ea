"""What must hold across the lines of a policy: findings that no single line can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from remit.core.findings import Report, Source
from remit.core.lines import Line
from remit.core.model import (
    BLOCK_KINDS,
    MAX_MEMBERSHIP_CHAIN,
    MAX_SCOPE_DEPTH,
    ROOT,
    WORKLOAD_KINDS,
    Membership,
    Origin,
    Permission,
)
from remit.core.tables import Parents, Vocabulary, unknown_name

Sources = Mapping[str, Source]


def check_tree(parents: Parents, sources: Sources, report: Report) -> None:
    """Every scope reaches `*` without a cycle and within the depth Casbin follows."""
    for child, (parent, origin) in parents.items():
        depth, seen, at = 1, {child}, parent
        while at != ROOT and at in parents and at not in seen and depth <= MAX_SCOPE_DEPTH:
            seen.add(at)
            at, depth = parents[at][0], depth + 1
        if at == ROOT and depth <= MAX_SCOPE_DEPTH:
            continue
        source = sources[origin.file]
        if at == child:
            report.at_field(source, origin.line, 1, "R021", f"`{child}` is below itself", "break the cycle")
        elif at not in parents and at != ROOT:
            if at == parent:
                help = f"give `{at}` a parent, or write `g2, {child}, *`"
                report.at_field(source, origin.line, 2, "R021", f"`{at}` does not reach `*`", help)
        elif at not in seen:
            message = f"`{child}` lies more than {MAX_SCOPE_DEPTH} levels below `*`"
            report.at_field(source, origin.line, 1, "R022", message, "Casbin follows no longer chain; flatten the tree")


def check_names(
    permissions: Iterable[Permission], vocabulary: Vocabulary, parents: Parents, sources: Sources, report: Report
) -> None:
    """Permissions name pairs of the vocabulary and scopes of the tree only."""
    for permission in permissions:
        _, scope, kind, action, origin = permission
        line = Line(sources[origin.file], report, origin.line, [])
        if kind not in vocabulary:
            unknown_name(line, 3, "R016", "kind", kind, vocabulary, "kinds are listed in policies/vocabulary.csv")
        elif action not in vocabulary[kind]:
            where = f"what can be said of `{kind}` is listed in policies/vocabulary.csv"
            unknown_name(line, 4, "R016", "action", action, vocabulary[kind], where)
        if scope != ROOT and scope not in parents:
            unknown_name(line, 2, "R014", "scope", scope, parents, "scopes are declared in policies/scopes.csv")


def check_memberships(memberships: Sequence[Membership], sources: Sources, report: Report) -> None:
    """Memberships have no cycle, and no chain of them is longer than Casbin follows."""
    groups: dict[str, list[Membership]] = {}
    for membership in memberships:
        groups.setdefault(membership.member, []).append(membership)
    heights: dict[str, int] = {}
    for start in groups:
        _measure(start, groups, heights, sources, report)
    joined = {membership.group for membership in memberships}
    for membership in memberships:
        if heights[membership.member] > MAX_MEMBERSHIP_CHAIN and membership.member not in joined:
            _too_long(membership.member, membership.origin, sources, report)


def _measure(
    start: str, groups: Mapping[str, list[Membership]], heights: dict[str, int], sources: Sources, report: Report
) -> None:
    """Fill in how many memberships lie above each subject from `start` on; report each cycle where it closes."""
    stack: list[tuple[str, int]] = [(start, 0)]
    path = {start}
    while stack:
        subject, index = stack[-1]
        above = groups.get(subject, ())
        if index < len(above):
            stack[-1] = (subject, index + 1)
            membership = above[index]
            if membership.group in path:
                message = f"`{membership.group}` is a member of itself by way of `{subject}`"
                source = sources[membership.origin.file]
                report.at_field(source, membership.origin.line, 2, "R023", message, "break the cycle")
            elif membership.group not in heights:
                stack.append((membership.group, 0))
                path.add(membership.group)
        else:
            heights[subject] = max((heights.get(m.group, 0) + 1 for m in above), default=0)
            path.discard(subject)
            stack.pop()


def _too_long(subject: str, origin: Origin, sources: Sources, report: Report) -> None:
    message = f"`{subject}` begins a chain of more than {MAX_MEMBERSHIP_CHAIN} memberships"
    report.at_field(sources[origin.file], origin.line, 1, "R024", message, "Casbin follows no longer chain; flatten it")


def check_use(permissions: Sequence[Permission], vocabulary: Vocabulary, sources: Sources, report: Report) -> None:
    """A role may use the blocks exactly where it may create a workload or an inference (seed, "Who can use")."""
    if not any("create" in vocabulary.get(kind, ()) for kind in WORKLOAD_KINDS):
        return
    creates = {(p.role, p.scope): p.origin for p in permissions if p.kind in WORKLOAD_KINDS and p.action == "create"}
    for kind in BLOCK_KINDS:
        if "use" not in vocabulary.get(kind, ()):
            continue
        uses = {(p.role, p.scope): p.origin for p in permissions if p.kind == kind and p.action == "use"}
        for (role, scope), origin in uses.items():
            if (role, scope) not in creates:
                message = f"`{role}` may use {kind} in `{scope}` but create no workload there"
                help = f"add `p, {role}, {scope}, workload, create`, or take this line out"
                report.at_line(sources[origin.file], origin.line, "R029", message, help)
        for (role, scope), origin in creates.items():
            if (role, scope) not in uses:
                message = f"`{role}` may create workloads in `{scope}` but not use {kind} there"
                report.at_line(
                    sources[origin.file], origin.line, "R029", message, f"add `p, {role}, {scope}, {kind}, use`"
                )
