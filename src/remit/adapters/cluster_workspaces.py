"""The cluster as the workspace builder sees it (`service.ports.Cluster`): workspaces rendered, and handed over."""

from __future__ import annotations

from typing import Any

from remit.adapters.cluster import cluster_of
from remit.adapters.cluster_port import Cluster, NoCluster
from remit.adapters.manifests import as_yaml, manifest, secret_data, secret_name, secret_names, unit_of
from remit.core.blocks import Phase, Workspace
from remit.service.ports import Secrets


class RenderedCluster:
    """Renders a workspace and hands it to a cluster, its credentials first. `real` is false if there is no cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.real = not isinstance(cluster, NoCluster)

    def apply(self, workspace: Workspace, secrets: Secrets) -> None:
        """Let a workspace be as it is wanted, running or stopped.

        A generic secret's values are its own; of any other credential they hold what is not secret as well, such as
        `user`. Raises as `Cluster.apply` of `cluster_port`, and RequestInvalid for what cannot be rendered, of which
        nothing is handed over.
        """
        objects = _objects(workspace)
        ready = {id: secret_data(variant, {}, values) for id, (variant, values) in secrets.items()}
        for id, (type, values) in ready.items():
            self._cluster.apply_secret(workspace.scope, secret_name(id), type, values)
        self._cluster.apply(workspace, objects)

    def phase(self, workspace: Workspace) -> Phase:
        """What a workspace is now; Deleted if the cluster does not know it. Raises CouldNotDecide if out of reach."""
        return self._cluster.phase(workspace)

    def remove(self, workspace: Workspace) -> None:
        """Let a workspace be gone; one that is not there is. Its credentials stay: others may use them."""
        self._cluster.remove(workspace)

    def manifest(self, workspace: Workspace) -> str:
        """What the cluster would be handed, as YAML; of secrets the names only. Raises RequestInvalid."""
        return as_yaml(_objects(workspace))


def rendered_cluster(setting: str | None) -> RenderedCluster:
    """The cluster that `REMIT_KUBERNETES` names, or none. Raises Misconfigured as `cluster_of`."""
    return RenderedCluster(cluster_of(setting))


def _objects(workspace: Workspace) -> list[dict[str, Any]]:
    """The blocks of a workspace hold every credential that its spec may name."""
    return manifest(workspace, unit_of(workspace.scope), workspace.created.by, secret_names(workspace))
