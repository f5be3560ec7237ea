"""How each kind of constraint is broken: by whom, from when until when, by which lines. One judge for each kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from remit.core.breach import Breach, Fault, doing, is_group, over_time, within
from remit.core.constraints import EVERYONE, AtMost, Constraint, Never, Requires, Right, Separate
from remit.core.headcount import at_most, groups_that_may
from remit.core.holding import (
    Area,
    Backing,
    area_of,
    backing_of,
    ever,
    reached,
    right_lines,
    role_lines,
    roles_in,
    spans,
)
from remit.core.model import Ground
from remit.core.names import quoted
from remit.core.pdp import deeper_of, holders_of
from remit.core.review import topmost
from remit.core.snapshot import Snapshot


def breaches(constraint: Constraint, snapshot: Snapshot, now: int) -> Iterator[Breach]:
    """Every breach of a constraint from `now` on, subject by subject. It may be one of another revision."""
    match known_part(constraint, snapshot):
        case None:
            return iter(())
        case Separate() as known:
            return _separate(known, snapshot, now)
        case AtMost() as known:
            return at_most(known, snapshot, now)
        case Requires() as known:
            return _requires(known, snapshot, now, groups=known.closed)
        case Never() as known:
            return _never(known, snapshot, now)


def known_part(constraint: Constraint, snapshot: Snapshot) -> Constraint | None:
    """The constraint without the roles and rights that this policy does not know, which nobody has; None if nothing is
    left of it. Within one policy that is all of it: the reader takes no unknown name."""
    if constraint.scope not in snapshot.chains:
        return None
    match constraint:
        case Separate():
            roles = tuple(role for role in constraint.roles if role in snapshot.role_bits)
            rights = tuple(right for right in constraint.rights if _is_said(right, snapshot))
            return constraint._replace(roles=roles, rights=rights)
        case Requires():
            return constraint if constraint.role in snapshot.role_bits else None
        case AtMost() | Never():
            return constraint if _is_said(constraint.right, snapshot) else None


def _is_said(right: Right, snapshot: Snapshot) -> bool:
    return right.action in snapshot.pairs.get(right.kind, ())


def uncounted(constraint: Constraint, snapshot: Snapshot, now: int) -> Iterator[Breach]:
    """The groups whose members a constraint would have to know and cannot, as some come with a token only: what they
    do, as if it were a breach. None where groups are refused or judged anyway."""
    match known_part(constraint, snapshot):
        case AtMost(closed=False) as known:
            yield from groups_that_may(known, snapshot, now)
        case Requires(closed=False) as known:
            found = _requires(known, snapshot, now, groups=True)
            yield from (breach for breach in found if is_group(breach.who[0]))


def _separate(constraint: Separate, snapshot: Snapshot, now: int) -> Iterator[Breach]:
    """Roles or rights that nobody may unite: who might hold enough of them is looked at closely."""
    area = area_of(snapshot, constraint.scope)
    if constraint.roles:
        needs = [snapshot.role_bits[role] for role in constraint.roles]
        fault = partial(_roles_united, constraint, snapshot, area)
    else:
        backings = [backing_of(snapshot, right) for right in constraint.rights]
        needs = [backing.bits for backing in backings]
        fault = partial(_rights_united, constraint, snapshot, area, backings)
    bits = 0
    for need in needs:
        bits |= need
    for subject, mask in ever(snapshot, area, bits).items():
        if sum(1 for need in needs if need & mask) >= constraint.n:
            yield from over_time(subject, spans(snapshot, subject, area, bits, now), partial(fault, subject))


def _roles_united(constraint: Separate, snapshot: Snapshot, area: Area, subject: str, when: int) -> Fault | None:
    bits = sum(snapshot.role_bits[role] for role in constraint.roles)
    held = roles_in(snapshot, subject, area, bits, when)
    scopes = {
        role: tuple(sorted(scope for scope, roles in held.items() if roles & snapshot.role_bits[role]))
        for role in constraint.roles
    }
    had = [f"{quoted(role)} {within(some)}" for role, some in scopes.items() if some]
    if len(had) < constraint.n:
        return None
    lines = tuple(role_lines(snapshot, subject, held, when))
    return Fault("holds", _apart(had, constraint), tuple(sorted(held)), lines)


def _rights_united(
    constraint: Separate, snapshot: Snapshot, area: Area, backings: Sequence[Backing], subject: str, when: int
) -> Fault | None:
    found = [(backing, reached(snapshot, subject, backing, area, when)) for backing in backings]
    had = [doing(backing.right, topmost(snapshot, scopes)) for backing, scopes in found if scopes]
    if len(had) < constraint.n:
        return None
    lines = [right_lines(snapshot, subject, backing, scopes, when) for backing, scopes in found]
    where = {top for _, scopes in found for top in topmost(snapshot, scopes)}
    return Fault("may", _apart(had, constraint), tuple(sorted(where)), tuple(each for some in lines for each in some))


def _apart(had: list[str], constraint: Separate) -> str:
    return f"{', '.join(had[:-1])} and {had[-1]}; {quoted(constraint.name)} allows {constraint.n - 1} of these"


def _requires(constraint: Requires, snapshot: Snapshot, now: int, groups: bool) -> Iterator[Breach]:
    """One role without the other thing."""
    area = area_of(snapshot, constraint.scope)
    bit = snapshot.role_bits[constraint.role]
    both = bit | snapshot.role_bits.get(constraint.other, 0)
    for subject, mask in ever(snapshot, area, both).items():
        if mask & bit and (groups or not is_group(subject)):
            stretches = spans(snapshot, subject, area, both, now)
            yield from over_time(subject, stretches, partial(_lacking, constraint, snapshot, area, subject))


def _lacking(constraint: Requires, snapshot: Snapshot, area: Area, subject: str, when: int) -> Fault | None:
    """The scopes in which the role is held and, somewhere in what it reaches of the area, the other is not."""
    if constraint.other in holders_of(snapshot, subject, (), when):
        return None
    held = roles_in(snapshot, subject, area, snapshot.role_bits[constraint.role], when)
    others = roles_in(snapshot, subject, area, snapshot.role_bits.get(constraint.other, 0), when)
    lacking = {
        scope: roles
        for scope, roles in held.items()
        if others.keys().isdisjoint(snapshot.chains[deeper_of(snapshot, scope, area.scope) or scope])
    }
    if not lacking:
        return None
    where = tuple(sorted(lacking))
    group = constraint.other.startswith("group:")
    without = f"without belonging to {quoted(constraint.other)}" if group else f"without {quoted(constraint.other)}"
    what = f"{quoted(constraint.role)} {within(where)} {without}, which {quoted(constraint.name)} requires"
    return Fault("holds", what, where, tuple(role_lines(snapshot, subject, lacking, when)))


def _never(constraint: Never, snapshot: Snapshot, now: int) -> Iterator[Breach]:
    """A right that somebody has who must not."""
    area, right = area_of(snapshot, constraint.scope), constraint.right
    backing = backing_of(snapshot, right)

    def fault(subject: str, when: int) -> Fault | None:
        if not _is_meant(constraint, snapshot, subject, when):
            return None
        found = reached(snapshot, subject, backing, area, when)
        if not found:
            return None
        where = topmost(snapshot, found)
        what = f"{doing(right, where)}; {quoted(constraint.name)} says never"
        lines = (
            *right_lines(snapshot, subject, backing, found, when),
            *_joining(snapshot, subject, constraint.who, when),
        )
        return Fault("may", what, where, lines)

    for subject in ever(snapshot, area, backing.bits):
        yield from over_time(subject, spans(snapshot, subject, area, backing.bits, now), partial(fault, subject))


def _joining(snapshot: Snapshot, subject: str, group: str, when: int) -> Iterator[Ground]:
    """The memberships by which a subject is one of a group that `never` is about."""
    return (each.ground() for name, path in snapshot.paths_at(subject, when) if name == group for each in path)


def _is_meant(constraint: Never, snapshot: Snapshot, subject: str, when: int) -> bool:
    """Is this one of those who must not? A group is of every type, since anybody may come with it in a token."""
    holders = holders_of(snapshot, subject, (), when)
    if not set(constraint.but).isdisjoint(holders):
        return False
    if constraint.who.endswith(":"):
        return subject.startswith((constraint.who, "group:"))
    return constraint.who == EVERYONE or constraint.who in holders
