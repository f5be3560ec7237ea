"""`remit test --coverage --mutate`: a line that no case rests on is told, and so is a change that no case notices; what
is told of a change is what comes out when somebody makes it in the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

from commands import ran, really_ran, written
from golden import golden
from policies import BASE, files
from readable import NOW
from remit.adapters.policy_files import read_directory
from remit.core import sameness
from remit.core.bending import DAY, Bent, bent, with_bent
from remit.core.coverage import coverage, ranges
from remit.core.model import Origin, Question
from remit.core.mutation import Fate, mutate
from remit.core.pdp import decide
from remit.core.policy import Policy, read_policy
from remit.core.sameness import Sameness
from remit.core.snapshot import Snapshot
from remit.core.trial import try_policy
from remit.errors import PolicyInvalid
from worlds import random_world

ROOT_DIR = Path(__file__).parent.parent
TABLES = {
    "access_rules": (
        "# who makes things\n"
        "g, user:ada, maker, project:a\n"
        "g, user:bob, viewer, project:b\n"
        "g, group:guests, viewer, *, , 2027-01-01\n"
        "g, user:ada, viewer, project:a\n"
    ),
    "groups": "g, user:eve, group:guests, *\n",
    "resources": "environment:shared, *\nenvironment:own, project:a\n",
    "cases/makers": (
        "exactly, view, environment, maker, viewer\n"
        "exactly, use, environment, maker\n"
        "exactly, create, environment, maker\n"
        "exactly, create, workload, maker\n"
        "allow, user:ada, use, environment:own, , project:a\n"
        "deny, user:ada, create, environment, project:b, project:b\n"
        "deny, user:ada, create, environment, *, *\n"
    ),
    "cases/guests": (
        "allow, user:eve, view, environment, *, , 2026-12-31T23:59:59Z\n"
        "deny, user:eve, view, environment, *, , 2027-01-01\n"
        "given, g, user:new, viewer, project:b\n"
        "allow, user:new, view, environment, project:b,\n"
    ),
}
POLICY = files(**TABLES)
"""A policy whose cases forget Bob, and Ada's second line, which needs none."""


def fates(policy: dict[str, bytes]) -> dict[tuple[str, str], Fate]:
    """What becomes of each change, by place and by what it is."""
    tried = mutate(read_policy(policy), NOW)
    return {(str(change.was.origin).removeprefix("policies/"), change.change): fate for change, fate in tried}


def test_lines_no_case_rests_on_are_told() -> None:
    found = {
        each.file.removeprefix("policies/"): (each.covered, each.uncovered)
        for each in coverage(read_policy(POLICY), NOW)
    }
    assert found == {
        "access_rules.csv": ((2, 4), (3, 5)),
        "groups.csv": ((1,), ()),
        "resources.csv": ((2,), (1,)),
        "roles.csv": ((1, 2, 3, 4, 5), ()),
        "scopes.csv": ((1, 2, 3), ()),
    }


def test_a_case_that_is_denied_rests_on_no_line() -> None:
    denied = files(**{"cases/c": "deny, user:ada, create, environment, project:b, project:b\n"})
    assert not any(each.covered for each in coverage(read_policy(denied), NOW))


def test_what_becomes_of_a_change() -> None:
    found = fates(POLICY)
    for change in ("removed", "in `department:r`", "in `project:b`"):
        assert found["access_rules.csv:2", change] is Fate.NOTICED
    assert {fate for (place, _), fate in found.items() if place == "access_rules.csv:3"} == {Fate.UNNOTICED}
    assert found["access_rules.csv:5", "removed"] is Fate.EQUAL
    assert found["access_rules.csv:5", "in `department:r`"] is Fate.UNNOTICED
    assert found["access_rules.csv:4", "at all times"] is Fate.NOTICED
    assert found["access_rules.csv:4", "until a day earlier"] is Fate.NOTICED
    assert found["groups.csv:1", "removed"] is Fate.NOTICED
    assert found["roles.csv:2", "removed"] is Fate.REFUSED  # using goes with creating a workload
    assert found["roles.csv:5", "removed"] is Fate.REFUSED  # a role that people hold must be one
    assert found["roles.csv:1", "removed"] is Fate.NOTICED
    assert found["resources.csv:2", "in `project:b`"] is Fate.NOTICED
    assert found["resources.csv:1", "removed"] is Fate.UNNOTICED
    assert found["scopes.csv:1", "removed"] is Fate.REFUSED


