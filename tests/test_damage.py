"""A policy damaged at random or on purpose is refused with findings, or means no more than before, and never a crash
(threats, rows 1 and 2).

What bends a line here is a slip, an editor, a spreadsheet or a file cut short. A wrong allow is the worst of bugs,
so what is still accepted may take rights away but never give one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random

import pytest

from policies import BASE, files, loads, plus
from remit.core.model import Question
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import parse_instant
from remit.errors import PolicyInvalid

LINE = "g, user:bob, viewer, project:a, 2026-01-01, 2026-07-01"
"""A right that is bounded in every way: a mutation that loses a bound gives more."""

INSTANTS = [parse_instant(day) for day in ("2025-06-01", "2026-06-01", "2026-07-01", "2031-01-01")]
QUESTIONS = [
    Question(subject, action, "environment", declared=scope, place=scope, when=when)
    for subject, action, scope, when in product(
        ("user:ada", "user:bob", "user:Bob", "user:bo", "group:x"),
        ("view", "use", "create"),
        ("*", "department:r", "project:a", "project:b"),
        INSTANTS,
    )
]

MUTATIONS: dict[str, Callable[[str], str | bytes]] = {
    "byte order mark": lambda line: "\ufeff" + line,
    "upper-case type": lambda line: line.upper()[0] + line[1:],
    "other type": lambda line: "p" + line[1:],
    "numbered type": lambda line: "g2" + line[1:],
    "no type": lambda line: line[3:],
    "semicolons": lambda line: line.replace(",", ";"),
    "tabs": lambda line: line.replace(", ", "\t"),
    "quoted cells": lambda line: ", ".join(f'"{cell}"' for cell in line.split(", ")),
    "quoted line": lambda line: f'"{line}"',
    "typographic quotes": lambda line: line.replace("user:bob", "“user:bob”"),
    "quoted comma": lambda line: line.replace("project:a", '"project:a, project:b"'),
    "open bracket": lambda line: line.replace("viewer", "(viewer"),
    "closing bracket": lambda line: line.replace("viewer", "viewer)"),
    "square bracket": lambda line: line.replace("project:a, ", "project:a[, "),
    "inline comment for the window": lambda line: line.replace(", 2026-01", " # 2026-01"),
    "inline comment at the end": lambda line: line + " # summer",
    "comment in the middle": lambda line: line.replace("viewer", "# viewer"),
    "indented": lambda line: " " + line,
    "trailing space": lambda line: line + " ",
    "two spaces": lambda line: line.replace(", viewer", ",  viewer"),
    "no-break space": lambda line: line.replace(", viewer", ",\u00a0viewer"),
    "padded by a spreadsheet": lambda line: line + ",,,,,,",
    "doubled comma": lambda line: line.replace("bob, ", "bob,, "),
    "lost comma": lambda line: line.replace("project:a, ", "project:a "),
    "full-width comma": lambda line: line.replace("project:a, ", "project:a，"),
    "lost scope": lambda line: line.replace("project:a, ", ""),
    "empty scope": lambda line: line.replace("project:a", ""),
    "scope in capitals": lambda line: line.replace("project:a", "Project:A"),
    "scope with a space": lambda line: line.replace("project:a", "project: a"),
    "carriage return": lambda line: line + "\r",
    "carriage return in the line": lambda line: line.replace(", 2026-01", "\r, 2026-01"),
    "line separator": lambda line: line.replace(", 2026-01", "\u2028, 2026-01"),
    "line feed in the line": lambda line: line.replace(", 2026-01", "\n, 2026-01"),
    "NUL": lambda line: line.replace("project:a", "project:a\0"),
    "zero-width space": lambda line: line.replace("bob", "bob\u200b"),
    "Latin-1": lambda line: line.replace("bob", "b\u00f6b").encode("latin-1"),
    "day and month turned": lambda line: line.replace("2026-07-01", "01.07.2026"),
    "date of a spreadsheet": lambda line: line.replace("2026-07-01", "46204"),
    "dates exchanged": lambda line: ", ".join([*line.split(", ")[:4], *line.split(", ")[:3:-1]]),
    "time of a place": lambda line: line.replace("2026-07-01", "2026-07-01T00:00:00+02:00"),
    "formula": lambda line: line.replace("2026-07-01", "=DATE(2026;7;1)"),
    "said twice": lambda line: f"{line}\n{line}",
    "commented out": lambda line: "# " + line,
}

LEFT = ("said twice", "commented out", "scope in capitals", "lost comma", "full-width comma")
"""Mutations that are a policy still; those that bend the scope strand the line, with a warning."""


def allowed(policy: dict[str, bytes]) -> set[Question]:
    """The questions that this policy answers with yes."""
    snapshot = Snapshot(read_policy(policy))
    return {question for question in QUESTIONS if decide(snapshot, *question).allowed}


BEFORE = allowed(plus(access_rules=LINE))


def test_the_line_gives_a_right_to_lose() -> None:
    assert len(MUTATIONS) >= 30
    assert allowed(files()) < BEFORE


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_of_one_line_is_refused_or_gives_nothing(name: str) -> None:
    bent = plus(access_rules=MUTATIONS[name](LINE))
    if loads(bent):
        assert name in LEFT
        assert allowed(bent) <= BEFORE


def test_a_file_cut_anywhere_is_refused_or_gives_nothing() -> None:
    """A file that was being written, copied or uploaded: `project:a` cut out of `project:ab`, a window cut off."""
    whole = BASE["access_rules"] + f"{LINE}\n{LINE}, T-1, user:ada, summer\n"
    ends = [at for at in range(len(whole)) if not at or whole[at - 1] == "\n"]
    for at in range(len(whole)):
        cut = files(access_rules=whole[:at])
        assert loads(cut) == (at in ends), whole[:at]
        if at in ends:
            assert allowed(cut) <= BEFORE


TOKENS = [cell for text in BASE.values() for line in text.split("\n") for cell in line.split(", ")] + [
    *["", " ", ",", ", ", '"', "#", " # ", "(", ")", "*", ":", "=1", ";", "\t", "\r", "\0", "\ufeff", "\u0301"],
    *["g", "p2", "group:x", "role:maker", "2026-01-01", "2027-01-01T00:00:00Z", "é", "e\u0301", "\u200b", "x" * 300],
]


def edited(lines: list[str], dice: Random) -> list[str]:
    """The lines with one of them changed, lost, doubled, moved or joined with the next."""
    at, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    cells = lines[at].split(", ")
    cell, place = dice.randrange(len(cells)), dice.randrange(len(lines[at]) + 1)
    match dice.randrange(9):
        case 0:
            cells[cell] = dice.choice(TOKENS)
        case 1:
            cells.insert(cell, dice.choice(TOKENS))
        case 2:
            del cells[cell]
        case 3:
            dice.shuffle(cells)
        case 4:
            cells = [lines[at][:place] + dice.choice(TOKENS) + lines[at][place:]]
        case 5:
            cells = [lines[at][:place] + lines[at][place + 1 :]]
        case 6:
            cells = [lines[at] + lines[other]]
        case 7:
            return [*lines[:at], *lines[at + 1 :], lines[at]]
        case 8:
            return [*lines, lines[at]]
    return [*lines[:at], ", ".join(cells), *lines[at + 1 :]]


@pytest.mark.parametrize("seed", range(4))
def test_random_edits_are_refused_or_never_raise_at_a_decision(seed: int) -> None:
    """Ten thousand of them, in four parts that can run beside each other."""
    dice = Random(seed)
    start = {**BASE, "groups": "g, user:cy, group:x, *\ng, group:x, group:y, *\n", "resources": "environment:e, *\n"}
    start["access_rules"] += f"{LINE}\ng, group:y, maker, department:r\n"
    names = [name for name in start if name != "model"]
    loaded = 0
    for _ in range(2_500):
        texts = dict(start)
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            name = dice.choice(names)
            texts[name] = "\n".join([*edited(texts[name].split("\n")[:-1] or [""], dice), ""])
        try:
            snapshot = Snapshot(read_policy(files(**texts)))
        except PolicyInvalid as refused:
            assert any(finding.is_error for finding in refused.findings)
            continue
        loaded += 1
        for question in dice.sample(QUESTIONS, 12):
            decide(snapshot, *question)
    assert 250 < loaded < 2_250, "both outcomes are tried"
