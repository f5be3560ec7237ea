"""Signed notes and checkpoints: what is signed of a segment, in the form that transparency logs use.

Sources: https://c2sp.org/signed-note (a text, a blank line, signatures by keys that have a name) and
https://c2sp.org/tlog-checkpoint (origin, size and root of a tree). Only Ed25519 is used. Whatever can be written in two
ways is refused in all but one, so that no byte of a note can be changed unseen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from remit.errors import JournalDamaged, SignedByOthers

NAME = "remit-journal"
"""What a key of remit's is called; its id tells one from another."""

ED25519 = b"\1"
"""The type of signature, as the specification counts them."""

MOST = 16
"""Signatures that a note may have."""

_KEY_NAME = re.compile(r"[^\s+\x00-\x1f]{1,255}")
_ORIGIN = re.compile(r"remit/([a-z0-9]{4,32})/([1-9][0-9]{0,17})", re.ASCII)
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_DASH = "— "

Holds = Callable[[bytes, bytes, bytes], bool]
"""Does a signature hold? By a public key, for a text: an Ed25519 primitive, which the core has not."""


class Key(NamedTuple):
    """A public key: its name, and its 32 bytes (RFC 8032)."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell which key signed."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The key as it is handed on: its name, its id, and the key itself (a "vkey")."""
        return f"{self.name}+{self.id.hex()}+{spelt(ED25519 + self.public)}"


class Note(NamedTuple):
    """A text, and who signed it: the name and the id of each key, and the signature."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


class Checkpoint(NamedTuple):
    """What is signed of a segment: whose tree it is, how many lines it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{spelt(self.root)}\n"


def key_of(text: str) -> Key:
    """A public key from its text. Raises JournalDamaged if it is none, or its id is not its own."""
    name, _, rest = text.strip().partition("+")
    _, _, encoded = rest.partition("+")
    data = read_spelt(encoded)
    if not _KEY_NAME.fullmatch(name) or data is None or len(data) != 33 or data[:1] != ED25519:
        raise JournalDamaged("no key; it reads `NAME+ID+BASE64`, as `remit journal key` prints it")
    found = Key(name, data[1:])
    if found.text != text.strip():
        raise JournalDamaged(f"the key `{name}` is damaged: its id is not its own")
    return found


def signed(text: str, signatures: Iterable[tuple[Key, bytes]]) -> bytes:
    """A text with its signatures, as a file."""
    lines = "".join(f"{_DASH}{key.name} {spelt(key.id + signature)}\n" for key, signature in signatures)
    return f"{text}\n{lines}".encode()


def note_of(data: bytes) -> Note:
    """A text and its signatures. Raises JournalDamaged if this is no signed note."""
    try:
        whole = data.decode()
    except ValueError:
        raise JournalDamaged("no signed note: it is no text in UTF-8") from None
    text, blank, rest = whole.rpartition("\n\n")
    lines = rest.split("\n")
    if not blank or not text or lines.pop() or not 1 <= len(lines) <= MOST:
        raise JournalDamaged("no signed note: it is a text, an empty line, and signatures")
    if any(ord(letter) < 32 and letter != "\n" for letter in whole):
        raise JournalDamaged("no signed note: it holds control characters")
    return Note(text + "\n", tuple(_signature(line) for line in lines))


def opened(data: bytes, keys: Sequence[Key], holds: Holds) -> str:
    """The text of a note that one of these keys signed.

    Raises JournalDamaged if it is no note, or a signature of one of them does not hold, and SignedByOthers if none of
    them signed it.
    """
    note, good = note_of(data), False
    known = {(key.name, key.id): key for key in keys}
    for name, id, signature in note.signatures:
        key = known.get((name, id))
        if key is not None and not holds(key.public, signature, note.text.encode()):
            raise JournalDamaged(f"the signature of `{name}+{id.hex()}` does not hold")
        good = good or key is not None
    if not good:
        names = ", ".join(f"`{name}+{id.hex()}`" for name, id, _ in note.signatures)
        raise SignedByOthers(f"signed by {names}, which is no key that is trusted here")
    return note.text


def checkpoint_of(text: str) -> Checkpoint:
    """What the text of a note says of a tree. Raises JournalDamaged if it is no checkpoint."""
    lines = text.split("\n")
    root = read_spelt(lines[2]) if len(lines) == 4 and not lines[3] else None
    if root is None or len(root) != 32 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise JournalDamaged("no checkpoint: it says whose tree it is, its size and its root, and no more")
    return Checkpoint(lines[0], int(lines[1]), root)


def origin_of(writer: str, first: int) -> str:
    """How the tree over a segment is called: by its writer and the number of its first line.

    Each segment has a tree of its own, because lines of old segments go when their time is over and a tree over all of
    them could then be computed by nobody. What ties the trees together is the chain: the first line of each names the
    last line of the one before.
    """
    return f"remit/{writer}/{first}"


def segment_of(origin: str) -> tuple[str, int] | None:
    """The writer and the first line of the segment whose tree this is; None if it is no segment's."""
    match = _ORIGIN.fullmatch(origin)
    return None if match is None else (match[1], int(match[2]))


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = read_spelt(encoded)
    if not line.startswith(_DASH) or not _KEY_NAME.fullmatch(name) or data is None or len(data) < 5:
        raise JournalDamaged("no signed note: below its empty line is what is no signature")
    return name, data[:4], data[4:]


def spelt(data: bytes) -> str:
    """Bytes in base64."""
    return base64.b64encode(data).decode()


def read_spelt(text: str) -> bytes | None:
    """The bytes that base64 spells; None unless they are spelt just so."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return data if spelt(data) == text else None
