"""What a workspace is, read off its stateful set and the pod of it: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from remit.adapters.manifests.meta import ID_LABEL, selector
from remit.core.blocks import Phase, Workspace

Seen = Mapping[str, Any]
"""A Kubernetes object as the cluster gave it."""

FAILING = frozenset(
    [
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    ]
)
"""Why a container waits when waiting will not help: somebody must do something."""


def belongs_to(workspace: Workspace, seen: Seen) -> bool:
    """Is it this workspace's, and not of another one that had its name?"""
    labels = seen.get("metadata", {}).get("labels") or {}
    return bool(labels.get(ID_LABEL) == selector(workspace.id)[ID_LABEL])


def phase_of(workspace: Workspace, stateful_set: Seen | None, pod: Seen | None) -> Phase:
    """The phase of a workspace: deleted if the cluster has no stateful set of it, whether or not it ever had."""
    if stateful_set is None or not belongs_to(workspace, stateful_set):
        return Phase.DELETED
    if stateful_set["metadata"].get("deletionTimestamp"):
        return Phase.DELETING
    mine = pod if pod is not None and belongs_to(workspace, pod) else None
    if not stateful_set.get("spec", {}).get("replicas", 1):
        there = mine is not None or (stateful_set.get("status") or {}).get("replicas")
        return Phase.STOPPING if there else Phase.STOPPED
    if mine is None:
        return _on_the_way(workspace)
    return _phase_of_pod(workspace, mine)


def _on_the_way(workspace: Workspace) -> Phase:
    """Creating, or resuming if it was stopped before."""
    before = (Phase.STOPPED, Phase.STOPPING, Phase.RESUMING)
    return Phase.RESUMING if workspace.actual in before else Phase.CREATING


def _phase_of_pod(workspace: Workspace, pod: Seen) -> Phase:
    status: Seen = pod.get("status") or {}
    conditions = {each.get("type"): each.get("status") for each in status.get("conditions") or ()}
    if status.get("phase") == "Failed" or FAILING & set(_waiting(status)):
        return Phase.FAILED
    if pod["metadata"].get("deletionTimestamp"):
        return _on_the_way(workspace)  # its node goes, or it was evicted: the stateful set makes it anew
    if conditions.get("Ready") == "True":
        return Phase.RUNNING
    if conditions.get("PodScheduled") != "True" and status.get("phase") == "Pending":
        return Phase.PENDING  # the scheduler has no room for it yet
    if status.get("phase") == "Running" and workspace.actual in (Phase.RUNNING, Phase.DEGRADED):
        return Phase.DEGRADED
    return Phase.UNKNOWN if status.get("phase") == "Unknown" else _on_the_way(workspace)


def _waiting(status: Seen) -> Iterator[str]:
    """Why containers wait, the ones that fetch data included."""
    for key in ("initContainerStatuses", "containerStatuses"):
        for each in status.get(key) or ():
            yield ((each.get("state") or {}).get("waiting") or {}).get("reason") or ""
