"""Instants: two forms and no third, each read to the microsecond and written back the same."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from policies import plus
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant, parse_instant

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-02", DAY),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("1970-01-01T00:00:01.5Z", 1_500_000),
        ("2026-11-23T20:19:00Z", 1_795_465_140_000_000),
        ("2028-02-29", 1_835_395_200_000_000),
        ("2038-01-19T03:14:08Z", 2**31 * 1_000_000),
        ("0001-01-01", -719_162 * DAY),
        ("9999-12-31T23:59:59.999999Z", 2_932_897 * DAY - 1),
    ],
)
def test_an_instant_is_microseconds_since_1970(text: str, instant: int) -> None:
    assert parse_instant(text) == instant
    assert parse_instant(format_instant(instant)) == instant


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "2026-1-1", "26-01-01", "2026-01", "20260101", "2026-W01-1", "2026-001", "01.02.2026", "2026/01/02"],
        *["2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00Z", "2026-01-01t00:00:00z", "2026-01-01Z"],
        *["2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z"],
        *["2026-01-01T00:00:00.1234567Z", " 2026-01-01", "2026-01-01 ", "2026-01-01\n", "+2026-01-01", "-2026-01-01"],
        *["12026-01-01", "\u0662\u0660\u0662\u0666-01-01", "\uff12\uff10\uff12\uff16-01-01", "2026\u201101\u201101"],
        *["now", "never", "46204", "1e9", "NaN"],
    ],
)
def test_no_other_form_is_an_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is not a UTC time; write `2026-11-23` or `2026-11-23T20:19:00Z`$"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        *["2026-02-29", "2100-02-29", "2026-04-31", "2026-00-01", "2026-13-01", "2026-01-00", "0000-01-01"],
        *["2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2026-06-30T23:59:60Z", "2026-01-01T99:99:99Z"],
    ],
)
def test_a_day_or_time_that_does_not_exist_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is not a day and time that exists; "):
        parse_instant(text)


def test_the_written_form_is_the_shortest() -> None:
    written = ["2026-11-23", "2026-11-23T20:19:00Z", "2026-11-23T20:19:00.5Z", "2026-11-23T00:00:00.000001Z"]
    assert [format_instant(parse_instant(text)) for text in written] == written
    assert format_instant(parse_instant("2026-11-23T00:00:00.000Z")) == "2026-11-23"
    assert format_instant(parse_instant("0001-01-01T10:00:00Z")) == "0001-01-01T10:00:00Z"


def test_instants_agree_with_the_calendar_of_python() -> None:
    dice = Random(1)
    for _ in range(2_000):
        instant = dice.randrange(-719_162 * DAY, 2_932_897 * DAY)
        text = format_instant(instant)
        assert parse_instant(text) == instant
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        assert (moment - datetime(1970, 1, 1, tzinfo=UTC)).days == instant // DAY


def test_since_counts_and_until_no_longer() -> None:
    line = "g, user:bob, viewer, *, 2026-01-01, 2026-07-01T12:00:00.5Z"
    snapshot = Snapshot(read_policy(plus(access_rules=line)))
    begin, end = parse_instant("2026-01-01"), parse_instant("2026-07-01T12:00:00.5Z")
    answers = [decide(snapshot, "user:bob", "view", "environment", when=at).allowed for at in
               (begin - 1, begin, end - 1, end)]  # fmt: skip
    assert answers == [False, True, True, False]
