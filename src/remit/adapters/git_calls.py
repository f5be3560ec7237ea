"""git, asked: fixed argument vectors, a clean environment, and an end to its time, its output and what it may write.

No shell is in between, no hook, filter or pager is run, and no other program's settings lead git elsewhere.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from remit.core.names import invisible
from remit.errors import Misconfigured

SECONDS = 60
"""How long git may take for one answer."""

MOST_SAID = 64 * 1024
"""Bytes that are kept of what git complains about."""

MOST_ANSWERED = 64 * 1024 * 1024
"""Bytes of an answer, where nothing else is said."""

MOST_TOLD = 300
"""Characters of a complaint that a person is shown: it may come from the other side."""

_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null")
_LIMITING = """\
import os, resource, signal, sys
seconds, written, memory = map(int, sys.argv[1:4])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.alarm(seconds)
os.execvp(sys.argv[4], sys.argv[4:])
"""
"""Becomes git once it is bounded: nothing that git starts is bounded later than git itself, and whoever asked may die
without leaving git behind for ever. A file that grows too large is an error to git, not a signal."""


class Limits(NamedTuple):
    """What a call may take: seconds, and, if they are bounded, bytes of any file that is written and of memory."""

    seconds: int = SECONDS
    written: int | None = None
    memory: int = 2 * 1024**3


LIMITS = Limits()


class Git:
    """git in one directory: a work tree, or with `bare` a repository itself."""

    def __init__(self, inside: Path, *settings: str, bare: bool = False, **environment: str) -> None:
        """`settings` are further `name=value`; `environment` is added to what git always finds."""
        told = [part for setting in (*_SETTINGS, *settings) for part in ("-c", setting)]
        where = (f"--git-dir={inside}",) if bare else ()
        self._inside = inside
        self._command = ("git", "--no-pager", "--no-replace-objects", *where, *told)
        self._environment = {**_clean(), **environment}

    def __call__(
        self,
        *arguments: str,
        given: bytes = b"",
        most: int = MOST_ANSWERED,
        limits: Limits = LIMITS,
        stop: threading.Event | None = None,
    ) -> bytes:
        """What git answers. Raises Misconfigured if it fails, is not there, or takes or says too much."""
        code, out, err = self._done(arguments, given, most, limits, stop)
        if code != 0:
            raise Misconfigured(f"git could not be asked: {complaint(err)}")
        return out

    def ask(self, *arguments: str, failures: Sequence[int] = (1,)) -> bytes | None:
        """What git answers; None if it ends with one of these codes. Raises Misconfigured as calling does."""
        code, out, err = self._done(arguments, b"", MOST_ANSWERED, LIMITS, None)
        if code in failures:
            return None
        if code != 0:
            raise Misconfigured(f"git could not be asked: {complaint(err)}")
        return out

    def _done(
        self, arguments: Sequence[str], given: bytes, most: int, limits: Limits, stop: threading.Event | None
    ) -> tuple[int, bytes, bytes]:
        if shutil.which("git", path=self._environment.get("PATH")) is None:
            raise Misconfigured("git is not installed, so no revision can be read; name a directory instead")
        command = [*_bounding(limits), *self._command, *arguments]
        with TemporaryFile() as asked:
            asked.write(given)
            asked.seek(0)
            process = subprocess.Popen(
                command, cwd=self._inside, stdin=asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=self._environment, start_new_session=True,
            )  # fmt: skip
            return _awaited(process, most, limits.seconds, stop)


def complaint(said: bytes) -> str:
    """What git complains about, for people: its first complaint, without what cannot be seen, cut where it is long."""
    lines = said.decode("utf-8", "replace").splitlines() or [""]
    line = next((each for each in lines if each.startswith(("fatal:", "error:"))), lines[0])
    return visible(line, MOST_TOLD)


def visible(text: str, most: int) -> str:
    """Text of somebody else, without what cannot be seen, cut where it is long."""
    seen = "".join(char for char in text[: 4 * most] if not invisible(char)).strip()
    return seen if len(seen) <= most else seen[:most] + "…"


def _bounding(limits: Limits) -> tuple[str, ...]:
    """What stands before a command to bound it."""
    if limits.written is None:
        return ()
    bounds = (limits.seconds + 5, limits.written, limits.memory)
    return (sys.executable, "-I", "-S", "-c", _LIMITING, *map(str, bounds))


class _Drain(threading.Thread):
    """Reads a stream to its end, keeps up to `most` bytes, and ends the process if there are more than it may say."""

    def __init__(self, stream: IO[bytes] | None, most: int, ends: subprocess.Popen[bytes] | None) -> None:
        super().__init__(name="git output", daemon=True)
        self.kept: list[bytes] = []
        self.over = False
        self._stream, self._most, self._ends = stream, most, ends
        self.start()

    def run(self) -> None:
        """Read on; the stream is closed in the end."""
        assert self._stream is not None
        room = self._most
        with self._stream as stream:
            while chunk := os.read(stream.fileno(), 1 << 20):
                self.kept.append(chunk[:room])
                room -= len(self.kept[-1])
                if len(chunk) > len(self.kept[-1]) and self._ends is not None:
                    self.over = True
                    _end(self._ends)
                    return


def _awaited(
    process: subprocess.Popen[bytes], most: int, seconds: int, stop: threading.Event | None
) -> tuple[int, bytes, bytes]:
    """Code, answer and complaint of a process. Raises Misconfigured, and nothing of it is left, if it takes or says
    too much, or remit stops."""
    end = time.monotonic() + seconds
    out, err = _Drain(process.stdout, most, process), _Drain(process.stderr, MOST_SAID, None)
    try:
        while out.is_alive():
            out.join(0.2)
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("git", seconds)
            if stop is not None and stop.is_set():
                raise Misconfigured("remit is stopping")
        if out.over:
            raise Misconfigured(f"git answers more than {most:,} bytes, which is no policy")
        code = process.wait(max(0.1, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise Misconfigured(f"git did not answer within {seconds} seconds") from None
    finally:
        if process.returncode is None:
            _end(process)
            process.wait()
    err.join(1.0)  # what git started may go on, and keep the stream open
    return code, b"".join(out.kept), b"".join(err.kept)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started: it leads a group of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _clean() -> Mapping[str, str]:
    """What git needs to find itself, and nothing that could lead it elsewhere."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_ALLOW_PROTOCOL": "none",
    }
