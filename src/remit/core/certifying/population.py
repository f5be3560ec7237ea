"""The access rules under review, each by the line that gives it: lines move, so nothing goes by their numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from remit.core.form import canonical
from remit.core.model import ROOT, AccessRule
from remit.core.names import fields_of
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot

ACCESS_RULES = "policies/access_rules.csv"

COLUMNS = ("subject", "role", "scope", "since", "until", "ticket", "approved_by", "why")
"""What an access rule's line holds besides its first cell."""


class Entitled(NamedTuple):
    """An access rule with all that its line says: the whole line in canonical form, and its cells (`COLUMNS`)."""

    line: str
    access_rule: AccessRule
    cells: tuple[str, ...]

    @property
    def ticket(self) -> str:
        """Where it was asked for; empty if the line does not say."""
        return self.cells[5]

    @property
    def approver(self) -> str:
        """Who approved it; empty if the line does not say."""
        return self.cells[6]


def population(files: Mapping[str, bytes], policy: Policy, snapshot: Snapshot, scope: str) -> tuple[Entitled, ...]:
    """The access rules that are held in a scope or below it, in the order written; what stands twice counts once.

    In `*` that is every one, also those in a scope that has left the tree.
    """
    formed = canonical(ACCESS_RULES, files[ACCESS_RULES]).decode().split("\n")
    lines = [line for line in formed if line and not line.startswith("#")]
    found: dict[str, Entitled] = {}
    for line, rule in zip(lines, policy.access_rules, strict=True):
        if scope == ROOT or scope in snapshot.chains.get(rule.scope, ()):
            cells = fields_of(line)[1:]
            padded = (*cells, *[""] * (len(COLUMNS) - len(cells)))
            found.setdefault(line, Entitled(line, rule, padded))
    return tuple(found.values())


def digest(rows: Iterable[tuple[str, str]]) -> str:
    """What stands for a whole review: a hash over its lines and their marks, in whatever order they stand."""
    told = "".join(f"{line}\t{marks}\n" for line, marks in sorted(rows))
    return hashlib.sha256(told.encode()).hexdigest()
