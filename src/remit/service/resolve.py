"""Blocks to the one flat spec of a workspace, and to the credentials that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from remit.core.blocks import EXISTING, Asset, Spec, Variant
from remit.errors import RequestInvalid
from remit.service.operations.catalog import SUPPORTED

_LISTS = {
    Variant.GIT: "git",
    Variant.PVC: "pvc",
    Variant.NFS: "nfs",
    Variant.S3: "s3",
    Variant.HOST_PATH: "hostPath",
    Variant.CONFIG_MAP: "configMapVolume",
    Variant.SECRET: "secretVolume",
}
"""Where a data source goes in the flat spec's storage."""

_MOUNTS = {Variant.GIT: "path", Variant.PVC: "path", Variant.S3: "path"}
"""The field that says where a data source is mounted; `mountPath` where nothing else is said."""


def flat_spec(blocks: Iterable[tuple[Asset, str | None]], specific: Spec) -> dict[str, Any]:
    """The spec of a workspace made of these blocks, each with the path at which it is to be mounted if that is said.

    What is specific to the workspace wins over what a block says; environment variables and connections are joined by
    name, storage is added up. Raises RequestInvalid if two things are mounted at one path, or something is said of a
    connection that the environment has not.
    """
    flat: dict[str, Any] = {}
    storage: dict[str, list[Any]] = {}
    pulls: list[str] = []
    for asset, path in blocks:
        if asset.variant is Variant.ENVIRONMENT:
            flat |= _bare(asset)
        elif asset.variant is Variant.COMPUTE:
            flat["compute"] = _bare(asset)
        elif asset.variant in _LISTS:
            storage.setdefault(_LISTS[asset.variant], []).append(_mounted(asset, path))
        elif asset.variant is Variant.DOCKER_REGISTRY:
            pulls.append(asset.id)
    own = dict(specific)
    for name, entries in (own.pop("storage", None) or {}).items():
        storage.setdefault(name, []).extend(entries)
    if "image" in flat and "connections" in own:
        own["connections"] = _connected(flat.get("connections") or (), own["connections"] or ())
    variables = [*(flat.get("environmentVariables") or ()), *(own.pop("environmentVariables", None) or ())]
    flat |= own
    if variables:
        flat["environmentVariables"] = list({variable["name"]: variable for variable in variables}.values())
    if storage:
        flat["storage"] = storage
    if pulls:
        flat["imagePullCredentials"] = pulls
    _check_mounts(storage)
    return flat


def existing_secrets(assets: Iterable[Asset]) -> dict[str, dict[str, str]]:
    """What a workspace's spec says of credentials that only name a Secret of its project."""
    found = {asset.id: asset.spec["existingSecretName"] for asset in assets if asset.spec.get("existingSecretName")}
    return {EXISTING: found} if found else {}


def plain_parts(asset: Asset) -> dict[str, str]:
    """What of a credential is no secret, such as a user's name; a generic secret has nothing of the sort."""
    if asset.variant is Variant.GENERIC_SECRET:
        return {}
    return {name: value for name, value in asset.spec.items() if isinstance(value, str)}


def _bare(asset: Asset) -> dict[str, Any]:
    """A block's spec, without which workloads it is for."""
    return {name: value for name, value in asset.spec.items() if name != SUPPORTED}


def _connected(connections: Iterable[Spec], own: Iterable[Spec]) -> list[dict[str, Any]]:
    """The connections of an environment, with what a workspace says of some of them."""
    joined = {connection["name"]: dict(connection) for connection in connections}
    for one in own:
        if one["name"] not in joined:
            raise RequestInvalid(f"the environment has no connection `{one['name']}`")
        joined[one["name"]] |= one
    return list(joined.values())


def _mounted(asset: Asset, path: str | None) -> dict[str, Any]:
    """A data source as an entry of the storage."""
    field = _MOUNTS.get(asset.variant, "mountPath")
    return {**_bare(asset), **({} if path is None else {field: path})}


def _check_mounts(storage: Mapping[str, list[Any]]) -> None:
    """Raise RequestInvalid if two things would be at one path."""
    fields = {name: _MOUNTS.get(variant, "mountPath") for variant, name in _LISTS.items()}
    paths = [entry.get(fields.get(name, "mountPath")) for name, entries in storage.items() for entry in entries]
    twice = sorted({path for path in paths if path is not None and paths.count(path) > 1})
    if twice:
        raise RequestInvalid(f"two data sources would be mounted at `{twice[0]}`; give one of them another path")
