"""A stand-in for a Kubernetes API server on loopback: server-side apply, read, list and delete, and nothing lenient.

What a request gets wrong is noted in `faults` and answered with 400; `trouble` makes the next requests fail in a way.
"""

from __future__ import annotations

import copy
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import kubernetes_validate
import yaml

from kubernetes_checks import VERSION

Json = dict[str, Any]
TOKEN = "token-of-the-service"
PLURALS = {
    "ingresses": ("networking.k8s.io/v1", "Ingress"),
    "persistentvolumeclaims": ("v1", "PersistentVolumeClaim"),
    "pods": ("v1", "Pod"),
    "secrets": ("v1", "Secret"),
    "services": ("v1", "Service"),
    "statefulsets": ("apps/v1", "StatefulSet"),
}
PATH = re.compile(
    r"/(?:api|apis)/(?P<version>v1|[a-z0-9.]+/v1)/namespaces/(?P<room>[-a-z0-9]+)/(?P<plural>\w+)(?:/(?P<name>[-a-z0-9]+))?"
)
Key = tuple[str, str, str]


class Trouble(NamedTuple):
    """What the next requests of a method meet: a status with a body, after so many seconds."""

    method: str
    status: int
    body: Any = None
    delay: float = 0.0
    kind: str | None = None
    trickle: bool = False


