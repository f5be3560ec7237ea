"""Lines that change nothing, and spelling that does not: R044 to R049 and R071."""

from __future__ import annotations

from remit.core.lint.pages.page import Page

PAGES = (
    Page(
        "R044",
        "A line that stands twice.",
        "Whoever takes one of them out believes that the right is gone.",
        "Each line once.",
        "`remit lint --fix` takes the later one out if both say the same in every column.",
        bad={"access_rules": "g, user:bob, viewer, project:b"},
        at="policies/access_rules.csv:5:1",
        good={"access_rules": "g, user:bob, viewer, project:a"},
        repaired=True,
    ),
    Page(
        "R045",
        "An access rule that changes no decision: the subject holds the role in the same scope or above all the while.",
        "It looks like a right that can be taken away by taking out the line.",
        "The narrower line alone, or the wider one alone.",
        "Take out the one that was not meant.",
        bad={"access_rules": "g, user:eve, viewer, department:r\ng, user:eve, viewer, project:a, , 2027-01-01"},
        at="policies/access_rules.csv:6:1",
        good={"access_rules": "g, user:eve, viewer, project:b\ng, user:eve, viewer, project:a, , 2027-01-01"},
    ),
    Page(
        "R046",
        "A permission that changes no decision: the role has it above.",
        "A role is what its lines say, and this one says nothing.",
        "The permission once, where it should count.",
        "Take out the narrower line; of `use` and `create` on workloads take out both (R029).",
        bad={"roles": "p, viewer, project:b, environment, view"},
        at="policies/roles.csv:6:1",
        good={"roles": "p, viewer, project:b, environment, create"},
    ),
    Page(
        "R047",
        "A membership that changes no decision: another one, or a way through other groups, leads there all the while.",
        "Who leaves the group by this line stays in it by the other.",
        "One way into each group.",
        "Take out the line that says less.",
        bad={
            "groups": "g, user:eve, group:x, *\ng, group:x, group:y, *\ng, user:eve, group:y, *",
            "access_rules": "g, group:y, viewer, project:a",
        },
        at="policies/groups.csv:3:1",
        good={
            "groups": "g, user:eve, group:x, *\ng, group:x, group:y, *",
            "access_rules": "g, group:y, viewer, project:a",
        },
    ),
    Page(
        "R048",
        "An access rule that the subject has through a group already.",
        "It is of use only on the day the subject leaves the group, and then it surprises. That may be meant: this is "
        "a note.",
        "The group's access rule alone.",
        "Take it out, or keep it and say why in the last column.",
        bad={
            "groups": "g, user:eve, group:x, *",
            "access_rules": "g, group:x, viewer, department:r\ng, user:eve, viewer, project:a",
        },
        at="policies/access_rules.csv:6:1",
        good={"groups": "g, user:eve, group:x, *", "access_rules": "g, group:x, viewer, department:r"},
    ),
    Page(
        "R049",
        "An access rule that gives a role where the role may do nothing.",
        "All permissions of the role lie in other parts of the tree, so the line gives nothing.",
        "The role where its permissions are.",
        "Mend the scope, or give the role permissions there.",
        bad={
            "roles": "p, guide, project:b, environment, view",
            "access_rules": "g, user:eve, guide, project:b\ng, user:hal, guide, project:a",
        },
        at="policies/access_rules.csv:6:14",
        good={
            "roles": "p, guide, project:b, environment, view",
            "access_rules": "g, user:eve, guide, project:b\ng, user:hal, guide, department:r",
        },
    ),
    Page(
        "R071",
        "A file that is not in canonical form.",
        "In one form a change shows what changed, and nothing else. It says the same either way, so this is a note.",
        "One space after a comma, no empty cells at the end, times in their shortest form.",
        "`remit fmt` writes the file anew; so does `remit lint --fix`.",
        bad={"access_rules": "g,user:eve,viewer,project:a"},
        at="policies/access_rules.csv:5:1",
        good={"access_rules": "g, user:eve, viewer, project:a"},
        repaired=True,
    ),
)
"""The pages of this chapter."""
