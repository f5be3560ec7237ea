"""Who may, and what may one: the answers to an auditor, each with the lines that give it.

A search proposes subjects, `explain` finds the lines by which they may, and the one walk judges each of them. What is
asked is always one action on one kind in some scope. Where that scope is decides the verb, as in a decision
(design §4): what is decided at home is asked where the thing lives; what is decided at the place is asked where it is
wanted, of whatever is available there, or of one thing whose home is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from remit.core.directory import highest
from remit.core.explain import Permissions, Way, permissions_of, ways
from remit.core.lasting import chains_at
from remit.core.model import ROOT, AccessRule, Code, Membership, Origin, Permission, Question, Witness
from remit.core.search import allows, proposed
from remit.core.snapshot import Snapshot


class Sought(NamedTuple):
    """What is asked: `action` on a thing of `kind`, at one instant.

    `id` is None for any thing of the kind, else `home` is where that one lives (`*` if any). `at` is the scope that is
    asked; None asks for all scopes at or below home.
    """

    action: str
    kind: str
    id: str | None
    home: str
    at: str | None
    when: int


class Granted(NamedTuple):
    """A subject that may: the topmost scopes where, and the ways that lead there, one for each access rule and scope,
    by the memberships that last.

    A group is open if nobody can say from the policy alone who is in it: members also come with their tokens.
    """

    subject: str
    tops: tuple[str, ...]
    ways: tuple[Way, ...]

    @property
    def is_open(self) -> bool:
        """Is it a group?"""
        return self.subject.startswith("group:")


def sought(snapshot: Snapshot, action: str, kind: str, id: str | None, scope: str | None, when: int) -> Sought:
    """What is asked by these words, all of which the policy must know. `id` is one of `resources.csv`; one that is
    decided at home is asked there, whatever `scope` says."""
    if id is None:
        return Sought(action, kind, None, ROOT, scope, when)
    home = snapshot.homes[kind][id][0]
    if snapshot.pairs[kind][action].at_place:
        return Sought(action, kind, id, home, scope, when)
    return Sought(action, kind, id, home, home if home in snapshot.chains else ROOT, when)


def question_at(snapshot: Snapshot, asked: Sought, subject: str, scope: str, groups: tuple[str, ...] = ()) -> Question:
    """The one decision behind an answer: may this subject, in this scope?"""
    declared = scope if asked.id is None else None
    place = scope if snapshot.pairs[asked.kind][asked.action].at_place else None
    return Question(subject, asked.action, asked.kind, asked.id, declared, place, groups, asked.when)


def who(snapshot: Snapshot, asked: Sought) -> Iterator[Granted]:
    """Every subject that the policy names and that may, in the order of names; groups are subjects of their own."""
    permissions = permissions_of(snapshot, asked.kind, asked.action)
    for subject in proposed(snapshot, asked.kind, asked.action, asked.home, asked.at):
        if granted := _granted(snapshot, asked, permissions, subject, ()):
            yield granted


def can(
    snapshot: Snapshot, subject: str, groups: tuple[str, ...], scope: str | None, when: int
) -> Iterator[tuple[Sought, Granted]]:
    """All that a subject may, in the vocabulary's order; `groups` come with the subject as in a decision."""
    permissions: dict[tuple[str, str], dict[str, list[Permission]]] = {}
    for each in snapshot.permissions:
        permissions.setdefault((each.kind, each.action), {}).setdefault(each.role, []).append(each)
    for kind, verbs in snapshot.vocabulary.items():
        for action in verbs:
            asked = sought(snapshot, action, kind, None, scope, when)
            if granted := _granted(snapshot, asked, permissions.get((kind, action), {}), subject, groups):
                yield asked, granted


def _granted(
    snapshot: Snapshot, asked: Sought, permissions: Permissions, subject: str, groups: tuple[str, ...]
) -> Granted | None:
    """The ways by which one subject may, each judged by the walk; None if there is none."""
    question = question_at(snapshot, asked, subject, asked.at or ROOT, groups)
    chains = chains_at(snapshot, subject, groups, asked.when)
    by_line: dict[Origin, dict[str, Way]] = {}
    for way in ways(snapshot, question, Witness(Code.GRANTED, place=asked.at, home=asked.home), permissions):
        reached = by_line.setdefault(way.access_rule.origin, {})
        if way.at not in reached or way.permission.origin < reached[way.at].permission.origin:
            reached[way.at] = way._replace(memberships=chains[way.access_rule.subject])
    kept = tuple(
        reached[at]
        for _, reached in sorted(by_line.items())
        for at in topmost(snapshot, reached)
        if allows(snapshot, question_at(snapshot, asked, subject, at, groups))
    )
    return Granted(subject, topmost(snapshot, {way.at for way in kept}), kept) if kept else None


def topmost(snapshot: Snapshot, scopes: Iterable[str]) -> tuple[str, ...]:
    """Those of the scopes that no other of them covers, in order."""
    return tuple(sorted(highest(scopes, snapshot.chains)))


def until_of(access_rule: AccessRule, memberships: Iterable[Membership]) -> int:
    """When a way ends: with the first of its lines that does."""
    return min([access_rule.until, *(each.until for each in memberships)])
