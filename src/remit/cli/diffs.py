"""What would change in a file, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from remit.cli.render import safe


def diff_lines(name: str, before: bytes, after: bytes) -> Iterator[str]:
    """The unified diff of a file; what cannot be seen, such as a carriage return, is written as its code point."""
    for line in unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}", lineterm=""):
        yield safe(line)


def _lines(data: bytes) -> list[str]:
    """The lines, parted by line feeds alone; a last one that is not ended says so."""
    *lines, last = data.decode("utf-8", "backslashreplace").split("\n")
    return [*lines, f"{last}  (no line feed at the end)"] if last else lines
