"""How the tables of two policies differ: what each role may, and who holds which role where and when."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from remit.core.difference.regions import trees_of
from remit.core.difference.spells import Spells, spells
from remit.core.difference.surroundings import Differing, others_apart, scopes_apart
from remit.core.matrix import Holding, Key, cells, holdings, widest
from remit.core.model import Permission
from remit.core.snapshot import Snapshot


class Word(StrEnum):
    """What has happened to a row; `time`: it is in both tables, and counts at other times than before."""

    REMOVED = "removed"
    ADDED = "added"
    TIME = "time"


class Change(NamedTuple):
    """A row that differs, of the policy that has it (of both: `head`). For a holding, all the time that it is held in
    either policy, which may be some for a row that is not in the table of this instant."""

    word: Word
    key: Key
    entry: Permission | Holding
    before: Spells = ()
    after: Spells = ()


class Difference(NamedTuple):
    """Two tables compared. `elsewhen` counts the holdings that are in neither table and count at other times than
    before; `surroundings` are what tables do not show."""

    changes: tuple[Change, ...]
    elsewhen: int
    surroundings: tuple[Differing, ...]

    @property
    def is_empty(self) -> bool:
        """Is it sure that nothing changed that the table is about?"""
        return not (self.changes or self.elsewhen or self.surroundings)


def role_difference(base: Snapshot, head: Snapshot, scope: str | None = None) -> Difference:
    """What each role may in one policy and not in the other.

    What another cell covers is left out of either table; so in a scope that hangs elsewhere a line may appear that was
    there all along, and that is no change.
    """
    lines = cells(base, scope), cells(head, scope)
    before, after = widest(base, lines[0]), widest(head, lines[1])
    moved = trees_of(base.chains, head.chains).moved
    changes = [
        Change(word, key, entry)
        for word, mine, others, there in (
            (Word.REMOVED, before, after, lines[1]),
            (Word.ADDED, after, before, lines[0]),
        )
        for key, entry in mine.items()
        if key not in others and not (key[3] in moved and key in there)
    ]
    return Difference(tuple(changes), 0, (*scopes_apart(base, head, scope), *others_apart(base, head)))


def holding_difference(base: Snapshot, head: Snapshot, when: int, scope: str | None = None) -> Difference:
    """Who holds what at an instant in one policy and not in the other, or for another time."""
    before, after = holdings(base, when, scope), holdings(head, when, scope)
    was, will = spells(base, scope), spells(head, scope)
    changed = {key for key in was.keys() | will.keys() if was.get(key) != will.get(key)}
    rows = [(Word.REMOVED, key, entry) for key, entry in before.items() if key not in after]
    rows += [(Word.ADDED, key, entry) for key, entry in after.items() if key not in before]
    rows += [(Word.TIME, key, entry) for key, entry in after.items() if key in before and key in changed]
    changes = tuple(Change(*row, was.get(row[1], ()), will.get(row[1], ())) for row in rows)
    elsewhen = sum(key not in before and key not in after for key in changed)
    return Difference(changes, elsewhen, scopes_apart(base, head, scope))