class KubernetesApi:
    """The state of the server. Objects are kept by kind, place and name; status is set with `see`."""

    def __init__(self) -> None:
        self.objects: dict[Key, Json] = {}
        self.rooms = {"runai-vision"}
        self.requests: list[tuple[str, str]] = []
        self.faults: list[str] = []
        self.trouble: list[Trouble] = []
        self.lingering = False
        self.url = ""
        self._next = 0

    def kubeconfig(self, path: Path, url: str | None = None) -> str:
        """A kubeconfig of this server, written there."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "remit"}}],
            "clusters": [{"name": "here", "cluster": {"server": url or self.url}}],
            "users": [{"name": "remit", "user": {"token": TOKEN}}],
        }
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return str(path)

    def put(self, kind: str, name: str, labels: Json, room: str = "runai-vision", **more: Any) -> None:
        """Something is there, whoever made it."""
        head = {"name": name, "namespace": room, "labels": labels, "uid": self._uid()}
        self.objects[kind, room, name] = {"kind": kind, "metadata": head, **more}

    def see(self, kind: str, name: str, room: str = "runai-vision", **more: Any) -> None:
        """A controller reports."""
        self.objects[kind, room, name] |= more

    def names(self, kind: str) -> list[str]:
        return [name for found, _, name in self.objects if found == kind]

    def _uid(self) -> str:
        self._next += 1
        return f"00000000-0000-0000-0000-{self._next:012d}"

    def answer(self, method: str, target: str, headers: Json, body: bytes) -> tuple[int, Any]:
        """Status and body of one request."""
        self.requests.append((method, target))
        url = urlsplit(target)
        match, query = PATH.fullmatch(url.path), parse_qsl(url.query, keep_blank_values=True)
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"kind": "Status", "reason": "Unauthorized"}
        if match is None or PLURALS.get(match["plural"], ("", ""))[0] != match["version"]:
            return self._wrong(f"no such path: {url.path}")
        if headers.get("accept") != "application/json":
            return self._wrong(f"accepts {headers.get('accept')}")
        key = (PLURALS[match["plural"]][1], match["room"], match["name"] or "")
        try:
            if method == "PATCH":
                return self._apply(key, match["version"], query, headers, body)
            if method == "DELETE":
                return self._delete(key, query, headers, body)
            return self._read(key, query, body)
        except AssertionError as error:
            return self._wrong(f"{method} {target}: {error}")

    def _wrong(self, fault: str) -> tuple[int, Json]:
        self.faults.append(fault)
        return 400, {"kind": "Status", "reason": "BadRequest", "message": fault}

    def _apply(
        self, key: Key, version: str, query: list[tuple[str, str]], headers: Json, body: bytes
    ) -> tuple[int, Json]:
        kind, room, name = key
        assert sorted(query) == [("fieldManager", "remit"), ("force", "true")], query
        assert headers.get("content-type") == "application/apply-patch+yaml", headers
        wanted = yaml.safe_load(body)
        assert (wanted["apiVersion"], wanted["kind"]) == (version, kind), "another kind than the path says"
        assert (wanted["metadata"]["namespace"], wanted["metadata"]["name"]) == (room, name), (
            "another place than the path"
        )
        assert not {"managedFields", "resourceVersion", "uid"} & wanted["metadata"].keys(), "what only servers write"
        if room not in self.rooms:
            return 404, {"kind": "Status", "reason": "NotFound"}
        kubernetes_validate.validate(wanted, VERSION, strict=True)
        old = self.objects.get(key)
        if kind == "StatefulSet" and old and old["spec"]["selector"] != wanted["spec"]["selector"]:
            causes = [{"reason": "FieldValueForbidden", "field": "spec.selector", "message": json.dumps(wanted)}]
            return 422, {
                "kind": "Status",
                "reason": "Invalid",
                "message": json.dumps(wanted),
                "details": {"causes": causes},
            }
        kept = {part: old[part] for part in ("status",) if old and part in old}
        new = {**copy.deepcopy(wanted), **kept}
        new["metadata"]["uid"] = old["metadata"]["uid"] if old else self._uid()
        self.objects[key] = new
        return (200 if old else 201), new

    def _read(self, key: Key, query: list[tuple[str, str]], body: bytes) -> tuple[int, Json]:
        kind, room, name = key
        assert not body, "a body to read with"
        if name:
            assert not query, query
            found = self.objects.get(key)
            return (200, found) if found else (404, {"kind": "Status", "reason": "NotFound"})
        (option, selector), *more = query
        assert option == "labelSelector" and not more, query
        labels = dict(pair.split("=") for pair in selector.split(","))
        assert labels.get("workload-id"), "a list of everybody's"
        items = [
            each
            for (which, where, _), each in self.objects.items()
            if (which, where) == (kind, room) and labels.items() <= each["metadata"]["labels"].items()
        ]
        return 200, {"kind": f"{kind}List", "items": items}

    def _delete(self, key: Key, query: list[tuple[str, str]], headers: Json, body: bytes) -> tuple[int, Json]:
        assert key[2] and not query, "one object by its name"
        assert headers.get("content-type") == "application/json", headers
        options = json.loads(body)
        uid = options.pop("preconditions", {}).get("uid")
        assert options == {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground"}, options
        assert uid, "whatever is there by now"
        found = self.objects.get(key)
        if found is None:
            return 404, {"kind": "Status", "reason": "NotFound"}
        if found["metadata"]["uid"] != uid:
            return 409, {"kind": "Status", "reason": "Conflict"}
        if self.lingering:
            found["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        else:
            del self.objects[key]
        return 200, {"kind": "Status", "status": "Success"}

    def met(self, method: str, target: str) -> Trouble | None:
        """The trouble that a request meets, once."""
        for each in self.trouble:
            plural = next((plural for plural, (_, kind) in PLURALS.items() if kind == each.kind), "")
            if each.method == method and plural in target:
                self.trouble.remove(each)
                return each
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # head and body in one write: apart, the second waits for the client to confirm the first
    api: KubernetesApi

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        trouble = self.api.met(self.command, self.path)
        if trouble:
            time.sleep(trouble.delay)
            status, answer = trouble.status, trouble.body
        else:
            headers = {key.lower(): value for key, value in self.headers.items()}
            status, answer = self.api.answer(self.command, self.path, headers, body)
        whole = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(whole)))
        if 300 <= status < 400:
            self.send_header("Location", f"{self.api.url}/elsewhere")
        self.end_headers()
        for piece in [whole[i : i + 1] for i in range(len(whole))] if trouble and trouble.trickle else [whole]:
            time.sleep(0.05 if trouble and trouble.trickle else 0)
            self.wfile.write(piece)
            self.wfile.flush()

    do_GET = do_PATCH = do_DELETE = do_POST = do_PUT = _serve  # noqa: N815

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the client has lost patience, as it should

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@contextmanager
def serving(api: KubernetesApi) -> Iterator[KubernetesApi]:
    """The server, while the block lasts."""
    handler = type("Handler", (_Handler,), {"api": api})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        api.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()
