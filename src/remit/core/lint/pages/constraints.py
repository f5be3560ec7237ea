"""What a constraint may get wrong: R035 to R039. And what may be wrong by one: R070."""

from __future__ import annotations

from remit.core.lint.pages.page import Page

PAGES = (
    Page(
        "R035",
        "A line of constraints.csv that is no constraint.",
        "What the policy must never add up to is only as good as the line that says so.",
        "`separate`, `at-most`, `requires` or `never`, each with a name of its own.",
        "The message shows the form; docs/constraints.md tells what each means.",
        bad={"constraints": "at-least, few-makers, *, keep it small, 2, environment:create"},
        at="policies/constraints.csv:1:1",
        good={"constraints": "at-most, few-makers, *, keep it small, 2, environment:create"},
    ),
    Page(
        "R036",
        "A number that is none, or too small to mean anything.",
        "What nobody may have at all is said by `never`, and `1` of several would forbid them all.",
        "A plain number: `2`, not `02`.",
        "Write the number, or use `never`.",
        bad={"constraints": "separate, duties, *, two hands, 1, maker, publisher"},
        at="policies/constraints.csv:1:33",
        good={"constraints": "separate, duties, *, two hands, 2, maker, publisher"},
    ),
    Page(
        "R037",
        "A constraint about a group or a type of subjects that the policy does not know.",
        "It would never be broken, and look as if it held.",
        "A group of groups.csv or access_rules.csv; `user:`, `group:` or `application:`.",
        "Mend the name.",
        bad={"constraints": "never, robots, *, people decide, workload:create, aplication:"},
        at="policies/constraints.csv:1:51",
        good={"constraints": "never, robots, *, people decide, workload:create, application:"},
    ),
    Page(
        "R038",
        "A constraint that can never be broken.",
        "It promises something and does nothing: three of two roles, a role that requires itself.",
        "A constraint that some change could break.",
        "Write the number or the name that was meant.",
        bad={"constraints": "separate, duties, *, two hands, 3, maker, publisher"},
        at="policies/constraints.csv:1:33",
        good={"constraints": "separate, duties, *, two hands, 2, maker, publisher"},
    ),
    Page(
        "R039",
        "A constraint about somebody whom the policy does not name.",
        "It may be about somebody who left, or be a slip; it is no error, since people come and go.",
        "Subjects that have something.",
        "Mend the name, or take the line out.",
        bad={"constraints": "never, ada, *, is leaving, policy:publish, user:adda"},
        at="policies/constraints.csv:1:44",
        good={"constraints": "never, ada, *, is leaving, policy:publish, user:ada"},
    ),
    Page(
        "R070",
        "A constraint that the policy breaks, now or at some time to come.",
        "What must never come about is there, or will be. It loads all the same, so that a server can start.",
        "Lines that keep the constraint, or a constraint that says what is meant.",
        "`remit sod` names who breaks it, from when on and by which lines; take one of them out, or end it earlier.",
        bad={"constraints": "never, nobody-makes, *, all is made elsewhere, environment:create, everyone"},
        at="policies/constraints.csv:1:8",
        good={"constraints": "never, nobody-makes, *, all is made elsewhere, environment:create, application:"},
    ),
)
"""The pages of this chapter."""
