"""The codes of findings: what each is called and how much it weighs. A code has one meaning for ever.

Up to R039 the reader finds them, while it reads; from R040 on `lint` does, in a policy that may well load.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Weight(StrEnum):
    """An error keeps the policy from loading. A warning should be mended; a note is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Rule(NamedTuple):
    """A code's name and weight."""

    name: str
    weight: Weight = Weight.ERROR

    @property
    def error(self) -> bool:
        """True if it keeps the policy from loading."""
        return self.weight is Weight.ERROR


_WARNING, _NOTE = Weight.WARNING, Weight.NOTE

RULES: dict[str, Rule] = {
    "R001": Rule("missing-file"),
    "R002": Rule("unknown-file"),
    "R003": Rule("not-utf-8"),
    "R004": Rule("byte-order-mark"),
    "R005": Rule("carriage-return"),
    "R006": Rule("control-character"),
    "R007": Rule("invisible-character"),
    "R008": Rule("not-normal-form-c"),
    "R009": Rule("quotation-mark"),
    "R010": Rule("column-count"),
    "R011": Rule("unknown-line-type"),
    "R012": Rule("misplaced-comment"),
    "R013": Rule("unknown-role"),
    "R014": Rule("unknown-scope"),
    "R015": Rule("scope-left-the-tree", _WARNING),
    "R016": Rule("unknown-kind-or-action"),
    "R017": Rule("formula-cell"),
    "R018": Rule("bad-identifier"),
    "R019": Rule("stray-space"),
    "R020": Rule("two-parents"),
    "R021": Rule("scope-off-the-tree"),
    "R022": Rule("scope-too-deep"),
    "R023": Rule("membership-cycle"),
    "R024": Rule("membership-chain-too-long"),
    "R025": Rule("not-a-membership"),
    "R026": Rule("bad-time"),
    "R027": Rule("empty-window"),
    "R028": Rule("bad-vocabulary"),
    "R029": Rule("use-out-of-step"),
    "R030": Rule("model-differs"),
    "R031": Rule("too-large"),
    "R032": Rule("two-homes"),
    "R033": Rule("no-final-newline"),
    "R034": Rule("bad-case"),
    "R035": Rule("bad-constraint"),
    "R036": Rule("bad-number"),
    "R037": Rule("unknown-group-or-type"),
    "R038": Rule("idle-constraint"),
    "R039": Rule("constraint-about-nobody", _WARNING),
    "R040": Rule("mixed-scripts", _WARNING),
    "R041": Rule("look-alike-names", _WARNING),
    "R042": Rule("names-differ-by-case", _WARNING),
    "R043": Rule("nearly-alike-names", _NOTE),
    "R044": Rule("repeated-line", _WARNING),
    "R045": Rule("covered-access-rule", _WARNING),
    "R046": Rule("covered-permission", _WARNING),
    "R047": Rule("covered-membership", _WARNING),
    "R048": Rule("access-rule-through-group", _NOTE),
    "R049": Rule("idle-access-rule", _WARNING),
    "R050": Rule("role-without-holder", _NOTE),
    "R051": Rule("permission-out-of-reach", _NOTE),
    "R052": Rule("group-without-members", _NOTE),
    "R053": Rule("group-without-access-rule", _NOTE),
    "R054": Rule("empty-scope", _NOTE),
    "R055": Rule("pair-without-permission", _NOTE),
    "R056": Rule("subject-only-in-cases", _NOTE),
    "R060": Rule("privileged-without-why", _WARNING),
    "R061": Rule("privileged-without-ticket", _WARNING),
    "R062": Rule("privileged-without-approver", _WARNING),
    "R063": Rule("approved-by-itself", _WARNING),
    "R064": Rule("bad-approver", _WARNING),
    "R065": Rule("lapsed-line", _NOTE),
    "R066": Rule("privileged-without-end", _NOTE),
    "R067": Rule("sole-holder", _NOTE),
    "R068": Rule("unusual-subject-type", _WARNING),
    "R069": Rule("lone-since", _WARNING),
    "R070": Rule("broken-constraint", _WARNING),
    "R071": Rule("not-canonical", _NOTE),
}

FIRST_OF_LINT = "R040"
"""The first code that the reader does not give."""
