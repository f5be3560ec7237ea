"""What the house needs from the world."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from remit.core.blocks import Asset, Phase, Variant, Workspace
from remit.core.model import Actor
from remit.core.search import Reach
from remit.core.snapshot import Snapshot
from remit.service.counts import BOUNDS as BOUNDS
from remit.service.counts import Counts as Counts
from remit.service.needs import Named as Named
from remit.service.needs import Need as Need
from remit.service.operations import Standing as Standing
from remit.service.records import Judged as Judged
from remit.service.records import Record as Record
from remit.service.records import Worked as Worked
from remit.service.records import Written as Written


class Policies(Protocol):
    """Where the live policy comes from."""

    def current(self) -> Snapshot:
        """The snapshot that answers now. Raises CouldNotDecide if there is none that may."""
        ...

    def standing(self) -> Standing:
        """What is live since when, and what was refused since."""
        ...

    def replaced(self, revision: str) -> bool:
        """Was this revision live here, and did another take its place?"""
        ...


class Sitting(Protocol):
    """One policy at one instant, asked as often as one operation takes. `revision` names the policy that answered."""

    @property
    def revision(self) -> str:
        """The policy that answered last."""
        ...

    @property
    def when(self) -> int:
        """The instant that is judged, in microseconds since 1970, UTC; 0: another's clock says."""
        ...

    def decide(self, actor: Actor, needs: Sequence[Need]) -> tuple[bool, ...]:
        """For each need, whether the actor has it; `scope` is where what it speaks of lives.

        Raises CouldNotDecide if there is no answer to be had.
        """
        ...

    def reach(self, actor: Actor, need: Need) -> Reach:
        """Where something of the need's kind must live for the actor to have it. Raises as `decide`."""
        ...


class Judge(Protocol):
    """Whom the gate asks about operations on the catalog."""

    def sit(self) -> Sitting:
        """The policy as it is now. Raises CouldNotDecide if there is none."""
        ...


class Journal(Protocol):
    """Where every decision is recorded before its answer leaves."""

    def record(self, record: Record) -> Awaitable[None] | None:
        """Take one record; what comes back, if anything, is awaited before the answer leaves. Either raises NotRecorded
        if there must be no answer."""
        ...

    def record_and_wait(self, record: Record) -> None:
        """The same in a thread, which waits. Raises NotRecorded."""
        ...


class Clock(Protocol):
    """The time."""

    def __call__(self) -> int:
        """Now, in nanoseconds since 1970, UTC."""
        ...


class Wanted(NamedTuple):
    """Which rows a list wants: only those that live in one of `scopes`, ever; None is all of them, also such as have
    left the tree. None or empty elsewhere: no condition.

    `name` must be equal, `search` be contained in name or description, whatever the case. `sort` is `name`, `created`
    or `updated`, then the id; `limit` None is all.
    """

    scopes: Collection[str] | None
    variants: Collection[Variant] = ()
    name: str | None = None
    search: str | None = None
    sort: str = "name"
    descending: bool = False
    limit: int | None = None
    offset: int = 0


class Work(Protocol):
    """One transaction over the catalog: everything in it happens, or nothing.

    A method that writes raises Conflict or Outdated, and then the whole transaction is void.
    """

    def homes(self, ids: Collection[str]) -> dict[str, tuple[str, str]]:
        """Kind and scope of these assets and workspaces (whose kind is `workload`), as far as there are any."""
        ...

    def lock(self, ids: Collection[str]) -> dict[str, Asset]:
        """These assets, as far as there are any, held against change until the transaction ends; locked in order."""
        ...

    def claim(self, names: Collection[Named]) -> None:
        """Have these names to oneself until the transaction ends, whether there is anything of that name or not.

        Whoever is going to take a name or to give it up claims it, after locking rows and before deciding: so nobody
        waits for a name after that. Claimed in order.
        """
        ...

    def add(self, asset: Asset, secret: bytes | None) -> None:
        """A new asset, with its sealed secret. Raises Conflict if its kind has that name in that scope already."""
        ...

    def add_all(self, new: Sequence[tuple[Asset, bytes | None]]) -> None:
        """Several, in as many queries as one; Conflict tells all names that are taken."""
        ...

    def put(self, asset: Asset, secret: bytes | None) -> None:
        """The asset of this id as it is now, one version later; a secret of None leaves the kept one as it is.

        Raises Outdated unless the row's version is `asset.version - 1`, Conflict as `add`.
        """
        ...

    def remove(self, id: str) -> None:
        """Remove an asset, and its secret."""
        ...

    def secret(self, id: str) -> bytes | None:
        """The sealed secret kept beside an asset."""
        ...

    def assets(self, wanted: Wanted) -> tuple[Asset, ...]:
        """The assets wanted, in order. One query."""
        ...

    def count(self, wanted: Wanted) -> int:
        """How many assets are wanted, whatever the limit. One query."""
        ...

    def used_by(self, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """For each of these assets that is a block of a workspace: the ids of those workspaces."""
        ...

    def lock_workspaces(self, ids: Collection[str]) -> dict[str, Workspace]:
        """These workspaces, as far as there are any, held against change until the transaction ends."""
        ...

    def add_workspace(self, workspace: Workspace) -> None:
        """A new workspace. Raises Conflict if its project has one of that name already."""
        ...

    def put_workspace(self, workspace: Workspace) -> None:
        """The workspace of this id as it is now, one version later. Raises Outdated as `put`."""
        ...

    def remove_workspace(self, id: str) -> None:
        """Remove a workspace; its blocks stay."""
        ...

    def workspaces(self, wanted: Wanted) -> tuple[Workspace, ...]:
        """The workspaces wanted (`variants` and `search` in descriptions mean nothing here), in order. One query."""
        ...

    def count_workspaces(self, wanted: Wanted) -> int:
        """How many workspaces are wanted, whatever the limit."""
        ...

    def unit_ids(self, scopes: Sequence[str]) -> dict[str, int]:
        """The number of each of these scopes, given once, the first time it is asked for, and never to another."""
        ...

    def unit_scopes(self, numbers: Collection[int]) -> dict[int, str]:
        """The scopes that have these numbers."""
        ...


class Catalog(Protocol):
    """Where the building blocks and the workspaces are kept."""

    def work(self, write: bool = True) -> AbstractContextManager[Work]:
        """A transaction: committed when its block is left in peace, undone when it raises. One that does not `write`
        locks nothing and holds up nobody.

        Raises CouldNotDecide if the catalog is out of reach.
        """
        ...


Secrets = Mapping[str, tuple[Variant, Mapping[str, str]]]
"""Credentials opened for a cluster: the id of each to its variant and values."""


class Cluster(Protocol):
    """Where workspaces run. `real` is false if there is none: then they wait."""

    real: bool

    def apply(self, workspace: Workspace, secrets: Secrets) -> None:
        """Let a workspace be as it is wanted, running or stopped. Raises CouldNotDecide if out of reach."""
        ...

    def phase(self, workspace: Workspace) -> Phase:
        """What a workspace is now; Deleted if the cluster does not know it. Raises CouldNotDecide if out of reach."""
        ...

    def remove(self, workspace: Workspace) -> None:
        """Let a workspace be gone; one that is not there is. Raises CouldNotDecide if out of reach."""
        ...

    def manifest(self, workspace: Workspace) -> str:
        """What the cluster would be handed, as YAML."""
        ...
