"""`remit plan`: what a person, a script and a pull request are told of a change, and what the exit code says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from commands import Desk, ran, really_ran, written
from golden import golden
from house import ROOT
from readable import FILES
from remit.core.policy import revision_of
from repositories import committed, repository

RULES, GROUPS, SCOPES = "policies/access_rules.csv", "policies/groups.csv", "policies/scopes.csv"
HOMES, VOCABULARY, CONSTRAINTS = "policies/resources.csv", "policies/vocabulary.csv", "policies/constraints.csv"
SCHEMA = json.loads((ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
GONE = FILES[RULES].replace(b"g, user:ada, researcher, project:vision\n", b"")
MORE = {
    **FILES,
    RULES: GONE + b"g, user:eve, researcher, department:sales, , 2027-06-01\ng, user:ida, viewer, project:web\n"
    b"g, user:late, viewer, project:vision, 2001-01-01, 2002-01-01\n",
    GROUPS: FILES[GROUPS] + b"g, user:bob, group:lab, *\n",
    SCOPES: FILES[SCOPES].replace(b"g2, project:web, department:sales\n", b"g2, project:fresh, department:research\n"),
    HOMES: FILES[HOMES] + b"environment:more, project:vision\n",
    VOCABULARY: FILES[VOCABULARY].replace(b"environment, edit, home", b"environment, edit, place"),
    CONSTRAINTS: b"never, no-newcomer, department:sales, why not, environment:create, user:\n",
}
"""Every sort of change at once."""


def planned(*arguments: str, head: dict[str, bytes] = MORE, base: dict[str, bytes] = FILES) -> Any:
    desk = Desk(head)
    desk.others["main"] = base
    return ran("plan", "main", *arguments, desk=desk)


def told(*arguments: str, head: dict[str, bytes] = MORE) -> Any:
    found = json.loads(planned(*arguments, "--format", "json", head=head).out)
    Draft202012Validator(SCHEMA).validate(found)
    return found


@pytest.mark.parametrize("format", ["text", "json", "markdown"])
def test_what_is_told_of_every_sort_of_change(format: str) -> None:
    found = planned("--author", "user:ida", "--format", format)
    assert (found.code, found.err) == (5, "")
    golden(f"plan/all.{format}", found.out)


@pytest.mark.parametrize(
    ("head", "arguments", "code", "said"),
    [
        (FILES, (), 0, "no decision changes"),
        (FILES, ("--detailed-exitcode",), 0, "no line differs"),
        ({**FILES, RULES: FILES[RULES] + b"# a word\n"}, ("--detailed-exitcode",), 0, "no line differs"),
        ({**FILES, RULES: FILES[RULES] + b"g, user:ada, viewer, project:vision\n"}, ("--detailed-exitcode",), 0,
         "no decision changes"),
        ({**FILES, RULES: GONE}, (), 0, "1 person loses 3 rights"),
        ({**FILES, RULES: GONE}, ("--detailed-exitcode",), 4, "1 person loses 3 rights"),
        ({**FILES, RULES: GONE}, ("--detailed-exitcode", "--author", "user:nobody"), 4, "1 person loses 3 rights"),
        ({**FILES, RULES: FILES[RULES] + b"g, user:eve, viewer, *\n"}, (), 0, "was not said (--author)"),
        ({**FILES, RULES: FILES[RULES] + b"g, user:eve, viewer, *\n"}, ("--author", "user:bob"), 0, "gain"),
        ({**FILES, RULES: FILES[RULES] + b"g, user:eve, viewer, *\n"}, ("--author", "user:ada"), 5, "an escalation"),
        ({**FILES, RULES: FILES[RULES] + b"g, user:eve, viewer, *, , , T, user:bob, x\n"}, ("--author", "user:bob"), 5,
         f"{RULES}:9 is approved by `user:bob`, who wrote it"),
        ({**FILES, RULES: FILES[RULES] + b"g, user:eve, viewer, *, , , T, user:ida, x\n"}, ("--author", "user:bob"), 0,
         "gains"),
        ({**FILES, CONSTRAINTS: b"never, nobody, project:vision, x, environment:create, user:ada\n"}, (), 0,
         "`nobody` is broken already"),
        ({**FILES, CONSTRAINTS: b"never, nobody, project:vision, x, environment:create, user:eve\n",
          RULES: FILES[RULES] + b"g, user:eve, researcher, project:vision\n"}, (), 5, "broken constraints (nobody)"),
        ({**FILES, CONSTRAINTS: b"never, nobody, *, x, environment:view, user:old\n",
          RULES: FILES[RULES].replace(b"viewer, project:vision, 2030-01-01", b"viewer, project:vision")}, (), 5,
         "broken constraints (nobody)"),
        ({**FILES, CONSTRAINTS: b"never, nobody, *, x, environment:view, user:old\n",
          RULES: FILES[RULES].replace(b"viewer, project:vision, 2030-01-01", b"viewer, project:vision, 2031-01-01")},
         (), 0, "is broken already"),
    ],
)  # fmt: skip
def test_the_exit_code_says_what_there_is(
    head: dict[str, bytes], arguments: tuple[str, ...], code: int, said: str
) -> None:
    found = planned(*arguments, head=head)
    assert (found.code, found.err) == (code, "") and said in found.out, found.out


def test_a_constraint_that_is_dropped_and_broken_at_once_blocks() -> None:
    rule = b"never, no-sales, department:sales, x, environment:create, user:\n"
    base = {**FILES, CONSTRAINTS: rule}
    head = {**FILES, RULES: FILES[RULES] + b"g, user:eve, researcher, project:web\n"}
    found = planned(head=head, base=base)
    assert found.code == 5 and "no-sales" in found.out


def test_a_constraint_that_is_broken_already_does_not_block_and_is_told() -> None:
    base = {**FILES, CONSTRAINTS: b"never, nobody, project:vision, x, environment:create, user:ada\n"}
    found = planned("--detailed-exitcode", head={**base, RULES: base[RULES] + b"g, user:eve, viewer, *\n"}, base=base)
    assert found.code == 4 and "`nobody` is broken already" in found.out


NOBODY = b"never, nobody, *, x, environment:view, user:\n"
EVE = b"g, user:eve, viewer, project:web, 2026-01-01, 2027-01-01\n"
KNOWN = {**FILES, RULES: FILES[RULES].replace(b"g, user:bob, viewer, *\n", b"") + EVE, CONSTRAINTS: NOBODY}


@pytest.mark.parametrize(
    ("line", "blocked"),
    [
        (EVE, False),
        (EVE + b"g, user:mia, viewer, project:web, 2026-01-01, 2027-01-01\n", True),
        (b"g, user:eve, viewer, department:sales, 2026-01-01, 2027-01-01\n", True),
        (b"g, user:eve, viewer, project:web, 2026-01-01, 2028-01-01\n", True),
        (b"g, user:eve, viewer, project:web, 2026-01-01, 2026-12-01\n", False),
    ],
    ids=["the same", "one more", "further up", "for longer", "for less long"],
)
def test_more_of_what_is_broken_already_blocks(line: bytes, blocked: bool) -> None:
    found = planned(base=KNOWN, head={**KNOWN, RULES: KNOWN[RULES].replace(EVE, line)})
    assert (found.code == 5) is blocked, found.out


def test_a_line_that_its_author_approved_may_be_taken_out() -> None:
    line = b"g, user:eve, viewer, *, , , T, user:bob, x\n"
    found = planned("--author", "user:bob", base={**FILES, RULES: FILES[RULES] + line}, head=FILES)
    assert found.code == 0 and "`user:eve` loses" in found.out


def test_which_of_the_two_does_not_load_is_told() -> None:
    broken = {**FILES, RULES: FILES[RULES] + b"g, user:eve, no-role, *\n"}
    for base, head, name in ((broken, FILES, "main"), (FILES, broken, "the files in policies")):
        found = planned(base=base, head=head)
        assert (found.code, found.out) == (3, "")
        assert found.err.startswith(f"{name} does not load:\n{RULES}:") and "R013" in found.err


def test_the_same_plan_gives_the_same_bytes_and_its_digest_holds() -> None:
    one, other = (planned("--format", "json").out for _ in range(2))
    assert one == other
    found = json.loads(one)
    digest = found.pop("digest")
    canonical = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert digest == hashlib.sha256(canonical.encode()).hexdigest()
    assert found["format_version"] == "1.1"
    assert (found["base"]["revision"], found["head"]["revision"]) == (revision_of(FILES), revision_of(MORE))


def test_people_applications_and_open_groups_are_counted_apart() -> None:
    lines = b"g, user:eve, viewer, *\ng, application:bot, viewer, *\ng, group:open, viewer, *\n"
    found = told(head={**FILES, RULES: FILES[RULES] + lines})
    (effect,) = found["effects"]
    assert effect["subjects"] == ["application:bot", "group:open", "user:eve"]
    assert effect["open_groups"] == ["group:open"]
    assert found["summary"] == "1 person and 1 open group and 1 application gain 3 rights"
    assert [line["changed"] for line in effect["lines"]] == [True, True, True, False]


def test_many_who_gain_alike_are_one_entry() -> None:
    lines = b"".join(b"g, user:p%02d, researcher, department:research\n" % number for number in range(12))
    found = planned(head={**FILES, RULES: FILES[RULES] + lines}).out
    assert "  + 12 people gain create, use, view environment in department:research as `researcher`\n" in found
    assert "lines more; `--format json` has them all" in found


def test_what_is_over_is_counted_and_not_told() -> None:
    found = planned(head={**FILES, RULES: FILES[RULES] + b"g, user:eve, viewer, *, 2001-01-01, 2002-01-01\n"})
    assert found.out.splitlines()[-1] == "1 change of the past only" and "eve" not in found.out
    found = planned(
        "--when", "2001-06-01", head={**FILES, RULES: FILES[RULES] + b"g, user:eve, viewer, *, , 2002-01-01\n"}
    )
    assert "`user:eve` gains view environment in all projects until 2002-01-01 as `viewer`" in found.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "no-such-thing"), "neither a directory nor a"),
        (("plan", "--upload-pack=x"), "No such option"),
        (("plan", "main", "--author", "ida"), "has no type"),
        (("plan", "main", "--when", "soon"), "soon"),
        (("plan", "main", "--format", "xml"), "xml"),
        (("plan", "main", "--no-such-flag"), "No such option"),
    ],
)
def test_what_is_wrong_with_a_command_is_told(arguments: tuple[str, ...], said: str) -> None:
    desk = Desk(FILES)
    desk.others["main"] = FILES
    found = ran(*arguments, desk=desk)
    assert (found.code, found.out) == (2, "") and said in found.err and "Traceback" not in found.err


HOSTILE = "user:<img src=x>`|*_~::warning::%0A&amp;<!--"


@pytest.mark.parametrize("format", ["text", "json", "markdown"])
def test_a_name_is_text_wherever_it_goes(format: str) -> None:
    head = {**FILES, RULES: FILES[RULES] + f"g, {HOSTILE.replace('*', '')}, viewer, project:nlp\n".encode()}
    found = planned("--author", "user:ada", "--format", format, head=head)
    assert found.code == 5
    golden(f"plan/hostile.{format}", found.out)
    if format == "markdown":
        assert not {"<img", "`", "<!--", "::"} & set(found.out.split()) and "<" not in found.out.replace("&#60;", "")
    assert not any(line.startswith("::") for line in found.out.splitlines())


def test_revisions_and_directories_are_compared_for_real(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    repository(tree, FILES)
    committed(tree, {**FILES, RULES: GONE})
    written(MORE, tmp_path / "copy")
    found = really_ran("plan", "--detailed-exitcode", directory=tree)
    assert (found.code, found.err) == (0, "") and "no decision changes" in found.out
    found = really_ran("plan", "HEAD~1", "HEAD", "--detailed-exitcode", directory=tree)
    assert (found.code, found.err) == (4, "") and "`user:ada` loses" in found.out
    found = really_ran("plan", "HEAD~1", "../copy", directory=tree)
    assert found.code == 5 and "no-newcomer" in found.out
    (tree / RULES).write_bytes(FILES[RULES])
    found = really_ran("plan", directory=tree)
    assert (found.code, found.err) == (0, "") and "`user:ada` gains" in found.out
