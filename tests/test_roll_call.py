"""A forgotten check cannot happen: every route, every verb and every operation answers the roll. Each is bound to an
operation, and so passes the gate, or stands in a short list with the reason why it need not.
"""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import typer
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from asking import question
from commands import Desk
from house import Module, modules
from keeping import kept_over, no_exchange
from readable import FILES, POLICY
from remit.adapters.memory import RingJournal
from remit.bootstrap import build_app, handlers
from remit.cli import app as cli
from remit.core.blocks import Variant
from remit.core.model import Actor
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.errors import Misconfigured
from remit.service import operations as op
from remit.service.gate import Gate, Permit
from remit.service.live import LivePolicy
from remit.service.needs import Need
from remit.service.operations import (
    Asked,
    CatalogOperation,
    Evaluate,
    EvaluateMany,
    ListAccessRules,
    ListShadow,
    Operation,
    Page,
    PermittedScopes,
    PolicyStatus,
    ReadMetrics,
    Search,
    Sought,
    Unanswerable,
)
from remit.web import app as web
from remit.web import forward
from remit.web.forward_table import read_table
from remit.web.kept import CATALOG_ROUTES
from remit.web.limits import Limits
from remit.web.policy import POLICY_ROUTES
from remit.web.raw import ROUTES
from server import CALLERS, SECRET
from test_shipped_policy import shipped

SNAPSHOT = Snapshot(POLICY)
HANDLERS = handlers(SECRET, LivePolicy(SNAPSHOT))
TABLE = read_table("table.csv", b"GET, /workloads/{id}, view, workload, {id}\n")
OPERATIONS = get_args(Operation)
IN_CATALOG = get_args(CatalogOperation)
ABOUT_ADA = Asked("user:ada", "use", "environment", "seen")
EXAMPLES: dict[type, Any] = {
    Evaluate: Evaluate(ABOUT_ADA, explain=True),
    EvaluateMany: EvaluateMany((Unanswerable("no question"), ABOUT_ADA), explain=True),
    Search: Search(Sought.RESOURCE, ABOUT_ADA, Page(b"")),
    PermittedScopes: PermittedScopes(ABOUT_ADA),
    PolicyStatus: PolicyStatus(),
    ReadMetrics: ReadMetrics(),
    op.PublishPolicy: op.PublishPolicy({"model.conf": b""}, "0" * 64, "because"),
    op.RollBack: op.RollBack("0" * 64, "because"),
    op.PolicyHistory: op.PolicyHistory(),
    op.GetRevision: op.GetRevision("0" * 64),
    op.DiffRevisions: op.DiffRevisions("0" * 64, "1" * 64),
    op.RefreshPolicy: op.RefreshPolicy(),
    ListShadow: ListShadow(),
    op.ReadJournal: op.ReadJournal(op.Wanted(), 10),
    op.ReadLine: op.ReadLine("abcd-1"),
}
"""One of each operation, asked by somebody whom it does not concern."""

KEPT_EXAMPLES: dict[type, Any] = {
    op.CreateAsset: op.CreateAsset(Variant.GIT, "a", "", "project:a", {}, None, ("id",)),
    op.GetAsset: op.GetAsset("id", (Variant.GIT,)),
    op.ListAssets: op.ListAssets((Variant.GIT,), op.Part()),
    op.UpdateAsset: op.UpdateAsset("id", Variant.GIT, "a", "", {}, None, ("other",)),
    op.DeleteAsset: op.DeleteAsset("id", (Variant.GIT,)),
    op.ListUnits: op.ListUnits("project", op.Part()),
    op.CreateWorkspace: op.CreateWorkspace("a", "project:a", (op.Chosen("environment", "id"),), {}),
    op.GetWorkspace: op.GetWorkspace("id"),
    op.ListWorkspaces: op.ListWorkspaces(op.Part()),
    op.SuspendWorkspace: op.SuspendWorkspace("id"),
    op.DeleteWorkspace: op.DeleteWorkspace("id"),
    op.ListRoles: op.ListRoles(),
    op.ListAccessRules: op.ListAccessRules(),
    op.MyReach: op.MyReach("environment", ("view",)),
}
"""One of each operation on the catalog."""

STRANGER = Actor("application:stranger")


def fastapi_within(app: object) -> FastAPI:
    """The FastAPI application behind whatever stands in front of it."""
    while not isinstance(app, FastAPI):
        app = next(inner for inner in vars(app).values() if callable(inner) and not isinstance(inner, Gate))
    return app


