"""A catalog for tests, put together as the composition root does it, over whatever keeps it and whoever decides."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from remit.adapters.cluster_workspaces import rendered_cluster
from remit.adapters.memory_catalog import MemoryCatalog
from remit.adapters.sealing import Sealer
from remit.assembly import Kept, keep
from remit.core.snapshot import Snapshot
from remit.errors import NotAuthenticated
from remit.service.judging import SnapshotJudge
from remit.service.ports import Catalog, Cluster, Judge

SEALER = Sealer(secrets.token_bytes(32))


def kept_over(
    snapshot: Snapshot | Callable[[], Snapshot],
    catalog: Catalog | None = None,
    judge: Judge | None = None,
    cluster: Cluster | None = None,
) -> Kept:
    """A catalog under this policy; in memory and without a cluster unless others are given."""
    current = snapshot if callable(snapshot) else lambda: snapshot
    return keep(
        catalog or MemoryCatalog(),
        judge or SnapshotJudge(current, time.time_ns),
        cluster or rendered_cluster(None),
        SEALER,
        current,
    )


def no_exchange(name: str, key: str) -> str:
    """Exchanges nothing."""
    raise NotAuthenticated("API keys are not accepted here")
