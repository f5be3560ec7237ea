"""`remit who` and `remit can`, run in this process over a policy in memory: what they print for people, for scripts and
for spreadsheets, and what they say to a slip. Golden outputs stand in tests/data/golden.
"""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest

from commands import Ran, ran
from golden import golden
from readable import FILES, POLICY


def masked(text: str) -> str:
    """The text with the revision, which must be this policy's, written in letters."""
    return text.replace(POLICY.revision, "REVISION")


WHO = {
    "scope": ("create", "environment", "--scope", "project:nlp"),
    "anywhere": ("view", "environment"),
    "thing": ("use", "environment:everywhere", "--scope", "project:nlp"),
    "thing_anywhere": ("view", "environment:seen"),
    "thing_at_home": ("edit", "environment:seen"),
    "later": ("view", "environment", "--scope", "project:vision", "--when", "2030-06-01"),
}
NOBODY = {
    "nobody": ("create", "environment", "--scope", "project:web"),
    "nobody_may": ("delete", "environment"),
    "nobody_available": ("view", "environment:seen", "--scope", "project:nlp"),
    "nobody_stranded": ("view", "environment:lost"),
}
ASKED = [(name, 0, question) for name, question in WHO.items()] + [(name, 1, each) for name, each in NOBODY.items()]


@pytest.mark.parametrize(("name", "code", "question"), ASKED, ids=lambda value: value if isinstance(value, str) else "")
def test_who_lists_those_who_may_with_the_lines_that_say_so(name: str, code: int, question: tuple[str, ...]) -> None:
    found = ran("who", *question)
    assert (found.code, found.err) == (code, "")
    golden(f"who/{name}.txt", masked(found.out))


@pytest.mark.parametrize("name", ["anywhere", "thing", "nobody_stranded"])
@pytest.mark.parametrize("format", ["json", "csv"])
def test_who_for_scripts_and_for_spreadsheets(name: str, format: str) -> None:
    found = ran("who", *({**WHO, **NOBODY}[name]), "--format", format)
    assert (found.code, found.err) == (int(name in NOBODY), "")
    golden(f"who/{name}.{format}", masked(found.out))


def test_who_says_the_same_in_every_format() -> None:
    text = ran("who", *WHO["anywhere"]).out
    answer = json.loads(ran("who", *WHO["anywhere"], "--format", "json").out)
    rows = list(csv.DictReader(StringIO(ran("who", *WHO["anywhere"], "--format", "csv").out)))
    listed = [(each["subject"], way) for each in answer["subjects"] for way in each["ways"]]
    assert len(listed) == len(rows) > 4
    for (subject, way), row in zip(listed, rows, strict=True):
        assert (subject, way["where"], way["role"]) == (row["subject"], row["where"], row["role"])
        assert (way["by_way_of"] or "", way["until"] or "") == (row["by_way_of"], row["until"])
        for what in ("access_rule", "permission"):
            line = FILES[way[what]["file"]].decode().splitlines()[way[what]["line"] - 1]
            assert line == way[what]["text"]
            assert (way[what]["file"], str(way[what]["line"])) == (row[f"{what}_file"], row[f"{what}_line"])
            assert f"{way[what]['file']}:{way[what]['line']}" in text
        assert row["revision"] == answer["revision"] == POLICY.revision


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (("create", "enviroment"), "`enviroment` is not a known kind; did you mean `environment`?"),
        (("vieww", "environment"), "`vieww` is not a known action of `environment`; did you mean `view`?"),
        (
            ("view", "environment", "--scope", "project:visoin"),
            "`project:visoin` is not a known scope; did you mean `project:vision`?",
        ),
        (("view", "environment", "--scope", "vision"), "`--scope vision` is not a scope; write"),
        (
            ("view", "environment:see"),
            "`see` is not a known environment of policies/resources.csv; did you mean `seen`?",
        ),
        (("view", "environment:"), "`ID` is blank"),
        (("create", "environment:seen"), "what is to be created lives nowhere yet: ask for `environment`"),
        (
            ("edit", "environment:seen", "--scope", "project:nlp"),
            "`environment:seen` lives in `project:vision`, and there `edit` is decided; leave out `--scope`",
        ),
        (("view", "environment", "--when", "noon"), "`--when noon` is not a UTC time"),
        (("view", "environment", "--scop", "*"), "No such option"),
    ],
)
def test_a_slip_is_an_error_and_never_an_empty_answer(question: tuple[str, ...], said: str) -> None:
    found = ran("who", *question)
    assert (found.code, found.out) == (2, "")
    assert said in found.err


CAN = {
    "anywhere": ("user:grace",),
    "scope": ("user:gus", "--scope", "project:nlp"),
    "group": ("user:eve", "--group", "science", "--group", "nowhere"),
    "all_projects": ("user:bob",),
}
NOTHING = {
    "nothing_unknown": ("user:gracee",),
    "nothing_there": ("user:ada", "--scope", "project:web"),
    "nothing_then": ("user:old",),
}
ASKED_CAN = [(name, 0, each) for name, each in CAN.items()] + [(name, 1, each) for name, each in NOTHING.items()]


@pytest.mark.parametrize(
    ("name", "code", "question"), ASKED_CAN, ids=lambda value: value if isinstance(value, str) else ""
)
def test_can_lists_all_that_a_subject_may(name: str, code: int, question: tuple[str, ...]) -> None:
    found = ran("can", *question)
    assert (found.code, found.err) == (code, "")
    golden(f"can/{name}.txt", masked(found.out))


@pytest.mark.parametrize("name", ["anywhere", "group", "nothing_unknown"])
@pytest.mark.parametrize("format", ["json", "csv"])
def test_can_for_scripts_and_for_spreadsheets(name: str, format: str) -> None:
    found = ran("can", *({**CAN, **NOTHING}[name]), "--format", format)
    assert (found.code, found.err) == (int(name in NOTHING), "")
    golden(f"can/{name}.{format}", masked(found.out))


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (("grace",), "`SUBJECT` needs a type"),
        (("role:viewer",), "`SUBJECT` needs a type"),
        (
            ("user:ada", "--scope", "project:visoin"),
            "`project:visoin` is not a known scope; did you mean `project:vision`?",
        ),
        (("user:ada", "--group", " "), "`--group` is blank"),
        (("user:ada", "view"), "unexpected extra argument"),
    ],
)
def test_can_answers_no_slip_either(question: tuple[str, ...], said: str) -> None:
    found = ran("can", *question)
    assert (found.code, found.out) == (2, "")
    assert said in found.err


def test_nobody_works_on_a_policy_that_does_not_load() -> None:
    broken = FILES | {"policies/access_rules.csv": b"g, user:ada, reseacher, *\n"}
    found: Ran = ran("who", *WHO["anywhere"], files=broken)
    assert (found.code, found.out) == (3, "")
    assert "R013" in found.err
