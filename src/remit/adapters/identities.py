"""Who calls: the Authorization header of a request to an actor. The one entry to all of this."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from remit.adapters.key_sets import KeySet
from remit.adapters.keys import PREFIX, Keys
from remit.adapters.verifier import FixedKeys, KeySource, Verified, Verifier
from remit.core.model import Actor
from remit.errors import NotAuthenticated

MOST_REMEMBERED = 10_000
"""Verified tokens that are remembered."""

NO_HEADER = "the request does not say who calls: it has no `Authorization: Bearer …`"


class Identities:
    """Finds out who calls. A JWT that was verified is remembered, by its hash, for as long as it counts.

    `clock` gives nanoseconds since 1970. What is not given is not accepted: `tokens` takes JWTs, `keys` API keys, and
    `exchanged` the JWTs that API keys were exchanged for.
    """

    def __init__(
        self,
        clock: Callable[[], int],
        tokens: Verifier | None = None,
        keys: Keys | None = None,
        exchanged: Verifier | None = None,
    ) -> None:
        self._clock = clock
        self._tokens = tokens
        self._keys = keys
        self._exchanged = exchanged
        self._source: KeySource = FixedKeys(KeySet({})) if tokens is None else tokens.source
        self._remembered: dict[bytes, Verified] = {}

    async def identify(self, authorization: bytes | None) -> Actor:
        """The actor that the raw value of an Authorization header stands for; None is a request without one.

        Raises NotAuthenticated if there is no bearer token (RFC 6750 §2.1) or it does not hold, and CouldNotDecide if
        the keys to tell are out of reach.
        """
        if authorization is None:
            raise NotAuthenticated(NO_HEADER, given=False)
        now = self._clock()
        name = sha256(authorization).digest()
        known = self._remembered.get(name)
        if known is not None:
            actor, until, keys = known
            source = self._source
            if now < until and keys is source.keys and source.calm(now):
                return actor
        return await self._find_out(authorization, name, now)

    async def _find_out(self, authorization: bytes, name: bytes, now: int) -> Actor:
        token = _bearer_token(authorization)
        if token.startswith(PREFIX):
            if self._keys is None:
                raise NotAuthenticated("API keys are not accepted here")
            return self._keys.verify(token, now)
        verified = await self._verified(token, now)
        self._remember(name, verified, now)
        return verified.actor

    async def _verified(self, token: str, now: int) -> Verified:
        """A JWT, of our own making or of the provider's."""
        if self._exchanged is not None:
            try:
                own = await self._exchanged.verify(token, now)
                return own._replace(keys=self._source.keys)  # forgotten with the provider's keys too, which is no harm
            except NotAuthenticated:
                if self._tokens is None:
                    raise
        if self._tokens is None:
            raise NotAuthenticated("tokens other than API keys are not accepted here")
        return await self._tokens.verify(token, now)

    def _remember(self, name: bytes, verified: Verified, now: int) -> None:
        """Keep a token for as long as it counts. In the leeway after that it is verified each time."""
        if verified.until <= now:
            return
        if len(self._remembered) >= MOST_REMEMBERED:
            self._make_room(now)
        self._remembered[name] = verified

    def _make_room(self, now: int) -> None:
        """Forget what no longer counts, and the oldest tokens so far that a tenth is free: not to be back at once."""
        live = [(name, each) for name, each in self._remembered.items() if now < each.until]
        self._remembered = dict(live[-(MOST_REMEMBERED * 9 // 10) :])


def _bearer_token(authorization: bytes) -> str:
    """The token of a header `Bearer <token>`. Raises NotAuthenticated if it is anything else."""
    scheme, *rest = authorization.split(b" ")
    if scheme.lower() != b"bearer":
        raise NotAuthenticated(NO_HEADER, given=False)
    if len(rest) != 1 or not rest[0]:
        raise NotAuthenticated("the Authorization header is not `Bearer` and one token")
    try:
        return rest[0].decode("ascii")
    except UnicodeDecodeError:
        raise NotAuthenticated("the token holds bytes that no token may") from None
