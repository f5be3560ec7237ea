"""What no recorded question needs, and which of it may go all at once.

What goes is not the one largest set of lines, of which there may be several: lines are tried one by one in a fixed
order (`support.in_order`). The policy without them loads, breaks no constraint that it kept before, and answers every
recorded question as it does now: that is judged in the end, by the one walk over that policy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from remit.core.constraints import Never, Requires
from remit.core.difference.plan import Version
from remit.core.duties import violations
from remit.core.findings import Finding
from remit.core.journal.support import Line, Support, in_order, lines_of
from remit.core.model import BLOCK_KINDS, WORKLOAD_KINDS, AccessRule, Membership, Origin, Permission, Question
from remit.core.omitting import without
from remit.core.policy import Policy, read_policy
from remit.core.search import allows
from remit.core.snapshot import Snapshot
from remit.errors import PolicyInvalid

_USE = "R029"  # a role uses the blocks exactly where it may create what uses them
_UNKNOWN = ("R013", "R037")  # a role, and a group or a type of subjects, that nothing declares


class Fate(StrEnum):
    """What becomes of a line that no question needs."""

    GOES = "goes"
    SPARE = "spare"
    """It gives what other lines give too, and those go."""
    NEW = "new"
    """It is newer than the time that was looked at."""
    DUE = "due"
    """The policy would not load without it."""
    BOUND = "bound"
    """A constraint would be broken without it."""


class Unneeded(NamedTuple):
    """A line that could be taken away alone, and no recorded question would be answered differently."""

    line: Line
    fate: Fate


class Proposal(NamedTuple):
    """All lines that no question needs, in the order of the policy; the files that differ without those that go; how
    many questions were judged again at how many instants, and those that came out differently: there must be none."""

    unneeded: tuple[Unneeded, ...]
    files: dict[str, bytes]
    judged: int
    flips: tuple[Question, ...]

    @property
    def gone(self) -> tuple[Line, ...]:
        """The lines that go."""
        return tuple(each.line for each in self.unneeded if each.fate is Fate.GOES)


def propose(version: Version, questions: Sequence[Question], new: Iterable[Origin], now: int) -> Proposal:
    """What may go of a policy that was asked these questions. Lines that are `new` stay; constraints are judged from
    `now` on (microseconds since 1970, UTC)."""
    files, policy = version
    snapshot = Snapshot(policy)
    support = Support(snapshot, questions)
    order = in_order(policy, snapshot.chains)
    kept = dict.fromkeys(new, Fate.NEW)
    while True:
        gone, resting = support.fewest(order, kept)
        changed = without(files, gone)
        more, after = _staying(version, snapshot, changed, gone, now)
        if after is not None and not more:
            break
        kept |= {origin: fate for origin, fate in more.items() if origin not in kept}
    found = []
    for line in lines_of(policy):
        fate = Fate.GOES if line.origin in gone else kept.get(line.origin, Fate.SPARE)
        if fate is Fate.GOES or not support.is_needed(line.origin, resting):
            found.append(Unneeded(line, fate))
    judge = Snapshot(after)
    flips = tuple(each for each in questions if allows(snapshot, each) != allows(judge, each))
    return Proposal(tuple(found), changed, len(questions), flips)


def _staying(
    version: Version, snapshot: Snapshot, changed: Mapping[str, bytes], gone: Collection[Origin], now: int
) -> tuple[dict[Origin, Fate], Policy | None]:
    """Which of the lines that were to go have to stay, and why; and the policy without them, if it loads."""
    lines = {line.origin: line for line in lines_of(version.policy) if line.origin in gone}
    try:
        after = read_policy({**version.files, **changed})
    except PolicyInvalid as refused:
        return dict.fromkeys(_due(refused.findings, lines), Fate.DUE), None
    return dict.fromkeys(_bound(version.policy, snapshot, after, lines, now), Fate.BOUND), after


def _due(findings: Iterable[Finding], gone: Mapping[Origin, Line]) -> set[Origin]:
    """Lines that have to stay for a policy to load, by what is wrong without them: at least one, if any went."""
    found: set[Origin] = set()
    for finding in findings:
        fields = {field.strip() for field in finding.text.split(",")}
        if finding.code == _USE:
            found |= {origin for origin, line in gone.items() if _is_use(line) and {line[0], line[1]} <= fields}
        elif finding.code in _UNKNOWN:
            for name in fields:
                found |= set([at for at, line in sorted(gone.items()) if name in _declared(line, finding.code)][:1])
    return found or set(gone)


def _is_use(line: Line) -> bool:
    """Does a line say that a role may use blocks, or create what uses them?"""
    if not isinstance(line, Permission):
        return False
    pair = (line.action, line.kind)
    return pair in {*(("use", kind) for kind in BLOCK_KINDS), *(("create", kind) for kind in WORKLOAD_KINDS)}


def _declared(line: Line, code: str) -> set[str]:
    """The names that a line makes known, of those that a finding of this code misses: a role by what it may; a subject
    and its type by being named."""
    if code == _UNKNOWN[0]:
        return {line.role} if isinstance(line, Permission) else set()
    match line:
        case AccessRule():
            return {line.subject, line.subject[: line.subject.index(":") + 1]}
        case Membership():
            return {line.member, line.group}
    return set()


def _bound(
    before: Policy, snapshot: Snapshot, after: Policy, gone: Mapping[Origin, Line], now: int
) -> Iterator[Origin]:
    """Lines that have to stay lest a constraint be broken that is not: what somebody has to have can be missing."""
    asking = tuple(each for each in after.constraints if isinstance(each, Requires | Never))
    if not asking:
        return
    there = {
        (found.constraint.name, who, where)
        for found in violations(replace(before, constraints=asking), snapshot, now)
        for who in found.who
        for where in found.where
    }
    for found in violations(replace(after, constraints=asking), Snapshot(after), now):
        if all((found.constraint.name, who, where) in there for who in found.who for where in found.where):
            continue
        holders = {name for who in found.who for name in (who, *snapshot.groups_of.get(who, ()))}
        other = found.constraint.other if isinstance(found.constraint, Requires) else None
        for origin, line in gone.items():
            joins = isinstance(line, Membership) and line.member in holders
            if joins or (isinstance(line, AccessRule) and line.subject in holders and line.role == other):
                yield origin
