"""What a denied subject is closest to: the nearest miss, and the one access rule that would turn the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from remit.core.model import ROOT, AccessRule, Advice, Code, Question, Witness
from remit.core.names import subject_problem
from remit.core.pdp import deeper_of, holders_of, lives_in, need_around, role_names, roles_at
from remit.core.snapshot import Pair, Snapshot

_MISSES = (Code.NO_ROLE_HERE, Code.NO_PERMISSION, Code.NOT_AVAILABLE)
_UNTURNABLE = {
    Code.UNKNOWN_KIND: "what the vocabulary does not list is allowed to nobody",
    Code.UNKNOWN_ACTION: "what the vocabulary does not list is allowed to nobody",
    Code.UNKNOWN_SCOPE: "nothing can be held in a scope that is not in the tree",
    Code.SCOPE_MISMATCH: "the request contradicts what is known of the resource",
    Code.NOT_AVAILABLE: "a block is seen and used at its home and below, and no access rule changes where it lives",
}


def advise(snapshot: Snapshot, question: Question, witness: Witness) -> Advice:
    """Advice for a deny that `decide` gave for this question on this snapshot."""
    nearest: str | None = None
    rules: tuple[AccessRule, ...] = ()
    lapsed: tuple[AccessRule, ...] = ()
    if witness.code in _MISSES:
        asked = _Asked(snapshot, question, witness, snapshot.pairs[question.kind][question.action])
        nearest, rules = _nearest(asked)
        if witness.code is not Code.NOT_AVAILABLE:
            lapsed = tuple(sorted(set(_lapsed(asked)), key=lambda rule: rule.origin))
    line, why = _suggest(snapshot, question, witness)
    return Advice(nearest, rules, lapsed, line, why)


class _Asked(NamedTuple):
    """A question that was denied for want of a role or a permission, or of the thing itself."""

    snapshot: Snapshot
    question: Question
    witness: Witness
    pair: Pair

    def holders(self) -> tuple[str, ...]:
        """The subject and the groups that count."""
        return holders_of(self.snapshot, self.question.subject, self.question.groups, self.question.when)

    def permitting(self, scope: str) -> int | None:
        """The roles that permit if they are held in this scope; None if nothing held there counts."""
        place, home = self.witness.place, self.witness.home or ROOT
        if place is not None:
            return _need(self.snapshot, self.pair, place) if scope in self.snapshot.chains[place] else None
        deeper = deeper_of(self.snapshot, home, scope)
        return None if deeper is None else need_around(self.snapshot, self.pair, deeper)

    def held(self) -> list[tuple[str, str, int]]:
        """Each holder with a scope and the roles held there at the instant judged; the closest scopes first."""
        snapshot, when = self.snapshot, self.question.when
        chain = snapshot.chains[self.witness.place or self.witness.home or ROOT]
        found = [
            (holder, scope, roles_at(snapshot, holder, scope, when))
            for holder in self.holders()
            for scope in snapshot.grants.get(holder, ())
        ]
        return sorted(found, key=lambda each: chain.index(each[1]) if each[1] in chain else len(chain))


def _nearest(asked: _Asked) -> tuple[str | None, tuple[AccessRule, ...]]:
    """A role held here that lacks the permission, else a permitting role held elsewhere."""
    snapshot, question, *_ = asked
    for holder, scope, roles, but in _misses(asked):
        for role in role_names(snapshot, roles):
            by = f", by way of `{holder}`" if holder != question.subject else ""
            return f"holds `{role}` in `{scope}`{by}, {but}", _access_rules(snapshot, question, holder, role, scope)
    return None, ()


def _misses(asked: _Asked) -> Iterator[tuple[str, str, int, str]]:
    """Each miss as holder, scope, roles and what these roles fall short of; the nearest first."""
    snapshot, question, witness, pair = asked
    may = f"which may {question.action} {question.kind}"
    somewhere = pair.anywhere
    for mask in pair.narrowed.values():
        somewhere |= mask
    held = asked.held()
    here = [(*each, need) for each in held if (need := asked.permitting(each[1])) is not None]
    if witness.code is Code.NOT_AVAILABLE:
        for holder, scope, roles, need in here:
            yield holder, scope, roles & need, f"{may} in `{witness.place}`"
        for holder, scope, roles in held:
            yield holder, scope, roles & _need(snapshot, pair, scope), f"{may} there"
    for holder, scope, roles, need in here:
        yield holder, scope, roles & ~need & somewhere, f"{may}, but not there"
    for holder, scope, roles, _ in here:
        yield holder, scope, roles & ~somewhere, f"which lacks `{question.kind}:{question.action}`"
    if witness.code is not Code.NOT_AVAILABLE:
        for holder, scope, roles in held:
            if asked.permitting(scope) is None:
                yield holder, scope, roles & somewhere, _elsewhere(asked, scope)


def _elsewhere(asked: _Asked, scope: str) -> str:
    """Why a role held in this scope does not count."""
    place, home = asked.witness.place, asked.witness.home
    if scope not in asked.snapshot.chains:
        return "which has left the scope tree"
    if place is None:
        return f"where nothing that lives in `{home}` can be seen"
    return "not in `*` (all projects)" if place == ROOT else f"not in `{place}` or above"


def _access_rules(snapshot: Snapshot, question: Question, holder: str, role: str, scope: str) -> tuple[AccessRule, ...]:
    """The first access rule that gives this role here and now."""
    now = (r for r in snapshot.access_rules_of(holder, scope) if r.role == role and r.since <= question.when < r.until)
    return tuple(sorted(now, key=lambda rule: rule.origin)[:1])


def _lapsed(asked: _Asked) -> Iterator[AccessRule]:
    """Access rules that would have granted at another instant: those in force now cannot, or it were no deny."""
    snapshot = asked.snapshot
    for holder in asked.holders():
        for scope in snapshot.grants.get(holder, ()):
            permitting = asked.permitting(scope) or 0
            for rule in snapshot.access_rules_of(holder, scope) if permitting else ():
                if snapshot.role_bits[rule.role] & permitting:
                    yield rule


def _suggest(snapshot: Snapshot, question: Question, witness: Witness) -> tuple[str | None, str | None]:
    """The access rule that would grant (least role, narrowest scope), or why there is none."""
    if witness.code in _UNTURNABLE:
        return None, _UNTURNABLE[witness.code]
    if problem := subject_problem(question.subject):
        return None, f"a policy line cannot name this subject: it {problem}"
    lives = lives_in(snapshot, question)
    if lives is None and not (question.action == "create" and question.place):
        help = "say where it lives, or list it in policies/resources.csv"
        return None, f"the resource has no known home, so only roles held in all projects count; {help}"
    if lives is not None and lives not in snapshot.chains:
        return None, f"`{lives}`, where it lives, has left the scope tree, so only roles held in all projects count"
    if witness.place is not None and witness.home not in snapshot.chains[witness.place]:
        return None, _UNTURNABLE[Code.NOT_AVAILABLE]
    pair = snapshot.pairs[question.kind][question.action]
    scopes = _narrowest(snapshot, pair, witness)
    if not scopes:
        where = f"in `{witness.place}`" if witness.place else f"where what lives in `{witness.home}` can be seen"
        why = f"no role may {question.action} {question.kind} {where}"
        return None, f"{why}; a permission is not suggested, since it would go to all who hold its role"
    role = _least(snapshot, list(scopes))
    if witness.place is None and scopes[role] == ROOT and snapshot.parents:
        return None, f"`{role}` in any one project would do; say in which it is to be seen"
    return f"g, {question.subject}, {role}, {scopes[role]}", None


def _narrowest(snapshot: Snapshot, pair: Pair, witness: Witness) -> dict[str, str]:
    """The roles that could grant, each with the narrowest scope in which it would."""
    asked = witness.place or witness.home or ROOT
    roles = dict.fromkeys(role_names(snapshot, _need(snapshot, pair, asked)), asked)
    if witness.place is None:  # any place would do, so a permission narrowed to a scope below home grants there
        below = [scope for scope in pair.narrowed if asked in snapshot.chains[scope]]
        for scope in sorted(below, key=lambda scope: (-len(snapshot.chains[scope]), scope)):
            roles = dict.fromkeys(role_names(snapshot, pair.narrowed[scope]), scope) | roles
    return roles


def _least(snapshot: Snapshot, roles: list[str]) -> str:
    """The role that may do the fewest things."""
    sizes = Counter(permission.role for permission in snapshot.permissions)
    return min(roles, key=lambda role: (sizes[role], role))


def _need(snapshot: Snapshot, pair: Pair, asked: str) -> int:
    """The roles that may at `asked`, by permissions there and above."""
    need = pair.anywhere
    for scope in snapshot.chains.get(asked, ()):
        need |= pair.narrowed.get(scope, 0)
    return need
