"""A real nginx, set up as deploy/nginx.conf says, before a real application, asking a real remit: what the policy does
not allow never reaches the application, whatever a client does to the path or to the headers (threat rows 9 and 27).
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from house import ROOT
from server import PATIENCE, Running
from test_forward_auth import ALLOWED, DENIED, FORGED, REFUSED, SNAPSHOT, UNMATCHED, forward_auth
from test_forward_path import REFUSED as READ_TWO_WAYS
from test_forward_path import plain, tricks

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
CONFIG = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Seen(NamedTuple):
    """One request as the application saw it; header names in lower case."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for each, value in self.headers if each == name]


class Application(ThreadingHTTPServer):
    """An application that says yes to everything and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Remembering)
        self.seen: list[Seen] = []


class Remembering(BaseHTTPRequestHandler):
    """Answers 200 to every method."""

    def parse_request(self) -> bool:
        """Remember and answer once the head is read."""
        if not super().parse_request():
            return False
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        # the handler itself folds leading slashes together, so the target is read off the first line
        target = self.requestline.split(" ")[1]
        assert isinstance(self.server, Application)
        self.server.seen.append(Seen(self.command, target, headers, body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
        return False

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say."""


class Front(NamedTuple):
    """nginx with what stands behind it."""

    port: int
    client: httpx.Client
    application: Application

    def get(self, who: str | None, method: str = "GET", uri: str = "/environments/seen", **headers: str) -> Reached:
        """One request as a browser makes it, and what reached the application."""
        if who is not None:
            headers["Authorization"] = f"Bearer {who}"
        self.application.seen.clear()
        target = httpx.URL(f"http://127.0.0.1:{self.port}", raw_path=uri.encode())
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        return Reached(self.client.send(httpx.Request(method, target, headers=encoded)), list(self.application.seen))

    def raw(self, request: bytes) -> tuple[int, list[Seen]]:
        """One request as bytes: the status of its answer (0: none), and what reached the application."""
        self.application.seen.clear()
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as link:
            link.sendall(request)
            answer = b""
            while data := link.recv(65_536):
                answer += data
        status = int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.") else 0
        return status, list(self.application.seen)


class Reached(NamedTuple):
    """The answer to a client, and the requests that reached the application meanwhile."""

    answer: httpx.Response
    seen: list[Seen]


def adapted(directory: Path, listen: int, remit: int, application: int, seconds: int = 2) -> str:
    """deploy/nginx.conf with other addresses, and with everything it writes below a directory; it waits for remit so
    many seconds."""
    addresses = {"127.0.0.1:8000": listen, "127.0.0.1:8080": remit, "127.0.0.1:3000": application}
    config = CONFIG
    for shipped, port in addresses.items():
        assert config.count(shipped) == 1, f"deploy/nginx.conf names `{shipped}` once"
        config = config.replace(shipped, f"127.0.0.1:{port}")
    paths = "".join(f"    {name}_temp_path {directory}/{name};\n" for name in TEMPORARY)
    top = f"daemon off;\nmaster_process off;\npid {directory}/nginx.pid;\nerror_log stderr warn;\n"
    config = config.replace("timeout 2s;", f"timeout {seconds}s;")
    return top + config.replace("http {\n", f"http {{\n    access_log off;\n{paths}", 1)


def nginx_command(directory: Path, config: str, *more: str) -> list[str]:
    """How nginx is run on a configuration of its own; skips the test where there is no nginx."""
    if NGINX is None:
        pytest.skip("nginx is not installed; install Debian's nginx-light")
    file = directory / "nginx.conf"
    file.write_text(config, encoding="utf-8")
    return [NGINX, "-p", str(directory), "-c", str(file), "-e", "stderr", *more]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@contextmanager
