"""`remit journal verify`, `prove`, `check-proof` and `key`, over real files and a real database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from commands import Ran
from golden import golden
from remit.adapters.journal.ledger import open_ledger
from remit.adapters.journal.signing import signer_in
from remit.cli.app import run
from remit.core.journal.proofs import proof_of, proven
from remit.entry import RealHouse
from remit.errors import JournalDamaged
from signed_journals import World, lines_of, rewrite


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    found = World(tmp_path)
    monkeypatch.setenv("REMIT_STATE", str(found.state))
    monkeypatch.setenv("REMIT_JOURNAL_DIR", str(found.directory))
    monkeypatch.setenv("REMIT_DATABASE_URL", found.database.url)
    yield found
    found.database.close()


def ran(*arguments: str) -> Ran:
    """Run `remit journal …` in this process, in the world as it is."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
        run(RealHouse(), ["journal", *arguments])
    return Ran(int(left.value.code or 0), out.getvalue(), err.getvalue())


def test_a_sound_journal(world: World) -> None:
    writer = world.made()
    found = ran("verify")
    assert (found.code, found.err) == (0, "")
    golden("journal/sound.txt", found.out.replace(writer, "abcd1234"))
    assert json.loads(ran("verify", "--format", "json").out) == {
        "whole": True,
        "faults": [],
        "notes": [],
        "writers": [
            {"writer": writer, "segments": 4, "lines": 21, "signed_until": world.time, "unsigned": 3, "expired": 0,
             "unstored": 0}
        ],
    }  # fmt: skip


def test_a_journal_that_was_changed(world: World) -> None:
    writer = world.made()
    rewrite(world.file(writer, 0), lambda lines: [lines[0].replace(b"evaluate", b"evaluatf"), *lines[1:]])
    rewrite(world.file(writer, 1), lambda lines: [*lines[:2], *lines[3:]])
    (world.directory / writer / "000000000013.checkpoint").unlink()
    found = ran("verify")
    assert (found.code, found.err) == (6, "")
    golden("journal/broken.txt", found.out.replace(writer, "abcd1234"))
    told = json.loads(ran("verify", "--format", "json").out)
    assert told["whole"] is False and len(told["faults"]) >= 5
    assert told["faults"][0] == {
        "file": f"{writer}/000000000001.jsonl.gz",
        "line": 1,
        "what": "this line is not the one that the next line names",
        "means": "it was edited after it was written, or is damaged",
    }
    assert ran("verify", "--no-database").code == 6


def test_whoever_brings_a_key_trusts_no_other(world: World) -> None:
    world.made()
    key = ran("key").out.strip()
    assert ran("verify", "--key", key).code == 0
    assert "auditors give --key" in ran("verify").out and "auditors" not in ran("verify", "--key", key).out
    other = ran("key", "--new").out.strip()
    assert other != key
    assert ran("verify").code == 0
    assert ran("verify", "--key", other).code == 6
    assert ran("verify", "--key", other, "--key", key).code == 0
    assert json.loads(ran("key", "--format", "json").out) == {"key": other, "before": [key]}
    assert ran("verify", "--key", key[:-2]).code == 2


def test_a_database_that_cannot_be_asked_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = world.made()
    monkeypatch.setenv("REMIT_DATABASE_URL", "postgresql://remit@127.0.0.1:1/remit?connect_timeout=1")
    found = ran("verify")
    assert (found.code, "--no-database asks the files alone" in found.err) == (7, True)
    assert "as it was written" not in found.out
    assert ran("verify", "--no-database").code == 0
    assert json.loads(ran("verify", "--format", "json").out)["whole"] is None
    monkeypatch.setenv("REMIT_DATABASE_URL", f"sqlite:///{world.state}/none.db")
    assert ran("verify").code == 2 and not (world.state / "none.db").exists()
    rewrite(world.file(writer, 0), lambda lines: lines[1:])
    assert ran("verify", "--no-database").code == 6


def test_since_and_a_directory_that_is_none(world: World, tmp_path: Path) -> None:
    world.made()
    for since in ("2026-12-01", "90d"):
        assert ran("verify", "--since", since).code == 0
    assert ran("verify", "--since", "tomorrow").code == 2
    assert ran("verify", "--journal", str(tmp_path / "none"), "--no-database").code == 2


def test_every_line_that_is_signed_is_proven_to_somebody_with_nothing_but_the_key(world: World, tmp_path: Path) -> None:
    writer = world.made((1, 4, 6))
    key, path = ran("key").out.strip(), tmp_path / "line.tlog-proof"
    numbers = 0
    for number in range(3):
        for line in lines_of(world.file(writer, number)):
            numbers += 1
            found = ran("prove", f"{writer}-{numbers}")
            assert (found.code, found.err) == (0, "")
            path.write_text(found.out)
            checked = ran("check-proof", str(path), "--key", key)
            assert (checked.code, checked.out) == (0, line.decode())
    told = json.loads(ran("check-proof", str(path), "--key", key, "--format", "json").out)
    assert told == {"id": f"{writer}-{numbers}", "line": line.decode().rstrip("\n"), "signed": 7}


