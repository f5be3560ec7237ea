"""`remit matrix`, run in this process over policies in memory: what it prints for people, for scripts and for
spreadsheets, and what it says of a difference. Golden outputs stand in tests/data/golden.
"""

from __future__ import annotations

import csv
import json
import subprocess
from io import StringIO
from pathlib import Path

import pytest

from commands import Desk, Ran, ran, really_ran, written
from golden import golden
from policies import files
from readable import FILES, POLICY, TEXTS
from remit.core.policy import read_policy
from seed_tables import ASSETS, CREATE, USE, VIEW
from seed_tables import written as in_policy
from test_shipped_policy import shipped

BASE = files(
    **{
        **TEXTS,
        "roles": TEXTS["roles"].replace("viewer, *, environment, view", "viewer, project:web, environment, view")
        + "p, guide, department:sales, environment, view\n",
        "access_rules": TEXTS["access_rules"].replace("user:bob", "user:rob"),
        "groups": "g, user:grace, group:science, *\n",
    }
)
TABLES = {
    "roles": (),
    "roles_scope": ("--scope", "project:web"),
    "roles_diff": ("--diff", "before"),
    "subjects": ("--subjects",),
    "subjects_scope": ("--subjects", "--scope", "project:nlp", "--when", "2027-06-01"),
    "subjects_diff": ("--subjects", "--diff", "before"),
}


def asked(*arguments: str, base: dict[str, bytes] = BASE) -> Ran:
    """The command, beside a base of the name `before`."""
    desk = Desk(FILES)
    desk.others["before"] = base
    return ran("matrix", *arguments, desk=desk)


def masked(text: str) -> str:
    """The text with the revisions, which must be those of the two policies, written in letters."""
    return text.replace(POLICY.revision, "REVISION").replace(read_policy(BASE).revision, "BASE_REVISION")


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(("format", "ending"), [("text", "txt"), ("json", "json"), ("csv", "csv")])
def test_matrix_prints_what_is_on_record(name: str, format: str, ending: str) -> None:
    found = asked(*TABLES[name], "--format", format)
    assert (found.code, found.err) == (0, "")
    golden(f"matrix/{name}.{ending}", masked(found.out))


@pytest.mark.parametrize("name", TABLES)
def test_matrix_says_the_same_in_every_format(name: str) -> None:
    answer = json.loads(asked(*TABLES[name], "--format", "json").out)
    rows = list(csv.DictReader(StringIO(asked(*TABLES[name], "--format", "csv").out)))
    listed = answer.get("rows") or answer["changes"]
    assert len(listed) == len(rows) > 1
    for each, row in zip(listed, rows, strict=True):
        line = each.get("permission") or each["access_rule"]
        revision = answer["base_revision"] if each.get("change") == "removed" else answer["revision"]
        texts = BASE if each.get("change") == "removed" else FILES
        assert (row["file"], row["line"], row["revision"]) == (line["file"], str(line["line"]), revision)
        assert texts[line["file"]].decode().splitlines()[line["line"] - 1] == line["text"]
        assert (each["role"], each["scope"], each.get("change")) == (row["role"], row["scope"], row.get("change"))


@pytest.mark.parametrize("more", [(), ("--subjects",)])
def test_no_difference_is_said_in_words(more: tuple[str, ...]) -> None:
    found = asked("--diff", "before", *more, base=FILES)
    assert found.code == 0
    assert "more or less than before" in found.out
    answer = json.loads(asked("--diff", "before", *more, "--format", "json", base=FILES).out)
    assert (answer["changes"], answer["surroundings"], answer.get("changes_at_other_times", 0)) == ([], [], 0)
    assert len(asked("--diff", "before", *more, "--format", "csv", base=FILES).out.splitlines()) == 1


def replaced(**texts: tuple[str, str]) -> dict[str, bytes]:
    """The files before a part of some of them was replaced: what was there, and what is there now."""
    return files(**{**TEXTS, **{name: TEXTS[name].replace(now, was) for name, (was, now) in texts.items()}})


