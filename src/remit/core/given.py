"""Policy lines given to the cases below them: the policy with these lines, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from remit.core.access import AccessRules
from remit.core.checks import check_memberships, check_names, check_tree, check_use
from remit.core.findings import Report, Source
from remit.core.lines import Line, access_rule, membership, permission
from remit.core.model import ROOT, AccessRule, Origin
from remit.core.policy import Policy
from remit.core.tables import Parents, add_parent, unknown_name

Fault = tuple[Origin, str]
"""A given line and what is wrong with it."""


def with_lines(policy: Policy, given: Sequence[Line]) -> tuple[Policy, list[Fault]]:
    """The policy with more lines; or the policy as it was, and what is wrong with them. Their order never matters."""
    report = Report()
    parents, permissions, memberships = dict(policy.parents), list(policy.permissions), list(policy.memberships)
    rules: list[AccessRule] = []
    for line in (line._replace(report=report) for line in given):
        match line.fields:
            case ["g2", *_]:
                add_parent(parents, line)
            case ["p", *_]:
                permissions += filter(None, [permission(line)])
            case [_, _, group, *_] if group.startswith("group:"):
                memberships += filter(None, [membership(line)])
            case _:
                rules += filter(None, [access_rule(line)])
    roles = tuple(dict.fromkeys((*policy.roles, *(p.role for p in permissions))))
    sources = Sources({given[0].source.name: given[0].source})
    _check_access_rules(rules, roles, parents, sources, report)
    check_tree(parents, sources, report)
    check_names(permissions, policy.vocabulary, parents, sources, report)
    check_memberships(memberships, sources, report)
    check_use(permissions, policy.vocabulary, sources, report)
    if report.has_errors:
        return policy, _faults(report, given)
    more = replace(policy, parents=parents, permissions=tuple(permissions), memberships=tuple(memberships), roles=roles)
    return replace(more, access_rules=AccessRules.of([*policy.access_rules, *rules])), []


def _check_access_rules(
    rules: Iterable[AccessRule], roles: Sequence[str], parents: Parents, sources: Sources, report: Report
) -> None:
    """Given access rules name roles and scopes that exist; one that does not would prove nothing."""
    known = dict.fromkeys(roles)
    for _, role, scope, _, _, origin in rules:
        line = Line(sources[origin.file], report, origin.line, [], shift=1)
        if role not in known:
            unknown_name(line, 2, "R013", "role", role, known, "roles are declared in policies/roles.csv")
        if scope != ROOT and scope not in parents:
            unknown_name(line, 3, "R014", "scope", scope, parents, "scopes are declared in policies/scopes.csv")


def _faults(report: Report, given: Sequence[Line]) -> list[Fault]:
    """What is wrong, each at the given line it stands on; at the last of them if it shows elsewhere."""
    places = {line.origin for line in given}
    faults = []
    for finding in report.findings():
        at = Origin(finding.file, finding.line)
        fault = finding.message + (f"; {finding.help}" if finding.help else "")
        faults.append((at if at in places else given[-1].origin, fault))
    return faults


class Sources(dict[str, Source]):
    """Files by name. Those that were read before are empty: their lines were judged then."""

    def __missing__(self, name: str) -> Source:
        return Source(name, b"")
