"""The proof: what was taken decides here what Casbin decided of it, by both of our judges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from random import Random
from typing import NamedTuple

from remit.core.bringing.written import Written
from remit.core.model import Question
from remit.core.oracle import Original as Judge
from remit.core.pdp import decide
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from remit.core.trial import disagreements

MOST_WORK = 1_000_000
"""Questions times lines that Casbin looks at: about half a minute. What is more is sampled."""

FEWEST = 500
"""Questions of the smallest sample."""

STRANGER = "nobody-of-this-policy"


class Asked(NamedTuple):
    """One question in both languages: to Casbin as it was, to remit as it is."""

    request: tuple[str, ...]
    question: Question


class Difference(NamedTuple):
    """A question on which they part. `casbin` is the verdict on the original, `walk` remit's; `oracle`: Casbin's on
    what would be written parts from remit's."""

    asked: Asked
    casbin: bool
    walk: bool
    oracle: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What was compared: of `size` questions that can be asked (`sizes`: so many subjects, scopes, kinds and actions),
    `verdicts` holds those that were and how Casbin decided."""

    size: int
    sizes: tuple[int, ...]
    verdicts: tuple[tuple[Asked, bool], ...]
    differences: tuple[Difference, ...]

    @property
    def exhaustive(self) -> bool:
        """True if every question was asked."""
        return len(self.verdicts) == self.size


def prove(written: Written, scoped: bool, policy: Policy, judge: Judge, lines: int) -> Proof:
    """Ask both about everything, or about a sample of it where that would take too long.

    `lines` is how many permissions the original has. A sample is the same for the same policy: half of it is drawn from
    all there is, the rest from what the lines grant.
    """
    subjects = {**written.subjects, STRANGER: f"user:{STRANGER}"}
    kinds = tuple(dict.fromkeys(kind for kind, _ in written.pairs))
    actions = tuple(dict.fromkeys(action for _, action in written.pairs))
    parts: tuple[Sequence[str], ...] = (tuple(subjects), tuple(written.scopes), kinds, actions)
    size = prod(map(len, parts))
    most = max(FEWEST, MOST_WORK // max(1, lines + len(policy.permissions)))
    names = product(*parts) if size <= most else _sample(parts, written, most, policy.revision)
    chosen = [_asked(each, subjects, written.scopes, scoped) for each in names]
    verdicts = tuple((asked, judge.allows(*asked.request)) for asked in chosen)
    parted = set(disagreements(policy, [asked.question for asked in chosen]))
    snapshot = Snapshot(policy)
    found = (
        Difference(asked, allowed, decide(snapshot, *asked.question).allowed, asked.question in parted)
        for asked, allowed in verdicts
    )
    return Proof(
        size, tuple(map(len, parts)), verdicts, tuple(each for each in found if each.casbin != each.walk or each.oracle)
    )


def _asked(names: tuple[str, ...], subjects: dict[str, str], scopes: dict[str, str], scoped: bool) -> Asked:
    name, at, kind, action = names
    request = (name, at, kind, action) if scoped else (name, kind, action)
    return Asked(request, Question(subjects[name], action, kind, None, scopes[at]))


def _sample(parts: tuple[Sequence[str], ...], written: Written, most: int, seed: str) -> Iterator[tuple[str, ...]]:
    """Some of all questions, evenly drawn, and some that lines of the policy answer with yes; each once."""
    chance = Random(seed)
    found: dict[tuple[str, ...], None] = {}
    for index in chance.sample(range(prod(map(len, parts))), most // 2):
        names = []
        for part in parts:
            index, at = divmod(index, len(part))
            names.append(part[at])
        found[tuple(names)] = None
    old = {new: name for name, new in written.subjects.items()}
    scopes = {new: name for name, new in written.scopes.items()}
    rules = list(written.access_rules)
    for _ in range(most - most // 2 if rules else 0):
        subject, role, _ = chance.choice(rules)
        scope, kind, action = chance.choice(list(written.roles[role]))
        found[old[subject], scopes[scope], kind, action] = None
    return iter(found)
