"""Secrets at rest: sealed with AES-256-GCM, each bound to the asset that it belongs to.

A sealed secret is a version byte, a nonce of 12 random bytes, and the ciphertext with its tag. Version and asset stand
beside it unencrypted but authenticated, so what is moved to another asset's row does not open. Random nonces are good
for 2³² secrets of one key; rotate long before.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from remit.core.names import quoted
from remit.errors import Misconfigured

SIZE = 32
"""Bytes in a key."""

_VERSION = b"\x01"
_NONCE = 12
_TAG = 16


def key_from(text: str) -> bytes:
    """A key from its configuration: 32 bytes in base64, as `openssl rand -base64 32` writes them.

    Raises Misconfigured for anything else; its sentence does not show the text.
    """
    try:
        key = base64.b64decode(text.strip().encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Misconfigured(
            f"a sealing key is {SIZE} bytes in base64; `openssl rand -base64 {SIZE}` makes one"
        ) from None
    _check_size(key)
    return key


class Sealer:
    """Seals and opens secrets. Of several keys the first seals and all open: a new key is put in front of the old."""

    def __init__(self, keys: bytes | Sequence[bytes]) -> None:
        """Raises Misconfigured unless there is a key, and each is 32 bytes long."""
        given = [keys] if isinstance(keys, bytes) else list(keys)
        if not given:
            raise Misconfigured("no sealing key is given, so no secret can be kept")
        for key in given:
            _check_size(key)
        self._ciphers = [AESGCM(key) for key in given]

    def seal(self, asset_id: str, values: Mapping[str, str]) -> bytes:
        """The values sealed, for this asset only; the same values never look the same twice."""
        nonce = secrets.token_bytes(_NONCE)
        text = json.dumps(dict(values), separators=(",", ":")).encode()
        return _VERSION + nonce + self._ciphers[0].encrypt(nonce, text, _beside(asset_id))

    def open(self, asset_id: str, sealed: bytes) -> dict[str, str]:
        """The values that were sealed for this asset.

        Raises Misconfigured if no key opens them: the key is another one, or they were damaged, or sealed for another
        asset, or by a later version of remit. Nobody can tell the first three apart.
        """
        if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE + _TAG:
            raise Misconfigured(f"the secret of {quoted(asset_id)} is damaged, or sealed by a later version of remit")
        nonce, text = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        for cipher in self._ciphers:
            try:
                opened: dict[str, str] = json.loads(cipher.decrypt(nonce, text, _beside(asset_id)))
                return opened
            except InvalidTag:
                continue
        advice = "give the key that sealed it beside the present one"
        raise Misconfigured(f"the secret of {quoted(asset_id)} opens with none of the sealing keys; {advice}")


def _beside(asset_id: str) -> bytes:
    return _VERSION + asset_id.encode("utf-8", "surrogatepass")


def _check_size(key: bytes) -> None:
    if len(key) != SIZE:
        raise Misconfigured(f"a sealing key has {SIZE} bytes, not {len(key):,}")
