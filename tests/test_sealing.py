"""Secrets at rest: what opens, for which asset and with which key; and that nothing tells what is inside."""

from __future__ import annotations

import base64
import secrets
from itertools import count

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from remit.adapters.sealing import Sealer, key_from
from remit.errors import Misconfigured

OLD, NEW, OTHER = (secrets.token_bytes(32) for _ in range(3))
VALUES = {"username": "ada", "password": "pässwörd 😀 \0 \n", "": ""}


_COUNT = count()  # a key made just now is no name for a test


@pytest.mark.parametrize("values", [VALUES, {}, {"key": "x" * 100_000}])
def test_what_was_sealed_opens(values: dict[str, str]) -> None:
    assert Sealer(OLD).open("a", Sealer([OLD]).seal("a", values)) == values


def test_a_seal_shows_nothing_and_is_never_the_same() -> None:
    sealer = Sealer(OLD)
    sealed = {sealer.seal("a", VALUES) for _ in range(100)}
    assert len({one[1:13] for one in sealed}) == 100, "no nonce comes twice"
    for one in sealed:
        assert one[0] == 1 and len(one) == len(next(iter(sealed)))
        assert not any(value.encode() in one for value in ("ada", "username", "password"))
    assert OLD.hex() not in repr(sealer) and str(OLD) not in repr(vars(sealer))


def test_a_seal_opens_for_its_own_asset_only() -> None:
    sealed = Sealer(OLD).seal("a", VALUES)
    for other in ("b", "", "A", "a ", "a\0"):
        with pytest.raises(Misconfigured, match="opens with none of the sealing keys"):
            Sealer(OLD).open(other, sealed)


def test_a_seal_that_was_touched_does_not_open() -> None:
    sealed = Sealer(OLD).seal("a", {"k": "v"})
    for place in range(len(sealed)):
        touched = bytearray(sealed)
        touched[place] ^= 1
        with pytest.raises(Misconfigured):
            Sealer(OLD).open("a", bytes(touched))
    for size in range(len(sealed)):
        with pytest.raises(Misconfigured):
            Sealer(OLD).open("a", sealed[:size])
    with pytest.raises(Misconfigured):
        Sealer(OLD).open("a", sealed + b"\0")


def test_a_new_key_seals_and_the_old_ones_still_open() -> None:
    before = Sealer(OLD).seal("a", VALUES)
    rotated = Sealer([NEW, OTHER, OLD])
    after = rotated.seal("a", VALUES)
    assert rotated.open("a", before) == rotated.open("a", after) == Sealer(NEW).open("a", after) == VALUES
    with pytest.raises(Misconfigured) as found:
        Sealer([OTHER, OLD]).open("a", after)
    advice = "give the key that sealed it beside the present one"
    assert str(found.value) == f"the secret of `a` opens with none of the sealing keys; {advice}"
    assert found.value.__suppress_context__ or found.value.__context__ is None


def test_a_later_seal_is_told_from_a_wrong_key() -> None:
    sealed = Sealer(OLD).seal("a", VALUES)
    with pytest.raises(Misconfigured, match="damaged, or sealed by a later version of remit"):
        Sealer(OLD).open("a", b"\x02" + sealed[1:])


def test_the_seal_is_plain_aes_gcm_so_that_others_can_open_it() -> None:
    sealed = Sealer(OLD).seal("ä", {"k": "v"})
    assert AESGCM(OLD).decrypt(sealed[1:13], sealed[13:], b"\x01" + "ä".encode()) == b'{"k":"v"}'


@pytest.mark.parametrize(
    "text", [base64.b64encode(OLD).decode(), f" {base64.b64encode(OLD).decode()}\n"], ids=["bare", "spaced"]
)
def test_a_key_is_read(text: str) -> None:
    assert key_from(text) == OLD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        OLD.hex(),
        base64.b64encode(OLD[:31]).decode(),
        base64.b64encode(OLD + b"x").decode(),
        base64.b64encode(OLD).decode()[:-1],
        base64.b64encode(OLD).decode()[:20] + " " + base64.b64encode(OLD).decode()[20:],
        base64.b64encode(OLD).decode() + "é",
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
    ],
    ids=lambda _: f"bad{next(_COUNT)}",
)
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(Misconfigured, match="sealing key") as found:
        key_from(text)
    assert len(text) < 10 or text.strip() not in str(found.value)


@pytest.mark.parametrize("keys", [[], b"", b"short", [OLD, b"x" * 33]])
def test_a_sealer_has_good_keys_or_is_none(keys: bytes | list[bytes]) -> None:
    with pytest.raises(Misconfigured, match="sealing key"):
        Sealer(keys)
