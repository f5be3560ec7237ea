"""The key that checkpoints are signed with, and those that are trusted: files in the state directory.

STATE/journal.key      the private key (Ed25519), nobody else's business; made once
STATE/journal.vkeys    the public keys of it and of all before it, one a line, the latest last
"""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from remit.adapters.private_files import one_at_a_time, read_private, write_private
from remit.core.journal.notes import ED25519, NAME, Key, key_of, read_spelt, signed, spelt
from remit.errors import JournalDamaged, Misconfigured

_HEAD = "PRIVATE+KEY"

log = logging.getLogger("remit")


class Signer:
    """Signs with one private key of 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = Key(NAME, self._private.public_key().public_bytes_raw())

    def signed(self, text: str) -> bytes:
        """A note: this text, signed."""
        return signed(text, [(self.key, self._private.sign(text.encode()))])


def holds(public: bytes, signature: bytes, text: bytes) -> bool:
    """Is this a signature of the text by the key? (RFC 8032)"""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def signer_in(state: Path, new: bool = False) -> Signer:
    """What signs with the key of a state directory. The key is made if there is none yet, or a `new` one is wanted; the
    ones before it stay trusted.

    However many processes start at once, they all get the same one. Raises Misconfigured if it can neither be read nor
    made, or is none.
    """
    path = _private(state)
    found = None if new else _signer(path)
    if found is None or found.key not in trusted_in(state):
        with one_at_a_time(state):
            found = None if new else _signer(path)  # someone else may have made it meanwhile
            if found is None:
                found = Signer(seed := secrets.token_bytes(32))
                # trusted before it is used: whatever happens in between, nothing is signed by a key that nobody knows
                _trust(state, found.key)
                write_private(path, f"{_HEAD}+{found.key.name}+{found.key.id.hex()}+{spelt(ED25519 + seed)}\n".encode())
            _trust(state, found.key)
    return found


def trusted_in(state: Path) -> tuple[Key, ...]:
    """The public keys that are trusted, the latest last. Raises Misconfigured if they cannot be read."""
    path = state / "journal.vkeys"
    lines = (read_private(path) or b"").decode(errors="replace").split("\n")
    try:
        return tuple(key_of(line) for line in lines if line)
    except JournalDamaged as error:
        raise Misconfigured(f"`{path}` holds {error}") from None


def _private(state: Path) -> Path:
    return state / "journal.key"


def _trust(state: Path, key: Key) -> None:
    known = trusted_in(state)
    if key in known:
        return
    if known:
        log.warning("the journal is signed by a new key from now on: %s", key.text)
    write_private(state / "journal.vkeys", "".join(f"{each.text}\n" for each in (*known, key)).encode())


def _signer(path: Path) -> Signer | None:
    """What signs with the key in a file; None if there is no such file. Raises Misconfigured if it holds none."""
    data = read_private(path)
    if data is None:
        return None
    parts = data.decode(errors="replace").strip().split("+", 4)
    seed = read_spelt(parts[-1]) if len(parts) == 5 else None
    if seed is None or len(seed) != 33 or seed[:1] != ED25519 or "+".join(parts[:2]) != _HEAD:
        advice = "restore it, or make a new one with `remit journal key --new`"
        raise Misconfigured(f"`{path}` holds no key to sign the journal with; {advice}")
    found = Signer(seed[1:])
    if parts[2:4] != [found.key.name, found.key.id.hex()]:
        raise Misconfigured(f"`{path}` is damaged; restore it, or make a new one with `remit journal key --new`")
    return found
