"""A bounded load on a loopback server, and the server CPU that each request took."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path

import uvloop

from remit.adapters.tokens import minted

HERE = Path(__file__).resolve().parent
CONNECTIONS = 32
SECRET = secrets.token_bytes(32)
"""What the tokens of this run are signed with."""


class _Client(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is whole."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, blank, body = self._seen.partition(b"\r\n\r\n")
        if not blank:
            return
        at = head.lower().index(b"content-length:") + 15
        if len(body) >= int(head[at:].split(b"\r\n", 1)[0]):
            self._load.answered(head.startswith(b"HTTP/1.1 200"))
            self._seen = b""
            self._next()

    def _next(self) -> None:
        if self._load.more():
            self._transport.write(self._load.requests[self._load.sent % len(self._load.requests)])  # type: ignore[attr-defined]
        else:
            self._transport.close()


class _Load:
    """How much has been sent and answered."""

    def __init__(self, requests: list[bytes], count: int) -> None:
        self.requests, self.count, self.sent, self.done, self.bad = requests, count, 0, 0, 0
        self.finished = asyncio.get_running_loop().create_future()

    def more(self) -> bool:
        self.sent += 1
        return self.sent <= self.count

    def answered(self, good: bool) -> None:
        self.done += 1
        self.bad += not good
        if self.done == self.count and not self.finished.done():
            self.finished.set_result(None)


async def _drive(port: int, requests: list[bytes], count: int) -> int:
    load = _Load(requests, count)
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: _Client(load), "127.0.0.1", port)
    await asyncio.wait_for(load.finished, 120)
    return load.bad


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(pid: int, port: int, requests: list[bytes], count: int) -> tuple[float, float]:
    """Server CPU microseconds per request, and requests per second. Raises if an answer was not 200."""
    cpu, wall = cpu_seconds(pid), time.perf_counter()
    bad = uvloop.run(_drive(port, requests, count))
    wall, cpu = time.perf_counter() - wall, cpu_seconds(pid) - cpu
    if bad:
        raise RuntimeError(f"{bad} of {count} answers were not 200")
    return cpu / count * 1e6, count / wall


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(name: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server of `servers.py`, and wait until it listens."""
    port = free_port()
    environment = {**os.environ, "BENCHMARK_SECRET": SECRET.hex()}
    process = subprocess.Popen([sys.executable, str(HERE / "servers.py"), name, str(port)], env=environment)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the server `{name}` did not start")


def bearer() -> str:
    """The Authorization header of the caller, good for the whole run."""
    return "authorization: Bearer " + minted(SECRET, "application:portal", (), 7_200, time.time_ns())


def request(path: str, body: bytes, *headers: str) -> bytes:
    """One HTTP request, whole."""
    lines = [f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json", *headers]
    return ("\r\n".join([*lines, f"content-length: {len(body)}"]) + "\r\n\r\n").encode() + body
