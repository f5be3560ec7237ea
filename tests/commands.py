"""The `remit` command as tests run it: in this process over files in memory, or for real over files on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from readable import FILES, NOW
from remit.adapters.keys import Keys
from remit.adapters.tokens import minted
from remit.bootstrap import RealKeys
from remit.cli.app import run
from remit.cli.house import JournalReader, Revisions, ServeOptions
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from remit.entry import RealHouse
from remit.errors import Conflict, RemitError
from remit.service.policies import admit

REMIT = Path(sys.executable).with_name("remit")
GOLDEN = Path(__file__).parent / "data" / "golden"


class Ran(NamedTuple):
    """How a command came out."""

    code: int
    out: str
    err: str


class Desk:
    """A world for commands: a policy in memory, a day that does not end, and nobody to serve."""

    def __init__(self, files: Mapping[str, bytes], trouble: RemitError | None = None) -> None:
        self.files = dict(files)
        self.trouble = trouble
        self.served: list[ServeOptions] = []
        self.paused = 0.0
        self.input = ""
        self.others: dict[str, dict[str, bytes]] = {}
        self.past: Revisions | None = None

    def now(self) -> int:
        return NOW + int(self.paused * 1e6)

    def read(self, policy: Path, model: Path) -> dict[str, bytes]:
        if self.trouble is not None:
            raise self.trouble
        return self.files

    def read_at(self, where: str, policy: Path, model: Path) -> dict[str, bytes]:
        if where in self.others:
            return self.others[where]
        return RealHouse().read_at(where, policy, model)

    def starter(self) -> dict[str, bytes]:
        return RealHouse().starter()

    def write(self, policy: Path, model: Path, was: Mapping[str, bytes], files: Mapping[str, bytes]) -> None:
        if any(self.files[name] != was[name] for name in files):
            raise Conflict("a file has changed since it was read; nothing is written")
        self.files.update(files)

    def write_new(self, directory: Path, files: Mapping[str, bytes]) -> None:
        RealHouse().write_new(directory, files)

    def write_document(self, file: Path, data: bytes) -> None:
        RealHouse().write_document(file, data)

    def install_hooks(self, names: Sequence[str], policy: Path, model: Path) -> list[str]:
        return RealHouse().install_hooks(names, policy, model)

    def hook_text(self, name: str, policy: Path, model: Path) -> str:
        return RealHouse().hook_text(name, policy, model)

    def uninstall_hooks(self, policy: Path) -> list[str]:
        return RealHouse().uninstall_hooks(policy)

    def admit(self, files: Mapping[str, bytes], now: int) -> tuple[Policy, Snapshot]:
        return admit(files, now)

    def mint(self, state: Path, subject: str, groups: tuple[str, ...], seconds: int) -> str:
        return minted(b"k" * 32, subject, groups, seconds, NOW * 1_000)

    def keys(self, state: Path) -> RealKeys:
        return RealKeys(Keys(state))

    def document(self, file: str) -> str:
        return self.input if file == "-" else RealHouse().document(file)

    def ask(
        self, method: str, url: str, token: str, path: str, body: object = None, version: int | None = None
    ) -> tuple[int, str]:
        return RealHouse().ask(method, url, token, path, body, version)

    def reader(self, directory: Path, told: Callable[[str], None]) -> JournalReader:
        return RealHouse().reader(directory, told)

    def revisions(self, state: Path) -> Revisions:
        return self.past or RealHouse().revisions(state)

    def pause(self, seconds: float) -> None:
        self.paused += seconds

    def serve(self, options: ServeOptions) -> None:
        self.admit(self.read(options.policy, options.model), self.now())
        self.served.append(options)


def ran(*arguments: str, files: Mapping[str, bytes] = FILES, desk: Desk | None = None) -> Ran:
    """Run one command in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
        run(desk or Desk(files), list(arguments))
    return Ran(int(left.value.code or 0), out.getvalue(), err.getvalue())


def really_ran(*arguments: str, directory: Path, **environment: str) -> Ran:
    """Run the installed command in a directory, its output piped."""
    found = subprocess.run(
        [REMIT, *arguments],
        cwd=directory,
        env={**_environment(), **environment},
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Ran(found.returncode, found.stdout.decode(), found.stderr.decode())


def started(*arguments: str, directory: Path, **environment: str) -> subprocess.Popen[str]:
    """Start the installed command in a directory and leave it running."""
    pipe, env = subprocess.PIPE, {**_environment(), **environment}
    return subprocess.Popen([REMIT, *arguments], cwd=directory, env=env, stdout=pipe, stderr=pipe, text=True)


def written(files: Mapping[str, bytes], directory: Path) -> Path:
    """The files of a policy on disk, where the command looks for them by default."""
    for name, data in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return directory


def golden(name: str) -> str:
    """The output that a command must print, character by character."""
    return (GOLDEN / name).read_text(encoding="utf-8")


def _environment() -> dict[str, str]:
    """This process's environment without what would change how the command reads or prints; how the journal is kept has
    to be said."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REMIT_", "PYTHON", "COLUMNS"))}
    return {**kept, "REMIT_JOURNAL": "durable", "REMIT_ON_JOURNAL_FAILURE": "deny"}
