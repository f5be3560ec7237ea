"""Names that nothing declares, and permissions that contradict each other: R013, R016 and R029."""

from __future__ import annotations

from remit.core.lint.pages.page import Page

PAGES = (
    Page(
        "R013",
        "An access rule or a constraint names a role that no permission declares.",
        "A role without permissions gives nothing, so this is nearly always a slip, and somebody waits for a right.",
        "A role of roles.csv or service_roles.csv.",
        "Mend the name, or give the role its permissions.",
        bad={"access_rules": "g, user:eve, viwer, project:a"},
        at="policies/access_rules.csv:5:14",
        good={"access_rules": "g, user:eve, viewer, project:a"},
    ),
    Page(
        "R016",
        "A kind or an action that the vocabulary does not have.",
        "No request can ask for it, so the line would never count: the vocabulary is all that can be said.",
        "A pair of vocabulary.csv.",
        "Mend the name, or add the pair to the vocabulary with its meaning.",
        bad={"roles": "p, viewer, *, environment, vew"},
        at="policies/roles.csv:6:28",
        good={"roles": "p, viewer, *, environment, create"},
    ),
    Page(
        "R029",
        "A role may use a block but create nothing that uses it, or the other way round.",
        "Blocks are used by submitting workloads: one without the other gives a right that cannot be exercised.",
        "For each scope both `use` on every block kind and `create` on a workload or an inference, or neither.",
        "Add the line that the message shows, or take this one out.",
        bad={"roles": "p, viewer, *, environment, use"},
        at="policies/roles.csv:6:1",
        good={"roles": "p, viewer, *, environment, use\np, viewer, *, workload, create"},
    ),
)
"""The pages of this chapter."""
