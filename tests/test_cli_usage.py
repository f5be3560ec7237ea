"""A command that cannot be understood is refused in words, with exit code 2 and nothing on the standard output; and
nothing that a policy, a file name or a caller says can reach the terminal as anything but text.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

from commands import REMIT, Desk, Ran, ran, really_ran, written
from policies import path_of
from readable import FILES, TEXTS, with_cases
from remit.cli.app import create_cli
from remit.cli.options import Format, ReportFormat, TableFormat
from remit.cli.planning import PlanFormat
from remit.cli.render import safe

ALLOWED = ("user:ada", "create", "environment", "--home", "project:vision")
NASTY = {
    "escape": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;owned\x07",
    "control": "a\x08\x08b",
    "c1": "a\x9b31mb",
    "delete": "a\x7fb",
    "tab": "a\tb",
    "return": "a\rb",
    "override": "a\u202eb",
    "isolate": "a\u2066b\u2069",
    "zero-width": "a\u200bb",
    "line": "a\u2028b",
    "filler": "a\u3164b",
    "soft hyphen": "a\u00adb",
}
"""Text that a terminal would act on, reorder or swallow."""

nasty = pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)


def assert_plain(found: Ran) -> None:
    """Whatever came out is text and line ends."""
    for line in (found.out + found.err).split("\n"):
        assert safe(line) == line
        assert line.isprintable()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--bogus",), "No such option: --bogus"),
        (("explain", "--frmat", "json"), "No such option: --frmat (Possible options: --at, --format)"),
        (("chekc",), "No such command 'chekc'"),
        (("check", "user:ada", "view"), "Missing argument 'KIND[:ID]'"),
        (("check", *ALLOWED, "more"), "Got unexpected extra argument(s) (more)"),
        (("load", "--format", "xml"), "'xml' is not one of 'text', 'json'"),
        (("serve", "--port", "70000"), "'--port'"),
        (("check", "ada", "view", "environment"),
         "remit: `SUBJECT` needs a type: `user:…`, `group:…` or `application:…`"),
        (("check", ":ada", "view", "environment"), "remit: `SUBJECT` needs a type"),
        (("check", "user:", "view", "environment"), "remit: `SUBJECT` needs a type"),
        (("check", "role:viewer", "view", "environment"), "remit: `SUBJECT` needs a type"),
        (("check", "*", "view", "environment"), "remit: `SUBJECT` is `*`, which stands for all projects"),
        (("check", "user:ada", "", "environment"), "remit: `ACTION` is blank"),
        (("check", "user:ada", "view", ""), "remit: `KIND` is blank"),
        (("check", "user:ada", "view", "environment:"), "remit: `ID` is blank"),
        (("check", "user:ada", "view", "environment:" + "x" * 257), "remit: `ID` is 257 bytes long; 256 are allowed"),
        (("check", *ALLOWED, "--in", "vision"), "remit: `--in vision` is not a scope; write `*`, `department:…`"),
        (("check", "user:ada", "view", "environment", "--home", "x"), "remit: `--home x` is not a scope;"),
        (("check", *ALLOWED, "--group", ""), "remit: `--group` is blank"),
        (("check", *ALLOWED, "--group", "group:"), "remit: `--group` is blank"),
        (("check", *ALLOWED, "--when", "yesterday"),
         "remit: `--when yesterday` is not a UTC time; write `2026-11-23` or `2026-11-23T20:19:00Z`"),
        (("check", *ALLOWED, "--when", "2026-02-30"), "remit: `--when 2026-02-30` is not a day and time that exists"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused(arguments: tuple[str, ...], message: str) -> None:
    found = ran(*arguments)
    assert (found.code, found.out) == (2, "")
    assert message in found.err
    assert_plain(found)


def test_no_command_at_all_is_answered_with_help() -> None:
    assert ran().code == 2
    assert "Commands:" in ran("--help").out


FORMATS = ["|".join(each) for each in (Format, ReportFormat, TableFormat, PlanFormat)]
"""What verbs may write: an answer, findings, a table, a plan; all of them for people and for scripts."""


def test_every_verb_with_an_answer_writes_it_for_people_and_for_scripts() -> None:
    verbs = typer.main.get_command(create_cli(Desk(FILES))).commands
    inner = {f"{name} {each}": verb for name, group in verbs.items() for each, verb in _commands(group).items()}
    outer = {name: verb for name, verb in verbs.items() if not _commands(verb)}
    assert {*inner, *outer} >= {"check", "explain", "load", "test", "serve", "token", "keys create", "keys list"}
    for name, verb in {**inner, **outer}.items():
        answers = name not in ("serve", "journal prove")  # what the latter prints is a document of its own
        said = re.search(r"--format <([a-z|]+)>", ran(*name.split(), "--help").out)
        assert (said is not None and said.group(1) in FORMATS) is answers, name
        assert verb.help, f"`remit {name}` must say in one line what it does"


def _commands(verb: Any) -> dict[str, Any]:
    return getattr(verb, "commands", {})


def poisoned(text: str, where: str) -> Mapping[str, bytes]:
    """The readable policy with this text in a name, a comment, a case or a file's name."""
    match where:
        case "subject":
            return with_cases("\n", access_rules=f"g, user:{text}, viewer, *")
        case "role":
            return with_cases("\n", access_rules=f"g, user:new, {text}, *")
        case "comment":
            return with_cases("\n", access_rules=f"# {text}\ng, user:new, nobody, *")
        case "case":
            return with_cases(f"allow, {text}, view, environment, ,\n{text}\n")
        case _:
            return {**FILES, f"policies/{text}.csv": b""}


