"""`remit fmt` writes what says the same, or nothing (threats, row 49).

Policies as people type them are formatted; what they say and what they decide must not change. The suite tries 2,000
of them, `REMIT_FORMS=100000 python -m pytest tests/test_form.py -k sloppy` as many as one likes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from commands import Desk, ran, really_ran, written
from golden import golden
from policies import files, plus
from remit.core import form as formed
from remit.core.form import canonical, form, gate, sayings
from remit.core.pdp import decide
from remit.core.policy import Policy, read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import parse_instant
from remit.errors import PolicyInvalid
from sloppy import GROUPS, PAIRS, SCOPES, SUBJECTS, TIMES, sloppy

FORMS = int(os.environ.get("REMIT_FORMS", "2000"))
CHUNKS = 8
INSTANTS = [parse_instant(text) + step for text, *_ in TIMES for step in (-1, 0)]
HASTY = {
    **files(
        groups="g,user:ada,group:makers,*,,\n",
        access_rules=(
            "# who makes things  \n\n\ng,user:ada,maker,project:a,2026-01-01T00:00:00Z,,,,\n"
            "g, group:makers,viewer, *, , 2026-12-31T12:00:00.500Z, T-1, , until  the move\n\n"
        ),
        **{"cases/some": "\nallow,user:ada,view,environment,project:a,project:a,2026-06-01T00:00:00Z\n"},
    )
}
"""A policy in need of `fmt`."""


def decisions(policy: Policy) -> Iterator[object]:
    """What everybody may do everywhere, at all instants at which something changes."""
    snapshot = Snapshot(policy)
    places = [(id, home, place) for home, place in product((None, *SCOPES), repeat=2) for id in (None, "x0", "x1")]
    for subject, (kind, action), (id, home, place), when in product((*SUBJECTS, *GROUPS), PAIRS, places, INSTANTS):
        yield decide(snapshot, subject, action, kind, id, home, place, (), when)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_sloppy_policies_say_and_decide_the_same_when_formatted(chunk: int) -> None:
    changed = compared = 0
    for seed in range(chunk * FORMS // CHUNKS, (chunk + 1) * FORMS // CHUNKS):
        before = sloppy(seed)
        after = {name: canonical(name, data) if name.endswith(".csv") else data for name, data in before.items()}
        was = read_policy(before)
        assert gate(was, before, after) is None, f"sloppy({seed})"
        assert all(canonical(name, data) == data for name, data in after.items()), f"sloppy({seed}) is formatted twice"
        changed += before != after
        if seed % 100 == 0:
            assert list(decisions(was)) == list(decisions(read_policy(after))), f"sloppy({seed})"
            compared += 1
    assert changed > 0.9 * FORMS / CHUNKS
    assert compared


def _edited(change: Callable[[str, list[str]], list[str]]) -> Callable[[str, bytes], bytes]:
    """A formatter with a fault: the canonical lines, changed."""

    def faulty(name: str, data: bytes) -> bytes:
        return "".join(f"{line}\n" for line in change(name, canonical(name, data).decode().splitlines())).encode()

    return faulty


def _last_cell_gone(name: str, lines: list[str]) -> list[str]:
    return [line.rpartition(", ")[0] if line.count(", ") > 4 and line[0] != "#" else line for line in lines]


def _date_only(name: str, lines: list[str]) -> list[str]:
    return [line.replace("T12:30:00Z", "") for line in lines]


def _spaces_folded(name: str, lines: list[str]) -> list[str]:
    return [line.replace("end  of", "end of") for line in lines]


FAULTS: dict[str, Callable[[str, list[str]], list[str]]] = {
    "sorts lines": lambda name, lines: sorted(lines),
    "sorts cases": lambda name, lines: sorted(lines) if "cases" in name else lines,
    "drops comments": lambda name, lines: [line for line in lines if not line.startswith("#")],
    "drops the last line": lambda name, lines: lines[:-1],
    "drops the last cell": _last_cell_gone,
    "keeps the date of a time": _date_only,
    "folds spaces in a reason": _spaces_folded,
    "takes repeated lines for one": lambda name, lines: list(dict.fromkeys(lines)),
    "makes an empty cell vanish": lambda name, lines: [line.replace(", , ", ", ") for line in lines],
    "writes the root for a scope": lambda name, lines: [line.replace("project:b", "*") for line in lines],
    "takes a given line for a comment": lambda name, lines: [
        "# " + line if line.startswith("given") else line for line in lines
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_formatter_that_changes_something_writes_nothing(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formed, "canonical", _edited(FAULTS[fault]))
    assert any(form(sloppy(seed)).refused for seed in range(60)), fault


def test_the_command_writes_nothing_that_the_gate_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formed, "canonical", _edited(FAULTS["drops the last line"]))
    desk = Desk(HASTY)
    found = ran("fmt", desk=desk)
    assert (found.code, desk.files) == (1, HASTY)
    assert "nothing is written: the policy would" in found.err


@pytest.mark.parametrize(
    ("name", "line", "wanted"),
    [
        ("roles", "p,r,*,environment,view", "p, r, *, environment, view"),
        ("vocabulary", "environment,view,place,", "environment, view, place,"),
        ("access_rules", "g,user:a,r,*,,,,,", "g, user:a, r, *"),
        ("access_rules", "g,user:a,r,*,,2026-01-01T00:00:00Z,,,why", "g, user:a, r, *, , 2026-01-01, , , why"),
        ("access_rules", "g,user:a,r,*,2026-01-01T10:00:00.10Z", "g, user:a, r, *, 2026-01-01T10:00:00.1Z"),
        ("constraints", "at-most,n,*,,3,environment:edit,", "at-most, n, *, , 3, environment:edit"),
        ("cases/c", "deny,user:a,view,environment,*,,", "deny, user:a, view, environment, *,"),
        ("cases/c", "given,g2,a,b,", "given, g2, a, b,"),
        ("cases/c", "given,g,user:a,r,*,,", "given, g, user:a, r, *"),
        ("cases/c", "exactly,view,environment,,", "exactly, view, environment"),
        ("cases/c", "# one, two   ", "# one, two"),
    ],
)
def test_a_line_has_one_form(name: str, line: str, wanted: str) -> None:
    assert canonical(f"policies/{name}.csv", f"\n{line}\n\n\n".encode()).decode() == f"{wanted}\n"


def test_a_line_that_would_grow_too_long_stays() -> None:
    line = "exactly,view,environment," + ",".join(f"role-{number}" for number in range(450))
    assert len(line) < 4096 < len(line.replace(",", ", "))
    assert canonical("policies/cases/c.csv", f"{line}\n".encode()).decode() == f"{line}\n"


def test_the_gate_sees_a_reason_and_a_comment_go() -> None:
    some = plus(access_rules="# why\ng, user:ada, viewer, *, , , T-1, user:bob, because")
    name = "policies/access_rules.csv"
    for old in (b"because", b"T-1", b"user:bob", b"# why"):
        assert gate(read_policy(some), some, {**some, name: some[name].replace(old, b"")}) is not None, old


def test_what_a_policy_says_is_all_it_holds() -> None:
    """A field that a policy gets one day must not be forgotten by the gate."""
    assert set(Policy.__slots__) == {
        "revision", "vocabulary", "permissions", "roles", "parents", "memberships", "access_rules", "homes", "suites",
        "warnings", "constraints",
    }  # fmt: skip
    assert len(list(sayings(read_policy(HASTY)))) > 10


def test_fmt_shows_checks_and_writes() -> None:
    desk = Desk(HASTY)
    checked, shown, told = (
        ran("fmt", *options, desk=desk) for options in (["--check"], ["--diff"], ["--check", "--format", "json"])
    )
    assert (checked.code, shown.code, told.code) == (1, 1, 1)
    assert desk.files == HASTY
    golden("fmt/check.txt", checked.out)
    golden("fmt/diff.txt", shown.out)
    golden("fmt/check.json", told.out)
    wrote = ran("fmt", desk=desk)
    assert wrote.code == 0
    golden("fmt/fmt.txt", wrote.out)
    golden("fmt/access_rules.csv", desk.files["policies/access_rules.csv"].decode())
    again = ran("fmt", "--check", "--format", "json", desk=desk)
    assert (again.code, json.loads(again.out)["files"]) == (0, [])
    assert json.loads(again.out)["revision"] == json.loads(told.out)["revision_formatted"]


def test_a_policy_that_does_not_load_is_not_formatted() -> None:
    desk = Desk(plus(access_rules="g,user:ada,nobody,project:a"))
    before = dict(desk.files)
    found = ran("fmt", desk=desk)
    assert (found.code, desk.files) == (3, before)
    assert "R013" in found.err
    with pytest.raises(PolicyInvalid):
        form(before)


def test_files_on_disk_are_formatted_and_left_alone_the_second_time(tmp_path: Path) -> None:
    directory = written(HASTY, tmp_path)
    assert really_ran("fmt", directory=directory).out.count("formatted") == 3
    path = directory / "policies" / "access_rules.csv"
    stood = path.stat().st_mtime_ns, path.read_bytes()
    assert really_ran("fmt", directory=directory).out == ""
    assert (path.stat().st_mtime_ns, path.read_bytes()) == stood


def test_the_shipped_policies_are_in_canonical_form() -> None:
    root = Path(__file__).parent.parent
    for policy in (root / "policies", root / "src" / "remit" / "starter" / "policies"):
        for path in policy.rglob("*.csv"):
            name = f"policies/{path.relative_to(policy).as_posix()}"
            assert canonical(name, path.read_bytes()) == path.read_bytes(), path
