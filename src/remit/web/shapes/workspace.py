"""A workspace as callers send it: made of blocks, by their ids or on the fly, or written as one flat spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from remit.core.blocks import Spec, Variant
from remit.web.shapes.base import MANY, UNSAID, Conflict, Shape, off, refuse, repeated
from remit.web.shapes.chosen import ById, Chosen, data_source, single
from remit.web.shapes.flat import FlatSpec
from remit.web.shapes.meta import ProjectId
from remit.web.shapes.reading import read
from remit.web.shapes.running import People, Running
from remit.web.shapes.texts import AssetId, Port, Script, Title, Uuid, WebAddress, matching
from remit.web.shapes.variables import Variables, repeated_names

_FIXED = refuse("is not supported: the environment alone says what its containers run as")


@dataclass(frozen=True, slots=True)
class WorkspaceBody:
    """A workspace to be made, in one of two forms.

    Of blocks: `flat` is None and `environment` is there; `compute` is None if the caller wants none. `credentials` are
    the ids of those that the workspace uses besides what its blocks refer to, and `specific` is what holds for this
    workspace alone, in the published names of `specificEnv`. Blocks of one id may stand in `datasources` twice, with
    different paths.

    Flat: `flat` is the whole spec in published names, with an image at least, and all else is empty.
    """

    name: str
    project: str
    environment: Chosen | None = None
    compute: Chosen | None = None
    datasources: tuple[Chosen, ...] = ()
    credentials: tuple[str, ...] = ()
    specific: Spec = field(default_factory=dict)
    flat: Spec | None = None


class Assets(Shape):
    """The blocks of a workspace."""

    environment: Annotated[Chosen, single(Variant.ENVIRONMENT)]
    compute: Annotated[Chosen, single(Variant.COMPUTE)] | None = None
    datasources: Annotated[list[Annotated[Chosen, PlainValidator(data_source)]], Field(max_length=MANY)] | None = None
    credentials: Annotated[list[AssetId], Field(max_length=MANY)] | None = None
    workload_volumes: Annotated[list[str], Field(max_length=0)] | None = UNSAID

    def conflicts(self) -> Iterator[Conflict]:
        """Each block once at a path, and credentials once."""
        chosen = [(each.id, each.path) if isinstance(each, ById) else each.name for each in self.datasources or ()]
        yield from repeated(chosen, "datasources")
        yield from repeated(self.credentials, "credentials")


class SpecificConnection(Shape):
    """What a workspace says of a connection of its environment, by its name."""

    name: Title
    node_port: Port | None = None
    external_url: WebAddress | None = None
    authorized_users: People | None = None
    authorized_groups: People | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """Users or groups."""
        if self.authorized_users and self.authorized_groups:
            yield ("authorizedGroups",), "must not be given with `authorizedUsers`"


class SpecificEnv(Running):
    """What holds for one workspace alone."""

    command: Script | None = None
    args: Script | None = None
    environment_variables: Variables | None = None
    connections: Annotated[list[SpecificConnection], Field(max_length=MANY)] | None = None
    run_as_uid: Annotated[object, _FIXED] = UNSAID
    run_as_gid: Annotated[object, _FIXED] = UNSAID
    supplemental_groups: Annotated[object, _FIXED] = UNSAID

    def conflicts(self) -> Iterator[Conflict]:
        """Each variable and each connection once."""
        yield from super().conflicts()
        yield from repeated_names(self.environment_variables)
        yield from repeated([each.name for each in self.connections or ()], "connections", "name")


class BlockSpec(Shape):
    """A workspace made of blocks."""

    assets: Assets
    specific_env: SpecificEnv | None = None


def _spec(value: object) -> BlockSpec | FlatSpec:
    """Either form; what names `assets` or `specificEnv` is meant to be made of blocks."""
    of_blocks = isinstance(value, dict) and ("assets" in value or "specificEnv" in value)
    return BlockSpec.model_validate(value) if of_blocks else FlatSpec.model_validate(value)


class Submission(Shape):
    """The whole body."""

    name: Annotated[
        str,
        matching(
            r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
            "must be lower-case letters, digits and inner hyphens, 63 at most, the first a letter",
        ),
    ]
    project_id: ProjectId
    spec: Annotated[BlockSpec | FlatSpec, PlainValidator(_spec)]
    cluster_id: Uuid | None = UNSAID
    use_given_name_as_prefix: Annotated[
        bool | None, off("is not supported: a workspace is called what its name says")
    ] = UNSAID
    template_id: Annotated[object, refuse("is not supported: remit has no templates")] = UNSAID


def read_workspace(body: Any) -> WorkspaceBody:
    """The workspace that a body describes. Raises FieldsInvalid."""
    submitted = read(Submission, body)
    name, project, spec = submitted.name, submitted.project_id, submitted.spec
    if isinstance(spec, FlatSpec):
        return WorkspaceBody(name, project, flat=spec.plain())
    return WorkspaceBody(
        name=name,
        project=project,
        environment=spec.assets.environment,
        compute=spec.assets.compute,
        datasources=tuple(spec.assets.datasources or ()),
        credentials=tuple(spec.assets.credentials or ()),
        specific=spec.specific_env.plain() if spec.specific_env else {},
    )
