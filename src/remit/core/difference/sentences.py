"""A plan in sentences: who gains and loses how much, and what blocks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from remit.core.difference.effects import Moved
from remit.core.difference.escalation import Escalated
from remit.core.difference.folding import Entry, Rights
from remit.core.difference.plan import Plan, is_over
from remit.core.difference.regions import Region
from remit.core.duties import Violation
from remit.core.model import ALWAYS, FOREVER, ROOT
from remit.core.names import counted
from remit.core.times import format_instant

_MOST_TOLD, _MOST_NAMES = 40, 4


def summary(plan: Plan) -> str:
    """One line: how many gain and lose, and what blocks."""
    if not plan.changes:
        return "no decision changes"
    now = [entry for entry in plan.entries if not is_over(entry, plan.now)]
    parts = []
    for word, gain in (("gain", True), ("lose", False)):
        some = [entry for entry in now if entry.gain is gain]
        if some:
            rights = {(who, *right) for e in some for who in e.subjects for right in each_right(e)}
            who = {name for entry in some for name in entry.subjects}
            parts.append(f"{who_text(who)} {word}{'s' * (len(who) == 1)} {counted(len(rights), 'right')}")
    past = len(plan.entries) - len(now)
    parts += [f"{counted(past, 'change')} of the past only"] if past else []
    parts += ["scopes move" for _ in plan.rehung[:1]] + ["scopes vanish" for _ in plan.stranded[:1]]
    parts += ["decisions move to other scopes" for _ in plan.redecided[:1]]
    if plan.blocked:
        parts.append(f"blocked by {_blocks(plan)}")
    return "; ".join(parts)


def each_right(entry: Entry) -> Iterator[tuple[str, str, Moved | None]]:
    """Kind and action of every right of an entry, and the one resource it is about."""
    for kinds, actions in entry.rights:
        yield from ((kind, action, entry.resource) for kind in kinds for action in actions)


def _blocks(plan: Plan) -> str:
    names = dict.fromkeys(violation.constraint.name for violation in plan.broken)
    broken = [f"broken constraints ({', '.join(names)})"] if names else []
    others = {"an escalation": plan.escalations, "an approval of one's own": plan.self_approved}
    return " and ".join(broken + [what for what, found in others.items() if found])


def rights_text(rights: Rights, resource: Moved | None) -> str:
    """Actions and what they are done to."""
    if resource is not None:
        actions = [action for _, some in rights for action in some]
        return f"{_listed(actions)} `{resource.kind}:{resource.id}`"
    return "; ".join(f"{_listed(actions)} {_listed(kinds)}" for kinds, actions in rights)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def named(subjects: Sequence[str]) -> str:
    """Who it is: by name while they are few."""
    if len(subjects) <= _MOST_NAMES:
        return " and ".join(f"`{name}`{' (open)' if name.startswith('group:') else ''}" for name in subjects)
    return who_text(subjects)


def who_text(subjects: Iterable[str]) -> str:
    """How many people, open groups (members come with tokens too) and others."""
    kinds = [name.partition(":")[0] for name in subjects]
    people, groups, others = kinds.count("user"), kinds.count("group"), 0
    others = len(kinds) - people - groups
    parts = [f"{people:,} {'person' if people == 1 else 'people'}"] if people else []
    parts += [counted(groups, "open group")] if groups else []
    parts += [counted(others, "application")] if others else []
    return " and ".join(parts)


def region_text(region: Region) -> str:
    """A region in words."""
    but = f" but for {', '.join(region.but)}" if region.but else ""
    return ("in all projects" if region.top == ROOT else f"in {region.top}") + but


def broken_sentence(violation: Violation, now: int) -> str:
    """A broken constraint: who breaks it how, from when until when."""
    time = time_text(violation.since, violation.until, now)
    return f"{violation.sentence},{time}" if time else violation.sentence


def time_text(since: int, until: int, now: int) -> str:
    """From when until when, as far as it is not simply from now on."""
    begins = f" from {format_instant(since)}" if since != ALWAYS and since > now else ""
    return begins + (f" until {format_instant(until)}" if until != FOREVER else "")


def blocked(plan: Plan) -> Iterator[str]:
    """What blocks, beside constraints, as sentences."""
    found = plan.escalations or ()
    for each in found[:_MOST_TOLD]:
        yield _escalated(each, plan)
    if len(found) > _MOST_TOLD:
        yield f"and {len(found) - _MOST_TOLD:,} escalations more"
    for line in plan.self_approved:
        yield f"{line.file}:{line.line} is approved by `{plan.author}`, who wrote it"


def _escalated(each: Escalated, plan: Plan) -> str:
    who = f"{named(each.subjects)} {'is' if len(each.subjects) == 1 else 'are'}"
    who = who if each.subjects else "whoever holds a role there is"
    rights = rights_text(each.rights, each.resource)
    scopes = " and ".join("all projects" if scope == ROOT else scope for scope in each.scopes)
    where = "" if each.resource and each.scopes == (ROOT,) else f" in {scopes}"
    when = time_text(each.since, each.until, plan.now)
    return f"{who} given {rights}{where}{when}, which `{plan.author}` may not give"
