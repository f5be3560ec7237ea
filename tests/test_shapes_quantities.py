"""Proves how amounts are read: as Kubernetes means them, and as people write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.web.shapes.base import Wrong
from remit.web.shapes.quantities import UNITS, amount_of, normal_quantity


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("200M", "200M"),
        ("1Gi", "1Gi"),
        ("200 Megabytes", "200M"),
        ("200 megabytes", "200M"),
        ("200Megabytes", "200M"),
        ("1 Megabyte", "1M"),
        ("200MB", "200M"),
        ("200 mb", "200M"),
        ("200 M", "200M"),
        ("16gb", "16G"),
        ("1 GiB", "1Gi"),
        ("2 Gibibytes", "2Gi"),
        ("3kB", "3k"),
        ("3KB", "3k"),
        ("3 KiB", "3Ki"),
        ("5 Terabytes", "5T"),
        ("12 bytes", "12"),
        ("12 B", "12"),
        ("0200.50M", "200.5M"),
        (".5Gi", "0.5Gi"),
        ("5.Gi", "5Gi"),
        ("+5G", "5G"),
        ("2e9", "2000000000"),
        ("1.5E3", "1500"),
        ("1E", "1E"),
        ("9223372036854775807", "9223372036854775807"),
    ],
)
def test_an_amount_has_one_normal_form(text: str, normal: str) -> None:
    assert normal_quantity(text) == normal


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("200m", "counts in thousandths of one"),
        ("5n", "counts in billionths of one"),
        ("200 Mb", "has the unknown unit `Mb`"),
        ("1K", "has the unknown unit `K`"),
        ("1gi", "has the unknown unit `gi`"),
        ("0", "must be more than 0"),
        ("0.0G", "must be more than 0"),
        ("0.0001k", "is less than one"),
        ("1.5", "is no whole number"),
        ("1e-1", "is no whole number"),
        ("9223372036854775808", "is more than Kubernetes can hold"),
        ("1e20", "is more than Kubernetes can hold"),
        ("10E", "is more than Kubernetes can hold"),
        ("-5M", "is not an amount"),
        ("1 000M", "is not an amount"),
        ("1,5G", "is not an amount"),
        ("٢M", "is not an amount"),
        ("1" * 41, "is not an amount"),
        ("M", "is not an amount"),
        ("1M\n", "is not an amount"),
        ("1e100", "is not an amount"),
        ("", "is not an amount"),
    ],
)
def test_what_is_no_amount_says_why(text: str, reason: str) -> None:
    with pytest.raises(Wrong) as caught:
        normal_quantity(text)
    assert str(caught.value).startswith(reason)


@given(st.decimals(min_value="0.001", max_value=9_999, places=3), st.sampled_from(sorted(set(UNITS) - {""})))
def test_an_amount_is_worth_what_it_says(number: object, unit: str) -> None:
    normal = normal_quantity(f"{number}{unit}") if Fraction(str(number)) * UNITS[unit] <= 2**63 - 1 else "1"
    if normal != "1":
        assert amount_of(normal) == Fraction(str(number)) * UNITS[unit]
    assert normal_quantity(normal) == normal
