"""What the workspace builder needs from a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from remit.core.blocks import Phase, Workspace


class Cluster(Protocol):
    """Where workspaces run. Every method may be called again with the same: it then changes nothing.

    All raise CouldNotDecide if the cluster is out of reach, or refuses remit; no message holds anything secret.
    """

    def apply(self, workspace: Workspace, objects: Sequence[Mapping[str, Any]]) -> None:
        """Bring about what was rendered for a workspace, in order; stopping and resuming are applying as well.

        What a stopped workspace does not keep is removed. Raises Conflict if something else has a name that is needed,
        or something of that name is still going; RequestInvalid if the cluster does not take an object.
        """
        ...

    def phase(self, workspace: Workspace) -> Phase:
        """What the workspace is now; Deleted if the cluster does not know it."""
        ...

    def remove(self, workspace: Workspace) -> None:
        """Remove all that a workspace became, but for claims that are not ephemeral: data outlives its workspace."""
        ...

    def apply_secret(self, scope: str, name: str, type: str, values: Mapping[str, str]) -> None:
        """Put a credential's values into the project that is `scope`, as a Secret of this name and type.

        Keys that are not in `values` go. Raises Conflict if a Secret of that name is there and not remit's.
        """
        ...

    def remove_secret(self, scope: str, name: str) -> None:
        """Remove a credential's Secret from a project, if it is there. Raises Conflict as `apply_secret`."""
        ...


class NoCluster:
    """The cluster of a remit that was given none: nothing runs, so what is wanted running stays pending."""

    def apply(self, workspace: Workspace, objects: Sequence[Mapping[str, Any]]) -> None:
        """Nothing happens."""

    def phase(self, workspace: Workspace) -> Phase:
        """Pending, for what is to run; what is to be stopped or deleted is so already."""
        return workspace.wanted if workspace.wanted in (Phase.STOPPED, Phase.DELETED) else Phase.PENDING

    def remove(self, workspace: Workspace) -> None:
        """Nothing happens."""

    def apply_secret(self, scope: str, name: str, type: str, values: Mapping[str, str]) -> None:
        """Nothing happens; the values go nowhere."""

    def remove_secret(self, scope: str, name: str) -> None:
        """Nothing happens."""
