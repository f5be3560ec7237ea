"""The live policy for admins: what is live since when, and what was refused since."""

from __future__ import annotations

from typing import Any

from remit.core.findings import Finding
from remit.service.operations import PolicyStatus, ReadMetrics, Standing
from remit.web.calls import Call, CatalogRoute, Reply
from remit.web.published import instant


def _status(call: Call) -> PolicyStatus:
    call.arguments()
    return PolicyStatus()


def _status_body(live: Standing) -> Reply:
    body: dict[str, Any] = {"revision": live.revision, "since": instant(live.since), "checked": instant(live.checked)}
    if live.source:
        body["source"] = live.source
    if live.refused is not None:
        revision, since, findings, faults = live.refused
        body["refused"] = {
            "revision": revision,
            "since": instant(since),
            "findings": [_finding(finding) for finding in findings],
            "faults": list(faults),
        }
    return Reply(200, body)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
        "help": finding.help,
        "error": finding.is_error,
    }


def _metrics(call: Call) -> ReadMetrics:
    call.arguments()
    return ReadMetrics()


def _metrics_body(text: str) -> Reply:
    return Reply(200, text, media="text/plain; version=0.0.4; charset=utf-8")


POLICY_ROUTES: tuple[CatalogRoute, ...] = (
    CatalogRoute("GET", "/v1/policy/status", PolicyStatus, _status, _status_body, "What is live, and what was refused"),
    CatalogRoute("GET", "/metrics", ReadMetrics, _metrics, _metrics_body, "What was counted, for Prometheus"),
)
