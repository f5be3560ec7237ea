"""Names that lead to nothing: R050 to R056."""

from __future__ import annotations

from remit.core.lint.pages.page import Page

PAGES = (
    Page(
        "R050",
        "A role that nobody holds.",
        "It may be left over, or be there for the day somebody does.",
        "Roles that are held.",
        "Take its permissions out, or leave them.",
        bad={"roles": "p, guide, *, environment, view"},
        at="policies/roles.csv:6:4",
        good={
            "roles": "p, guide, *, environment, view",
            "access_rules": "g, group:guides, guide, project:a\ng, user:eve, guide, project:b",
            "groups": "g, user:eve, group:guides, *",
        },
    ),
    Page(
        "R051",
        "A permission in a scope that nobody who holds the role reaches.",
        "It gives nobody anything, though it looks as if it did.",
        "Permissions at `*`; where a role counts is said by who holds it where.",
        "Write `*`, give the role there, or take the line out.",
        bad={"roles": "p, viewer, project:a, environment, create"},
        at="policies/roles.csv:6:12",
        good={"roles": "p, viewer, project:b, environment, create"},
    ),
    Page(
        "R052",
        "A group that holds a role and has no member in the policy.",
        "That is right if its members come with the tokens of single sign-on; if not, nobody has the role.",
        "Groups that exist, written as single sign-on writes them.",
        "Compare the name with the directory's, or add the members to groups.csv.",
        bad={"access_rules": "g, group:guests, viewer, project:a"},
        at="policies/access_rules.csv:5:4",
        good={"access_rules": "g, group:guests, viewer, project:a", "groups": "g, user:eve, group:guests, *"},
    ),
    Page(
        "R053",
        "A group to which nothing is given.",
        "Its members have nothing from it, nor from any group that it belongs to, and no constraint names it.",
        "Groups that hold a role.",
        "Give it a role, or take its memberships out.",
        bad={"groups": "g, user:eve, group:guests, *"},
        at="policies/groups.csv:1:14",
        good={"groups": "g, user:eve, group:guests, *", "access_rules": "g, group:guests, viewer, project:a"},
    ),
    Page(
        "R054",
        "A scope with nothing in it.",
        "No scope, no access rule, no permission and no resource is in it. What holds above reaches it all the same.",
        "Scopes of projects that exist.",
        "Take it out if the project is gone.",
        bad={"scopes": "g2, project:c, department:r"},
        at="policies/scopes.csv:4:5",
        good={"scopes": "g2, project:c, department:r", "access_rules": "g, user:eve, viewer, project:c"},
    ),
    Page(
        "R055",
        "A pair of the vocabulary that no permission names.",
        "Nobody may do it. That may be meant, as for `policy, escalate` in the policy that remit ships.",
        "Pairs that somebody may do.",
        "Add a permission, or take the pair out.",
        bad={"vocabulary": "environment, edit, home, change it"},
        at="policies/vocabulary.csv:6:14",
        good={"vocabulary": "environment, edit, home, change it", "roles": "p, maker, *, environment, edit"},
    ),
    Page(
        "R056",
        "A case about a subject that no line of the policy names.",
        "A deny for somebody who is a slip of the pen always passes, and proves nothing.",
        "Cases about people of the policy, or about `role@scope`.",
        "Mend the name; leave it if the case is about a stranger.",
        bad={"cases/some": "deny, user:aba, create, environment, project:b,"},
        at="policies/cases/some.csv:1:7",
        good={"cases/some": "deny, user:ada, create, environment, project:b,"},
    ),
)
"""The pages of this chapter."""
