"""How the journal is configured: whether answers wait for it, what becomes of them if it fails, how long it stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from remit.adapters.setting_numbers import whole

MODES = ("durable", "buffered", "off")
FAILURES = ("deny", "continue")

NAMES = (
    "JOURNAL", "JOURNAL_CONTEXT", "JOURNAL_DIR", "JOURNAL_RETENTION", "JOURNAL_ROLL", "JOURNAL_SEGMENT",
    "ON_JOURNAL_FAILURE",
)  # fmt: skip
"""The settings that are read here, without `REMIT_`."""

MOST_CONTEXT = 16
"""Members of a context that can be kept."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)


class JournalSettings(NamedTuple):
    """`mode` is one of MODES; with `deny` nothing is answered that cannot be recorded. `directory` None: in the state
    directory. A segment grows to `segment` bytes, and for `roll` seconds; what is older than `retention` days goes
    (None: nothing does). Of the context of a request, the members named in `context` are kept."""

    mode: str
    deny: bool
    directory: Path | None
    segment: int
    roll: float
    retention: int | None
    context: tuple[str, ...]


def journal_settings(environment: Mapping[str, str], modes: tuple[str, ...], faults: list[str]) -> JournalSettings:
    """How the journal is kept by servers whose callers are known by `modes`; whatever is wrong is added to `faults`.

    Only a server in `dev` has a default, the strictest one.
    """
    given = {name: environment.get(f"REMIT_{name}", "").strip() for name in NAMES}
    local = modes == ("dev",)
    mode = given["JOURNAL"] or ("durable" if local else "")
    if mode not in MODES:
        said = f"is `{mode}`" if mode else "is not set"
        faults.append(f"`REMIT_JOURNAL` {said}; say `durable` (an answer waits for the disk), `buffered` or `off`")
    failure = given["ON_JOURNAL_FAILURE"] or ("deny" if local or mode == "off" else "")
    if failure not in FAILURES:
        said = f"is `{failure}`" if failure else "is not set"
        faults.append(f"`REMIT_ON_JOURNAL_FAILURE` {said}; say `deny` (no journal, no answer) or `continue`")
    context = tuple(part.strip() for part in given["JOURNAL_CONTEXT"].split(",") if part.strip())
    for name in context:
        if not _WORD.fullmatch(name):
            faults.append(f"`REMIT_JOURNAL_CONTEXT` holds `{name}`; it names members of a request's context")
        elif name in ("project", "scope"):
            faults.append(f"`REMIT_JOURNAL_CONTEXT` holds `{name}`, which is kept anyway, as the place; leave it out")
    if len(context) > MOST_CONTEXT:
        faults.append(f"`REMIT_JOURNAL_CONTEXT` names {len(context)} members; {MOST_CONTEXT} can be kept")
    return JournalSettings(
        mode,
        failure == "deny",
        Path(given["JOURNAL_DIR"]) if given["JOURNAL_DIR"] else None,
        whole(environment, "REMIT_JOURNAL_SEGMENT", 64, 1, 4_096, faults) * 1024 * 1024,
        whole(environment, "REMIT_JOURNAL_ROLL", 3_600, 1, 86_400, faults),
        whole(environment, "REMIT_JOURNAL_RETENTION", 0, 1, 36_500, faults) or None,
        context,
    )
