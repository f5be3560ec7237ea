"""The live policy for admins: what is live since when, and what was refused since."""

from __future__ import annotations

from typing import Any

from remit.service.operations import PolicyStatus, ReadMetrics, Standing
from remit.web.calls import Call, CatalogRoute, Reply
from remit.web.journal import JOURNAL_ROUTES
from remit.web.published import instant
from remit.web.publishing import PUBLISHING_ROUTES
from remit.web.refused import finding_body
from remit.web.shadow import SHADOW_ROUTES


def _status(call: Call) -> PolicyStatus:
    call.arguments()
    return PolicyStatus()


def _status_body(live: Standing) -> Reply:
    body: dict[str, Any] = {"revision": live.revision, "since": instant(live.since), "checked": instant(live.checked)}
    if live.source:
        body["source"] = live.source
    if live.number is not None:
        body["number"] = live.number
    if live.workers is not None:
        body["workers"] = live.workers._asdict()
    if live.unkept:
        body["unkept"] = live.unkept
    if live.refused is not None:
        revision, since, findings, faults = live.refused
        body["refused"] = {
            "revision": revision,
            "since": instant(since),
            "findings": [finding_body(finding) for finding in findings],
            "faults": list(faults),
        }
    if live.judge is not None:
        *counted, last = live.judge
        body["judge"] = dict(zip(("compared", "disagreements", "dropped", "failed"), counted, strict=True))
        if last is not None:
            body["judge"]["last"] = {"at": instant(last[0]), "what": last[1]}
    return Reply(200, body)


def _metrics(call: Call) -> ReadMetrics:
    call.arguments()
    return ReadMetrics()


def _metrics_body(text: str) -> Reply:
    return Reply(200, text, media="text/plain; version=0.0.4; charset=utf-8")


POLICY_ROUTES: tuple[CatalogRoute, ...] = (
    CatalogRoute("GET", "/v1/policy/status", PolicyStatus, _status, _status_body, "What is live, and what was refused"),
    CatalogRoute("GET", "/metrics", ReadMetrics, _metrics, _metrics_body, "What was counted, for Prometheus"),
    *PUBLISHING_ROUTES,
    *SHADOW_ROUTES,
    *JOURNAL_ROUTES,
)
