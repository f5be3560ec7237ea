"""A real server for tests: uvicorn on a free loopback port, and a client that may send bytes that are no HTTP.

`serving` takes a policy as files, or an ASGI application. Callers are known by development tokens; the one that tests
use unless they say otherwise is `application:tests`, which may ask remit anything. Whatever the server logs as an error
while it runs makes the test that ran it fail, so no test passes over a fault that nobody looked at.
"""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import uvicorn

from remit.adapters.identities import Identities
from remit.adapters.tokens import dev_tokens, minted
from remit.bootstrap import build_app
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.serving import REQUEST_SECONDS, server_config
from remit.web.limits import Limits

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
JSON = {"content-type": "application/json"}
PATIENCE = 10.0
"""Seconds after which a test gives up on the server."""

LOGGERS = ("remit.web", "uvicorn.error", "asyncio")


SECRET = secrets.token_bytes(32)
"""What the tokens of this run are signed with."""

CALLER = "application:tests"


async def anything(_: str) -> None:
    """Whatever is live is new enough."""


def bearer(subject: str = CALLER, *groups: str, seconds: int = 3_600) -> str:
    """The Authorization header of a subject, with the groups that its token vouches for."""
    return "Bearer " + minted(SECRET, subject, groups, seconds, time.time_ns())


BEARER = bearer()
CALLERS = Identities(time.time_ns, dev_tokens(SECRET))
"""Who is known to servers of this run."""

_KINDS = "".join(f"decision, {action}, home, ask\n" for action in ("evaluate", "search", "explain", "vouch"))
_MAY = "".join(f"p, decision-client, *, decision, {action}\n" for action in ("evaluate", "search", "explain", "vouch"))


def with_caller(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """These files, and lines by which `application:tests` may ask remit anything."""
    found = dict(files)
    if b"decision, evaluate," not in found["policies/vocabulary.csv"]:
        found["policies/vocabulary.csv"] += _KINDS.encode()
    if b"p, decision-client," not in found.get("policies/service_roles.csv", b""):
        found["policies/service_roles.csv"] = found.get("policies/service_roles.csv", b"") + _MAY.encode()
    found["policies/access_rules.csv"] += f"g, {CALLER}, decision-client, *\n".encode()
    return found


class Reply(NamedTuple):
    """One HTTP answer as it came over the wire; header names in lower case."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Running:
    """A server that runs: where it is, what it decides by, and how to talk to it."""

    def __init__(self, port: int, snapshot: Snapshot | None) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.snapshot = snapshot
        headers = {"authorization": BEARER}
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False, headers=headers)

    def ask(self, question: object, path: str = EVALUATION, **headers: str) -> httpx.Response:
        """POST one JSON value."""
        return self.client.post(path, json=question, headers=headers)

    def post(self, body: bytes, path: str = EVALUATION, **headers: str) -> httpx.Response:
        """POST bytes that may be no JSON, as `application/json` unless told otherwise."""
        return self.client.post(path, content=body, headers={**JSON, **headers})

    def decides(self, question: object) -> bool:
        """The plain answer to one question."""
        answer = self.ask(question)
        assert answer.status_code == 200, answer.text
        return {b'{"decision":true}': True, b'{"decision":false}': False}[answer.content]

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A bare connection."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as link:
            yield Connection(link)


class Connection:
    """A TCP connection that sends whatever it is given and reads HTTP answers one by one."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._waiting = b""

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.link.sendall(data)

    def reply(self, head: bool = False) -> Reply:
        """Read one answer, 1xx ones left out. `head`: it answers HEAD, so it has no body."""
        while b"\r\n\r\n" not in self._waiting:
            self._more()
        top, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
        line, *fields = top.split(b"\r\n")
        status = int(line.split(b" ")[1])
        if status < 200:
            return self.reply(head)
        pairs = [field.split(b": ", 1) for field in fields]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs), f"a header was sent twice: {top!r}"
        size = 0 if head else int(headers[b"content-length"])
        while len(self._waiting) < size:
            self._more()
        body, self._waiting = self._waiting[:size], self._waiting[size:]
        return Reply(status, headers, body)

    def ended(self) -> bool:
        """True once the server has closed the connection and nothing more came."""
        try:
            return not self._waiting and self.link.recv(1) == b""
        except ConnectionResetError:
            return True

    def _more(self) -> None:
        data = self.link.recv(65_536)
        if not data:
            raise ConnectionError(f"the server closed the connection after {self._waiting!r}")
        self._waiting += data


def raw_request(
    body: bytes = b"", *headers: bytes, method: bytes = b"POST", path: bytes = EVALUATION.encode(), sized: bool = True
) -> bytes:
    """A request as bytes: Host, content type, who calls, the headers given, and the body with its length if `sized`."""
    lines = [b"%s %s HTTP/1.1" % (method, path), b"host: 127.0.0.1", b"content-type: application/json"]
    lines += [b"authorization: " + BEARER.encode(), *headers]
    if sized:
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


@contextmanager
def serving(
    files: Mapping[str, bytes] | None = None,
    app: Callable[..., Any] | None = None,
    faults: list[str] | None = None,
    seconds: float = REQUEST_SECONDS,
    limits: Limits = Limits(),  # noqa: B008
    base: str = "",
) -> Iterator[Running]:
    """A server over the policy that `files` are, or for `app`. Errors it logs go to `faults` if the test means them;
    `seconds` bound the time until a request is whole, and `base` is the path of the server's own address."""
    snapshot = None if files is None else Snapshot(read_policy(with_caller(files)))
    with socket.create_server(("127.0.0.1", 0)) as door:
        running = Running(door.getsockname()[1], snapshot)
        if app is None:
            assert snapshot is not None
            app = build_app(snapshot, running.url + base, CALLERS, SECRET, limits)
        config = server_config(app, seconds)  # sets the loggers up, so it comes before listening to them
        config.timeout_graceful_shutdown = 2
        with running.client, _listening(running.url, faults):
            server = _start(config, door, running.url)
            try:
                yield running
            finally:
                running.client.close()
                _stop(*server)


def _start(config: uvicorn.Config, door: socket.socket, name: str) -> tuple[uvicorn.Server, threading.Thread]:
    """Run the server as `remit serve` does, in a thread of its own."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name=name, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE
    while not server.started:
        assert thread.is_alive() and time.monotonic() < until, "the server did not start"
        time.sleep(0.005)
    return server, thread


def _stop(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join(PATIENCE)
    assert not thread.is_alive(), "the server did not stop"


@contextmanager
def _listening(name: str, wanted: list[str] | None) -> Iterator[None]:
    """Collect what the thread of this name logs as an error meanwhile; unless that is wanted, there must be none."""
    faults: list[str] = [] if wanted is None else wanted
    handler = logging.Handler(logging.ERROR)
    handler.addFilter(lambda record: record.threadName == name)
    handler.emit = lambda record: faults.append(logging.Formatter().format(record))  # type: ignore[method-assign]
    loggers = [logging.getLogger(each) for each in LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
    assert wanted is not None or not faults, f"the server logged {len(faults)} errors, the first: {faults[0]}"
