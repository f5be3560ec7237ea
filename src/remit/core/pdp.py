"""The decision: one question, one snapshot, one instant, one witness (design §4).

Three scopes matter and are never confused: *home*, where the resource lives; *place*, where the action
happens; and where a role is *held*.
"""

from __future__ import annotations

from collections.abc import Iterator

from remit.core.model import ROOT, Code, Question, Witness
from remit.core.snapshot import Pair, Snapshot

Found = tuple[Code, str | None, str | None, int, str | None, str | None, str | None]
"""A Witness without its names: the parts in the same order. Naming them costs a fifth of a decision."""

_GRANTED, _NO_ROLE, _NO_PERMISSION = Code.GRANTED, Code.NO_ROLE_HERE, Code.NO_PERMISSION
_UNKNOWN_SUBJECT = Code.UNKNOWN_SUBJECT


def decide(
    snapshot: Snapshot,
    subject: str,
    action: str,
    kind: str,
    id: str | None = None,
    declared: str | None = None,
    place: str | None = None,
    groups: tuple[str, ...] = (),
    when: int = 0,
    known: str | None = None,
) -> Witness:
    """May `subject` do `action` to the resource at `when`? Arguments are those of `model.Question`.

    Never raises and stores nothing: an unknown name is a deny that says which. Identifiers must have been judged
    before (`names.identifier_problem`), and every name in `groups` begins with `group:`.
    """
    return Witness(*walk(snapshot, subject, action, kind, id, declared, place, groups, when, known))


def walk(
    snapshot: Snapshot,
    subject: str,
    action: str,
    kind: str,
    id: str | None,
    declared: str | None,
    place: str | None,
    groups: tuple[str, ...],
    when: int,
    known: str | None = None,
) -> Found:
    """What `decide` decides, as a plain tuple: the one walk, for those who ask a million times.

    The cost does not depend on the number of lines, but for `view` without a place, which may be linear in what
    the holders hold. One long function on purpose: every request of every user passes here, and a call costs as
    much as a look-up.
    """
    try:
        at_place, need, either, narrowed = pair = snapshot.pairs[kind][action]
    except KeyError:
        if kind not in snapshot.pairs:
            return Witness(Code.UNKNOWN_KIND, name=kind)
        return Witness(Code.UNKNOWN_ACTION, name=action)
    chains = snapshot.chains

    # Which scope is home, and which is asked?
    if declared is not None and declared not in chains:
        return Witness(Code.UNKNOWN_SCOPE, name=declared)
    if action == "create":
        home = at = declared or place or ROOT
        if at not in chains:
            return Witness(Code.UNKNOWN_SCOPE, name=at)
    else:
        if at_place and place is not None and place not in chains:
            return Witness(Code.UNKNOWN_SCOPE, name=place)
        lives = known
        if lives is None and id is not None and kind in snapshot.homes:
            entry = snapshot.homes[kind].get(id)
            lives = None if entry is None else entry[0]
        if lives is None:
            lives = declared
        elif at_place and lives not in chains:
            return Witness(Code.UNKNOWN_SCOPE, name=lives)
        elif declared is not None and declared != lives:
            return Witness(Code.SCOPE_MISMATCH, home=lives, name=declared)
        if lives is None or lives not in chains:
            home = at = ROOT  # unplaced, or stranded and managed at the root only
        else:
            home = at = lives
            if at_place:
                if place is not None:
                    at = place
                    if at != home and home not in chains[at]:
                        known_here = any(map(snapshot.knows, holders_of(snapshot, subject, groups, when)))
                        return Witness(Code.NOT_AVAILABLE if known_here else _UNKNOWN_SUBJECT, place=at, home=home)
                elif action == "view":
                    return _somewhere(snapshot, subject, groups, pair, home, when)

    # Does the subject, or a group that counts, hold a permitting role there or above?
    chain = chains[at]
    if narrowed:
        for scope in chain:
            need |= narrowed.get(scope, 0)
        either = need | need << snapshot.width
    grants = snapshot.grants
    seen = 0
    held = grants.get(subject)
    if held is not None:
        for scope in chain:
            if scope in held:
                value = held[scope]
                if value & either and (bits := value & need or timed_bits(snapshot, value, when) & need):
                    return (_GRANTED, subject, scope, bits, at, home, None)
                seen |= value
    if groups or subject in snapshot.groups_of:
        return _by_groups(snapshot, subject, groups, chain, need, home, when, seen)
    if not seen and held is not None:
        code = _NO_ROLE
    elif seen & snapshot.all_roles:
        code = _NO_PERMISSION
    else:
        code = _refusal(snapshot, (subject,), chain, seen, when)
    return (code, None, None, 0, at, home, None)


