"""Signed notes and checkpoints, held against notes that others signed, and against the bare primitives."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remit.adapters.journal.signing import Signer, holds, signer_in, trusted_in
from remit.core.journal.notes import (
    Checkpoint,
    Key,
    checkpoint_of,
    key_of,
    note_of,
    opened,
    origin_of,
    segment_of,
    signed,
)
from remit.errors import JournalDamaged, Misconfigured, SignedByOthers

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = f"""{TEXT}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
""".encode()
"""The example of Go's `golang.org/x/mod/sumdb/note`, with its public and its private key."""

FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOOS = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
""".encode()
"""An example of another implementation."""

CHECKPOINT = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
"""The example of https://c2sp.org/tlog-checkpoint."""


def test_notes_that_others_signed_hold() -> None:
    assert opened(NOTE, [key_of(PETER)], holds) == TEXT
    assert opened(FOOS, [key_of(FOO)], holds) == "This is an example message.\n"
    for key in (PETER, FOO, "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"):
        assert key_of(key).text == key


def test_the_same_key_signs_the_same_note() -> None:
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(PETERS)[1:])
    assert signed(TEXT, [(key_of(PETER), private.sign(TEXT.encode()))]) == NOTE


def test_what_is_signed_here_is_what_the_bare_primitives_make_of_it() -> None:
    seed = os.urandom(32)
    signer, private = Signer(seed), Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    id = hashlib.sha256(b"remit-journal\n\x01" + public).digest()[:4]
    made = signer.signed("a\n")
    text, _, line = made.decode().partition("\n\n")
    signature, spelt = private.sign(b"a\n"), base64.b64encode(b"\x01" + public).decode()
    assert (text, line) == ("a", f"— remit-journal {base64.b64encode(id + signature).decode()}\n")
    assert signer.key.text == f"remit-journal+{id.hex()}+{spelt}"


def test_a_text_may_hold_empty_lines() -> None:
    signer = Signer(os.urandom(32))
    assert opened(signer.signed("a\n\nb\n"), [signer.key], holds) == "a\n\nb\n"


def test_every_changed_bit_of_a_note_is_noticed() -> None:
    key = key_of(PETER)
    for at in range(len(NOTE)):
        for bit in range(8):
            data = bytearray(NOTE)
            data[at] ^= 1 << bit
            with pytest.raises(JournalDamaged):
                opened(bytes(data), [key], holds)


def test_every_note_that_is_cut_off_is_noticed() -> None:
    for size in range(len(NOTE)):
        with pytest.raises(JournalDamaged):
            opened(NOTE[:size], [key_of(PETER)], holds)
    for more in (b"\n", b" ", b"x", "— a \n".encode()):
        with pytest.raises(JournalDamaged):
            opened(NOTE + more, [key_of(PETER)], holds)


def test_signatures_by_unknown_keys_are_left_aside_and_those_by_known_ones_must_hold() -> None:
    one, other = Signer(os.urandom(32)), Signer(os.urandom(32))
    both = one.signed("a\n") + other.signed("a\n").partition(b"\n\n")[2]
    assert opened(both, [one.key], holds) == opened(both, [other.key], holds) == "a\n"
    assert opened(both, [one.key, other.key], holds) == "a\n"
    with pytest.raises(SignedByOthers, match="which is no key that is trusted here"):
        opened(one.signed("a\n"), [other.key], holds)
    wrong = one.signed("a\n") + other.signed("b\n").partition(b"\n\n")[2]
    assert opened(wrong, [one.key], holds) == "a\n"
    with pytest.raises(JournalDamaged, match="does not hold"):
        opened(wrong, [one.key, other.key], holds)
    with pytest.raises(SignedByOthers):
        opened(one.signed("a\n"), [], holds)


def test_a_key_of_the_same_id_and_another_name_is_another_key() -> None:
    one = Signer(os.urandom(32))
    named = Key("other", one.key.public)
    with pytest.raises(SignedByOthers):
        opened(one.signed("a\n"), [named], holds)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"a\n",
        b"a\n\n",
        b"a\n\nb\n",
        "a\n\n— \n".encode(),
        "a\n\n— n AAAA\n".encode(),
        "a\n\n— n AAAAAAA=".encode(),
        "a\r\n\n— n AAAAAAA=\n".encode(),
        "a\n\n— n+m AAAAAAA=\n".encode(),
        "a\n\n— n AAAAAAB=\n".encode(),
        b"a\n\n-- n AAAAAAA=\n",
        b"a\xff\n\n\xe2\x80\x94 n AAAAAAA=\n",
        ("a\n\n" + "— n AAAAAAA=\n" * 17).encode(),
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(JournalDamaged):
        note_of(data)


