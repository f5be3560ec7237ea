"""What a denied subject is closest to: the nearest miss, and the one access rule that would turn the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from remit.core.model import ROOT, AccessRule, Advice, Code, Question, Witness
from remit.core.names import subject_problem
from remit.core.pdp import deeper_of, holders_of, lives_in, need_around, role_names, roles_at
from remit.core.snapshot import Pair, Snapshot

_TURNABLE = (Code.UNKNOWN_SUBJECT, Code.NO_ROLE_HERE, Code.NO_PERMISSION)
_MISSES = (Code.NO_ROLE_HERE, Code.NO_PERMISSION, Code.NOT_AVAILABLE)


def advise(snapshot: Snapshot, question: Question, witness: Witness) -> Advice:
    """Advice for a deny that `decide` gave for this question on this snapshot."""
    nearest: str | None = None
    rules: tuple[AccessRule, ...] = ()
    lapsed: tuple[AccessRule, ...] = ()
    if witness.code in _MISSES:
        pair = snapshot.pairs[question.kind][question.action]
        nearest, rules = _nearest(snapshot, question, witness, pair)
        lapsed = tuple(_lapsed(snapshot, question, witness, pair))
    line, why = _suggest(snapshot, question, witness)
    return Advice(nearest, rules, lapsed, line, why)


def _nearest(
    snapshot: Snapshot, question: Question, witness: Witness, pair: Pair
) -> tuple[str | None, tuple[AccessRule, ...]]:
    """A role held here that lacks the permission, else a permitting role held elsewhere."""
    lacks = f"which lacks {question.kind}:{question.action}"
    holders = holders_of(snapshot, question.subject, question.groups, question.when)
    asked = witness.place or witness.home or ROOT
    need = _need(snapshot, pair, asked)
    for scope in snapshot.chains[asked]:
        for holder in holders:
            for role in role_names(snapshot, roles_at(snapshot, holder, scope, question.when) & ~need):
                return f"holds {role} in {scope}, {lacks}", _rules(snapshot, question, holder, role, scope)
    permitting = pair.anywhere
    for mask in pair.narrowed.values():
        permitting |= mask
    for holder in holders:
        for scope in snapshot.grants.get(holder, {}):
            for role in role_names(snapshot, roles_at(snapshot, holder, scope, question.when) & permitting):
                where = f"holds {role} in {scope}, not in {asked}"
                if witness.code is Code.NOT_AVAILABLE:
                    where = f"holds {role} in {scope}, but {witness.home} is home and {asked} is not below it"
                return where, _rules(snapshot, question, holder, role, scope)
    return None, ()


def _rules(snapshot: Snapshot, question: Question, holder: str, role: str, scope: str) -> tuple[AccessRule, ...]:
    """The first access rule that gives this role here and now."""
    now = (r for r in snapshot.rules_of(holder, scope) if r.role == role and r.since <= question.when < r.until)
    return tuple(sorted(now, key=lambda rule: rule.origin)[:1])


def _lapsed(snapshot: Snapshot, question: Question, witness: Witness, pair: Pair) -> Iterator[AccessRule]:
    """Access rules that would have granted at another instant."""
    if witness.code is Code.NOT_AVAILABLE:
        return
    asked = witness.place or witness.home or ROOT
    may = set(role_names(snapshot, _need(snapshot, pair, asked)))
    for holder in holders_of(snapshot, question.subject, question.groups, question.when):
        for scope in snapshot.chains[asked]:
            for rule in snapshot.rules_of(holder, scope):
                if rule.role in may and not rule.since <= question.when < rule.until:
                    yield rule


def _suggest(snapshot: Snapshot, question: Question, witness: Witness) -> tuple[str | None, str | None]:
    """The access rule that would grant (least role, narrowest scope), or why there is none."""
    if witness.code is Code.NOT_AVAILABLE:
        return None, "a block is seen and used at its home and below; no access rule changes where it lives"
    if witness.code not in _TURNABLE:
        return None, "the request names something that the policy does not know, or contradicts it"
    if problem := subject_problem(question.subject):
        return None, f"a policy line cannot name this subject: it {problem}"
    lives = lives_in(snapshot, question)
    if lives is None and not (question.action == "create" and question.place):
        help = "say where it lives (`resource.properties.scope`) or list it in policies/resources.csv"
        return None, f"the resource has no known home, so only roles held in all projects count; {help}"
    if lives is not None and lives not in snapshot.chains:
        return None, f"`{lives}`, where it lives, has left the scope tree: it is managed in all projects only"
    asked = witness.place or witness.home or ROOT
    if witness.place is None and asked == ROOT:
        return None, "a role in any one project would do; say which (`context.project`)"
    pair = snapshot.pairs[question.kind][question.action]
    roles = list(role_names(snapshot, _need(snapshot, pair, asked)))
    if not roles and witness.place is None:
        return _suggest_below(snapshot, question, pair, asked)
    if not roles:
        return None, _nobody(question, asked)
    return f"g, {question.subject}, {_least(snapshot, roles)}, {asked}", None


def _suggest_below(snapshot: Snapshot, question: Question, pair: Pair, home: str) -> tuple[str | None, str | None]:
    """Where any place would do and only permissions narrowed to a scope below home grant: that scope."""
    for narrow, mask in sorted(pair.narrowed.items()):
        if deeper_of(snapshot, home, narrow) == narrow and need_around(snapshot, pair, home) & mask:
            return f"g, {question.subject}, {_least(snapshot, list(role_names(snapshot, mask)))}, {narrow}", None
    return None, _nobody(question, home)


def _nobody(question: Question, scope: str) -> str:
    """Why no access rule can help: the permission itself is missing."""
    return f"no role may {question.action} {question.kind} in `{scope}`; a permission would widen all who hold its role"


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
