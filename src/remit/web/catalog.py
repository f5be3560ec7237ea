"""The routes of building blocks: each a request to an operation, and its result to an answer."""

from __future__ import annotations

from functools import partial
from typing import Any

from remit.core.blocks import KIND_OF, Variant, references_in
from remit.core.model import ROOT
from remit.service.operations import (
    ByNumber,
    CreateAsset,
    DeleteAsset,
    GetAsset,
    ListAssets,
    UpdateAsset,
)
from remit.service.operations.catalog import SUPPORTED
from remit.web.calls import API, PAGED, Call, CatalogRoute, Reply, part_of, place_of
from remit.web.published import asset_body
from remit.web.shapes import Home, Level, read_asset, read_update

SEGMENTS: dict[str, tuple[Variant, ...]] = {
    "environment": (Variant.ENVIRONMENT,),
    "compute": (Variant.COMPUTE,),
    "datasource": tuple(variant for variant in Variant if KIND_OF[variant] == "data-source"),
    "datasource/git": (Variant.GIT,),
    "datasource/pvc": (Variant.PVC,),
    "datasource/nfs": (Variant.NFS,),
    "datasource/s3": (Variant.S3,),
    "datasource/host-path": (Variant.HOST_PATH,),
    "datasource/config-map": (Variant.CONFIG_MAP,),
    "datasource/configmap": (Variant.CONFIG_MAP,),
    "datasource/secrets": (Variant.SECRET,),
    "datasource/secret": (Variant.SECRET,),
    "credentials": tuple(variant for variant in Variant if KIND_OF[variant] == "credentials"),
    "credentials/access-key": (Variant.ACCESS_KEY,),
    "credentials/docker-registry": (Variant.DOCKER_REGISTRY,),
    "credentials/password": (Variant.PASSWORD,),
    "credentials/generic-secret": (Variant.GENERIC_SECRET,),
}
"""The path of each collection of blocks to the variants in it; those of several can be listed only."""

_ASSET_QUERY = (*PAGED, "projectId", "departmentId", "clusterId", "usageInfo", "statusInfo")


def scope_of(home: Home) -> str | ByNumber:
    """Where a block is to live, as an operation names it."""
    return ROOT if home.level is Level.ALL else ByNumber(str(home.level), int(home.id))


def _create(variant: Variant, call: Call) -> CreateAsset:
    body = read_asset(variant, call.json())
    spec = dict(body.spec) if body.supported is None else {**body.spec, SUPPORTED: body.supported}
    return CreateAsset(
        variant, body.name, body.description, scope_of(body.home), spec, body.secret, references_in(body.spec)
    )


def _get(variants: tuple[Variant, ...], call: Call) -> GetAsset:
    call.arguments("usageInfo", "statusInfo")
    return GetAsset(call.id(), variants)


def _update(variant: Variant, call: Call) -> UpdateAsset:
    body = read_update(variant, call.json())
    named = () if body.spec is None else references_in(body.spec)
    return UpdateAsset(
        call.id(), variant, body.name, body.description, body.spec, body.secret, named, call.version(), body.partial
    )


def _listed(variants: tuple[Variant, ...], call: Call) -> ListAssets:
    arguments = call.arguments(*_ASSET_QUERY)
    return ListAssets(variants, part_of(arguments, None), place_of(arguments))


def _one(entry: Any, status: int = 200) -> Reply:
    return Reply(status, asset_body(*entry), entry.asset.version)


def _gone(what: str, _: Any) -> Reply:
    return Reply(202, {"code": 202, "message": f"the {what} is deleted"})


def _collection(path: str, variants: tuple[Variant, ...]) -> list[CatalogRoute]:
    """The routes of one collection of blocks."""
    kind, base = KIND_OF[variants[0]], f"{API}/asset/{path}"
    what = str(variants[0]) if len(variants) == 1 else kind
    listed = CatalogRoute(
        "GET",
        base,
        ListAssets,
        partial(_listed, variants),
        lambda entries: Reply(200, {"entries": [asset_body(*entry) for entry in entries]}),
        f"Blocks: {what}",
    )
    if len(variants) > 1:
        return [listed]
    (variant,) = variants
    return [
        listed,
        CatalogRoute("POST", base, CreateAsset, partial(_create, variant), partial(_one, status=202), f"New: {what}"),
        CatalogRoute("GET", base + "/{id}", GetAsset, partial(_get, variants), _one, f"One: {what}"),
        CatalogRoute(
            "PUT", base + "/{id}", UpdateAsset, partial(_update, variant), partial(_one, status=202), f"Change: {what}"
        ),
        CatalogRoute(
            "DELETE",
            base + "/{id}",
            DeleteAsset,
            lambda call: DeleteAsset(call.id(), variants, call.version()),
            partial(_gone, what),
            f"Remove: {what}",
        ),
    ]


ASSET_ROUTES: tuple[CatalogRoute, ...] = tuple(
    route for path, variants in SEGMENTS.items() for route in _collection(path, variants)
)
