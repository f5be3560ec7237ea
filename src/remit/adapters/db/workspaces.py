"""The workspaces of the catalog, and what they are made of, in SQL."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, Text, cast, delete, func, select, type_coerce, update

from remit.adapters.db.queries import among, cut, finds_nothing, matching
from remit.adapters.db.rows import block_rows, workspace_of, workspace_row
from remit.adapters.db.sentences import workspace_outdated, workspace_taken
from remit.adapters.db.tables import DOCUMENT, workspace_blocks, workspaces
from remit.adapters.db.transaction import Transaction
from remit.adapters.values import kept_among, storable
from remit.core.blocks import Workspace
from remit.service.ports import Wanted

_LIVES_ON = ("id", "scope", "created_by", "created_at", "created_revision")
"""The columns of a workspace that never change."""

_SEARCHED = ("name_folded",)


class Workspaces:
    """The part of a `Work` that is about workspaces."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._dialect = transaction.dialect

    def used_by(self, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """For each of these assets that is a block of a workspace: the ids of those workspaces, sorted."""
        if not (known := kept_among(ids)):
            return {}
        block, workspace = workspace_blocks.c.asset_id, workspace_blocks.c.workspace_id
        found = select(block, workspace).distinct().where(among(self._dialect, block, known))
        users: dict[str, list[str]] = {}
        for row in self._transaction.read(found.order_by(block, workspace)):
            users.setdefault(row.asset_id, []).append(row.workspace_id)
        return {asset: tuple(each) for asset, each in users.items()}

    def lock_workspaces(self, ids: Collection[str]) -> dict[str, Workspace]:
        """These workspaces, as far as there are any, held against change as `lock` does."""
        if not (known := kept_among(ids)):
            return {}
        found = self._selected().where(among(self._dialect, workspaces.c.id, known)).order_by(workspaces.c.id)
        return {row.id: workspace_of(row) for row in self._transaction.hold(found, workspaces)}

    def add_workspace(self, workspace: Workspace) -> None:
        """A new workspace. Raises Conflict if its project has one of that name already, RequestInvalid as `add`."""
        with self._transaction.guarded():
            row = workspace_row(workspace)
        self._transaction.write(workspaces.insert(), row, taken=workspace_taken(workspace))
        if rows := block_rows(workspace):
            self._transaction.write(workspace_blocks.insert(), rows)

    def put_workspace(self, workspace: Workspace) -> None:
        """The workspace of this id as it is now; what it was made of, and what made it, does not change.

        Raises Outdated unless the row has the version before and the scope of `workspace`; Conflict and RequestInvalid
        as `add_workspace`.
        """
        with self._transaction.guarded():
            row = {name: value for name, value in workspace_row(workspace).items() if name not in _LIVES_ON}
        same = (
            workspaces.c.id == workspace.id,
            workspaces.c.version == workspace.version - 1,
            workspaces.c.scope == workspace.scope,
        )
        written = update(workspaces).where(*same).values(row)
        if not self._transaction.write(written, taken=workspace_taken(workspace)):
            self._transaction.void(workspace_outdated(workspace))

    def remove_workspace(self, id: str) -> None:
        """Remove a workspace; its blocks stay. Nothing happens if there is none."""
        if storable(id):
            self._transaction.write(delete(workspaces).where(workspaces.c.id == id))

    def workspaces(self, wanted: Wanted) -> tuple[Workspace, ...]:
        """The workspaces wanted, in order. One query, or none if nothing can be found."""
        if finds_nothing(wanted):
            return ()
        found = self._selected().where(*matching(self._dialect, workspaces, wanted, _SEARCHED))
        return tuple(workspace_of(row) for row in self._transaction.read(cut(found, workspaces, wanted)))

    def count_workspaces(self, wanted: Wanted) -> int:
        """How many workspaces are wanted, whatever the limit. One query, or none if nothing can be found."""
        if finds_nothing(wanted):
            return 0
        conditions = matching(self._dialect, workspaces, wanted, _SEARCHED)
        counted = select(func.count().label("n")).select_from(workspaces).where(*conditions)
        (row,) = self._transaction.read(counted)
        return int(row.n)

    def _selected(self) -> Select[Any]:
        """All workspaces, their blocks in one column: an object of ids by position, the same in either database."""
        together = func.jsonb_object_agg if self._dialect == "postgresql" else func.json_group_object
        position = cast(workspace_blocks.c.position, Text)
        blocks = select(type_coerce(together(position, workspace_blocks.c.asset_id), DOCUMENT))
        of_it = blocks.where(workspace_blocks.c.workspace_id == workspaces.c.id).scalar_subquery()
        return select(workspaces, of_it.label("blocks"))
