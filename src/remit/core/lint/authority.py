"""Which access rules are privileged: the one definition, for lint and for whoever asks.

An access rule is privileged if it gives a role

- that may publish or escalate the policy, or vouch for the groups of others, wherever it is held; or
- that may create, edit or delete anything in all projects, and gives it in all projects (`*`).

A role that changes things in one department or project only is not: that is what such roles are for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from remit.core.model import ROOT

OVER_THE_POLICY = frozenset((("policy", "publish"), ("policy", "escalate"), ("decision", "vouch")))
"""What changes who may do what, or makes remit believe what it is told."""

CHANGING = frozenset(("create", "edit", "delete"))
"""The actions that leave something changed."""


class Authority(NamedTuple):
    """The roles that make an access rule privileged: `anywhere`, or only where they are given at `*` (`at_root`)."""

    anywhere: frozenset[str]
    at_root: frozenset[str]

    @classmethod
    def of(cls, permissions: Iterable[tuple[str, str, str, str]]) -> Authority:
        """By the permissions of a policy, each as role, scope, kind and action."""
        anywhere, at_root = set(), set()
        for role, scope, kind, action in permissions:
            if (kind, action) in OVER_THE_POLICY:
                anywhere.add(role)
            if scope == ROOT and action in CHANGING:
                at_root.add(role)
        return cls(frozenset(anywhere), frozenset(at_root))

    def is_privileged(self, role: str, scope: str) -> bool:
        """True if an access rule that gives this role in this scope is privileged."""
        return role in self.anywhere or (scope == ROOT and role in self.at_root)
