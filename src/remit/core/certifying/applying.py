"""Which lines of a policy were revoked, and which of its cases would miss them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from remit.core.certifying.population import ACCESS_RULES
from remit.core.form import canonical
from remit.core.model import Origin
from remit.core.policy import Policy
from remit.core.trial import try_policy


def places(files: Mapping[str, bytes], policy: Policy, revoked: Collection[str]) -> list[Origin]:
    """Where the access rules stand that are written like this, in canonical form; each as often as it is there."""
    formed = canonical(ACCESS_RULES, files[ACCESS_RULES]).decode().split("\n")
    lines = (line for line in formed if line and not line.startswith("#"))
    wanted = set(revoked)
    return [rule.origin for line, rule in zip(lines, policy.access_rules, strict=True) if line in wanted]


def new_faults(before: Policy, after: Policy, now: int) -> list[str]:
    """The cases that a change of policy lets fail, each with its place and what is wrong."""
    failing = {outcome.origin for outcome in try_policy(before, now) if not outcome.passed}
    found = (outcome for outcome in try_policy(after, now) if not outcome.passed)
    return [f"{outcome.origin}: {outcome.fault}" for outcome in found if outcome.origin not in failing]
