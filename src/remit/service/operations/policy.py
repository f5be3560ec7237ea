"""The live policy, read through the catalog's interface: one frozen value for each way to look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from remit.core.findings import Finding
from remit.core.model import Actor
from remit.service.needs import VIEW_POLICY, Need


@dataclass(frozen=True, slots=True)
class ListRoles:
    """All roles with their permissions, or the one of this number."""

    number: int | None = None

    writes: ClassVar[bool] = False

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`policy:view`."""
        return (VIEW_POLICY,)


@dataclass(frozen=True, slots=True)
class ListAccessRules:
    """Access rules, some of them; with `mine` those that name the caller or a group that counts for it."""

    mine: bool = False
    limit: int | None = None
    offset: int = 0

    writes: ClassVar[bool] = True  # a unit that was not asked for before gets its number

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`policy:view`; nothing for what names oneself."""
        return () if self.mine else (VIEW_POLICY,)


@dataclass(frozen=True, slots=True)
class MyReach:
    """Where the caller may do these actions to this kind."""

    kind: str
    actions: tuple[str, ...]

    writes: ClassVar[bool] = True  # as above

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """Nothing: everybody may know what itself may do."""
        return ()

    def lists(self) -> tuple[Need, ...]:
        """Each action on the kind."""
        return tuple(Need(self.kind, action) for action in self.actions)


class OfPolicy:
    """What operations on the policy as a whole share: they need `policy:view` unless they say otherwise, wish for
    nothing more, and are about no thing of any catalog."""

    __slots__ = ()

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`policy:view`."""
        return (VIEW_POLICY,)

    def wishes(self) -> tuple[Need, ...]:
        """Nothing more."""
        return ()

    def ids(self) -> tuple[str, ...]:
        """No thing in particular."""
        return ()


class _Nothing(NamedTuple):
    pass


class PolicyStatus(OfPolicy, _Nothing):
    """What is live since when, and what was refused since."""

    __slots__ = ()


class ReadMetrics(OfPolicy, _Nothing):
    """What was counted since the start, as Prometheus reads it: counts tell how a policy is used."""

    __slots__ = ()


class RefreshPolicy(OfPolicy, _Nothing):
    """Look at once whether the source of the policy holds another one."""

    __slots__ = ()


class Refused(NamedTuple):
    """What did not go live: its revision (empty if the source could not be read), when it was first refused
    (microseconds since 1970, UTC), and why: what the reader found, or else sentences."""

    revision: str
    since: int
    findings: tuple[Finding, ...]
    faults: tuple[str, ...]


class Rejudged(NamedTuple):
    """Live answers that Casbin was asked again: how many it was asked, how many it would give otherwise, had to be left
    out, and could not be judged; and the last disagreement: its instant (microseconds since 1970, UTC) and a sentence.
    """

    compared: int
    disagreements: int
    dropped: int
    failed: int
    last: tuple[int, str] | None


class Workers(NamedTuple):
    """How many processes answer together, and how many of them are missing or have not taken what is live in time."""

    number: int
    behind: int


class Standing(NamedTuple):
    """The live revision, since when (microseconds since 1970, UTC), where candidates come from, when the source was
    last read, what of it was refused since, the number of this activation once the log has it; what Casbin
    said of its answers, where it is asked again; why the log lacks something that went live (empty: nothing); and the
    processes that answer, if there are several."""

    revision: str
    since: int
    source: str
    checked: int
    refused: Refused | None
    number: int | None = None
    judge: Rejudged | None = None
    unkept: str = ""
    workers: Workers | None = None
