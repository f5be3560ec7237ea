"""Every case of a policy decided, twice: by the snapshot and by Casbin. And a sample of everything else.

Before a revision goes live its cases must come out as written, and the two judges must agree on them and on a
sample of the space (design §5). Both are asked about a slice of the policy: the lines that can bear on the
subjects in question.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from remit.core.cases import Case, Exactly, Suite
from remit.core.explain import explain
from remit.core.model import ROOT, Origin, Question, Witness
from remit.core.names import did_you_mean, quoted
from remit.core.oracle import Oracle, slice_of
from remit.core.pdp import decide
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from remit.core.stages import STAGE, named, question_of, questions_of, set_up, stages


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
    sliced = replace(policy, access_rules=slice_of(policy, named(policy.suites)))
    for suite in policy.suites:
        yield from try_suite(sliced, suite, now, Bench)


def try_suite(policy: Policy, suite: Suite, now: int, judges: Callable[[Policy], Bench]) -> Iterator[Outcome]:
    """Decide the cases of one file, each under the lines given above it."""
    for stage in stages(policy, suite):
        yield from (Outcome(*fault) for fault in stage.faults)
        if stage.entries:
            bench = judges(set_up(stage.policy, stage.entries))
            yield from (Outcome(entry.origin, _fault(bench, entry, now)) for entry in stage.entries)


class Bench:
    """Both judges over one slice of a policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.snapshot = Snapshot(policy)
        self._oracles: dict[int, Oracle] = {}

    def judge(self, question: Question) -> tuple[Witness, bool]:
        """What the snapshot finds, and whether Casbin agrees with its verdict."""
        if question.when not in self._oracles:
            self._oracles[question.when] = Oracle(self.policy, question.when)
        witness = decide(self.snapshot, *question)
        return witness, self._oracles[question.when].allows(question) == witness.allowed


class Quick(Bench):
    """The snapshot alone: for asking again what Casbin has agreed to."""

    def judge(self, question: Question) -> tuple[Witness, bool]:
        """What the snapshot finds."""
        return decide(self.snapshot, *question), True


def _fault(bench: Bench, entry: Case | Exactly, now: int) -> str:
    """What is wrong with one case, or nothing."""
    return _case_fault(bench, entry, now) if isinstance(entry, Case) else _exactly_fault(bench, entry, now)


def _case_fault(bench: Bench, case: Case, now: int) -> str:
    """What is wrong with one decision, or nothing."""
    question = question_of(case, now)
    if fault := _unknown_in(bench, case):
        return fault
    witness, agreed = bench.judge(question)
    if not agreed:
        return f"Casbin would {_word(not witness.allowed)}; remit says {witness.code}"
    if witness.allowed == case.allow:
        return ""
    said = explain(bench.snapshot, question, witness)
    if not witness.allowed:
        return f"expected allow, decided deny ({said.code}): {said.sentence}"
    giving = (line.origin for line in said.lines if line.what in ("permission", "access rule", "membership"))
    return f"expected deny, decided allow by {' and '.join(str(place) for place in giving if place != STAGE)}"


def _word(allowed: bool) -> str:
    return "allow" if allowed else "deny"


def _unknown_in(bench: Bench, case: Case) -> str:
    """The first name of a case that the policy does not know, as a fault: such a case proves nothing."""
    scopes = bench.snapshot.chains
    if fault := _unknown_pair(bench.policy, case.kind, case.action):
        return fault
    role, held = case.held or (None, None)
    if role is not None and role not in bench.policy.roles:
        return _unknown("role", role, bench.policy.roles)
    for scope in (held, case.home, case.place):
        if scope is not None and scope not in scopes:
            return _unknown("scope", scope, scopes)
    if role is None and not bench.snapshot.knows(case.subject):
        return f"unknown subject {quoted(case.subject)}: no line of the policy names it"
    return ""


def _unknown_pair(policy: Policy, kind: str, action: str) -> str:
    """A kind or action that the vocabulary does not list, as a fault."""
    if kind not in policy.vocabulary:
        return _unknown("kind", kind, policy.vocabulary)
    if action not in policy.vocabulary[kind]:
        return _unknown("action", action, policy.vocabulary[kind], f" of `{kind}`")
    return ""


def _unknown(what: str, name: str, known: Iterable[str], of: str = "") -> str:
    """A fault about a name that the policy does not know, with the likely one if there is any."""
    guess = did_you_mean(name, known)
    return f"unknown {what} {quoted(name)}{of}" + (f"; did you mean `{guess}`?" if guess else "")


def _exactly_fault(bench: Bench, entry: Exactly, now: int) -> str:
    """Which roles may and should not, or should and may not."""
    policy = bench.policy
    if fault := _unknown_pair(policy, entry.kind, entry.action):
        return fault
    for role in entry.roles:
        if role not in policy.roles:
            return _unknown("role", role, policy.roles)
    may = set()
    for role, question in questions_of(policy, entry, now):
        witness, agreed = bench.judge(question)
        if not agreed:
            word = _word(not witness.allowed)
            return f"Casbin would {word} `{role}` in `{question.place}`; remit says {witness.code}"
        if witness.allowed:
            may.add(role)
    missing, surplus = sorted(set(entry.roles) - may), sorted(may - set(entry.roles))
    words = [f"`{role}` may not" for role in missing] + [f"`{role}` may too" for role in surplus]
    return "; ".join(words)


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
    bench = Bench(replace(policy, access_rules=sliced))
    return [question for question in questions if not bench.judge(question)[1]]
