"""What an operation takes: permissions, each somewhere, and names."""

from __future__ import annotations

from typing import NamedTuple

from remit.core.blocks import Asset, Workspace
from remit.core.model import ROOT

Thing = Asset | Workspace
"""A row of the catalog."""


class Need(NamedTuple):
    """A permission that an operation takes: `action` on `kind`, for something that lives in `scope`.

    With `id` it is about one thing of the catalog, whose home is what the catalog knows, and `scope` says nothing.
    `place` is where it happens, for what is decided there; with `beside`, that is where this other thing lives.
    """

    kind: str
    action: str
    scope: str = ROOT
    id: str | None = None
    place: str | None = None
    beside: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.action}"


class Named(NamedTuple):
    """A name as it is taken once: by a kind (`workload` for workspaces), in a scope."""

    kind: str
    scope: str
    name: str


EVALUATE = Need("decision", "evaluate")
SEARCH = Need("decision", "search")
EXPLAIN = Need("decision", "explain")
VOUCH = Need("decision", "vouch")
VIEW_POLICY = Need("policy", "view")
PUBLISH_POLICY = Need("policy", "publish")
VIEW_JOURNAL = Need("journal", "view")
