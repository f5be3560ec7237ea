"""API keys for services without an OpenID provider: `remit_<id>_<secret>`, kept as hashes in one file.

A secret is 32 random bytes, so a plain hash of it tells nothing. Nothing is remembered: a new key counts at once, one
that was revoked stops counting within a second, and a file that cannot be trusted lets nobody in.
"""

from __future__ import annotations

import hmac
import logging
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from remit.adapters.claims import SECOND
from remit.adapters.private_files import Stamp, one_at_a_time, read_private, stamp, write_private
from remit.adapters.strict_json import json_object, json_text
from remit.core.model import Actor
from remit.core.names import quoted, subject_problem
from remit.core.times import format_instant, parse_instant
from remit.errors import CouldNotDecide, Misconfigured, NotAuthenticated, RequestInvalid

PREFIX = "remit_"
"""How every API key begins, and no other token does."""

log = logging.getLogger("remit.adapters")

_MICROSECOND = 1_000
_LAST = parse_instant("9999-12-31") * _MICROSECOND
_ID = re.compile("[0-9a-f]{12}")
_HASH = re.compile("[0-9a-f]{64}")
_NOBODYS = "0" * 64  # compared with where there is no key, so that this takes as long
_MEMBERS = {"id", "subject", "created", "expires", "sha256"}


class ApiKey(NamedTuple):
    """What is kept of an API key. Instants are nanoseconds since 1970; without `expires` it counts until revoked."""

    id: str
    subject: str
    created: int
    expires: int | None
    sha256: str


class Keys:
    """The API keys of a state directory, in its file `keys.json`; without the file there are none."""

    def __init__(self, state: Path) -> None:
        """Read the keys. Raises Misconfigured if the file is damaged, or others may read or write it."""
        self._path = state / "keys.json"
        self._known: Mapping[str, ApiKey] = self._read()
        self._broken: str | None = None
        self._stamp: Stamp | None = ()  # no file has it, so the first look reads
        self._looked: int | None = None

    def create(self, subject: str, now: int, expires: int | None = None) -> tuple[str, str]:
        """A new key for a service: its id, and the key itself, which cannot be had again.

        Instants are nanoseconds since 1970. Raises RequestInvalid if a policy could not name the subject, it is no
        `application:…`, or the key would never count, and Misconfigured if the file cannot be read or written.
        """
        if problem := _subject_problem(subject):
            raise RequestInvalid(f"{quoted(subject)} {problem}")
        if expires is not None and not now < expires <= _LAST:
            raise RequestInvalid("a key must expire after it is made, and by the year 9999")
        secret = secrets.token_urlsafe(32)
        with one_at_a_time(self._path.parent):
            known = self._read()
            while (id := secrets.token_hex(6)) in known:
                pass
            key = ApiKey(id, subject, now, expires, _hash(secret))
            self._write({**known, id: key})
        return id, f"{PREFIX}{id}_{secret}"

    def list(self) -> tuple[ApiKey, ...]:
        """All keys as the file has them now, oldest first. Raises Misconfigured if it cannot be read."""
        return tuple(self._read().values())

    def revoke(self, id: str) -> None:
        """Remove a key. Raises RequestInvalid if there is none of that id, Misconfigured as `create` does."""
        with one_at_a_time(self._path.parent):
            known = self._read()
            if id not in known:
                raise RequestInvalid(f"there is no API key {quoted(id)}")
            self._write({other: key for other, key in known.items() if other != id})

    def verify(self, token: str, now: int) -> Actor:
        """The service that a key stands for, at `now` (nanoseconds since 1970).

        Raises NotAuthenticated if the key does not hold, CouldNotDecide if the file of keys cannot be trusted.
        """
        id, _, secret = token.removeprefix(PREFIX).partition("_")
        self._look(id, now)
        if self._broken:
            raise CouldNotDecide(self._broken)
        key = self._known.get(id)
        same = hmac.compare_digest(_hash(secret), key.sha256 if key else _NOBODYS)
        if key is None or not same or not token.startswith(PREFIX):
            raise NotAuthenticated("the API key does not hold")
        if key.expires is not None and now >= key.expires:
            raise NotAuthenticated("the API key has expired")
        return Actor(key.subject)

    def _look(self, id: str, now: int) -> None:
        """Read the file again if it changed. For a key that is known this is asked once a second at most; one that is
        not may have been made just now."""
        if id in self._known and self._looked is not None and 0 <= now - self._looked < SECOND:
            return
        self._looked = now
        try:
            current = stamp(self._path)
            if current != self._stamp:
                self._known, self._stamp, self._broken = self._read(), current, None
        except (Misconfigured, OSError) as error:  # what is wrong with it is not for callers
            if self._broken is None:
                log.warning("no API key counts: %s", error)
            self._stamp, self._broken = (), "the API keys cannot be read, so nobody can be told by one"

    def _read(self) -> Mapping[str, ApiKey]:
        data = read_private(self._path)
        try:
            return {} if data is None else _parsed(data)
        except ValueError as error:
            raise Misconfigured(f"`{self._path}` is damaged: it {error}") from None

    def _write(self, known: Mapping[str, ApiKey]) -> None:
        write_private(self._path, json_text({"keys": [_written(key) for key in known.values()]}) + b"\n")
        self._looked, self._stamp = None, ()


def _subject_problem(subject: str) -> str | None:
    if problem := subject_problem(subject):
        return problem
    return None if subject.startswith("application:") else "is no service; an API key is for an `application:…`"


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def _written(key: ApiKey) -> dict[str, str | None]:
    """A key as its entry in the file: times as text, for whoever reads it."""
    expires = None if key.expires is None else format_instant(key.expires // _MICROSECOND)
    return {**key._asdict(), "created": format_instant(key.created // _MICROSECOND), "expires": expires}


def _parsed(data: bytes) -> dict[str, ApiKey]:
    """The keys in a file. Raises ValueError, in words that follow `it`, for anything that is not exactly that."""
    content = json_object(data)
    entries = content.get("keys")
    if content.keys() != {"keys"} or not isinstance(entries, list):
        raise ValueError("is no list of keys")
    keys = [_key(entry) for entry in entries]
    known = {key.id: key for key in keys}
    if len(known) != len(keys):
        raise ValueError("has two keys of one id")
    return known


def _key(entry: Any) -> ApiKey:
    """One entry of the file. Raises ValueError if it is not one."""
    if not isinstance(entry, dict) or entry.keys() != _MEMBERS:
        raise ValueError("has an entry that is no key")
    never = entry["expires"] is None
    texts = [value for name, value in entry.items() if not (never and name == "expires")]
    if not all(isinstance(text, str) for text in texts) or _subject_problem(entry["subject"]):
        raise ValueError("has an entry that is no key")
    if not _ID.fullmatch(entry["id"]) or not _HASH.fullmatch(entry["sha256"]):
        raise ValueError("has an entry that is no key")
    created = parse_instant(entry["created"]) * _MICROSECOND
    expires = None if never else parse_instant(entry["expires"]) * _MICROSECOND
    return ApiKey(entry["id"], entry["subject"], created, expires, entry["sha256"])
