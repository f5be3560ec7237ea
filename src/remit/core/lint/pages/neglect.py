"""Who approved what, and for how long: R060 to R069. `authority` says which access rules are privileged."""

from __future__ import annotations

from remit.core.lint.pages.page import Page

_WHEN = "g, user:eve, publisher, *, 2026-06-01, 2027-01-01"
_WHOLE = {"access_rules": f"{_WHEN}, T-2, user:dora, publishes in winter"}
_WHAT_IS = (
    "An access rule is privileged if its role may publish or escalate the policy or vouch for groups, or if it gives "
    "in all projects a role that creates, edits or deletes there."
)

PAGES = (
    Page(
        "R060",
        "A privileged access rule that does not say why it is there.",
        _WHAT_IS + " Whoever reviews it in a year has nothing to go by.",
        "A short reason in the ninth column.",
        "Write what the person does with it.",
        bad={"access_rules": f"{_WHEN}, T-2, user:dora"},
        at="policies/access_rules.csv:5:14",
        good=_WHOLE,
    ),
    Page(
        "R061",
        "A privileged access rule that names no ticket.",
        _WHAT_IS + " The ticket is where it was asked for and discussed.",
        "The ticket in the seventh column.",
        "Write its number.",
        bad={"access_rules": f"{_WHEN}, , user:dora, publishes in winter"},
        at="policies/access_rules.csv:5:14",
        good=_WHOLE,
    ),
    Page(
        "R062",
        "A privileged access rule that names nobody who approved it.",
        _WHAT_IS + " Nobody should have such a right without a second person knowing.",
        "The approver in the eighth column: `user:…`.",
        "Have it approved, and write by whom.",
        bad={"access_rules": f"{_WHEN}, T-2, , publishes in winter"},
        at="policies/access_rules.csv:5:14",
        good=_WHOLE,
    ),
    Page(
        "R063",
        "Somebody who approved what he gets himself.",
        "Approval is worth something because another person gives it.",
        "Another person in the eighth column.",
        "Have somebody else approve it.",
        bad={"access_rules": "g, user:eve, viewer, project:a, , , T-2, user:eve, has a look"},
        at="policies/access_rules.csv:5:42",
        good={"access_rules": "g, user:eve, viewer, project:a, , , T-2, user:dora, has a look"},
    ),
    Page(
        "R064",
        "An approver who is nobody: a group, an application, a name without a type.",
        "An auditor must be able to ask the one who approved.",
        "One person: `user:…`.",
        "Write who of the group it was.",
        bad={"access_rules": "g, user:eve, viewer, project:a, , , T-2, group:leads, has a look"},
        at="policies/access_rules.csv:5:42",
        good={"access_rules": "g, user:eve, viewer, project:a, , , T-2, user:dora, has a look"},
    ),
    Page(
        "R065",
        "A line that counts no more.",
        "It gives nothing and fills the file. It is a note, so that no check turns red because a day has passed.",
        "Lines that count, or will.",
        "Take it out: git remembers it.",
        bad={"access_rules": "g, user:eve, viewer, project:a, 2025-01-01, 2026-01-01"},
        at="policies/access_rules.csv:5:45",
        good={"access_rules": "g, user:eve, viewer, project:a, 2026-01-01, 2027-01-01"},
    ),
    Page(
        "R066",
        "A privileged access rule that never ends.",
        _WHAT_IS + " What ends is looked at again. As whoever runs the house must not be locked out, it is a note.",
        "An `until`, renewed at each review.",
        "Write the day of the next review into the sixth column.",
        bad={"access_rules": "g, user:eve, publisher, *, 2026-06-01, , T-2, user:dora, publishes in winter"},
        at="policies/access_rules.csv:5:14",
        good=_WHOLE,
    ),
    Page(
        "R067",
        "A privileged role that one person alone holds.",
        "On the day that person is not there nobody can do it, and keys are handed around.",
        "Two people, or a group.",
        "Give the role to a second person.",
        bad={
            "service_roles": "p, second, *, policy, publish",
            "access_rules": "g, user:eve, second, *, , 2027-01-01, T-2, user:dora, stands in",
        },
        at="policies/access_rules.csv:5:4",
        good={
            "service_roles": "p, second, *, policy, publish",
            "access_rules": "g, user:eve, second, *, , 2027-01-01, T-2, user:dora, stands in\n"
            "g, user:hal, second, *, , 2027-01-01, T-2, user:dora, stands in",
        },
    ),
    Page(
        "R068",
        "A subject of a type that is nearly `user`, `group` or `application`.",
        "Other services may bring types of their own, so this loads, and gives a right to nobody.",
        "`user:…`, `group:…` or `application:…`.",
        "Mend the type.",
        bad={"access_rules": "g, usr:eve, viewer, project:a"},
        at="policies/access_rules.csv:5:4",
        good={"access_rules": "g, user:eve, viewer, project:a"},
    ),
    Page(
        "R069",
        "A line that ends with its `since`.",
        "Whoever deletes the empty cell before an `until` makes it a `since`: what should end begins, and never ends.",
        "Both columns, the second one empty if the line never ends.",
        "End the line with a comma if it is meant so; else put the empty cell back.",
        bad={"access_rules": "g, user:eve, viewer, project:a, 2027-01-01"},
        at="policies/access_rules.csv:5:33",
        good={"access_rules": "g, user:eve, viewer, project:a, 2027-01-01,"},
    ),
)
"""The pages of this chapter."""
