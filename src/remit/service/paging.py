"""Pages without memory: the place where a page ended travels in a sealed token, and nothing is kept for it.

A token is bound to the caller, to its question, to the revision that answered and to the instant that was judged, so
that all pages of a search are parts of one answer (AuthZEN §8.2). Sealed means that nobody can make or bend one
without the key: its first 16 bytes are an HMAC-SHA256 over the rest.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from hashlib import sha256
from typing import NamedTuple

from remit.errors import RequestInvalid
from remit.service.operations import Page

MOST = 1_000
"""Results on one page, also where a caller names no limit."""

LIFETIME = 10 * 60 * 1_000_000
"""How long a search may take from its first page to its last, in microseconds: so long it answers for one instant."""

_FORM = struct.Struct(">Bqq32s16s")  # version, instant, limit (-1: none), revision, digest of the question
_VERSION, _SEAL = 1, 16
_NO_LIMIT, _LARGEST = -1, 2**62
_AGAIN = "start again without a token"


class Position(NamedTuple):
    """Where in a search a request stands: the instant that is judged, the results it may have, and the last result
    that was handed out (empty before the first)."""

    when: int
    limit: int | None
    after: str

    @property
    def size(self) -> int:
        """How many results this page holds at most."""
        return MOST if self.limit is None else min(self.limit, MOST)


class Tokens:
    """Makes tokens, and opens those it made; whoever has the same key can go on."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sealed(self, body: bytes) -> str:
        """The token that holds this."""
        return base64.urlsafe_b64encode(self._seal(body) + body).rstrip(b"=").decode()

    def opened(self, token: str) -> bytes | None:
        """What a token holds that was sealed with this key, spelt exactly as it was; else None."""
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        seal, body = data[:_SEAL], data[_SEAL:]
        spelt = base64.urlsafe_b64encode(data).rstrip(b"=") == token.encode()
        return body if hmac.compare_digest(seal, self._seal(body)) and spelt else None

    def _seal(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, sha256)[:_SEAL]


class Pages:
    """Makes page tokens of searches, and reads those it made."""

    def __init__(self, key: bytes) -> None:
        self._tokens = Tokens(key)

    def position(self, page: Page, asker: bytes, revision: str, now: int) -> Position:
        """Where this request stands. `asker` is who asks, with which groups; `now` in microseconds since 1970.

        Raises RequestInvalid if there is a token that does not fit: damaged, made elsewhere or for another question,
        another limit, another revision, or too old.
        """
        limit = None if page.limit is None else min(page.limit, _LARGEST)
        if page.token is None:
            return Position(now, limit, "")
        parts = self._opened(page.token)
        if parts is None:
            raise RequestInvalid(f"`page.token` is damaged or was not made here; {_AGAIN}")
        version, when, sealed_limit, sealed_revision, digest, after = parts
        if version != _VERSION or digest != digest_of(page.bound, asker):
            raise RequestInvalid(f"`page.token` belongs to another question; ask as before, or {_AGAIN}")
        if sealed_revision != bytes.fromhex(revision):
            raise RequestInvalid(f"the policy has changed since the first page; {_AGAIN}")
        if now - when > LIFETIME:
            raise RequestInvalid(f"`page.token` has expired; {_AGAIN}")
        if limit is not None and limit != sealed_limit:
            raise RequestInvalid(f"`page.limit` differs from that of the first page; leave it as it was, or {_AGAIN}")
        return Position(when, None if sealed_limit == _NO_LIMIT else sealed_limit, after)

    def token(self, page: Page, asker: bytes, revision: str, position: Position) -> str:
        """The token that leads on from a position."""
        limit = _NO_LIMIT if position.limit is None else position.limit
        fixed = _FORM.pack(_VERSION, position.when, limit, bytes.fromhex(revision), digest_of(page.bound, asker))
        body = fixed + position.after.encode()
        return self._tokens.sealed(body)

    def _opened(self, token: str) -> tuple[int, int, int, bytes, bytes, str] | None:
        """The parts of a token; None if it was not made here."""
        body = self._tokens.opened(token)
        return None if body is None else (*_FORM.unpack_from(body), body[_FORM.size :].decode())


def digest_of(bound: bytes, asker: bytes) -> bytes:
    """What a token remembers of a question and its asker."""
    return sha256(sha256(bound).digest() + asker).digest()[:16]
