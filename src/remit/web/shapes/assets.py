"""Blocks as callers send them: to be made, and to be changed. Every variant of a block has one shape for its spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any

from pydantic import PlainValidator, create_model

from remit.core.blocks import KIND_OF, Spec, Variant
from remit.web.shapes.base import Conflict, Shape, refuse
from remit.web.shapes.compute import ComputeSpec
from remit.web.shapes.credentials import AccessKeySpec, Credentials, DockerRegistrySpec, GenericSecretSpec, PasswordSpec
from remit.web.shapes.datasources import (
    ConfigMapSpec,
    DataSource,
    GitSpec,
    HostPathSpec,
    NfsSpec,
    PvcPath,
    PvcSpec,
    S3Spec,
    SecretVolumeSpec,
    pvc_change,
)
from remit.web.shapes.environment import EnvironmentSpec
from remit.web.shapes.meta import ChangedCredentialMeta, ChangedMeta, Home, Level, NewMeta
from remit.web.shapes.reading import read

SPECS: Mapping[Variant, type[Shape]] = {
    Variant.ENVIRONMENT: EnvironmentSpec,
    Variant.COMPUTE: ComputeSpec,
    Variant.GIT: GitSpec,
    Variant.PVC: PvcSpec,
    Variant.NFS: NfsSpec,
    Variant.S3: S3Spec,
    Variant.HOST_PATH: HostPathSpec,
    Variant.CONFIG_MAP: ConfigMapSpec,
    Variant.SECRET: SecretVolumeSpec,
    Variant.ACCESS_KEY: AccessKeySpec,
    Variant.DOCKER_REGISTRY: DockerRegistrySpec,
    Variant.PASSWORD: PasswordSpec,
    Variant.GENERIC_SECRET: GenericSecretSpec,
}
"""The shape of every variant's spec."""

FIXED = frozenset({Variant.CONFIG_MAP, Variant.SECRET})
"""What can be renamed only."""


@dataclass(frozen=True, slots=True)
class AssetBody:
    """A block to be made. `description` is empty if there is none. `spec` is JSON in published names, normal and safe
    to store; `secret` holds the secret of credentials by its parts, and of other blocks nothing. `supported` is the
    published `workloadSupportedTypes`, None if the caller did not say."""

    variant: Variant
    name: str
    description: str
    home: Home
    spec: Spec
    supported: Mapping[str, Any] | None = None
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class UpdateBody:
    """A block to be changed; None means that it stays. An empty `description` is taken away.

    `spec` replaces the old one as a whole, unless it is `partial`: then its members replace those of the old one.
    Credentials come with both `spec` and `secret` or with neither; an empty `secret` beside a `spec` means that an
    existing Kubernetes secret is named from now on.
    """

    variant: Variant
    name: str | None
    description: str | None
    spec: Spec | None
    partial: bool = False
    secret: Mapping[str, str] | None = field(default=None, repr=False)


class _New(Shape):
    """`spec` becomes that of a variant."""

    meta: NewMeta
    spec: Shape

    def conflicts(self) -> Iterator[Conflict]:
        if isinstance(self.spec, DataSource) and self.spec.project_only and self.meta.home().level is not Level.PROJECT:
            yield ("meta", "scope"), "must be `project`: what such a data source names lies in one project"


class _Changed(Shape):
    """`meta` and `spec` become those of a variant."""

    meta: ChangedMeta | None = None
    spec: Shape | None = None


_KEPT = Annotated[Any, refuse("cannot be changed: make a new data source")]


@cache
def _new(variant: Variant) -> type[_New]:
    return create_model(f"New{variant.name}", __base__=_New, spec=(SPECS[variant], ...))


@cache
def _changed(variant: Variant) -> type[_Changed]:
    fields: dict[str, Any] = {"meta": (ChangedMeta, ...), "spec": (SPECS[variant], ...)}
    if variant in FIXED:
        fields["spec"] = (_KEPT, None)
    elif variant is Variant.PVC:
        fields["spec"] = (Annotated[Shape, PlainValidator(pvc_change)] | None, None)
    elif KIND_OF[variant] == "credentials":
        fields = {"meta": (ChangedCredentialMeta | None, None), "spec": (SPECS[variant] | None, None)}
    return create_model(f"Changed{variant.name}", __base__=_Changed, **fields)


def read_asset(variant: Variant, body: Any) -> AssetBody:
    """The block that the body `{meta, spec}` describes. Raises FieldsInvalid."""
    new = read(_new(variant), body)
    meta, supported = new.meta, new.meta.workload_supported_types
    return AssetBody(
        variant=variant,
        name=meta.name,
        description=meta.description or "",
        home=meta.home(),
        spec=new.spec.plain(),
        supported=None if supported is None else supported.plain(),
        secret=new.spec.secret() if isinstance(new.spec, Credentials) else {},
    )


def read_update(variant: Variant, body: Any) -> UpdateBody:
    """The change that the body `{meta, spec}` describes. Raises FieldsInvalid.

    Most blocks get a whole new spec, a claimed volume its path alone if the caller likes, configurations and secrets
    as volumes a new name and description only, and credentials any part of it.
    """
    changed = read(_changed(variant), body)
    meta, spec = changed.meta, changed.spec
    return UpdateBody(
        variant=variant,
        name=None if meta is None else meta.name,
        description=None if meta is None else meta.new_description(),
        spec=None if spec is None else spec.plain(),
        partial=isinstance(spec, PvcPath),
        secret=spec.secret() if isinstance(spec, Credentials) else None,
    )
