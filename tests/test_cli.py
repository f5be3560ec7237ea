"""The verbs of the command, run in this process over a policy in memory: what they print, for people and for scripts,
to which stream, and the exit code that a script goes by. Golden outputs stand in tests/data/golden.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commands import Desk, Ran, golden, ran
from readable import FILES, NOW, POLICY, said, with_cases
from remit.cli.exits import Exit
from remit.cli.house import ServeOptions
from remit.core.policy import read_policy
from remit.errors import CasesFailed, CouldNotDecide, Misconfigured

ALLOWED = ("user:ada", "create", "environment", "--home", "project:vision")
DENIED = ("user:bob", "edit", "environment:seen")
BROKEN = with_cases(
    "permit, user:ada\nallow, viewr@*, view, environment, , \n",
    roles="p, viewer, *, environment, veiw",
    scopes="g2, project:web, department:research",
    access_rules="""
        g, user:日本語, reseacher, project:vision
        g, user:new, viewer, project:vision, 2027-01-01, 2026-01-01
        """,
) | {"policies/role.csv": b"p, x\n"}
FAILING = with_cases(
    """
    deny, user:ada, create, environment, project:vision, project:vision
    allow, user:ada, create, environment, project:web, project:web
    allow, user:ada, create, environment, project:vision,
    exactly, edit, environment, viewer
    given, g, user:new, reseacher, *
    """
)


def as_json(found: Ran) -> Any:
    assert found.err == ""
    return json.loads(found.out)


def masked(text: str, files: dict[str, bytes] = FILES) -> str:
    """The text with the revision, which must be this policy's, written in letters."""
    return text.replace(read_policy(files).revision, "REVISION")


def test_check_answers_in_one_word_and_by_its_exit_code() -> None:
    assert ran("check", *ALLOWED) == Ran(0, "allow\n", "")
    assert ran("check", *DENIED) == Ran(1, "deny (no-permission)\n", "")


def test_check_for_scripts() -> None:
    allowed, denied = ran("check", *ALLOWED, "--format", "json"), ran("check", *DENIED, "--format", "json")
    assert (allowed.code, denied.code) == (0, 1)
    assert as_json(allowed) == {"decision": True, "code": "granted", "revision": POLICY.revision}
    assert as_json(denied) == {"decision": False, "code": "no-permission", "revision": POLICY.revision}


@pytest.mark.parametrize(
    ("name", "code", "question"),
    [
        ("explain_allow.txt", 0, ("user:grace", "use", "environment:everywhere", "--in", "project:nlp")),
        ("explain_deny.txt", 1, ("user:bob", "edit", "environment:seen")),
        ("explain_out_of_time.txt", 1, ("user:old", "create", "environment", "--home", "project:vision")),
        ("explain_no_line.txt", 1, ("user:ada", "use", "environment:nowhere", "--in", "project:vision")),
    ],
)
def test_explain_says_why(name: str, code: int, question: tuple[str, ...]) -> None:
    found = ran("explain", *question)
    assert (found.code, masked(found.out), found.err) == (code, golden(name), "")


def test_explain_for_scripts_says_the_same() -> None:
    allowed = as_json(ran("explain", *ALLOWED, "--format", "json"))
    due = said("user:ada", "create", home="project:vision")
    assert (allowed["decision"], allowed["code"], allowed["advice"]) == (True, "granted", None)
    assert (allowed["sentence"], allowed["judged_at"]) == (due.sentence, "2026-11-23")
    places = [(line["what"], f"{line['file']}:{line['line']}", line["text"]) for line in allowed["lines"]]
    assert places == [(line.what, str(line.origin), line.text) for line in due.lines]
    denied = as_json(ran("explain", *DENIED, "--format", "json"))
    advice = said("user:bob", "edit", "environment:seen").advice
    assert advice is not None
    assert denied["decision"] is False
    assert denied["advice"]["nearest_miss"] == advice.nearest
    assert denied["advice"]["would_grant"] == "g, user:bob, maintainer, project:vision"
    assert denied["advice"]["lines"][0]["line"] == 3


def test_load_says_what_a_policy_holds_and_warns_on_the_side() -> None:
    found = ran("load")
    assert (found.code, masked(found.out), found.err) == (0, golden("load.txt"), golden("load_warnings.txt"))
    counts = as_json(ran("load", "--format", "json"))
    assert counts.pop("loads") is True
    assert [finding["code"] for finding in counts.pop("findings")] == ["R015", "R015"]
    assert counts == {
        "revision": POLICY.revision, "roles": 4, "permissions": 6, "scopes": 6, "memberships": 2, "access_rules": 8,
        "resources": 3, "constraints": 0, "cases": 0,
    }  # fmt: skip


def test_load_lists_every_finding_with_its_carets() -> None:
    assert ran("load", files=BROKEN) == Ran(3, "", golden("load_findings.txt"))


def test_load_for_scripts_lists_every_finding() -> None:
    found = ran("load", "--format", "json", files=BROKEN)
    assert found.code == 3
    answer = as_json(found)
    errors = [f"{each['file']}:{each['line']}:{each['column']}" for each in answer["findings"] if each["error"]]
    assert answer["loads"] is False
    assert len(errors) == golden("load_findings.txt").count(": R") - 2
    assert errors[0] == "policies/access_rules.csv:9:14"


