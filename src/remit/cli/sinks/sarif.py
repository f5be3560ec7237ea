"""Notices as SARIF 2.1.0, which code-scanning services take."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from remit.cli.render import safe
from remit.cli.sinks.notice import Notice

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 5_000
"""Results of one run that GitHub takes; what is beyond is counted in a last one."""


def sarif(notices: Sequence[Notice], helps: Mapping[str, str], version: str) -> dict[str, Any]:
    """One run. `helps` is a sentence for each code that there may be, `version` that of remit."""
    titles = {notice.code: notice.title for notice in notices}
    codes = sorted(titles)
    seen: Counter[str] = Counter()
    driver = {
        "name": "remit",
        "semanticVersion": version,
        "rules": [_described(code, titles[code], helps.get(code, titles[code])) for code in codes],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(notice, codes.index(notice.code), seen) for notice in notices[:MOST_RESULTS]],
    }
    if len(notices) > MOST_RESULTS:
        text = f"{len(notices) - MOST_RESULTS:,} more findings are not listed here"
        note = {"level": "warning", "message": {"text": text}}
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": [note]}]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _described(code: str, title: str, help: str) -> dict[str, Any]:
    return {"id": code, "name": safe(title), "shortDescription": {"text": safe(title)}, "help": {"text": help}}


def _result(notice: Notice, index: int, seen: Counter[str]) -> dict[str, Any]:
    """One finding, with a fingerprint that stays when lines above it come and go."""
    text = safe(notice.message + (f"; {notice.help}" if notice.help else ""))
    same = hashlib.sha256("\0".join((notice.code, safe(notice.file), safe(notice.message))).encode()).hexdigest()[:32]
    seen[same] += 1
    where: dict[str, Any] = {"artifactLocation": {"uri": quote(safe(notice.file))}}
    if notice.line:
        where["region"] = _region(notice)
    return {
        "ruleId": notice.code,
        "ruleIndex": index,
        "level": str(notice.level),
        "message": {"text": text},
        "locations": [{"physicalLocation": where}],
        "partialFingerprints": {"remit/v1": f"{same}:{seen[same]}"},
    }


def _region(notice: Notice) -> dict[str, int]:
    region = {"startLine": notice.line}
    if notice.column:
        region |= {"startColumn": notice.column, "endColumn": max(notice.end_column, notice.column)}
    return region
