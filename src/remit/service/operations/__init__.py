"""Start reading here: one frozen value per thing anyone can do, each naming what it needs.

An operation is made by a face (web or cli) and performed by the gate; nothing else leads to a handler.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from remit.core.model import ROOT, Actor, Explanation
from remit.core.names import MAX_BYTES, identifier_problem, scope_problem
from remit.core.pdp import Found
from remit.errors import RequestInvalid


class Need(NamedTuple):
    """A permission that an operation takes: `action` on `kind`, in `scope`."""

    kind: str
    action: str
    scope: str = ROOT


# A scope that is plainly sound, judged in one step; all others go the long way.
_SOUND_SCOPE = re.compile(r"[a-z][a-z0-9-]*:[A-Za-z0-9][A-Za-z0-9._@/+-]*", re.ASCII).fullmatch

EVALUATE = Need("decision", "evaluate")
SEARCH = Need("decision", "search")
EXPLAIN = Need("decision", "explain")
VOUCH = Need("decision", "vouch")


class Asked(NamedTuple):
    """One access question as a caller puts it (AuthZEN §6.1).

    `declared` is `resource.properties.scope`, `place` is `context.project` or `context.scope`, `claimed` are the
    groups in `subject.properties.groups`, which count only if the caller may vouch.
    """

    subject: str
    action: str
    kind: str
    id: str
    declared: str | None = None
    place: str | None = None
    claimed: tuple[str, ...] = ()


class Unanswerable(NamedTuple):
    """One member of a batch that is no question; `why` is one sentence."""

    why: str


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
        """What is not needed but changes the answer: vouching for the groups it claims."""
        return (VOUCH,) if self.asked.claimed else ()


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
        """Vouching, if any question claims groups."""
        return (VOUCH,) if any(isinstance(item, Asked) and item.claimed for item in self.items) else ()


class Sought(StrEnum):
    """What a search looks for (AuthZEN §8)."""

    SUBJECT = "subject"
    RESOURCE = "resource"
    ACTION = "action"


class Page(NamedTuple):
    """Which part of the results a caller wants (AuthZEN §8.2.1).

    `token` is a page token from the answer before, `limit` the most results wanted; None where the request has none.
    `bound` is everything of the request that must stay the same from page to page, as bytes; `wanted` is true if
    the request speaks of pages at all.
    """

    bound: bytes
    token: str | None = None
    limit: int | None = None
    wanted: bool = False


class Search(NamedTuple):
    """Who may, what may one do it to, or what may one do? The part of `asked` that is sought is empty: its `id`, its
    `action`, or its `subject`, of which `type` then is the type sought."""

    sought: Sought
    asked: Asked
    page: Page
    type: str = ""

    def needs(self, actor: Actor) -> tuple[Need, ...]:
        """`decision:search`, but for what a caller asks about itself."""
        return () if self.asked.subject == actor.subject else (SEARCH,)

    def wishes(self) -> tuple[Need, ...]:
        """Vouching for the groups that the subject is said to be in."""
        return (VOUCH,) if self.asked.claimed else ()


class Results(NamedTuple):
    """One page of what a search found: ids of subjects or resources of one `type`, or names of actions.

    `token` leads to the next page and is empty on the last; None if this is the whole and nobody spoke of pages.
    """

    sought: Sought
    type: str
    names: tuple[str, ...]
    token: str | None
    revision: str


class PermittedScopes(NamedTuple):
    """Where may this subject do this to this kind? The `id` and the `declared` scope of `asked` are not read."""

    asked: Asked

    def needs(self, actor: Actor) -> tuple[Need, ...]:
        """`decision:search`, but for what a caller asks about itself."""
        return () if self.asked.subject == actor.subject else (SEARCH,)

    def wishes(self) -> tuple[Need, ...]:
        """Vouching for the groups that the subject is said to be in."""
        return (VOUCH,) if self.asked.claimed else ()


class Reached(NamedTuple):
    """The homes that a subject reaches with an action on a kind; `unplaced`: things without a known home as well."""

    scopes: tuple[str, ...]
    unplaced: bool
    revision: str


Operation = Evaluate | EvaluateMany | Search | PermittedScopes

_NEEDS = {
    (False, False): (EVALUATE,),
    (False, True): (EVALUATE, EXPLAIN),
    (True, False): (),
    (True, True): (),
}


def _needs(own: bool, explain: bool) -> tuple[Need, ...]:
    """A caller may always ask about itself; explaining its own decision included."""
    return _NEEDS[own, explain]


def checked_name(where: str, text: str) -> str:
    """`text` if it can be an identifier. Raises RequestInvalid that names `where` it stood (design §4, rule 3)."""
    if problem := identifier_problem(text):
        raise RequestInvalid(f"`{where}` {problem}")
    return text


def checked_scope(where: str, text: str) -> str:
    """`text` if it can be a scope's full name. Raises RequestInvalid that names `where` it stood."""
    if len(text) <= MAX_BYTES and _SOUND_SCOPE(text):
        return text
    if problem := scope_problem(text):
        raise RequestInvalid(f"`{where}` {problem}")
    return text
