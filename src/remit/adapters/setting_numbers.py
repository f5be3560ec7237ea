"""Settings that are whole numbers, as every part of the configuration reads them."""

from __future__ import annotations

from collections.abc import Mapping


def whole(environment: Mapping[str, str], name: str, default: int, least: int, most: int, faults: list[str]) -> int:
    """A setting that is a whole number within bounds, or its default; what is wrong with it is added to `faults`."""
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        faults.append(f"`{name}` is `{text}`; it is a whole number from {least:,} to {most:,}")
        return default
    return int(text)
