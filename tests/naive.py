"""The meaning of each reason code, said once more: one condition per code, with no index and no haste.

Nothing is shared with `pdp` or `snapshot`. Every condition walks the lines of the policy, tries every place where
the walk reasons about paths, and follows memberships until nothing is added any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from remit.core.model import Code, Question
from remit.core.policy import Policy


class Naive:
    """The reason codes of one policy by their conditions."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.scopes = {"*", *policy.parents}

    def code(self, question: Question) -> Code:
        """The first code, in the order of design §4, whose condition holds; `granted` if none does."""
        conditions = (
            (Code.UNKNOWN_KIND, self.unknown_kind),
            (Code.UNKNOWN_ACTION, self.unknown_action),
            (Code.UNKNOWN_SCOPE, self.unknown_scope),
            (Code.SCOPE_MISMATCH, self.scope_mismatch),
            (Code.UNKNOWN_SUBJECT, self.unknown_subject),
            (Code.NOT_AVAILABLE, self.not_available),
            (Code.NO_ROLE_HERE, self.no_role_here),
            (Code.NO_PERMISSION, self.no_permission),
        )
        return next((code for code, holds in conditions if holds(question)), Code.GRANTED)

    def unknown_kind(self, question: Question) -> bool:
        return question.kind not in self.policy.vocabulary

    def unknown_action(self, question: Question) -> bool:
        return question.action not in self.policy.vocabulary[question.kind]

    def unknown_scope(self, question: Question) -> bool:
        named = [question.declared]
        if question.action == "create":
            named += [question.place] if question.declared is None else []
        elif self.at_place(question):
            named += [question.place, self.recorded(question)]
        return any(name is not None and name not in self.scopes for name in named)

    def scope_mismatch(self, question: Question) -> bool:
        recorded = self.recorded(question)
        if question.action == "create" or recorded is None or question.declared is None:
            return False
        return recorded != question.declared

    def unknown_subject(self, question: Question) -> bool:
        named = {rule.subject for rule in self.policy.access_rules}
        for membership in self.policy.memberships:
            named |= {membership.member, membership.group}
        return not named & self.counted(question)

    def not_available(self, question: Question) -> bool:
        return not self.places(question)

    def no_role_here(self, question: Question) -> bool:
        return not any(self.held(question, place) for place in self.places(question))

    def no_permission(self, question: Question) -> bool:
        return not any(
            permission.role in self.held(question, place) and self.covers(permission.scope, place)
            for place in self.places(question)
            for permission in self.policy.permissions
            if (permission.kind, permission.action) == (question.kind, question.action)
        )

    def at_place(self, question: Question) -> bool:
        return self.policy.vocabulary[question.kind][question.action].at_place

    def recorded(self, question: Question) -> str | None:
        """The home that the catalog knows, else the one in resources.csv."""
        if question.known is not None or question.id is None:
            return question.known
        return self.policy.homes.get(question.kind, {}).get(question.id, (None,))[0]

    def places(self, question: Question) -> list[str]:
        """The scopes that may be asked; none if the resource is not available where the question wants it."""
        if question.action == "create":
            return [question.declared or question.place or "*"]
        home = self.recorded(question) or question.declared
        if home not in self.scopes:
            return ["*"]
        if not self.at_place(question) or (question.place is None and question.action != "view"):
            return [home]
        wanted = self.scopes if question.place is None else [question.place]
        return [place for place in wanted if self.covers(home, place)]

    def covers(self, upper: str, lower: str) -> bool:
        """Is `lower` the scope `upper`, or below it?"""
        return upper in self.upwards(lower)

    def upwards(self, scope: str) -> Iterator[str]:
        yield scope
        while scope != "*":
            scope = self.policy.parents[scope][0]
            yield scope

    def counted(self, question: Question) -> set[str]:
        """The subject and all groups that count, found by adding until nothing is added."""
        found: set[str] = set()
        more: Iterable[str] = {question.subject, *question.groups}
        while more := set(more) - found:
            found |= more
            more = {
                membership.group
                for membership in self.policy.memberships
                if membership.member in found and membership.since <= question.when < membership.until
            }
        return found

    def held(self, question: Question, place: str) -> set[str]:
        """The roles that somebody who counts holds at `place` or above."""
        counted = self.counted(question)
        return {
            rule.role
            for rule in self.policy.access_rules
            if rule.subject in counted and rule.since <= question.when < rule.until and self.covers(rule.scope, place)
        }
