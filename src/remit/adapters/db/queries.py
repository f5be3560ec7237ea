"""How a `Wanted` becomes SQL, in the words of each database."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, Select, Table, Text, any_, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from remit.adapters.values import folded, kept_among, storable
from remit.service.ports import Wanted

_MOST = 2**63 - 1


def insert(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what to do about a row that is there already."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def among(dialect: str, column: ColumnElement[Any], values: Collection[str] | Collection[int]) -> ColumnElement[bool]:
    """`column` is one of `values`, however many: they are one parameter, since databases bound how many there may be.

    The texts must be `storable`.
    """
    given = list(values)
    if dialect == "postgresql":
        kind = ARRAY(Integer if given and isinstance(given[0], int) else Text)
        return column == any_(literal(given, kind))
    each = func.json_each(literal(json.dumps(given, ensure_ascii=False), Text)).table_valued("value")
    return column.in_(select(each.c.value))


def finds_nothing(wanted: Wanted) -> bool:
    """True if no row can be wanted, so that nobody need be asked."""
    nowhere = wanted.scopes is not None and not wanted.scopes
    return nowhere or not all(storable(text) for text in (wanted.name, wanted.search) if text)


def matching(dialect: str, table: Table, wanted: Wanted, searched: Collection[str]) -> list[ColumnElement[bool]]:
    """The conditions of a list, but for the variants; `searched` are the columns that hold folded text."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.scopes is not None:
        conditions.append(among(dialect, table.c.scope, kept_among(wanted.scopes)))
    if wanted.name:
        conditions.append(table.c.name == wanted.name)
    if wanted.search:
        position = func.strpos if dialect == "postgresql" else func.instr  # no patterns, so no wildcards either
        found = [position(table.c[name], folded(wanted.search)) > 0 for name in searched]
        anywhere = found[0]
        for one in found[1:]:
            anywhere = anywhere | one
        conditions.append(anywhere)
    return conditions


def cut(statement: Select[Any], table: Table, wanted: Wanted) -> Select[Any]:
    """The list in its order, and the part of it that is wanted. Descending is the ascending order backwards."""
    columns = {"name": table.c.name, "created": table.c.created_at, "updated": table.c.updated_at}
    keys = (columns[wanted.sort], table.c.id)
    statement = statement.order_by(*(key.desc() if wanted.descending else key for key in keys))
    if wanted.limit is not None:
        statement = statement.limit(_bounded(wanted.limit))
    return statement.offset(_bounded(wanted.offset)) if wanted.offset else statement


def _bounded(number: int) -> int:
    return min(max(number, 0), _MOST)  # SQLite takes a negative limit for none
