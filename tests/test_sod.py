"""`remit sod`: what it prints, for people, scripts and spreadsheets, and the exit code that a script goes by."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from io import StringIO

import pytest

from commands import Desk, Ran, ran
from golden import golden
from policies import files
from readable import NOW, TEXTS
from remit.core.lint import lint
from remit.core.policy import read_policy
from test_shipped_policy import shipped

CONSTRAINTS = """\
separate, use-or-change, *, who runs things does not change them, 2, researcher, maintainer
at-most, few-makers, project:vision, everybody there depends on it, 1, environment:create
requires, see-first, department:research, , maintainer, viewer
never, hands-off, project:vision, nobody but Ida, environment:edit, everyone, but, user:ida
never, kept, *, , environment:delete, everyone
"""
MORE = {
    "access_rules": TEXTS["access_rules"]
    + "g, user:tom, maintainer, project:nlp, 2027-03-01, 2027-06-01\n"
    + "g, user:tom, researcher, *\n"
    + "g, group:science, researcher, project:vision\n"
    + "g, group:keepers, maintainer, project:vision\n",
    "groups": TEXTS["groups"] + "".join(f"g, user:k{number:02}, group:keepers, *\n" for number in range(25)),
}
BROKEN = files(**{**TEXTS, **MORE, "constraints": CONSTRAINTS})
KEPT = files(**{**TEXTS, "constraints": CONSTRAINTS.splitlines()[-1] + "\n"})


def masked(found: Ran, policy: Mapping[str, bytes] = BROKEN) -> str:
    """What was printed, the revision written in letters; nothing may have been complained about."""
    assert found.err == ""
    return found.out.replace(read_policy(dict(policy)).revision, "REVISION")


@pytest.mark.parametrize(("format", "ending"), [("text", "txt"), ("json", "json"), ("csv", "csv")])
def test_every_violation_is_told(format: str, ending: str) -> None:
    found = ran("sod", "--format", format, files=BROKEN)
    assert found.code == 1
    golden(f"sod/broken.{ending}", masked(found))


@pytest.mark.parametrize(("format", "ending"), [("text", "txt"), ("json", "json"), ("csv", "csv")])
def test_a_policy_that_keeps_its_constraints_is_fine(format: str, ending: str) -> None:
    found = ran("sod", "--format", format, files=KEPT)
    assert found.code == 0
    golden(f"sod/kept.{ending}", masked(found, KEPT))


def test_all_formats_tell_of_the_same_violations() -> None:
    told = json.loads(ran("sod", "--format", "json", files=BROKEN).out)
    rows = list(csv.DictReader(StringIO(ran("sod", "--format", "csv", files=BROKEN).out, newline="")))
    for weight, some in (("violation", told["violations"]), ("note", told["notes"])):
        due = {(each["sentence"], each["since"], each["until"] or "") for each in some}
        assert {(row["sentence"], row["since"], row["until"]) for row in rows if row["weight"] == weight} == due
        assert len([row for row in rows if row["weight"] == weight]) == sum(len(each["lines"]) for each in some)
    text = ran("sod", files=BROKEN).out
    assert all(each["sentence"] in text for each in (*told["violations"], *told["notes"]))


def test_it_is_judged_from_the_time_asked_for_on() -> None:
    now = masked(ran("sod", files=BROKEN))
    assert "`maintainer` in `project:nlp`; `use-or-change` allows 1 of these, from 2027-03-01 until 2027-06-01" in now
    within = masked(ran("sod", "--when", "2027-04-01", files=BROKEN))
    assert "`maintainer` in `project:nlp`; `use-or-change` allows 1 of these, until 2027-06-01" in within
    assert "use-or-change" not in masked(ran("sod", "--when", "2027-06-01", files=BROKEN))
    assert "judged from 2027-04-01 on by revision REVISION" in within


def test_a_policy_without_constraints_breaks_none() -> None:
    found = ran("sod")
    assert found.code == 0
    assert found.out.startswith("0 constraints, none broken; judged from 2026-11-23 on by revision ")


def test_what_cannot_be_judged_is_refused() -> None:
    assert ran("sod", "--when", "soon", files=BROKEN) == Ran(
        2, "", "remit: `--when soon` is not a UTC time; write `2026-11-23` or `2026-11-23T20:19:00Z`\n"
    )
    unread = ran("sod", files=files(**{**TEXTS, "constraints": "never, x, *, , environment:edit, evryone\n"}))
    assert (unread.code, unread.out) == (3, "")
    assert "policies/constraints.csv:1:34: R035 `evryone` does not say who\n" in unread.err


def test_a_broken_constraint_does_not_keep_a_policy_from_going_live() -> None:
    """The last good policy must start, whatever it adds up to."""
    desk = Desk(BROKEN)
    assert ran("serve", desk=desk).code == 0
    assert len(desk.served) == 1
    assert ran("load", files=BROKEN).code == 0


def test_lint_finds_each_violation_at_the_name_of_its_constraint() -> None:
    told = json.loads(ran("sod", "--format", "json", files=BROKEN).out)["violations"]
    found = [each for each in lint(BROKEN, NOW).findings if each.code == "R070"]
    assert len(found) == len(told) == 6
    due = sorted((each["constraint"]["line"], each["sentence"]) for each in told)
    assert sorted((each.line, each.message.split(", from 2027")[0]) for each in found) == due
    assert found[0].message.endswith("`use-or-change` allows 1 of these, from 2027-03-01 on, until 2027-06-01")
    assert (found[0].place(), found[0].width) == ("policies/constraints.csv:1:11", len("use-or-change"))
    assert lint(KEPT, NOW).findings == tuple(each for each in lint(KEPT, NOW).findings if each.code != "R070")


def test_the_shipped_policy_keeps_its_constraints() -> None:
    found = ran("sod", files=shipped())
    assert found.code == 0, found.out
    assert found.out.startswith("7 constraints, none broken;")


@pytest.mark.parametrize(
    ("lines", "broken"),
    [
        ("g, user:donald@example.com, policy-administrator, *", "publish-or-audit"),
        ("g, application:notebook-portal, policy-administrator, project:vision", "publish-or-vouch"),
        ("g, application:nightly-training, policy-administrator, *", "people-publish"),
        ("g, user:vint@example.com, editor, *", "all-environments"),
        ("g, group:nlp-lab, credentials-administrator, *", "all-credentials"),
        ("g, user:hedy@example.com, ml-engineer, project:serving", "run-and-be-called"),
    ],
)
def test_each_shipped_constraint_can_be_broken(lines: str, broken: str) -> None:
    policy = shipped()
    policy["policies/access_rules.csv"] += f"{lines}\n".encode()
    found = json.loads(ran("sod", "--format", "json", files=policy).out)
    assert broken in {each["constraint"]["name"] for each in found["violations"]}
