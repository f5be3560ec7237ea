"""API keys: made, told, revoked; and a file of keys that cannot be trusted lets nobody in."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import multiprocessing
import os
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from remit.adapters import keys as module
from remit.adapters.keys import ApiKey, Keys
from remit.core.model import Actor
from remit.errors import CouldNotDecide, Misconfigured, NotAuthenticated, RequestInvalid
from tokens import NOW, SECOND

BUILDER = "application:workspace-builder"
START = NOW * SECOND


def created(path: Path, expires: int | None = None) -> tuple[Keys, str, str]:
    """Keys with one key: its id, and the key."""
    keys = Keys(path)
    id, key = keys.create(BUILDER, START, expires)
    return keys, id, key


def entries(path: Path) -> list[dict[str, object]]:
    """What the file holds."""
    found: list[dict[str, object]] = json.loads((path / "keys.json").read_bytes())["keys"]
    return found


def rewritten(path: Path, found: object) -> None:
    """Put something else into the file, with the permissions it has."""
    (path / "keys.json").write_text(found if isinstance(found, str) else json.dumps({"keys": found}))


def test_a_key_is_the_service_it_was_made_for(tmp_path: Path) -> None:
    keys, id, key = created(tmp_path)
    assert re.fullmatch(rf"remit_{id}_[\w-]{{43}}", key) and re.fullmatch("[0-9a-f]{12}", id)
    assert keys.verify(key, START) == Actor(BUILDER)
    assert Keys(tmp_path).verify(key, START + 10**18) == Actor(BUILDER)


def test_the_file_holds_no_secret(tmp_path: Path) -> None:
    _, id, key = created(tmp_path, START + 60 * SECOND)
    secret = key.split("_", 2)[2]
    assert entries(tmp_path) == [
        {
            "id": id,
            "subject": BUILDER,
            "created": "2025-11-24T16:00:00Z",
            "expires": "2025-11-24T16:01:00Z",
            "sha256": hashlib.sha256(secret.encode()).hexdigest(),
        }
    ]
    assert secret not in (tmp_path / "keys.json").read_text()
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"keys.json", "lock"}


def test_keys_are_listed_in_the_order_they_were_made(tmp_path: Path) -> None:
    keys, first, _ = created(tmp_path)
    assert Keys(tmp_path / "nowhere").list() == ()
    second, _ = Keys(tmp_path).create("application:two", START + SECOND, START + 2 * SECOND)
    one, two = keys.list()
    assert one == ApiKey(first, BUILDER, START, None, one.sha256)
    assert two == ApiKey(second, "application:two", START + SECOND, START + 2 * SECOND, two.sha256)


WRONG = {
    "of another": lambda id, secret: f"remit_{id}_{'A' * 43}",
    "cut": lambda id, secret: f"remit_{id}_{secret[:-1]}",
    "longer": lambda id, secret: f"remit_{id}_{secret}A",
    "padded": lambda id, secret: f"remit_{id}_{secret}=",
    "other letters": lambda id, secret: f"remit_{id}_{secret.swapcase()}",
    "no secret": lambda id, secret: f"remit_{id}_",
    "no underscore": lambda id, secret: f"remit_{id}",
    "no id": lambda id, secret: f"remit__{secret}",
    "another id": lambda id, secret: f"remit_{'0' * 12}_{secret}",
    "id in capitals": lambda id, secret: f"remit_{id.upper()}X_{secret}",
    "prefix only": lambda id, secret: "remit_",
    "prefix in capitals": lambda id, secret: f"REMIT_{id}_{secret}",
    "no prefix": lambda id, secret: f"{id}_{secret}",
    "prefix twice": lambda id, secret: f"remit_remit_{id}_{secret}",
    "the hash": lambda id, secret: f"remit_{id}_{hashlib.sha256(secret.encode()).hexdigest()}",
    "empty": lambda id, secret: "",
    "not ASCII": lambda id, secret: f"remit_{id}_{secret}é\ud800",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_key_is_refused(name: str, tmp_path: Path) -> None:
    keys, id, key = created(tmp_path)
    assert keys.verify(key, START) == Actor(BUILDER)
    with pytest.raises(NotAuthenticated, match=r"^the API key does not hold$") as refused:
        keys.verify(WRONG[name](id, key.split("_", 2)[2]), START)
    assert refused.value.given


@tries(deadline=None, database=None)
@given(st.text(max_size=80))
def test_no_text_is_a_key(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    keys, id, _ = created(tmp_path_factory.mktemp("keys"))
    for token in (text, f"remit_{text}", f"remit_{id}_{text}"):
        with pytest.raises(NotAuthenticated):
            keys.verify(token, START)


@pytest.mark.parametrize("known", [True, False])
def test_an_unknown_id_takes_as_much_comparing(known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, id, _ = created(tmp_path)
    compared = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(module, "hmac", SimpleNamespace(compare_digest=compare))
    with pytest.raises(NotAuthenticated):
        keys.verify(f"remit_{id if known else 'ffffffffffff'}_wrong", START)
    assert len(compared) == 1
    assert [len(text) for text in compared[0]] == [64, 64]


def test_a_key_expires(tmp_path: Path) -> None:
    keys, _, key = created(tmp_path, START + 60 * SECOND)
    assert keys.verify(key, START + 60 * SECOND - 1) == Actor(BUILDER)
    with pytest.raises(NotAuthenticated, match="has expired"):
        keys.verify(key, START + 60 * SECOND)


@pytest.mark.parametrize("expires", [0, START - 1, START, 10**22])
def test_no_key_is_made_that_would_never_count_or_never_end(expires: int, tmp_path: Path) -> None:
    with pytest.raises(RequestInvalid, match="must expire"):
        Keys(tmp_path).create(BUILDER, START, expires)
    assert not (tmp_path / "keys.json").exists()


NO_SERVICES = ["user:ada", "group:nlp", "role:admin", "builder", "", "application:", "application:*", "x:y"]


@pytest.mark.parametrize("subject", NO_SERVICES)
def test_no_key_is_made_for_who_is_no_service(subject: str, tmp_path: Path) -> None:
    with pytest.raises(RequestInvalid):
        Keys(tmp_path).create(subject, START)
    assert not (tmp_path / "keys.json").exists()


def test_a_revoked_key_stops_counting_within_a_second(tmp_path: Path) -> None:
    server, _, _ = created(tmp_path)
    command = Keys(tmp_path)
    id, key = command.create("application:two", START)
    assert Keys(tmp_path).verify(key, START)
    with pytest.raises(NotAuthenticated):
        server.verify("remit_x_y", START)  # it looks at the file now
    command.revoke(id)
    assert server.verify(key, START + SECOND - 1), "the file is looked at once a second"
    with pytest.raises(NotAuthenticated):
        server.verify(key, START + SECOND)
    with pytest.raises(NotAuthenticated):
        command.verify(key, START)
    assert [key.subject for key in command.list()] == [BUILDER]


def test_a_new_key_counts_at_once(tmp_path: Path) -> None:
    server = Keys(tmp_path)
    with pytest.raises(NotAuthenticated):
        server.verify("remit_x_y", START)
    _, key = Keys(tmp_path).create(BUILDER, START)
    assert server.verify(key, START) == Actor(BUILDER)
    assert server.verify(key, START) == Actor(BUILDER)


def test_a_clock_that_is_set_back_does_not_keep_a_revoked_key(tmp_path: Path) -> None:
    server, id, key = created(tmp_path)
    assert server.verify(key, START)
    Keys(tmp_path).revoke(id)
    with pytest.raises(NotAuthenticated):
        server.verify(key, START - 3_600 * SECOND)


def test_only_what_is_there_is_revoked(tmp_path: Path) -> None:
    keys, _, key = created(tmp_path)
    for id in ("", "000000000000", key):
        with pytest.raises(RequestInvalid, match="there is no API key"):
            keys.revoke(id)
    assert len(keys.list()) == 1


def test_without_a_file_there_are_no_keys(tmp_path: Path) -> None:
    server, _, key = created(tmp_path)
    (tmp_path / "keys.json").unlink()
    with pytest.raises(NotAuthenticated):
        server.verify(key, START + SECOND)


def make(state: Path, number: int) -> tuple[str, str]:
    """Make a key, and revoke every third, in a process of its own."""
    keys = Keys(state)
    id, key = keys.create(f"application:{number}", START)
    if number % 3 == 0:
        keys.revoke(id)
    return id, key


def test_two_commands_at_once_lose_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        made = list(pool.map(make, [state] * 60, range(60)))
    keys = Keys(state)
    assert {key.subject for key in keys.list()} == {f"application:{n}" for n in range(60) if n % 3}
    for number, (_, key) in enumerate(made):
        if number % 3:
            assert keys.verify(key, START) == Actor(f"application:{number}")
        else:
            with pytest.raises(NotAuthenticated):
                keys.verify(key, START)


DAMAGE = {
    "empty": "",
    "no JSON": "keys",
    "cut": '{"keys":[',
    "a list": "[]",
    "no keys": "{}",
    "keys null": '{"keys":null}',
    "keys an object": '{"keys":{}}',
    "keys twice": '{"keys":[],"keys":[]}',
    "something else too": '{"keys":[],"more":1}',
}
CHANGES = {
    "id missing": lambda entry: entry.pop("id"),
    "id no text": lambda entry: entry.update(id=7),
    "id of another form": lambda entry: entry.update(id="ADA"),
    "id empty": lambda entry: entry.update(id=""),
    "subject a user": lambda entry: entry.update(subject="user:ada"),
    "subject null": lambda entry: entry.update(subject=None),
    "subject without type": lambda entry: entry.update(subject="ada"),
    "created missing": lambda entry: entry.pop("created"),
    "created null": lambda entry: entry.update(created=None),
    "created a number": lambda entry: entry.update(created=START),
    "expires missing": lambda entry: entry.pop("expires"),
    "expires a number": lambda entry: entry.update(expires=START + SECOND),
    "expires empty": lambda entry: entry.update(expires=""),
    "expires in local time": lambda entry: entry.update(expires="2026-01-01T00:00:00+01:00"),
    "expires no day": lambda entry: entry.update(expires="2026-02-30"),
    "hash missing": lambda entry: entry.pop("sha256"),
    "hash short": lambda entry: entry.update(sha256="0" * 63),
    "hash null": lambda entry: entry.update(sha256=None),
    "hash in capitals": lambda entry: entry.update(sha256="A" * 64),
    "a member more": lambda entry: entry.update(groups=["admins"]),
}


def damaged(path: Path, name: str) -> None:
    """Damage the file."""
    if name in DAMAGE:
        rewritten(path, DAMAGE[name])
    elif name == "two of one id":
        rewritten(path, entries(path) * 2)
    elif name == "no entry":
        rewritten(path, [*entries(path), None])
    elif name == "a directory":
        (path / "keys.json").unlink()
        (path / "keys.json").mkdir(mode=0o700)
    elif name in ("readable", "writable"):
        (path / "keys.json").chmod(0o604 if name == "readable" else 0o620)
    else:
        found = entries(path)
        CHANGES[name](found[0])
        rewritten(path, found)


OTHERWISE = ["two of one id", "no entry", "a directory", "readable", "writable"]


@pytest.mark.parametrize("name", [*DAMAGE, *CHANGES, *OTHERWISE])
def test_a_file_that_cannot_be_trusted_lets_nobody_in(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, id, key = created(tmp_path)
    good = (tmp_path / "keys.json").read_bytes()
    assert server.verify(key, START) == Actor(BUILDER)
    damaged(tmp_path, name)
    for second in (1, 1, 2, 3):
        with pytest.raises(CouldNotDecide, match="cannot be read"):
            server.verify(key, START + second * SECOND)
    assert caplog.text.count("no API key counts") == 1
    if name != "a directory":
        for refuse in (lambda: Keys(tmp_path), server.list, lambda: server.revoke(id)):
            with pytest.raises(Misconfigured, match=r"damaged|by others"):
                refuse()
        with pytest.raises(Misconfigured):
            server.create(BUILDER, START)
    if (tmp_path / "keys.json").is_dir():
        (tmp_path / "keys.json").rmdir()
    (tmp_path / "keys.json").write_bytes(good)
    (tmp_path / "keys.json").chmod(0o600)
    assert server.verify(key, START + 4 * SECOND) == Actor(BUILDER)


def test_a_disk_that_fails_for_a_moment_lets_nobody_in_for_that_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _, key = created(tmp_path)
    assert server.verify(key, START) == Actor(BUILDER)

    def failing(_: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(module, "stamp", failing)
        with pytest.raises(CouldNotDecide):
            server.verify(key, START + SECOND)
    assert server.verify(key, START + 2 * SECOND) == Actor(BUILDER)


def test_nothing_of_a_key_is_said_or_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    keys, id, key = created(tmp_path)
    with pytest.raises(NotAuthenticated) as refused:
        keys.verify(key + "canary", START)
    said = f"{refused.value}{caplog.text}"
    assert "canary" not in said and id not in said and key not in said


def test_a_link_is_no_private_file(tmp_path: Path) -> None:
    state, other = tmp_path / "state", tmp_path / "other"
    other.mkdir()
    Keys(other).create("application:portal", 10**18)
    state.mkdir()
    (state / "keys.json").symlink_to(other / "keys.json")
    with pytest.raises(Misconfigured, match="cannot be read"):
        Keys(state)


def test_a_file_of_somebody_else_is_no_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Keys(tmp_path).create("application:portal", 10**18)
    me = os.geteuid()
    if me == 0:
        os.chown(tmp_path / "keys.json", 65_534, 65_534)
    else:  # only root can give a file away; anybody else can be taken for another
        monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(Misconfigured, match="somebody else"):
        Keys(tmp_path)
