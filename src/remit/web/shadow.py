"""How a shadow policy differs from the live one, as JSON."""

from __future__ import annotations

from typing import Any

from remit.core.model import Question
from remit.service.operations import Compared, Difference, ListShadow
from remit.web.calls import Call, CatalogRoute, Reply, number
from remit.web.published import instant
from remit.web.reasons import context_of

MOST = 1_000


def _read(call: Call) -> ListShadow:
    """Raises RequestInvalid if the query is none."""
    given = call.arguments("limit")
    return ListShadow(number("limit", given["limit"], 1, MOST)) if "limit" in given else ListShadow()


def _body(found: Compared) -> Reply:
    totals = [
        {"from": live, "to": candidate, "kind": kind, "action": action, "count": count}
        for (live, candidate, kind, action), count in found.totals
    ]
    body = found._asdict() | {"totals": totals, "differences": [_difference(each) for each in found.differences]}
    return Reply(200, body)


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "question": _question(found.question),
        "count": found.times,
        "first": instant(found.first),
        "last": instant(found.last),
        "live": {"decision": found.live.allowed, **context_of(found.live)},
        "candidate": {"decision": found.candidate.allowed, **context_of(found.candidate)},
    }


def _question(question: Question) -> dict[str, Any]:
    """A question as it was judged; members without a value are left out."""
    said = {
        "subject": question.subject, "action": question.action, "kind": question.kind, "id": question.id,
        "home": question.known if question.known is not None else question.declared, "place": question.place,
        "groups": list(question.groups) or None,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


SHADOW_ROUTES: tuple[CatalogRoute, ...] = (
    CatalogRoute("GET", "/v1/policy/shadow", ListShadow, _read, _body, "How the shadow policy differs"),
)
