"""The AuthZEN information model (§5) to what the service is asked. Unknown members are ignored, at every level."""

from __future__ import annotations

from typing import Any

from remit.core.model import ROOT
from remit.errors import RequestInvalid
from remit.service.operations import Asked, checked_name, checked_scope

MAX_GROUPS = 256
"""Groups that one request may bring for its subject."""

MOST_KEPT = 256
"""Bytes of a text of a request's context that the journal keeps; longer ones it does not."""

Claims = dict[int, tuple[str, ...] | str]
"""Groups that this request has brought already, or what is wrong with them, by the identity of their array: the items
of a batch mostly share one subject."""


def asked(
    body: dict[str, Any],
    defaults: dict[str, Any] | None = None,
    claims: Claims | None = None,
    keep: tuple[str, ...] = (),
) -> Asked:
    """One evaluation request. A member that the body lacks is taken, whole, from `defaults` (§7.1.1). Of the context
    the journal may `keep` these members.

    Raises RequestInvalid naming the member that is missing or malformed.
    """
    subject, resource, action = body.get("subject"), body.get("resource"), body.get("action")
    context = body.get("context")
    if defaults is not None:
        subject = defaults.get("subject") if "subject" not in body else subject
        resource = defaults.get("resource") if "resource" not in body else resource
        action = defaults.get("action") if "action" not in body else action
        context = defaults.get("context") if context is None else context  # null is no context (§11.5), not another one
    if type(subject) is not dict or type(resource) is not dict or type(action) is not dict:
        raise RequestInvalid(_not_objects(subject=subject, action=action, resource=resource))
    who, verb = subject_name(subject), action_name(action)
    kind, id = name_of(resource, "resource", "type"), name_of(resource, "resource", "id")
    declared = None if resource.get("properties") is None else declared_scope(resource)
    claimed = () if subject.get("properties") is None else claimed_groups(subject, claims)
    return Asked(who, verb, kind, id, declared, place_of(context), claimed, kept_of(context, keep) if keep else ())


def entities_of(body: dict[str, Any], *names: str) -> tuple[dict[str, Any], ...]:
    """These required entities of a body. Raises RequestInvalid if one is missing or no object."""
    found: dict[str, Any] = {name: body.get(name) for name in names}
    if any(type(value) is not dict for value in found.values()):
        raise RequestInvalid(_not_objects(**found))
    return tuple(found.values())


def _not_objects(**entities: Any) -> str:
    """Which required entities are missing, or no objects."""
    missing = [f"`{name}`" for name, value in entities.items() if value is None]
    if missing:
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} required"
    wrong = next(name for name, value in entities.items() if type(value) is not dict)
    return f"`{wrong}` must be an object"


def subject_name(subject: dict[str, Any]) -> str:
    """The typed name of a subject."""
    return f"{subject_type(subject)}:{name_of(subject, 'subject', 'id')}"


def subject_type(subject: dict[str, Any]) -> str:
    """The type of a subject, which can be any but a role's."""
    type_ = name_of(subject, "subject", "type")
    if ":" in type_ or type_ == "role":
        raise RequestInvalid(f"`subject.type` is `{type_}`; a type holds no colon, and a role is never a subject")
    return type_


def action_name(action: dict[str, Any]) -> str:
    """The name of an action; its properties mean nothing."""
    verb = name_of(action, "action", "name")
    if action.get("properties") is not None:
        properties_of(action, "action")
    return verb


def name_of(entity: dict[str, Any], where: str, member: str) -> str:
    """An identifier of an entity."""
    text = entity.get(member)
    if type(text) is not str:
        raise RequestInvalid(f"`{where}.{member}` {'is required' if text is None else 'must be a string'}")
    # the short way for nearly every name there is; the long way says what is wrong
    if text.isascii() and text.isprintable() and 0 < len(text) <= 128 and text != ROOT and text.strip() is text:
        return text
    return checked_name(f"{where}.{member}", text)


def properties_of(entity: dict[str, Any], where: str) -> dict[str, Any]:
    """The properties of an entity, which are an object if they are given."""
    properties = entity.get("properties")
    if properties is None:
        return {}
    if type(properties) is not dict:
        raise RequestInvalid(f"`{where}.properties` must be an object")
    return properties


def declared_scope(resource: dict[str, Any]) -> str | None:
    """Where the request says that the resource lives, or None if it does not say."""
    return _scope(properties_of(resource, "resource"), "resource.properties", "scope")


def _scope(properties: dict[str, Any], where: str, member: str) -> str | None:
    """A scope by its full name, or None if it is not given."""
    text = properties.get(member)
    if text is None:
        return None
    if type(text) is not str:
        raise RequestInvalid(f"`{where}.{member}` must be a string")
    return checked_scope(f"{where}.{member}", text)


def claimed_groups(subject: dict[str, Any], claims: Claims | None = None) -> tuple[str, ...]:
    """The groups that the caller says the subject is in, typed."""
    names = properties_of(subject, "subject").get("groups")
    if names is None:
        return ()
    claims = {} if claims is None else claims
    claimed = claims.get(id(names))
    if claimed is None:
        claimed = claims[id(names)] = _claimed(names)
    if isinstance(claimed, str):
        raise RequestInvalid(claimed)
    return claimed


def _claimed(names: Any) -> tuple[str, ...] | str:
    """These groups, typed, or why they can be none."""
    if type(names) is not list or len(names) > MAX_GROUPS:
        return f"`subject.properties.groups` must be an array of at most {MAX_GROUPS} names"
    if any(type(name) is not str for name in names):
        return "`subject.properties.groups` must hold strings only"
    try:
        return tuple([f"group:{checked_name('subject.properties.groups', name)}" for name in names])
    except RequestInvalid as error:
        return str(error)


def kept_of(context: Any, keep: tuple[str, ...]) -> tuple[tuple[str, str | float], ...]:
    """What the journal keeps of a context: of these members those that are one value, and not a long one."""
    if not keep or type(context) is not dict:
        return ()
    found = [(name, context.get(name)) for name in keep]
    return tuple([(name, value) for name, value in found if value is not None and _is_short(value)])


def _is_short(value: Any) -> bool:
    if type(value) is str:
        return len(value) <= MOST_KEPT and len(value.encode()) <= MOST_KEPT
    return type(value) in (bool, float) or (type(value) is int and -_LARGEST < value < _LARGEST)


_LARGEST = 2**63


def place_of(context: Any) -> str | None:
    """Where the action happens: `context.project` or `context.scope`; both only if they agree."""
    if context is None:
        return None
    if type(context) is not dict:
        raise RequestInvalid("`context` must be an object")
    project, scope = _scope(context, "context", "project"), _scope(context, "context", "scope")
    if project is not None and scope is not None and project != scope:
        raise RequestInvalid("`context.project` and `context.scope` name different places")
    return project if project is not None else scope
