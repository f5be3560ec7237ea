"""The OpenAPI document, the raw decision routes included: they are described from the table that serves them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from remit.web.authzen import ROUTES

_OBJECT: dict[str, Any] = {"type": "object"}
_STRING: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 256}


def _entity(*required: str) -> dict[str, Any]:
    """An AuthZEN entity: required strings and free properties."""
    properties = dict.fromkeys(required, _STRING) | {"properties": _OBJECT}
    return {"type": "object", "required": list(required), "properties": properties}


_QUESTION: dict[str, Any] = {
    "subject": _entity("type", "id"),
    "action": _entity("name"),
    "resource": _entity("type", "id"),
    "context": _OBJECT,
}
_OPTIONS = {
    "type": "object",
    "properties": {
        "explain": {"type": "boolean", "description": "add the reason to the answer"},
        "evaluations_semantic": {"enum": ["execute_all", "deny_on_first_deny", "permit_on_first_permit"]},
    },
}
_DECISION = {
    "type": "object",
    "required": ["decision"],
    "properties": {"decision": {"type": "boolean"}, "context": _OBJECT},
}
_BATCH = {"type": "object", "properties": {"evaluations": {"type": "array", "items": _DECISION}}}
_PROBLEM = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
}
_ERRORS = {
    "400": "The request is malformed; the message says where",
    "403": "The caller lacks a permission; the message names it",
    "408": "The body did not arrive in time",
    "413": "The body is too large",
    "503": "No decision can be made now",
}


def with_raw_routes(app: FastAPI) -> None:
    """Let the application's OpenAPI document describe the raw routes too."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        document = described()
        for path, route in ROUTES.items():
            batch = path.endswith("evaluations")
            document["paths"].setdefault(path, {"post": _operation(route.summary, batch)})
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _operation(summary: str, batch: bool) -> dict[str, Any]:
    """One raw route as OpenAPI describes it."""
    properties = {**_QUESTION, "options": _OPTIONS}
    body: dict[str, Any] = {"type": "object", "properties": properties}
    if batch:
        properties["evaluations"] = {"type": "array", "maxItems": 256, "items": _OBJECT}
    else:
        body["required"] = ["subject", "action", "resource"]
    answer = {"anyOf": [_DECISION, _BATCH]} if batch else _DECISION
    revision = {"Remit-Revision": {"schema": {"type": "string"}, "description": "the policy that decided"}}
    errors = {status: {"description": text, "content": _json(_PROBLEM)} for status, text in _ERRORS.items()}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": _json(body)},
        "responses": {"200": {"description": "Decided", "headers": revision, "content": _json(answer)}, **errors},
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
