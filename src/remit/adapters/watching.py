"""A policy directory, followed: whenever it has changed and is not being written, its files are handed on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from watchfiles import watch

from remit.adapters.policy_files import read_directory
from remit.core.history import UNKNOWN, Provenance
from remit.errors import Misconfigured

LOOK = 1.0
"""Seconds between looks at the directory where no event says that it changed: a file system need not send any."""

CALM = 0.1
"""Seconds between the two readings that must agree."""

log = logging.getLogger("remit.adapters")

Files = dict[str, bytes]
Offer = Callable[[Files, Provenance], None]
"""Takes a candidate, and what its source tells of it."""

Mark = tuple[tuple[str, int, int, int], ...]
"""Name, size, instant of change and number of each file: what tells that something changed without reading it."""


class WatchedDirectory:
    """A policy directory and its model."""

    def __init__(self, policy: Path, model: Path) -> None:
        self._policy = policy
        self._model = model
        self._seen: Mark | None = None
        self._held: Files | None = None

    def __str__(self) -> str:
        return f"directory {self._policy}"

    def follow(self, stop: threading.Event, offer: Offer, lost: Callable[[str], None]) -> None:
        """Until told to stop, `offer` what the directory holds each time that it is looked at (the very same files as
        long as none of them changes), and say what it is that cannot be read each time that it is looked at in vain."""
        for _ in self._moments(stop):
            try:
                files = self.look()
                if files is not None:
                    offer(files, UNKNOWN)
            except Misconfigured as error:
                self._seen = None
                lost(str(error))
            except Exception:
                if stop.is_set():
                    return
                self._seen = None
                log.exception("the policy directory could not be followed; trying again")
                lost("a fault kept the policy directory from being read; the server's log has it")

    def wake(self) -> None:
        """Look soon, as if something had changed: which the directory is within a second in any case."""
        self._seen = None

    def look(self) -> Files | None:
        """The files, the very same ones as last time if nothing has changed; None while somebody is writing them.

        They are read twice: a checkout that is under way shows as two readings that differ, or by git's lock.
        Raises Misconfigured if they cannot be read.
        """
        mark = self._mark()
        if self._locked():
            return None
        if mark == self._seen:
            return self._held
        try:
            first = read_directory(self._policy, self._model)
            time.sleep(CALM)
            second = read_directory(self._policy, self._model)
        except Misconfigured:
            if self._locked() or self._mark() != mark:
                return None  # a file was being replaced
            raise
        if first != second or self._mark() != mark or self._locked():
            return None
        self._seen, self._held = mark, second
        return second

    def _moments(self, stop: threading.Event) -> Iterator[None]:
        """When to look: at once after an event, and every second."""
        yield
        while not stop.is_set():
            try:
                # not the directory of the model too: a server writes beside it all the time, and each event that is
                # left out puts off the look that is due; a model that changes is refused a second later as well
                for _ in watch(
                    self._policy, stop_event=stop, debounce=100, step=10, yield_on_timeout=True, watch_filter=None,
                    rust_timeout=int(LOOK * 1_000), raise_interrupt=False, recursive=True,
                ):  # fmt: skip
                    yield
            except (OSError, RuntimeError):  # the directory is gone, or there are no events to be had
                stop.wait(LOOK)
                yield

    def _mark(self) -> Mark:
        """What the directory looks like from outside."""
        found = []
        for path in sorted((*self._tables(), self._model)):
            try:
                stat = path.stat()
            except OSError:
                continue  # gone between two looks, or no model: reading says so
            found.append((str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino))
        return tuple(found)

    def _tables(self) -> list[Path]:
        try:
            return list(self._policy.rglob("*.csv"))
        except OSError:
            return []  # a directory went while it was listed: reading says so, if it is not there again by then

    def _locked(self) -> bool:
        """Is git writing the work tree that the directory is in? It holds its index lock as long as it does."""
        for above in self._policy.absolute().parents:
            git = above / ".git"
            if git.is_file():  # a linked work tree
                git = above / git.read_text(encoding="utf-8", errors="replace").removeprefix("gitdir:").strip()
            if git.is_dir():
                return (git / "index.lock").exists()
        return False
