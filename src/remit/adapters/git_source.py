"""A branch of a git repository as the source of policies: whatever follows the commit before may go live.

A policy is read from the commit object. The tip that was taken last is kept over restarts, whether it went live or not;
one that does not follow it is refused until somebody says that it is meant.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from remit.adapters.git_address import Address, without_secrets
from remit.adapters.git_calls import visible
from remit.adapters.git_files import read_objects
from remit.adapters.git_mirror import Mirror
from remit.core.history import Provenance
from remit.errors import Misconfigured

MOST_AUTHOR, MOST_MESSAGE, MOST_COMMIT = 200, 200, 1024 * 1024
"""Characters of an author and of a message that are kept, and bytes of a commit object that is read."""

LONGEST_PAUSE = 300.0
"""Seconds between two looks, at most, while the repository is out of reach; unless it is polled less often anyway."""

_AUTHOR = re.compile(rb"author ([^\n]*) [0-9]+ [+-][0-9]{4}\Z")

log = logging.getLogger("remit.adapters")

Files = dict[str, bytes]


class Looked(NamedTuple):
    """What a commit holds, and what it says of itself."""

    commit: str
    files: Files
    came: Provenance


class GitSource:
    """One ref of one repository; `policy` and `model` are paths within it."""

    def __init__(
        self, mirror: Mirror, address: Address, ref: str, policy: str, model: str, poll: float,
        accept: str | None = None,
    ) -> None:  # fmt: skip
        """`poll` is in seconds; `accept` is a commit that may be taken once though it does not follow."""
        self._mirror = mirror
        self._name = f"git {without_secrets(address.text)} {ref}"
        self._policy, self._model = policy, model
        self._poll = poll
        self._accept = accept
        self._woken = threading.Event()
        self._last: Looked | None = None
        self._reached = False

    def __str__(self) -> str:
        return self._name

    def follow(
        self, stop: threading.Event, offer: Callable[[Files, Provenance], None], lost: Callable[[str], None]
    ) -> None:
        """Until told to stop, look at the ref, `offer` what it holds, changed or not, and say each time that it cannot
        be read or may not be taken why that is so."""
        failed, why, skip = 0, "", 0
        for woken in self._moments(stop):
            if skip > 0 and not woken:
                skip -= 1
                lost(why)  # as it was: looking more often does not help, but it does get older
                continue
            try:
                _, files, came = self.look(stop)
                offer(files, came)
                failed, skip = 0, 0
            except Exception as error:
                if stop.is_set():
                    return
                why, failed = _why(error), 0 if self._reached else failed + 1
                skip = int(min(2.0 ** min(failed, 20) - 1, LONGEST_PAUSE / self._poll))
                lost(why)

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    def look(self, stop: threading.Event | None = None) -> Looked:
        """What the ref holds now, if its commit may be taken; that it was is kept first.

        Raises Misconfigured if it may not, or cannot be read.
        """
        self._reached = False
        with self._mirror.held():
            taken = self._mirror.taken()
            tip = self._mirror.fetch(stop)
            self._reached = True
            self._take(tip, *taken)
        if self._last is None or self._last.commit != tip:
            self._last = self._read(tip)
        return self._last

    def _take(self, tip: str, seen: str | None, accepted: str | None) -> None:
        """Raises Misconfigured if this tip may not take the place of the one before."""
        if tip == seen:
            return
        if seen is None or self._mirror.follows(tip, seen):
            self._mirror.take(tip)
        elif tip == self._accept and accepted != tip:
            self._mirror.take(tip, by_exception=True)
        else:
            how = "goes back to" if self._mirror.follows(seen, tip) else "was rewritten to"
            raise Misconfigured(
                f"{self} {how} {tip}, which does not follow {seen}; nothing of it is taken. To accept it, once, start"
                f" with REMIT_GIT_ACCEPT={tip}"
            )

    def _read(self, commit: str) -> Looked:
        files = read_objects(self._mirror.git, commit, commit, self._policy, self._model)
        text = self._mirror.git("cat-file", "commit", commit, most=MOST_COMMIT)
        return Looked(commit, files, provenance(commit, text))

    def _moments(self, stop: threading.Event) -> Iterator[bool]:
        """When to look: at once, then every so often (False) or as soon as somebody asks for it (True)."""
        yield True
        while not stop.is_set():
            end, woken = time.monotonic() + self._poll, False
            while not woken and not stop.is_set() and (left := end - time.monotonic()) > 0:
                woken = self._woken.wait(min(left, 0.2))
            self._woken.clear()
            if not stop.is_set():
                yield woken


def provenance(commit: str, text: bytes) -> Provenance:
    """What a commit object says of itself: nobody has verified it, and it may be anything."""
    head, _, message = text.partition(b"\n\n")
    found = next((match for line in head.split(b"\n") if (match := _AUTHOR.match(line))), None)
    author = b"" if found is None else found[1]
    first = message.lstrip().partition(b"\n")[0]
    return Provenance(author=_said(author, MOST_AUTHOR), message=_said(first, MOST_MESSAGE), commit=commit)


def git_source(
    state: Path, address: Address, ref: str, policy: Path, model: Path, poll: float, accept: str | None
) -> GitSource:
    """The source of these settings, with its mirror in the state directory. Raises Misconfigured if `policy` or `model`
    is no path within a repository."""
    within, model_at = _within(policy, "--policy"), _within(model, "--model")
    return GitSource(Mirror(state / "policy.git", address, ref), address, ref, within, model_at, poll, accept)


def _within(path: Path, flag: str) -> str:
    if path.is_absolute() or ".." in path.parts:
        raise Misconfigured(f"`{flag} {path}` is no path within the repository; with REMIT_SOURCE=git it is one")
    return path.as_posix()


def _said(text: bytes, most: int) -> str:
    return visible(text[: 8 * most].decode("utf-8", "replace"), most)


def _why(error: Exception) -> str:
    """What to tell of an error."""
    if isinstance(error, Misconfigured):
        return str(error)
    log.error("the git repository could not be followed; trying again", exc_info=error)
    return "a fault kept the git repository from being read; the server's log has it"
