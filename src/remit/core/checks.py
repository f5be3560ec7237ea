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
    Permission,
)
from remit.core.tables import Parents, Vocabulary, unknown_name

Sources = Mapping[str, Source]

MAX_INHERITED = 20_000_000
"""Memberships, those by way of other groups counted too: a snapshot holds them all."""


def check_tree(parents: Parents, sources: Sources, report: Report) -> None:
    """Every scope reaches `*` without a cycle and within the depth Casbin follows."""
    depths: dict[str, int | None] = {ROOT: 0}
    for scope in parents:
        path: dict[str, None] = {}
        while scope in parents and scope not in depths and scope not in path:
            path[scope] = None
            scope = parents[scope][0]
        depth = depths.get(scope)
        climbed = list(path)
        if climbed and scope not in depths:
            _report_lost(climbed[-1], scope, parents, sources, report)
        for child in reversed(climbed):
            depths[child] = depth = None if depth is None else depth + 1
            if depth is not None and depth > MAX_SCOPE_DEPTH:
                origin = parents[child][1]
                message = f"`{child}` lies {depth:,} levels below `*`; {MAX_SCOPE_DEPTH} are allowed"
                help = "Casbin follows no longer chain; flatten the tree"
                report.at_field(sources[origin.file], origin.line, 1, "R022", message, help)


def _report_lost(child: str, parent: str, parents: Parents, sources: Sources, report: Report) -> None:
    """Report the edge from which no way leads to `*`: the parent is declared nowhere, or lies below the child."""
    origin = parents[child][1]
    if parent in parents:
        message, help = f"`{parent}` lies below itself by way of `{child}`", "break the cycle"
    else:
        message, help = f"`{parent}` does not reach `*`", f"give `{parent}` a parent, or write `g2, {child}, {ROOT}`"
    report.at_field(sources[origin.file], origin.line, 2, "R021", message, help)


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
    """Memberships have no cycle, no chain of them is longer than Casbin follows, and together they stay few."""
    groups: dict[str, list[Membership]] = {}
    for membership in memberships:
        groups.setdefault(membership.member, []).append(membership)
    heights: dict[str, int] = {}
    for start in groups:
        _measure(start, groups, heights, sources, report)
    joined = {membership.group for membership in memberships}
    for member, group, _, _, origin in memberships:
        if heights.get(group, 0) >= MAX_MEMBERSHIP_CHAIN and member not in joined:
            message = f"`{member}` begins a chain of more than {MAX_MEMBERSHIP_CHAIN} memberships"
            help = "Casbin follows no longer chain; flatten it"
            report.at_field(sources[origin.file], origin.line, 1, "R024", message, help)
    sound = not any(report.has(origin.file, code) for *_, origin in memberships[:1] for code in ("R023", "R024"))
    if sound and (total := _inherited(heights, groups, len(joined))) > MAX_INHERITED:
        message = f"the memberships lead to some {total:,} by way of groups in groups; {MAX_INHERITED:,} are allowed"
        report.at_file(memberships[0].origin.file, "R031", message, "flatten the groups")


def _inherited(heights: Mapping[str, int], groups: Mapping[str, list[Membership]], most: int) -> int:
    """No fewer than all groups of all members, followed transitively; `heights` lists groups before their members."""
    total = 0
    above: dict[str, int] = {}
    for member in heights:
        count = sum(1 + above.get(membership.group, 0) for membership in groups.get(member, ()))
        above[member] = min(count, most)
        total += count
    return total


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
                message = f"`{role}` may use {kind} in `{scope}` but create neither workload nor inference there"
                help = f"add `p, {role}, {scope}, workload, create`, or take this line out"
                report.at_line(sources[origin.file], origin.line, "R029", message, help)
        for (role, scope), origin in creates.items():
            if (role, scope) not in uses:
                message = f"`{role}` may create what uses blocks in `{scope}` but not use {kind} there"
                help = f"add `p, {role}, {scope}, {kind}, use`"
                report.at_line(sources[origin.file], origin.line, "R029", message, help)
