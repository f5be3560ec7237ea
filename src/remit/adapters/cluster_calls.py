"""Calls to a Kubernetes API server: server-side apply, read, list and delete, each bounded in time and size.

Nothing of a request or an answer gets into a message but a status, a reason, and the names of fields: a Secret's values
travel here. For the same cause no error keeps the one it came from.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from remit.core.names import quoted
from remit.errors import Conflict, CouldNotDecide, Misconfigured, RemitError, RequestInvalid

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

IN_CLUSTER = "in-cluster"
FIELD_MANAGER = "remit"
APPLY = "application/apply-patch+yaml"
MOST_BYTES = 8 * 1024 * 1024
"""The longest answer that is read."""

KINDS = {
    "Ingress": ("/apis/networking.k8s.io/v1", "ingresses"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"),
    "Pod": ("/api/v1", "pods"),
    "Secret": ("/api/v1", "secrets"),
    "Service": ("/api/v1", "services"),
    "StatefulSet": ("/apis/apps/v1", "statefulsets"),
}
"""Where each kind is found: a kind that is not here is none that remit makes."""


class Thing(NamedTuple):
    """One object in the cluster: its kind, the project's place it is in, and its name."""

    kind: str
    room: str
    name: str


class Timeouts(NamedTuple):
    """In seconds: until a connection stands, until the next bytes come, and until an answer is whole."""

    connect: float = 3.0
    read: float = 10.0
    whole: float = 20.0


def connected(setting: str) -> ApiClient:
    """A client for `in-cluster`, or for the kubeconfig at that path. Raises Misconfigured.

    It never asks twice by itself: the caller knows whether trying again makes sense. It follows no redirection.
    """
    from kubernetes import config  # half a second, which a remit without a cluster does not spend
    from kubernetes.client import ApiClient, Configuration

    configuration = Configuration()
    try:
        if setting == IN_CLUSTER:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            loading = {"client_configuration": configuration, "persist_config": False}
            config.load_kube_config(setting, **loading)  # type: ignore[no-untyped-call]
        plain = urlsplit(configuration.host)
        safe = plain.scheme == "https" or plain.hostname in ("127.0.0.1", "::1", "localhost")
    except Exception as error:
        trouble = f"`REMIT_KUBERNETES` is {quoted(setting)}, which gives no access to a cluster: {type(error).__name__}"
    else:
        trouble = "" if safe else f"`REMIT_KUBERNETES` is {quoted(setting)}, whose cluster is not reached by https"
    if trouble:
        raise Misconfigured(trouble)
    configuration.retries = False
    return ApiClient(configuration)


class Calls:
    """Calls to one API server."""

    def __init__(self, client: ApiClient, timeouts: Timeouts) -> None:
        self._client = client
        self._timeouts = timeouts

    def apply(self, thing: Thing, wanted: Mapping[str, Any]) -> None:
        """Server-side apply: what remit says counts, and what others own stays. Raises as `Cluster.apply`."""
        query = [("fieldManager", FIELD_MANAGER), ("force", "true")]
        status, answer = self._ask("PATCH", _path(thing), query, dict(wanted), APPLY)
        if not 200 <= status < 300:
            raise _refusal("patch", thing, status, answer)

    def read(self, thing: Thing) -> dict[str, Any] | None:
        """The object, or None if there is none."""
        status, answer = self._ask("GET", _path(thing), [])
        if status == 404:
            return None
        if not 200 <= status < 300:
            raise _refusal("get", thing, status, answer)
        return answer

    def listed(self, kind: str, room: str, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """The objects of a kind that have all these labels, of which there is at least one."""
        if not labels or not all(labels.values()):
            raise ValueError("a list without labels would be everybody's")
        thing = Thing(kind, room, "")
        chosen = ",".join(f"{key}={value}" for key, value in labels.items())
        status, answer = self._ask("GET", _path(thing), [("labelSelector", chosen)])
        if not 200 <= status < 300:
            raise _refusal("list", thing, status, answer)
        found: list[dict[str, Any]] = answer.get("items") or []
        return found

    def delete(self, thing: Thing, uid: str) -> None:
        """Remove exactly this object, after all that it owns; nothing happens if it is gone, or another one by now."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground"}
        body = {**options, "preconditions": {"uid": uid}}
        status, answer = self._ask("DELETE", _path(thing), [], body, "application/json")
        if not 200 <= status < 300 and status not in (404, 409):
            raise _refusal("delete", thing, status, answer)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _ask(
        self, method: str, path: str, query: list[tuple[str, str]], body: object = None, content: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer of one request."""
        headers = {"Accept": "application/json"} | ({"Content-Type": content} if content else {})
        try:
            request = self._client.param_serialize(
                method, path, query_params=query, header_params=headers, body=body, auth_settings=["BearerToken"]
            )
            answer = self._client.call_api(*request, _request_timeout=self._timeouts[:2])
            found = json.loads(_read(answer.response, time.monotonic() + self._timeouts.whole) or b"{}")
        except Exception as error:  # whatever it is, there is no answer; its text may hold the request
            trouble = type(error).__name__
        else:
            if isinstance(found, dict):
                return answer.status, found
            if answer.status >= 300:
                return answer.status, {}
            trouble = "an answer that is none"
        raise CouldNotDecide(f"the cluster is out of reach: {trouble}")


def _read(response: Any, deadline: float) -> bytes:
    """The body, unless it takes too long or is too much: bytes that trickle keep no connection for ever."""
    parts: list[bytes] = []
    while part := response.read1(65_536):
        parts.append(part)
        if time.monotonic() > deadline or sum(map(len, parts)) > MOST_BYTES:
            response.close()
            raise TimeoutError
    response.release_conn()
    return b"".join(parts)


def _path(thing: Thing) -> str:
    base, plural = KINDS[thing.kind]
    end = f"/{quote(thing.name, safe='')}" if thing.name else ""
    return f"{base}/namespaces/{quote(thing.room, safe='')}/{plural}{end}"


def _refusal(verb: str, thing: Thing, status: int, answer: Mapping[str, Any]) -> RemitError:
    """What a status means for the caller."""
    what = (
        f"{thing.kind} {quoted(thing.name)} in {quoted(thing.room)}" if thing.name else f"{thing.kind} in {thing.room}"
    )
    match status:
        case 401 | 403:
            return CouldNotDecide(f"the cluster does not let remit `{verb}` {what}")
        case 404:
            return CouldNotDecide(f"the cluster has no {quoted(thing.room)}")
        case 409:
            return Conflict(f"{what} is being changed by somebody else; try again")
        case 400 | 422:
            causes = (answer.get("details") or {}).get("causes") or ()
            fields = ", ".join(quoted(str(cause.get("field"))) for cause in list(causes)[:3])
            return RequestInvalid(f"the cluster does not take {what}" + (f": see {fields}" if fields else ""))
    return CouldNotDecide(f"the cluster is out of reach: it answers {status}")
