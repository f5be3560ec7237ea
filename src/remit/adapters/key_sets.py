"""A JWK Set (RFC 7517 §5) as the keys in it that signatures may be checked with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.util import urlsafe_b64decode

from remit.adapters.jose import VerifyingKey
from remit.adapters.strict_json import json_object

LEAST_RSA_BITS = 2048
"""Shorter RSA keys are not used (RFC 7518 §3.3)."""

ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "P-521": ("ES512",),
    "Ed25519": ("Ed25519", "EdDSA"),  # two names of one algorithm: RFC 9864, RFC 8037
}
"""The signature algorithms there are for RSA keys and for each curve; all of them are asymmetric."""


class KeySet:
    """The usable keys of an issuer. Two sets are the same exactly if their `mark` is."""

    def __init__(self, keys: Mapping[str, VerifyingKey], nameless: tuple[VerifyingKey, ...] = ()) -> None:
        self._named = dict(keys)
        together = (*keys.values(), *nameless)
        self._only = together[0] if len(together) == 1 else None
        self.mark = frozenset({(kid, key.mark) for kid, key in keys.items()} | {(None, key.mark) for key in nameless})

    def find(self, kid: str | None) -> VerifyingKey | None:
        """The key of that name; for a token that names none, the only key if there is but one."""
        return self._only if kid is None else self._named.get(kid)


def read_key_set(document: bytes, algorithms: tuple[str, ...]) -> KeySet:
    """The keys of a JWK Set that may check signatures by one of `algorithms`; all others are left out.

    Two keys of one name are left out both: nothing says which is meant. Raises ValueError, in words that follow what
    was read, if no key is left.
    """
    entries = json_object(document).get("keys")
    if not isinstance(entries, list) or not entries:
        raise ValueError("is not a JWK Set with keys")
    named: dict[str, list[VerifyingKey]] = {}
    nameless: list[VerifyingKey] = []
    for entry in entries:
        if key := _verifying_key(entry, algorithms):
            nameless.append(key) if "kid" not in entry else named.setdefault(entry["kid"], []).append(key)
    single = {kid: keys[0] for kid, keys in named.items() if len(keys) == 1}
    if not single and not nameless:
        raise ValueError(f"holds no key that can check {' or '.join(algorithms)} signatures")
    return KeySet(single, tuple(nameless))


def _verifying_key(entry: Any, algorithms: tuple[str, ...]) -> VerifyingKey | None:
    """A key of the set if it is sound, meant to check signatures, and of a configured algorithm."""
    if not isinstance(entry, dict) or not _meant_for_signatures(entry):
        return None
    sort = entry.get("kty") if entry.get("kty") == "RSA" else entry.get("crv")
    fitting = ALGORITHMS.get(sort, ()) if isinstance(sort, str) else ()
    own = entry.get("alg")
    chosen = [name for name in algorithms if name in fitting and own in (None, name)]
    if not chosen:
        return None
    try:
        return VerifyingKey(chosen[0], _public_key(entry))
    except (JoseError, UnsupportedAlgorithm, ValueError, KeyError, TypeError):
        return None


def _meant_for_signatures(entry: dict[str, Any]) -> bool:
    """RFC 7517 §4.2 and §4.3. A key that comes with its private part is everyone's, so it proves nothing."""
    operations = entry.get("key_ops", ["verify"])
    return (
        entry.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and isinstance(entry.get("kid", ""), str)
        and "d" not in entry
    )


def _public_key(entry: dict[str, Any]) -> Key:
    """The key itself, without anything else that the entry says. Raises what joserfc and cryptography do."""
    match entry["kty"]:
        case "RSA":
            if int.from_bytes(urlsafe_b64decode(bytes(entry["n"], "ascii"))).bit_length() < LEAST_RSA_BITS:
                raise ValueError("too short")
            return RSAKey.import_key({"kty": "RSA", "n": entry["n"], "e": entry["e"]})
        case "EC":
            return ECKey.import_key({"kty": "EC", "crv": entry["crv"], "x": entry["x"], "y": entry["y"]})
        case "OKP":
            return OKPKey.import_key({"kty": "OKP", "crv": entry["crv"], "x": entry["x"]})
    raise ValueError("unknown type")
