"""Amounts as Kubernetes writes them: `200M`, `1.5Gi`, `500m`."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from typing import Any

from remit.core.names import quoted
from remit.errors import RequestInvalid

_QUANTITY = re.compile(r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]{1,2}|)")
_LONGEST = 32
_SCALES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10) ** 3,
    **{suffix: Decimal(10) ** (3 * power) for power, suffix in enumerate("MGTPE", 2)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", 1)},
}
_MEBI = 1024 * 1024


def parsed(value: Any) -> Decimal:
    """An amount in its unit (bytes, cores, pieces). Raises RequestInvalid if it is none, or negative."""
    text = str(value)
    match = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST and not isinstance(value, bool) else None
    if match is None:
        raise RequestInvalid(f"{quoted(text)} is no amount; write `200M`, `1.5Gi` or `2`")
    number, suffix = match.groups()
    scale = _SCALES[suffix] if suffix in _SCALES else Decimal(10) ** int(suffix[1:])
    return Decimal(number) * scale


def quantity(value: Any) -> str:
    """An amount as it was written, once it is known to be one."""
    parsed(value)
    return str(value)


def whole(value: Any) -> str:
    """An amount of things that are not shared. Raises RequestInvalid unless it is a whole number."""
    amount = parsed(value)
    if amount != amount.to_integral_value():
        raise RequestInvalid(f"{quoted(str(value))} is not whole, and its resource is not shared")
    return str(int(amount))


def cores(value: Any) -> str:
    """Processor cores; no finer than a thousandth of one, which is as fine as Kubernetes counts, rounded up."""
    return plain(parsed(value).quantize(Decimal("0.001"), ROUND_CEILING))


def mebibytes(value: Any) -> int:
    """An amount of memory in MiB, rounded up: as KAI reads `gpu-memory` (facts §4)."""
    return int((parsed(value) / _MEBI).to_integral_value(ROUND_CEILING))


def plain(number: Decimal) -> str:
    """A number without an exponent and without zeros at its end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
