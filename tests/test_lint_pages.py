"""Each code's page at work: its bad example is found at exactly the place it claims, its good one is free of it."""

from __future__ import annotations

import pytest

from remit.core.codes import RULES
from remit.core.lint import lint
from remit.core.lint.pages import NOW, PAGES, files_of

CODES = sorted(RULES)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert sorted(PAGES) == CODES
    assert len(CODES) >= 60


def test_the_policy_of_the_examples_has_no_finding() -> None:
    found = lint(files_of({}), NOW)
    assert found.policy is not None
    assert found.findings == ()


@pytest.mark.parametrize("code", CODES)
def test_the_bad_example_is_found_where_the_page_says_and_nothing_else_is(code: str) -> None:
    page = PAGES[code]
    found = lint(files_of(page.bad), NOW)
    assert [(f.code, f.place()) for f in found.findings] == [(code, page.at)]
    assert (found.policy is None) == RULES[code].error


@pytest.mark.parametrize("code", CODES)
def test_the_good_example_has_no_finding(code: str) -> None:
    found = lint(files_of(PAGES[code].good), NOW)
    assert found.policy is not None
    assert [(f.code, f.place()) for f in found.findings] == []
