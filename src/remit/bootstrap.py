"""The composition root: the only file that knows everyone. `entry` calls it where a command needs more than files."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn

from remit.adapters.db.database import Database
from remit.adapters.identities import Identities
from remit.adapters.keys import Keys
from remit.adapters.policy_files import read_file
from remit.adapters.secret import derived, secret_in
from remit.adapters.settings import Listening, Settings, read_settings
from remit.adapters.tokens import dev_tokens, minted, oidc_tokens
from remit.assembly import Kept, exchange_of, exchange_secret, kept_by
from remit.cli.house import ListedKey, ServeOptions
from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide, Misconfigured
from remit.journaling import Journaled
from remit.observing import Watch
from remit.service.audits import Audits
from remit.service.catalog_gate import CatalogDoor
from remit.service.counts import Counts
from remit.service.decisions import evaluate, evaluate_many
from remit.service.gate import Gate, Handler
from remit.service.live import Files, LivePolicy
from remit.service.operations import (
    Evaluate,
    EvaluateMany,
    Operation,
    PermittedScopes,
    ReadJournal,
    ReadLine,
    Search,
    Standing,
)
from remit.service.paging import Pages, Tokens
from remit.service.ports import Policies, Written
from remit.service.publishing import Publishing
from remit.service.searches import Searches, permitted_scopes
from remit.web.app import create_app
from remit.web.forward_table import ForwardTable, read_table
from remit.web.http import AsgiApp
from remit.web.identity import Identities as Callers
from remit.web.kept import Exchange
from remit.web.limits import Limits


def handlers(
    secret: bytes,
    policies: Policies,
    door: CatalogDoor | None = None,
    watch: Watch | None = None,
    publishing: Publishing | None = None,
    written: Written | None = None,
) -> dict[type[Operation], Handler]:
    """Every operation and what performs it; `secret` is that of the state directory, `door` the catalog's if any.
    Without `publishing` there is no history, and nothing can be published; `written` is the journal, if one is kept."""
    audits = Audits(written, Tokens(derived(secret, "journal pages")))
    searches = Searches(Pages(derived(secret, "page tokens")), None if door is None else door.kept)
    return {
        Evaluate: evaluate,
        EvaluateMany: evaluate_many,
        Search: searches.search,
        PermittedScopes: permitted_scopes,
        ReadJournal: audits.page,
        ReadLine: audits.line,
        **(watch or Watch(policies)).handlers(),
        **(publishing or Publishing(policies)).handlers(),
    }


async def elsewhere(_: str) -> NoReturn:
    """Whoever decides is another process, and nobody here knows how old its policy is."""
    raise CouldNotDecide("decisions are made elsewhere, so `Remit-Min-Revision` cannot be promised here")


def build_app(
    policy: Snapshot | LivePolicy,
    base_url: str,
    callers: Callers,
    secret: bytes,
    limits: Limits = Limits(),  # noqa: B008
    forward: ForwardTable | None = None,
    kept: Kept | None = None,
    exchange: Exchange | None = None,
    decides: bool = True,
    watch: Watch | None = None,
    publishing: Publishing | None = None,
    record: Journaled | None = None,
) -> AsgiApp:
    """The HTTP face over a policy, and over a catalog if there is one; where another one `decides`, only that."""
    policies = policy if isinstance(policy, LivePolicy) else LivePolicy(policy)
    watch, publishing = watch or Watch(policies), publishing or Publishing(policies)
    door, more = (kept.door, kept.handlers) if kept else (None, {})
    record = record or Journaled(None)
    performed = {**handlers(secret, policies, door, watch, publishing, record.written), **more}
    record.counts_in(watch.counts)
    gate = Gate(policies, record.journal, time.time_ns, performed, door, watch.taps)
    catalog = exchange if kept else None

    def ready() -> Standing:
        policies.current()
        record.check()
        return policies.standing()

    no_older = publishing.minimum().wait if decides else elsewhere
    took, unknown = watch.counts.took, record.unknown
    return create_app(gate, callers, ready, base_url, limits, no_older, forward, catalog, decides, took, unknown)


def callers_of(settings: Settings, state: Path, secret: bytes) -> Callers:
    """Who may call, by the configuration. Raises Misconfigured if what it takes to know them is not there."""
    tokens = None
    if "dev" in settings.modes:
        tokens = dev_tokens(secret)
    elif settings.oidc is not None:
        tokens = oidc_tokens(settings.oidc, time.time_ns)
    keys = Keys(state) if "keys" in settings.modes else None
    exchanged = dev_tokens(exchange_secret(secret)) if keys is not None else None
    return Identities(time.time_ns, tokens, keys, exchanged)


def mint(state: Path, subject: str, groups: tuple[str, ...], seconds: int) -> str:
    """A token for a server in `dev`."""
    return minted(secret_in(state), subject, groups, seconds, time.time_ns())


class Prepared(NamedTuple):
    """What a server is made of, found fit: with several processes, each is made of the same. `table` is the name and
    the bytes of that for `/forward-auth`, if there is one."""

    options: ServeOptions
    settings: Settings
    secret: bytes
    table: tuple[str, bytes] | None


def prepared(options: ServeOptions, environment: Mapping[str, str]) -> Prepared:
    """What the command line and the environment describe. Raises Misconfigured rather than run half-configured."""
    listening = Listening(options.host, options.port, options.base_url, options.tls, options.behind_tls_proxy)
    settings = read_settings(environment, listening)
    if settings.policy.max_age is not None and settings.policy.source == "directory" and not options.watch:
        raise Misconfigured("`REMIT_MAX_POLICY_AGE` is for a policy that is followed; start with --watch")
    table = settings.forward_auth
    secret = secret_in(options.state)
    found = Prepared(options, settings, secret, None if table is None else (str(table), read_file(table)))
    callers_of(settings, options.state, secret)
    if found.table is not None:
        read_table(*found.table)
    return found


def application(
    what: Prepared,
    policies: LivePolicy,
    watch: Watch,
    url: str,
    database: Database,
    publishing: Publishing,
    record: Journaled | None = None,
) -> AsgiApp:
    """The HTTP face of one process, over its live policy; `url` is how it is reached if nothing else is said.

    Raises Misconfigured or CouldNotDecide if what it needs cannot be had.
    """
    options, settings, secret, table = what
    limits = Limits(settings.max_body, settings.max_batch, rate=settings.rate, context=settings.journal.context)
    kept = kept_by(settings.catalog, database, secret, policies.current) if settings.catalog.here else None
    exchange = exchange_of(Keys(options.state) if "keys" in settings.modes else None, secret)
    callers = callers_of(settings, options.state, secret)
    forward = None if table is None else read_table(*table)
    decides = settings.catalog.pdp is None
    url = settings.base_url or url
    return build_app(
        policies, url, callers, secret, limits, forward, kept, exchange, decides, watch, publishing, record
    )


def watch_of(
    what: Prepared,
    policies: LivePolicy,
    files: Files,
    shadow: Snapshot | None,
    total: Callable[[], Counts] | None = None,
) -> Watch:
    """What watches the live policy, which these files are; `shadow` is asked beside it, if anything is. `total` as for
    `Watch`."""
    name, settings = what.options.shadow_policy, what.settings.policy
    beside = None if name is None or shadow is None else (name, shadow)
    watch = Watch(policies, beside, settings.shadow_sample, total, (files, settings.judge_sample))
    policies.went_live = watch.went_live
    return watch


class RealKeys:
    """The API keys of a state directory, with instants in microseconds."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def create(self, subject: str, expires: int | None) -> tuple[str, str]:
        """A new key: its id and its text."""
        return self._keys.create(subject, time.time_ns(), None if expires is None else expires * 1_000)

    def listed(self) -> tuple[ListedKey, ...]:
        """All keys, without what would let one call."""
        return tuple(
            ListedKey(key.id, key.subject, key.created // 1_000, None if key.expires is None else key.expires // 1_000)
            for key in self._keys.list()
        )

    def revoke(self, id: str) -> None:
        """End a key."""
        self._keys.revoke(id)
