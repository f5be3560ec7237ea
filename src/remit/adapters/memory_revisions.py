"""What was live when, in memory, for tests and nothing else: what the port means in the fewest words."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from remit.adapters.activations import activation, outdated, unknown
from remit.adapters.policy_archive import packed, unpacked
from remit.core.history import Activation, Provenance
from remit.core.policy import revision_of
from remit.errors import NotFound


class MemoryRevisions:
    """A list of activations, and an archive for each revision in it."""

    def __init__(self) -> None:
        self._log: list[Activation] = []
        self._archives: dict[str, bytes] = {}
        self._one_at_a_time = threading.Lock()

    def activate(
        self, files: Mapping[str, bytes], came: Provenance, source: str, at: int, after: int | None = None
    ) -> Activation:
        """Keep a policy and that it went live. Raises Outdated, and RequestInvalid for text that cannot be kept."""
        archive, revision = packed(files), revision_of(files)
        with self._one_at_a_time:
            last = self._log[-1] if self._log else None
            if after is not None and after != len(self._log):
                raise outdated(last)
            made = activation(last, revision, came, source, at)
            self._archives.setdefault(revision, archive)
            self._log.append(made)
            return made

    def latest(self) -> Activation | None:
        """The latest line of the log."""
        return next(iter(self.history(None, 1)), None)

    def latest_of(self, revision: str) -> Activation | None:
        """The latest line of the log that is about this revision."""
        return next((line for line in self.history(None, len(self._log)) if line.revision == revision), None)

    def files(self, revision: str) -> dict[str, bytes]:
        """The files of a revision. Raises NotFound."""
        if revision not in self._archives:
            raise NotFound(unknown(revision))
        return unpacked(self._archives[revision])[0]

    def history(self, before: int | None, limit: int) -> tuple[Activation, ...]:
        """Lines of the log, the latest first."""
        lines = self._log[: len(self._log) if before is None else max(before - 1, 0)]
        return tuple(lines[::-1][: max(limit, 0)])