def test_a_case_about_what_a_change_would_give_notices_it() -> None:
    """No case asks about editing; one asks who may view, and that is what the line gives once its action is bent."""
    more = {
        "vocabulary": BASE["vocabulary"] + "environment, edit, home, change it\n",
        "roles": BASE["roles"] + "p, editor, *, environment, edit\n",
    }
    found = fates(files(**more, **{"cases/c": "exactly, view, environment, maker, viewer\n"}))
    assert found["roles.csv:6", "for the action `view`"] is Fate.NOTICED
    assert found["roles.csv:6", "removed"] is Fate.UNNOTICED


def test_a_membership_that_would_lead_to_a_group_no_case_names_is_noticed() -> None:
    found = fates(
        files(
            access_rules="g, group:guests, viewer, *\ng, group:makers, maker, *\n",
            groups="g, user:eve, group:guests, *\ng, user:zed, group:makers, *\n",
            **{"cases/c": "deny, user:eve, create, environment, *, *\n"},
        )
    )
    moved = [fate for (line, what), fate in found.items() if "groups.csv:1" in line and "group:makers" in what]
    assert moved == [Fate.NOTICED], found


def test_without_cases_for_a_line_every_change_of_it_goes_unnoticed() -> None:
    """The same policy with a case for Bob: what went unnoticed is noticed."""
    more = (
        TABLES["cases/makers"]
        + "allow, user:bob, view, environment, project:b,\ndeny, user:bob, view, environment, *,\n"
    )
    more += "deny, user:bob, use, environment, project:b,\ndeny, user:bob, view, environment, project:a,\n"
    found = fates(files(**{**TABLES, "cases/makers": more}))
    assert {fate for (place, _), fate in found.items() if place == "access_rules.csv:3"} == {Fate.NOTICED}


def in_the_file(policy: dict[str, bytes], change: Bent) -> dict[str, bytes]:
    """The files as somebody leaves them who makes this change in an editor."""
    file, number = change.was.origin
    lines = policy[file].decode().split("\n")
    lines[number - 1 : number] = [] if change.now is None else [change.now.line()]
    return {**policy, file: "\n".join(lines).encode()}


def by_hand(policy: dict[str, bytes], change: Bent) -> Fate:
    """What the reader and both judges say to the changed files."""
    try:
        changed = read_policy(in_the_file(policy, change))
    except PolicyInvalid:
        return Fate.REFUSED
    return Fate.NOTICED if any(outcome.fault for outcome in try_policy(changed, NOW)) else Fate.UNNOTICED


def _compared(policy: dict[str, bytes], some: int | None) -> Iterator[tuple[Bent, Fate, Fate]]:
    tried = mutate(read_policy(policy), NOW)
    for change, fate in tried if some is None else Random(7).sample(tried, some):
        yield change, Fate.UNNOTICED if fate is Fate.EQUAL else fate, by_hand(policy, change)


def test_a_change_comes_out_as_when_it_is_made_in_the_file() -> None:
    found = list(_compared(POLICY, None))
    assert [each for each in found if each[1] is not each[2]] == []
    assert {fate for _, fate, _ in found} == {Fate.NOTICED, Fate.REFUSED, Fate.UNNOTICED}
    assert len(found) > 40


def test_so_it_does_in_the_shipped_policy() -> None:
    shipped = read_directory(ROOT_DIR / "policies", ROOT_DIR / "model.conf")
    assert [each for each in _compared(shipped, 40) if each[1] is not each[2]] == []


