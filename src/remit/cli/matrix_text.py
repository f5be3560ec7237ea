"""The two tables of a policy as a person reads them: kinds as sections, actions as questions, roles as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from remit.cli import ways
from remit.cli.render import columns, safe
from remit.core.matrix import Holding, Key
from remit.core.model import ROOT
from remit.core.snapshot import Snapshot

Pairs = dict[str, list[str]]
"""Kinds and their actions, in the vocabulary's order."""


Triple = tuple[str, str, str]
"""Role, kind and action."""


class Marks(NamedTuple):
    """How a cell says yes and no."""

    yes: str
    no: str


FINE, PLAIN = Marks("✔", "·"), Marks("x", ".")
"""For a terminal that has these characters, and for one that lacks them."""


def pairs_of(*snapshots: Snapshot) -> Pairs:
    """All that can be said by these policies, in the order of the first."""
    found: dict[str, dict[str, None]] = {}
    for snapshot in snapshots:
        for kind, verbs in snapshot.vocabulary.items():
            found.setdefault(kind, {}).update(dict.fromkeys(verbs))
    return {kind: list(actions) for kind, actions in found.items()}


def matrix_lines(pairs: Pairs, cells: Iterable[Key], marks: Marks) -> Iterator[str]:
    """What each role may. A permission narrowed to a scope is a number, which is explained below the tables."""
    scopes = scopes_of(cells)
    notes = Notes()

    def mark(cell: Triple) -> str:
        where = scopes.get(cell, [])
        return marks.yes if ROOT in where else notes.numbers(where) or marks.no

    yield from sections(pairs, scopes, mark)
    yield from notes.lines("and below only")
    yield "a role that a section does not list may do nothing with that kind"


def sections(pairs: Pairs, scopes: Mapping[Triple, object], mark: Callable[[Triple], str]) -> Iterator[str]:
    """A table for each kind, of the roles that have a cell in it."""
    width = max((cell_len(safe(role)) for role, *_ in scopes), default=0)
    for kind, actions in pairs.items():
        roles = list(dict.fromkeys(role for role, its_kind, _ in scopes if its_kind == kind))
        if not roles:
            continue
        rows = [
            (f"  {safe(role)}" + " " * (width - cell_len(safe(role))), *(mark((role, kind, each)) for each in actions))
            for role in roles
        ]
        yield from columns((safe(f"who can ... {kind}?"), *map(safe, actions)), rows)
        yield ""


def scopes_of(cells: Iterable[Key]) -> dict[Triple, list[str]]:
    """The scopes of each role, kind and action."""
    found: dict[Triple, list[str]] = {}
    for role, kind, action, scope in cells:
        found.setdefault((role, kind, action), []).append(scope)
    return found


class Notes:
    """Scopes by the numbers that stand for them in cells."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def numbers(self, scopes: Iterable[str]) -> str:
        """The numbers of these scopes, given out as they are asked for."""
        return "".join(f"({self._known.setdefault(scope, len(self._known) + 1)})" for scope in scopes)

    def lines(self, reach: str) -> Iterator[str]:
        """What each number stands for."""
        for scope, number in self._known.items():
            yield safe(f"({number}) in `{scope}` {reach}")


def holding_lines(held: Sequence[Holding]) -> Iterator[str]:
    """Who holds which role where."""
    if not held:
        yield "nobody holds a role, where and when it was asked"
        return
    yield from columns(
        ("SUBJECT", *ways.HEAD), [(each.subject + open_mark(each), *ways.cells(each.subject, each)) for each in held]
    )
    yield ""
    yield from open_lines(held)


def open_mark(held: Holding) -> str:
    """What stands behind the name of a group."""
    return " (open)" if held.is_open else ""


def open_lines(held: Iterable[Holding]) -> Iterator[str]:
    """That there are groups among the subjects, if there are."""
    if any(each.is_open for each in held):
        yield "a group is open: its members listed here are those of groups.csv, and others come with their tokens"
