"""How often, and when last, the access rules of a policy were used, by what the journal recorded.

An access rule is used once by each recorded allow whose explanation names it: the smallest set of lines that grants,
by the revision that decided. Lines come and go between revisions; a use counts for the line that gives the same role to
the same subject in the same scope and counted at that instant. An item of a batch is an allow of its own, and so is
each thing or action that a search found; a list, and permitted scopes, use each line once that the highest scopes
reached rest on. What the caller needed to ask counts too. Being found by a search for subjects is no use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from remit.core.explain import Permissions, permissions_of, shortest
from remit.core.journal.asked import Asked, asked, judged, normal
from remit.core.journal.entries import Entry, Kind
from remit.core.journal.spells import Spells
from remit.core.model import AccessRule, Origin, Question
from remit.core.pdp import holders_of
from remit.core.snapshot import Snapshot
from remit.errors import JournalDamaged

_MOST_KEPT = 200_000  # answers of one revision that are remembered

Held = tuple[str, str, str]
"""Subject, role and scope of an access rule."""


class Bearing:
    """Which access rules the allows of one revision rest on; asked about the same again and again."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._spells = Spells(snapshot)
        self._permissions: dict[tuple[str, str], Permissions] = {}
        self._found: dict[tuple[Question, bool], frozenset[Held]] = {}

    def rests_on(self, one: Asked) -> frozenset[Held]:
        """The access rules that a recorded allow rests on."""
        question = one.question if one.everywhere else normal(self.snapshot, one.question)
        key = (question._replace(when=self._spells.begin(question)), one.everywhere)
        if key not in self._found:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            self._found[key] = frozenset(filter(None, map(self._held, judged(self.snapshot, one))))
        return self._found[key]

    def _held(self, question: Question) -> Held | None:
        about = (question.kind, question.action)
        if about not in self._permissions:
            self._permissions[about] = permissions_of(self.snapshot, *about)
        way = shortest(self.snapshot, question, self._permissions[about])
        return None if way is None else way.access_rule[:3]


class Used(NamedTuple):
    """How often an access rule was used, and when last (microseconds since 1970, UTC)."""

    times: int
    last: int


Known = Callable[[str], Bearing | None]
"""The revision of this name; None if nobody has its files."""


class Tally:
    """Counts uses of the access rules of one policy. `active` says when somebody last asked, was asked about, or came
    by way of a group; `unknown` counts records by revisions whose files are nowhere, `unread` those that make no sense,
    `lost` those that could not be written; `unsure` are those whom the unknown may have allowed something, and `heard`
    those whom they denied it."""

    def __init__(self, access_rules: Iterable[AccessRule]) -> None:
        self.uses: dict[Origin, Used] = {}
        self.active: dict[str, int] = {}
        self.records = self.unread = self.lost = 0
        self.unknown: Counter[str] = Counter()
        self.unsure: set[str] = set()
        self.heard: set[str] = set()
        self._held: dict[Held, list[AccessRule]] = {}
        for each in access_rules:
            self._held.setdefault(each[:3], []).append(each)

    def take(self, entry: Entry, known: Known) -> None:
        """Count what one line of the journal says."""
        if entry.kind == Kind.LOST:
            self.lost += records if type(records := entry.body.get("records")) is int else 0
        try:
            found = asked(entry)
        except JournalDamaged:
            self.unread += 1
            return
        if not found:
            return
        self.records += 1
        revision = str(entry.body.get("revision", ""))
        bearing = known(revision)
        if bearing is None:
            self.unknown[revision] += 1
        for one in found:
            if one.own:
                self._met(one.question, bearing)
            if bearing is None and one.own:
                (self.unsure if one.allowed else self.heard).update((one.question.subject, *one.question.groups))
            elif bearing is not None and one.allowed and one.own:
                self._used(bearing.rests_on(one), one.question.when)

    def _met(self, question: Question, bearing: Bearing | None) -> None:
        names: Iterable[str] = (question.subject, *question.groups)
        if bearing is not None:
            names = holders_of(bearing.snapshot, question.subject, question.groups, question.when)
        for name in names:
            self.active[name] = max(question.when, self.active.get(name, question.when))

    def _used(self, held: Iterable[Held], when: int) -> None:
        for each in held:
            for line in self._held.get(each, ()):
                if line.since <= when < line.until:
                    times, last = self.uses.get(line.origin, Used(0, when))
                    self.uses[line.origin] = Used(times + 1, max(last, when))
                    break
