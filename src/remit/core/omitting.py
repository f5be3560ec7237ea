"""The files of a policy without some of its lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from remit.core.model import Origin


def without(files: Mapping[str, bytes], lines: Collection[Origin]) -> dict[str, bytes]:
    """The files that change if these lines go, as they are then; all else stays, comments and order too."""
    gone: dict[str, set[int]] = {}
    for file, number in lines:
        gone.setdefault(file, set()).add(number)
    return {
        name: b"\n".join(line for number, line in enumerate(files[name].split(b"\n"), 1) if number not in numbers)
        for name, numbers in gone.items()
    }