def test_sixteen_signatures_are_read() -> None:
    assert len(note_of(("a\n\n" + "— n AAAAAAA=\n" * 16).encode()).signatures) == 16


@pytest.mark.parametrize(
    "text",
    ["", "a", "a+b", "a+00000000+AAAA", PETER + "x", PETER.replace("c74f20a3", "c74f20a4"),
     PETER.replace("PeterNeumann", "PeterNewmann"), PETER.replace("+ARp", "+AhRp"), PETER.replace("c7", "C7")],
)  # fmt: skip
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(JournalDamaged):
        key_of(text)


def test_a_checkpoint_says_whose_tree_it_is_its_size_and_its_root() -> None:
    found = checkpoint_of(CHECKPOINT)
    assert (found.origin, found.size, len(found.root)) == ("example.com/behind-the-sofa", 20852163, 32)
    assert found.text == CHECKPOINT
    root = hashlib.sha256(b"").digest()
    assert checkpoint_of(Checkpoint(origin_of("abcd1234", 7), 0, root).text).size == 0


@pytest.mark.parametrize(
    "text",
    ["", "a\n1\n", CHECKPOINT + "more\n", CHECKPOINT[:-1], CHECKPOINT.replace("2085", "02085"),
     CHECKPOINT.replace("2085", "-2085"), CHECKPOINT.replace("2085", "２085"), CHECKPOINT.replace("CsUY", "CsU"),
     "\n" + CHECKPOINT.partition("\n")[2]],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(JournalDamaged):
        checkpoint_of(text)


def test_a_tree_is_named_by_its_segment() -> None:
    assert segment_of(origin_of("abcd1234", 77)) == ("abcd1234", 77)
    for text in ("remit/abcd1234/0", "remit/abcd1234/07", "remit/ABCD1234/7", "remit/abcd1234", "x/abcd1234/7", ""):
        assert segment_of(text) is None


def test_a_key_is_made_once_and_is_nobody_elses_business(tmp_path: Path) -> None:
    state = tmp_path / "state"
    key = signer_in(state).key
    assert signer_in(state).key == key
    assert trusted_in(state) == (key,)
    assert {path.name: path.stat().st_mode & 0o777 for path in state.iterdir() if path.name != "lock"} == {
        "journal.key": 0o600,
        "journal.vkeys": 0o600,
    }


def test_a_new_key_leaves_the_old_ones_trusted(tmp_path: Path) -> None:
    keys = [signer_in(tmp_path).key, signer_in(tmp_path, new=True).key, signer_in(tmp_path, new=True).key]
    assert len(set(keys)) == 3
    assert trusted_in(tmp_path) == tuple(keys)
    assert signer_in(tmp_path).key == keys[-1]


def test_a_key_that_is_lost_is_replaced_and_what_it_signed_still_holds(tmp_path: Path) -> None:
    lost = signer_in(tmp_path)
    note = lost.signed("a\n")
    (tmp_path / "journal.key").unlink()
    assert signer_in(tmp_path).key != lost.key
    assert opened(note, trusted_in(tmp_path), holds) == "a\n"


def test_a_list_that_is_lost_begins_again_with_the_key_that_is_there(tmp_path: Path) -> None:
    key = signer_in(tmp_path).key
    (tmp_path / "journal.vkeys").unlink()
    assert signer_in(tmp_path).key == key
    assert trusted_in(tmp_path) == (key,)


def test_a_private_key_that_is_damaged_or_open_to_others_is_refused(tmp_path: Path) -> None:
    signer_in(tmp_path)
    path = tmp_path / "journal.key"
    text = path.read_text()
    for damaged in ("", "x", text.replace("PRIVATE", "PUBLIC"), text.replace("remit", "permit"), text[:-8] + "\n"):
        path.write_text(damaged)
        with pytest.raises(Misconfigured, match=r"journal\.key"):
            signer_in(tmp_path)
    path.write_text(text)
    path.chmod(0o644)
    with pytest.raises(Misconfigured, match="may be read or written by others"):
        signer_in(tmp_path)