def decisions(policy: Policy, names: tuple[str, ...], instants: tuple[int, ...]) -> list[bool]:
    """Who may do what where and when, over the whole space; anybody who might hold a role one day counts."""
    scopes = (None, *policy.parents, "*")
    verbs = [(kind, action) for kind, some in policy.vocabulary.items() for action in some]
    snapshot = Snapshot(policy)
    return [
        decide(snapshot, *Question(name, action, kind, None, home, place, (), when)).allowed
        for name, (kind, action), home, place, when in product(names, verbs, scopes, scopes, instants)
    ]


def _called_the_same(seeds: range) -> Iterator[bool]:
    """For each change that is called the same, whether it is."""
    for seed in seeds:
        world = random_world(seed)
        names = tuple(dict.fromkeys((*world.subjects, *world.groups)))
        instants = tuple({at + step for at in world.instants for step in (0, DAY, -DAY)})
        sure = Sameness(world.policy)
        same = [change for change in bent(world.policy) if sure.holds(change)]
        before = decisions(world.policy, names, instants) if same else []
        for change in islice(same, 6):
            yield decisions(with_bent(world.policy, change), names, instants) == before


def test_a_change_that_is_called_the_same_alters_no_decision() -> None:
    found = list(_called_the_same(range(20)))
    assert all(found)
    assert len(found) > 40


def test_a_wrong_word_about_sameness_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for fault in (
        lambda self, scopes: frozenset(list(scopes)[:1]),
        lambda self, scopes: frozenset(self._parents.get(scope, "*") for scope in scopes),
    ):
        monkeypatch.setattr(sameness.Sameness, "_highest", fault)
        assert not all(_called_the_same(range(60)))


def test_of_many_changes_a_sample_is_tried_always_the_same() -> None:
    policy = read_policy(POLICY)
    some = [mutate(policy, NOW, 20) for _ in range(2)]
    assert some[0] == some[1]
    assert len(some[0]) == 20 < len(mutate(policy, NOW))
    assert set(some[0]) < set(mutate(policy, NOW))


def test_progress_is_told_to_the_end() -> None:
    shares: list[float] = []
    tried = mutate(read_policy(POLICY), NOW, say=shares.append)
    assert len(shares) == len(tried)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("numbers", "runs"), [((), []), ((4,), [(4, 4)]), ((1, 2, 3, 7, 9, 10), [(1, 3), (7, 7), (9, 10)])]
)
def test_runs_of_lines(numbers: tuple[int, ...], runs: list[tuple[int, int]]) -> None:
    assert list(ranges(numbers)) == runs


BROKEN = files(**{**TABLES, "cases/makers": TABLES["cases/makers"] + "allow, user:bob, use, environment, project:b,\n"})


@pytest.mark.parametrize(
    ("format", "ending"), [("text", "txt"), ("json", "json"), ("github", "txt"), ("sarif", "json"), ("junit", "xml")]
)
def test_every_format_comes_out_character_by_character(format: str, ending: str) -> None:
    told = ran("test", "--coverage", "--mutate", "--fail-under", "95", "--format", format, files=POLICY)
    failed = ran("test", "--coverage", "--format", format, files=BROKEN)
    assert (told.code, failed.code) == (1, 1)
    golden(f"test/{format}.{ending}", told.out)
    golden(f"test/failed-{format}.{ending}", failed.out)
    if format == "junit":
        assert ElementTree.fromstring(failed.out).find("testsuite/testcase/failure") is not None


def test_exit_codes() -> None:
    assert ran("test", files=POLICY).code == 0
    assert ran("test", "--coverage", "--mutate", files=POLICY).code == 0
    assert ran("test", "--coverage", "--fail-under", "70", files=POLICY).code == 0
    assert ran("test", "--coverage", "--fail-under", "90", files=POLICY).code == 1
    assert ran("test", "--mutate", "--fail-under", "99", files=POLICY).code == 1
    assert ran("test", "--fail-under", "90", files=POLICY).code == 2
    assert ran("test", "--mutate", "--most", "0", files=POLICY).code == 2
    assert ran("test", "--covreage", files=POLICY).code == 2
    assert ran("test", "--when", "tomorrow", files=POLICY).code == 2
    assert (
        ran("test", files=files(access_rules="g, user:ada, nobody, *\n", **{"cases/c": "exactly, view, x\n"})).code == 3
    )


