"""Every case of a policy decided, twice: by the snapshot and by Casbin. And a sample of everything else.

Before a revision goes live its cases must come out as written, and the two judges must agree on them and on a
sample of the space (design §5). Both are asked about a slice of the policy: the lines that can bear on the
subjects in question.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from remit.core.access import AccessRules
from remit.core.cases import Case, Exactly, Given, Suite
from remit.core.checks import check_memberships, check_names, check_tree, check_use
from remit.core.findings import Report, Source
from remit.core.lines import access_rule, membership, permission
from remit.core.model import ALWAYS, FOREVER, ROOT, AccessRule, Code, Origin, Question
from remit.core.oracle import Oracle, slice_of
from remit.core.pdp import decide
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from remit.core.tables import add_parent

_UNKNOWN = {
    Code.UNKNOWN_KIND: "kind",
    Code.UNKNOWN_ACTION: "action",
    Code.UNKNOWN_SCOPE: "scope",
    Code.UNKNOWN_SUBJECT: "subject",
}


class Outcome(NamedTuple):
    """How one case came out; `fault` says what is wrong, and is empty if nothing is."""

    origin: Origin
    fault: str = ""

    @property
    def passed(self) -> bool:
        """True if the case came out as written."""
        return not self.fault


def try_policy(policy: Policy, now: int) -> Iterator[Outcome]:
    """Decide every case of a policy; cases that name no time are judged at `now`."""
    for suite in policy.suites:
        yield from try_suite(policy, suite, now)


def try_suite(policy: Policy, suite: Suite, now: int) -> Iterator[Outcome]:
    """Decide the cases of one file, each under the lines given above it."""
    block: list[Case | Exactly] = []
    for entry in suite.entries:
        if not isinstance(entry, Given):
            block.append(entry)
            continue
        yield from _try_block(policy, block, now)
        block = []
        policy, fault = _with_line(policy, entry)
        if fault:
            yield Outcome(entry.line.origin, fault)
    yield from _try_block(policy, block, now)


class _Bench:
    """Both judges over one slice of a policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.snapshot = Snapshot(policy)
        self._oracles: dict[int, Oracle] = {}

    def judge(self, question: Question) -> tuple[Code, bool]:
        """The snapshot's code, and whether Casbin agrees with its verdict."""
        if question.when not in self._oracles:
            self._oracles[question.when] = Oracle(self.policy, question.when)
        code = decide(self.snapshot, *question).code
        return code, self._oracles[question.when].allows(question) == (code is Code.GRANTED)


def _try_block(policy: Policy, block: list[Case | Exactly], now: int) -> Iterator[Outcome]:
    """Decide cases that stand under the same given lines."""
    if not block:
        return
    cases = [entry for entry in block if isinstance(entry, Case)]
    holders = {(role, scope) for case in cases if case.held for role, scope in (case.held,)}
    for entry in block:
        if isinstance(entry, Exactly):
            holders |= {(role, scope) for role in policy.roles for scope in _scopes_of(policy, role, entry)}
    sliced = slice_of(policy, (case.subject for case in cases))
    staged = AccessRules.of(
        [*sliced, *(_staged(role, scope) for role, scope in sorted(holders) if role in policy.roles)]
    )
    bench = _Bench(replace(policy, access_rules=staged))
    for entry in block:
        fault = _fault(bench, entry, now) if isinstance(entry, Case) else _exactly_fault(bench, entry, now)
        yield Outcome(entry.origin, fault)


def _fault(bench: _Bench, case: Case, now: int) -> str:
    """What is wrong with one case, or nothing."""
    subject = case.subject
    if case.held:
        role, scope = case.held
        if role not in bench.policy.roles:
            return f"`{role}` is not a role of this policy"
        if scope not in bench.snapshot.chains:
            return f"`{scope}` is not a scope of this policy"
        subject = _staged(role, scope).subject
    when = now if case.at is None else case.at
    code, agreed = bench.judge(Question(subject, case.action, case.kind, case.id, case.home, case.place, (), when))
    if code in _UNKNOWN:
        return f"the case names a {_UNKNOWN[code]} that the policy does not know"
    if not agreed:
        return f"Casbin disagrees: remit says {code}"
    if (code is Code.GRANTED) != case.allow:
        return f"expected {'allow' if case.allow else 'deny'}, decided {code}"
    return ""


