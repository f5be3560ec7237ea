"""The connections of an environment as Services and an Ingress (facts §3c, §4).

Every port stands in the headless service. `NodePort` and `LoadBalancer` get a Service each; `ExternalUrl` a path of the
one Ingress: `/<project>/<workspace>` for the notebook, and that with the connection's name for every further one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from remit.adapters.manifests.meta import Frame, metadata, selector
from remit.adapters.manifests.names import part_name, stem_of
from remit.adapters.manifests.shape import Json, said
from remit.core.blocks import Spec
from remit.core.names import quoted
from remit.errors import RequestInvalid

JUPYTER = "jupyter-notebook"
_HOST = re.compile(r"(?=.{1,253}$)(?![0-9.]*$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")

_PATH = re.compile(r"/[A-Za-z0-9_/.~-]*")


class Way(NamedTuple):
    """One port, and how it is reached: `by` is a published connection type; `url` was chosen by a person."""

    name: str
    port: int
    by: str
    tool: str = ""
    url: str | None = None
    node_port: int | None = None


class Address(NamedTuple):
    """Where the world finds a port: an empty host is every host that has no path of its own."""

    way: Way
    host: str
    path: str
    encrypted: bool


def ways(spec: Spec) -> tuple[Way, ...]:
    """Every port that a workspace opens; a connection to a tool elsewhere opens none."""
    return (*_of_connections(spec), *_of_ports(spec))


def _of_connections(spec: Spec) -> Iterator[Way]:
    for each in spec.get("connections") or ():
        tool = None if each.get("isExternal") else each.get("internalToolInfo")
        if tool:
            url = tool.get("externalUrlInfo") or {}
            chosen = each.get("externalUrl") or url.get("externalUrl") or None
            node_port = (tool.get("nodePortInfo") or {}).get("nodePort") or each.get("nodePort")
            by = tool["connectionType"]
            yield Way(each["name"], tool["containerPort"], by, tool.get("toolType", ""), chosen, node_port)


def _of_ports(spec: Spec) -> Iterator[Way]:
    """The flat spec's older words for the same: `ports` and `exposedUrls`."""
    for each in spec.get("ports") or ():
        by = each.get("serviceType") or "ServingPort"
        name = each.get("name") or each.get("toolName") or "port"
        yield Way(name, each["container"], by, "", None, each.get("external"))
    for each in spec.get("exposedUrls") or ():
        name, tool = each.get("name") or "url", each.get("toolType") or ""
        yield Way(name, each["container"], "ExternalUrl", tool, each.get("url") or None)


def container_ports(opened: tuple[Way, ...]) -> list[Json]:
    """The ports of the main container, each once."""
    return [
        {"containerPort": port, "name": f"port-{port}", "protocol": "TCP"}
        for port in sorted({way.port for way in opened})
    ]


def addresses(frame: Frame, opened: tuple[Way, ...]) -> tuple[Address, ...]:
    """Where the world finds each `ExternalUrl`. Raises RequestInvalid if a chosen one is no address, or not unique."""
    outward = [way for way in opened if way.by == "ExternalUrl"]
    first = next((way for way in outward if way.tool == JUPYTER and not way.url), None)
    first = first or next((way for way in outward if not way.url), None)
    base = f"/{frame.unit}/{frame.name}"
    found: list[Address] = []
    for way in outward:
        path = base if way is first else f"{base}/{stem_of(way.name)}"
        if any(each.path == path for each in found):
            path = f"{path}-{way.port}"
        found.append(_chosen(way, way.url) if way.url else Address(way, "", path, False))
    if len({(each.host, each.path) for each in found}) < len(found):
        raise RequestInvalid("two connections have one address")
    return tuple(found)


def _chosen(way: Way, url: str) -> Address:
    try:
        parts = urlsplit(url if "//" in url else f"//{url}", "https")
        host, wrong = (parts.hostname or "").rstrip("."), parts.port or parts.username or parts.query or parts.fragment
    except ValueError:
        host, parts, wrong = "", urlsplit(""), "?"
    path = parts.path or "/"
    if wrong or parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or not _PATH.fullmatch(path):
        raise RequestInvalid(f"{quoted(url)} is no address; write `https://notebook.example.com/path`")
    if ".." in path or "//" in path:
        raise RequestInvalid(f"{quoted(url)} has a path that means another one")
    return Address(way, host, path, parts.scheme == "https")


def services(frame: Frame, opened: tuple[Way, ...]) -> list[Json]:
    """The headless service that a stateful set needs, then one for each port with a way of its own."""
    ports = [_service_port(port) for port in sorted({way.port for way in opened})]
    found = [_service(frame, frame.name, said({"clusterIP": "None", "ports": ports}))]
    for index, way in enumerate(opened):
        if way.by in ("NodePort", "LoadBalancer"):
            port = said({**_service_port(way.port), "nodePort": way.node_port if way.by == "NodePort" else None})
            name = part_name(frame.workspace.id, f"{frame.name}-{way.name}", f"service-{index}")
            found.append(_service(frame, name, {"type": way.by, "ports": [port]}))
    return found


def _service_port(port: int) -> Json:
    # Server-side apply tells the ports of a list apart by number and protocol, so the protocol is said.
    return {"name": f"port-{port}", "port": port, "protocol": "TCP", "targetPort": port}


def _service(frame: Frame, name: str, spec: Json) -> Json:
    head = {"apiVersion": "v1", "kind": "Service", "metadata": metadata(frame, name)}
    return {**head, "spec": {**spec, "selector": selector(frame.workspace.id)}}


def ingress(frame: Frame, found: tuple[Address, ...]) -> list[Json]:
    """The Ingress, if anything is to be found from outside. An address with https uses the controller's certificate."""
    if not found:
        return []
    hosts = list(dict.fromkeys(each.host for each in found))
    encrypted = sorted({each.host for each in found if each.encrypted})
    per_host: list[Json] = [
        said({"host": host, "http": {"paths": [_path(frame, each) for each in found if each.host == host]}})
        for host in hosts
    ]
    spec: dict[str, Any] = {"tls": [{"hosts": encrypted}]} if encrypted else {}
    spec |= dict(rules=per_host)  # noqa: C408 - Kubernetes' word, which no text of remit's own says
    head = metadata(frame, part_name(frame.workspace.id, frame.name, "ingress"))
    return [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": head, "spec": spec}]


def _path(frame: Frame, address: Address) -> Json:
    service = {"name": frame.name, "port": {"number": address.way.port}}
    return {"path": address.path, "pathType": "Prefix", "backend": {"service": service}}
