"""A private mirror of one ref of a git repository: what the other side sends is kept as objects, and as nothing else.

There is no work tree, no hook, no filter and no submodule, and nothing that the other side holds is a setting of the
mirror. Two refs of its own outlive a restart: the tip that was taken last, and the last one taken by exception.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from remit.adapters.git_address import Address, shown, without_secrets
from remit.adapters.git_calls import Git, Limits
from remit.adapters.private_files import one_at_a_time
from remit.errors import Misconfigured

MOST_BYTES = 1024 * 1024 * 1024
"""Bytes of the history of a policy, packed: of any one file that git writes, and of all of them."""

MOST_PACKS = 50
"""Packs in the mirror before they are made into one: each fetch that brings something adds one."""

SECONDS = 120
"""How long a fetch may take, and a repacking."""

TIP, SEEN, ACCEPTED = "refs/remit/tip", "refs/remit/seen", "refs/remit/accepted"

_SETTINGS = (
    "gc.auto=0", "maintenance.auto=false", "core.commitGraph=false", "core.fsync=all", "pack.threads=1",
    "repack.writeBitmaps=false", "core.bigFileThreshold=16m",
)  # fmt: skip
_FETCHING = (
    "fetch.unpackLimit=1", "fetch.fsckObjects=true", "fetch.recurseSubmodules=false", "fetch.writeCommitGraph=false",
    "fetch.prune=false", "http.followRedirects=false", "transfer.bundleURI=false",
)  # fmt: skip
_FOUND_BY_GIT = (
    "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_ASKPASS", "XDG_CONFIG_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "GIT_SSL_CAINFO", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "ALL_PROXY", "all_proxy",
)  # fmt: skip
"""What whoever runs remit may set for git to reach the other side and be known there."""


class Mirror:
    """One ref of a repository, fetched into a directory that is nobody else's."""

    def __init__(
        self, directory: Path, address: Address, ref: str, most: int = MOST_BYTES, seconds: int = SECONDS
    ) -> None:
        """`most` bounds the bytes of the mirror, `seconds` what takes long."""
        self._directory = directory.absolute()
        self._address = address
        self._ref = ref
        self._most = most
        self._limits = Limits(seconds, most)
        self.git = Git(self._directory, *_SETTINGS, bare=True, GIT_CONFIG_GLOBAL=os.devnull)
        found = {name: os.environ[name] for name in _FOUND_BY_GIT if name in os.environ}
        self._fetching = Git(
            self._directory, *_SETTINGS, *_FETCHING, bare=True, **{**found, "GIT_ALLOW_PROTOCOL": address.scheme}
        )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Of all processes that share the mirror, one is inside; it is made if need be. Raises Misconfigured."""
        with one_at_a_time(self._directory):
            if not (self._directory / "HEAD").exists():
                made = Git(self._directory, GIT_CONFIG_GLOBAL=os.devnull)
                made("init", "--quiet", "--bare", "--template=", "--initial-branch=none", str(self._directory))
            yield

    def fetch(self, stop: threading.Event | None = None) -> str:
        """The full name of the commit that the ref stands for now, with its whole history in the mirror.

        Raises Misconfigured if the repository cannot be reached, or the ref is not there, is no commit, or brings more
        than it may.
        """
        self._sweep()
        try:
            self._fetching(
                "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance",
                "--no-write-fetch-head", "--refmap=", "--end-of-options", self._address.text, f"+{self._ref}:{TIP}",
                limits=self._limits, stop=stop,
            )  # fmt: skip
        except Misconfigured as error:
            why = without_secrets(str(error))
            if "File too large" in why:
                why = f"it brings more than {self._most:,} bytes"
            raise Misconfigured(f"{shown(self._address.text)} cannot be fetched: {why}") from None
        self._bound(stop)
        if not (self._directory / TIP).exists():
            raise Misconfigured(f"{shown(self._address.text)} lacks history; is it a shallow clone?")
        tip = self.git.ask("rev-parse", "--verify", "--quiet", f"{TIP}^{{commit}}", failures=(1, 128))
        if tip is None:
            raise Misconfigured(f"`{self._ref}` of {shown(self._address.text)} is no commit")
        return tip.decode("ascii").strip()

    def taken(self) -> tuple[str | None, str | None]:
        """The tip that was taken last, and the last that was taken though it did not follow the one before; None if
        none ever was. Raises Misconfigured if that cannot be known any more."""
        return self._kept(SEEN), self._kept(ACCEPTED)

    def follows(self, tip: str, before: str) -> bool:
        """Is `before` in the history of `tip`?"""
        return self.git.ask("merge-base", "--is-ancestor", before, tip) is not None

    def take(self, tip: str, by_exception: bool = False) -> None:
        """Keep that this tip was taken."""
        refs = (SEEN, ACCEPTED) if by_exception else (SEEN,)
        self.git("update-ref", "--stdin", given="".join(f"update {ref} {tip}\n" for ref in refs).encode())

    def _kept(self, ref: str) -> str | None:
        """A ref of the mirror's own. That it cannot be read does not mean that there is none."""
        if not (self._directory / ref).exists():
            return None
        found = self.git.ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", failures=(1, 128))
        if found is None:
            raise Misconfigured(
                f"`{self._directory}` is damaged, so it is not known what was taken last; remove it to begin anew, and"
                " look at the commit that is taken then"
            )
        return found.decode("ascii").strip()

    def _sweep(self) -> None:
        """Take away what a fetch that was cut off has left."""
        for path in (self._directory / "objects").glob("*/tmp_*"):
            path.unlink(missing_ok=True)
        for path in (self._directory / "refs/remit").glob("*.lock"):
            path.unlink(missing_ok=True)  # nobody else is inside
        (self._directory / TIP).unlink(missing_ok=True)  # whatever it was, it stands in nobody's way

    def _bound(self, stop: threading.Event | None) -> None:
        """Make many packs one, without what no ref needs; then they may not be more than they may."""
        packs = self._directory / "objects/pack"
        if len(list(packs.glob("*.pack"))) > MOST_PACKS or self._size() > self._most:
            self.git("repack", "-a", "-d", "-q", "-n", limits=self._limits, stop=stop)
        if self._size() > self._most:
            raise Misconfigured(
                f"`{self._directory}` has {self._size():,} bytes; {self._most:,} are allowed, for the whole history"
            )

    def _size(self) -> int:
        return sum(path.stat().st_size for path in (self._directory / "objects").rglob("*") if path.is_file())
