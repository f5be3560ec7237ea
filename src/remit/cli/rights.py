"""The answers to `can`: as text, as JSON and as the rows of a sheet, each with the lines that give it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from remit.cli import ways
from remit.cli.render import columns, safe
from remit.core.names import did_you_mean, quoted
from remit.core.pdp import holders_of
from remit.core.review import Granted, Sought
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant

CAN_SHEET = ("subject", "action", "kind", "decided", *ways.SHEET, "revision")

Right = tuple[Sought, Granted]


class About(NamedTuple):
    """Whose rights are asked: the subject, the groups given with it, the scope (None: any) and the instant."""

    subject: str
    groups: tuple[str, ...]
    scope: str | None
    when: int


def can_lines(snapshot: Snapshot, about: About, found: Sequence[Right]) -> Iterator[str]:
    """The answer to `can` as a person reads it."""
    where = "any home or place" if about.scope is None else f"`{about.scope}`, as home or place"
    yield safe(f"what {about.subject} may; asked: {where}")
    if found:
        yield ""
        yield from columns(*_table(about, found))
        yield ""
    else:
        yield safe(f"  nothing: {_nothing(snapshot, about)}")
    if counted := _counted(snapshot, about):
        yield safe(f"  groups counted: {', '.join(counted)}")
    yield f"  judged at {format_instant(about.when)} by revision {snapshot.revision}"


def _table(about: About, found: Iterable[Right]) -> tuple[tuple[str, ...], list[ways.Row]]:
    """The ways to each kind, those that differ in the action alone folded into one row."""
    actions: dict[tuple[object, ...], list[str]] = {}
    for asked, granted in found:
        for way in granted.ways:
            lead = (asked.kind, way.at) if about.scope is None else (asked.kind,)
            some = actions.setdefault((*lead, *ways.cells(about.subject, way)), [])
            if asked.action not in some:
                some.append(asked.action)
    head = ("ACTIONS", "KIND", *(["WHERE"] if about.scope is None else []), *ways.HEAD)
    return head, [(", ".join(some), *row) for row, some in actions.items()]


def _nothing(snapshot: Snapshot, about: About) -> str:
    """Why a subject may do nothing."""
    if is_known(snapshot, about):
        where = "" if about.scope is None else f" in `{about.scope}` or above"
        return f"{quoted(about.subject)} holds no role{where} that may do anything at that time"
    guess = did_you_mean(about.subject, {**snapshot.grants, **snapshot.memberships})
    help = f"; did you mean `{guess}`?" if guess else ""
    return f"no line of the policy names {quoted(about.subject)} or a group it belongs to{help}"


def is_known(snapshot: Snapshot, about: About) -> bool:
    """Does the policy name the subject or a group that counts?"""
    return any(map(snapshot.knows, holders_of(snapshot, about.subject, about.groups, about.when)))


def _counted(snapshot: Snapshot, about: About) -> list[str]:
    """The groups that count, each once."""
    holders = holders_of(snapshot, about.subject, about.groups, about.when)
    return [group for group in dict.fromkeys(holders) if group != about.subject]


def can_json(snapshot: Snapshot, about: About, found: Iterable[Right]) -> dict[str, Any]:
    """The answer to `can` for scripts. `where` are the topmost scopes; what is decided at home may be done to what
    lives there and below, what is decided at the place may be done there and below to what is available."""
    return {
        "asked": {
            "subject": about.subject,
            "groups": list(about.groups),
            "scope": about.scope,
            "when": format_instant(about.when),
        },
        "known": is_known(snapshot, about),
        "groups_counted": _counted(snapshot, about),
        "rights": [
            {
                "action": asked.action,
                "kind": asked.kind,
                "decided": decided(snapshot, asked),
                "where": list(granted.tops),
                "ways": [ways.as_json(about.subject, way) for way in granted.ways],
            }
            for asked, granted in found
        ],
        "revision": snapshot.revision,
    }


def can_rows(snapshot: Snapshot, about: About, found: Iterable[Right]) -> Iterator[ways.Row]:
    """The answer to `can` as rows under CAN_SHEET, one for each way."""
    for asked, granted in found:
        lead = (about.subject, asked.action, asked.kind, decided(snapshot, asked))
        for way in granted.ways:
            yield (*lead, *ways.sheet_cells(about.subject, way), snapshot.revision)


def decided(snapshot: Snapshot, asked: Sought) -> str:
    """Which scope decides: `home` or `place`."""
    return "place" if snapshot.pairs[asked.kind][asked.action].at_place else "home"
