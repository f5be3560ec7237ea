"""A policy written down again: the files that the reader would read it from."""

from __future__ import annotations

from itertools import chain

from remit.core.modelconf import DEFINITIONS
from remit.core.policy import Policy


def lines_of(policy: Policy) -> dict[str, list[str]]:
    """The lines of each CSV file, in the order the policy holds them."""
    verbs = [(kind, action, verb) for kind, some in policy.vocabulary.items() for action, verb in some.items()]
    homes = [(kind, id, scope) for kind, some in policy.homes.items() for id, (scope, _) in some.items()]
    return {
        "policies/vocabulary.csv": [f"{k}, {a}, {'place' if v.at_place else 'home'}, {v.meaning}" for k, a, v in verbs],
        "policies/roles.csv": [permission.line() for permission in policy.permissions],
        "policies/scopes.csv": [f"g2, {child}, {parent}" for child, (parent, _) in policy.parents.items()],
        "policies/groups.csv": [each.line() for each in policy.memberships],
        "policies/access_rules.csv": [each.line() for each in policy.access_rules],
        "policies/resources.csv": [f"{kind}:{id}, {scope}" for kind, id, scope in homes],
    }


def files_of(policy: Policy) -> dict[str, bytes]:
    """All files of the policy, `model.conf` among them, as the reader takes them."""
    sections: dict[str, list[str]] = {}
    for (section, key), value in DEFINITIONS.items():
        sections.setdefault(section, [f"[{section}]"]).append(f"{key} = {value}")
    texts = {"model.conf": list(chain.from_iterable(sections.values())), **lines_of(policy)}
    return {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in texts.items()}
