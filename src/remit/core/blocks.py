"""The nouns of the catalog and the workspace builder, frozen: building blocks, and the workspaces made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

Spec = Mapping[str, Any]
"""A specification as JSON, in the field names of the published interface; checked before it gets here."""


class Variant(StrEnum):
    """What sort of its kind a block is, as the published interface spells it in `meta.kind`."""

    ENVIRONMENT = "environment"
    COMPUTE = "compute"
    GIT = "git"
    PVC = "pvc"
    NFS = "nfs"
    S3 = "s3"
    HOST_PATH = "hostPath"
    CONFIG_MAP = "config-map"
    SECRET = "secret-volume"
    ACCESS_KEY = "accessKey"
    DOCKER_REGISTRY = "dockerRegistry"
    PASSWORD = "password"
    GENERIC_SECRET = "genericSecret"


KIND_OF = {
    Variant.ENVIRONMENT: "environment",
    Variant.COMPUTE: "compute-resource",
    **dict.fromkeys(
        (
            Variant.GIT,
            Variant.PVC,
            Variant.NFS,
            Variant.S3,
            Variant.HOST_PATH,
            Variant.CONFIG_MAP,
            Variant.SECRET,
        ),
        "data-source",
    ),
    **dict.fromkeys(
        (Variant.ACCESS_KEY, Variant.DOCKER_REGISTRY, Variant.PASSWORD, Variant.GENERIC_SECRET), "credentials"
    ),
}
"""The kind of every variant, in the policy's words."""


class Stamp(NamedTuple):
    """Who wrote a row and when (microseconds since 1970, UTC), under which revision of the policy."""

    by: str
    at: int
    revision: str


class Asset(NamedTuple):
    """One building block of the catalog. `scope` never changes; `version` is 1 and grows by 1 with every update.

    `spec` holds nothing secret. `has_secret` tells that a sealed secret is kept beside it.
    """

    id: str
    variant: Variant
    name: str
    description: str
    scope: str
    spec: Spec
    has_secret: bool
    created: Stamp
    updated: Stamp
    version: int

    @property
    def kind(self) -> str:
        """The kind, in the policy's words."""
        return KIND_OF[self.variant]


class Phase(StrEnum):
    """What a workspace is, or is to be. Wanted are `Running`, `Stopped` and `Deleted` only."""

    PENDING = "Pending"
    CREATING = "Creating"
    RUNNING = "Running"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    RESUMING = "Resuming"
    DELETING = "Deleting"
    DELETED = "Deleted"
    DEGRADED = "Degraded"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


class Workspace(NamedTuple):
    """A workspace: a name in a project, and the spec that its blocks were resolved to when it was made.

    `spec` is flat and frozen: later edits of a block do not change it. `blocks` are the ids of the blocks it was made
    of, credentials that they reference included. `wanted` and `actual` are phases; `phase_at` is when the actual one
    was last learnt.
    """

    id: str
    name: str
    scope: str
    spec: Spec
    blocks: tuple[str, ...]
    wanted: Phase
    actual: Phase
    phase_at: int
    created: Stamp
    updated: Stamp
    version: int


_REFERENCES = ("credentialId", "passwordAssetId", "accessKeyAssetId", "credentialAssetId")


EXISTING = "existingSecrets"
"""Where a workspace's spec says which Secrets of its project hold credentials already: asset id to name. The builder's
own field; nobody sends it."""


def references_in(spec: Any) -> tuple[str, ...]:
    """The ids of all credentials that a spec names, wherever it does, each once."""
    return tuple(dict.fromkeys(_references(spec)))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in _REFERENCES and isinstance(inner, str):
                yield inner
            elif name == "credential" and isinstance(inner, Mapping) and isinstance(inner.get("assetId"), str):
                yield inner["assetId"]
            else:
                yield from _references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _references(inner)
