"""The numbers of scopes, for interfaces that know scopes by number, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from remit.adapters.db.queries import among, insert
from remit.adapters.db.tables import org_units
from remit.adapters.db.transaction import Transaction
from remit.adapters.values import kept_among

_LARGEST = 2**31 - 1


class Units:
    """The part of a `Work` that is about the numbers of scopes."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._dialect = transaction.dialect

    def unit_ids(self, scopes: Sequence[str]) -> dict[str, int]:
        """The number of each of these scopes, given once, the first time it is asked for, and never to another.

        One query if all have their numbers, else three. Ask for new ones after everything that has to be locked.
        """
        wanted = kept_among(scopes)
        found = self._numbers(wanted)
        if new := [scope for scope in wanted if scope not in found]:
            # sorted, so that two who number the same scopes wait for each other one way only
            given = insert(self._dialect, org_units).on_conflict_do_nothing(index_elements=["scope"])
            self._transaction.write(given, [{"scope": scope} for scope in new])
            found |= self._numbers(new)
        return {scope: found[scope] for scope in scopes if scope in found}

    def unit_scopes(self, numbers: Collection[int]) -> dict[int, str]:
        """The scopes that have these numbers, as far as there are any."""
        possible = sorted({number for number in numbers if 0 < number <= _LARGEST})
        if not possible:
            return {}
        found = select(org_units).where(among(self._dialect, org_units.c.number, possible))
        return {row.number: row.scope for row in self._transaction.read(found.order_by(org_units.c.number))}

    def _numbers(self, scopes: Collection[str]) -> dict[str, int]:
        if not scopes:
            return {}
        found = select(org_units).where(among(self._dialect, org_units.c.scope, scopes))
        return {row.scope: row.number for row in self._transaction.read(found)}
