"""A PostgreSQL for a benchmark, from Debian's programs, reached by a socket in a directory of its own."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database, durable as it is by default; its server ends with the block."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    with tempfile.TemporaryDirectory(prefix="remit-pg-", dir="/tmp") as name:  # short: a socket's path is
        own: dict[str, Any] = {"cwd": name, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if os.geteuid() == 0:  # which PostgreSQL refuses to run as
            account = pwd.getpwnam("postgres")
            os.chown(name, account.pw_uid, account.pw_gid)
            own |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        made = [programs / "initdb", "-D", "data", "-U", "remit", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(made, check=True, **own)
        command = [programs / "postgres", "-D", "data", "-h", "", "-c", f"unix_socket_directories={name}"]
        server = subprocess.Popen(command, **own)
        try:
            address = f"postgresql://remit@/postgres?host={name}"
            _await(address)
            yield address
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


def _await(address: str) -> None:
    for _ in range(300):
        try:
            return psycopg.connect(address).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start")
