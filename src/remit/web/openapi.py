"""The OpenAPI document, the raw decision routes included: they are described from the table that serves them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from remit.web.raw import ROUTES

Schema = dict[str, Any]

_OBJECT: Schema = {"type": "object"}
_STRING: Schema = {"type": "string", "minLength": 1, "maxLength": 256}
_SCOPE: Schema = {"type": "string", "examples": ["*", "department:research", "project:vision"]}
_PLACE: Schema = {
    "type": "object",
    "description": "where it happens: one of the two, or both if they agree",
    "properties": {"project": _SCOPE, "scope": _SCOPE},
}


def _object(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """An object with some members that mean something; all others are ignored."""
    found: Schema = {"type": "object", "properties": properties}
    return {**found, "required": list(required)} if required else found


_GROUPS: Schema = {"type": "array", "items": _STRING, "maxItems": 256}
_NAMED: dict[str, dict[str, Schema]] = {
    "subject": {"type": _STRING, "id": _STRING, "properties": _object(groups=_GROUPS)},
    "action": {"name": _STRING, "properties": _OBJECT},
    "resource": {"type": _STRING, "id": _STRING, "properties": _object(scope=_SCOPE)},
}
_PAGE = _object(
    token={"type": "string", "description": "`page.next_token` of the answer before"},
    limit={"type": "integer", "minimum": 0, "description": "the most results wanted; at most 1,000 come"},
    properties=_OBJECT,
)
_OPTIONS = _object(
    explain={"type": "boolean", "description": "add the reason to the answer"},
    evaluations_semantic={"enum": ["execute_all", "deny_on_first_deny", "permit_on_first_permit"]},
)
_DECISION = _object(("decision",), decision={"type": "boolean"}, context=_OBJECT)
_BATCH = _object(("evaluations",), evaluations={"type": "array", "items": _DECISION})
_NEXT = _object(("next_token",), next_token={"type": "string"})
_PROBLEM = _object(("code", "message"), code={"type": "integer"}, message={"type": "string"})
_SCOPES = _object(
    ("scopes", "unplaced"), scopes={"type": "array", "items": {"type": "string"}}, unplaced={"type": "boolean"}
)
_ERRORS = {
    "400": "The request is malformed; the message says where",
    "401": "There are no credentials, or they do not hold",
    "403": "The caller lacks a permission; the message names it",
    "405": "The endpoint takes another method",
    "408": "The request did not arrive in time",
    "413": "The body is too large",
    "429": "The caller asks too often; `Retry-After` says how long to wait",
    "431": "The head of the request is too large",
    "500": "A fault; the server's log has it",
    "503": "No decision can be made now",
}
_CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}}}
_REVISION = {"Remit-Revision": {"schema": {"type": "string"}, "description": "the policy that decided"}}


def _entities(*required: str, **without: str) -> Schema:
    """These entities, each with what names it required, but for what a search does `without`."""
    found: dict[str, Schema] = {}
    for entity in required:
        members = _NAMED[entity]
        needed = tuple(name for name in members if name not in ("properties", without.get(entity)))
        found[entity] = _object(needed, **members)
    return found


def _results(*members: str) -> Schema:
    """A page of results, each with these members."""
    result = _object(members, **dict.fromkeys(members, _STRING))
    return _object(("results",), page=_NEXT, results={"type": "array", "items": result})


_ALL = ("subject", "action", "resource")
_TYPED = _results("type", "id")
_BODIES: dict[str, tuple[Schema, Schema]] = {
    "/access/v1/evaluation": (
        _object(_ALL, **_entities(*_ALL), context=_PLACE, options=_OPTIONS),
        _DECISION,
    ),
    "/access/v1/evaluations": (
        _object(
            **_entities(*_ALL),
            context=_PLACE,
            options=_OPTIONS,
            evaluations={"type": "array", "maxItems": 256, "items": _OBJECT},
        ),
        {"anyOf": [_BATCH, _DECISION]},
    ),
    "/access/v1/search/subject": (
        _object(_ALL, **_entities(*_ALL, subject="id"), context=_PLACE, page=_PAGE),
        _TYPED,
    ),
    "/access/v1/search/resource": (
        _object(_ALL, **_entities(*_ALL, resource="id"), context=_PLACE, page=_PAGE),
        _TYPED,
    ),
    "/access/v1/search/action": (
        _object(("subject", "resource"), **_entities("subject", "resource"), context=_PLACE, page=_PAGE),
        _results("name"),
    ),
    "/v1/permitted-scopes": (
        _object(_ALL, **_entities(*_ALL, resource="id"), context=_PLACE),
        _SCOPES,
    ),
}
"""What each raw route takes and gives."""


def with_raw_routes(app: FastAPI, forward: bool) -> None:
    """Let the application's OpenAPI document describe the raw routes too, and `/forward-auth` if there is one."""
    described = app.openapi

    def openapi() -> Schema:
        document = described()
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["bearer"] = {"type": "http", "scheme": "bearer", "description": "a token, or an API key"}
        for path, route in ROUTES.items():
            document["paths"].setdefault(path, {"post": _operation(route.summary, *_BODIES[path])})
        if forward:
            document["paths"].setdefault("/forward-auth", {"get": _forward_auth()})
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _operation(summary: str, body: Schema, answer: Schema) -> Schema:
    """One raw route as OpenAPI describes it."""
    return {
        "summary": summary,
        "security": [{"bearer": []}],
        "requestBody": {"required": True, "content": _json(body)},
        "responses": {"200": {"description": "Decided", "headers": _REVISION, "content": _json(answer)}, **_errors()},
    }


def _errors(*but: str) -> Schema:
    found: Schema = {}
    for status, text in _ERRORS.items():
        if status not in but:
            found[status] = {"description": text, "content": _json(_PROBLEM)}
    found["401"]["headers"] = _CHALLENGE
    return found


def catalog_operation(method: str, path: str) -> Schema:
    """What FastAPI does not know of a route of the catalog: that it is bodies of JSON, by bearer, with these errors."""
    conflicts = {"404": "There is no such thing, or none within reach", "409": "A name is taken, or a thing is in use",
                 "412": "The thing has been changed since"}  # fmt: skip
    more = {status: {"description": text, "content": _json(_PROBLEM)} for status, text in conflicts.items()}
    text = {"manifest": "application/yaml", "metrics": "text/plain"}.get(path.rpartition("/")[2])
    good = {"description": "Done", "content": _json({}) if text is None else {text: {"schema": {"type": "string"}}}}
    created = method in ("PUT", "DELETE") or (
        method == "POST" and "/authorization/" not in path and "token" not in path
    )
    found: Schema = {"responses": {"202" if created else "200": good, **_errors("405", "408"), **more}}
    if not path.endswith("/token"):
        found["security"] = [{"bearer": []}]
    if "{id}" in path:
        found["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    if method in ("POST", "PUT") and not path.endswith(("/suspend", "/resume")):
        found["requestBody"] = {"required": True, "content": _json(_OBJECT)}
    return found


def _forward_auth() -> Schema:
    """`/forward-auth` as OpenAPI describes it."""
    named = ("X-Original-Method", "X-Original-URI")
    headers = [{"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in named]
    allowed = {"description": "The bearer may do what the original request does", "headers": _REVISION}
    return {
        "summary": "May the bearer do what a request to another application does?",
        "security": [{"bearer": []}],
        "parameters": headers,
        "responses": {"204": allowed, **_errors("413", "429")},
    }


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}
