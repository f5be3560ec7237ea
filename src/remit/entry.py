"""The `remit` command: the real world for its verbs.

Everything is imported when it is needed: neither a check in a git hook nor a server that is to be back soon should wait
for what others need. Processes that a server starts beside itself begin by importing this module, too.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from remit.errors import Misconfigured

if TYPE_CHECKING:
    from remit.cli.house import JournalReader, KeyRing, Revisions, ServeOptions, Verifying
    from remit.core.journal.proofs import Proof
    from remit.core.journal.verifying import Notice, Tally
    from remit.core.policy import Policy
    from remit.core.snapshot import Snapshot


class RealHouse:
    """The world as it is: files, the clock, the environment, the network."""

    def now(self) -> int:
        """Now, in microseconds since 1970, UTC."""
        return time.time_ns() // 1_000

    def read(self, policy: Path, model: Path) -> dict[str, bytes]:
        """The files of a policy directory."""
        from remit.adapters.policy_files import read_directory

        return read_directory(policy, model)

    def read_at(self, where: str, policy: Path, model: Path) -> dict[str, bytes]:
        """The files of a policy in a directory, or at a git revision."""
        from remit.adapters.git_files import read_commit
        from remit.adapters.policy_files import read_tree

        return read_tree(Path(where), model) if Path(where).is_dir() else read_commit(where, policy, model)

    def write(self, policy: Path, model: Path, was: Mapping[str, bytes], files: Mapping[str, bytes]) -> None:
        """Files of a policy in the place of those that were read."""
        from remit.adapters.policy_writer import write_files

        write_files(policy, model, was, files)

    def starter(self) -> dict[str, bytes]:
        """The files of the policy that a new directory begins with."""
        from remit.adapters.new_files import read_starter

        return read_starter()

    def write_new(self, directory: Path, files: Mapping[str, bytes]) -> None:
        """Write files where none were: all of them, or none."""
        from remit.adapters.new_files import write_new

        write_new(directory, files)

    def write_document(self, file: Path, data: bytes) -> None:
        """Write one file where none was."""
        from remit.adapters.new_files import write_document

        write_document(file, data)

    def install_hooks(self, names: Sequence[str], policy: Path, model: Path) -> list[str]:
        """Write git hooks, and say where."""
        from remit.adapters.git_hooks import install_hooks

        return install_hooks(names, policy, model)

    def hook_text(self, name: str, policy: Path, model: Path) -> str:
        """What a hook says."""
        from remit.adapters.git_hooks import hook_text

        return hook_text(name, policy, model)

    def uninstall_hooks(self, policy: Path) -> list[str]:
        """Take away the hooks that remit wrote, and say which."""
        from remit.adapters.git_hooks import uninstall_hooks

        return uninstall_hooks(policy)

    def admit(self, files: Mapping[str, bytes], now: int) -> tuple[Policy, Snapshot]:
        """The policy of these files if it may go live."""
        from remit.service.policies import admit

        return admit(files, now)

    def mint(self, state: Path, subject: str, groups: tuple[str, ...], seconds: int) -> str:
        """A token for a server in `dev`."""
        from remit.bootstrap import mint

        return mint(state, subject, groups, seconds)

    def keys(self, state: Path) -> KeyRing:
        """The API keys of a state directory."""
        from remit.adapters.keys import Keys
        from remit.bootstrap import RealKeys

        return RealKeys(Keys(state))

    def document(self, file: str) -> str:
        """The text of a file, or of the standard input for `-`."""
        try:
            data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
            return data.decode()
        except OSError as error:
            raise Misconfigured(f"`{file}` cannot be read: {error.strerror}") from None
        except ValueError:
            raise Misconfigured(f"`{file}` is no text in UTF-8") from None

    def ask(
        self, method: str, url: str, token: str, path: str, body: object = None, version: int | None = None
    ) -> tuple[int, str]:
        """Status and text of a server's answer."""
        from remit.adapters.http_desk import ask

        return ask(method, url, token, path, body, version)

    def reader(self, directory: Path, told: Callable[[str], None]) -> JournalReader:
        """A journal to be read."""
        from remit.adapters.journal.reading import Reader

        return Reader(directory, told)

    def revisions(self, state: Path) -> Revisions:
        """What was live when."""
        from remit.adapters.db.past import past_revisions

        return past_revisions(_database_url(), state)

    def verified(self, asked: Verifying, say: Callable[[str, float | None], None]) -> Iterator[Notice | Tally]:
        """All that is wrong with a journal, or worth knowing of it."""
        from remit.adapters.db.past import past_checkpoints
        from remit.adapters.journal.signing import trusted_in
        from remit.adapters.journal.verifying import verified

        stored = past_checkpoints(_database_url(), asked.state) if asked.database else None
        return verified(asked.directory, asked.keys or trusted_in(asked.state), stored, asked.since, say)

    def journal_keys(self, state: Path, new: bool) -> tuple[str, ...]:
        """The public keys of a state directory."""
        from remit.adapters.journal.signing import signer_in, trusted_in

        key = signer_in(state, new).key
        return (*(each.text for each in trusted_in(state) if each != key), key.text)

    def proof(self, state: Path, directory: Path, writer: str, seq: int) -> Proof:
        """A proof of a line."""
        from remit.adapters.journal.proving import proof
        from remit.adapters.journal.signing import trusted_in

        return proof(directory, writer, seq, trusted_in(state))

    def signature_holds(self, public: bytes, signature: bytes, text: bytes) -> bool:
        """Is this a signature of the text by the key?"""
        from remit.adapters.journal.signing import holds

        return holds(public, signature, text)

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def serve(self, options: ServeOptions) -> None:
        """Answer over HTTP until told to stop. Raises Misconfigured rather than run half-configured."""
        from remit import nursery

        if options.workers > 1:
            nursery.begin()
        gc.disable()  # until it answers
        from remit.workers import run_server, run_workers

        gc.freeze()  # next to nothing of what was imported is garbage, and to look through it takes a tenth of a second

        def read(where: str) -> dict[str, bytes]:
            return self.read_at(where, options.policy, options.model)

        (run_server if options.workers == 1 else run_workers)(options, read)


def _database_url() -> str | None:
    """Where the database is, if that is said."""
    return os.environ.get("REMIT_DATABASE_URL", "").strip() or None


def main() -> None:
    """The `remit` command."""
    from remit.cli.app import run

    run(RealHouse())
