"""The keys of an issuer, from a file or a URL that the configuration names and nothing else does.

They are looked at again in the background, by one task at most. Whatever goes wrong, the last good keys stay for a day;
after that nobody is let in by them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

import httpx

from remit.adapters.claims import SECOND
from remit.adapters.key_sets import KeySet, read_key_set
from remit.adapters.private_files import Stamp, stamp
from remit.errors import Misconfigured

MOST_BYTES = 262_144
"""The largest JWK Set that is read."""

FETCH_SECONDS = 5.0
"""How long one look at a URL may take, all in all."""

KEPT = 86_400 * SECOND
"""How long the last good keys count, in nanoseconds."""

log = logging.getLogger("remit.adapters")


class Pace(NamedTuple):
    """How often keys are looked at, in nanoseconds: once `every` so long when asked for, again after `cooldown` at the
    soonest, and requests wait for the look if the last one is older than `patience`."""

    every: int
    cooldown: int
    patience: int


FILE_PACE = Pace(SECOND, SECOND, SECOND)
URL_PACE = Pace(300 * SECOND, 30 * SECOND, 600 * SECOND)


class Place(Protocol):
    """Where a JWK Set is."""

    async def read(self) -> bytes:
        """Its bytes. Raises whatever goes wrong, in words for a person."""
        ...


class IssuerKeys:
    """The keys of one issuer. `keys` are the ones that count until `good_until`: another object when they changed."""

    def __init__(self, where: str, algorithms: tuple[str, ...], clock: Callable[[], int]) -> None:
        """Load the keys from a path or URL. Raises Misconfigured, saying why, if none can be had."""
        self._place, self._pace = _place(where)
        self._algorithms, self._clock, self._where = algorithms, clock, where
        self._task: asyncio.Task[None] | None = None
        self._awaited = False
        try:
            with ThreadPoolExecutor(1) as apart:  # whether or not a loop runs in this thread
                self._document = apart.submit(asyncio.run, _read(self._place)).result()
            self.keys: KeySet = read_key_set(self._document, algorithms)
        except Exception as error:
            raise Misconfigured(f"the issuer's keys cannot be had from `{where}`: {_why(error)}") from None
        self._asked, self._pause = clock(), self._pace.every
        self.good_until = self._asked + KEPT

    def calm(self, now: int) -> bool:
        """True while there is nothing to do: no need to look at the keys, nor to wait for a look under way."""
        return 0 <= now - self._asked < self._pause and not self._awaited

    async def attend(self, now: int) -> None:
        """Look at the keys in the background if it is time to; wait for that only if they are too old to go by."""
        if self.calm(now):
            return
        if not self._looking:
            age = now - self._asked
            self._awaited = not 0 <= age < self._pace.patience or now >= self.good_until
        task = self._look(now)
        if self._awaited:
            await asyncio.shield(task)

    async def seek(self, now: int) -> None:
        """Look at the keys since a token names one that is not there, and wait. Done at most once in a cooldown."""
        if self._looking or not 0 <= now - self._asked < self._pace.cooldown:
            await asyncio.shield(self._look(now))

    @property
    def _looking(self) -> bool:
        return self._task is not None and not self._task.done()

    def _look(self, now: int) -> asyncio.Task[None]:
        """The one look under way, begun if there is none."""
        if self._task is None or self._task.done():
            self._asked, self._pause = now, self._pace.every
            self._task = asyncio.create_task(self._refresh())
        return self._task

    async def _refresh(self) -> None:
        """Take the keys that are there now, or keep the last good ones and say so in the log."""
        try:
            document = await _read(self._place)
            if document != self._document:
                keys = read_key_set(document, self._algorithms)
                if keys.mark != self.keys.mark:
                    self.keys = keys
                    log.info("the issuer's keys changed")
                self._document = document
            self.good_until = self._clock() + KEPT
        except Exception as error:  # whatever it is, the keys that were good an hour ago are better than none
            self._pause = self._pace.cooldown
            log.warning(
                "the issuer's keys cannot be had from `%s`, the last good ones stay: %s", self._where, _why(error)
            )
        finally:
            self._awaited = False


class _File:
    """A JWK Set in a file: read when the file changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: Stamp | None = None
        self._bytes = b""

    async def read(self) -> bytes:
        """The bytes of the file as it is now."""
        current = stamp(self._path)
        if current is None or current != self._stamp:
            with self._path.open("rb") as file:
                self._bytes = file.read(MOST_BYTES + 1)
            self._stamp = current
        return self._bytes


class _Url:
    """A JWK Set behind a URL."""

    def __init__(self, url: httpx.URL) -> None:
        self._url = url
        self._tls = httpx.create_ssl_context(trust_env=False)
        self._tls.load_default_certs()  # an issuer within a company is often vouched for by this machine alone

    async def read(self) -> bytes:
        """What the URL answers with 200: no redirect, no proxy, nothing to unpack."""
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        client = httpx.AsyncClient(
            verify=self._tls, trust_env=False, timeout=FETCH_SECONDS, follow_redirects=False, headers=headers
        )
        async with asyncio.timeout(FETCH_SECONDS), client, client.stream("GET", self._url) as answer:
            if answer.status_code != 200 or "content-encoding" in answer.headers:
                raise ValueError(f"the answer is no plain 200 but {answer.status_code}")
            parts, size = [], 0
            async for part in answer.aiter_raw():
                parts.append(part)
                size += len(part)
                if size > MOST_BYTES:
                    break
            return b"".join(parts)


async def _read(place: Place) -> bytes:
    """The JWK Set, if it is not too large."""
    document = await place.read()
    if len(document) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
    return document


def _place(where: str) -> tuple[Place, Pace]:
    """A file, or a URL that nobody on the way can change. Raises Misconfigured if it is neither."""
    if "://" not in where:
        return _File(Path(where)), FILE_PACE
    try:
        url = httpx.URL(where)
    except httpx.InvalidURL:
        raise Misconfigured(f"REMIT_OIDC_JWKS is no URL: `{where}`") from None
    if not url.host or not (url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host))):
        raise Misconfigured(f"REMIT_OIDC_JWKS must be a file or an https URL (http on loopback only), not `{where}`")
    if url.userinfo:  # it would turn up in every message about the issuer
        raise Misconfigured("REMIT_OIDC_JWKS may not hold a user or a password")
    return _Url(url), URL_PACE


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _why(error: Exception) -> str:
    """What went wrong, in words. A key set's own faults are said of it, so they need its name before them."""
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return f"no answer within {FETCH_SECONDS:.0f} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    text = str(error) or type(error).__name__
    return f"what is there {text}" if text.startswith(("is ", "holds ", "names ")) else text
