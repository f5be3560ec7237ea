"""Changing the live policy, and what was live before: one frozen value for each way to do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from remit.core.history import Activation as Activation
from remit.core.model import Actor
from remit.core.names import invisible
from remit.errors import RequestInvalid
from remit.service.needs import PUBLISH_POLICY, Need
from remit.service.operations.policy import OfPolicy

MOST_MESSAGE = 1_000
"""Characters of the reason for a change."""


class Kept(NamedTuple):
    """A revision that was live, and its files."""

    revision: str
    files: Mapping[str, bytes]


def checked_message(text: str) -> str:
    """The reason for a change. Raises RequestInvalid if there is none, or it is too long or holds what nobody sees."""
    if not text.strip():
        raise RequestInvalid("`message` must say why: one sentence for whoever reads the history")
    if len(text) > MOST_MESSAGE:
        raise RequestInvalid(f"`message` is longer than {MOST_MESSAGE:,} characters")
    if invisible(text.replace("\n", " ")) is not None:
        raise RequestInvalid("`message` holds a character that cannot be seen")
    return text


class _Publish(NamedTuple):
    files: Mapping[str, bytes]
    parent: str
    message: str
    planned: Mapping[str, Any] | None = None


class PublishPolicy(OfPolicy, _Publish):
    """Put these files into force in the place of the revision `parent`, because of `message`; only what the plan's
    document says, if there is one."""

    __slots__ = ()

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`policy:publish`."""
        return (PUBLISH_POLICY,)


class _Back(NamedTuple):
    revision: str
    message: str


class RollBack(OfPolicy, _Back):
    """Put a revision into force again that was live before, because of `message`."""

    __slots__ = ()

    def needs(self, _: Actor) -> tuple[Need, ...]:
        """`policy:publish`."""
        return (PUBLISH_POLICY,)


class _History(NamedTuple):
    before: int | None = None
    limit: int = 50


class PolicyHistory(OfPolicy, _History):
    """What was live when, the latest first; only what came before the activation of that number."""

    __slots__ = ()


class _Revision(NamedTuple):
    revision: str


class GetRevision(OfPolicy, _Revision):
    """The files of a revision that was live, byte for byte."""

    __slots__ = ()


class _Pair(NamedTuple):
    base: str
    head: str


class DiffRevisions(OfPolicy, _Pair):
    """What the change from one revision that was live to another does: a plan."""

    __slots__ = ()
