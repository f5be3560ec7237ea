"""A decision's witness to its lines, its sentence, its nearest miss (design §4, last paragraph)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from remit.core.advice import advise
from remit.core.model import (
    ROOT,
    AccessRule,
    Code,
    Explanation,
    Ground,
    Membership,
    Permission,
    Question,
    Witness,
)
from remit.core.names import quoted, unknown
from remit.core.pdp import deeper_of, holders_of, lives_in, walk
from remit.core.snapshot import Snapshot


def explain(snapshot: Snapshot, question: Question, witness: Witness, ignored: tuple[str, ...] = ()) -> Explanation:
    """Read the witness that `decide` gave for this question on this snapshot."""
    holders = holders_of(snapshot, question.subject, question.groups, question.when)
    counted = tuple(group for group in dict.fromkeys(holders) if group != question.subject)
    if witness.allowed:
        permissions = permissions_of(snapshot, question.kind, question.action)
        path = min(ways(snapshot, question, witness, permissions), key=lambda path: _size(snapshot, path))
        lines, sentence, advice = _grounds(snapshot, question, path), _granted(snapshot, question, path), None
    else:
        lines, sentence = (), _refused(snapshot, question, witness)
        advice = advise(snapshot, question, witness)
    return Explanation(witness.allowed, witness.code, sentence, lines, advice, snapshot.revision, counted, ignored)


def withheld(explanation: Explanation) -> Explanation:
    """What of an explanation anybody may know about itself: on an allow all of it, on a deny its code. The rest tells
    of scopes, homes and roles that the subject has nothing to do with."""
    if explanation.allowed:
        return explanation
    sentence = f"denied ({explanation.code}); more is told to whoever may have reasons (`decision:explain`)"
    return explanation._replace(sentence=sentence, lines=(), advice=None)


Permissions = Mapping[str, Sequence[Permission]]
"""Permissions by role."""


class Way(NamedTuple):
    """One way to an allow: how the holder is reached, what it holds, what that may, and the scope asked."""

    memberships: tuple[Membership, ...]
    access_rule: AccessRule
    permission: Permission
    at: str


def ways(snapshot: Snapshot, question: Question, witness: Witness, permissions: Permissions) -> Iterator[Way]:
    """Every way to this allow by these permissions, each group with a shortest chain of memberships."""
    for holder, memberships in _holders(snapshot, question):
        scopes = snapshot.grants.get(holder, {}) if witness.place is None else snapshot.chains[witness.place]
        for scope in scopes:
            for rule in snapshot.access_rules_of(holder, scope):
                if not rule.since <= question.when < rule.until:
                    continue
                for permission in permissions.get(rule.role, ()):
                    at = _asked(snapshot, witness, scope, permission.scope)
                    if at is not None:
                        yield Way(memberships, rule, permission, at)


def shortest(snapshot: Snapshot, question: Question, permissions: Permissions) -> Way | None:
    """The way to an allow that an explanation tells, by these permissions; None if it is a deny."""
    witness = Witness(*walk(snapshot, *question))
    if not witness.allowed:
        return None
    return min(ways(snapshot, question, witness, permissions), key=lambda way: _size(snapshot, way))


def permissions_of(snapshot: Snapshot, kind: str, action: str) -> Permissions:
    """The permissions for one action on one kind, by role."""
    found: dict[str, list[Permission]] = {}
    for permission in snapshot.permissions:
        if (permission.kind, permission.action) == (kind, action):
            found.setdefault(permission.role, []).append(permission)
    return found


def _holders(snapshot: Snapshot, question: Question) -> Iterator[tuple[str, tuple[Membership, ...]]]:
    """The subject, its groups and those of the request, each with the memberships that lead there."""
    for start in (question.subject, *question.groups):
        yield start, ()
        yield from snapshot.paths_at(start, question.when)


def _asked(snapshot: Snapshot, witness: Witness, held: str, permitted: str) -> str | None:
    """The scope at which role and permission meet: the place asked, or for "anywhere" the deepest of the three."""
    if witness.place is not None:
        chain = snapshot.chains[witness.place]
        return witness.place if held in chain and permitted in chain else None
    deeper = deeper_of(snapshot, witness.home or ROOT, held)
    return None if deeper is None else deeper_of(snapshot, deeper, permitted)


def _size(snapshot: Snapshot, path: Way) -> tuple[object, ...]:
    """Fewer lines first, then a role that is not held in all projects, then the earlier lines."""
    memberships, rule, permission, at = path
    lines = len(memberships) + len(snapshot.chains[at])
    return lines, rule.scope == ROOT, rule.origin, permission.origin, [each.origin for each in memberships]


def _grounds(snapshot: Snapshot, question: Question, path: Way) -> tuple[Ground, ...]:
    """The lines of a path: with these and no others the answer is the same."""
    verb = snapshot.vocabulary[question.kind][question.action]
    decided = "place" if verb.at_place else "home"
    grounds = [path.permission.ground(), path.access_rule.ground(), *(each.ground() for each in path.memberships)]
    grounds += scope_grounds(snapshot, path.at)
    if verb.at_place and path.at == ROOT and question.place is not None:
        grounds += scope_grounds(snapshot, question.place)  # not asked, but a place must be known
    entry = snapshot.homes.get(question.kind, {}).get(question.id or "")
    if entry is not None and question.known is None and question.action != "create":
        grounds.append(Ground("resource", entry[1], f"{question.kind}:{question.id}, {entry[0]}"))
    words = f"{question.kind}, {question.action}, {decided}, {verb.meaning}"
    return (*grounds, Ground("vocabulary", verb.origin, words))


def scope_grounds(snapshot: Snapshot, scope: str) -> Iterable[Ground]:
    """The lines that place a scope in the tree, up to `*`."""
    for child in snapshot.chains[scope][:-1]:
        parent, origin = snapshot.parents[child]
        yield Ground("scope", origin, f"g2, {child}, {parent}")


def _granted(snapshot: Snapshot, question: Question, path: Way) -> str:
    """One sentence for an allow."""
    _, role, scope, *_ = path.access_rule
    by = f", by way of `{path.access_rule.subject}`" if path.access_rule.subject != question.subject else ""
    permitted = path.permission.scope
    where = "there" if permitted in snapshot.chains[scope] else f"in `{permitted}`"
    return f"`{question.subject}` holds `{role}` in `{scope}`{by}, which may {question.action} {question.kind} {where}"


def _refused(snapshot: Snapshot, question: Question, witness: Witness) -> str:
    """One sentence for a deny, by its code."""
    subject, action, kind, id, *_ = question
    thing = quoted(f"{kind}:{id}") if id is not None else f"this {kind}"
    match witness.code:
        case Code.UNKNOWN_KIND:
            return unknown("kind", kind, snapshot.vocabulary)
        case Code.UNKNOWN_ACTION:
            return unknown(f"action of `{kind}`", action, snapshot.vocabulary[kind])
        case Code.UNKNOWN_SCOPE:
            name = witness.name or ""
            if name == lives_in(snapshot, question) != question.declared:
                return f"{thing} lives in `{name}`, which has left the scope tree"
            return unknown("scope", name, snapshot.chains)
        case Code.SCOPE_MISMATCH:
            return f"the request says that {thing} lives in `{witness.name}`; it lives in `{witness.home}`"
        case Code.UNKNOWN_SUBJECT:
            return f"no line of the policy names {quoted(subject)} or a group it belongs to"
        case Code.NOT_AVAILABLE:
            return f"{thing} lives in `{witness.home}` and is not available in `{witness.place}`"
        case Code.NO_PERMISSION:
            return f"no role that `{subject}` holds {_where(witness, thing)} may {action} {kind}"
        case _:
            return f"`{subject}` holds no role {_where(witness, thing)}"


def _where(witness: Witness, thing: str) -> str:
    """The scopes that were looked at, as words that follow "holds"."""
    if witness.place is None:
        return f"in any scope where {thing} could be seen"
    return "in `*` (all projects)" if witness.place == ROOT else f"in `{witness.place}` or above"
