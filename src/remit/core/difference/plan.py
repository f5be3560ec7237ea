"""What a change of policy does before it does it: who gains and loses what, what it strands, and what blocks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from remit.core.constraints import ground
from remit.core.difference.affected import Pair, Sides
from remit.core.difference.effects import Moved, effects
from remit.core.difference.escalation import Escalated, escalations
from remit.core.difference.folding import Entry, folded
from remit.core.difference.moved import Stranded, moved_resources, resource_effects, stranded
from remit.core.duties import Violation, violations
from remit.core.policy import Policy, read_policy
from remit.core.snapshot import Snapshot

_APPROVED_BY = 7
"""The column of an access rule or a membership that says who approved it."""

Say = Callable[[str], None]
"""Is told what is being done."""


class ChangedLine(NamedTuple):
    """A line that only one of the policies has; comments and empty lines aside."""

    added: bool
    file: str
    line: int
    text: str


class Rehung(NamedTuple):
    """A scope that hangs elsewhere: what lives in `seen` is available there now, what lives in `unseen` no longer."""

    scope: str
    seen: tuple[str, ...]
    unseen: tuple[str, ...]


class Plan(NamedTuple):
    """A change, judged at `now` (microseconds since 1970, UTC).

    `entries` are its effects over all of time, those that are over at `now` too. `redecided` are kinds and actions that
    are decided at another scope than before. `broken` are violations that the change brings, `standing` those that are
    there already. `escalations` is None where no author was named; `self_approved` are new lines that the author
    approved.
    """

    base: str
    head: str
    now: int
    author: str | None
    lines: tuple[ChangedLine, ...]
    entries: tuple[Entry, ...]
    moved: tuple[Moved, ...]
    rehung: tuple[Rehung, ...]
    redecided: tuple[Pair, ...]
    stranded: tuple[Stranded, ...]
    broken: tuple[Violation, ...]
    standing: tuple[Violation, ...]
    escalations: tuple[Escalated, ...] | None
    self_approved: tuple[ChangedLine, ...]

    @property
    def changes(self) -> bool:
        """Does it change any decision, at any time, or strand or break anything?"""
        return bool(self.entries or self.rehung or self.redecided or self.stranded or self.broken or self.escalations)

    @property
    def blocked(self) -> bool:
        """Is it of a class that must not go live as it is: does it break a constraint, or escalate?"""
        return bool(self.broken or self.escalations or self.self_approved)


class Version(NamedTuple):
    """One policy: its files, and what they say."""

    files: Mapping[str, bytes]
    policy: Policy


def version_of(files: Mapping[str, bytes]) -> Version:
    """A policy from its files. Raises PolicyInvalid if they are none."""
    return Version(files, read_policy(files))


def plan(
    base: Version,
    head: Version,
    now: int,
    author: str | None = None,
    say: Say = lambda _: None,
    groups: tuple[str, ...] = (),
) -> Plan:
    """What the change from one policy to another does. An author is judged by what `base` gives them, and the `groups`
    that they come with."""
    say("comparing what people may")
    sides = Sides((base.policy, Snapshot(base.policy)), (head.policy, Snapshot(head.policy)))
    moved = moved_resources(sides)
    found = [*effects(sides), *(effect for each in moved for effect in resource_effects(sides, each))]
    entries = folded(sides, found)
    say("judging the constraints")
    broken, standing = _violations(sides, now)
    say("judging the author")
    escalated = None if author is None else escalations(sides, found, author, now, groups)
    rehung, redecided = _rehung(sides), tuple(sorted(sides.redecided))
    lines, revisions = changed_lines(base.files, head.files), (base.policy.revision, head.policy.revision)
    return Plan(
        *revisions, now, author, lines, entries, moved, rehung, redecided, stranded(sides), broken, standing, escalated,
        self_approved(lines, author),
    )  # fmt: skip


def _violations(sides: Sides, now: int) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
    """The violations of the constraints of both policies that `head` would have: those that the change brings, and
    those that are there already, or were if the constraint were.

    The constraints of `base` count too: whoever drops one and breaks it would do both at once.
    """
    base, head = sides.policies
    known = {ground(each).text for each in head.constraints}
    dropped = tuple(each for each in base.constraints if ground(each).text not in known)
    every = (*head.constraints, *dropped)
    judged = violations(replace(head, constraints=every), sides.head, now)
    there = violations(replace(base, constraints=every), sides.base, now) if judged else ()
    standing = tuple(each for each in judged if any(_is_within(each, other, sides) for other in there))
    return tuple(each for each in judged if each not in standing), standing


def _is_within(one: Violation, other: Violation, sides: Sides) -> bool:
    """Is one violation no more than another of the base: of the same constraint, by nobody else, nowhere else and at no
    other time?"""
    return (
        ground(one.constraint).text == ground(other.constraint).text
        and set(one.who) <= set(other.who)
        and all(not set(other.where).isdisjoint(sides.head.chains.get(scope, ())) for scope in one.where)
        and other.since <= one.since
        and one.until <= other.until
    )


def _rehung(sides: Sides) -> tuple[Rehung, ...]:
    base, head = sides.trees.base, sides.trees.head
    found = []
    for scope in sorted(sides.trees.moved & base.keys() & head.keys()):
        seen = tuple(one for one in head[scope] if one not in base[scope])
        unseen = tuple(one for one in base[scope] if one not in head[scope])
        if seen or unseen:
            found.append(Rehung(scope, seen, unseen))
    return tuple(found)


def changed_lines(base: Mapping[str, bytes], head: Mapping[str, bytes]) -> tuple[ChangedLine, ...]:
    """The lines that only one of the policies has, wherever they stand; each as often as it is there more often."""
    found: list[ChangedLine] = []
    for name in sorted(base.keys() | head.keys()):
        before, after = base.get(name, b""), head.get(name, b"")
        if before != after:
            found += _only_in(name, after, before, added=True)
            found += _only_in(name, before, after, added=False)
    return tuple(found)


def self_approved(lines: Iterable[ChangedLine], author: str | None) -> tuple[ChangedLine, ...]:
    """The new access rules and memberships that their own author approved."""
    found = []
    for line in lines:
        fields = [field.strip() for field in line.text.split(",")]
        if line.added and fields[0] == "g" and len(fields) > _APPROVED_BY and fields[_APPROVED_BY] == author:
            found.append(line)
    return tuple(found)


def _only_in(name: str, data: bytes, other: bytes, added: bool) -> list[ChangedLine]:
    there = Counter(other.splitlines())
    found = []
    for number, line in enumerate(data.splitlines(), 1):
        there[line] -= 1
        if there[line] < 0 and line.strip() and not line.startswith(b"#"):
            found.append(ChangedLine(added, name, number, line.decode("utf-8", "replace")))
    return found


def is_over(entry: Entry, now: int) -> bool:
    """Does an entry concern the past only?"""
    return entry.until <= now
