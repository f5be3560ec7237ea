"""One question, or many (AuthZEN §6, §7)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from remit.core.model import Actor, Explanation
from remit.core.pdp import Found
from remit.service.needs import EVALUATE, EXPLAIN, VOUCH, Need
from remit.service.operations.asked import AN_ID, Asked, Unanswerable, kept_ids


class Answer(NamedTuple):
    """One answer: the verdict, what the walk found (the parts of a Witness), and the reason if it was asked for."""

    allowed: bool
    found: Found
    revision: str
    explanation: Explanation | None = None


class Answers(NamedTuple):
    """The answers of a batch, in its order; shorter than the batch where the semantic stopped it."""

    items: tuple[Answer | Unanswerable, ...]
    revision: str


class Semantic(StrEnum):
    """How far a batch is executed (AuthZEN §7.1.2.1)."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"


class Evaluate(NamedTuple):
    """May this subject do this? With `explain`: and why."""

    asked: Asked
    explain: bool = False

    def needs(self, actor: Actor) -> tuple[Need, ...]:
        """`decision:evaluate` about someone else, and `decision:explain` for reasons."""
        return _needs(self.asked.subject == actor.subject, self.explain)

    def wishes(self) -> tuple[Need, ...]:
        """What is not needed but changes the answer: vouching for the groups it claims, and the whole of a reason."""
        return _wishes(bool(self.asked.claimed), self.explain)

    def ids(self) -> tuple[str, ...]:
        """The things whose home the catalog may know."""
        return kept_ids(self.asked) if len(self.asked.id) == AN_ID else ()


class EvaluateMany(NamedTuple):
    """Many questions, one snapshot, one instant; answered in order, as far as `semantic` says."""

    items: tuple[Asked | Unanswerable, ...]
    semantic: Semantic = Semantic.EXECUTE_ALL
    explain: bool = False

    def needs(self, actor: Actor) -> tuple[Need, ...]:
        """As for one question, if any of them is about someone else."""
        own = all(isinstance(item, Unanswerable) or item.subject == actor.subject for item in self.items)
        return _needs(own, self.explain)

    def wishes(self) -> tuple[Need, ...]:
        """As for one question, if any of them claims groups."""
        return _wishes(any(isinstance(item, Asked) and item.claimed for item in self.items), self.explain)

    def ids(self) -> tuple[str, ...]:
        """The things whose home the catalog may know."""
        return kept_ids(*self.items)


_NEEDS = {
    (False, False): (EVALUATE,),
    (False, True): (EVALUATE, EXPLAIN),
    (True, False): (),
    (True, True): (),
}


def _needs(own: bool, explain: bool) -> tuple[Need, ...]:
    """A caller may always ask about itself; explaining its own decision included."""
    return _NEEDS[own, explain]


_WISHES = {(False, False): (), (True, False): (VOUCH,), (False, True): (EXPLAIN,), (True, True): (VOUCH, EXPLAIN)}


def _wishes(claims: bool, explain: bool) -> tuple[Need, ...]:
    """Whoever asks about itself is told why in any case; what a reason tells of others takes `decision:explain`."""
    return _WISHES[claims, explain]