def nginx(directory: Path, remit: int, seconds: int = 2) -> Iterator[Front]:
    """nginx before an application of its own, asking the remit at this port."""
    application, listen = Application(), free_port()
    command = nginx_command(directory, adapted(directory, listen, remit, application.server_address[1], seconds))
    serving = threading.Thread(target=application.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            _await(process, listen, directory / "log")
            yield Front(listen, client, application)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        application.shutdown()
        application.server_close()
        serving.join(PATIENCE)


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until nginx listens."""
    until = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None and time.monotonic() < until, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)


def request(uri: str, more: str = "") -> bytes:
    """One GET of Ada's as bytes."""
    head = f"Host: x\r\nAuthorization: Bearer ada\r\nConnection: close\r\n{more}\r\n"
    return b"GET " + uri.encode("utf-8", "surrogatepass") + b" HTTP/1.1\r\n" + head.encode()


@pytest.fixture(scope="module")
def front(serve: Callable[..., Running], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """nginx asking a remit over the small policy, and waiting for it on a busy machine too."""
    with nginx(tmp_path_factory.mktemp("nginx"), serve(app=forward_auth()).port, 30) as found:
        yield found


@pytest.mark.parametrize(("who", "method", "uri"), ALLOWED)
def test_what_is_allowed_reaches_the_application_as_it_was_sent(front: Front, who: str, method: str, uri: str) -> None:
    answer, seen = front.get(who, method, uri)
    assert answer.status_code == 200
    (one,) = seen
    assert (one.method, one.target) == (method, uri)
    assert one.values("remit-subject") == [f"user:{who}"]
    assert one.values("remit-revision") == [SNAPSHOT.revision]


def test_a_body_reaches_the_application_and_not_remit(front: Front) -> None:
    url = f"http://127.0.0.1:{front.port}/projects/vision/environments"
    front.application.seen.clear()
    answer = front.client.post(url, content=b"x" * 300_000, headers={"Authorization": "Bearer ada"})
    assert answer.status_code == 200
    assert [(one.method, one.body) for one in front.application.seen] == [("POST", b"x" * 300_000)]


@pytest.mark.parametrize(("who", "method", "uri"), [*DENIED, *UNMATCHED[:-1]])
def test_what_is_not_allowed_is_403_and_reaches_nothing(front: Front, who: str, method: str, uri: str) -> None:
    if method == "get":  # which nginx itself refuses
        return
    answer, seen = front.get(who, method, uri)
    assert (answer.status_code, seen) == (403, [])
    assert "remit-subject" not in answer.headers


@pytest.mark.parametrize("uri", [uri for _, method, uri in REFUSED if method == "GET" and uri[:1] == "/"])
def test_a_path_that_could_be_read_in_two_ways_is_403(front: Front, uri: str) -> None:
    assert front.raw(request(uri)) == (403, [])


def test_who_is_not_known_is_told_how_to_be(front: Front) -> None:
    for who in (None, "mallory"):
        answer, seen = front.get(who)
        assert (answer.status_code, seen) == (401, [])
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_way_to_remit_is_not_open_to_clients(front: Front) -> None:
    for uri in ("/_remit", "/_remit?x", "/%5fremit", "/x/../_remit", "//_remit", "/forward-auth"):
        answer, seen = front.get("ada", "GET", uri)
        assert answer.status_code in (403, 404) and not seen, uri


def test_when_remit_cannot_answer_nothing_gets_through(front: Front, tmp_path: Path) -> None:
    answer, seen = front.get("unreachable")
    assert (answer.status_code, seen) == (500, [])
    with nginx(tmp_path, free_port()) as alone:
        for who in (None, "ada", "mallory"):
            answer, seen = alone.get(who)
            assert (answer.status_code, seen) == (500, [])


def test_when_remit_does_not_answer_in_time_nothing_gets_through(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, nginx(tmp_path, silent.getsockname()[1]) as front:
        answer, seen = front.get("ada")
        assert (answer.status_code, seen) == (500, [])


FAKED = FORGED | {
    "X-Original-URI": "/environments/seen",
    "X-Original-Method": "HEAD",
    "X_Original_URI": "/environments/seen",
    "Remit_Subject": "user:ida",
    "REMIT-SUBJECT": "user:ida",
    "Remit-Revision": "0",
}


@pytest.mark.parametrize("name", FAKED)
def test_row_27_headers_that_a_client_forges_have_no_effect(front: Front, name: str) -> None:
    forged = {name: FAKED[name]}
    for who, uri, status in ((None, "/environments/seen", 401), ("bob", "/environments/seen", 403),
                             ("ada", "/environments/sold", 403), ("ada", "/nowhere", 403)):  # fmt: skip
        answer, seen = front.get(who, "GET", uri, **forged)
        assert (answer.status_code, seen) == (status, [])
    answer, (one,) = front.get("ada", **forged)
    assert answer.status_code == 200
    assert one.values("remit-subject") == ["user:ada"]
    assert one.values("remit-revision") == [SNAPSHOT.revision]
    assert not one.values("remit_subject") and not one.values("x_original_uri")


def test_row_27_a_header_sent_twice_has_no_effect(front: Front) -> None:
    for name, value in (("X-Original-URI", "/environments/seen"), ("X-Original-Method", "GET")):
        twice = f"{name}: {value}\r\n" * 2
        status, seen = front.raw(request("/environments/sold", twice))
        assert (status, seen) == (403, [])
    status, seen = front.raw(request("/environments/seen", "Authorization: Bearer ida\r\n"))
    assert status in (400, 500) and not seen


def may(target: str) -> bool:
    """May Ada GET this? The paths that her permissions reach, or any one plain segment behind `/open`."""
    match plain(target):
        case ["", "environments", "seen"] | ["", "projects", "vision", "environments", "everywhere"]:
            return True
        case ["", "open", door]:
            return re.search(r"[/\\;%#?\x00-\x1f]|^\.{0,2}$", door) is None
    return False


def sneaking() -> list[str]:
    """Ways to a path that is refused by way of one that is allowed, and the other way round."""
    found = [*tricks("/environments/seen")[::3], *tricks("/open/door")[::3]]
    start = [f"{a}{trick}{b}" for trick in ("/../", "/%2e%2e/", "%2f..%2f", "/..;/", "\\..\\", "%5c..%5c", "//", "/./")
             for a in ("/environments/seen", "/environments", "/projects/vision/environments/x", "/open", "/open/x", "")
             for b in ("sold", "environments/sold", "environments/seen", "seen")]  # fmt: skip
    absolute = [f"{scheme}{path}" for scheme in ("http://x", "HTTP://x:1", "http:/", "http:", "//x", "ftp://x")
                for path in ("/environments/seen", "/environments/sold", "/environments/seen/../sold")]  # fmt: skip
    split = [f"/environments/sold{end}" for end in (" ", " HTTP/1.0", "\t", "\0", "%00", "%00/../seen", "#/seen")]
    return found + start + absolute + split


def test_row_9_the_application_never_sees_a_path_that_is_not_allowed(front: Front) -> None:
    corpus = sneaking()
    assert len(corpus) > 1_000
    through = 0
    for uri in corpus:
        status, seen = front.raw(request(uri))
        assert (status == 200) == bool(seen), uri
        assert status in (200, 400, 403, 404, 0), (uri, status)  # 0: a line feed makes it HTTP/0.9, without a status
        for one in seen:
            assert may(one.target), (uri, one.target)
            through += 1
    assert 0 < through < len(corpus) / 4


# nginx takes the path out of an absolute target itself, and hands on, and asks about, nothing but that path
SEGMENTS = {uri.replace("/environments/", "/open/") for uri in READ_TWO_WAYS} - {"http://x/open/a"}


@pytest.mark.parametrize("uri", sorted(SEGMENTS))
def test_row_9_what_could_be_read_in_two_ways_is_no_segment_either(front: Front, uri: str) -> None:
    status, seen = front.raw(request(uri))
    assert status in (400, 403, 404, 0) and not seen


@pytest.mark.parametrize("second", ["/environments/sold", "/nowhere"])
def test_a_request_smuggled_behind_another_is_judged_by_itself(front: Front, second: str) -> None:
    inner = request(second)
    for head in (f"Content-Length: {len(inner)}\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\n",
                 "Transfer-Encoding: \tchunked\r\nContent-Length: 0\r\n", "Content-Length: 0\r\nContent-Length: 9\r\n",
                 "Content-Length: 0\r\n"):  # fmt: skip
        outer = request("/environments/seen", head).replace(b"Connection: close\r\n", b"")
        _, seen = front.raw(outer + (b"0\r\n\r\n" if "chunked" in head else b"") + inner)
        assert all(may(one.target) for one in seen), (head, seen)


def test_the_page_shows_the_example_as_it_is_shipped() -> None:
    page = (ROOT / "docs" / "forward-auth.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    said = [line.strip() for line in CONFIG.splitlines() if line.strip() and not line.strip().startswith("#")]
    told = [line.strip() for line in shown.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert told == said[said.index("location / {") : -2]
