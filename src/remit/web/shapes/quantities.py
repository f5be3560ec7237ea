"""Amounts as Kubernetes writes them (`200M`, `1Gi`), and as people do: `200 Megabytes` and `200MB` are `200M`.

The spelled-out forms are read as the words say: megabytes are millions of bytes, mebibytes are 2^20 each.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field

from remit.web.shapes.base import Wrong

_DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_BELOW_ONE = {"n": "billionth", "u": "millionth", "m": "thousandth"}  # `200m` of memory is meant as `200M`, always
UNITS = {**_DECIMAL, **_BINARY}
"""What one of each unit comes to."""

_PREFIXES = {"kilo": "k", "mega": "M", "giga": "G", "tera": "T", "peta": "P", "exa": "E"}
_PREFIXES |= {"kibi": "Ki", "mebi": "Mi", "gibi": "Gi", "tebi": "Ti", "pebi": "Pi", "exbi": "Ei"}
_WRITTEN_OUT = {f"{word}byte{s}": unit for word, unit in _PREFIXES.items() for s in ("", "s")}
_WRITTEN_OUT |= {"byte": "", "bytes": ""}
# `Mb` is left out: it says megabits. `KB` and all lower case are what people write.
_SHORT = {f"{unit}B": unit for unit in UNITS if unit} | {"B": "", "KB": "k", "KiB": "Ki"}
_SHORT |= {f"{unit}b".lower(): unit for unit in ("k", "M", "G", "T", "P")}

_MOST_CHARS = 40
_MOST = 2**63 - 1  # the largest amount Kubernetes holds
_AMOUNT = re.compile(r"\+?([0-9]{1,20}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}) ?([A-Za-z]*|[eE][+-]?[0-9]{1,2})", re.ASCII)
_EXPONENT = re.compile(r"[eE][+-]?[0-9]+", re.ASCII)
_HELP = "write it like `200M` or `1.5Gi`"


def amount_of(quantity: str) -> Fraction:
    """What a normal quantity comes to, exactly."""
    number = quantity.rstrip("kKMGTPEi")
    return Fraction(number) * UNITS[quantity[len(number) :]]


def normal_quantity(text: str) -> str:
    """An amount above zero as a Kubernetes quantity without ornament. Raises the fault that says why it is none."""
    found = _AMOUNT.fullmatch(text) if len(text) <= _MOST_CHARS else None
    if found is None:
        raise Wrong(f"is not an amount; {_HELP}")
    number, unit = found.groups()
    if _EXPONENT.fullmatch(unit):
        return _bounded(_exact(Fraction(number) * Fraction(10) ** int(unit[1:])))
    if unit in _BELOW_ONE:
        raise Wrong(f"counts in {_BELOW_ONE[unit]}s of one; {_HELP}")
    known = unit if unit in UNITS else _SHORT.get(unit, _WRITTEN_OUT.get(unit.lower()))
    if known is None:
        raise Wrong(f"has the unknown unit `{unit}`; {_HELP}")
    return _bounded(_trimmed(number) + known if known else _exact(Fraction(number)))


def _exact(value: Fraction) -> str:
    """A number without a unit; Kubernetes counts in whole bytes, so what is none is refused."""
    if value.denominator != 1:
        raise Wrong(f"is no whole number; {_HELP}")
    return str(value.numerator)


def _trimmed(number: str) -> str:
    """A number without needless zeros."""
    whole, _, part = number.partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    return f"{whole}.{part}" if part else whole


def _bounded(quantity: str) -> str:
    """The quantity, if it is above zero and within what Kubernetes holds."""
    amount = amount_of(quantity)
    if amount < 1:
        raise Wrong("must be more than 0" if not amount else "is less than one")
    if amount > _MOST:
        raise Wrong("is more than Kubernetes can hold")
    return quantity


def _whole(text: str) -> str:
    return _exact(amount_of(normal_quantity(text)))


def _to_the_thousandth(value: float) -> float:
    """Processor time is counted in thousandths of a core; whole numbers lose their fraction."""
    thousandths = Fraction(str(value)) * 1000
    if thousandths.denominator != 1:
        raise Wrong("has more than three decimals; a thousandth of a core is the least part")
    return int(value) if value == int(value) else value


def _short(value: float) -> float:
    return int(value) if value == int(value) else value


Memory = Annotated[str, AfterValidator(normal_quantity)]
"""An amount of memory or storage, normal once read."""

Count = Annotated[str, AfterValidator(_whole)]
"""An amount that is a whole number, without a unit once read."""

Cores = Annotated[float, Field(gt=0, le=10_000), AfterValidator(_to_the_thousandth)]
"""A number of processor cores."""

Portion = Annotated[float, Field(gt=0, le=1), AfterValidator(_short)]
"""A part of a GPU; 1 is a whole one."""
