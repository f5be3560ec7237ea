"""From files to a policy that may answer: read, compiled, its cases decided, both judges heard."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from remit.core.findings import Finding
from remit.core.policy import Policy, read_policy
from remit.core.snapshot import Snapshot
from remit.core.trial import disagreements, sample, try_policy
from remit.errors import CasesFailed, PolicyInvalid

SAMPLE = 200
"""Questions beside the cases that Casbin judges too before a policy goes live."""


def admit(files: Mapping[str, bytes], now: int) -> tuple[Policy, Snapshot]:
    """The policy of these files, ready to go live.

    Raises PolicyInvalid with all findings, or CasesFailed if a case does not come out as written at `now` or
    Casbin would answer differently.
    """
    with undisturbed():
        policy = read_policy(files)
        faults = [f"{outcome.origin}: {outcome.fault}" for outcome in try_policy(policy, now) if outcome.fault]
        for question in disagreements(policy, sample(policy, SAMPLE, now)):
            faults.append(f"Casbin would answer differently: {question}")
        if faults:
            raise CasesFailed(tuple(faults))
        return policy, Snapshot(policy)


def faults_of(files: Mapping[str, bytes], now: int) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What keeps these files from going live: findings, or else cases that come out otherwise; empty ones: nothing."""
    try:
        admit(files, now)
    except PolicyInvalid as error:
        return error.findings, ()
    except CasesFailed as error:
        return (), error.faults
    return (), ()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let the garbage collector rest while a policy is built: nothing of it is garbage, and there may be a lot."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
