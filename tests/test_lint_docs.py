"""docs/rules.md is written from the pages, and stays so: with `REMIT_WRITE_GOLDEN=1` this test writes it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from house import ROOT
from remit.cli.linting import example_lines
from remit.cli.render import safe
from remit.core.codes import RULES, Weight
from remit.core.lint.pages import PAGES, Page

PATH = ROOT / "docs" / "rules.md"
HEAD = """# What can be said of a policy

One page for each code, as `remit rule CODE` prints it. An error keeps the policy from loading. A warning makes
`remit lint` exit with 1. A note is worth knowing. This file is written from the code.
Examples are added to a small policy, whose lines are counted too.

| code | weight | name | `--fix` |
|---|---|---|---|
"""


def written() -> str:
    """The whole file."""
    rows = [f"| [{code}](#{code.lower()}) | {RULES[code].weight} | {RULES[code].name} | {mended(page)} |"
            for code, page in PAGES.items()]  # fmt: skip
    return HEAD + "\n".join(rows) + "\n" + "".join("\n".join(page_of(page)) for page in PAGES.values())


def mended(page: Page) -> str:
    return "where it is safe" if page.repaired else ""


def page_of(page: Page) -> Iterator[str]:
    """One page."""
    yield f"\n## {page.code}"
    yield ""
    yield f"**{RULES[page.code].name}**, {RULES[page.code].weight}. {page.what}"
    yield ""
    yield f"*Why:* {page.why} *Instead:* {page.instead} *To mend it:* {page.fix}"
    yield ""
    file, _, place = page.at.partition(":")
    yield from (f"Found at `{place}` of:" if place else f"Found if `{file}` is missing or misnamed:", "", "```")
    yield from example(page.bad)
    yield from ("```", "", "Not found in:", "", "```")
    yield from example(page.good)
    yield "```\n"


def example(files: object) -> Iterator[str]:
    for file, lines in example_lines(files):  # type: ignore[arg-type]
        yield f"# {file}"
        yield from (safe(line)[:110] for line in lines)


def test_the_pages_in_the_docs_are_those_of_the_code() -> None:
    if os.environ.get("REMIT_WRITE_GOLDEN") == "1":
        PATH.write_text(written(), encoding="utf-8")
    assert PATH.read_text(encoding="utf-8") == written()


def test_every_code_that_is_spoken_of_in_the_docs_exists() -> None:
    for path in [*ROOT.glob("docs/*.md"), ROOT / "README.md"]:
        for code in set(re.findall(r"\bR\d{3}\b", path.read_text(encoding="utf-8"))):
            assert code in RULES, f"{path.name} speaks of {code}"


def test_errors_are_the_readers_and_the_rest_is_not() -> None:
    assert {RULES[code].weight for code in PAGES} == set(Weight)
