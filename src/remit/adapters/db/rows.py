"""The nouns of the catalog as rows, and rows as nouns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from remit.adapters.values import check_asset, check_workspace, folded, plain
from remit.core.blocks import Asset, Phase, Stamp, Variant, Workspace


def asset_row(asset: Asset) -> dict[str, Any]:
    """A row of `assets`, but for `has_secret`. Raises RequestInvalid if the asset cannot be kept as it is."""
    check_asset(asset)
    return {
        "id": asset.id,
        "kind": asset.kind,
        "variant": asset.variant.value,
        "name": asset.name,
        "name_folded": folded(asset.name),
        "description": asset.description,
        "description_folded": folded(asset.description),
        "scope": asset.scope,
        "spec": plain(asset.spec),
        "version": asset.version,
        **_stamps(asset),
    }


def asset_of(row: Row[Any]) -> Asset:
    """The asset in a row of `assets`."""
    return Asset(
        row.id,
        Variant(row.variant),
        row.name,
        row.description,
        row.scope,
        row.spec,
        row.has_secret,
        Stamp(row.created_by, row.created_at, row.created_revision),
        Stamp(row.updated_by, row.updated_at, row.updated_revision),
        row.version,
    )


def workspace_row(workspace: Workspace) -> dict[str, Any]:
    """A row of `workspaces`. Raises RequestInvalid if the workspace cannot be kept as it is."""
    check_workspace(workspace)
    return {
        "id": workspace.id,
        "name": workspace.name,
        "name_folded": folded(workspace.name),
        "scope": workspace.scope,
        "spec": plain(workspace.spec),
        "wanted": workspace.wanted.value,
        "actual": workspace.actual.value,
        "phase_at": workspace.phase_at,
        "version": workspace.version,
        **_stamps(workspace),
    }


def block_rows(workspace: Workspace) -> list[dict[str, Any]]:
    """The rows of `workspace_blocks` of a workspace."""
    return [
        {"workspace_id": workspace.id, "position": position, "asset_id": block}
        for position, block in enumerate(workspace.blocks)
    ]


def workspace_of(row: Row[Any]) -> Workspace:
    """The workspace in a row of `workspaces`, whose column `blocks` is an object of ids by position."""
    blocks: dict[str, str] = row.blocks or {}
    return Workspace(
        row.id,
        row.name,
        row.scope,
        row.spec,
        tuple(blocks[position] for position in sorted(blocks, key=int)),
        Phase(row.wanted),
        Phase(row.actual),
        row.phase_at,
        Stamp(row.created_by, row.created_at, row.created_revision),
        Stamp(row.updated_by, row.updated_at, row.updated_revision),
        row.version,
    )


def _stamps(noun: Asset | Workspace) -> dict[str, Any]:
    return {
        "created_by": noun.created.by,
        "created_at": noun.created.at,
        "created_revision": noun.created.revision,
        "updated_by": noun.updated.by,
        "updated_at": noun.updated.at,
        "updated_revision": noun.updated.revision,
    }
