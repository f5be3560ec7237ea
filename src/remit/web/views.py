"""The routes of units, roles and access rules: the policy, read through the published interface."""

from __future__ import annotations

from functools import partial
from typing import Any

from remit.core.model import ROOT
from remit.errors import RequestInvalid
from remit.service.operations import ListAccessRules, ListRoles, ListUnits, MyReach
from remit.web.calls import API, PAGED, Call, CatalogRoute, Reply, part_of
from remit.web.published import ALL, VERBS, role_body, unit_body


def _units(level: str, call: Call) -> ListUnits:
    return ListUnits(level, part_of(call.arguments(*PAGED), 50))


def _units_body(word: str, units: Any) -> Reply:
    return Reply(200, {word: [unit_body(unit.number, unit.scope, unit.parent_number) for unit in units], "next": None})


def _access_rules(mine: bool, call: Call) -> ListAccessRules:
    part = part_of(call.arguments("limit", "offset"), 50)
    return ListAccessRules(mine, part.limit, part.offset)


def _access_rules_body(held: Any) -> Reply:
    types = {"application": "app"}
    rows = [
        {
            "id": number,
            "subjectId": rule.subject.partition(":")[2],
            "subjectType": types.get(level := rule.subject.partition(":")[0], level),
            "roleId": held.roles[rule.role],
            "roleName": rule.role,
            "scopeType": ALL if rule.scope == ROOT else rule.scope.partition(":")[0],
            "scopeId": "" if rule.scope == ROOT else str(held.units[rule.scope]),
            "scopeName": rule.scope,
        }
        for number, rule in held.access_rules
    ]
    return Reply(200, {"accessRules": rows, "totalRecords": held.total, "displayRecords": len(rows)})


_ACTIONS = {"create": "create", "read": "view", "update": "edit", "delete": "delete", "use": "use"}

_SOURCES = ("git", "pvc", "nfs", "s3", "host-path", "cm-volume", "secret-volume")
_KINDS = {
    "environments": "environment",
    "compute-resources": "compute-resource",
    "workloads": "workload",
    "workspaces": "workload",
    "inferences": "inference",
    **{f"{source}-assets": "data-source" for source in _SOURCES},
}
"""The kind of a published resource type, where it is called otherwise; published clients send no other words."""


def _reach(call: Call) -> MyReach:
    body = call.json()
    kind, action = body.get("resourceType"), body.get("action")
    if type(kind) is not str or not kind or len(kind) > 256:
        raise RequestInvalid("`resourceType` is required, a kind such as `environment`")
    if action is not None and action not in _ACTIONS:
        raise RequestInvalid(f"`action` must be one of {', '.join(_ACTIONS)}")
    unknown = sorted(body.keys() - {"resourceType", "action"})
    if unknown:
        raise RequestInvalid(f"`{unknown[0][:40]}` is no field of this request")
    wanted = [_ACTIONS[action]] if action is not None else [_ACTIONS[word] for word in list(_ACTIONS)[:4]]
    return MyReach(_KINDS.get(kind, kind), tuple(wanted))


def _reach_body(found: Any) -> Reply:
    words = {action: VERBS.get(action, action) for action in found.reaches}
    body = {words[action]: _reached(reach.scopes, found.units) for action, reach in found.reaches.items()}
    return Reply(200, body)


def _reached(scopes: tuple[str, ...], units: Any) -> dict[str, Any]:
    numbers = {
        level: [str(units[scope]) for scope in scopes if scope.startswith(f"{level}:")]
        for level in ("department", "project")
    }
    return {
        "system": False,
        f"{ALL}s": ["1"] if ROOT in scopes else [],
        "clusters": [],
        "departments": numbers["department"],
        "projects": numbers["project"],
    }


def _roles_body(roles: Any) -> Reply:
    return Reply(200, [role_body(*role) for role in roles])


def _one_role(call: Call) -> ListRoles:
    text = call.path["id"]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise RequestInvalid("the id of a role is a number")
    return ListRoles(int(text))


def _permissions_body(roles: Any) -> Reply:
    found: dict[str, dict[str, None]] = {}
    for role in roles:
        for kind, actions in role.permissions.items():
            found.setdefault(kind, {}).update(dict.fromkeys(VERBS.get(action, action) for action in actions))
    return Reply(200, [{"resourceType": kind, "actions": list(actions)} for kind, actions in found.items()])


_AUTH = f"{API}/authorization"

VIEW_ROUTES: tuple[CatalogRoute, ...] = (
    CatalogRoute(
        "GET", f"{API}/org-unit/projects", ListUnits, partial(_units, "project"), partial(_units_body, "projects"),
        "Projects",
    ),
    CatalogRoute(
        "GET", f"{API}/org-unit/departments", ListUnits, partial(_units, "department"),
        partial(_units_body, "departments"), "Departments",
    ),
    CatalogRoute("GET", f"{_AUTH}/roles", ListRoles, lambda _: ListRoles(), _roles_body, "Roles"),
    CatalogRoute(
        "GET", _AUTH + "/roles/{id}", ListRoles, _one_role, lambda roles: Reply(200, role_body(*roles[0])), "One role"
    ),
    CatalogRoute(
        "GET", f"{_AUTH}/permissions", ListRoles, lambda _: ListRoles(), _permissions_body,
        "All that a role grants, by kind",
    ),
    CatalogRoute(
        "GET", f"{_AUTH}/access-rules", ListAccessRules, partial(_access_rules, False), _access_rules_body,
        "Access rules",
    ),
    CatalogRoute(
        "GET", f"{_AUTH}/me/access-rules", ListAccessRules, partial(_access_rules, True), _access_rules_body,
        "The caller's own access rules",
    ),
    CatalogRoute(
        "POST", f"{_AUTH}/permitted-scopes", MyReach, _reach, _reach_body, "Where the caller may do something"
    ),
)  # fmt: skip
