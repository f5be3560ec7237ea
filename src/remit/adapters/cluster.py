"""Workspaces in a Kubernetes cluster: applied on the server's side as field manager `remit`, found by their label.

remit takes over nothing: before it applies an object it looks whether one of that name is there, and if that is not the
workspace's own, stops.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from remit.adapters.cluster_calls import Calls, Thing, Timeouts, connected
from remit.adapters.cluster_phase import belongs_to, phase_of
from remit.adapters.cluster_port import Cluster, NoCluster
from remit.adapters.manifests.meta import KEEP_LABEL, MANAGER, UNTIL_STOP, head, place_of, selector
from remit.adapters.manifests.names import room_of, unit_of, workspace_name
from remit.core.blocks import Phase, Workspace
from remit.core.names import quoted
from remit.errors import Conflict

if TYPE_CHECKING:
    from kubernetes.client import ApiClient


def cluster_of(setting: str | None) -> Cluster:
    """The cluster that `REMIT_KUBERNETES` names: a kubeconfig's path, or `in-cluster`; NoCluster if it names none.

    Raises Misconfigured if what is named gives no access. Nothing is asked of the cluster yet.
    """
    return KubernetesCluster(connected(setting)) if setting and setting.strip() else NoCluster()


class KubernetesCluster:
    """A cluster behind a Kubernetes API server. Threads may share it."""

    def __init__(self, client: ApiClient, timeouts: Timeouts | None = None) -> None:
        self._calls = Calls(client, timeouts or Timeouts())

    def apply(self, workspace: Workspace, objects: Sequence[Mapping[str, Any]]) -> None:
        """As `Cluster.apply`. Nothing is applied if one of the objects cannot be, as far as that can be seen before."""
        things = [Thing(each["kind"], *place_of(each)) for each in objects]
        for thing in things:
            self._check_ours(thing, workspace)
        for thing, each in zip(things, objects, strict=True):
            self._calls.apply(thing, each)
        if workspace.wanted is not Phase.RUNNING:
            self._remove(workspace, "PersistentVolumeClaim", {KEEP_LABEL: UNTIL_STOP})

    def phase(self, workspace: Workspace) -> Phase:
        """As `Cluster.phase`."""
        room, name = room_of(unit_of(workspace.scope)), workspace_name(workspace.name)
        stateful_set = self._calls.read(Thing("StatefulSet", room, name))
        pod = self._calls.read(Thing("Pod", room, f"{name}-0")) if stateful_set else None
        return phase_of(workspace, stateful_set, pod)

    def remove(self, workspace: Workspace) -> None:
        """As `Cluster.remove`. What leads to the workspace goes first."""
        for kind in ("Ingress", "StatefulSet", "Service"):
            self._remove(workspace, kind, {})
        self._remove(workspace, "PersistentVolumeClaim", {KEEP_LABEL: UNTIL_STOP})

    def apply_secret(self, scope: str, name: str, type: str, values: Mapping[str, str]) -> None:
        """As `Cluster.apply_secret`."""
        thing = Thing("Secret", room_of(unit_of(scope)), name)
        self._check_remits(thing)
        # `data`, not `stringData`: a key that is no longer applied goes from the one, and stays with the other.
        data = {key: base64.b64encode(value.encode()).decode() for key, value in sorted(values.items())}
        metadata = head(thing.room, name, MANAGER)
        self._calls.apply(
            thing, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": type, "data": data}
        )

    def remove_secret(self, scope: str, name: str) -> None:
        """As `Cluster.remove_secret`."""
        thing = Thing("Secret", room_of(unit_of(scope)), name)
        if uid := self._check_remits(thing):
            self._calls.delete(thing, uid)

    def close(self) -> None:
        """Give the connections back."""
        self._calls.close()

    def _remove(self, workspace: Workspace, kind: str, more: Mapping[str, str]) -> None:
        room = room_of(unit_of(workspace.scope))
        for found in self._calls.listed(kind, room, {**MANAGER, **selector(workspace.id), **more}):
            if not found["metadata"].get("deletionTimestamp"):
                self._calls.delete(Thing(kind, room, found["metadata"]["name"]), found["metadata"]["uid"])

    def _check_ours(self, thing: Thing, workspace: Workspace) -> None:
        """Raises Conflict if something of that name is there that is not the workspace's, or is going."""
        found = self._calls.read(thing)
        if found is None:
            return
        if not belongs_to(workspace, found):
            raise Conflict(
                f"{thing.kind} {quoted(thing.name)} in {quoted(thing.room)} is there, and not this workspace's"
            )
        if found["metadata"].get("deletionTimestamp"):
            raise Conflict(f"{thing.kind} {quoted(thing.name)} in {quoted(thing.room)} is still going; try again")

    def _check_remits(self, thing: Thing) -> str | None:
        """The uid of a Secret that is there, or None. Raises Conflict if it is somebody else's."""
        found = self._calls.read(thing)
        if found is None:
            return None
        labels = found["metadata"].get("labels") or {}
        if not MANAGER.items() <= labels.items():
            raise Conflict(f"{thing.kind} {quoted(thing.name)} in {quoted(thing.room)} is there, and not remit's")
        uid: str = found["metadata"]["uid"]
        return uid