def test_a_proof_has_the_form_that_others_read(world: World) -> None:
    writer = world.made((2,), growing=0)
    head, extra, index, *path = ran("prove", f"{writer}-2").out.split("\n")[:-1]
    assert (head, index) == ("c2sp.org/tlog-proof@v1", "index 1")
    assert extra == "extra " + base64.b64encode(lines_of(world.file(writer, 0))[1][:-1]).decode()
    at = path.index("")
    assert at == 2 and path[at + 1] == f"remit/{writer}/1"


def test_every_changed_bit_of_a_proof_is_found(world: World) -> None:
    writer = world.made((3,), growing=0)
    text = ran("prove", f"{writer}-2").out
    key, house = (signer_in(world.state).key,), RealHouse()
    assert proven(proof_of(text), key, house.signature_holds)[0] == lines_of(world.file(writer, 0))[1][:-1]
    data = text.encode()
    for number in range(0, len(data) * 8, 3):
        at, bit = divmod(number, 8)
        bent = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        with pytest.raises((JournalDamaged, UnicodeDecodeError)):
            proven(proof_of(bent.decode()), key, house.signature_holds)


def test_a_proof_of_something_else_is_refused(world: World, tmp_path: Path) -> None:
    writer = world.made((3, 3))
    key, path = ran("key").out.strip(), tmp_path / "proof"
    one = proof_of(ran("prove", f"{writer}-2").out)
    other = proof_of(ran("prove", f"{writer}-6").out)
    for wrong, why in (
        (one._replace(line=other.line), "has no such place"),
        (one._replace(place=other.place + 1), "has no such place"),
        (one._replace(checkpoint=other.checkpoint), "has no such place"),
        (one._replace(path=other.path[::-1]), "is not in what was signed"),
        (one._replace(line=one.line.replace(b"evaluate", b"evaluatf")), "is not in what was signed"),
        (one._replace(line=b"{}"), "is no line of a journal"),
        (one._replace(checkpoint=signer_in(tmp_path / "mine").signed("a\n")), "no key that is trusted"),
    ):
        path.write_text(wrong.text)
        found = ran("check-proof", str(path), "--key", key)
        assert (found.code, found.out) == (6, "") and why in found.err, why
    path.write_text("no proof")
    assert ran("check-proof", str(path), "--key", key).code == 6
    path.write_text(one.text)
    assert ran("check-proof", str(path), "--key", "no key").code == 2
    assert ran("check-proof", str(tmp_path / "none"), "--key", key).code == 2
    assert ran("check-proof", str(path)).code == 2, "there is no key that one trusts without being told"


def test_a_line_that_is_not_signed_yet_or_not_there_is_said(world: World) -> None:
    ledger = open_ledger(world.directory)
    world.writes(ledger, 4)
    found = ran("prove", f"{ledger.writer}-2")
    assert found.code == 1 and "is not signed yet" in found.err
    world.seals().sign(ledger.so_far())
    world.writes(ledger, 2)
    assert ran("prove", f"{ledger.writer}-2").code == 0
    assert "is not signed yet" in ran("prove", f"{ledger.writer}-5").err
    for id in (f"{ledger.writer}-7", "ffff0000-1"):
        found = ran("prove", id)
        assert found.code == 1 and "there is no line" in found.err
    for id in ("x", f"{ledger.writer}-0", f"{ledger.writer}", "../x-1"):
        assert ran("prove", id).code == 2
    ledger.release()


def test_nothing_is_proven_of_what_was_changed(world: World) -> None:
    writer = world.made((3,))
    rewrite(world.file(writer, 0), lambda lines: [lines[0].replace(b"evaluate", b"evaluatf"), *lines[1:]])
    for number in (1, 2):
        found = ran("prove", f"{writer}-{number}")
        assert found.code == 6 and "is not what was signed" in found.err
    rewrite(world.file(writer, 0), lambda lines: lines[:2])
    assert "has fewer lines than were signed" in ran("prove", f"{writer}-1").err


def test_a_key_is_printed_so_that_others_can_read_it(world: World) -> None:
    key = ran("key").out.strip()
    name, id, encoded = key.split("+", 2)
    assert (name, len(id), base64.b64decode(encoded)[0], len(base64.b64decode(encoded))) == ("remit-journal", 8, 1, 33)
    assert ran("key").out.strip() == key
