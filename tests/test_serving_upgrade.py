"""Proves that a request to upgrade, and CONNECT, end their connection: the parser takes them to have no body, so what
follows would be read as requests that nobody sent, and its answers would go to the next caller of a shared connection.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from asking import YES
from server import BEARER, PATIENCE, Connection, Running, raw_request
from test_forward_auth import forward_auth
from test_nginx import TEMPORARY, free_port, nginx_command

BODY = json.dumps(YES).encode()
SMUGGLED = raw_request(BODY, b"x-request-id: smuggled") * 2
UPGRADE = (b"connection: keep-alive, Upgrade", b"upgrade: x")


def anonymous(request: bytes) -> bytes:
    """The request without credentials."""
    return request.replace(b"authorization: " + BEARER.encode() + b"\r\n", b"", 1)


def outer(*headers: bytes, method: bytes = b"POST", path: bytes = b"/access/v1/evaluation") -> bytes:
    """The head of a request that announces the smuggled requests as its body."""
    length = b"content-length: %d" % len(SMUGGLED)
    return raw_request(b"", b"x-request-id: outer", length, *headers, method=method, path=path, sized=False)


KINDS = {
    "evaluation": outer(*UPGRADE),
    "evaluation without credentials": anonymous(outer(*UPGRADE)),
    "batch": outer(*UPGRADE, path=b"/access/v1/evaluations"),
    "health": outer(*UPGRADE, method=b"GET", path=b"/healthz"),
    "metadata": outer(*UPGRADE, method=b"GET", path=b"/.well-known/authzen-configuration"),
    "no such path": outer(*UPGRADE, path=b"/nowhere"),
    "no such method": outer(*UPGRADE, method=b"PUT"),
    "HTTP/2": outer(b"connection: upgrade, http2-settings", b"upgrade: h2c"),
    "WebSocket": outer(b"connection: upgrade", b"upgrade: websocket", method=b"GET", path=b"/healthz"),
    "chunked": outer(*UPGRADE).replace(b"content-length: %d" % len(SMUGGLED), b"transfer-encoding: chunked"),
    "expected": outer(*UPGRADE, b"expect: 100-continue"),
    "CONNECT": outer(method=b"CONNECT", path=b"x:80"),
    "CONNECT to a route": outer(method=b"CONNECT"),
}


def refused_alone(connection: Connection, *parts: bytes) -> None:
    """Send the parts: the first request is refused with its id, and nothing behind it is answered."""
    for part in parts:
        with suppress(ConnectionError):
            connection.send(part)
        time.sleep(0.03)
    reply = connection.reply()
    assert (reply.status, reply.headers[b"x-request-id"], reply.headers[b"connection"]) == (400, b"outer", b"close")
    assert json.loads(reply.body).keys() == {"code", "message"}
    assert connection.ended()


@pytest.mark.parametrize("head", KINDS.values(), ids=KINDS)
def test_nothing_is_answered_behind_a_request_to_upgrade(pdp: Running, head: bytes) -> None:
    for parts in ([head + SMUGGLED], [head, SMUGGLED], [head[:30], head[30:] + SMUGGLED], [head, SMUGGLED, SMUGGLED]):
        with pdp.connection() as connection:
            refused_alone(connection, *parts)


def test_nothing_is_answered_behind_a_request_of_nginx_to_upgrade(serve: Callable[..., Running]) -> None:
    running = serve(app=forward_auth())
    head = outer(*UPGRADE, b"x-original-method: GET", b"x-original-uri: /x", method=b"GET", path=b"/forward-auth")
    for parts in ([head + SMUGGLED], [head, SMUGGLED]):
        with running.connection() as connection:
            refused_alone(connection, *parts)


def test_what_came_before_a_request_to_upgrade_is_answered(pdp: Running) -> None:
    with pdp.connection() as connection:
        connection.send(raw_request(BODY, b"x-request-id: 1") * 2 + outer(*UPGRADE) + SMUGGLED)
        assert b"connection" not in connection.reply().headers
        reply = connection.reply()
        assert (reply.status, reply.headers[b"x-request-id"], reply.headers[b"connection"]) == (200, b"1", b"close")
        assert connection.ended()


def test_naming_a_protocol_alone_asks_for_no_upgrade(pdp: Running) -> None:
    with pdp.connection() as connection:
        for headers in ([b"upgrade: h2c"], [b"connection: upgrade"]):
            connection.send(raw_request(BODY, *headers))
            reply = connection.reply()
            assert (reply.status, reply.body) == (200, b'{"decision":true}')


@pytest.fixture
def proxy(pdp: Running, tmp_path: Path) -> Iterator[int]:
    """The port of an nginx that passes requests to upgrade on, over one connection that all callers share."""
    port = free_port()
    paths = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in TEMPORARY)
    config = f"""daemon off; master_process off; pid {tmp_path}/nginx.pid; error_log stderr warn; events {{}}
        http {{ access_log off; {paths} map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
        upstream remit {{ server 127.0.0.1:{pdp.port}; keepalive 1; }}
        server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://remit; proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }} }} }}"""
    with subprocess.Popen(nginx_command(tmp_path, config), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        until = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert run.poll() is None and time.monotonic() < until
            time.sleep(0.01)
        yield port
        run.terminate()


def test_a_shared_connection_carries_no_answer_to_another_caller(proxy: int) -> None:
    begun = b"GET /healthz HTTP/1.1\r\nhost: x\r\nx: "  # the head of the next caller would become the rest of this
    body = b"\r\n" * 35_000 + begun
    attack = raw_request(b"", *UPGRADE, b"content-length: %d" % len(body), sized=False) + body
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", proxy), PATIENCE) as link:
            link.sendall(anonymous(attack))
            assert Connection(link).reply().status in (400, 502)  # 502: closed while nginx was sending
        with socket.create_connection(("127.0.0.1", proxy), PATIENCE) as link:
            link.sendall(anonymous(raw_request(BODY, b"x-request-id: victim")))
            reply = Connection(link).reply()
            assert (reply.status, reply.headers[b"x-request-id"]) == (401, b"victim")
