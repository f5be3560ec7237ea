"""The catalog's part of the composition root: database, seals, cluster and decision point behind one door."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from remit.adapters.catalog_settings import CatalogSettings
from remit.adapters.cluster_workspaces import rendered_cluster
from remit.adapters.db.database import Database
from remit.adapters.db.engine import sqlite_url
from remit.adapters.keys import Keys
from remit.adapters.sealing import Sealer, key_from
from remit.adapters.secret import derived
from remit.adapters.tokens import minted
from remit.core.snapshot import Snapshot
from remit.errors import NotAuthenticated
from remit.service import operations as op
from remit.service.catalog import CatalogHandlers
from remit.service.catalog_gate import CatalogDoor
from remit.service.judging import SnapshotJudge
from remit.service.ports import Catalog, Cluster, Judge
from remit.service.views import PolicyViews
from remit.service.workspaces import WorkspaceHandlers

PDP_SECONDS = 5.0
"""How long a decision point elsewhere may take to answer."""

TOKEN_SECONDS = 3_600
"""How long a token counts that an API key was exchanged for."""


class Kept(NamedTuple):
    """The catalog, ready: its door, and what performs its operations."""

    door: CatalogDoor
    handlers: Mapping[type[Any], Callable[..., Any]]


def keep(catalog: Catalog, judge: Judge, cluster: Cluster, sealer: Sealer, current: Callable[[], Snapshot]) -> Kept:
    """A catalog of these parts. `current` is the live policy, for its scope tree and to be looked at."""

    def parents() -> Mapping[str, str]:
        return {child: parent for child, (parent, _) in current().parents.items()}

    assets = CatalogHandlers(sealer.seal, parents)
    built = WorkspaceHandlers(assets, catalog, cluster, sealer.open)
    views = PolicyViews(current)
    handlers: dict[type[Any], Callable[..., Any]] = {
        op.CreateAsset: assets.create,
        op.GetAsset: assets.get,
        op.ListAssets: assets.listed,
        op.UpdateAsset: assets.update,
        op.DeleteAsset: assets.delete,
        op.ListUnits: assets.units,
        op.CreateWorkspace: built.create,
        op.GetWorkspace: built.get,
        op.ListWorkspaces: built.listed,
        op.SuspendWorkspace: built.suspend,
        op.DeleteWorkspace: built.delete,
        op.ListRoles: views.roles,
        op.ListAccessRules: views.access_rules,
        op.MyReach: views.my_reach,
    }
    return Kept(CatalogDoor(catalog, judge, time.time_ns), handlers)


def database_of(settings: CatalogSettings, state: Path) -> Database:
    """The database of the configuration, not connected yet. Raises Misconfigured if its address is none."""
    return Database(settings.database_url or sqlite_url(state / "remit.db"))


def kept_by(settings: CatalogSettings, database: Database, secret: bytes, current: Callable[[], Snapshot]) -> Kept:
    """The catalog that the configuration describes. Raises Misconfigured if it cannot be had."""
    keys = [key_from(text) for text in settings.credentials_keys] or [derived(secret, "credentials")]
    judge: Judge = SnapshotJudge(current, time.time_ns)
    if settings.pdp is not None:
        from remit.adapters.remote_judge import RemoteJudge  # only here, with the client it takes
        from remit.client import RemitClient

        url, token, plaintext = settings.pdp
        judge = RemoteJudge(RemitClient(url, token=token, timeout=PDP_SECONDS, plaintext=plaintext))
    return keep(database.catalog, judge, rendered_cluster(settings.kubernetes), Sealer(keys), current)


def exchange_of(keys: Keys | None, secret: bytes) -> Callable[[str, str], str]:
    """Exchanges the API key of a service for a token; `secret` is that of the state directory."""

    def exchange(name: str, key: str) -> str:
        """Raises NotAuthenticated unless the key holds, and is that of this service."""
        if keys is None:
            raise NotAuthenticated("API keys are not accepted here; set REMIT_AUTH to `keys` or `oidc,keys`")
        now = time.time_ns()
        actor = keys.verify(key, now)
        if actor.subject not in (name, f"application:{name}"):
            raise NotAuthenticated("the API key does not hold")
        return minted(exchange_secret(secret), actor.subject, (), TOKEN_SECONDS, now)

    return exchange


def exchange_secret(secret: bytes) -> bytes:
    """What exchanged tokens are signed with."""
    return derived(secret, "exchanged tokens")