@pytest.fixture(scope="module")
def app() -> FastAPI:
    kept = kept_over(SNAPSHOT)
    made = build_app(SNAPSHOT, "http://localhost", CALLERS, SECRET, forward=TABLE, kept=kept, exchange=no_exchange)
    return fastapi_within(made)


def routes_of(app: FastAPI) -> list[str]:
    """The paths that the application answers itself, those of included routers too."""
    return [context.path for context in iter_route_contexts(app.routes)]


def verbs_of(command: Any, *above: str) -> Iterator[str]:
    """The verbs of the command, those of groups within it too, as they are typed."""
    for name, inner in getattr(command, "commands", {}).items():
        if getattr(inner, "commands", None):
            yield from verbs_of(inner, *above, name)
        else:
            yield " ".join((*above, name))


def assert_reasons(public: dict[str, str]) -> None:
    """Each reason is one, in words."""
    for name, reason in public.items():
        assert len(reason.split()) > 2, f"`{name}` is public, and why?"
        assert reason == reason.strip() and not reason.endswith("."), name


def test_every_route_is_bound_to_an_operation_or_public_with_a_reason(app: FastAPI) -> None:
    routes = methods_of(app)
    assert len(routes) == 109, "count them: a route that the walk misses is one that nobody checks"
    kept = {(route.method, route.path) for route in (*CATALOG_ROUTES, *POLICY_ROUTES)}
    forgotten = [each for each in routes if each[1] not in web.PUBLIC and each[1] not in ROUTES and each not in kept]
    assert not forgotten, f"bind them to an operation in a table, or say in PUBLIC why they need none: {forgotten}"
    assert web.PUBLIC.keys() == {path for each in routes if each not in kept for path in each[1:]}
    assert kept <= set(routes) and len(kept) == len(CATALOG_ROUTES) + len(POLICY_ROUTES) == 109 - len(web.PUBLIC)
    assert not web.PUBLIC.keys() & ROUTES.keys()
    assert_reasons(web.PUBLIC)


