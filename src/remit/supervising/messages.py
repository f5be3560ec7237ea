"""What the supervisor and its workers say to each other, over a pipe that nobody else has an end of."""

from __future__ import annotations

from typing import NamedTuple

from remit.service.operations import Standing
from remit.service.ports import Counts


class State(NamedTuple):
    """To a worker: so it stands. The files of the revision follow in a message of their own, pickled, if `files`;
    without them the worker has them already. Numbers grow; a worker says which it has taken."""

    number: int
    standing: Standing
    too_old: bool
    files: bool


class Total(NamedTuple):
    """To a worker: what all have counted."""

    counts: Counts


class Taken(NamedTuple):
    """From a worker: it stands as the state of this number does, and has counted this much since it started."""

    number: int
    counts: Counts


class Wake(NamedTuple):
    """From a worker: the source is to be looked at."""


class Gather(NamedTuple):
    """From a worker: somebody wants to know what all have counted."""
