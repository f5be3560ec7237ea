"""The assets of the catalog, and the sealed secrets beside them, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, delete, func, select, update

from remit.adapters.db.queries import among, cut, finds_nothing, insert, matching
from remit.adapters.db.rows import asset_of, asset_row
from remit.adapters.db.sentences import asset_outdated, asset_taken
from remit.adapters.db.tables import asset_secrets, assets
from remit.adapters.db.transaction import Transaction
from remit.adapters.values import kept_among, storable
from remit.core.blocks import Asset
from remit.errors import Conflict
from remit.service.ports import Wanted

_LIVES_ON = ("id", "kind", "variant", "scope", "created_by", "created_at", "created_revision")
"""The columns of an asset that never change."""

_SEARCHED = ("name_folded", "description_folded")


class Assets:
    """The part of a `Work` that is about assets."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._dialect = transaction.dialect

    def lock(self, ids: Collection[str]) -> dict[str, Asset]:
        """These assets, as far as there are any, in the order of their ids; held against change if this work writes."""
        if not (known := kept_among(ids)):
            return {}
        found = select(assets).where(among(self._dialect, assets.c.id, known)).order_by(assets.c.id)
        return {row.id: asset_of(row) for row in self._transaction.hold(found, assets)}

    def add(self, asset: Asset, secret: bytes | None) -> None:
        """A new asset with its sealed secret; whether it has one is told by `secret`, not by the asset.

        Raises Conflict if its kind has that name in that scope already, RequestInvalid if it cannot be kept as it is.
        """
        self.add_all([(asset, secret)])

    def add_all(self, new: Sequence[tuple[Asset, bytes | None]]) -> None:
        """Several at once, in one statement and one more for their secrets. Raises as `add`; Conflict tells all names
        that are taken."""
        with self._transaction.guarded():
            rows = [asset_row(asset) | {"has_secret": secret is not None} for asset, secret in new]
        added = insert(self._dialect, assets).on_conflict_do_nothing().returning(assets.c.id)
        there = {row.id for row in self._transaction.added(added, rows)}
        if taken := [asset_taken(asset) for asset, _ in new if asset.id not in there]:
            self._transaction.void(Conflict("; ".join(taken)))
        if kept := {asset.id: secret for asset, secret in new if secret is not None}:
            self._keep(kept)

    def put(self, asset: Asset, secret: bytes | None) -> None:
        """The asset of this id as it is now; a secret of None leaves the kept one. What made it does not change.

        Raises Outdated unless the row has the version before, the scope and the variant of `asset`; Conflict and
        RequestInvalid as `add`.
        """
        with self._transaction.guarded():
            row = {name: value for name, value in asset_row(asset).items() if name not in _LIVES_ON}
        if secret is not None:
            row["has_secret"] = True
        same = (
            assets.c.id == asset.id,
            assets.c.version == asset.version - 1,
            assets.c.scope == asset.scope,
            assets.c.variant == asset.variant.value,
        )
        if not self._transaction.write(update(assets).where(*same).values(row), taken=asset_taken(asset)):
            self._transaction.void(asset_outdated(asset))
        if secret is not None:
            self._keep({asset.id: secret})

    def remove(self, id: str) -> None:
        """Remove an asset, and its secret; nothing happens if there is none."""
        if storable(id):
            self._transaction.write(delete(assets).where(assets.c.id == id))

    def secret(self, id: str) -> bytes | None:
        """The sealed secret kept beside an asset."""
        if not storable(id):
            return None
        rows = self._transaction.read(select(asset_secrets.c.sealed).where(asset_secrets.c.asset_id == id))
        return rows[0].sealed if rows else None

    def assets(self, wanted: Wanted) -> tuple[Asset, ...]:
        """The assets wanted, in order. One query, or none if nothing can be found."""
        if finds_nothing(wanted):
            return ()
        found = cut(select(assets).where(*self._matching(wanted)), assets, wanted)
        return tuple(asset_of(row) for row in self._transaction.read(found))

    def count(self, wanted: Wanted) -> int:
        """How many assets are wanted, whatever the limit. One query, or none if nothing can be found."""
        if finds_nothing(wanted):
            return 0
        counted = select(func.count().label("n")).select_from(assets).where(*self._matching(wanted))
        (row,) = self._transaction.read(counted)
        return int(row.n)

    def _matching(self, wanted: Wanted) -> list[ColumnElement[bool]]:
        conditions = matching(self._dialect, assets, wanted, _SEARCHED)
        if wanted.variants:
            conditions.append(assets.c.variant.in_(sorted(variant.value for variant in wanted.variants)))
        return conditions

    def _keep(self, secrets: Mapping[str, bytes]) -> None:
        kept = insert(self._dialect, asset_secrets)
        replaced = {"sealed": kept.excluded.sealed}
        rows = [{"asset_id": id, "sealed": secret} for id, secret in secrets.items()]
        self._transaction.write(kept.on_conflict_do_update(index_elements=["asset_id"], set_=replaced), rows)
