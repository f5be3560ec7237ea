"""The source of the live policy that the settings name, and the policy that a server begins with."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from remit.adapters.git_address import Address, read_address, read_ref
from remit.adapters.git_source import GitSource, git_source
from remit.adapters.policy_settings import PolicySettings
from remit.adapters.watching import WatchedDirectory
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from remit.errors import Misconfigured
from remit.following import Source
from remit.service.live import Files
from remit.service.policies import admit

Begun = tuple[Files, Policy, Snapshot]
"""The files that a server begins with, and what they are."""


def source_of(settings: PolicySettings, policy: Path, model: Path, state: Path, watch: bool) -> Source | None:
    """What is followed; None if nothing is: a directory, without `watch`. Raises Misconfigured if it cannot be."""
    if settings.git is None:
        return WatchedDirectory(policy, model) if watch else None
    if watch:
        raise Misconfigured("`--watch` is for a policy directory; with REMIT_SOURCE=git the repository is followed")
    address, ref = read_address(settings.git.repository), read_ref(settings.git.ref)
    assert isinstance(address, Address) and ref is not None, "the settings were read"
    return git_source(state, address, ref, policy, model, settings.poll, settings.git.accept)


def begun(source: Source | None, live: Callable[[], Begun]) -> Begun:
    """The policy to begin with: what the repository holds, or what `live` finds.

    Raises Misconfigured if the repository cannot be read, and what `service.policies.admit` raises.
    """
    if not isinstance(source, GitSource):
        return live()
    files = source.look().files
    return files, *admit(files, time.time_ns() // 1_000)
