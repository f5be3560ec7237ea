"""What the catalog answers, in the shapes of the published interface. Nothing here decides what may be seen: an entry
that is not whole has no more than a picker needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from remit.core.blocks import Asset, Stamp, Variant, Workspace
from remit.core.model import ROOT
from remit.service.operations.catalog import SUPPORTED
from remit.web.shapes.meta import LEVELS, Level

_WORDS = {level: word for word, level in LEVELS.items()}
ALL = _WORDS[Level.ALL]
"""The published word for all projects."""

CLUSTER = "00000000-0000-0000-0000-000000000000"
"""The id of the one cluster there is."""

VERBS = {"view": "read", "edit": "update"}
"""The published word for an action, where it is another."""


def instant(microseconds: int) -> str:
    """An instant as RFC 3339, in UTC."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat().replace("+00:00", "Z")


def asset_body(asset: Asset, number: int | None, whole: bool = True) -> dict[str, Any]:
    """One block. Of one that is not whole: id, name, kind and description."""
    meta: dict[str, Any] = {"id": asset.id, "name": asset.name, "kind": str(asset.variant)}
    if asset.description:
        meta["description"] = asset.description
    if not whole:
        return {"meta": meta}
    meta |= _scope(asset.scope, number)
    meta |= _stamps(asset.created, asset.updated)
    meta["updateCount"] = asset.version - 1
    spec = dict(asset.spec)
    if (supported := spec.pop(SUPPORTED, None)) is not None:
        meta[SUPPORTED] = supported
    body = {"meta": meta, "spec": spec}
    if asset.variant in (Variant.ACCESS_KEY, Variant.DOCKER_REGISTRY, Variant.PASSWORD, Variant.GENERIC_SECRET):
        body["status"] = {"secret": asset.has_secret}
    return body


def _scope(scope: str, number: int | None) -> dict[str, Any]:
    """Where a block lives: a project by its number, a department by its number as text."""
    if scope == ROOT:
        return {"scope": ALL}
    level, _, name = scope.partition(":")
    if level == "project":
        return {"scope": level, "projectId": number, "projectName": name}
    return {"scope": level, "departmentId": str(number), "departmentName": name}


def _stamps(created: Stamp, updated: Stamp) -> dict[str, Any]:
    return {
        "createdBy": created.by,
        "createdAt": instant(created.at),
        "updatedBy": updated.by,
        "updatedAt": instant(updated.at),
    }


def workspace_body(workspace: Workspace, number: int) -> dict[str, Any]:
    """One workspace."""
    return {
        "name": workspace.name,
        "requestedName": workspace.name,
        "workloadId": workspace.id,
        "projectId": str(number),
        "projectName": workspace.scope.partition(":")[2],
        "clusterId": CLUSTER,
        **_stamps(workspace.created, workspace.updated),
        "desiredPhase": str(workspace.wanted),
        "actualPhase": str(workspace.actual),
        "assets": list(workspace.blocks),
        "spec": dict(workspace.spec),
    }


def unit_body(number: int, scope: str, parent_number: int | None) -> dict[str, Any]:
    """One department or project."""
    level, _, name = scope.partition(":")
    body: dict[str, Any] = {"id": str(number), "name": name, "clusterId": CLUSTER}
    if level == "project":
        body["departmentId"] = body["parentId"] = None if parent_number is None else str(parent_number)
    return body


def role_body(number: int, name: str, permissions: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """One role."""
    granted = [
        {"resourceType": kind, "actions": [VERBS.get(action, action) for action in actions]}
        for kind, actions in permissions.items()
    ]
    return {"id": number, "name": name, "permissions": granted}
