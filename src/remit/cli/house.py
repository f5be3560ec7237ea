"""What the commands need from the world; the composition root provides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from remit.core.history import Activation
from remit.core.journal.entries import Entry
from remit.core.journal.marks import Marks, Step
from remit.core.journal.notes import Key
from remit.core.journal.proofs import Proof
from remit.core.journal.verifying import Notice, Tally
from remit.core.journal.wanted import Wanted
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot


class ServeOptions(NamedTuple):
    """How `remit serve` was asked to run. With `watch`, changes of the policy directory go live;
    `shadow_policy` is a directory or revision whose policy is asked beside it; `workers` processes answer."""

    policy: Path
    model: Path
    state: Path
    host: str
    port: int
    base_url: str | None
    tls: tuple[Path | None, Path | None] = (None, None)
    behind_tls_proxy: bool = False
    watch: bool = False
    shadow_policy: str | None = None
    workers: int = 1


class ListedKey(NamedTuple):
    """What may be known of an API key; instants in microseconds since 1970, `expires` None if it never does."""

    id: str
    subject: str
    created: int
    expires: int | None


class KeyRing(Protocol):
    """The API keys of one state directory."""

    def create(self, subject: str, expires: int | None) -> tuple[str, str]:
        """A new key for a service: its id, and the text of it, which nobody can tell again."""
        ...

    def listed(self) -> tuple[ListedKey, ...]:
        """All keys, expired ones too."""
        ...

    def revoke(self, id: str) -> None:
        """End a key. Raises RequestInvalid if there is none of that id."""
        ...


class JournalReader(Protocol):
    """One journal, to be read. What is damaged or gone is told, and passed over. Each method raises Misconfigured if
    the journal cannot be read."""

    def entries(self, wanted: Wanted) -> Iterator[Entry]:
        """The lines that are wanted, the oldest first."""
        ...

    def steps(self, wanted: Wanted, marks: Marks | None = None) -> Iterator[Step]:
        """The same from `marks` on, step by step, also where nothing is wanted."""
        ...

    def latest(self, wanted: Wanted, number: int) -> tuple[list[Entry], Marks]:
        """The last lines that are wanted, at most so many, the oldest first; and where one stands behind all lines."""
        ...

    def entry(self, writer: str, seq: int) -> Entry | None:
        """The line of this writer and number; None if there is none, or none any more."""
        ...

    def bytes_of(self, wanted: Wanted) -> int:
        """About how many bytes `steps` looks at."""
        ...


class Revisions(Protocol):
    """What was live when, by the database of a state directory; to be read only. Each method raises Misconfigured if
    no policy was ever kept there, and CouldNotDecide if the database is out of reach."""

    def files(self, revision: str) -> dict[str, bytes]:
        """The files of a revision that was live, hashed again. Raises NotFound if none of that name ever was."""
        ...

    def history(self, before: int | None, limit: int) -> tuple[Activation, ...]:
        """At most `limit` lines of the log, the latest first; only those before the number `before`, if it is given."""
        ...


class Verifying(NamedTuple):
    """What is to be verified: the journal in a directory, of the server with this state; by these keys, or else by
    those in the state; only segments that may hold lines since an instant; and whether the database is asked too."""

    state: Path
    directory: Path
    keys: tuple[Key, ...]
    since: int | None
    database: bool


class House(Protocol):
    """The world as a command sees it."""

    def now(self) -> int:
        """Now, in microseconds since 1970, UTC."""
        ...

    def read(self, policy: Path, model: Path) -> dict[str, bytes]:
        """The files of a policy. Raises Misconfigured if they cannot be read."""
        ...

    def read_at(self, where: str, policy: Path, model: Path) -> dict[str, bytes]:
        """The files of a policy in a directory, or at a git revision; there they lie where `policy` and `model` say.
        Raises Misconfigured if there is neither, or they cannot be read."""
        ...

    def write(self, policy: Path, model: Path, was: Mapping[str, bytes], files: Mapping[str, bytes]) -> None:
        """Put `files` in the place of those that were read (`was`): all of them, or none. Raises Conflict if one has
        changed meanwhile, and Misconfigured if they cannot be written or lie outside the directory."""
        ...

    def starter(self) -> dict[str, bytes]:
        """The files of the policy that a new directory begins with."""
        ...

    def write_new(self, directory: Path, files: Mapping[str, bytes]) -> None:
        """Write files where none were: all of them, or none. Raises Conflict if something is in the way, and
        Misconfigured if they cannot be written."""
        ...

    def write_document(self, file: Path, data: bytes) -> None:
        """Write one file where none was. Raises Conflict if there is one, and Misconfigured if it cannot be written."""
        ...

    def install_hooks(self, names: Sequence[str], policy: Path, model: Path) -> list[str]:
        """Write git hooks, and say where. Raises Conflict if there is one that is somebody else's, and Misconfigured if
        there is no repository."""
        ...

    def hook_text(self, name: str, policy: Path, model: Path) -> str:
        """What a hook says."""
        ...

    def uninstall_hooks(self, policy: Path) -> list[str]:
        """Take away the hooks that remit wrote, and say which."""
        ...

    def admit(self, files: Mapping[str, bytes], now: int) -> tuple[Policy, Snapshot]:
        """The policy of these files if it may go live. Raises PolicyInvalid or CasesFailed."""
        ...

    def mint(self, state: Path, subject: str, groups: tuple[str, ...], seconds: int) -> str:
        """A token for `dev`, signed with the secret of the state directory."""
        ...

    def keys(self, state: Path) -> KeyRing:
        """The API keys of the state directory."""
        ...

    def document(self, file: str) -> str:
        """The text of a file, or of the standard input for `-`. Raises Misconfigured if it cannot be read."""
        ...

    def ask(
        self, method: str, url: str, token: str, path: str, body: object = None, version: int | None = None
    ) -> tuple[int, str]:
        """Status and text of a server's answer; with a `version`, nothing is done unless it is still that one.

        Raises Misconfigured rather than send a token in the clear, and CouldNotDecide if there is no answer.
        """
        ...

    def reader(self, directory: Path, told: Callable[[str], None]) -> JournalReader:
        """A journal to be read; `told` hears what is not as it should be."""
        ...

    def revisions(self, state: Path) -> Revisions:
        """What was live when: of REMIT_DATABASE_URL if that is set, else of the state directory. Nothing is made or
        changed. Raises Misconfigured if there is no database."""
        ...

    def verified(self, asked: Verifying, say: Callable[[str, float | None], None]) -> Iterator[Notice | Tally]:
        """All that is wrong with a journal, or worth knowing of it, and for each writer what there is; `say` hears how
        much is behind. Raises Misconfigured if it cannot be read, and CouldNotDecide if the database is out of reach.
        """
        ...

    def journal_keys(self, state: Path, new: bool) -> tuple[str, ...]:
        """The public keys of a state directory, that in use last; made if there is none, or a `new` one is wanted.
        Raises Misconfigured if they cannot be read or made."""
        ...

    def proof(self, state: Path, directory: Path, writer: str, seq: int) -> Proof:
        """A proof of a line. Raises NotFound, Conflict if it is not signed yet, JournalDamaged if it is not what was
        signed, and Misconfigured if the journal cannot be read."""
        ...

    def signature_holds(self, public: bytes, signature: bytes, text: bytes) -> bool:
        """Is this a signature of the text by the key? (Ed25519)"""
        ...

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def serve(self, options: ServeOptions) -> None:
        """Answer over HTTP until told to stop. Raises Misconfigured rather than run half-configured."""
        ...
