"""What each constraint means, said once more: for one instant, over every subject, scope, home and place there is.

Nothing is shared with `duties` and what it is made of. Decisions come from `naive`, which shares nothing with the walk.
"""

from __future__ import annotations

from itertools import product

from naive import Naive
from remit.core.constraints import AtMost, Constraint, Never, Requires, Right, Separate
from remit.core.model import Code, Question
from remit.core.policy import Policy


class NaiveDuties:
    """The constraints of one policy at one instant."""

    def __init__(self, policy: Policy, when: int) -> None:
        self.naive, self.policy, self.when = Naive(policy), policy, when
        named = {rule.subject for rule in policy.access_rules}
        for membership in policy.memberships:
            named |= {membership.member, membership.group}
        self.subjects = sorted(named)
        self.said: dict[Question, bool] = {}
        self.had: dict[tuple[str, str], set[str]] = {}

    def breaking(self, constraint: Constraint) -> set[str]:
        """The subjects that break it; for `at-most`, all that count if they are too many."""
        match constraint:
            case Separate():
                return {each for each in self.subjects if len(self.united(constraint, each)) >= constraint.n}
            case AtMost():
                may = {each for each in self.subjects if self.edits_there(constraint, each)}
                people = {each for each in may if each.startswith("user:")}
                groups = {each for each in may if each.startswith("group:")} if constraint.closed else set()
                return groups | (people if len(people) > constraint.n else set())
            case Requires():
                judged = {each for each in self.subjects if constraint.closed or not each.startswith("group:")}
                return {each for each in judged if self.lacks(constraint, each)}
            case Never():
                return {each for each in self.subjects if self.is_meant(constraint, each) and
                        self.may_in(constraint.right, constraint.scope, each)}  # fmt: skip

    def united(self, constraint: Separate, subject: str) -> list[str | Right]:
        """What the subject has of what is to be kept apart."""
        roles = {role for scope in self.within(constraint.scope) for role in self.roles_at(subject, scope)}
        rights = (right for right in constraint.rights if self.may_in(right, constraint.scope, subject))
        return [*(role for role in constraint.roles if role in roles), *rights]

    def edits_there(self, constraint: AtMost, subject: str) -> bool:
        """May the subject do it to what lives in that very scope, asked there?"""
        right, scope = constraint.right, constraint.scope
        question = Question(subject, right.action, right.kind, None, scope, scope, (), self.when)
        return self.granted(question)

    def lacks(self, constraint: Requires, subject: str) -> bool:
        """Is there a scope in which the subject has the role and not what it requires?"""
        if constraint.other in self.counted(subject):
            return False
        held = [self.roles_at(subject, scope) for scope in self.within(constraint.scope)]
        return any(constraint.role in roles and constraint.other not in roles for roles in held)

    def is_meant(self, constraint: Never, subject: str) -> bool:
        """Is `never` about this subject?"""
        counted = self.counted(subject)
        if counted & set(constraint.but):
            return False
        if constraint.who == "everyone":
            return True
        if constraint.who.endswith(":"):
            return subject.split(":")[0] in (constraint.who[:-1], "group")
        return constraint.who in counted

    def may_in(self, right: Right, scope: str, subject: str) -> bool:
        """Is the answer yes for any home, or place where the place decides, that lies in there?"""
        inside = self.within(scope)
        at_place = self.policy.vocabulary[right.kind][right.action].at_place
        cases = product(self.naive.scopes, inside) if at_place else product(inside, (None,))
        questions = (
            Question(subject, right.action, right.kind, None, home, place, (), self.when) for home, place in cases
        )
        return any(map(self.granted, questions))

    def granted(self, question: Question) -> bool:
        """What the conditions say, asked once."""
        if question not in self.said:
            self.said[question] = self.naive.code(question) is Code.GRANTED
        return self.said[question]

    def within(self, scope: str) -> list[str]:
        """A scope and all below it."""
        return [each for each in sorted(self.naive.scopes) if self.naive.covers(scope, each)]

    def counted(self, subject: str) -> set[str]:
        return self.naive.counted(Question(subject, "", "", when=self.when))

    def roles_at(self, subject: str, scope: str) -> set[str]:
        """The roles held in a scope or above it."""
        if (subject, scope) not in self.had:
            self.had[subject, scope] = self.naive.held(Question(subject, "", "", when=self.when), scope)
        return self.had[subject, scope]
