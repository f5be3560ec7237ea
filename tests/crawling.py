"""The catalog crawled by one user, and what each answer must be by Casbin alone: nothing here asks the snapshot."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import httpx

from remit.core.blocks import KIND_OF, Asset, Phase, Stamp, Variant, Workspace
from remit.core.model import ROOT, Question
from remit.core.oracle import Oracle
from remit.core.policy import Policy
from remit.service.ports import Catalog, Wanted
from remit.web.catalog import SEGMENTS
from server import bearer
from shapes_corpus import FULL, SEED_ENVIRONMENT, SEED_GIT
from straight import Straight

API = "/api/v1"
GONE = "project:gone"
NEVER, NO_NUMBER = "0" * 8 + "-0000-0000-0000-" + "0" * 12, 424_242
VERBS = {"create": "create", "read": "view", "update": "edit", "delete": "delete", "use": "use"}
KINDS = tuple(dict.fromkeys(KIND_OF.values()))
SEEN_BY = (("workload", "view"), ("workload", "create"), *((kind, "view") for kind in KINDS))
SPECS = {**FULL, Variant.ENVIRONMENT: SEED_ENVIRONMENT, Variant.GIT: SEED_GIT}
SPECS[Variant.S3] = {name: value for name, value in FULL[Variant.S3].items() if name != "accessKeyAssetId"}
HELD = (Variant.COMPUTE, Variant.PASSWORD)
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"sortOrder": "desc"},
    {"sortBy": "createdAt"},
    {"sortBy": "updatedAt", "sortOrder": "desc"},
    {"search": "PUMPKIN"},
    {"search": "of none"},
    {"limit": "3", "offset": "2"},
    {"name": "same"},
    {"search": "pumpkin", "sortBy": "created", "limit": "2", "offset": "1"},
)


class User(NamedTuple):
    """Who crawls, with the bare names of the groups that its token vouches for."""

    subject: str
    groups: tuple[str, ...] = ()


class Step(NamedTuple):
    """One request, the status that it must have, and the same of what never was: what differs is `said` for `never`."""

    method: str
    path: str
    body: Any = None
    status: int = 200
    said: str = ""
    twin: tuple[str, Any, str] | None = None


class Answer(NamedTuple):
    """What came of one request."""

    label: str
    status: int
    body: Any


class World:
    """A catalog with blocks of every variant in every scope and workspaces in every project, and the judge of it."""

    def __init__(self, policy: Policy, catalog: Catalog) -> None:
        logging.getLogger("casbin").setLevel(logging.ERROR)  # which else tells of every question
        self.policy, self.catalog, self.when = policy, catalog, time.time_ns() // 1_000
        self.oracle = Oracle(policy, self.when)
        self.scopes = (ROOT, *policy.parents)
        self.projects = [scope for scope in self.scopes if scope.startswith("project:")]
        chance = random.Random(16)

        def stamp() -> Stamp:
            return Stamp("user:seed", chance.randrange(1, 9) * 10**12, "0" * 64)

        def text() -> str:
            return chance.choice(["a pumpkin", "of nothing", ""])

        self.rooms = [
            Workspace(
                _id(f"{scope}/{name}"), name, scope, {"image": "ubuntu"},
                tuple(_id(f"{scope}/{variant}") for variant in HELD) if name == "same" else (),
                Phase.RUNNING, Phase.PENDING, 1, stamp(), stamp(), 1,
            )
            for scope in (*self.projects, GONE)
            for name in ("same", f"{chance.choice('abyz')}-{scope[8:]}")
        ]  # fmt: skip
        self.assets = [
            Asset(
                _id(f"{scope}/{variant}"), variant, f"{chance.choice('abyz')}-{variant}" if number % 3 else "same",
                text(), scope, {"image": f"ubuntu:{number}"}, False, stamp(), stamp(), 1,
            )
            for number, (scope, variant) in enumerate((s, v) for s in (*self.scopes, GONE) for v in Variant)
        ]  # fmt: skip
        self.assets = [one._replace(name=f"same-{one.variant}") if one.name == "same" else one for one in self.assets]
        with catalog.work() as work:
            self.numbers = work.unit_ids([*policy.parents, GONE])
            for asset in self.assets:
                work.add(asset, None)
            for room in self.rooms:
                work.add_workspace(room)
        self._first = {repr(one): one for one in (*self.assets, *self.rooms)}
        self.held = {id for room in self.rooms for id in room.blocks}

    def allows(
        self,
        user: User,
        action: str,
        kind: str,
        home: str | None,
        place: str | None = None,
        declared: str | None = None,
    ) -> bool:
        """Casbin's word."""
        groups = tuple(f"group:{name}" for name in user.groups)
        return self.oracle.allows(Question(user.subject, action, kind, None, declared, place, groups, self.when, home))

    def state(self) -> object:
        """All that is in the catalog."""
        with self.catalog.work(write=False) as work:
            return set(map(repr, (*work.assets(Wanted(None)), *work.workspaces(Wanted(None)))))

    def restore(self) -> None:
        """Let the catalog hold what it held in the beginning."""
        with self.catalog.work() as work:
            now = {repr(one): one for one in (*work.assets(Wanted(None)), *work.workspaces(Wanted(None)))}
            for text, one in now.items():
                if text not in self._first:
                    (work.remove if isinstance(one, Asset) else work.remove_workspace)(one.id)
            for text, one in self._first.items():
                if text not in now:
                    work.add(one, None) if isinstance(one, Asset) else work.add_workspace(one)


