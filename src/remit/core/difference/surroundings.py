"""What two policies do not say alike beside the two tables, and what decisions rest on as well: where scopes hang, at
which scope an action is decided, and where resources live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from remit.core.model import Origin
from remit.core.snapshot import Snapshot


class What(StrEnum):
    """What it is that differs."""

    SCOPE = "scope"
    VOCABULARY = "vocabulary"
    RESOURCE = "resource"


class Said(NamedTuple):
    """What one policy says: the scope that a scope hangs in, `home` or `place`, or the scope that a resource lives in;
    and the line that says so."""

    where: str
    origin: Origin


class Differing(NamedTuple):
    """Something of which the policies do not say the same; None where one of them says nothing.

    A scope that hangs elsewhere has taken all below it along. `name` is the scope, the kind and the action, or the
    kind and the id.
    """

    what: What
    name: tuple[str, ...]
    before: Said | None
    after: Said | None

    @property
    def change(self) -> str:
        """What has happened to it: `added`, `removed` or `moved`."""
        return "added" if self.before is None else "removed" if self.after is None else "moved"


_Sayings = Mapping[tuple[str, ...], Said]


def scopes_apart(base: Snapshot, head: Snapshot, scope: str | None = None) -> tuple[Differing, ...]:
    """The scopes that came, went or hang elsewhere; with a scope, only those that bear on what counts there."""
    both: list[_Sayings] = [{(child,): Said(*said) for child, said in one.parents.items()} for one in (base, head)]
    found = _apart(What.SCOPE, *both)
    if scope is None:
        return tuple(found)
    around = {*base.chains.get(scope, ()), *head.chains.get(scope, ())}
    return tuple(each for each in found if each.name[0] in around)


def others_apart(base: Snapshot, head: Snapshot) -> tuple[Differing, ...]:
    """The pairs of the vocabulary that came, went or are decided elsewhere, and the resources that live elsewhere."""
    verbs: list[_Sayings] = [
        {
            (kind, action): Said("place" if verb.at_place else "home", verb.origin)
            for kind, some in one.vocabulary.items()
            for action, verb in some.items()
        }
        for one in (base, head)
    ]
    homes: list[_Sayings] = [
        {(kind, id): Said(*said) for kind, some in one.homes.items() for id, said in some.items()}
        for one in (base, head)
    ]
    return (*_apart(What.VOCABULARY, *verbs), *_apart(What.RESOURCE, *homes))


def _apart(what: What, base: _Sayings, head: _Sayings) -> Iterator[Differing]:
    for name in sorted(base.keys() | head.keys()):
        before, after = base.get(name), head.get(name)
        if before is None or after is None or before.where != after.where:
            yield Differing(what, name, before, after)
