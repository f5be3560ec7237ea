"""The access rules of a policy as columns: the one table that may have a million rows."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence

from remit.core.model import AccessRule, Origin

LINE_BITS = 28
"""An origin is packed in 32 bits: the line in the low ones, the index of its file (of at most 16) above them."""

LINE_MASK = (1 << LINE_BITS) - 1


class AccessRules:
    """Access rules in columns, row by row in the order read. Roles are indexes into `roles`."""

    __slots__ = ("files", "origins", "role_ids", "roles", "scopes", "since", "subjects", "until")

    def __init__(self, roles: Sequence[str], files: Sequence[str]) -> None:
        self.roles = tuple(roles)
        self.files = tuple(files)
        self.subjects: list[str] = []
        self.role_ids = array("H")
        self.scopes: list[str] = []
        self.since = array("q")
        self.until = array("q")
        self.origins = array("I")

    def __len__(self) -> int:
        return len(self.subjects)

    def __iter__(self) -> Iterator[AccessRule]:
        return map(self.row, range(len(self)))

    def row(self, index: int) -> AccessRule:
        """Row `index` (from 0) as a value of its own."""
        return AccessRule(
            self.subjects[index],
            self.roles[self.role_ids[index]],
            self.scopes[index],
            self.since[index],
            self.until[index],
            self.origin(index),
        )

    def origin(self, index: int) -> Origin:
        """Where row `index` was written."""
        packed = self.origins[index]
        return Origin(self.files[packed >> LINE_BITS], packed & LINE_MASK)

    @classmethod
    def of(cls, rules: Iterable[AccessRule]) -> AccessRules:
        """A table of these rules; files and roles are indexed as they come."""
        rules = list(rules)
        files = {name: i for i, name in enumerate(dict.fromkeys(rule.origin.file for rule in rules))}
        roles = {name: i for i, name in enumerate(dict.fromkeys(rule.role for rule in rules))}
        table = cls(tuple(roles), tuple(files))
        for rule in rules:
            table.subjects.append(rule.subject)
            table.role_ids.append(roles[rule.role])
            table.scopes.append(rule.scope)
            table.since.append(rule.since)
            table.until.append(rule.until)
            table.origins.append(files[rule.origin.file] << LINE_BITS | rule.origin.line)
        return table
