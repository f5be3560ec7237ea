"""The one secret of an installation, and the keys made from it."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from remit.adapters.private_files import one_at_a_time, read_private, write_private
from remit.errors import Misconfigured

SIZE = 32
"""Bytes in the secret."""


def secret_in(state: Path) -> bytes:
    """The secret of a state directory, made if there is none yet.

    However many processes start at once, they all get the same one. Raises Misconfigured if it can neither be read
    nor made, is of another size, or may be read or written by others.
    """
    path = state / "secret"
    secret = read_private(path)
    if secret is None:
        with one_at_a_time(state):
            secret = read_private(path)  # someone else may have made it meanwhile
            if secret is None:
                secret = secrets.token_bytes(SIZE)
                write_private(path, secret)
    if len(secret) != SIZE:
        advice = "restore it, or remove it and all that was signed with it ends"
        raise Misconfigured(f"`{path}` is {len(secret):,} bytes long instead of {SIZE}; {advice}")
    return secret


def derived(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose. Keys for different purposes tell nothing of each other or of the secret
    (HMAC-SHA256 as a pseudo-random function, NIST SP 800-108)."""
    return hmac.digest(secret, purpose.encode(), "sha256")
