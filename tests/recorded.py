"""A journal with much in it: everything that can be asked, by many callers, over several policies and a catalog, kept
on disk by real books as a server keeps it; and the database of what was live meanwhile.

The policies are random worlds over the same few names, whose windows turn while the questions are asked: the clock goes
from before the first edge to behind the last. The same seed asks the same questions; ids of the catalog are new.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from catalogs import asset, kept
from keeping import kept_over
from remit.adapters.db.database import Database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.journal.book import Book, kept_in
from remit.adapters.journal.committer import Keeping
from remit.adapters.journal.reading import entries
from remit.adapters.memory_catalog import MemoryCatalog
from remit.assembly import Kept
from remit.bootstrap import handlers
from remit.core.blocks import Variant
from remit.core.history import How, Provenance
from remit.core.journal.wanted import Wanted
from remit.core.model import Actor, Question
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide, RemitError
from remit.service import operations as op
from remit.service.gate import Gate
from remit.service.judging import SnapshotJudge
from remit.service.live import LivePolicy
from remit.service.recording import body_of, told_time
from server import CALLER, with_caller
from worlds import DAY, EDGES, STRANDED, World, questions_of, random_world
from writing import files_of

WORLDS = (378, 2459, 2531, 2921, 189, 1983)
"""The seeds of the policies: worlds with much in them, in which many things are allowed."""

ORDER = (0, 1, 2, 0, 3, 4, 1, 5)
"""Which of them is live, one after the other; two come back. Those that are live on an edge have windows that turn."""

BEGIN, END = EDGES[0] - 20 * DAY, EDGES[-1] + 20 * DAY
THINGS = 60
"""Things of the catalog that come while one policy is live, at most: a catalog in memory is copied for each."""

SEMANTICS = tuple(op.Semantic)
SIMPLE, STRANGER = Actor("application:simple"), Actor("user:stranger")
_SECRET = secrets.token_bytes(32)
_ROLES = "p, evaluator, *, decision, evaluate\np, reader, *, policy, view\n"
_RULES = "g, application:simple, evaluator, *\ng, user:ada, reader, *\n"
_KINDS = "policy, view, home, look at it\npolicy, publish, home, change it\n"


class Catalog(MemoryCatalog):
    """A catalog that is at times out of reach."""

    away = False

    def work(self, write: bool = True) -> Any:
        if self.away:
            raise CouldNotDecide("the catalog is out of reach")
        return super().work(write)


class Live(NamedTuple):
    """What is asked: the policy that answers, the catalog, and the gates of two processes."""

    policies: LivePolicy
    catalog: Catalog
    gates: tuple[Gate, ...]


class Clock:
    """The time of the questions, in microseconds."""

    def __init__(self) -> None:
        self.at = BEGIN

    def ns(self) -> int:
        return self.at * 1_000

    def text(self) -> str:
        return told_time(self.at)


def files_in(world: World, number: int) -> dict[str, bytes]:
    """The files of a world, with callers who may ask; in every third of them the portal may not."""
    files = with_caller(files_of(world.policy))
    files["policies/service_roles.csv"] += _ROLES.encode()
    files["policies/vocabulary.csv"] += _KINDS.encode()
    rules = files["policies/access_rules.csv"] + _RULES.encode()
    if number % 3 == 2:
        rules = rules.replace(f"g, {CALLER}, decision-client, *\n".encode(), f"g, {CALLER}, evaluator, *\n".encode())
    files["policies/access_rules.csv"] = rules
    return files


@contextmanager
def living(state: Path, clock: Clock, first: dict[str, bytes]) -> Iterator[Live]:
    """Two processes that answer by one policy and keep their books in a state directory."""
    policies = LivePolicy(Snapshot(read_policy(first)), "database")
    catalog = Catalog()
    with ExitStack() as stack:
        keeping = Keeping(durable=False, deny=True, segment_bytes=400_000)
        books = tuple(
            stack.enter_context(kept_in(state / "journal", keeping, body_of, clock.text, lambda _: None))
            for _ in range(2)
        )
        there = kept_over(policies.current, catalog, SnapshotJudge(policies.current, clock.ns))
        yield Live(policies, catalog, tuple(gate_of(policies, there, book, clock) for book in books))


def gate_of(policies: LivePolicy, there: Kept, book: Book, clock: Clock) -> Gate:
    performed = {**handlers(_SECRET, policies, there.door), **there.handlers}
    return Gate(policies, book, clock.ns, performed, there.door)


def record(state: Path, decisions: int, seed: int = 1) -> list[dict[str, bytes]]:
    """Keep this many answers, or a few more, in a journal below `state`; the policies that were live, in order."""
    worlds = [random_world(number) for number in WORLDS]
    policies = [files_in(world, number) for number, world in enumerate(worlds)]
    database = Database(sqlite_url(state / "remit.db"))
    clock = Clock()
    with living(state, clock, policies[0]) as live:
        driver = Driver(live, clock, seed)
        for turn, number in enumerate(ORDER):
            how = How.ROLLED_BACK if turn in (3, 6) else How.PUBLISHED
            came = Provenance(how, "user:chief", True, f"turn {turn}")
            database.revisions.activate(policies[number], came, "database", clock.at)
            assert live.policies.offer(policies[number], clock.at, lambda *_: ((), ()), came)
            until = BEGIN + (END - BEGIN) * (turn + 1) // len(ORDER)
            asyncio.run(driver.ask(worlds[number], decisions // len(ORDER) + 1, until))
    assert not list(entries(state / "journal", Wanted(kinds=("journal.lost",))))
    database.close()
    return [policies[number] for number in ORDER]


class Driver:
    """Asks whatever can be asked."""

    def __init__(self, live: Live, clock: Clock, seed: int) -> None:
        self.live, self.clock, self.rng = live, clock, Random(seed)
        self.ids: list[str] = []
        self.turn = 0
        self.answers = 0

    async def ask(self, world: World, answers: int, until: int) -> None:
        """This many answers at least, while the clock goes on to an instant; often it stands on an edge."""
        with self.live.catalog.work() as work:  # as whoever puts things there has done
            work.unit_ids((*world.scopes, *STRANDED, "project:nowhere"))
        questions = iter(questions_of(world, 40 + answers // 8))
        begun, self.answers = self.clock.at, 0
        self.turn += 1
        while self.answers < answers:
            self.clock.at = max(self.clock.at, begun + (until - begun) * self.answers // answers)
            if self.rng.random() < 0.2:
                self.clock.at = self._near(until)
            some = [each for each, _ in zip(questions, range(self.rng.randint(1, 12)), strict=False)]
            if not some:
                questions = iter(questions_of(world, 40 + answers // 8))
                continue
            await self._one(world, some)
        self.clock.at = until

    def _near(self, until: int) -> int:
        """An edge, or the microsecond before it, if one comes before that instant."""
        edges = [at for edge in EDGES for at in (edge - 1, edge) if self.clock.at < at < until]
        return edges[0] if edges else self.clock.at

    async def _one(self, world: World, questions: list[Question]) -> None:
        match self.rng.randrange(12):
            case 0 | 1 | 2 | 3:
                await self._perform(self._actor(questions[0]), op.Evaluate(self._asked(questions[0]), self._explains()))
            case 4 | 5 | 6:
                items: list[Any] = [self._asked(each) for each in questions]
                if self.rng.random() < 0.3:
                    items.insert(self.rng.randrange(len(items)), op.Unanswerable("no question"))
                await self._perform(
                    self._actor(questions[0]), op.EvaluateMany(tuple(items), self._semantic(), self._explains())
                )
            case 7 | 8:
                await self._search(world, questions[0])
            case 9:
                await self._perform(self._actor(questions[0]), op.PermittedScopes(self._asked(questions[0])))
            case 10:
                await self._perform(self.rng.choice((Actor("user:ada"), STRANGER)), op.PolicyStatus())
            case _:
                await self._work(world, questions[0])

    def _explains(self) -> bool:
        """Are reasons wanted? That takes more of the caller."""
        return self.rng.random() < 0.15

    def _semantic(self) -> op.Semantic:
        return self.rng.choice((*SEMANTICS, *[op.Semantic.EXECUTE_ALL] * 5))

    def _asked(self, question: Question) -> op.Asked:
        """The question as a caller puts it; a home that a catalog gives becomes a thing of the catalog."""
        subject, action, kind, id, declared, place, groups, _, known = question
        if known is not None and kind in ("environment", "credentials") and len(self.ids) < THINGS * (self.turn + 1):
            variant = Variant.ENVIRONMENT if kind == "environment" else Variant.PASSWORD
            id = str(uuid.uuid4())
            kept(self.live.catalog, asset(f"n{id}", known, variant, id=id))
            self.ids.append(id)
        elif self.ids and (known is not None or self.rng.random() < 0.2):
            id = self.rng.choice(self.ids)
        return op.Asked(subject, action, kind, id or "", declared, place, groups)

    def _actor(self, question: Question) -> Actor:
        """Mostly whoever may ask anything; at times the subject itself with its groups, or who may not."""
        own = Actor(question.subject, tuple(dict.fromkeys((*question.groups, "group:g0"))))
        portal = Actor(CALLER), Actor(CALLER, ("group:g1",))
        return self.rng.choice((*portal, *portal, *portal, own, own, own, own, SIMPLE, SIMPLE, STRANGER))

    async def _search(self, world: World, question: Question) -> None:
        """A search, page by page or whole."""
        sought = self.rng.choice(tuple(op.Sought))
        asked = self._asked(question)
        blank = {op.Sought.SUBJECT: "subject", op.Sought.RESOURCE: "id", op.Sought.ACTION: "action"}[sought]
        asked = asked._replace(**{blank: ""})
        type_ = self.rng.choice(("user", "group", "application")) if sought is op.Sought.SUBJECT else ""
        limit, token = self.rng.choice((None, 1, 2)), None
        own = Actor(question.subject, question.groups)
        actor = self.rng.choice((Actor(CALLER), Actor(CALLER), Actor(CALLER), own, own, SIMPLE))
        while True:
            page = op.Page(b"bound", token, limit, limit is not None)
            found = await self._perform(actor, op.Search(sought, asked, page, type_))
            token = None if found is None else found.token
            if not token or self.rng.random() < 0.1:
                return
            self.clock.at += 1_000

    async def _work(self, world: World, question: Question) -> None:
        """Something in the catalog, of a thing that is there or not."""
        id = self.rng.choice(self.ids) if self.ids and self.rng.random() < 0.8 else str(uuid.uuid4())
        actor = Actor(question.subject, question.groups)
        scope = self.rng.choice(world.scopes)
        operation = self.rng.choice((
            op.GetAsset(id, (Variant.ENVIRONMENT,)),
            op.DeleteAsset(id, (Variant.ENVIRONMENT,)),
            op.CreateAsset(Variant.ENVIRONMENT, f"made-{self.rng.randrange(9)}", "", scope, {"image": "x"}),
            op.CreateAsset(Variant.GIT, f"made-{uuid.uuid4()}", "", scope, {"url": "x"}, references=(id,)),
            op.ListAssets((Variant.ENVIRONMENT,), op.Part(limit=3), scope),
            op.MyReach("environment", ("view", "create")),
            op.ListRoles(),
        ))  # fmt: skip
        await self._perform(actor, operation)

    async def _perform(self, actor: Actor, operation: Any) -> Any:
        """By one of the two processes; whatever it is refused is on record."""
        self.live.catalog.away = self.rng.random() < 0.05
        try:
            found = await self.rng.choice(self.live.gates).perform(actor, operation)
        except RemitError:
            return None
        finally:
            self.live.catalog.away = False
        self.answers += sum(isinstance(each, op.Answer) for each in found.items) if isinstance(found, op.Answers) else 1
        return found