def users_of(policy: Policy) -> list[User]:
    """Everybody that the policy names, a stranger, and two whose groups come with the token."""
    named = {rule.subject for rule in policy.access_rules} | {one.member for one in policy.memberships}
    found = [User(name) for name in sorted(named) if not name.startswith("group:")]
    token = [User("user:new@example.com", ("nlp-lab",)), User("user:call@example.com", ("ml-operations-on-call", "x"))]
    return [*found, User("user:nobody@example.com"), *token]


@cache
def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _status(world: World, user: User, kind: str, action: str, home: str, done: int) -> int:
    """The status of what is done to one thing: out of reach is not there, in reach and not allowed is forbidden."""
    if world.allows(user, action, kind, home):
        return done
    return 403 if world.allows(user, "view", kind, home) else 404


def reads(world: World, user: User) -> Iterator[Step]:
    """Every block and workspace, looked at one by one."""
    for path, variants in SEGMENTS.items():
        if len(variants) == 1:
            for one in (each for each in world.assets if each.variant is variants[0]):
                base, status = f"{API}/asset/{path}", _status(world, user, one.kind, "view", one.scope, 200)
                yield Step("GET", f"{base}/{one.id}", None, status, one.id, (f"{base}/{NEVER}", None, NEVER))
    base = f"{API}/workloads/workspaces"
    for room in world.rooms:
        for end in ("", "/manifest"):
            status = _status(world, user, "workload", "view", room.scope, 200)
            if end and status == 200 and room.scope == GONE:
                continue  # what has left the tree is the root's to remove, not to render
            yield Step("GET", f"{base}/{room.id}{end}", None, status, room.id, (f"{base}/{NEVER}{end}", None, NEVER))


def writes(world: World, user: User) -> Iterator[Step]:
    """Every way to change a block or a workspace; each must leave the world as it was, or be undone."""
    for path, variants in SEGMENTS.items():
        if len(variants) > 1:
            continue
        (variant,), base = variants, f"{API}/asset/{path}"
        body: dict[str, Any] = {"meta": {"name": "new"}}
        if variant not in (Variant.CONFIG_MAP, Variant.SECRET):
            body["spec"] = SPECS[variant]
        for one in (each for each in world.assets if each.variant is variant):
            twin = f"{base}/{NEVER}"
            status = _status(world, user, one.kind, "edit", one.scope, 202)
            yield Step("PUT", f"{base}/{one.id}", body, status, one.id, (twin, body, NEVER))
            done = 409 if one.id in world.held else 202
            status = _status(world, user, one.kind, "delete", one.scope, done)
            yield Step("DELETE", f"{base}/{one.id}", None, status, one.id, (twin, None, NEVER))
    base = f"{API}/workloads/workspaces"
    for room in world.rooms:
        for method, end, action in (
            ("POST", "/suspend", "edit"),
            ("POST", "/resume", "edit"),
            ("DELETE", "", "delete"),
        ):
            status = _status(world, user, "workload", action, room.scope, 202)
            yield Step(method, f"{base}/{room.id}{end}", None, status, room.id, (f"{base}/{NEVER}{end}", None, NEVER))


