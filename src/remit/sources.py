"""The source of the live policy that the settings name: a directory, or a branch of a git repository."""

from __future__ import annotations

from pathlib import Path

from remit.adapters.git_address import Address, read_address, read_ref
from remit.adapters.git_source import git_source
from remit.adapters.policy_settings import PolicySettings
from remit.adapters.watching import WatchedDirectory
from remit.errors import Misconfigured
from remit.following import Source


def source_of(settings: PolicySettings, policy: Path, model: Path, state: Path, watch: bool) -> Source | None:
    """What is followed; None if nothing is: a directory, without `watch`. Raises Misconfigured if it cannot be."""
    if settings.git is None:
        return WatchedDirectory(policy, model) if watch else None
    if watch:
        raise Misconfigured("`--watch` is for a policy directory; with REMIT_SOURCE=git the repository is followed")
    address, ref = read_address(settings.git.repository), read_ref(settings.git.ref)
    assert isinstance(address, Address) and ref is not None, "the settings were read"
    return git_source(state, address, ref, policy, model, settings.poll, settings.git.accept)
