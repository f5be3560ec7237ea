"""Lint: what a policy deserves to be told besides whether it loads.

book        the files as rows, and where findings about them go
names       names that are taken for one another
repeats     lines that stand twice
upkeep      who approved what, for how long, and who holds what nobody should hold alone
covers      lines that change no decision, because another line covers them
unused      names that lead to nothing
broken      constraints that the policy breaks
canon       files that are not in canonical form
repair      what can be mended safely (`damage`: line by line), and the gate before it is written
authority   which access rules are privileged
pages       a page for each code
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from remit.core.findings import Finding
from remit.core.lint.book import Book
from remit.core.lint.broken import find_broken
from remit.core.lint.canon import find_uncanonical
from remit.core.lint.covers import find_covered
from remit.core.lint.names import find_alike
from remit.core.lint.repeats import find_repeats
from remit.core.lint.unused import find_unused
from remit.core.lint.upkeep import find_neglect
from remit.core.policy import Policy, read_policy
from remit.errors import PolicyInvalid


class Linted(NamedTuple):
    """All findings, sorted by place, and the policy if it loads."""

    findings: tuple[Finding, ...]
    policy: Policy | None


def lint(files: Mapping[str, bytes], now: int, say: Callable[[str, float], None] = lambda *_: None) -> Linted:
    """All there is to say of a policy at an instant, by the names of its files (`policies/roles.csv`, …).

    A policy that does not load still has rows: names, repeated lines and upkeep are judged by them, rows with an
    error left out. What other lines make of a line is judged only if all of them can be read. `say` is told what is
    being done, and how much of it all is behind (0 to 1).
    """
    say("reading", 0.0)
    policy, found = _read(files)
    book = Book(files, now, found)
    say("names", 0.3)
    find_alike(book)
    say("upkeep", 0.4)
    find_neglect(book)
    say("repeats", 0.5)
    twice = find_repeats(book)
    if policy is not None:
        say("covers", 0.6)
        find_covered(book, policy, twice)
        say("unused", 0.9)
        find_unused(book, policy)
        find_uncanonical(book)
        say("constraints", 0.95)
        find_broken(book, policy)
    every = {*found, *book.report.findings()}
    return Linted(
        tuple(sorted(every, key=lambda f: (f.file, f.line == 0, f.line, f.column, f.code, f.message))), policy
    )


def _read(files: Mapping[str, bytes]) -> tuple[Policy | None, tuple[Finding, ...]]:
    """The policy if it loads, and what the reader finds."""
    try:
        policy = read_policy(files)
    except PolicyInvalid as refused:
        return None, refused.findings
    return policy, policy.warnings
