"""How the live policy is configured: where it comes from, how old it may be, and what judges it beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from remit.adapters.git_address import git_faults

SOURCES = ("directory", "git", "database")

NAMES = (
    "GIT_ACCEPT", "GIT_REF", "GIT_REPOSITORY", "JUDGE_SAMPLE", "MAX_POLICY_AGE", "POLL", "SHADOW_SAMPLE", "SOURCE",
)  # fmt: skip
"""The settings that are read here, without `REMIT_`."""


class GitSettings(NamedTuple):
    """The repository (an https, ssh or file address, or a path), the branch in it, and a commit that may take the place
    of the one before though it does not follow it (None: none may)."""

    repository: str
    ref: str
    accept: str | None


class PolicySettings(NamedTuple):
    """`source` is `directory`, `git` or `database`; `poll` is in seconds between looks; `max_age` in seconds, None for
    ever. The samples are shares, 0 to 1: of live answers that Casbin judges again, and that a shadow policy gives too.
    """

    source: str
    git: GitSettings | None
    poll: float
    max_age: int | None
    judge_sample: float
    shadow_sample: float


def policy_settings(environment: Mapping[str, str], faults: list[str]) -> PolicySettings:
    """What the live policy needs; whatever is wrong is added to `faults`."""
    given = {name: environment.get(f"REMIT_{name}", "").strip() for name in NAMES}
    source = given["SOURCE"] or "directory"
    if source not in SOURCES:
        faults.append(f"`REMIT_SOURCE` is `{source}`; it is `directory`, `git` or `database`")
    git = GitSettings(given["GIT_REPOSITORY"], given["GIT_REF"], given["GIT_ACCEPT"] or None)
    if source == "git":
        for name, what in (("REPOSITORY", "where the repository is"), ("REF", "the branch to follow")):
            if not given[f"GIT_{name}"]:
                faults.append(f"`REMIT_SOURCE` is `git`, so `REMIT_GIT_{name}` is needed: {what}")
        faults += git_faults(*git)
    elif any(git):
        faults.append("`REMIT_GIT_…` is for REMIT_SOURCE=git; take it out, or set the source")
    return PolicySettings(
        source,
        git if source == "git" else None,
        _number(given, "POLL", 30.0 if source == "git" else 0.5, 0.05, 86_400, faults),
        int(_number(given, "MAX_POLICY_AGE", 0, 1, 31_536_000, faults)) or None,
        _number(given, "JUDGE_SAMPLE", 0.0, 0, 1, faults),
        _number(given, "SHADOW_SAMPLE", 1.0, 0, 1, faults),
    )


def _number(given: Mapping[str, str], name: str, default: float, least: float, most: float, faults: list[str]) -> float:
    """A setting that is a number within bounds."""
    text = given[name]
    if not text:
        return default
    plain = text.replace(".", "", 1)
    if not (plain.isascii() and plain.isdigit() and len(text) < 12 and least <= float(text) <= most):
        faults.append(f"`REMIT_{name}` is `{text}`; it is a number from {least:g} to {most:,g}")
        return default
    return float(text)
