"""What Casbin's own file adapter does to damaged lines, and that remit refuses every one of them.

Each hazard is one damaged form of a line that says something. Casbin, given the very bytes, loses the line without
a word, answers no question any more, or reads something else than a person would; remit names the place.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import casbin
import pytest
from casbin.persist.adapters import FileAdapter

from policies import BASE, files, findings_of, loads, path_of, plus
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot

ROLE = "p, viewer, *, environment, view"
RULE = "g, user:bob, viewer, *"

GONE = "the line is gone without a word"
SILENT = "no decision is made any more: every one raises"
DEAD = "the policy does not load, and the message names no place"
BENT = "it loads, and something else than what the line seems to say is in force"
SAME = "it reads what was meant"


class Hazard(NamedTuple):
    """A damaged line, the good one it was, what Casbin does with it and the codes of remit's findings at it."""

    bad: bytes
    good: str
    casbin: str
    codes: tuple[str, ...]


HAZARDS = {
    "byte order mark": Hazard(b"\xef\xbb\xbfp, viewer, *, environment, view", ROLE, GONE, ("R004",)),
    "upper-case type": Hazard(b"P, viewer, *, environment, view", ROLE, GONE, ("R011",)),
    "second policy type": Hazard(b"p2, viewer, *, environment, view", ROLE, GONE, ("R011",)),
    "third grouping type": Hazard(b"g3, user:bob, viewer, *", RULE, GONE, ("R011",)),
    "semicolons": Hazard(b"p; viewer; *; environment; view", ROLE, GONE, ("R011",)),
    "tabs": Hazard(b"p\tviewer\t*\tenvironment\tview", ROLE, GONE, ("R006", "R011")),
    "quoted type": Hazard(b'"p", viewer, *, environment, view', ROLE, GONE, ("R009", "R011")),
    "quoted name": Hazard(b'p, "viewer", *, environment, view', ROLE, BENT, ("R009",)),
    "quoted line": Hazard(b'"g, user:bob, viewer, *"', RULE, GONE, ("R009", "R011")),
    "typographic quotes": Hazard("g, “user:bob”, viewer, *".encode(), RULE, BENT, ("R018",)),
    "inline comment": Hazard(b"g, user:bob, viewer, * # for now", RULE, BENT, ("R012",)),
    "full-width comma": Hazard("g, user:bob， viewer, *".encode(), RULE, DEAD, ("R010",)),
    "zero-width space": Hazard("g, user:bob\u200b, viewer, *".encode(), RULE, BENT, ("R007",)),
    "soft hyphen": Hazard("p, view\u00ader, *, environment, view".encode(), ROLE, BENT, ("R007",)),
    "decomposed letter": Hazard("g, user:bob, vie\u0301wer, *".encode(), RULE, BENT, ("R008",)),
    "bracket swallows the rest": Hazard(b"p, (viewer, *, environment, view", ROLE, SILENT, ("R018",)),
    "square bracket too": Hazard(b"g, user:[bob, viewer, *", RULE, DEAD, ("R018",)),
    "bracket left open in a name": Hazard(b"p, viewer, *, environment, view (all", ROLE, BENT, ("R018",)),
    "closing bracket": Hazard(b"p, viewer), *, environment, view", ROLE, DEAD, ("R018",)),
    "mistyped effect": Hazard(b"p, viewer, *, environment, view, alow", ROLE, SILENT, ("R010",)),
    "padded row": Hazard(b"p, viewer, *, environment, view,,", ROLE, SILENT, ("R010",)),
    "short row": Hazard(b"p, viewer, *, environment", ROLE, SILENT, ("R010",)),
    "short rule": Hazard(b"g, user:bob, viewer", RULE, DEAD, ("R010",)),
    "blank row": Hazard(b",,,,", ROLE, DEAD, ("R011",)),
    "row without a type": Hazard(b"viewer, *, environment, view", ROLE, GONE, ("R011",)),
    "header row": Hazard(b"type, role, scope, kind, action", ROLE, GONE, ("R011",)),
    "carriage return for a line feed": Hazard(b"# viewers\rp, viewer, *, environment, view", ROLE, GONE, ("R005",)),
    "line separator for a line feed": Hazard("# bob\u2028g, user:bob, viewer, *".encode(), RULE, GONE, ("R007",)),
    "NUL": Hazard(b"\0g, user:bob, viewer, *", RULE, GONE, ("R006", "R011")),
    "Latin-1": Hazard(b"g, user:b\xf6b, viewer, *", RULE, DEAD, ("R003",)),
    "overlong UTF-8": Hazard(b"g, user:bob\xc0\xac viewer, *", RULE, DEAD, ("R003",)),
    "UTF-16": Hazard("g, user:bob, viewer, *\n".encode("utf-16"), RULE, DEAD, ("R003",)),
    "edge spaces": Hazard(b"g, user:bob , viewer, *", RULE, SAME, ("R019",)),
}


