"""The answers to `who`: as text, as JSON and as the rows of a sheet, each with the lines that give it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from remit.cli import ways
from remit.cli.render import columns, safe
from remit.cli.rights import decided
from remit.core.model import ROOT
from remit.core.review import Granted, Sought
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant

WHO_SHEET = ("subject", "open", "action", "kind", "id", *ways.SHEET, "revision")


def who_lines(snapshot: Snapshot, asked: Sought, found: Sequence[Granted]) -> Iterator[str]:
    """The answer to `who` as a person reads it."""
    yield safe(f"who may {asked.action} {asked.kind}; asked: {asked_words(snapshot, asked)}")
    if found:
        yield ""
        yield from _table(asked, found)
        yield ""
        yield from _counted(found)
    else:
        yield safe(f"  nobody: {_nobody(snapshot, asked)}")
    yield f"  judged at {format_instant(asked.when)} by revision {snapshot.revision}"


def _table(asked: Sought, found: Iterable[Granted]) -> Iterator[str]:
    """One row for each way; the topmost scopes where only if any scope was asked."""
    where = asked.at is None
    head = ("SUBJECT", *(["WHERE"] if where else []), *ways.HEAD, "PERMISSION")
    rows = []
    for each in found:
        subject = each.subject + (" (open)" if each.is_open else "")
        for way in each.ways:
            lead = (subject, way.at) if where else (subject,)
            rows.append((*lead, *ways.cells(each.subject, way), way.permission.origin))
    yield from columns(head, rows)


def asked_words(snapshot: Snapshot, asked: Sought) -> str:
    """The scopes that were asked, in words (design §4)."""
    at_place = snapshot.pairs[asked.kind][asked.action].at_place
    thing = f"`{asked.kind}:{asked.id}`, which lives in `{asked.home}`"
    if not at_place:
        where = "any home" if asked.at is None else f"home `{asked.at}`"
        return where if asked.id is None else f"{where}, of {thing}"
    if asked.id is None:
        where = "any place" if asked.at is None else f"place `{asked.at}`"
        return f"{where}, of whatever {asked.kind} is available there"
    if asked.at is not None:
        return f"place `{asked.at}`, of {thing}"
    return f"any place{'' if asked.home == ROOT else f' in `{asked.home}`'}, of {thing}"


def _nobody(snapshot: Snapshot, asked: Sought) -> str:
    """Why nobody may."""
    if asked.home not in snapshot.chains and snapshot.pairs[asked.kind][asked.action].at_place:
        return f"`{asked.home}` has left the scope tree"
    if asked.at is not None and asked.home in snapshot.chains and asked.home not in snapshot.chains[asked.at]:
        return f"what lives in `{asked.home}` is not available in `{asked.at}`"
    able = [each for each in snapshot.permissions if (each.kind, each.action) == (asked.kind, asked.action)]
    if not able:
        return f"no role may {asked.action} {asked.kind}"
    roles = ", ".join(dict.fromkeys(f"`{each.role}`" for each in able))
    return f"no subject holds a role that may, where and when it would count; such roles: {roles}"


def _counted(found: Sequence[Granted]) -> Iterator[str]:
    """How many of which type, and what an open group means."""
    types = Counter(each.subject.partition(":")[0] for each in found)
    parts = ", ".join(f"{count:,} {type_}{'s' if count > 1 else ''}" for type_, count in types.items())
    yield safe(f"  {parts}")
    if any(each.is_open for each in found):
        yield "  a group is open: its members listed here are those of groups.csv, and others come with their tokens"


def who_json(snapshot: Snapshot, asked: Sought, found: Iterable[Granted]) -> dict[str, Any]:
    """The answer to `who` for scripts."""
    return {
        "asked": asked_json(snapshot, asked),
        "subjects": [
            {
                "subject": each.subject,
                "open": each.is_open,
                "where": list(each.tops),
                "ways": [ways.as_json(each.subject, way) for way in each.ways],
            }
            for each in found
        ],
        "revision": snapshot.revision,
    }


def asked_json(snapshot: Snapshot, asked: Sought) -> dict[str, Any]:
    """What was asked, for scripts. `scope` is the home or the place asked, by what `decided` says; null is any.
    `home` is where the one thing of `id` lives."""
    return {
        "action": asked.action,
        "kind": asked.kind,
        "id": asked.id,
        "home": None if asked.id is None else asked.home,
        "decided": decided(snapshot, asked),
        "scope": asked.at,
        "when": format_instant(asked.when),
    }


def who_rows(snapshot: Snapshot, asked: Sought, found: Iterable[Granted]) -> Iterator[ways.Row]:
    """The answer to `who` as rows under WHO_SHEET, one for each way."""
    for each in found:
        lead = (each.subject, "yes" if each.is_open else "no", asked.action, asked.kind, asked.id)
        for way in each.ways:
            yield (*lead, *ways.sheet_cells(each.subject, way), snapshot.revision)
