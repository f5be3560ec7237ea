"""Names that are taken for one another: R040 to R043."""

from __future__ import annotations

from remit.core.lint.pages.page import Page

_GOOD = {"access_rules": "g, user:eve, viewer, project:a"}

PAGES = (
    Page(
        "R040",
        "A word of letters of two scripts that look alike, Latin and Cyrillic for instance.",
        "It is taken for a word that it is not, by whoever reviews the line.",
        "One script in a word. Whole names in another script are welcome.",
        "Type the name anew.",
        bad={"access_rules": "g, user:\u0435ve, viewer, project:a"},
        at="policies/access_rules.csv:5:4",
        good=_GOOD,
    ),
    Page(
        "R041",
        "A name that looks like another name of the policy and is not the same.",
        "What one of them may do is read as what the other may do. The later of the two is marked.",
        "Names that differ to the eye.",
        "If it is a slip, write it as the other one is written; if it is an attack, find out whose.",
        bad={"access_rules": "g, user:\u0430\u0501\u0430, viewer, project:b"},
        at="policies/access_rules.csv:5:4",
        good=_GOOD,
    ),
    Page(
        "R042",
        "A name that differs from another name of the policy by case only.",
        "Bytes decide, so these are two; single sign-on often writes the same person in both ways.",
        "One way to write a name, in small letters where there is a choice.",
        "Write it as the other one is written.",
        bad={"access_rules": "g, user:Ada, viewer, project:b"},
        at="policies/access_rules.csv:5:4",
        good=_GOOD,
    ),
    Page(
        "R043",
        "A name that is easily taken for another name of the policy: 1 and l, 0 and O, rn and m.",
        "In many fonts nobody sees the difference. Both may well be right, so this is a note.",
        "Names that differ in more than that.",
        "Look once more at what was meant.",
        bad={"access_rules": "g, user:c1eo, viewer, project:b"},
        at="policies/access_rules.csv:5:4",
        good=_GOOD,
    ),
)
"""The pages of this chapter."""
