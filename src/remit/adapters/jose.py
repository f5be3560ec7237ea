"""A bearer token as a signed JWT (RFC 7515, RFC 7519): taken apart strictly, its signature checked with one key.

joserfc does the cryptography. What a token's header says never chooses anything but which key to try: a key knows its
one algorithm, and the header may only agree (RFC 8725 §3.1).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry, deserialize_compact
from joserfc.registry import Header
from joserfc.util import urlsafe_b64decode

from remit.adapters.strict_json import json_object
from remit.errors import NotAuthenticated

MOST_BYTES = 16_384
"""The longest token that is looked at."""

_REFUSED = {
    "crit": "asks for extensions that remit does not have",  # RFC 7515 §4.1.11: then it must be refused
    "b64": "has an unencoded payload",  # RFC 7797; decoders differ in what they take to be signed
    "zip": "is compressed",
    "enc": "is encrypted",
}


class _OneAlgorithm(JWSRegistry):
    """joserfc, held to one algorithm. Members of a header that it does not know are ignored (RFC 7515 §4).

    It hands the algorithm over without joserfc's warning about `EdDSA`: RFC 9864 has it that this name leaves the curve
    open, and here a key has one.
    """

    max_header_length = max_payload_length = max_signature_length = MOST_BYTES

    def __init__(self, name: str) -> None:
        super().__init__(algorithms=(name,), strict_check_header=False)
        self._algorithm = self.algorithms[name]

    def get_alg(self, name: str) -> Any:
        """The one algorithm. Raises UnsupportedAlgorithmError for any other name."""
        if name != self._algorithm.name:
            raise UnsupportedAlgorithmError("not the algorithm of the key")
        return self._algorithm


class VerifyingKey:
    """A key and the one algorithm that it checks signatures by."""

    def __init__(self, algorithm: str, key: Key) -> None:
        self.algorithm = algorithm
        self._key = key
        self._registry = _OneAlgorithm(algorithm)
        self.mark = f"{algorithm} {key.thumbprint()}"

    def opened(self, token: SignedToken) -> dict[str, Any]:
        """The claims of a token that this key signed. Raises NotAuthenticated if it did not, or they are no claims."""
        if token.header["alg"] != self.algorithm:
            raise NotAuthenticated("the token's `alg` is not the algorithm of its key")
        try:
            signed = deserialize_compact(token.text, self._key, registry=self._registry)
        except (JoseError, ValueError, TypeError):
            raise NotAuthenticated("the token's signature does not hold") from None
        return _object(signed.payload, "payload")


class SignedToken(NamedTuple):
    """A token with the form of a signed JWT, and nothing of it checked yet. `kid` names its key, if it does."""

    text: str
    header: Header
    kid: str | None


def taken_apart(text: str) -> SignedToken:
    """The parts of a token in JWS compact form (RFC 7515 §7.1). Raises NotAuthenticated if it is anything else."""
    if len(text) > MOST_BYTES:
        raise NotAuthenticated(f"the token is longer than {MOST_BYTES:,} bytes")
    parts = text.split(".")
    if len(parts) != 3 or not all(parts):
        raise NotAuthenticated("the token is not a signed JWT: three parts, none of them empty")
    try:
        raw = urlsafe_b64decode(parts[0].encode("ascii"))
    except ValueError:
        raise NotAuthenticated("the token's header is not base64url") from None
    header = _object(raw, "header")
    for name, why in _REFUSED.items():
        if name in header:
            raise NotAuthenticated(f"the token {why}: its header has `{name}`")
    kid = header.get("kid")
    if not isinstance(header.get("alg"), str) or not ("kid" not in header or isinstance(kid, str)):
        raise NotAuthenticated("the token's `alg` or `kid` is missing or not a text")
    return SignedToken(text, header, kid)


def _object(text: bytes, part: str) -> dict[str, Any]:
    try:
        return json_object(text)
    except ValueError as error:
        raise NotAuthenticated(f"the token's {part} {error}") from None
