"""Outputs that must come out character by character; they stand in tests/data/golden.

`REMIT_WRITE_GOLDEN=1 python -m pytest …` writes them anew. Read what changed before you keep it.
"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "data" / "golden"


def golden(name: str, text: str) -> None:
    """Assert that a text is the one on record, its revision written in letters."""
    path = GOLDEN / name
    if os.environ.get("REMIT_WRITE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text
