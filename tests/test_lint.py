"""`remit lint` and `remit rule` as people and scripts meet them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from jsonschema import validate

from commands import ran, really_ran, written
from golden import golden
from house import ROOT
from policies import plus
from remit.adapters.policy_files import read_directory
from remit.core.codes import RULES
from remit.core.lint import lint
from remit.core.lint.pages import NOW, PAGES, Page, files_of

LINES = {
    "roles": "p, viewer, project:a, environment, view",
    "access_rules": (
        "g, user:eve, viewer, project:a, 2027-01-01\n"
        "g, user:Ada, viewer, project:b, , 2026-01-01, , user:Ada\n"
        "g, user:bob, viewer, project:b\n"
        "g, usr:hal, viewer, project:gone"
    ),
}
BAD = files_of(LINES)
BROKEN = files_of({**LINES, "scopes": "g2, project:a\u202e, *", "roles": 'p, viewer, *, "environment", vew'})
WORDS = {
    "text": "txt",
    "json": "json",
    "github": "github.txt",
    "sarif": "sarif.json",
    "junit": "junit.xml",
}


@pytest.mark.parametrize("format", WORDS)
@pytest.mark.parametrize(("name", "policy", "code"), [("loads", BAD, 1), ("broken", BROKEN, 3)])
def test_what_is_written(name: str, policy: dict[str, bytes], code: int, format: str) -> None:
    found = ran("lint", "--format", format, "--when", "2026-11-25", files=policy)
    assert (found.code, found.err) == (code, "")
    golden(f"lint/{name}.{WORDS[format]}", found.out)


def test_a_policy_without_findings_is_fine() -> None:
    assert ran("lint", "--when", "2026-11-25", files=files_of({})) == (
        0,
        "0 errors, 0 warnings, 0 notes in 8 files\n",
        "",
    )


def test_notes_do_not_fail() -> None:
    found = ran("lint", "--when", "2026-11-25", files=files_of({"access_rules": "g, group:x, viewer, project:a"}))
    assert found.code == 0 and "R052 note" in found.out


def test_what_is_over_depends_on_the_instant_asked_about() -> None:
    policy = files_of({"access_rules": "g, user:eve, viewer, project:a, , 2026-12-01"})
    assert "R065" not in ran("lint", "--when", "2026-11-30T23:59:59Z", files=policy).out
    assert "R065" in ran("lint", "--when", "2026-12-01", files=policy).out
    assert ran("lint", "--when", "tomorrow", files=policy).code == 2


def test_files_are_named_as_they_are_found_from_here() -> None:
    found = ran("lint", "--format", "github", "--policy", "conf/live", "--model", "conf/m.conf", files=BAD)
    assert "file=conf/live/access_rules.csv" in found.out and "file=policies/" not in found.out


def test_the_shipped_policy_deserves_no_warning() -> None:
    policy = read_directory(ROOT / "policies", ROOT / "model.conf")
    found = ran("lint", "--when", "2026-11-25", files=policy)
    assert found.code == 0 and found.out.endswith(f"0 errors, 0 warnings, 10 notes in {len(policy)} files\n")


def page_says_it_all(text: str, page: Page) -> bool:
    told = " ".join(text.split())
    return all(part in told for part in (page.what, page.why, page.instead, page.fix, f"{page.at}: {page.code} "))


@pytest.mark.parametrize("code", PAGES)
def test_each_page_can_be_read(code: str) -> None:
    found = ran("rule", code.lower())
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith(f"{code} {RULES[code].name} (")
    assert all(len(line) <= 250 for line in found.out.splitlines()), "a page fits on a screen"
    assert page_says_it_all(found.out, PAGES[code])
    page = json.loads(ran("rule", code, "--format", "json").out)
    assert (page["code"], page["weight"], page["what"]) == (code, str(RULES[code].weight), PAGES[code].what)


def test_the_pages_are_listed() -> None:
    listed = ran("rule").out.splitlines()
    assert [line.split()[0] for line in listed] == ["code", *PAGES]
    assert [page["code"] for page in json.loads(ran("rule", "--format", "json").out)] == list(PAGES)


def test_a_page_that_there_is_not() -> None:
    found = ran("rule", "R931")
    assert (found.code, found.out) == (2, "") and "did you mean R031" in found.err


def test_no_name_escapes_into_what_reads_it() -> None:
    """A finding quotes lines of the policy; none of them may act in a terminal, in a workflow or in a report."""
    hostile = "\x1b[2J::error title=x::y%0A]]><b>|`\u202e\r"
    for name in ("access_rules", "roles", "scopes", "groups", "vocabulary", "resources", "cases/x", "constraints"):
        for format in WORDS:
            found = ran("lint", "--format", format, files=plus(**{name: f"g, user:{hostile}, viewer, *, {hostile}"}))
            assert found.code == 3
            text = found.out
            assert all(char.isprintable() or char == "\n" for char in text.replace("\\u001b", "")), (name, format)
            if format == "github":
                assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in text.splitlines())


SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "maxItems": 1, "items": {
            "type": "object",
            "required": ["tool", "results"],
            "properties": {
                "tool": {"required": ["driver"], "properties": {"driver": {"required": ["name", "rules"]}}},
                "columnKind": {"enum": ["unicodeCodePoints", "utf16CodeUnits"]},
                "results": {"type": "array", "items": {
                    "type": "object",
                    "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
                    "properties": {
                        "level": {"enum": ["none", "note", "warning", "error"]},
                        "message": {"required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
                        "partialFingerprints": {"additionalProperties": {"type": "string"}, "minProperties": 1},
                        "locations": {"minItems": 1, "items": {"properties": {"physicalLocation": {
                            "required": ["artifactLocation", "region"],
                            "properties": {
                                "artifactLocation": {"properties": {"uri": {"type": "string", "format": "uri"}}},
                                "region": {"required": ["startLine", "startColumn", "endColumn"], "properties": {
                                    name: {"type": "integer", "minimum": 1}
                                    for name in ("startLine", "startColumn", "endColumn")
                                }},
                            },
                        }}}},
                    },
                }},
            },
        }},
    },
}  # fmt: skip
"""What SARIF 2.1.0 asks for of the parts that are written, and what code-scanning services need besides: a region and
a fingerprint for each result (§3.14, §3.27, §3.30)."""


def test_sarif_has_the_shape_of_the_standard() -> None:
    for policy in (BAD, BROKEN):
        made = json.loads(ran("lint", "--format", "sarif", "--when", "2026-11-25", files=policy).out)
        validate(made, SARIF)
        (run,) = made["runs"]
        told = {each["id"] for each in run["tool"]["driver"]["rules"]}
        assert told == {each["ruleId"] for each in run["results"]} <= RULES.keys()
        prints = [each["partialFingerprints"]["remit/v1"] for each in run["results"]]
        assert len(prints) == len(set(prints)) > 6


def test_lint_says_something_of_anything() -> None:
    """Bytes at random: findings, and never anything else."""
    for seed in range(300):
        rng = Random(f"lint {seed}")
        policy = dict(BAD)
        name = rng.choice(sorted(policy))
        words = (
            b"g, ",
            b"user:",
            b"group:x",
            b"\n",
            b"\r",
            b'"',
            b"\xff",
            b", ",
            b"*",
            b"p, ",
            b"2026-01-01",
            b"\xc2\xad",
        )
        policy[name] += b"".join(rng.choice(words) for _ in range(rng.randint(1, 40)))
        linted = lint(policy, NOW)
        assert linted.policy is not None or any(finding.is_error for finding in linted.findings)
        assert all(finding.place() and finding.message for finding in linted.findings)
        assert list(linted.findings) == sorted(linted.findings, key=lambda f: (f.file, f.line == 0, f.line, f.column))


def test_it_works_on_files(tmp_path: Path) -> None:
    directory = written(BAD, tmp_path)
    found = really_ran("lint", "--when", "2026-11-25", directory=directory)
    assert found == ran("lint", "--when", "2026-11-25", files=BAD)
