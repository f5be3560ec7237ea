"""A PostgreSQL for tests: the one at REMIT_TEST_DATABASE_URL, or else one of its own, from Debian's programs.

A test process starts at most one server, when the first test asks for it: in a directory that nobody else may enter,
reached by a socket in there and by no network, and as an unprivileged user if the tests run as root. It ends with the
process. Its default order of text is that of a language, so a test that passes shows that ours does not depend on it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from sqlalchemy import URL, make_url

SETTING = "REMIT_TEST_DATABASE_URL"
PATIENCE = 30.0
"""Seconds after which a test gives up on the server."""

_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=60")
_NUMBERS = count(1)
_KEPT = pytest.StashKey[URL]()


class Programs(NamedTuple):
    """Debian's PostgreSQL: the directory of its programs, and its version."""

    directory: Path
    version: int


@contextmanager
def fresh_database(config: pytest.Config) -> Iterator[str]:
    """The address of an empty database, removed in the end. Skips the test where there is no PostgreSQL."""
    server = _server(config)
    name = f"remit_test_{os.getpid()}_{next(_NUMBERS)}"
    _run(server, f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _run(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _server(config: pytest.Config) -> URL:
    """The server of this test process, started if need be."""
    if _KEPT not in config.stash:
        given = os.environ.get(SETTING)
        config.stash[_KEPT] = make_url(given).set(drivername="postgresql") if given else _start(config, _programs())
    return config.stash[_KEPT]


def _programs() -> Programs:
    found = [
        Programs(path.parent, int(path.parent.parent.name))
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if path.parent.parent.name.isdigit()
    ]
    if not found:
        pytest.skip(f"PostgreSQL is not installed; install Debian's postgresql, or set {SETTING}")
    return max(found, key=lambda programs: programs.version)


def _start(config: pytest.Config, programs: Programs) -> URL:
    """Start a server that ends when pytest does."""
    directory = Path(tempfile.mkdtemp(prefix="remit-pg-", dir="/tmp"))  # short: a socket's path is
    config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
    account = _account()
    os.chown(directory, account.pw_uid, account.pw_gid)
    own: dict[str, Any] = {"cwd": directory, "stdin": subprocess.DEVNULL}
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        own |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    order = ["--locale-provider=icu", "--icu-locale=en"] if programs.version >= 15 else []
    command = [programs.directory / "initdb", "-D", "data", "-U", "remit", "-A", "trust", "-E", "UTF8", "--no-sync"]
    made = subprocess.run([*command, "--locale=C.UTF-8", *order], capture_output=True, text=True, check=False, **own)
    assert made.returncode == 0, made.stderr
    settings = [part for setting in (*_FAST, f"unix_socket_directories={directory}") for part in ("-c", setting)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs.directory / "postgres", "-D", "data", "-h", "", *settings], stdout=log, stderr=log, **own
        )
    config.add_cleanup(lambda: _stop(process))
    url = URL.create("postgresql", "remit", database="postgres", query={"host": str(directory)})
    _await(process, url, directory / "log")
    return url


def _account() -> pwd.struct_passwd:
    """Who runs the server: whoever runs the tests, but never root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    names = {one.pw_name: one for one in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # which waits for no client
    process.wait(PATIENCE)


def _await(process: subprocess.Popen[bytes], url: URL, log: Path) -> None:
    """Wait until the server answers."""
    until = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None and time.monotonic() < until, log.read_text()
        try:
            return _run(url, "SELECT 1")
        except psycopg.OperationalError:
            time.sleep(0.02)


def _run(server: URL, statement: str) -> None:
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as link:
        link.execute(statement.encode())