def _by_groups(
    snapshot: Snapshot, subject: str, groups: tuple[str, ...], chain: tuple[str, ...], need: int, home: str, when: int,
    seen: int,
) -> Found:  # fmt: skip
    """The walk through the groups that count, where the subject itself holds nothing that permits."""
    holders = holders_of(snapshot, subject, groups, when)
    for holder in holders[1:]:
        held = snapshot.grants.get(holder, {})
        for scope in chain:
            if value := held.get(scope, 0):
                if bits := (value | timed_bits(snapshot, value, when)) & need:
                    return (_GRANTED, holder, scope, bits, chain[0], home, None)
                seen |= value
    code = _NO_PERMISSION if seen & snapshot.all_roles else _refusal(snapshot, holders, chain, seen, when)
    return (code, None, None, 0, chain[0], home, None)


def _refusal(snapshot: Snapshot, holders: tuple[str, ...], chain: tuple[str, ...], seen: int, when: int) -> Code:
    """Which of the last codes a walk deserves that met no role without a window; `seen` is what it met."""
    if not seen:
        for holder in holders:
            if snapshot.knows(holder):
                return _NO_ROLE
        return _UNKNOWN_SUBJECT
    for holder in holders:
        if any(roles_at(snapshot, holder, scope, when) for scope in chain):
            return _NO_PERMISSION
    return _NO_ROLE


def _somewhere(snapshot: Snapshot, subject: str, groups: tuple[str, ...], pair: Pair, home: str, when: int) -> Witness:
    """Is there any place at which the answer would be yes? (design §4, rule 2)

    A place that lies at or below home, the permission's scope and the scope held exists exactly if these three
    lie on one path of the tree; so each scope held is compared, and no place is enumerated.
    """
    holders = holders_of(snapshot, subject, groups, when)
    has_role = False
    for holder in holders:
        for scope, value in snapshot.grants.get(holder, {}).items():
            deeper = deeper_of(snapshot, home, scope)
            if deeper is None:
                continue
            roles = value & snapshot.all_roles | timed_bits(snapshot, value, when)
            if bits := roles & need_around(snapshot, pair, deeper):
                return Witness(_GRANTED, holder, scope, bits, None, home)
            has_role = has_role or roles != 0
    if has_role:
        return Witness(_NO_PERMISSION, home=home)
    known = any(map(snapshot.knows, holders))
    return Witness(_NO_ROLE if known else _UNKNOWN_SUBJECT, home=home)


def holders_of(snapshot: Snapshot, subject: str, groups: tuple[str, ...], when: int) -> tuple[str, ...]:
    """The subject and every group that counts: by the policy's memberships and from the request, transitively."""
    holders = [subject, *snapshot.groups_at(subject, when)]
    for group in groups:
        holders += (group, *snapshot.groups_at(group, when))
    return tuple(holders)


def deeper_of(snapshot: Snapshot, one: str, other: str) -> str | None:
    """The deeper of two scopes if one covers the other, else None. Scopes outside the tree cover nothing."""
    if one in snapshot.chains.get(other, ()):
        return other
    return one if other in snapshot.chains and other in snapshot.chains[one] else None


def need_around(snapshot: Snapshot, pair: Pair, scope: str) -> int:
    """The roles whose permission lies on one path with `scope`: above it, at it or below it."""
    need = pair.anywhere
    for narrow, mask in pair.narrowed.items():
        if deeper_of(snapshot, scope, narrow) is not None:
            need |= mask
    return need


def timed_bits(snapshot: Snapshot, value: int, when: int) -> int:
    """The roles that the windows behind `value` (see `snapshot`) give at `when`."""
    width, rows = snapshot.width, snapshot.rows
    if rows.since is None or rows.until is None or not value >> width & snapshot.all_roles:
        return 0
    row, bits = value >> 2 * width, 0
    while row:
        if rows.since[row] <= when < rows.until[row]:
            bits |= 1 << rows.role_ids[row]
        row = rows.following[row]
    return bits


def roles_at(snapshot: Snapshot, holder: str, scope: str, when: int) -> int:
    """The roles, as a mask, that `holder` itself holds in exactly `scope` at `when`."""
    value = snapshot.grants.get(holder, {}).get(scope, 0)
    return value & snapshot.all_roles | timed_bits(snapshot, value, when)


def role_names(snapshot: Snapshot, bits: int) -> Iterator[str]:
    """The names of the roles of a mask, in the order the policy declares them."""
    return (role for role, bit in snapshot.role_bits.items() if bits & bit)


def lives_in(snapshot: Snapshot, question: Question) -> str | None:
    """Where the resource lives, as `decide` finds it: the catalog's word, `resources.csv`, the request's, or None."""
    if question.action == "create":
        return question.declared
    entry = snapshot.homes.get(question.kind, {}).get(question.id or "")
    return question.known or (entry[0] if entry else question.declared)
