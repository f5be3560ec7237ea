"""What can be done with building blocks: one frozen value each, naming what it needs.

`needs` are permissions of the caller, decided together once the rows they speak of are locked. `lists` are permissions
answered by the scopes in which the caller has them, by which the catalog then filters. `writes` is false where nothing
can change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from remit.core.blocks import KIND_OF, Asset, Spec, Variant
from remit.core.model import BLOCK_KINDS, Actor
from remit.service.needs import Named, Need, Thing

SUPPORTED = "workloadSupportedTypes"
"""The member of a kept spec that the published interface shows beside it: which workloads a block is for."""

References = tuple[str, ...]
"""Ids of the credentials that a block names."""


class ByNumber(NamedTuple):
    """A scope as a caller named it: the `level` (`project`, `department`) and the number that the catalog gave it."""

    level: str
    number: int

    def __str__(self) -> str:
        return f"{self.level} {self.number}"


Place = str | ByNumber
"""A scope, by its name or by its number; the gate has put names for numbers before a handler sees it."""


class Part(NamedTuple):
    """Which part of a list is wanted: as `ports.Wanted`, where the scopes come from the permit."""

    name: str | None = None
    search: str | None = None
    sort: str = "name"
    descending: bool = False
    limit: int | None = None
    offset: int = 0


def uses(references: References, scope: Place) -> tuple[Need, ...]:
    """Credentials are named by whoever may use them where the block lives: so they live there or above."""
    return tuple(Need("credentials", "use", id=id, place=str(scope)) for id in dict.fromkeys(references))


@dataclass(frozen=True, slots=True)
class CreateAsset:
    """A new building block. `secret` is what is sealed beside it, `references` the credentials it names."""

    variant: Variant
    name: str
    description: str
    scope: Place
    spec: Spec
    secret: Mapping[str, str] | None = None
    references: References = ()

    writes: ClassVar[bool] = True

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`create` where it is to live, and `use` of the credentials it names."""
        return (Need(KIND_OF[self.variant], "create", str(self.scope)), *uses(self.references, self.scope))

    def claims(self, _: Mapping[str, Thing]) -> tuple[Named, ...]:
        """Its name."""
        return (Named(KIND_OF[self.variant], str(self.scope), self.name),)


@dataclass(frozen=True, slots=True)
class GetAsset:
    """One building block, whole."""

    id: str
    variants: tuple[Variant, ...]

    writes: ClassVar[bool] = False

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`view` of it."""
        return (Need(KIND_OF[self.variants[0]], "view", id=self.id),)


@dataclass(frozen=True, slots=True)
class ListAssets:
    """The blocks of some variants of one kind that the caller may view, and as a picker those that it may use only.

    `place` is the scope from which they are looked at: what is available there.
    """

    variants: tuple[Variant, ...]
    part: Part
    place: Place | None = None

    writes: ClassVar[bool] = False

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """Nothing in particular: it lists what the caller reaches."""
        return ()

    def lists(self) -> tuple[Need, ...]:
        """`view`, and `use` beside it, in all the scopes in which the caller has them."""
        kind, place = KIND_OF[self.variants[0]], None if self.place is None else str(self.place)
        return (Need(kind, "view", place=place), Need(kind, "use", place=place))


@dataclass(frozen=True, slots=True)
class UpdateAsset:
    """A block's name, description, spec or secret replaced. `version` is the one that the caller saw, None for any.

    None leaves what it is about as it is; a `partial` spec replaces only the members that it has. A `secret` without
    values takes the kept one away.
    """

    id: str
    variant: Variant
    name: str | None
    description: str | None
    spec: Spec | None
    secret: Mapping[str, str] | None = None
    references: References = ()
    version: int | None = None
    partial: bool = False

    writes: ClassVar[bool] = True

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`edit` of it, and `use` of the credentials where it lives."""
        named = (need._replace(place=None, beside=self.id) for need in uses(self.references, ""))
        return (Need(KIND_OF[self.variant], "edit", id=self.id), *named)

    def claims(self, things: Mapping[str, Thing]) -> tuple[Named, ...]:
        """The name that it has and the one that it is to have, if that is another one."""
        return _renamed(things.get(self.id), self.name)


@dataclass(frozen=True, slots=True)
class DeleteAsset:
    """A block removed; refused while a workspace is made of it, for compute resources and credentials."""

    id: str
    variants: tuple[Variant, ...]
    version: int | None = None

    writes: ClassVar[bool] = True

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`delete` of it."""
        return (Need(KIND_OF[self.variants[0]], "delete", id=self.id),)

    def claims(self, things: Mapping[str, Thing]) -> tuple[Named, ...]:
        """The name that it gives up."""
        return _renamed(things.get(self.id), "")


@dataclass(frozen=True, slots=True)
class ListUnits:
    """The departments or projects (`level`) in which the caller may see or do anything with blocks or workloads."""

    level: str
    part: Part

    writes: ClassVar[bool] = True  # a unit that was not asked for before gets its number

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """Nothing in particular: it lists what the caller reaches."""
        return ()

    def lists(self) -> tuple[Need, ...]:
        """Everything by which somebody has to do with a project."""
        return (Need("workload", "view"), Need("workload", "create"), *(Need(kind, "view") for kind in BLOCK_KINDS))


def _renamed(thing: Thing | None, name: str | None) -> tuple[Named, ...]:
    """The names that change hands if a block gets this one; nobody else can be waiting for that of a locked row."""
    if not isinstance(thing, Asset) or name in (None, thing.name):
        return ()
    return tuple(Named(thing.kind, thing.scope, each) for each in (thing.name, name) if each)
