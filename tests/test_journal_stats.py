"""`remit journal stats`: what a journal comes to, counted in bounded memory."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from random import Random

import pytest

from commands import ran
from golden import golden
from journal_lines import decision, event, record, written
from remit.core.journal import counted
from remit.core.journal.counted import Spread
from remit.core.journal.entries import Kind
from test_journal_show import SAID


@pytest.fixture
def state(tmp_path: Path) -> Path:
    written(tmp_path / "journal", *SAID)
    return tmp_path


def test_for_people(state: Path) -> None:
    code, out, err = ran("journal", "stats", "--state", str(state))
    assert (code, err) == (0, "")
    golden("journal-stats.txt", out)


def test_for_scripts(state: Path) -> None:
    found = json.loads(ran("journal", "stats", "--state", str(state), "--format", "json").out)
    assert (found["lines"], found["lost"], found["unnamed"]) == (11, 5, 13)
    assert found["by"]["verdict"] == {"allow": 25, "deny": 3, "refused": 1}
    assert found["by"]["code"] == {"granted": 25, "no-role-here": 2, "no-permission": 1}
    assert found["by"]["kind"]["decision"] == 6 and found["by"]["caller"]["user:ada"] == 1
    assert found["microseconds"] == {"p50": 7, "p90": 7, "p99": 7, "p99.9": 7}


def test_for_a_spreadsheet(state: Path) -> None:
    out = ran("journal", "stats", "--state", str(state), "--format", "csv").out
    rows = list(csv.reader(StringIO(out, newline="")))
    assert rows[0] == ["of", "name", "count"] and ["verdict", "allow", "25"] in rows and ["lost", "", "5"] in rows


def test_only_what_is_wanted(state: Path, tmp_path: Path) -> None:
    found = json.loads(ran("journal", "stats", "--state", str(state), "--format", "json", "--caller", "user:ada").out)
    assert found["lines"] == 1 and found["by"]["verdict"] == {"deny": 1}
    assert ran("journal", "stats", "--state", str(state), "--caller", "user:none").out == "there is no such line\n"
    assert ran("journal", "stats", "--state", str(tmp_path / "none")).code == 2


def test_names_that_callers_make_up_take_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "MOST_NAMES", 50)
    written(tmp_path / "journal", *[decision(n, item={"action": f"a{n}"}) for n in range(200)])
    found = json.loads(ran("journal", "stats", "--state", str(tmp_path), "--format", "json", "--most", "99").out)["by"][
        "action"
    ]
    assert len(found) == 51 and found["(others)"] == 150 and sum(found.values()) == 200


def test_names_do_nothing_to_who_looks(tmp_path: Path) -> None:
    """Threats, row 38."""
    nasty = "=cmd\x1b[31m\u202e\n::error::"
    written(tmp_path / "journal", record(1, caller=nasty, items=[{"verdict": nasty, "code": nasty, "action": nasty}]))
    for format in ("text", "json", "csv"):
        out = ran("journal", "stats", "--state", str(tmp_path), "--format", format).out
        assert all(char.isprintable() or char in "\r\n" for char in out), format
        assert not [line for line in out.splitlines() if line.startswith(("::", "="))]


def test_nobody_knows_whom_and_lost_records_add_up(tmp_path: Path) -> None:
    said = [event(n, Kind.AUTH_FAILED, why="x", more=n) for n in range(5)]
    written(tmp_path / "journal", *said, *[event(9, Kind.LOST, records=n, cause="x") for n in (3, 4)])
    found = json.loads(ran("journal", "stats", "--state", str(tmp_path), "--format", "json").out)
    assert (found["unnamed"], found["lost"]) == (15, 7)


@pytest.mark.parametrize("seed", range(4))
def test_a_spread_is_right_to_three_percent(seed: int) -> None:
    chance, spread = Random(seed), Spread()
    values = sorted(int(chance.lognormvariate(6, 3)) for _ in range(5_000))
    for value in values:
        spread.add(value)
    for share in (0.0, 0.5, 0.9, 0.99, 0.999, 1.0):
        exact = values[max(-(-int(share * 1_000) * len(values) // 1_000) - 1, 0)]
        assert exact * 0.96 - 1 <= spread.at(share) <= exact * 1.04 + 1
    assert len(spread._counts) < 1_000 and Spread().at(0.5) == 0