ELSEWHERE = replaced(
    scopes=(
        "g2, project:nlp, department:sales\ng2, project:old, *\n",
        "g2, project:nlp, department:research\n",
    ),
    vocabulary=("environment, edit, place, change one", "environment, edit, home, change one"),
    resources=("environment:seen, project:nlp", "environment:seen, project:vision"),
)
ANOTHER_TIME = replaced(
    groups=("group:science, *, , 2026-12-01", "group:science, *, , 2027-01-01"),
    access_rules=("project:vision, 2031-01-01", "project:vision, 2030-01-01"),
)
MORE = {"time": (ANOTHER_TIME, ("--subjects",)), "elsewhere": (ELSEWHERE, ()), "hung": (ELSEWHERE, ("--subjects",))}


@pytest.mark.parametrize("name", MORE)
@pytest.mark.parametrize(("format", "ending"), [("text", "txt"), ("json", "json"), ("csv", "csv")])
def test_what_differs_beside_the_rows_is_said(name: str, format: str, ending: str) -> None:
    base, arguments = MORE[name]
    found = asked("--diff", "before", *arguments, "--format", format, base=base)
    assert (found.code, found.err) == (0, "")
    assert "than before, nor" not in found.out and "may more or less" not in found.out
    text = found.out.replace(POLICY.revision, "REVISION").replace(read_policy(base).revision, "BASE_REVISION")
    golden(f"matrix/diff_{name}.{ending}", text)


def test_what_hangs_elsewhere_is_said_where_it_counts() -> None:
    scoped = asked("--diff", "before", "--subjects", "--scope", "project:vision", base=ELSEWHERE)
    assert "nobody holds more or less" in scoped.out
    scoped = asked("--diff", "before", "--subjects", "--scope", "project:nlp", base=ELSEWHERE)
    assert "`project:nlp` hangs in `department:research`, not in `department:sales`" in scoped.out
    assert "user:ida" in scoped.out and "project:old" not in scoped.out


def test_the_shipped_matrix_reads_like_the_tables_of_the_seed() -> None:
    answer = json.loads(ran("matrix", "--format", "json", files=shipped()).out)
    found = {(row["role"], row["action"], row["kind"]) for row in answer["rows"] if row["scope"] == "*"}
    for asset in ASSETS:
        kind = in_policy(asset)
        for action, roles in (("create", CREATE[asset]), ("view", VIEW[asset]), ("use", USE)):
            assert {role for role, its_action, its_kind in found if (its_action, its_kind) == (action, kind)} == {
                in_policy(role) for role in roles
            }
    text = ran("matrix", files=shipped()).out
    assert "  l2-researcher                   ·       ·     ✔    ·     ·\n" in text


def test_a_terminal_without_the_marks_gets_plain_ones(tmp_path: Path) -> None:
    place = written(FILES, tmp_path)
    plain = really_ran("matrix", directory=place, PYTHONIOENCODING="ascii")
    fine = really_ran("matrix", directory=place, PYTHONIOENCODING="utf-8")
    assert (plain.code, fine.code) == (0, 0)
    assert plain.out.isascii() and "✔" in fine.out
    assert plain.out == fine.out.replace("✔", "x").replace("·", ".")


def test_a_difference_from_a_git_revision(tmp_path: Path) -> None:
    place = written(BASE, tmp_path)
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", *command], cwd=place, check=True, timeout=60)
    written(FILES, tmp_path)
    for name in ("roles_diff", "subjects_diff"):
        day = ("--when", "2026-11-23") if name.startswith("subjects") else ()
        arguments = [*(argument.replace("before", "HEAD") for argument in TABLES[name]), *day]
        found = really_ran("matrix", *arguments, "--format", "json", directory=place)
        assert (found.code, found.err) == (0, "")
        due = json.loads(asked(*TABLES[name], "--format", "json").out)
        assert json.loads(found.out)["changes"] == due["changes"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--when", "2026-01-01"), 2, "`--when` needs `--subjects`"),
        (("--subjects", "--when", "noon"), 2, "`--when noon` is not a UTC time"),
        (("--scope", "project:visoin"), 2, "`project:visoin` is not a known scope; did you mean `project:vision`?"),
        (("--difff", "before"), 2, "No such option"),
        (("--diff", "broken"), 3, "broken:policies/access_rules.csv:1:14: R013"),
    ],
)
def test_a_slip_is_an_error(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    desk = Desk(FILES)
    desk.others["broken"] = files(access_rules="g, user:ada, nobody, *\n")
    found = ran("matrix", *arguments, desk=desk)
    assert (found.code, found.out) == (code, "")
    assert said in found.err
