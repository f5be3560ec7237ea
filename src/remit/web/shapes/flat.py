"""A workspace as one flat spec, the way that published clients submit it. Its parts are checked like blocks.

Secrets are the one difference to the published shape: a Kubernetes secret by its bare name is refused, since nobody
could decide who may use it. The fields that blocks have for credentials take its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from remit.web.shapes.base import MANY, UNSAID, Conflict, NotExcluded, Shape, refuse, repeated
from remit.web.shapes.compute import ComputeSpec
from remit.web.shapes.datasources import (
    ConfigMapSpec,
    GitSpec,
    HostPathSpec,
    NfsSpec,
    PvcSpec,
    S3Spec,
    SecretVolumeSpec,
)
from remit.web.shapes.environment import Start
from remit.web.shapes.running import People, RelatedUrl, Running
from remit.web.shapes.security import Security
from remit.web.shapes.texts import Label, Port, Title, WebAddress


def _instead(field: str) -> object:
    return refuse(f"is not supported: secrets are reached through credentials, so give `{field}`")


class Instance(Shape):
    """What every entry of a list may have besides."""

    name: Label | None = None
    exclude: NotExcluded = UNSAID


class GitInstance(Instance, GitSpec):
    """A git repository."""

    password_secret: Annotated[object, _instead("credentialId")] = UNSAID
    secret_ref: Annotated[object, _instead("credentialId")] = UNSAID
    secret_key_of_user: Annotated[object, _instead("credentialId")] = UNSAID
    secret_key_of_password: Annotated[object, _instead("credentialId")] = UNSAID


class S3Instance(Instance, S3Spec):
    """A bucket."""

    access_key_secret: Annotated[object, _instead("accessKeyAssetId")] = UNSAID
    secret_key_of_access_key_id: Annotated[object, _instead("accessKeyAssetId")] = UNSAID
    secret_key_of_secret_key: Annotated[object, _instead("accessKeyAssetId")] = UNSAID


class SecretInstance(Instance, SecretVolumeSpec):
    """Credentials as files."""

    secret: Annotated[object, _instead("credentialAssetId")] = UNSAID


class PvcInstance(Instance, PvcSpec):
    """A volume claimed from Kubernetes."""


class NfsInstance(Instance, NfsSpec):
    """A directory that a server exports."""


class HostPathInstance(Instance, HostPathSpec):
    """A directory of the node."""


class ConfigMapInstance(Instance, ConfigMapSpec):
    """A configuration that lies in the project."""


class Storage(Shape):
    """All data sources of a workspace, by what they are."""

    git: Annotated[list[GitInstance], Field(max_length=MANY)] | None = None
    pvc: Annotated[list[PvcInstance], Field(max_length=MANY)] | None = None
    nfs: Annotated[list[NfsInstance], Field(max_length=MANY)] | None = None
    s3: Annotated[list[S3Instance], Field(max_length=MANY)] | None = None
    host_path: Annotated[list[HostPathInstance], Field(max_length=MANY)] | None = None
    config_map_volume: Annotated[list[ConfigMapInstance], Field(max_length=MANY)] | None = None
    secret_volume: Annotated[list[SecretInstance], Field(max_length=MANY)] | None = None
    data_volume: Annotated[object, refuse("is not supported: remit has no data volumes")] = UNSAID
    empty_dir_volume: Annotated[object, refuse("is not supported: remit mounts what outlives a workspace")] = UNSAID

    def conflicts(self) -> Iterator[Conflict]:
        """One thing at each path: Kubernetes mounts no two at the same."""
        taken = set()
        for field, at, entries in (
            ("git", "path", self.git),
            ("pvc", "path", self.pvc),
            ("nfs", "mountPath", self.nfs),
            ("s3", "path", self.s3),
            ("hostPath", "mountPath", self.host_path),
            ("configMapVolume", "mountPath", self.config_map_volume),
            ("secretVolume", "mountPath", self.secret_volume),
        ):
            for index, entry in enumerate(entries or ()):
                path = getattr(entry, "path" if at == "path" else "mount_path")
                if path in taken:
                    yield (field, index, at), "is where something else is mounted"
                taken.add(path)


class ExposedUrl(Shape):
    """A port of the container that is reached by a web address."""

    container: Port
    url: WebAddress | None = None
    authorization_type: Literal["authenticatedUsers", "authorizedUsers", "authorizedGroups"] | None = None
    authorized_users: People | None = None
    authorized_groups: People | None = None
    tool_type: Title | None = None
    tool_name: Title | None = None
    name: Title | None = None
    exclude: NotExcluded = UNSAID

    def conflicts(self) -> Iterator[Conflict]:
        """Users or groups, as the type of authorization says."""
        for name, given in (("authorizedUsers", self.authorized_users), ("authorizedGroups", self.authorized_groups)):
            if given is None and self.authorization_type == name:
                yield (name,), f"is required where `authorizationType` is `{name}`"
            elif given is not None and self.authorization_type != name:
                yield (name,), f"needs `authorizationType` to be `{name}`"


class ExposedPort(Shape):
    """A port of the container that is reached directly."""

    container: Port
    service_type: Literal["LoadBalancer", "NodePort", "ClusterIP"] | None = None
    external: Port | None = None
    tool_type: Title | None = None
    tool_name: Title | None = None
    name: Title | None = None
    exclude: NotExcluded = UNSAID


class FlatSpec(Start, Running):
    """All that a workspace is made of, with no block behind it."""

    compute: ComputeSpec | None = None
    storage: Storage | None = None
    security: Security | None = None
    exposed_urls: Annotated[list[ExposedUrl], Field(max_length=MANY)] | None = None
    ports: Annotated[list[ExposedPort], Field(max_length=MANY)] | None = None
    related_urls: Annotated[list[RelatedUrl], Field(max_length=MANY)] | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """Those of its parts, and each port and address once."""
        yield from Start.conflicts(self)
        yield from Running.conflicts(self)
        yield from repeated([each.container for each in self.exposed_urls or ()], "exposedUrls", "container")
        yield from repeated([each.container for each in self.ports or ()], "ports", "container")
