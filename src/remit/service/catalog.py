"""The handlers behind the catalog: building blocks made, seen, changed and removed, by leave of the gate."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from remit.core.blocks import KIND_OF, Asset, Spec, Stamp, Variant
from remit.core.model import ROOT
from remit.errors import Conflict, NotFound, Outdated
from remit.service.catalog_gate import Leave
from remit.service.operations.catalog import (
    SUPPORTED,
    CreateAsset,
    DeleteAsset,
    GetAsset,
    ListAssets,
    ListUnits,
    Part,
    UpdateAsset,
)
from remit.service.ports import Wanted

HELD = ("compute-resource", "credentials")
"""The kinds whose blocks cannot be deleted while a workspace is made of them."""

Seal = Callable[[str, Mapping[str, str]], bytes]
"""The id of an asset and its secret values to what is kept of them."""


class Entry(NamedTuple):
    """One block, with the number of the scope it lives in (None: all projects); `whole` is false where the caller may
    use it only, and so sees what a picker needs."""

    asset: Asset
    number: int | None
    whole: bool = True


class Unit(NamedTuple):
    """A department or project, with its number and that of its parent (None below all projects)."""

    number: int
    scope: str
    parent: str
    parent_number: int | None


class CatalogHandlers:
    """Performs the operations on blocks. `seal` keeps secrets from whoever reads the database, `parents` is the scope
    tree of the live policy: child to parent."""

    def __init__(self, seal: Seal, parents: Callable[[], Mapping[str, str]]) -> None:
        self._seal = seal
        self._parents = parents

    def create(self, leave: Leave, operation: CreateAsset) -> Entry:
        """A new block. Raises Conflict if its kind has that name in that scope."""
        (asset,) = self.make(leave, [operation])
        return _entry(leave, asset)

    def make(self, leave: Leave, operations: Sequence[CreateAsset]) -> list[Asset]:
        """The same for several, in as many queries, for a workspace that is made of them."""
        actor, revision, when, _, _, work = leave
        stamp, new = Stamp(actor.subject, when, revision), []
        for made in operations:
            id, has_secret = str(uuid.uuid4()), bool(made.secret)
            asset = Asset(
                id, made.variant, made.name, made.description, str(made.scope), made.spec, has_secret, stamp, stamp, 1
            )
            new.append((asset, self._seal(id, made.secret) if made.secret else None))
        if new:
            work.add_all(new)
        return [asset for asset, _ in new]

    def get(self, leave: Leave, operation: GetAsset) -> Entry:
        """The block. Raises NotFound if it is of another variant."""
        return _entry(leave, _asset(leave, operation.id, operation.variants))

    def listed(self, leave: Leave, operation: ListAssets) -> tuple[Entry, ...]:
        """The blocks within reach. What the caller may use only is told from what it may view row by row; what it may
        neither is not among them, by the query itself."""
        view, use = leave[4]
        whole = frozenset(view.scopes)
        rows = leave[5].assets(_wanted(operation.part, whole.union(use.scopes), operation.variants))
        numbers = leave[5].unit_ids(sorted({scope for row in rows for scope in _numbered(row.scope)}))
        return tuple(Entry(row, numbers.get(row.scope), row.scope in whole) for row in rows)

    def update(self, leave: Leave, operation: UpdateAsset) -> Entry:
        """The block as it is now. Raises Outdated if the caller saw another version, Conflict as `create`."""
        actor, revision, when, _, _, work = leave
        asset = _asset(leave, operation.id, (operation.variant,))
        _check_version(asset, operation.version)
        secret = self._seal(asset.id, operation.secret) if operation.secret else None
        changed = asset._replace(
            name=asset.name if operation.name is None else operation.name,
            description=asset.description if operation.description is None else operation.description,
            spec=_changed_spec(asset, operation),
            has_secret=asset.has_secret if operation.secret is None else secret is not None,
            updated=Stamp(actor.subject, when, revision),
            version=asset.version + 1,
        )
        work.put(changed, secret)
        return _entry(leave, changed)

    def delete(self, leave: Leave, operation: DeleteAsset) -> None:
        """Remove the block. Raises Conflict while a workspace is made of it, Outdated as `update`."""
        asset = _asset(leave, operation.id, operation.variants)
        _check_version(asset, operation.version)
        work = leave[5]
        if asset.kind in HELD and work.used_by([asset.id]):
            raise Conflict(f"the {asset.kind} `{asset.name}` is in use by a workspace")
        work.remove(asset.id)

    def units(self, leave: Leave, operation: ListUnits) -> tuple[Unit, ...]:
        """The departments or projects within reach, by name."""
        reached = {scope for reach in leave[4] for scope in reach.scopes}
        parents, part = self._parents(), operation.part
        names = sorted(scope for scope in reached if scope.startswith(f"{operation.level}:") and _fits(scope, part))
        if part.descending:
            names.reverse()
        names = names[part.offset :][: part.limit]
        names = [name for name in names if name in parents]  # a decision point elsewhere may know of newer ones
        above = [parents[name] for name in names if parents[name] != ROOT]
        numbers = leave[5].unit_ids(list(dict.fromkeys((*names, *above))))
        return tuple(Unit(numbers[name], name, parents[name], numbers.get(parents[name])) for name in names)


def _asset(leave: Leave, id: str, variants: tuple[Variant, ...]) -> Asset:
    """The row that the gate decided about. Raises NotFound if it is of another variant."""
    asset = leave[3][id]
    if not isinstance(asset, Asset) or asset.variant not in variants:
        raise NotFound(f"there is no {KIND_OF[variants[0]]} `{id}`")
    return asset


def _changed_spec(asset: Asset, operation: UpdateAsset) -> Spec:
    """The spec as it is to be. Which workloads a block is for stays: no change says it anew."""
    if operation.spec is None:
        return asset.spec
    kept = asset.spec if operation.partial else {name: value for name, value in asset.spec.items() if name == SUPPORTED}
    return {**kept, **operation.spec}


def _entry(leave: Leave, asset: Asset) -> Entry:
    """A row with the number of its scope."""
    return Entry(asset, leave[5].unit_ids(_numbered(asset.scope)).get(asset.scope))


def _numbered(scope: str) -> list[str]:
    """The scope, if it is one that has a number."""
    return [] if scope == ROOT else [scope]


def _fits(scope: str, part: Part) -> bool:
    """Does a unit's bare name meet the conditions of a list?"""
    name = scope.partition(":")[2]
    return (part.name is None or name == part.name) and (part.search or "").casefold() in name.casefold()


def _check_version(asset: Asset, seen: int | None) -> None:
    """Raise Outdated if the caller saw another version than there is."""
    if seen is not None and seen != asset.version:
        raise Outdated(f"the {asset.kind} `{asset.name}` has been changed since; it is at version {asset.version} now")


def _wanted(part: Part, scopes: frozenset[str], variants: tuple[object, ...]) -> Wanted:
    return Wanted(scopes, variants, part.name, part.search, part.sort, part.descending, part.limit, part.offset)  # type: ignore[arg-type]