def methods_of(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route, HEAD beside GET left out."""
    found = [(method, c.path) for c in iter_route_contexts(app.routes) for method in (c.methods or {"GET"}) - {"HEAD"}]
    assert len(found) == len(set(found)), "two routes for one method and path: which of them answers?"
    return found


def test_every_route_of_the_catalog_leads_to_one_of_its_operations() -> None:
    for route in CATALOG_ROUTES:
        assert route.operation in IN_CATALOG, route.path
        assert route.summary
    assert {route.operation for route in CATALOG_ROUTES} == set(IN_CATALOG), "an operation that nobody can ask for"


def test_every_route_of_the_policy_leads_to_an_operation_on_it() -> None:
    for route in POLICY_ROUTES:
        assert route.operation in OPERATIONS and route.summary, route.path


def test_every_operation_of_the_catalog_needs_something_or_lists_what_its_caller_reaches() -> None:
    vocabulary = read_policy(shipped()).vocabulary
    for kind, example in KEPT_EXAMPLES.items():
        needs, lists = example.needs(STRANGER), getattr(example, "lists", tuple)()
        own = isinstance(example, ListAccessRules) and example.mine
        assert needs or lists or own, f"{kind.__name__} lets a stranger in"
        for need in (*needs, *lists):
            assert need.action in vocabulary[need.kind], f"{kind.__name__} needs what nobody can be given"
    assert set(KEPT_EXAMPLES) == set(IN_CATALOG)
    assert set(kept_over(SNAPSHOT).handlers) == set(IN_CATALOG)


def test_every_raw_route_leads_to_operations_and_to_nothing_else() -> None:
    assert len(ROUTES) == 6
    one, many = (json.dumps(body).encode() for body in (question(), question(evaluations=[{}])))
    for path, route in ROUTES.items():
        assert route.operations and set(route.operations) <= set(OPERATIONS), path
        made = {type(route.read(one, Limits())), type(route.read(many, Limits()))}
        assert made == set(route.operations), path
        assert route.summary
    assert set(forward.OPERATIONS) <= set(OPERATIONS)


def test_the_openapi_document_describes_every_route(app: FastAPI) -> None:
    described = app.openapi()["paths"]
    answered = {*ROUTES, forward.PATH, *routes_of(app)}
    assert set(described) == answered - {app.openapi_url}
    for route in CATALOG_ROUTES:
        assert {"400", "401", "403", "404"} <= described[route.path][route.method.lower()]["responses"].keys()
    for path, route in ROUTES.items():
        operation = described[path]["post"]
        assert operation["summary"] == route.summary
        assert operation["requestBody"]["required"] is True
        assert {"200", "400", "401", "403", "405", "413", "429", "503"} <= operation["responses"].keys()


def test_a_route_that_nobody_thought_of_is_noticed() -> None:
    app = FastAPI()
    app.add_api_route("/secret", lambda: None)
    assert "/secret" in routes_of(app)
    assert "/secret" not in web.PUBLIC.keys() | ROUTES.keys()


def test_every_verb_is_bound_to_an_operation_or_public_with_a_reason() -> None:
    verbs = list(verbs_of(typer.main.get_command(cli.create_cli(Desk(FILES)))))
    assert len(verbs) == len(set(verbs)) >= 5
    assert cli.PUBLIC.keys() == set(verbs), "a verb performs an operation, or says in PUBLIC why it needs none"
    assert_reasons(cli.PUBLIC)


def test_verbs_within_groups_are_seen() -> None:
    inner, outer = typer.Typer(), typer.Typer()
    inner.command("deep")(lambda: None)
    inner.command("deeper")(lambda: None)
    outer.add_typer(inner, name="group")
    outer.command("flat")(lambda: None)
    assert set(verbs_of(typer.main.get_command(outer))) == {"group deep", "group deeper", "flat"}


def test_every_operation_has_a_handler_and_no_handler_is_without_one() -> None:
    assert set(HANDLERS) == set(OPERATIONS) == set(EXAMPLES)
    assert len(set(HANDLERS.values())) == len(HANDLERS)


def test_every_operation_says_what_it_needs() -> None:
    vocabulary = read_policy(shipped()).vocabulary
    for kind, example in EXAMPLES.items():
        needs = example.needs(STRANGER)
        assert needs, f"{kind.__name__} lets a stranger in"
        for need in (*needs, *example.wishes()):
            assert isinstance(need, Need)
            assert need.action in vocabulary[need.kind], f"{kind.__name__} needs what nobody can be given"


@pytest.mark.parametrize("missing", OPERATIONS, ids=lambda operation: operation.__name__)
def test_a_gate_without_a_handler_does_not_start(missing: type) -> None:
    handlers = {operation: handler for operation, handler in HANDLERS.items() if operation is not missing}
    with pytest.raises(Misconfigured, match=missing.__name__):
        Gate(LivePolicy(SNAPSHOT), RingJournal(), time.time_ns, handlers)


def test_the_gate_has_one_method() -> None:
    assert [name for name in dir(Gate) if not name.startswith("_")] == ["perform"]


def test_only_the_gate_makes_a_permit() -> None:
    for arguments in ((), (object(), STRANGER, SNAPSHOT, 0, ()), ((STRANGER, SNAPSHOT, 0, ()),)):
        with pytest.raises(TypeError, match="only the gate"):
            Permit(*arguments)


def naming(module: Module, *names: str) -> bool:
    """Does the module use one of these names other than as a type?"""
    nodes = list(ast.walk(module.tree()))
    typed = {inner for node in nodes if isinstance(node, ast.arg) for inner in ast.walk(node)}
    return any(
        isinstance(node, ast.Name | ast.Attribute) and _last(node) in names for node in nodes if node not in typed
    )


def _last(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def test_nobody_else_makes_a_permit_or_calls_past_the_gate() -> None:
    for module in modules():
        if module.name != "remit.service.gate":
            assert not naming(module, "Permit"), f"{module.file} makes a permit; only the gate does"
        if module.name not in ("remit.service.gate", "remit.bootstrap"):
            assert not naming(module, "_handlers", "HANDLERS"), f"{module.file} calls a handler past the gate"


@pytest.mark.parametrize(
    "text", ["Permit(1, 2, 3)", "tuple.__new__(Permit, (1, 2))", "made = gate.Permit", "copy(permit, Permit)"]
)
def test_a_permit_made_elsewhere_is_noticed(text: str) -> None:
    assert naming(Module("remit.web.x", "src/remit/web/x.py", text), "Permit")
    assert not naming(Module("remit.web.x", "src/remit/web/x.py", "def f(permit: Permit): ..."), "Permit")