def creations(world: World, user: User) -> Iterator[Step]:
    """A block of every variant in every scope, and a workspace in every project of blocks from everywhere."""
    for path, variants in SEGMENTS.items():
        if len(variants) > 1:
            continue
        if variants[0] is Variant.SECRET:  # which names credentials besides: such as never were
            for scope in world.projects:
                meta = {"name": "made", "scope": "project", "projectId": world.numbers[scope]}
                body = {"meta": meta, "spec": {**SPECS[Variant.SECRET], "credentialAssetId": NEVER}}
                yes = world.allows(user, "create", "data-source", None, None, scope)
                yield Step("POST", f"{API}/asset/{path}", body, 404 if yes else 403)
            continue
        (variant,), base = variants, f"{API}/asset/{path}"
        for scope in (*world.policy.parents, ROOT, GONE):
            level = "tenant" if scope == ROOT else scope.partition(":")[0]
            if variant in (Variant.CONFIG_MAP, Variant.PVC) and level != "project":
                continue
            meta = {"name": "made", "scope": level}
            number = world.numbers.get(scope)
            named = {} if number is None else {f"{level}Id": number if level == "project" else str(number)}
            unknown = {f"{level}Id": NO_NUMBER if level == "project" else str(NO_NUMBER)} if named else {}
            yes = world.allows(user, "create", KIND_OF[variant], None, None, scope)
            body, other = ({"meta": {**meta, **each}, "spec": SPECS[variant]} for each in (named, unknown))
            twin = (base, other, f"{level} {NO_NUMBER}") if named else None
            yield Step("POST", base, body, 202 if yes else 403, f"{level} {number}", twin)
    base = f"{API}/workloads/workspaces"
    for project in world.projects:
        for scope in (ROOT, world.policy.parents[project][0], *world.projects, GONE):
            block = _id(f"{scope}/{Variant.ENVIRONMENT}")
            body, other = (
                {"name": "made", "projectId": str(world.numbers[project]), "spec": {"assets": {"environment": id}}}
                for id in (block, NEVER)
            )
            create = world.allows(user, "create", "workload", None, None, project)
            use = world.allows(user, "use", "environment", scope, project)
            view = world.allows(user, "view", "environment", scope, project)
            status = (202 if use else 403 if view else 404) if create else 403
            yield Step("POST", base, body, status, block, None if use or view else (base, other, NEVER))


def lists(world: World, user: User, number: int = 0) -> Iterator[tuple[str, dict[str, str], list[Any]]]:
    """Every list, ordered, narrowed and parted in every way, and exactly what must stand in it."""
    asked: list[str | None] = [None, *world.policy.parents, GONE, "nowhere"]
    for path, variants in SEGMENTS.items():
        kind, mine = KIND_OF[variants[0]], [one for one in world.assets if one.variant in variants]
        wide = path in ("environment", "compute", "datasource", "credentials")
        for index, place in enumerate(asked if wide else [None, asked[1 + number % (len(asked) - 1)]]):
            entries = []
            for one in mine:
                view, use = (world.allows(user, action, kind, one.scope, place) for action in ("view", "use"))
                entries += [(one, view)] if view or use else []
            for query in QUERIES if wide and place is None else (QUERIES[(index + number) % len(QUERIES)],):
                yield f"{API}/asset/{path}", _placed(world, query, place), _part(entries, query, None)
    rooms = [
        (one, True) for one in world.rooms if one.scope != GONE and world.allows(user, "view", "workload", one.scope)
    ]
    for path in (f"{API}/workloads/workspaces", f"{API}/workloads"):
        for query in QUERIES:
            yield path, _placed(world, query, None), _part(rooms, query, 50)
        for place in (*world.projects, GONE, "nowhere"):
            yield path, _placed(world, {}, place), _part([one for one in rooms if one[0].scope == place], {}, 50)


