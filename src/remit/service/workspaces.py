"""The handlers behind the workspace builder: blocks put together, frozen, and handed to a cluster if there is one.

What a cluster does is done after the transaction is kept, so nothing runs that the catalog does not know of; a cluster
that is out of reach leaves the workspace `Pending`, and the next look at it tries again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from remit.core.blocks import EXISTING, Asset, Phase, Stamp, Variant, Workspace, references_in
from remit.errors import Conflict, CouldNotDecide, NotFound, RequestInvalid
from remit.service.catalog import CatalogHandlers
from remit.service.catalog_gate import After, Leave
from remit.service.needs import Named
from remit.service.operations.catalog import ByNumber, CreateAsset
from remit.service.operations.workspaces import (
    Chosen,
    CreateWorkspace,
    DeleteWorkspace,
    GetWorkspace,
    Inline,
    ListWorkspaces,
    SuspendWorkspace,
)
from remit.service.ports import Catalog, Cluster, Wanted
from remit.service.resolve import existing_secrets, flat_spec, plain_parts

Open = Callable[[str, bytes], Mapping[str, str]]
"""The id of an asset and what is kept of its secret to the secret values."""


class Built(NamedTuple):
    """A workspace with the number of its project, and its manifest if that was asked for."""

    workspace: Workspace
    number: int
    manifest: str | None = None


class WorkspaceHandlers:
    """Performs the operations on workspaces. `opened` is for the cluster alone: no answer holds what it gives."""

    def __init__(self, assets: CatalogHandlers, catalog: Catalog, cluster: Cluster, opened: Open) -> None:
        self._assets = assets
        self._catalog = catalog
        self._cluster = cluster
        self._opened = opened

    def create(self, leave: Leave, operation: CreateWorkspace) -> After:
        """A new workspace, and every block that is made on the fly with it, or nothing of both.

        Raises Conflict if its project has one of that name, RequestInvalid if the blocks do not make one.
        """
        actor, revision, when, _, _, work = leave
        blocks = self._blocks(leave, operation)
        spec = flat_spec(blocks, operation.specific)
        _check_whole(blocks, spec)
        stamp, named = Stamp(actor.subject, when, revision), references_in(spec)
        credentials = [thing for id in named if isinstance(thing := leave[3].get(id), Asset)]  # the gate holds them
        if len(credentials) < len(named):
            raise RequestInvalid("a block names credentials that are no longer there")
        spec |= existing_secrets([*credentials, *(asset for asset, _ in blocks)])
        ids = tuple(dict.fromkeys((*(asset.id for asset, _ in blocks), *named)))
        workspace = Workspace(
            str(uuid.uuid4()),
            operation.name,
            str(operation.scope),
            spec,
            ids,
            Phase.RUNNING,
            Phase.PENDING,
            when,
            stamp,
            stamp,
            1,
        )
        self._cluster.manifest(workspace)  # what cannot be rendered is no workspace
        work.add_workspace(workspace)
        return _after(leave, workspace, self._submit)

    def _blocks(self, leave: Leave, operation: CreateWorkspace) -> list[tuple[Asset, str | None]]:
        """The blocks of the workspace: those of the catalog, and all new ones at once; and where each is mounted."""
        here = str(operation.scope)
        made = self._assets.make(
            leave,
            [
                CreateAsset(new.variant, new.name, new.description, here, new.spec, new.secret, new.references)
                for new in operation.blocks
                if isinstance(new, Inline)
            ],
        )
        new_ones = iter(made)
        return [
            _chosen(leave, operation, block) if isinstance(block, Chosen) else (next(new_ones), None)
            for block in operation.blocks
        ]

    def get(self, leave: Leave, operation: GetWorkspace) -> After | Built:
        """The workspace, its phase as the cluster knows it now; or what the cluster would be handed."""
        workspace = _workspace(leave, operation.id)
        if operation.manifest:
            return Built(workspace, _number(leave, workspace), self._cluster.manifest(workspace))
        return _after(leave, workspace, self._looked_at)

    def listed(self, leave: Leave, operation: ListWorkspaces) -> tuple[tuple[Built, ...], int]:
        """The workspaces within reach, and how many there are whatever the limit."""
        scopes = set(leave[4][0].scopes)
        if operation.scope is not None:
            scopes &= {str(operation.scope)}
        part = operation.part
        wanted = Wanted(
            scopes,
            (),
            part.name,
            part.search,
            part.sort,
            part.descending,
            part.limit,
            part.offset,
        )
        rows, work = leave[5].workspaces(wanted), leave[5]
        numbers = work.unit_ids(sorted({row.scope for row in rows}))
        return tuple(Built(row, numbers[row.scope]) for row in rows), work.count_workspaces(wanted)

    def suspend(self, leave: Leave, operation: SuspendWorkspace) -> After:
        """The workspace stopped, or started again."""
        wanted = Phase.RUNNING if operation.resume else Phase.STOPPED
        return _after(leave, _put(leave, _workspace(leave, operation.id), wanted), self._submit)

    def delete(self, leave: Leave, operation: DeleteWorkspace) -> After:
        """The workspace removed, from the cluster first: until that is done it stays, as `Deleting`."""
        return After(_put(leave, _workspace(leave, operation.id), Phase.DELETED), self._remove)

    def _submit(self, workspace: Workspace) -> Workspace:
        """Hand a workspace to the cluster as it is wanted; out of reach, it stays as it is."""
        try:
            self._cluster.apply(workspace, self._secrets(workspace))
            phase = self._cluster.phase(workspace)
        except CouldNotDecide:
            return workspace
        except Conflict:  # something else has its name there
            phase = Phase.FAILED
        return self._learnt(workspace, phase, self._cluster.real)

    def _looked_at(self, workspace: Workspace) -> Workspace:
        """A workspace with its phase; one that the cluster does not know yet is handed to it again."""
        try:
            phase = self._cluster.phase(workspace)
        except CouldNotDecide:
            return workspace
        if phase is Phase.DELETED and workspace.wanted is not Phase.DELETED:
            return self._submit(workspace)
        return self._learnt(workspace, phase)

    def _remove(self, workspace: Workspace) -> None:
        self._cluster.remove(workspace)
        with self._catalog.work() as work:
            work.claim([Named("workload", workspace.scope, workspace.name)])
            work.remove_workspace(workspace.id)

    def _learnt(self, workspace: Workspace, phase: Phase, applied: bool = False) -> Workspace:
        """Keep the phase of a workspace, if it is another one. One that was removed while it was handed to the cluster
        goes from there too: nothing runs that the catalog does not know of."""
        if phase is workspace.actual and not applied:
            return workspace
        with self._catalog.work() as work:
            now = work.lock_workspaces([workspace.id]).get(workspace.id)
            if now is None:
                if applied:
                    self._cluster.remove(workspace)
                raise NotFound(f"there is no workload `{workspace.id}`")
            changed = now._replace(actual=phase, version=now.version + 1)
            work.put_workspace(changed)
        return changed

    def _secrets(self, workspace: Workspace) -> dict[str, tuple[Variant, Mapping[str, str]]]:
        """The credentials that a workspace names, opened for the cluster: id to variant and values."""
        wanted = references_in(workspace.spec) + tuple(workspace.spec.get("imagePullCredentials") or ())
        there = workspace.spec.get(EXISTING) or {}
        named = [id for id in wanted if id not in there]
        if not named or not self._cluster.real:
            return {}
        with self._catalog.work(write=False) as work:
            rows = work.lock(named)
            sealed = {id: work.secret(id) for id in rows}
        return {
            id: (rows[id].variant, {**plain_parts(rows[id]), **self._opened(id, data)})
            for id, data in sealed.items()
            if data is not None
        }


def _chosen(leave: Leave, operation: CreateWorkspace, block: Chosen) -> tuple[Asset, str | None]:
    """A block of the catalog, and where it is to be mounted. Raises NotFound if it is of another variant."""
    asset = leave[3][block.id]
    assert isinstance(asset, Asset)  # the gate has looked
    if block.variant not in (None, asset.variant):  # reads like a block that there is not
        project = ByNumber("project", leave[5].unit_ids([str(operation.scope)])[str(operation.scope)])
        raise NotFound(f"there is no {block.kind} `{block.id}` to use in `{project}`")
    return asset, block.path


def _number(leave: Leave, workspace: Workspace) -> int:
    return leave[5].unit_ids([workspace.scope])[workspace.scope]


def _after(leave: Leave, workspace: Workspace, effect: Callable[[Workspace], Workspace]) -> After:
    """What the cluster makes of a workspace once it is kept, with the number of its project."""
    number = _number(leave, workspace)
    return After(workspace, lambda kept: Built(effect(kept), number))


def _workspace(leave: Leave, id: str) -> Workspace:
    found = leave[3][id]
    assert isinstance(found, Workspace)  # the gate has looked
    return found


def _put(leave: Leave, workspace: Workspace, wanted: Phase) -> Workspace:
    """A workspace that is wanted in another phase, kept."""
    actor, revision, when, _, _, work = leave
    actual = {Phase.STOPPED: Phase.STOPPING, Phase.RUNNING: Phase.PENDING, Phase.DELETED: Phase.DELETING}[wanted]
    changed = workspace._replace(
        wanted=wanted,
        actual=actual,
        phase_at=when,
        updated=Stamp(actor.subject, when, revision),
        version=workspace.version + 1,
    )
    work.put_workspace(changed)
    return changed


def _check_whole(blocks: list[tuple[Asset, str | None]], spec: Mapping[str, Any]) -> None:
    """Raise RequestInvalid unless there is one environment, or an image, and at most one compute resource."""
    counts = {variant: sum(asset.variant is variant for asset, _ in blocks) for variant in Variant}
    if counts[Variant.ENVIRONMENT] > 1 or counts[Variant.COMPUTE] > 1:
        raise RequestInvalid("a workspace has one environment and at most one compute resource")
    if not spec.get("image"):
        raise RequestInvalid("a workspace needs an environment, or an image of its own")
