"""The lines of all files to one Policy, or all findings across them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from remit.core.access import AccessRules
from remit.core.cases import Suite, read_suite
from remit.core.checks import check_memberships, check_names, check_tree, check_use
from remit.core.constraint_cells import Names
from remit.core.constraint_lines import read_constraints
from remit.core.constraints import Constraint
from remit.core.findings import Finding, Report, Source
from remit.core.model import Membership, Permission
from remit.core.modelconf import check_model
from remit.core.names import did_you_mean
from remit.core.pacing import Pause
from remit.core.tables import (
    Homes,
    Parents,
    Vocabulary,
    read_access_rules,
    read_homes,
    read_memberships,
    read_parents,
    read_permissions,
    read_vocabulary,
)
from remit.errors import PolicyInvalid

MODEL = "model.conf"
REQUIRED = tuple(f"policies/{name}.csv" for name in ("vocabulary", "roles", "scopes", "access_rules"))
OPTIONAL = tuple(f"policies/{name}.csv" for name in ("service_roles", "groups", "resources", "constraints"))
CASES = "policies/cases/"


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the files say, parsed and checked. `roles` fixes the bit of each role in a snapshot.

    `vocabulary` maps kind to action to verb, `parents` a scope to its parent and the line that says so,
    `homes` a kind to an id to its scope and line. `warnings` are findings that do not keep it from loading.
    `constraints` may be broken: `duties` judges them, and nothing here does.
    """

    revision: str
    vocabulary: Vocabulary
    permissions: tuple[Permission, ...]
    roles: tuple[str, ...]
    parents: Parents
    memberships: tuple[Membership, ...]
    access_rules: AccessRules
    homes: Homes
    suites: tuple[Suite, ...]
    warnings: tuple[Finding, ...]
    constraints: tuple[Constraint, ...] = ()


def revision_of(files: Mapping[str, bytes]) -> str:
    """The name of these exact files: the SHA-256 of their `sha256sum` listing, sorted by name.

    An auditor gets it with `sha256sum FILES | LC_ALL=C sort -k2 | sha256sum`. Names that hold an end of line or a
    backslash are written as `sha256sum` does, lest one name read like two files.
    """
    listing = "".join(_listed(hashlib.sha256(files[name]).hexdigest(), name) for name in sorted(files))
    return hashlib.sha256(listing.encode()).hexdigest()


def _listed(digest: str, name: str) -> str:
    """The line of a file in the listing."""
    safe = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{digest}  {name}\n" if safe == name else f"\\{digest}  {safe}\n"


def read_policy(files: Mapping[str, bytes], pause: Pause = None) -> Policy:
    """The policy that these files are, by their names within it (`model.conf`, `policies/roles.csv`, …), with a `pause`
    every few lines.

    Raises PolicyInvalid with every finding in every file if there is an error among them (design §3).
    """
    report = Report()
    sources = {name: Source(name, data) for name, data in files.items()}
    _check_files(files, report)
    if MODEL in sources:
        check_model(sources[MODEL], report)
    empty = {name: Source(name, b"") for name in (*REQUIRED, *OPTIONAL)}
    at = {**empty, **sources}
    vocabulary = read_vocabulary(at["policies/vocabulary.csv"], report)
    permissions: list[Permission] = []
    declared: list[str] = []
    for name in ("policies/roles.csv", "policies/service_roles.csv"):
        some, names = read_permissions(at[name], report, pause)
        permissions += some
        declared += names
    roles = tuple(dict.fromkeys(declared))
    parents = read_parents(at["policies/scopes.csv"], report, pause)
    memberships = read_memberships(at["policies/groups.csv"], report, pause)
    access_rules = read_access_rules(at["policies/access_rules.csv"], report, roles, parents, pause)
    homes = read_homes(at["policies/resources.csv"], report, vocabulary, parents, pause)
    known = Names(vocabulary, roles, parents, memberships, access_rules)
    constraints = read_constraints(at["policies/constraints.csv"], report, known)
    suites = tuple(read_suite(sources[name], report) for name in sorted(sources) if name.startswith(CASES))
    check_tree(parents, at, report)
    check_names(permissions, vocabulary, parents, at, report)
    check_memberships(memberships, at, report)
    check_use(permissions, vocabulary, at, report)
    findings = report.findings()
    if report.has_errors:
        raise PolicyInvalid(findings)
    revision = revision_of(files)
    return Policy(
        revision,
        vocabulary,
        tuple(permissions),
        roles,
        parents,
        tuple(memberships),
        access_rules,
        homes,
        suites,
        findings,
        constraints,
    )


def _check_files(files: Iterable[str], report: Report) -> None:
    """Every required file is there, and nothing that looks like policy is left unread."""
    known = {MODEL, *REQUIRED, *OPTIONAL}
    for name in (MODEL, *REQUIRED):
        if name not in files:
            report.at_file(name, "R001", "the file is missing", "a policy needs it; it may be empty but for comments")
    for name in files:
        if name not in known and not name.startswith(CASES):
            guess = did_you_mean(name, known)
            help = f"did you mean `{guess}`?" if guess else "rename it, or move it out of the policy directory"
            report.at_file(name, "R002", "the file has no meaning in a policy, so it would be left unread", help)
