"""The same questions, answered by Casbin: the second judge, and the only file that imports casbin.

It restates design §4 in the most literal way it can (it tries every place where `pdp` reasons about paths, and
leaves out the lines that are not in force), so that agreeing with it means something. Casbin is given parsed
values, in a fresh enforcer for one policy at one instant. One thread only; never the event loop: it is slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import casbin

from remit.core.access import AccessRules
from remit.core.model import ROOT, Question
from remit.core.modelconf import DEFINITIONS
from remit.core.policy import Policy
from remit.errors import RequestInvalid


class Oracle:
    """Casbin over the lines of one policy that are in force at `when`."""

    def __init__(self, policy: Policy, when: int = 0) -> None:
        self._policy = policy
        self._when = when
        self._scopes = (ROOT, *policy.parents)
        self._asked: dict[tuple[str, ...], bool] = {}
        self._enforcer = enforcer = casbin.Enforcer(_model())
        enforcer.enable_auto_save(False)
        tree = enforcer.get_named_role_manager("g2")
        holders = enforcer.get_named_role_manager("g")
        # None compares by equality, as the default does, without a scan of all roles for every new name
        holders.add_matching_func(None)
        holders.add_domain_matching_func(tree.has_link)
        _add(enforcer.add_policies, ([p.role, p.scope, p.kind, p.action] for p in policy.permissions))
        edges = ([child, parent] for child, (parent, _) in policy.parents.items())
        _add(lambda lines: enforcer.add_named_grouping_policies("g2", lines), edges)
        links = [[m.member, m.group, ROOT] for m in policy.memberships if m.since <= when < m.until]
        links += [[r.subject, r.role, r.scope] for r in policy.access_rules if r.since <= when < r.until]
        _add(enforcer.add_grouping_policies, links)

    def allows(self, question: Question) -> bool:
        """Casbin's verdict. `question.when` must be the instant this oracle was made for."""
        if question.when != self._when:
            raise ValueError("an oracle judges one instant")
        subject, action, kind, id, declared, place, groups, _, known = question
        verb = self._policy.vocabulary.get(kind, {}).get(action)
        if verb is None or (declared is not None and declared not in self._scopes):
            return False
        if action == "create":
            home = declared or place or ROOT
            return home in self._scopes and self._any(subject, groups, home, kind, action, home)
        if verb.at_place and place is not None and place not in self._scopes:
            return False
        home_known = known if known is not None else self._recorded(kind, id)
        if home_known is not None and declared is not None and declared != home_known:
            return False
        home_or_none = home_known if home_known is not None else declared
        if home_or_none is None:
            return self._any(subject, groups, ROOT, kind, action, ROOT)
        home = home_or_none
        if home not in self._scopes:
            return not verb.at_place and self._any(subject, groups, ROOT, kind, action, ROOT)
        if verb.at_place and place is not None:
            return self._any(subject, groups, place, kind, action, home)
        if verb.at_place and action == "view":
            return any(self._any(subject, groups, somewhere, kind, action, home) for somewhere in self._scopes)
        return self._any(subject, groups, home, kind, action, home)

    def forget(self) -> None:
        """Drop remembered answers, so that the next questions reach Casbin again (for measuring it)."""
        self._asked.clear()

    def _recorded(self, kind: str, id: str | None) -> str | None:
        """The home that resources.csv gives, if it gives one."""
        entry = self._policy.homes.get(kind, {}).get(id) if id is not None else None
        return entry[0] if entry is not None else None

    def _any(self, subject: str, groups: tuple[str, ...], place: str, kind: str, action: str, home: str) -> bool:
        """Does Casbin let the subject, or a group that came with the request, do it at `place`?"""
        return any(self._enforce((name, place, kind, action, home)) for name in (subject, *groups))

    def _enforce(self, request: tuple[str, ...]) -> bool:
        """One call of Casbin; the same call within one world is made once."""
        if request not in self._asked:
            self._asked[request] = bool(self._enforcer.enforce(*request))
        return self._asked[request]


class Original:
    """Casbin over somebody else's policy in its own model, both given as the texts that they are.

    `lines` are those of the policy. Raises RequestInvalid with Casbin's own words if it does not read them.
    """

    def __init__(self, model: str, lines: str) -> None:
        parsed = casbin.Model()
        try:
            parsed.load_model_from_text(model)
            self._enforcer = casbin.Enforcer(parsed, casbin.StringAdapter(lines)) if lines else casbin.Enforcer(parsed)
        except Exception as error:  # it has no errors of its own: they are of any sort
            raise RequestInvalid(f"Casbin itself does not read this policy: {error}") from None

    def allows(self, *request: str) -> bool:
        """Casbin's verdict on a request of that model. Raises RequestInvalid if it cannot read the matcher."""
        try:
            return bool(self._enforcer.enforce(*request))
        except Exception as error:
            raise RequestInvalid(f"Casbin itself does not understand this model: {error}") from None


def slice_of(policy: Policy, subjects: Iterable[str]) -> AccessRules:
    """The access rules that can bear on these subjects: their own and those of every group above them.

    Casbin's first question in a scope is quadratic in its lines, so a large policy is judged on a slice.
    """
    wanted = set(subjects)
    size = -1
    while size != len(wanted):
        size = len(wanted)
        wanted |= {membership.group for membership in policy.memberships if membership.member in wanted}
    return AccessRules.of(rule for rule in policy.access_rules if rule.subject in wanted)


def _model() -> casbin.Model:
    """The pinned model, given to Casbin as the text it implements."""
    sections: dict[str, list[str]] = {}
    for (section, key), value in DEFINITIONS.items():
        sections.setdefault(section, [f"[{section}]"]).append(f"{key} = {value}")
    model = casbin.Model()
    model.load_model_from_text("\n".join(line for lines in sections.values() for line in lines))
    return model


def _add(add: Callable[[list[list[str]]], object], lines: Iterable[list[str]]) -> None:
    """Add lines to Casbin; it adds none at all if two are the same, so duplicates are left out first."""
    distinct = [list(line) for line in dict.fromkeys(map(tuple, lines))]
    if distinct:
        add(distinct)