@pytest.mark.parametrize("verb", [("check", *ALLOWED), ("explain", *ALLOWED), ("test",), ("serve",)])
def test_no_verb_works_on_a_broken_policy(verb: tuple[str, ...]) -> None:
    desk = Desk(BROKEN)
    assert ran(*verb, desk=desk) == Ran(3, "", golden("load_findings.txt"))
    assert not desk.served


def test_test_decides_every_case() -> None:
    files = with_cases(
        "given, g, user:new, viewer, *\nallow, user:new, view, environment, ,\nexactly, edit, environment, maintainer\n"
    )
    assert ran("test", files=files) == Ran(0, "2 passed, 0 failed\n", "")
    assert as_json(ran("load", "--format", "json", files=files))["cases"] == 2
    assert as_json(ran("test", "--format", "json", files=files)) == {
        "format_version": "1.0", "cases": 2, "failed": [], "lacking": [], "revision": read_policy(files).revision,
        "judged_at": "2026-11-23",
    }  # fmt: skip


def test_test_says_of_each_wrong_case_what_is_wrong() -> None:
    assert ran("test", files=FAILING) == Ran(1, golden("test_failures.txt"), "")
    found = ran("test", "--format", "json", files=FAILING)
    answer = as_json(found)
    assert (found.code, answer["cases"], [fault["line"] for fault in answer["failed"]]) == (1, 5, [1, 2, 4, 5])
    lines = [f"{fault['file']}:{fault['line']}: {fault['fault']}" for fault in answer["failed"]]
    assert "\n".join(lines) in golden("test_failures.txt")


def test_a_policy_without_cases_has_not_passed() -> None:
    due = "remit: there are no cases to try; write some in policies/cases/\n"
    assert ran("test") == Ran(2, "", due)
    assert ran("test", files=with_cases("given, g, user:new, viewer, *\n")) == Ran(2, "", due)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (("user:old", "view", "environment:seen"), "no-role-here"),
        (("user:old", "view", "environment:seen", "--when", "2001-06-01"), "granted"),
        (("user:old", "view", "environment:seen", "--when", "2001-12-31T23:59:59.999999Z"), "granted"),
        (("user:old", "view", "environment:seen", "--when", "2002-01-01"), "no-role-here"),
        (("user:ada", "use", "environment:everywhere"), "no-role-here"),
        (("user:ada", "use", "environment:everywhere", "--in", "project:vision"), "granted"),
        (("user:ada", "use", "environment:seen", "--in", "project:nlp"), "not-available"),
        (("user:ada", "use", "environment:seen", "--home", "project:nlp"), "scope-mismatch"),
        (("user:ada", "use", "environment", "--home", "*", "--in", "project:vision"), "granted"),
        (("user:eve", "use", "environment", "--home", "project:nlp"), "unknown-subject"),
        (("user:eve", "use", "environment", "--home", "project:nlp", "--group", "science"), "granted"),
        (("user:eve", "use", "environment", "--home", "project:nlp", "--group", "group:science"), "granted"),
        (("user:eve", "use", "environment", "--home", "project:nlp", "--group", "x", "--group", "lab"), "granted"),
        (("group:science", "use", "environment", "--home", "project:nlp"), "granted"),
    ],
)  # fmt: skip
def test_each_option_is_part_of_the_question(question: tuple[str, ...], code: str) -> None:
    answer = as_json(ran("check", *question, "--format", "json"))
    assert answer["code"] == code


def test_what_went_wrong_decides_the_exit_code() -> None:
    assert {name: code.value for name, code in Exit.__members__.items()} == {
        "FINE": 0, "FOUND": 1, "USAGE": 2, "POLICY_INVALID": 3, "CHANGED": 4, "BLOCKED": 5, "BROKEN": 6, "UNDECIDED": 7,
    }  # fmt: skip
    assert ran("load", desk=Desk({}, Misconfigured("`x` is unset"))) == Ran(2, "", "remit: `x` is unset\n")
    failed = CasesFailed(("policies/cases/all.csv:1: expected deny",))
    text = "policies/cases/all.csv:1: expected deny\nremit: the policy does not decide what it must: 1 fault\n"
    assert ran("serve", desk=Desk({}, failed)) == Ran(3, "", text)
    away = CouldNotDecide("the catalog cannot be reached")
    assert ran("check", *ALLOWED, desk=Desk({}, away)) == Ran(7, "", "remit: the catalog cannot be reached\n")


def test_serve_hands_on_what_it_was_told() -> None:
    desk = Desk(FILES)
    places = ("--policy", "p", "--model", "m", "--state", "s", "--port", "8", "--base-url", "https://x")
    found = ran("serve", *places, "--tls-cert", "c", "--tls-key", "k", "--behind-tls-proxy", desk=desk)
    assert found.code == 0
    (options,) = desk.served
    tls = (Path("c"), Path("k"))
    assert options == ServeOptions(Path("p"), Path("m"), Path("s"), "127.0.0.1", 8, "https://x", tls, True)
    assert desk.now() == NOW