def _placed(world: World, query: Mapping[str, str], place: str | None) -> dict[str, str]:
    """A query that names a place by its number."""
    if place is None:
        return dict(query)
    level = place.partition(":")[0] if ":" in place else "project"
    return {**query, f"{level}Id": str(world.numbers.get(place, NO_NUMBER))}


def _part(entries: list[Any], query: Mapping[str, str], limit: int | None) -> list[Any]:
    """The part of a list that a query wants, after the number of all that it finds."""
    search, name = query.get("search", "").casefold(), query.get("name")
    found = [
        (one, whole)
        for one, whole in entries
        if (name is None or one.name == name)
        and (search in one.name.casefold() or search in getattr(one, "description", "").casefold())
    ]
    key = {"createdAt": "created", "created": "created", "updatedAt": "updated"}.get(
        query.get("sortBy", "name"), "name"
    )
    found.sort(
        key=lambda e: (e[0].name.encode() if key == "name" else getattr(e[0], key).at, e[0].id),
        reverse=query.get("sortOrder") == "desc",
    )
    offset, most = int(query.get("offset", 0)), int(query.get("limit", limit or 10**6))
    return [len(found), *found[offset : offset + most]]


class Crawl:
    """One user's way through the catalog: all that differs from what Casbin says, and all answers."""

    def __init__(self, world: World, client: httpx.Client | Straight, user: User, number: int = 0) -> None:
        self.world, self.client, self.user, self.number = world, client, user, number
        self.headers = {"authorization": bearer(user.subject, *user.groups)}
        self.wrong: list[str] = []
        self.answers: list[Answer] = []
        self._nothing: dict[str, Any] = {}

    def send(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> httpx.Response:
        """One request."""
        reply = self.client.request(method, path, json=body, params=query or None, headers=self.headers)
        text = reply.json() if "json" in reply.headers.get("content-type", "") else reply.text
        self.answers.append(Answer(f"{method} {path} {query} {body}", reply.status_code, text))
        return reply

    def differs(self, label: str, found: object, wanted: object) -> None:
        """Note what is not as it must be."""
        if found != wanted:
            self.wrong.append(f"{self.user.subject}: {label}: {str(found)[:300]} and not {str(wanted)[:300]}")

    def steps(self, steps: Iterator[Step], undo: bool = False) -> None:
        """Requests one by one."""
        for step in steps:
            reply = self.send(step.method, step.path, step.body)
            label = f"{step.method} {step.path} {step.body if step.method == 'POST' else ''}"
            self.differs(label, reply.status_code, step.status)
            refused = reply.status_code == 404 or (reply.status_code == 403 and step.method == "POST")
            if refused and step.status == reply.status_code and step.twin is not None:
                self.differs(f"{label} beside what never was", _told(reply, step.said), self._never(step))
            if undo and (reply.status_code < 300):
                self.world.restore()

    def _never(self, step: Step) -> object:
        """What is answered about something that never was."""
        assert step.twin is not None
        path, body, said = step.twin
        key = f"{step.method} {path} {body}"
        if key not in self._nothing:
            self._nothing[key] = _told(self.send(step.method, path, body), said)
        return self._nothing[key]

    def all_lists(self) -> None:
        """Every list: ids, order, what is whole, and the total."""
        for path, query, (total, *rows) in lists(self.world, self.user, self.number):
            reply = self.send("GET", path, None, query)
            label, found = f"GET {path} {query}", reply.json()
            if "workloads" in path:
                wanted = [(room.id, room.name) for room, _ in rows]
                self.differs(label, [(one["workloadId"], one["name"]) for one in found["workloads"]], wanted)
                self.differs(f"{label} total", found["total"], total)
            else:
                self.differs(label, [_entry(one) for one in found["entries"]], [_wanted(*row) for row in rows])

    def views(self) -> None:
        """Units, roles, access rules, and where the caller reaches."""
        world, user = self.world, self.user
        for level in ("project", "department"):
            seen = [s for s in world.scopes if s.startswith(level) and any(self._reaches(k, a, s) for k, a in SEEN_BY)]
            found = self.send("GET", f"{API}/org-unit/{level}s").json()[f"{level}s"]
            self.differs(f"{level}s", [one["name"] for one in found], sorted(s.partition(":")[2] for s in seen))
        status = 200 if world.allows(user, "view", "policy", ROOT) else 403
        for path in ("roles", "roles/1", "permissions", "access-rules"):
            self.differs(path, self.send("GET", f"{API}/authorization/{path}").status_code, status)
        found = self.send("GET", f"{API}/authorization/me/access-rules").json()["accessRules"]
        mine = sorted((r.subject.partition(":")[2], r.role, r.scope) for r in self._mine())
        self.differs("my rules", sorted((one["subjectId"], one["roleName"], one["scopeName"]) for one in found), mine)
        kinds = (*KINDS, "workload", "no-kind", "no kind")
        for kind, (word, action) in product(kinds, VERBS.items()):
            asked = {"resourceType": kind, "action": word}
            (reach,) = self.send("POST", f"{API}/authorization/permitted-scopes", asked).json().values()
            for name, scopes in (
                ("departments", [s for s in world.scopes if s.startswith("department:")]),
                ("projects", world.projects),
            ):
                wanted = sorted(str(world.numbers[s]) for s in scopes if self._reaches(kind, action, s))
                self.differs(f"reach of {kind} {action} {name}", sorted(reach[name]), wanted)
            self.differs(f"reach of {kind} {action}", reach["tenants"] == ["1"], self._reaches(kind, action, ROOT))

    def _reaches(self, kind: str, action: str, scope: str) -> bool:
        declared = (None, None, scope) if action == "create" else (scope, None, None)
        return self.world.allows(self.user, action, kind, *declared)

    def _mine(self) -> list[Any]:
        """The access rules in force for the caller, by memberships followed in the plainest way."""
        world, names = self.world, {self.user.subject, *(f"group:{name}" for name in self.user.groups)}
        for _ in range(9):
            names |= {
                m.group for m in world.policy.memberships if m.member in names and m.since <= world.when < m.until
            }
        rules = world.policy.access_rules
        return [r for r in rules if r.subject in names and r.since <= world.when < r.until]

    def everything(self) -> list[str]:
        """All routes, for things in every scope; the world is as it was in the end. What differed."""
        before = self.world.state()
        self.all_lists()
        self.views()
        self.steps(reads(self.world, self.user))
        self.world.restore()  # a look at a workspace keeps its phase
        self.steps(writes(self.world, self.user), undo=True)
        self.steps(creations(self.world, self.user), undo=True)
        self.differs("what refusals left", self.world.state() == before, True)
        return self.wrong


def _told(reply: httpx.Response, said: str) -> object:
    """An answer without what names its object."""
    headers = {name: value for name, value in reply.headers.items() if name not in ("date", "content-length")}
    return reply.status_code, headers, reply.text.replace(said, "…")


def _entry(body: dict[str, Any]) -> object:
    """What is shown of a block: all, or what a picker needs."""
    meta = body["meta"]
    whole = {"spec", "meta"} <= body.keys() and {"scope", "createdBy"} <= meta.keys()
    return (meta["id"], meta["name"], whole or sorted(meta.keys() | body.keys()))


def _wanted(asset: Asset, whole: bool) -> object:
    shown = {"id", "name", "kind", "meta"} | ({"description"} if asset.description else set())
    return (asset.id, asset.name, whole or sorted(shown))