def test_a_case_is_judged_when_one_says() -> None:
    cases = {"cases/c": "allow, user:eve, view, environment, *,\n"}
    policy = files(**{**TABLES, **cases, "cases/guests": None, "cases/makers": None})
    assert ran("test", "--when", "2026-12-31", files=policy).code == 0
    assert ran("test", "--when", "2027-01-01", files=policy).code == 1


def test_no_cases_at_all_is_an_error_and_a_file_without_any_a_failure() -> None:
    assert ran("test", files=files()).code == 2
    assert ran("test", files=files(**{"cases/c": "# none yet\n"})).code == 2
    found = ran("test", files=files(**{**TABLES, "cases/none": "given, g, user:x, viewer, *\n"}))
    assert found.code == 1
    assert found.out.startswith("policies/cases/none.csv: no case stands in this file")


@pytest.mark.parametrize(
    "line",
    [
        "allow, user:nobody, view, environment, *,",
        "deny, user:nobody, view, environment, *,",
        "deny, user:ada, fly, environment, *,",
        "deny, user:ada, view, gadget, *,",
        "deny, user:ada, view, environment, project:c,",
        "deny, user:ada, view, environment, *, project:c",
        "deny, nobody@*, view, environment, *,",
        "deny, maker@project:c, view, environment, *,",
        "exactly, fly, environment",
        "exactly, view, gadget",
        "exactly, view, environment, maker, viewer, nobody",
        "given, g, user:x, nobody, *",
        "given, g, user:x, maker, project:c",
        "given, p, maker, project:c, environment, view",
        "given, p, maker, *, gadget, view",
    ],
)
def test_an_unknown_name_is_an_error_wherever_it_stands(line: str) -> None:
    found = ran("test", files=files(**{**TABLES, "cases/z": f"{line}\ndeny, user:ada, view, environment, *,\n"}))
    assert found.code == 1
    assert "policies/cases/z.csv:1: unknown " in found.out


def test_an_id_that_resources_do_not_list_is_fine() -> None:
    assert ran("test", files=files(**{"cases/c": "allow, user:ada, view, environment:any, project:a,\n"})).code == 0


HOSTILE = ["a\x1b[31mred", "a\n::error file=x::owned", "a%0A::error::b", "a\u202eb", "a,line=9::b", "<a>&b", "a|b`c"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("format", ["text", "json", "github", "sarif", "junit"])
def test_the_name_of_a_file_of_cases_comes_out_as_text(name: str, format: str) -> None:
    cases = {f"policies/cases/{name}.csv": b"deny, user:ada, view, environment, project:a,\n"}
    found = ran("test", "--coverage", "--format", format, files={**files(), **cases})
    assert found.code == 1
    assert not set(found.out) & {"\x1b", "\u202e"}
    assert not any(line.startswith("::error file=x") for line in found.out.splitlines())
    if format == "github":
        assert len([line for line in found.out.splitlines() if line.startswith("::")]) == 1
    if format in ("json", "sarif"):
        json.loads(found.out)
    if format == "junit":
        ElementTree.fromstring(found.out)


def test_it_works_on_files(tmp_path: Path) -> None:
    found = really_ran("test", "--coverage", "--mutate", directory=written(POLICY, tmp_path), TERM="dumb")
    assert found.code == 0
    assert "go unnoticed" in found.out
    assert found.err == ""


def test_origins_sort_by_file_and_line() -> None:
    """What is listed by line is listed in the order of the file."""
    found = ran("test", "--mutate", "--format", "github", files=POLICY)
    places = [line.split("title=")[0] for line in found.out.splitlines()]
    assert len(places) == len(set(places)) > 3
    assert Origin("a", 2) < Origin("a", 10)
