"""A catalog in memory, for tests and nothing else: what the port means in the fewest words, to try the others by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, NoReturn, TypeVar

from remit.adapters.db.sentences import asset_outdated, asset_taken, workspace_outdated, workspace_taken
from remit.adapters.values import check_asset, check_workspace, folded, plain
from remit.core.blocks import Asset, Workspace
from remit.errors import Conflict, CouldNotDecide
from remit.service.ports import Named, Wanted, Work

Noun = TypeVar("Noun", Asset, Workspace)


class _State(NamedTuple):
    assets: dict[str, Asset]
    secrets: dict[str, bytes]
    workspaces: dict[str, Workspace]
    units: dict[str, int]

    def copy(self) -> _State:
        return _State({**self.assets}, {**self.secrets}, {**self.workspaces}, {**self.units})


class MemoryCatalog:
    """One writer at a time, on a copy that becomes the catalog in the end; readers keep the one they began with."""

    def __init__(self, patience: float = 5.0) -> None:
        self._state = _State({}, {}, {}, {})
        self._one_at_a_time = threading.Lock()
        self._patience = patience

    @contextmanager
    def work(self, write: bool = True) -> Iterator[Work]:
        """A transaction. Raises CouldNotDecide if there is no turn for it within the seconds of patience."""
        if not write:
            found = MemoryWork(self._state, False)
            yield found
            found.result()
            return
        if not self._one_at_a_time.acquire(timeout=self._patience):
            raise CouldNotDecide("the catalog is busy; try again")
        try:
            found = MemoryWork(self._state.copy(), True)
            yield found
            self._state = found.result()
        finally:
            self._one_at_a_time.release()


class MemoryWork:
    """One transaction, on a state of its own. Once a method raised, it is void: everything raises the same."""

    def __init__(self, state: _State, write: bool) -> None:
        self._kept = state
        self._may_write = write
        self._fault: Exception | None = None

    @property
    def _state(self) -> _State:
        if self._fault is not None:
            raise self._fault
        return self._kept

    @property
    def _written(self) -> _State:
        if not self._may_write:
            self._void(RuntimeError("this work on the catalog was said not to write"))
        return self._state

    def result(self) -> _State:
        """The state in the end; raises what a method raised before."""
        return self._state

    def homes(self, ids: Collection[str]) -> dict[str, tuple[str, str]]:
        """Kind and scope of these assets and workspaces."""
        found = {id: (asset.kind, asset.scope) for id, asset in self._state.assets.items() if id in ids}
        return found | {id: ("workload", each.scope) for id, each in self._state.workspaces.items() if id in ids}

    def lock(self, ids: Collection[str]) -> dict[str, Asset]:
        """These assets; nobody else is here anyway."""
        return {id: _own(self._state.assets[id]) for id in sorted(set(ids) & self._state.assets.keys())}

    def claim(self, _: Collection[Named]) -> None:
        """Nobody else is here anyway."""
        assert self._written

    def add_all(self, new: Sequence[tuple[Asset, bytes | None]]) -> None:
        """Several new assets."""
        taken = [asset_taken(asset) for asset, _ in new if self._name_taken(asset)]
        if len(taken) > 1:
            self._void(Conflict("; ".join(taken)))
        for asset, secret in new:
            self.add(asset, secret)

    def add(self, asset: Asset, secret: bytes | None) -> None:
        """A new asset."""
        asset = self._owned(asset._replace(has_secret=secret is not None), check_asset)
        if asset.id in self._state.assets or self._name_taken(asset):
            self._void(Conflict(asset_taken(asset)))
        self._written.assets[asset.id] = asset
        if secret is not None:
            self._written.secrets[asset.id] = secret

    def put(self, asset: Asset, secret: bytes | None) -> None:
        """The asset as it is now."""
        asset, old = self._owned(asset, check_asset), self._state.assets.get(asset.id)
        same = (asset.version - 1, asset.scope, asset.variant)
        if old is None or (old.version, old.scope, old.variant) != same:
            self._void(asset_outdated(asset))
        if self._name_taken(asset):
            self._void(Conflict(asset_taken(asset)))
        has_secret = old.has_secret or secret is not None
        self._written.assets[asset.id] = asset._replace(created=old.created, has_secret=has_secret)
        if secret is not None:
            self._written.secrets[asset.id] = secret

    def remove(self, id: str) -> None:
        """Remove an asset, and its secret."""
        self._written.assets.pop(id, None)
        self._written.secrets.pop(id, None)

    def secret(self, id: str) -> bytes | None:
        """The sealed secret kept beside an asset."""
        return self._state.secrets.get(id)

    def assets(self, wanted: Wanted) -> tuple[Asset, ...]:
        """The assets wanted, in order."""
        return _cut(self._assets(wanted), wanted)

    def count(self, wanted: Wanted) -> int:
        """How many assets are wanted."""
        return len(self._assets(wanted))

    def used_by(self, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The workspaces that these assets are blocks of."""
        each = sorted(self._state.workspaces.values())
        found = {asset: tuple(one.id for one in each if asset in one.blocks) for asset in sorted(set(ids))}
        return {asset: users for asset, users in found.items() if users}

    def lock_workspaces(self, ids: Collection[str]) -> dict[str, Workspace]:
        """These workspaces; nobody else is here anyway."""
        return {id: _own(self._state.workspaces[id]) for id in sorted(set(ids) & self._state.workspaces.keys())}

    def add_workspace(self, workspace: Workspace) -> None:
        """A new workspace."""
        workspace = self._owned(workspace, check_workspace)
        if workspace.id in self._state.workspaces or self._workspace_name_taken(workspace):
            self._void(Conflict(workspace_taken(workspace)))
        self._written.workspaces[workspace.id] = workspace

    def put_workspace(self, workspace: Workspace) -> None:
        """The workspace as it is now."""
        workspace, old = self._owned(workspace, check_workspace), self._state.workspaces.get(workspace.id)
        if old is None or (old.version, old.scope) != (workspace.version - 1, workspace.scope):
            self._void(workspace_outdated(workspace))
        if self._workspace_name_taken(workspace):
            self._void(Conflict(workspace_taken(workspace)))
        self._written.workspaces[workspace.id] = workspace._replace(created=old.created, blocks=old.blocks)

    def remove_workspace(self, id: str) -> None:
        """Remove a workspace."""
        self._written.workspaces.pop(id, None)

    def workspaces(self, wanted: Wanted) -> tuple[Workspace, ...]:
        """The workspaces wanted, in order."""
        return _cut(self._workspaces(wanted), wanted)

    def count_workspaces(self, wanted: Wanted) -> int:
        """How many workspaces are wanted."""
        return len(self._workspaces(wanted))

    def unit_ids(self, scopes: Sequence[str]) -> dict[str, int]:
        """The number of each of these scopes; rows stay for ever, so the next number is one more than there are."""
        for scope in sorted(set(scopes) - self._state.units.keys()):
            self._written.units[scope] = len(self._state.units) + 1
        return {scope: self._state.units[scope] for scope in scopes}

    def unit_scopes(self, numbers: Collection[int]) -> dict[int, str]:
        """The scopes that have these numbers."""
        return {number: scope for scope, number in self._state.units.items() if number in numbers}

    def _assets(self, wanted: Wanted) -> list[Asset]:
        found = _wanted(self._state.assets.values(), wanted, lambda asset: (asset.name, asset.description))
        return [asset for asset in found if not wanted.variants or asset.variant in wanted.variants]

    def _workspaces(self, wanted: Wanted) -> list[Workspace]:
        return _wanted(self._state.workspaces.values(), wanted, lambda workspace: (workspace.name,))

    def _name_taken(self, asset: Asset) -> bool:
        mine = (asset.kind, asset.scope, asset.name)
        others = (each for each in self._state.assets.values() if each.id != asset.id)
        return any((each.kind, each.scope, each.name) == mine for each in others)

    def _workspace_name_taken(self, workspace: Workspace) -> bool:
        others = (each for each in self._state.workspaces.values() if each.id != workspace.id)
        return any((each.scope, each.name) == (workspace.scope, workspace.name) for each in others)

    def _owned(self, noun: Noun, check: Callable[[Noun], None]) -> Noun:
        _ = self._state  # nothing goes on in a void transaction
        try:
            check(noun)
            return _own(noun)
        except Exception as error:
            self._void(error)

    def _void(self, fault: Exception) -> NoReturn:
        self._fault = fault
        raise fault


def _own(noun: Noun) -> Noun:
    """The same with a specification of its own, so that nobody changes what is kept."""
    return noun._replace(spec=plain(noun.spec))


def _wanted(rows: Iterable[Noun], wanted: Wanted, searched: Callable[[Noun], tuple[str, ...]]) -> list[Noun]:
    here = rows if wanted.scopes is None else [row for row in rows if row.scope in wanted.scopes]
    found = [row for row in here if not wanted.name or row.name == wanted.name]
    if wanted.search:
        needle = folded(wanted.search)
        found = [row for row in found if any(needle in folded(text) for text in searched(row))]
    return found


def _cut(rows: list[Noun], wanted: Wanted) -> tuple[Noun, ...]:
    keys: dict[str, Callable[[Noun], tuple[str | int, str]]] = {
        "name": lambda row: (row.name, row.id),
        "created": lambda row: (row.created.at, row.id),
        "updated": lambda row: (row.updated.at, row.id),
    }
    rows = sorted(rows, key=keys[wanted.sort], reverse=wanted.descending)
    end = None if wanted.limit is None else wanted.offset + wanted.limit
    return tuple(_own(row) for row in rows[wanted.offset : end])
