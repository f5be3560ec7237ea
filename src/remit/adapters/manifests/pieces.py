"""What data sources add to a pod: volumes, places where they are mounted, and containers that fill them first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from remit.adapters.manifests.shape import Json, container_path
from remit.core.names import quoted
from remit.errors import RequestInvalid


class Piece(NamedTuple):
    """What one data source, or several, add to a pod.

    `mounts` and `devices` belong to the main container; `first` are init containers, so that the notebook stays
    container 0; `claims` are objects of their own.
    """

    volumes: tuple[Json, ...] = ()
    mounts: tuple[Json, ...] = ()
    devices: tuple[Json, ...] = ()
    first: tuple[Json, ...] = ()
    claims: tuple[Json, ...] = ()


def joined(pieces: Iterable[Piece]) -> Piece:
    """All pieces as one. Raises RequestInvalid if two of them are mounted at one place."""
    columns = zip(*pieces, strict=True)
    whole = Piece(*(tuple(each for part in column for each in part) for column in columns))
    taken: set[str] = set()
    for place in [mount["mountPath"] for mount in whole.mounts] + [each["devicePath"] for each in whole.devices]:
        path = container_path(place).rstrip("/")
        if path in taken:
            raise RequestInvalid(f"two data sources are mounted at {quoted(place)}")
        taken.add(path)
    return whole