def casbin_over(lines: bytes, directory: Path) -> casbin.Enforcer:
    """Casbin with remit's model and these bytes, read by its own adapter."""
    (directory / "model.conf").write_text(BASE["model"])
    (directory / "policy.csv").write_bytes(lines)
    return casbin.Enforcer(str(directory / "model.conf"), FileAdapter(str(directory / "policy.csv")))


def answers(enforcer: casbin.Enforcer) -> list[bool]:
    """May Bob, and may Ada, see an environment of all projects?"""
    return [enforcer.enforce(name, "*", "environment", "view", "*") for name in ("user:bob", "user:ada")]


def memory(enforcer: casbin.Enforcer) -> list[list[str]]:
    """Every line that Casbin took in."""
    return enforcer.get_policy() + enforcer.get_grouping_policy() + enforcer.get_named_grouping_policy("g2")


def what_casbin_does(hazard: Hazard, directory: Path) -> str:
    """One of the sentences above, found by trying the line before sound ones that Ada's right hangs on."""
    others = b"p, maker, *, environment, view\ng, user:ada, maker, *\n"
    others += (RULE if hazard.good is ROLE else ROLE).encode() + b"\n"
    assert answers(casbin_over(others + hazard.good.encode(), directory)) == [True, True]
    without = memory(casbin_over(others, directory))
    try:
        enforcer = casbin_over(hazard.bad + b"\n" + others, directory)
    except Exception:
        return DEAD
    try:
        same = answers(enforcer) == [True, True]
    except Exception:
        return SILENT
    return SAME if same else GONE if memory(enforcer) == without else BENT


@pytest.mark.parametrize("name", HAZARDS)
def test_casbin_takes_it_and_remit_refuses_it(name: str, tmp_path: Path) -> None:
    hazard = HAZARDS[name]
    assert what_casbin_does(hazard, tmp_path) == hazard.casbin

    file = "roles" if hazard.good is ROLE else "access_rules"
    assert loads(plus(**{file: hazard.good}))
    sound = BASE[file].encode()
    at_the_start = hazard.bad.startswith(b"\xef\xbb\xbf")
    bad = files(**{file: hazard.bad + b"\n" + sound if at_the_start else sound + hazard.bad + b"\n"})
    found = findings_of(bad)
    assert not loads(bad)
    assert {f.file for f in found} == {path_of(file)}
    assert tuple(sorted({f.code for f in found})) == hazard.codes


def test_casbin_ignores_columns_of_a_rule_it_does_not_know(tmp_path: Path) -> None:
    """A window is columns of ours: Casbin reads the line and not its end, so a lapsed line counts for ever."""
    lapsed = f"{RULE}, 2020-01-01, 2021-01-01"
    assert answers(casbin_over(f"{ROLE}\n{lapsed}\n".encode(), tmp_path)) == [True, False]
    snapshot = Snapshot(read_policy(plus(access_rules=lapsed)))
    assert not decide(snapshot, "user:bob", "view", "environment", when=1_800_000_000_000_000).allowed


def test_casbin_takes_a_mistyped_effect_for_neither_allow_nor_deny(tmp_path: Path) -> None:
    """The mistyped deny line is there, and denies nothing."""
    model = "[request_definition]\nr = sub, act\n[policy_definition]\np = sub, act, eft\n[policy_effect]\n"
    model += "e = some(where (p.eft == allow)) && !some(where (p.eft == deny))\n[matchers]\nm = r.sub == p.sub\n"
    (tmp_path / "model.conf").write_text(model)
    for effect, allowed in (("deny", False), ("denny", True)):
        (tmp_path / "policy.csv").write_text(f"p, eve, read, allow\np, eve, read, {effect}\n")
        enforcer = casbin.Enforcer(str(tmp_path / "model.conf"), str(tmp_path / "policy.csv"))
        assert enforcer.enforce("eve", "read") is allowed
    assert not loads(plus(roles=f"{ROLE}, denny"))
