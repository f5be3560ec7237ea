"""What is said when a row stands in the way, or is another one by now; the same words whatever keeps the catalog."""

from __future__ import annotations

from remit.core.blocks import Asset, Workspace
from remit.core.names import quoted
from remit.errors import Outdated

_ONE = {
    "environment": "an environment",
    "data-source": "a data source",
    "compute-resource": "a compute resource",
    "credentials": "credentials",
}


def asset_taken(asset: Asset) -> str:
    """There is one of that kind and name."""
    return f"{quoted(asset.scope)} has {_ONE[asset.kind]} called {quoted(asset.name)} already"


def workspace_taken(workspace: Workspace) -> str:
    """There is a workspace of that name."""
    return f"{quoted(workspace.scope)} has a workspace called {quoted(workspace.name)} already"


def asset_outdated(asset: Asset) -> Outdated:
    """The asset was changed, or removed."""
    return Outdated(f"{quoted(asset.name)} has been changed meanwhile; read it again")


def workspace_outdated(workspace: Workspace) -> Outdated:
    """The workspace was changed, or removed."""
    return Outdated(f"{quoted(workspace.name)} has been changed meanwhile; read it again")
