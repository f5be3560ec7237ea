"""The tree of scopes and the chains of groups: R014, R015, R020 to R025 and R032."""

from __future__ import annotations

from remit.core.lint.pages.page import Page


def _chain(form: str, count: int) -> str:
    """`count` lines, each naming what the one before it declared."""
    return "\n".join(form.format(number, number - 1) for number in range(1, count + 1))


_DEEP = "g2, project:0, *\n" + _chain("g2, project:{0}, project:{1}", 9)
_HOME = "environment:cuda, project:"
_GROUPS = "\n".join(f"g, group:{number + 1}, group:{number}, *" for number in range(9))
_GIVEN = "g, group:0, viewer, project:a"

PAGES = (
    Page(
        "R014",
        "A permission or a constraint in a scope that the tree does not have.",
        "A permission in no scope reaches nothing; it is a slip, or what is left of a project.",
        "A scope of scopes.csv, or `*`.",
        "Mend the name, declare the scope, or take the line out.",
        bad={"roles": "p, viewer, project:z, environment, view"},
        at="policies/roles.csv:6:12",
        good={"roles": "p, viewer, project:b, environment, create"},
    ),
    Page(
        "R015",
        "An access rule, or the home of a resource, in a scope that left the tree.",
        "It reaches nobody. It is no error, since taking a project out must not keep the policy from loading.",
        "No lines about scopes that are gone.",
        "Take the line out, or mend the scope's name.",
        bad={"access_rules": "g, user:eve, viewer, project:gone"},
        at="policies/access_rules.csv:5:22",
        good={"access_rules": "g, user:eve, viewer, project:a"},
    ),
    Page(
        "R020",
        "A second parent for a scope, or a parent for `*`.",
        "With two parents a scope would take what holds in both; the tree says who may reach what, so it stays a tree.",
        "One line for each scope.",
        "Keep one of the two lines.",
        bad={"scopes": "g2, project:a, *"},
        at="policies/scopes.csv:4:16",
        good={"scopes": "g2, project:c, *", "resources": f"{_HOME}c"},
    ),
    Page(
        "R021",
        "A scope from which no way leads to `*`.",
        "What holds in all projects would not hold there.",
        "Every scope lies below a department, or below `*`.",
        "Declare the parent, mend its name, or break the cycle.",
        bad={"scopes": "g2, project:c, department:gone", "resources": f"{_HOME}c"},
        at="policies/scopes.csv:4:16",
        good={"scopes": "g2, project:c, department:r", "resources": f"{_HOME}c"},
    ),
    Page(
        "R022",
        "A scope that lies too many levels below `*`.",
        "Casbin follows a chain no further than that and then says no, without a word.",
        "A flat tree: departments and projects.",
        "Hang the scope higher up.",
        bad={"scopes": _DEEP, "resources": f"{_HOME}9"},
        at="policies/scopes.csv:13:5",
        good={"scopes": _DEEP.rpartition("\n")[0], "resources": f"{_HOME}8"},
    ),
    Page(
        "R023",
        "A group that is a member of itself, by way of others.",
        "Who belongs where cannot be told from a circle.",
        "Groups that contain groups, in one direction.",
        "Take one of the lines of the circle out.",
        bad={
            "groups": "g, group:x, group:y, *\ng, group:y, group:x, *",
            "access_rules": "g, group:x, viewer, project:a",
        },
        at="policies/groups.csv:2:13",
        good={"groups": "g, group:x, group:y, *", "access_rules": "g, group:y, viewer, project:a"},
    ),
    Page(
        "R024",
        "A chain of memberships that is too long.",
        "Casbin follows eight memberships and one access rule, and then says no, without a word.",
        "Members in the group that holds the role, or one or two below it.",
        "Flatten the chain.",
        bad={"groups": _GROUPS, "access_rules": _GIVEN},
        at="policies/groups.csv:9:4",
        good={"groups": _GROUPS.rpartition("\n")[0], "access_rules": _GIVEN},
    ),
    Page(
        "R025",
        "A membership that is none: a member that cannot join, something joined that is no group, a scope but `*`.",
        "A membership counts everywhere; who holds a role in one scope only says so in an access rule.",
        "`g, member, group:…, *` in groups.csv.",
        "Move the line to where it belongs, or write `*`.",
        bad={"groups": "g, user:eve, group:x, project:a", "access_rules": "g, group:x, viewer, project:a"},
        at="policies/groups.csv:1:23",
        good={"groups": "g, user:eve, group:x, *", "access_rules": "g, group:x, viewer, project:a"},
    ),
    Page(
        "R032",
        "A resource with two homes.",
        "Where it lives decides who may change it, so there is one answer.",
        "One line for each resource.",
        "Keep one of the two lines.",
        bad={"resources": f"{_HOME}a\n{_HOME}b"},
        at="policies/resources.csv:2:19",
        good={"resources": f"{_HOME}a"},
    ),
)
"""The pages of this chapter."""
