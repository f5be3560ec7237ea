"""What is live, where the source is followed and nobody asks: files that are handed on, compiled by others."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from remit.core.snapshot import Snapshot
from remit.errors import CouldNotDecide
from remit.service.live import Files, LiveRevision
from remit.service.operations import Standing


class Stand(NamedTuple):
    """What is live, whole: how it stands, whether that is too old to decide by, and the files of the revision."""

    standing: Standing
    too_old: bool
    files: Files


class Handed(LiveRevision):
    """The files that are live. Whoever listens is told of every change."""

    def __init__(self, revision: str, files: Files, source: str, now: int, max_age: int | None) -> None:
        """As `LiveRevision`; the files are those of the revision."""
        super().__init__(revision, source, now, max_age)
        self._files = files
        self._heard: Callable[[Stand], None] = lambda _: None

    def heard_by(self, heard: Callable[[Stand], None]) -> None:
        """Tell this one: at once how it stands, and then each time that something changes."""
        with self._one_at_a_time:
            self._heard = heard
            heard(Stand(self._standing, self._too_old, self._files))

    def current(self) -> Snapshot:
        """Nothing is decided here."""
        raise CouldNotDecide("this process decides nothing: its workers do")

    def _activate(self, files: Files, standing: Standing) -> None:
        """Others compile them."""
        with self._one_at_a_time:
            self._files = files
            self._stand(standing)

    def _stand(self, standing: Standing, too_old: bool = False) -> None:
        """Tell of it."""
        with self._one_at_a_time:
            super()._stand(standing, too_old)
            self._heard(Stand(standing, too_old, self._files))
