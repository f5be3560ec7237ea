"""The head of a block: its name, and where it is to live. This is the one place that knows the published words for
scopes: their `tenant` is what remit calls all projects.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator

from remit.web.shapes.base import UNSAID, Conflict, Shape, Wrong, off, refuse
from remit.web.shapes.texts import Prose, SubjectName, Title, Uuid


class Level(StrEnum):
    """How high in the tree of scopes a block lives."""

    ALL = "all"
    DEPARTMENT = "department"
    PROJECT = "project"


class Home(NamedTuple):
    """Where a block is to live: in all projects (`id` is empty), or in the department or project of this id."""

    level: Level
    id: str


LEVELS = {"tenant": Level.ALL, "department": Level.DEPARTMENT, "project": Level.PROJECT}
"""The published words for what remit knows."""

_NOT_OURS = {
    "cluster": "is `cluster`, and remit does not scope by cluster; use `tenant`, `department` or `project`",
    "system": "is `system`, which is kept for what comes with a platform; use `tenant`, `department` or `project`",
}
_STAYS = refuse("cannot be changed: a block stays where it was made")
_MOST_ID = 2**63 - 1


def _scope(text: str) -> str:
    if text not in LEVELS:
        raise Wrong(_NOT_OURS.get(text, "must be one of `tenant`, `department` or `project`"))
    return text


def _project_id(value: object) -> object:
    """The number of a project, which clients send as a number here and as a text there; a text once read."""
    if type(value) is int:
        value = str(value) if 0 <= value <= _MOST_ID else "-"
    if type(value) is not str:
        raise Wrong("must be the number of a project")
    if not (value.isascii() and value.isdecimal()) or (value[0] == "0" and value != "0") or len(value) > 19:
        raise Wrong("must be the number of a project, without leading zeros")
    return value


def _department_id(value: object) -> object:
    """The id of a department, which some clients send as a number; a text once read."""
    return str(value) if type(value) is int and 0 <= value <= _MOST_ID else value


ProjectId = Annotated[str, BeforeValidator(_project_id)]
"""The number of a project, as digits once read."""

DepartmentId = Annotated[SubjectName, BeforeValidator(_department_id)]
"""The id of a department."""

NotPrivate = Annotated[bool | None, off("is not supported: who may use a block is up to the policy")]
"""`private`, which clients send as `false` with every block."""

NotAutoDeleted = Annotated[bool | None, off("is not supported: blocks stay until someone deletes them")]
"""`autoDelete`, which clients send as `false` with every block."""


class Supported(Shape):
    """The sorts of workload that a block is meant for."""

    workspace: bool | None = None
    training: bool | None = None
    inference: bool | None = None
    distributed: bool | None = None
    dist_framework: Literal["MPI", "PyTorch", "TF", "XGBoost"] | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """A framework only for distributed workloads; at least one sort that is not ruled out."""
        if self.dist_framework and not self.distributed:
            yield ("distFramework",), "needs `distributed` to be `true`"
        if {self.workspace, self.training, self.inference, self.distributed} == {False}:
            yield (), "is for no sort of workload"


class Named(Shape):
    """The head of a block that is made on the fly: it lives in the project of its workspace."""

    name: Title
    description: Prose | None = None
    auto_delete: NotAutoDeleted = UNSAID
    private: NotPrivate = UNSAID


class NewMeta(Named):
    """The head of a new block."""

    scope: Annotated[str, AfterValidator(_scope)]
    project_id: ProjectId | None = None
    department_id: DepartmentId | None = None
    cluster_id: Uuid | None = UNSAID
    workload_supported_types: Supported | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """The id of the scope that is named, and no other."""
        level = LEVELS[self.scope]
        for name, own, id in (
            ("projectId", Level.PROJECT, self.project_id),
            ("departmentId", Level.DEPARTMENT, self.department_id),
        ):
            if level is own and id is None:
                yield (name,), f"is required where `scope` is `{own}`"
            elif level is not own and id is not None:
                yield (name,), f"is not for a `scope` of `{self.scope}`"

    def home(self) -> Home:
        """Where the block is to live."""
        return Home(LEVELS[self.scope], self.project_id or self.department_id or "")


class ChangedMeta(Shape):
    """The head of a block as it is to be from now on; a description of `null` is taken away."""

    nulls_count: ClassVar[bool] = True

    name: Title
    description: Prose | None = None
    scope: Annotated[object, _STAYS] = UNSAID
    project_id: Annotated[object, _STAYS] = UNSAID
    department_id: Annotated[object, _STAYS] = UNSAID
    cluster_id: Annotated[object, _STAYS] = UNSAID

    def new_description(self) -> str | None:
        """The new description, empty if it is taken away; None if it stays."""
        return self.description or "" if "description" in self.model_fields_set else None


class ChangedCredentialMeta(ChangedMeta):
    """The same of credentials, which published clients send without the name."""

    name: Title | None = None  # type: ignore[assignment]  # wider on purpose: absent means that it stays
