"""What an answer means. Pure. Only exactly `true` is an allow; what is malformed is none, and raises CouldNotDecide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from remit.client.strict import Answer, content_of, said
from remit.errors import CouldNotDecide


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question. Ask it for `allowed`; it has no truth of its own, and `bool()` raises TypeError.

    `allowed`   may it be done? False as well when nobody could decide
    `why`       one sentence or word: what remit says of it, or what went wrong
    `decided`   False if this is no decision but an error, which another attempt may find gone
    `context`   what came with the answer, the reasons if they were asked for
    `revision`  the policy that gave the answer, as remit names it
    """

    allowed: bool
    why: str
    decided: bool
    context: dict[str, Any] | None = None
    revision: str | None = None

    def __post_init__(self) -> None:
        if self.allowed and not self.decided:
            raise ValueError("what is not decided is not allowed")

    def __bool__(self) -> bool:
        raise TypeError("a verdict is neither true nor false, a refusal is a verdict too: ask for `.allowed`")


@dataclass(frozen=True, slots=True)
class PermittedScopes:
    """Where something may be done with things of one kind.

    `scopes` are all scopes such that a thing living there may be acted on, none left out; `unplaced` says whether that
    holds for things too whose home nobody knows.
    """

    scopes: frozenset[str]
    unplaced: bool

    def covers(self, home: str | None) -> bool:
        """May it be done with a thing that lives in `home`? None is a thing whose home nobody knows."""
        return self.unplaced if home is None else home in self.scopes


def refused(why: str) -> Verdict:
    """The verdict where there is no decision."""
    return Verdict(allowed=False, why=why, decided=False)


def verdict_of(answer: Answer) -> Verdict:
    """The answer to an evaluation request (AuthZEN §6.2). Raises CouldNotDecide."""
    return _verdict(content_of(answer), said(answer.revision))


def verdicts_of(answer: Answer, count: int) -> list[Verdict]:
    """The answers to a batch of `count` questions (§7.2). Raises CouldNotDecide unless each question has its own."""
    items = content_of(answer).get("evaluations")
    if not isinstance(items, list):
        raise CouldNotDecide("remit answered a batch without `evaluations`")
    if len(items) != count:
        raise CouldNotDecide(f"remit answered {count} questions with {len(items)} answers")
    return [_item(item, said(answer.revision)) for item in items]


def scopes_of(answer: Answer) -> PermittedScopes:
    """The answer to a question for permitted scopes. Raises CouldNotDecide."""
    content = content_of(answer)
    scopes, unplaced = content.get("scopes"), content.get("unplaced")
    if not isinstance(scopes, list) or not all(isinstance(scope, str) and scope for scope in scopes):
        raise CouldNotDecide("remit answered with `scopes` that are no array of names")
    if not isinstance(unplaced, bool):
        raise CouldNotDecide("remit answered with an `unplaced` that is neither true nor false")
    return PermittedScopes(frozenset(scopes), unplaced)


def _item(item: object, revision: str | None) -> Verdict:
    """One answer of a batch; what is wrong with it is its own affair."""
    try:
        return _verdict(item, revision)
    except CouldNotDecide as error:
        return refused(str(error))


def _verdict(decision: object, revision: str | None) -> Verdict:
    """One Decision object (§5.5)."""
    if not isinstance(decision, dict):
        raise CouldNotDecide("remit answered with a decision that is no object")
    allowed, context = decision.get("decision"), decision.get("context")
    if not isinstance(allowed, bool):
        raise CouldNotDecide("remit answered with a `decision` that is neither true nor false")
    if "context" in decision and not isinstance(context, dict):
        raise CouldNotDecide("remit answered with a `context` that is no object")
    if context is not None and "error" in context:
        raise CouldNotDecide(_told(context, "error", "message") or "remit could not answer this question")
    why = _told(context or {}, "reason_admin", "sentence") or ("allowed" if allowed else "denied")
    return Verdict(allowed, why, True, context, revision)


def _told(context: dict[str, Any], member: str, inner: str) -> str | None:
    """A sentence within the context, if there is one."""
    found = context.get(member)
    return said(found.get(inner)) if isinstance(found, dict) else None
