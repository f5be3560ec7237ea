"""What can be done with workspaces: one frozen value each, naming what it needs (see `catalog`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from remit.core.blocks import KIND_OF, Spec, Variant, references_in
from remit.core.model import Actor
from remit.service.needs import Named, Need, Thing
from remit.service.operations.catalog import Part, Place, References, uses


class Chosen(NamedTuple):
    """A block of the catalog, by its id. `path` is where a data source is to be mounted instead of where it says;
    `variant` is what its caller takes it for, None if that was not said."""

    kind: str
    id: str
    path: str | None = None
    variant: Variant | None = None


class Inline(NamedTuple):
    """A block created on the fly, in the workspace's project; it stays in the catalog."""

    variant: Variant
    name: str
    description: str
    spec: Spec
    secret: Mapping[str, str] | None = None
    references: References = ()


Block = Chosen | Inline


@dataclass(frozen=True, slots=True)
class CreateWorkspace:
    """A new workspace in a project (`scope`), of blocks and of what is said of this one only (`specific`).

    `specific` is flat; where a block says otherwise, `specific` wins. `references` are credentials it names itself.
    """

    name: str
    scope: Place
    blocks: tuple[Block, ...]
    specific: Spec
    references: References = ()

    writes: ClassVar[bool] = True

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`workload:create` in the project, `use` there of every block, and `create` there of every new one."""
        here = str(self.scope)
        needs = [Need("workload", "create", here)]
        references = list(self.references)
        for block in self.blocks:
            if isinstance(block, Chosen):
                needs.append(Need(block.kind, "use", id=block.id, place=here))
            else:
                needs.append(Need(KIND_OF[block.variant], "create", here))
                references += block.references
        return tuple(dict.fromkeys((*needs, *uses(tuple(references), here))))

    def named_in(self, things: Mapping[str, Thing]) -> tuple[str, ...]:
        """The credentials that its chosen blocks name: who may use a block uses them through it."""
        return references_in([thing.spec for thing in things.values()])

    def claims(self, _: Mapping[str, Thing]) -> tuple[Named, ...]:
        """Its name, and those of the blocks that are made with it."""
        here, new = str(self.scope), [block for block in self.blocks if isinstance(block, Inline)]
        return (Named("workload", here, self.name), *(Named(KIND_OF[each.variant], here, each.name) for each in new))


@dataclass(frozen=True, slots=True)
class GetWorkspace:
    """One workspace; with `manifest`, as what a cluster would take."""

    id: str
    manifest: bool = False

    writes: ClassVar[bool] = True  # its phase is read back and kept

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`workload:view` where it lives."""
        return (Need("workload", "view", id=self.id),)


@dataclass(frozen=True, slots=True)
class ListWorkspaces:
    """The workspaces that the caller may view, in one project or wherever it may."""

    part: Part
    scope: Place | None = None

    writes: ClassVar[bool] = False

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """Nothing in particular: it lists what the caller reaches."""
        return ()

    def lists(self) -> tuple[Need, ...]:
        """`workload:view`, in all the scopes in which the caller has it."""
        return (Need("workload", "view"),)


@dataclass(frozen=True, slots=True)
class SuspendWorkspace:
    """A workspace stopped, or with `resume` started again."""

    id: str
    resume: bool = False

    writes: ClassVar[bool] = True

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`workload:edit` where it lives."""
        return (Need("workload", "edit", id=self.id),)


@dataclass(frozen=True, slots=True)
class DeleteWorkspace:
    """A workspace removed; its blocks stay."""

    id: str

    writes: ClassVar[bool] = True

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`workload:delete` where it lives."""
        return (Need("workload", "delete", id=self.id),)
