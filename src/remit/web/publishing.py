"""Publishing over HTTP, and the history: what is asked becomes an operation, and what came of it a body."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from remit.errors import RequestInvalid
from remit.service.operations import (
    Activation,
    DiffRevisions,
    GetRevision,
    Kept,
    PolicyHistory,
    PublishPolicy,
    RefreshPolicy,
    RollBack,
    Standing,
    checked_message,
)
from remit.web.calls import MOST, Call, CatalogRoute, Reply, number
from remit.web.published import instant

BASE = "/v1/policy"

MOST_BYTES = 128 * 1024 * 1024
"""Bytes of a request that publishes: a whole policy, written in base64."""


def _publish(call: Call) -> PublishPolicy:
    body = _members(call, "files", "parent", "message", "plan")
    files = body.get("files")
    if type(files) is not list or not files:
        raise RequestInvalid("`files` must be a list of `name` and `content`: every file of the policy, in base64")
    named = dict(_file(each, position) for position, each in enumerate(files))
    if len(named) != len(files):
        raise RequestInvalid("`files` names a file twice")
    planned = body.get("plan")
    if planned is not None and type(planned) is not dict:
        raise RequestInvalid("`plan` must be the document that `remit plan --format json` writes")
    return PublishPolicy(named, _text(body, "parent"), checked_message(_text(body, "message")), planned)


def _file(each: object, position: int) -> tuple[str, bytes]:
    name, content = (each.get("name"), each.get("content")) if isinstance(each, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(content, str):
        raise RequestInvalid(f"`files[{position}]` must have a `name` and a `content`")
    try:
        return name, base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise RequestInvalid(f"`files[{position}].content` is no base64") from None


def _roll_back(call: Call) -> RollBack:
    body = _members(call, "revision", "message")
    return RollBack(_text(body, "revision"), checked_message(_text(body, "message")))


def _history(call: Call) -> PolicyHistory:
    asked = call.arguments("before", "limit")
    before = number("before", asked["before"], 1, 10**15) if "before" in asked else None
    return PolicyHistory(before, number("limit", asked.get("limit", "50"), 1, MOST))


def _revision(call: Call) -> GetRevision:
    call.arguments()
    return GetRevision(call.id())


def _difference(call: Call) -> DiffRevisions:
    asked = call.arguments("from", "to")
    if asked.keys() != {"from", "to"}:
        raise RequestInvalid("the query parameters `from` and `to` are required: two revisions that were live")
    return DiffRevisions(asked["from"], asked["to"])


def _refresh(call: Call) -> RefreshPolicy:
    call.arguments()
    return RefreshPolicy()


def _members(call: Call, *known: str) -> dict[str, Any]:
    """The body. Raises RequestInvalid naming a member that means nothing here."""
    call.arguments()
    body = call.json()
    for name in body:
        if name not in known:
            raise RequestInvalid(
                f"`{name[:40]}` means nothing here; there are {', '.join(f'`{each}`' for each in known)}"
            )
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if type(value) is not str:
        raise RequestInvalid(f"`{name}` is required, and is a text")
    return value


def _activation(line: Activation) -> dict[str, Any]:
    """One line of the history."""
    body = {**line._asdict(), "at": instant(line.at), "how": str(line.how)}
    return {name: value for name, value in body.items() if value is not None}


def _published(line: Activation) -> Reply:
    return Reply(200, _activation(line))


def _history_body(lines: Sequence[Activation]) -> Reply:
    body: dict[str, Any] = {"entries": [_activation(line) for line in lines]}
    if lines and lines[-1].number > 1:
        body["before"] = lines[-1].number
    return Reply(200, body)


def _revision_body(kept: Kept) -> Reply:
    files = [{"name": name, "content": base64.b64encode(data).decode()} for name, data in sorted(kept.files.items())]
    return Reply(200, {"revision": kept.revision, "files": files})


def _refreshed(live: Standing) -> Reply:
    return Reply(202, {"revision": live.revision, "checked": instant(live.checked)})


PUBLISHING_ROUTES: tuple[CatalogRoute, ...] = (
    CatalogRoute(
        "POST",
        f"{BASE}/publish",
        PublishPolicy,
        _publish,
        _published,
        "Put a policy into force",
        MOST_BYTES,
        PublishPolicy({}, "", ""),
    ),
    CatalogRoute("POST", f"{BASE}/rollback", RollBack, _roll_back, _published, "Put a revision into force again"),
    CatalogRoute("GET", f"{BASE}/history", PolicyHistory, _history, _history_body, "What was live when"),
    CatalogRoute("GET", f"{BASE}/revisions/{{id}}", GetRevision, _revision, _revision_body, "The files of a revision"),
    CatalogRoute(
        "GET", f"{BASE}/diff", DiffRevisions, _difference, lambda plan: Reply(200, plan), "What a change between did"
    ),
    CatalogRoute("POST", f"{BASE}/refresh", RefreshPolicy, _refresh, _refreshed, "Look at the policy's source at once"),
)
