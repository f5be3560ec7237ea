"""The secret of an installation: one, whoever comes first, and for nobody else's eyes."""

from __future__ import annotations

import hashlib
import hmac
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from remit.adapters import private_files
from remit.adapters.private_files import one_at_a_time, write_private
from remit.adapters.secret import derived, secret_in
from remit.errors import Misconfigured


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    state = tmp_path / "a" / "state"
    secret = secret_in(state)
    assert len(secret) == 32
    assert secret_in(state) == secret == (state / "secret").read_bytes()
    assert secret_in(tmp_path / "b") != secret
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / "secret").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in state.iterdir()} == {"secret", "lock"}


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_the_umask_does_not_matter(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_private(tmp_path / "secret", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_all_that_start_at_once_get_the_same_secret(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        for number in range(20):
            assert len(set(pool.map(secret_in, [tmp_path / str(number)] * 6))) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777])
def test_a_secret_that_others_may_touch_is_none(mode: int, tmp_path: Path) -> None:
    secret_in(tmp_path)
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(Misconfigured, match=r"`.*/secret` may be read or written by others; run `chmod 600 "):
        secret_in(tmp_path)
    (tmp_path / "secret").chmod(0o400)
    secret_in(tmp_path)


@pytest.mark.parametrize("size", [0, 1, 31, 33, 4_096])
def test_a_secret_of_another_size_is_none(size: int, tmp_path: Path) -> None:
    write_private(tmp_path / "secret", b"x" * size)
    with pytest.raises(Misconfigured, match=f"is {size:,} bytes long instead of 32"):
        secret_in(tmp_path)
    assert (tmp_path / "secret").stat().st_size == size, "it is never replaced"


def test_what_cannot_be_read_or_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Misconfigured, match="cannot be read: Not a directory"):
        secret_in(tmp_path / "file")
    (tmp_path / "state" / "secret").mkdir(parents=True)
    with pytest.raises(Misconfigured, match="secret` cannot be read: Is a directory"):
        secret_in(tmp_path / "state")
    with pytest.raises(Misconfigured, match="cannot be written"):
        write_private(tmp_path / "nowhere" / "secret", b"x")
    with pytest.raises(Misconfigured, match="cannot be used as the state directory"), one_at_a_time(tmp_path / "file"):
        pass


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_private(tmp_path / "secret", b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_files.os, "fsync", full)
    with pytest.raises(Misconfigured, match="cannot be written: No space left on device"):
        write_private(tmp_path / "secret", b"after")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"secret": b"before"}


def test_keys_for_different_purposes_have_nothing_in_common(tmp_path: Path) -> None:
    secret = secret_in(tmp_path)
    keys = [derived(secret, purpose) for purpose in ("", "tokens", "cursors", "tokens ", "Tokens")]
    assert len({*keys, secret}) == 6
    assert all(len(key) == 32 for key in keys)
    assert derived(secret, "tokens") == hmac.new(secret, b"tokens", hashlib.sha256).digest()
    assert derived(b"x" * 32, "tokens") != derived(secret, "tokens")
