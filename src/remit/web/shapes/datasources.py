"""Data sources: where the data is, and the path in the container that it appears at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from remit.web.shapes.base import UNSAID, Conflict, Shape, off
from remit.web.shapes.quantities import Memory
from remit.web.shapes.references import GitRef, Repository
from remit.web.shapes.texts import (
    AnyPath,
    AssetId,
    DottedLabel,
    Host,
    Label,
    MountPath,
    RelativePath,
    WebAddress,
    matching,
)

_BUCKET = (
    r"(?=.{3,63}$)(?!xn--)(?!([0-9]{1,3}\.){3}[0-9]{1,3}$)"
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)

Bucket = Annotated[str, matching(_BUCKET, "must be 3 to 63 lower-case letters, digits, inner hyphens and dots")]
"""The name of a bucket."""

Mode = Annotated[str, matching(r"0[0-7]{3}", "must be a mode of files in four octal digits, such as `0644`")]
"""What files may be done with."""


class DataSource(Shape):
    """The base of all data sources."""

    project_only: ClassVar[bool] = False
    """Whether it can live in a project only, since what it names does."""


class GitSpec(DataSource):
    """A git repository; of two names for its credentials, the older one is read as the newer."""

    repository: Repository
    branch: GitRef | None = None
    revision: GitRef | None = None
    path: MountPath
    credential_id: AssetId | None = None
    password_asset_id: AssetId | None = UNSAID

    def conflicts(self) -> Iterator[Conflict]:
        """One set of credentials."""
        if self.credential_id and self.password_asset_id and self.credential_id != self.password_asset_id:
            yield ("passwordAssetId",), "names other credentials than `credentialId`, which replaces it"

    @model_serializer(mode="wrap")
    def _with_one_name(self, told: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = told(self)
        return fields | {"credentialId": self.password_asset_id} if self.password_asset_id else fields


class NfsSpec(DataSource):
    """A directory that a server exports."""

    server: Host
    path: AnyPath
    mount_path: MountPath
    read_only: bool = True


class AccessModes(Shape):
    """How many nodes may mount a volume, and how."""

    read_write_once: bool = True
    read_only_many: bool = False
    read_write_many: bool = False

    def conflicts(self) -> Iterator[Conflict]:
        """At least one."""
        if not (self.read_write_once or self.read_only_many or self.read_write_many):
            yield (), "allows no way to mount"


class ClaimInfo(Shape):
    """The volume that is to be made."""

    size: Memory
    storage_class: DottedLabel | None = None
    access_modes: AccessModes | None = None
    volume_mode: Literal["Filesystem", "Block"] | None = None
    added_attr_values: Annotated[list[object], Field(max_length=0)] | None = UNSAID


class PvcSpec(DataSource):
    """A volume claimed from Kubernetes: one that is there, or one to be made."""

    path: MountPath
    existing_pvc: bool = False
    claim_name: Label | None = None
    claim_info: ClaimInfo | None = None
    read_only: bool = False
    ephemeral: bool = False
    data_sharing: Annotated[bool, off("is not supported: a claim belongs to one project")] = Field(
        default=False, exclude=True
    )

    def conflicts(self) -> Iterator[Conflict]:
        """What is there has a name and is not described; what is to be made has a size."""
        if self.existing_pvc:
            if self.claim_name is None:
                yield ("claimName",), "is required where `existingPvc` is `true`"
            if self.claim_info is not None:
                yield ("claimInfo",), "is only for a claim that is to be made, and `existingPvc` is `true`"
            if self.ephemeral:
                yield ("ephemeral",), "would delete a claim that others may use: `existingPvc` is `true`"
        elif self.claim_info is None:
            yield ("claimInfo",), "is required where `existingPvc` is not `true`"


class PvcPath(Shape):
    """All that published clients send when they change a volume: the volume itself cannot be another."""

    path: MountPath


def pvc_change(value: object) -> PvcSpec | PvcPath:
    """A changed volume: its path alone, or the whole spec."""
    path_only = isinstance(value, dict) and value.keys() == {"path"}
    return PvcPath.model_validate(value) if path_only else PvcSpec.model_validate(value)


class S3Spec(DataSource):
    """A bucket."""

    bucket: Bucket
    path: MountPath
    url: WebAddress | None = None
    access_key_asset_id: AssetId | None = None


class HostPathSpec(DataSource):
    """A directory of the node."""

    path: AnyPath
    mount_path: MountPath
    read_only: bool = True
    mount_propagation: Literal["None", "HostToContainer"] | None = None


class ConfigMapSpec(DataSource):
    """A configuration that lies in the project."""

    project_only: ClassVar[bool] = True

    config_map: DottedLabel
    mount_path: MountPath
    sub_path: RelativePath | None = None
    default_mode: Mode | None = None


class SecretVolumeSpec(DataSource):
    """Credentials as files."""

    project_only: ClassVar[bool] = True

    credential_asset_id: AssetId
    mount_path: MountPath
    default_mode: Mode | None = None
