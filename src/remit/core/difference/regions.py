"""Parts of the tree of scopes, and one part without another, across two trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Chains = Mapping[str, Sequence[str]]
"""Each scope of a tree with all that cover it, itself first (`Snapshot.chains`)."""

Tops = frozenset[str]
"""Scopes of which each stands for itself and all below it, and none lies below another."""


class Region(NamedTuple):
    """A scope and all below it, but for some scopes and all below those."""

    top: str
    but: tuple[str, ...] = ()

    def covers(self, chain: Sequence[str]) -> bool:
        """Does the scope whose chain this is lie in the region?"""
        return self.top in chain and not any(scope in chain for scope in self.but)


class Trees(NamedTuple):
    """Two trees. `moved` are the scopes whose way up to `*` is not the same in both, those of one tree only included;
    the others are called still."""

    base: Chains
    head: Chains
    moved: frozenset[str]


def trees_of(base: Chains, head: Chains) -> Trees:
    """Both trees, and where they part."""
    every = base.keys() | head.keys()
    return Trees(base, head, frozenset(scope for scope in every if base.get(scope) != head.get(scope)))


def reaches(tops: Tops, chains: Chains, scope: str) -> bool:
    """Does one of the tops stand for this scope?"""
    return scope in chains and not tops.isdisjoint(chains[scope])


def without(tops: Tops, chains: Chains, less: Tops, others: Chains, moved: frozenset[str]) -> tuple[Region, ...]:
    """What `tops` stand for in one tree and `less` does not in another, as regions of the first, in order.

    A scope that is still has the same scopes above it in both trees, so whole subtrees are told from their tops; moved
    ones are looked at one by one, those above before those below.
    """
    found: dict[str, list[str]] = {}
    for top in tops - moved:
        if less.isdisjoint(others[top]):
            found[top] = [scope for scope in less - moved if top in chains[scope]]
    for scope in sorted(moved & chains.keys(), key=lambda one: (len(chains[one]), one)):
        chain = chains[scope]
        gained = not tops.isdisjoint(chain) and not reaches(less, others, scope)
        around = [top for top, but in found.items() if Region(top, tuple(but)).covers(chain)]
        if gained and not around:
            found[scope] = []
        elif not gained:
            for top in around:
                found[top].append(scope)
    return tuple(Region(top, tuple(sorted(found[top]))) for top in sorted(found))


def within(tops: Tops, scope: str, chains: Chains) -> Tops:
    """The part of what the tops stand for that lies at or below one scope of the tree."""
    if not tops.isdisjoint(chains[scope]):
        return frozenset((scope,))
    return frozenset(top for top in tops if scope in chains[top])