@nasty
@pytest.mark.parametrize("where", ["subject", "role", "comment", "case", "file"])
@pytest.mark.parametrize("verb", [("load",), ("load", "--format", "json"), ("explain", *ALLOWED)])
def test_nothing_in_a_policy_reaches_the_terminal_raw(text: str, where: str, verb: tuple[str, ...]) -> None:
    found = ran(*verb, files=poisoned(text, where))
    assert found.code == 3
    assert_plain(found)


@nasty
@pytest.mark.parametrize("place", range(5))
def test_nothing_in_a_question_reaches_the_terminal_raw(text: str, place: int) -> None:
    question = ["user:ada", "view", "environment", "project:vision", "science"]
    question[place] += text
    subject, action, kind, home, group = question
    found = ran("explain", subject, action, kind, "--home", home, "--group", group)
    assert found.code == 2
    assert_plain(found)


@pytest.mark.parametrize("bad", ["--\x1b[31m", "\x1b[31m", "a\u202eb"])
def test_nothing_in_a_wrong_command_reaches_the_terminal_raw(bad: str, tmp_path: Path) -> None:
    found = ran(bad)
    assert found.code == 2
    assert "\x1b" not in found.err
    missing = really_ran("load", "--policy", bad.lstrip("-"), directory=tmp_path)
    assert (missing.code, missing.out) == (2, "")
    assert missing.err.startswith("remit: there is no policy directory `")
    assert_plain(missing)


def test_free_text_is_shown_as_it_is_where_it_is_harmless() -> None:
    texts = {**TEXTS, "vocabulary": TEXTS["vocabulary"].replace("add one", "añade [bold]uno[/bold] :smile: 日本")}
    found = ran("explain", *ALLOWED, files={**FILES, path_of("vocabulary"): texts["vocabulary"].encode()})
    assert "environment, create, home, añade [bold]uno[/bold] :smile: 日本\n" in found.out


def test_a_stream_that_lacks_a_letter_gets_its_code_point(tmp_path: Path) -> None:
    found = really_ran(
        "explain", "user:д", "view", "environment", directory=written(FILES, tmp_path), PYTHONIOENCODING="ascii"
    )
    assert (found.code, found.err) == (1, "")
    assert "no line of the policy names `user:\\u0434`" in found.out


def test_colour_is_for_terminals_only(tmp_path: Path) -> None:
    written(FILES, tmp_path)
    assert really_ran("check", *ALLOWED, directory=tmp_path, TERM="xterm").out == "allow\n"
    assert on_a_terminal(tmp_path) == "\x1b[1;32mallow\x1b[0m\r\n"
    assert on_a_terminal(tmp_path, NO_COLOR="1") == "\x1b[1mallow\x1b[0m\r\n"


def test_a_table_for_a_spreadsheet_is_lines_on_a_terminal_and_bytes_elsewhere(tmp_path: Path) -> None:
    written(FILES, tmp_path)
    head = really_ran("sod", "--format", "csv", directory=tmp_path).out
    assert head.startswith("weight,constraint,kind,") and head.endswith(",revision\r\n")
    assert on_a_terminal(tmp_path, "sod", "--format", "csv") == head


def on_a_terminal(directory: Path, *arguments: str, **environment: str) -> str:
    """What the command writes to a terminal."""
    ours, theirs = pty.openpty()
    environment, arguments = {**os.environ, "TERM": "xterm", **environment}, arguments or ("check", *ALLOWED)
    subprocess.run([REMIT, *arguments], cwd=directory, stdout=theirs, env=environment, timeout=60, check=False)
    os.close(theirs)
    with os.fdopen(ours, "rb") as terminal:
        return terminal.read1(4_096).decode()