def _exactly_fault(bench: _Bench, entry: Exactly, now: int) -> str:
    """Which roles may and should not, or should and may not."""
    policy = bench.policy
    if entry.action not in policy.vocabulary.get(entry.kind, {}):
        return f"the case names `{entry.action}` of `{entry.kind}`, which the vocabulary does not know"
    if strangers := [role for role in entry.roles if role not in policy.roles]:
        return f"`{strangers[0]}` is not a role of this policy"
    may = set()
    for role in policy.roles:
        for scope in _scopes_of(policy, role, entry):
            subject = _staged(role, scope).subject
            code, agreed = bench.judge(Question(subject, entry.action, entry.kind, None, scope, scope, (), now))
            if not agreed:
                return f"Casbin disagrees about `{role}` in `{scope}`: remit says {code}"
            if code is Code.GRANTED:
                may.add(role)
    missing, surplus = sorted(set(entry.roles) - may), sorted(may - set(entry.roles))
    words = [f"{', '.join(missing)} may not"] if missing else []
    return "; ".join(words + ([f"{', '.join(surplus)} may too"] if surplus else []))


def _scopes_of(policy: Policy, role: str, entry: Exactly) -> set[str]:
    """Where a role must be held for `exactly` to see what it may: the scopes of its permissions, and `*`."""
    pair = (entry.kind, entry.action)
    return {ROOT} | {p.scope for p in policy.permissions if p.role == role and (p.kind, p.action) == pair}


def _staged(role: str, scope: str) -> AccessRule:
    """An access rule for a subject that exists in this trial only."""
    return AccessRule(f"case:{role}@{scope}", role, scope, ALWAYS, FOREVER, Origin("(case)", 0))


def _with_line(policy: Policy, given: Given) -> tuple[Policy, str]:
    """The policy with one more line, or what is wrong with the line."""
    report = Report()
    line = given.line._replace(report=report)
    parents, permissions, memberships = dict(policy.parents), list(policy.permissions), list(policy.memberships)
    rules = policy.access_rules
    if line.fields[0] == "g2":
        add_parent(parents, line)
    elif line.fields[0] == "p":
        permissions += filter(None, [permission(line)])
    elif len(line.fields) > 2 and line.fields[2].startswith("group:"):
        memberships += filter(None, [membership(line)])
    elif (rule := access_rule(line)) is not None:
        if rule.role not in policy.roles:
            return policy, f"unknown role `{rule.role}`"
        rules = AccessRules.of([*rules, rule])
    sources = _Anywhere(line.source)
    check_tree(parents, sources, report)
    check_names(permissions, policy.vocabulary, parents, sources, report)
    check_memberships(memberships, sources, report)
    check_use(permissions, policy.vocabulary, sources, report)
    if report.has_errors:
        return policy, "; ".join(finding.message for finding in report.findings() if finding.is_error)
    roles = tuple(dict.fromkeys((*policy.roles, *(p.role for p in permissions))))
    added = replace(
        policy,
        parents=parents,
        permissions=tuple(permissions),
        memberships=tuple(memberships),
        access_rules=rules,
        roles=roles,
    )
    return added, ""


class _Anywhere(dict[str, Source]):
    """Every file name leads to the case file, since only the given line can be new."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def __missing__(self, name: str) -> Source:
        return self._source


def sample(policy: Policy, count: int, when: int) -> list[Question]:
    """Questions spread over a policy's subjects, pairs and scopes, the same for the same revision."""
    chance = random.Random(policy.revision)
    pairs = [(kind, action) for kind, verbs in policy.vocabulary.items() for action in verbs]
    scopes = [ROOT, *policy.parents]
    subjects = [*policy.access_rules.subjects, *(m.member for m in policy.memberships)]
    if not subjects or not pairs:
        return []
    few = [chance.choice(subjects) for _ in range(min(count, 25))]
    questions = []
    for _ in range(count):
        kind, action = chance.choice(pairs)
        place = chance.choice([None, *scopes])
        questions.append(Question(chance.choice(few), action, kind, None, chance.choice(scopes), place, (), when))
    return questions


def disagreements(policy: Policy, questions: Iterable[Question]) -> list[Question]:
    """The questions on which the snapshot and Casbin part. Empty, unless something is badly wrong."""
    questions = list(questions)
    sliced = slice_of(policy, (question.subject for question in questions))
    bench = _Bench(replace(policy, access_rules=sliced))
    return [question for question in questions if not bench.judge(question)[1]]
