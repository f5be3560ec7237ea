"""Search requests and `permitted-scopes` to operations, and their answers to bodies (AuthZEN §8)."""

from __future__ import annotations

from typing import Any

import msgspec

from remit.errors import RequestInvalid
from remit.service.operations import Asked, Page, PermittedScopes, Reached, Results, Search, Sought
from remit.web.limits import Limits
from remit.web.questions import (
    action_name,
    claimed_groups,
    declared_scope,
    entities_of,
    kept_of,
    name_of,
    place_of,
    properties_of,
    subject_name,
    subject_type,
)
from remit.web.strict import parse

_bound = msgspec.json.Encoder(order="deterministic").encode
_encode = msgspec.json.Encoder().encode


def read_subject_search(data: bytes, limits: Limits) -> Search:
    """Who may do this to that? Of the subject only the type counts (§8.4.1)."""
    body = parse(data)
    subject, action, resource = entities_of(body, "subject", "action", "resource")
    type_ = subject_type(subject)
    properties_of(subject, "subject")
    kind, id = name_of(resource, "resource", "type"), name_of(resource, "resource", "id")
    asked = Asked("", action_name(action), kind, id, declared_scope(resource), place_of(body.get("context")))
    return Search(Sought.SUBJECT, _keeping(asked, body, limits), _page(body, "subject"), type_)


def read_resource_search(data: bytes, limits: Limits) -> Search:
    """What may this subject do that to? Of the resource its id does not count (§8.5.1)."""
    body = parse(data)
    subject, action, resource = entities_of(body, "subject", "action", "resource")
    asked = Asked(
        subject_name(subject),
        action_name(action),
        name_of(resource, "resource", "type"),
        "",
        declared_scope(resource),
        place_of(body.get("context")),
        claimed_groups(subject),
    )
    return Search(Sought.RESOURCE, _keeping(asked, body, limits), _page(body, "resource"))


def read_action_search(data: bytes, limits: Limits) -> Search:
    """What may this subject do to that? An action is not read (§8.6.1)."""
    body = parse(data)
    subject, resource = entities_of(body, "subject", "resource")
    kind, id = name_of(resource, "resource", "type"), name_of(resource, "resource", "id")
    who, claimed, place = subject_name(subject), claimed_groups(subject), place_of(body.get("context"))
    asked = Asked(who, "", kind, id, declared_scope(resource), place, claimed)
    return Search(Sought.ACTION, _keeping(asked, body, limits), _page(body, ""))


def read_permitted_scopes(data: bytes, limits: Limits) -> PermittedScopes:
    """Where may this subject do this to this kind? Of the resource only the type counts."""
    body = parse(data)
    subject, action, resource = entities_of(body, "subject", "action", "resource")
    kind, place = name_of(resource, "resource", "type"), place_of(body.get("context"))
    properties_of(resource, "resource")
    asked = Asked(subject_name(subject), action_name(action), kind, "", None, place, claimed_groups(subject))
    return PermittedScopes(_keeping(asked, body, limits))


def _keeping(asked: Asked, body: dict[str, Any], limits: Limits) -> Asked:
    """The question with what the journal keeps of its context."""
    return asked._replace(context=kept_of(body.get("context"), limits.context)) if limits.context else asked


def results_body(found: Results) -> bytes:
    """One page of results: the page first (§8.3), and of every result what names it and nothing more."""
    entities: list[dict[str, str]]
    if found.sought is Sought.ACTION:
        entities = [{"name": name} for name in found.names]
    else:
        entities = [{"type": found.type, "id": name} for name in found.names]
    page = {} if found.token is None else {"page": {"next_token": found.token}}
    return _encode({**page, "results": entities})


def scopes_body(found: Reached) -> bytes:
    """The scopes reached, each by its full name, `*` being the scope of what lives in all projects."""
    return _encode({"scopes": found.scopes, "unplaced": found.unplaced})


def _page(body: dict[str, Any], sought: str) -> Page:
    """The page a request wants (§8.2.1), bound to all that must stay the same: of the entity `sought` its id is not
    read, and no part of that."""
    page = body.get("page")
    if page is not None and type(page) is not dict:
        raise RequestInvalid("`page` must be an object")
    members = page or {}
    token, limit, properties = members.get("token"), members.get("limit"), members.get("properties")
    if token is not None and type(token) is not str:
        raise RequestInvalid("`page.token` must be a string")
    if type(limit) is float and limit.is_integer():
        limit = int(limit)  # JSON knows one sort of numbers
    if limit is not None and (type(limit) is not int or limit < 0):
        raise RequestInvalid("`page.limit` must be a whole number, 0 or more")
    if properties is not None and type(properties) is not dict:
        raise RequestInvalid("`page.properties` must be an object")
    read = ("subject", "action", "resource", "context") if sought else ("subject", "resource", "context")
    bound = {name: body.get(name) for name in read} | {"properties": properties}
    if sought:
        bound[sought] = {name: value for name, value in body[sought].items() if name != "id"}
    return Page(_bound(bound), token or None, limit, page is not None)
