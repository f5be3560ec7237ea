"""The routes of workspaces: each a request to an operation, and its result to an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from remit.core.blocks import references_in
from remit.service.operations import (
    ByNumber,
    Chosen,
    CreateWorkspace,
    DeleteWorkspace,
    GetWorkspace,
    Inline,
    ListWorkspaces,
    SuspendWorkspace,
)
from remit.web import shapes
from remit.web.calls import API, PAGED, Call, CatalogRoute, Reply, part_of, place_of
from remit.web.published import workspace_body

BASE = f"{API}/workloads/workspaces"


def _create(call: Call) -> CreateWorkspace:
    body = shapes.read_workspace(call.json())
    specific = body.specific if body.flat is None else body.flat
    scope = ByNumber("project", int(body.project))
    return CreateWorkspace(body.name, scope, tuple(_blocks(body)), specific, references_in(specific))


def _blocks(body: shapes.WorkspaceBody) -> Iterator[Chosen | Inline]:
    """The blocks of a workspace, in the order in which they are put together."""
    for block, kind in ((body.environment, "environment"), (body.compute, "compute-resource")):
        if block is not None:
            yield _block(block, kind)
    for block in body.datasources:
        yield _block(block, "data-source")
    for id in body.credentials:
        yield Chosen("credentials", id)


def _block(block: shapes.Chosen, kind: str) -> Chosen | Inline:
    if isinstance(block, shapes.ById):
        return Chosen(kind, block.id, block.path, block.variant)
    return Inline(block.variant, block.name, block.description, block.spec, None, references_in(block.spec))


def _listed(call: Call) -> ListWorkspaces:
    arguments = call.arguments(*PAGED, "projectId")
    return ListWorkspaces(part_of(arguments, 50), place_of(arguments))


def _one(status: int, built: Any) -> Reply:
    return Reply(status, workspace_body(built.workspace, built.number), built.workspace.version)


def _many(found: Any) -> Reply:
    rows, total = found
    return Reply(200, {"workloads": [workspace_body(row.workspace, row.number) for row in rows], "total": total})


WORKSPACE_ROUTES: tuple[CatalogRoute, ...] = (
    CatalogRoute("POST", BASE, CreateWorkspace, _create, lambda built: _one(202, built), "A new workspace, of blocks"),
    CatalogRoute("GET", BASE, ListWorkspaces, _listed, _many, "Workspaces"),
    CatalogRoute("GET", f"{API}/workloads", ListWorkspaces, _listed, _many, "Workloads, all of which are workspaces"),
    CatalogRoute(
        "GET", BASE + "/{id}", GetWorkspace, lambda call: GetWorkspace(call.id()), lambda built: _one(200, built),
        "One workspace",
    ),
    CatalogRoute(
        "GET", BASE + "/{id}/manifest", GetWorkspace, lambda call: GetWorkspace(call.id(), manifest=True),
        lambda built: Reply(200, built.manifest), "A workspace as Kubernetes takes it, YAML",
    ),
    CatalogRoute(
        "POST", BASE + "/{id}/suspend", SuspendWorkspace, lambda call: SuspendWorkspace(call.id()),
        lambda built: _one(202, built), "Stop a workspace",
    ),
    CatalogRoute(
        "POST", BASE + "/{id}/resume", SuspendWorkspace, lambda call: SuspendWorkspace(call.id(), resume=True),
        lambda built: _one(202, built), "Start a workspace again",
    ),
    CatalogRoute(
        "DELETE", BASE + "/{id}", DeleteWorkspace, lambda call: DeleteWorkspace(call.id()),
        lambda _: Reply(202, {"code": 202, "message": "the workspace is deleted"}), "Remove a workspace",
    ),
)  # fmt: skip
