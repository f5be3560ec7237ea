"""Lines of the journal for a spreadsheet: a row for each thing that was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from remit.cli.journal.text import verdict_of
from remit.cli.render import safe
from remit.core.journal.entries import Entry

HEAD = (
    "id", "time", "kind", "op", "verdict", "code", "subject", "action", "resource_kind", "resource_id", "home",
    "place", "caller", "revision", "instant", "request", "microseconds", "groups", "details",
)  # fmt: skip
"""The columns."""

_SHOWN = ("prev", "writer", "seq", "time", "kind", "op", "caller", "revision", "instant", "request", "us", "items")


def rows_of(entry: Entry, items: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """The rows of one line: one for each of these items, or one if it has none."""
    body = entry.body
    details = {name: value for name, value in body.items() if name not in _SHOWN}
    whole = verdict_of(entry) if "op" in body else None
    for item in items or ({},):
        groups = [f"{name} ({how})" for how, names in item.get("groups", {}).items() for name in names]
        more = details | {name: item[name] for name in ("why", "context", "declared", "known") if name in item}
        cells = (
            entry.id, body.get("time"), entry.kind, body.get("op"), item.get("verdict", whole),
            item.get("code"), item.get("subject"), item.get("action"), item.get("kind"), item.get("id"),
            item.get("home"), item.get("place"), body.get("caller"), body.get("revision"), body.get("instant"),
            body.get("request"), body.get("us"), " ".join(groups),
            json.dumps(more, ensure_ascii=False) if more else None,
        )  # fmt: skip
        yield ["" if cell is None else safe(str(cell)) for cell in cells]
