"""Why a reviewer should look twice at an access rule: a short, closed list.

privileged         may publish or escalate the policy or vouch for groups, or changes things in all projects (`lint`'s
                   definition)
breaks-constraint  alone or with other lines it breaks a constraint, now or later
self-approved      its approver is its subject, or belongs to the group that it is about
open-group         its subject is a group of which the policy knows no member: they come with tokens
unused             nothing that was recorded rested on it, though it counted all that time
dormant            its subject neither asked anything nor was asked about, itself or by way of a group
stranded           its scope has left the tree: it reaches nothing
lapsed             its time is over
endless            it never ends
no-ticket          its line names no ticket
no-approver        its line names nobody who approved it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from remit.core.certifying.population import Entitled
from remit.core.duties import violations
from remit.core.journal.usage import Tally
from remit.core.lint.authority import Authority
from remit.core.model import FOREVER, ROOT, Origin
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot


class Mark(StrEnum):
    """What may be said of an access rule, in the order in which it is."""

    PRIVILEGED = "privileged"
    BREAKS_CONSTRAINT = "breaks-constraint"
    SELF_APPROVED = "self-approved"
    OPEN_GROUP = "open-group"
    UNUSED = "unused"
    DORMANT = "dormant"
    STRANDED = "stranded"
    LAPSED = "lapsed"
    ENDLESS = "endless"
    NO_TICKET = "no-ticket"
    NO_APPROVER = "no-approver"


LIGHT = frozenset((Mark.ENDLESS, Mark.NO_TICKET, Mark.NO_APPROVER))
"""What most lines have. Alone they ask for no justification: where all is justified, nothing is."""

BETWEEN = "; "
"""What parts marks in a cell."""


class Facts(NamedTuple):
    """What marks are judged by. `tally` None: there is no journal, so nothing is said of use; nor is it of `unsure`
    subjects, whom revisions allowed something that nobody has any more; by those, `heard` ones asked at all."""

    snapshot: Snapshot
    authority: Authority
    breaking: frozenset[Origin]
    tally: Tally | None
    unsure: frozenset[str]
    heard: frozenset[str]
    since: int
    now: int


def facts(policy: Policy, snapshot: Snapshot, tally: Tally | None, since: int, now: int) -> Facts:
    """All that marks of a policy's access rules are judged by; use is judged over the time from `since` to `now`."""
    breaking = {line.origin for each in violations(policy, snapshot, now) for line in each.lines}
    authority = Authority.of(each[:4] for each in policy.permissions)
    unsure, heard = (_with_groups(snapshot, some) for some in ((tally.unsure, tally.heard) if tally else ((), ())))
    return Facts(snapshot, authority, frozenset(breaking), tally, unsure, unsure | heard, since, now)


def _with_groups(snapshot: Snapshot, names: Iterable[str]) -> frozenset[str]:
    return frozenset(each for name in names for each in (name, *snapshot.groups_of.get(name, ())))


def marks_of(facts: Facts, entitled: Entitled) -> tuple[Mark, ...]:
    """The marks of one access rule, in their order."""
    return tuple(_marks(facts, entitled))


def weighs(marks: Iterable[str]) -> bool:
    """Do these marks ask for a justification of whoever approves the line?"""
    return any(mark not in LIGHT for mark in marks)


def belongs(snapshot: Snapshot, subject: str, group: str, now: int) -> bool:
    """Does a subject belong to a group, now or later, as far as the policy knows?"""
    met, waiting = {subject}, [subject]
    while waiting:
        for each in snapshot.memberships.get(waiting.pop(), ()):
            if each.until > now and each.group not in met:
                met.add(each.group)
                waiting.append(each.group)
    return group in met


def _marks(facts: Facts, entitled: Entitled) -> Iterator[Mark]:
    snapshot, now, (subject, role, scope, since, until, origin) = facts.snapshot, facts.now, entitled.access_rule
    if facts.authority.is_privileged(role, scope):
        yield Mark.PRIVILEGED
    if origin in facts.breaking:
        yield Mark.BREAKS_CONSTRAINT
    if entitled.approver and belongs(snapshot, entitled.approver, subject, now):
        yield Mark.SELF_APPROVED
    if subject.startswith("group:") and subject not in snapshot.group_names:
        yield Mark.OPEN_GROUP
    if facts.tally is not None:
        counted = since <= facts.since and until > now and subject not in facts.unsure
        if counted and origin not in facts.tally.uses:
            yield Mark.UNUSED
        if subject not in facts.tally.active and subject not in facts.heard:
            yield Mark.DORMANT
    if scope != ROOT and scope not in snapshot.chains:
        yield Mark.STRANDED
    if until <= now:
        yield Mark.LAPSED
    if until == FOREVER:
        yield Mark.ENDLESS
    if not entitled.ticket:
        yield Mark.NO_TICKET
    if not entitled.approver:
        yield Mark.NO_APPROVER
