"""What an API server and KAI's admission would say of objects, re-stated without a line of the renderer (facts §4)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import kubernetes_validate
import kubernetes_validate.utils

Json = dict[str, Any]
VERSION = "1.37"

# Every validation reads the same two files of schemas anew, which is nearly all it does.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)

DNS = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LETTER_FIRST = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def faults(objects: Sequence[Json]) -> list[str]:
    """Everything that would be refused."""
    found = [fault for each in objects for fault in _schema(each)]
    for each in objects:
        found += _head(each)
        if each["kind"] == "StatefulSet":
            found += [*_stateful_set(each), *_pod(each["spec"]["template"]["spec"]), *_kai(each)]
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    return found + ([f"two of one name: {names}"] if len(set(names)) < len(names) else [])


def _schema(each: Json) -> Iterator[str]:
    try:
        kubernetes_validate.validate(each, VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{each['kind']}: {list(error.path)}: {error.message}"


def _head(each: Json) -> Iterator[str]:
    head = each["metadata"]
    service = each["kind"] == "Service"
    if not (LETTER_FIRST if service else DNS).fullmatch(head["name"]):
        yield f"the name {head['name']}"
    if not DNS.fullmatch(head["namespace"]) or not head["namespace"].startswith("runai-"):
        yield f"the place {head['namespace']}"
    yield from _labels(head.get("labels", {}))
    if each["kind"] == "Service":
        ports = each["spec"].get("ports", [])
        yield from _unique("ports of a service", [(port["port"], port["protocol"]) for port in ports])
        yield from _unique("names of ports", [port["name"] for port in ports])
        if not ports and each["spec"].get("clusterIP") != "None":
            yield "a service without ports"


def _labels(labels: Json) -> Iterator[str]:
    for key, value in labels.items():
        if not KEY.fullmatch(key) or not VALUE.fullmatch(value):
            yield f"the label {key}={value}"


def _stateful_set(each: Json) -> Iterator[str]:
    labels = each["spec"]["template"]["metadata"]["labels"]
    yield from _labels(labels)
    if not each["spec"]["selector"]["matchLabels"].items() <= labels.items():
        yield "a selector that misses its own pods"
    if len(each["metadata"]["name"]) > 52:
        yield "a stateful set whose revisions have no label"
    if any(not KEY.fullmatch(key) for key in each["spec"]["template"]["metadata"]["annotations"]):
        yield "an annotation's name"


def _pod(pod: Json) -> Iterator[str]:
    volumes = [volume["name"] for volume in pod.get("volumes", [])]
    yield from _unique("volumes", volumes)
    containers = [*pod.get("initContainers", []), *pod["containers"]]
    yield from _unique("containers", [each["name"] for each in containers])
    used = set()
    for each in containers:
        mounts = each.get("volumeMounts", [])
        used |= {mount["name"] for mount in [*mounts, *each.get("volumeDevices", [])]}
        yield from _unique("mounts", [mount["mountPath"] for mount in mounts])
        yield from _unique("variables", [variable["name"] for variable in each.get("env", [])])
        yield from _unique("ports", [port["containerPort"] for port in each.get("ports", [])])
        for amounts in each.get("resources", {}).values():
            if any(not re.fullmatch(r"\+?[0-9.]+([eE][-+]?\d+|[numkMGTPE]i?)?", amount) for amount in amounts.values()):
                yield f"amounts {amounts}"
    if used != set(volumes):
        yield f"volumes {volumes}, used {sorted(used)}"
    for name in volumes:
        if not DNS.fullmatch(name):
            yield f"the volume {name}"


def _kai(each: Json) -> Iterator[str]:
    """KAI's conditions of admission, and those under which it treats a stateful set as a person's workspace."""
    template = each["spec"]["template"]
    notes, labels, pod = template["metadata"]["annotations"], template["metadata"]["labels"], template["spec"]
    for where in (labels, each["metadata"]["labels"]):
        if not where.get("kai.scheduler/queue"):
            yield "no queue"
        if not where.get("priorityClassName"):
            yield "no priority: it would count as a training"
    if pod["schedulerName"] != "kai-scheduler":
        yield "another scheduler"
    fraction, memory = notes.get("gpu-fraction"), notes.get("gpu-memory")
    if fraction is not None and not 0 < float(fraction) < 1:
        yield f"the fraction {fraction}"
    if memory is not None and not re.fullmatch(r"[1-9]\d*", memory):
        yield f"the memory {memory}"
    if memory is not None and fraction is not None:
        yield "both a fraction and memory"
    shared = memory is not None or fraction is not None
    whole = [
        amounts["nvidia.com/gpu"]
        for container in [*pod.get("initContainers", []), *pod["containers"]]
        for amounts in container.get("resources", {}).values()
        if "nvidia.com/gpu" in amounts
    ]
    if shared and whole:
        yield "a share beside whole devices"
    if any(not re.fullmatch(r"[1-9]\d*", amount) for amount in whole):
        yield f"devices {whole}"
    if "gpu-fraction-num-devices" in notes and not (
        shared and re.fullmatch(r"[1-9]\d*", notes["gpu-fraction-num-devices"])
    ):
        yield "a number of devices without a share"
    if "mps" in notes and fraction is None:
        yield "mps without a fraction"
    if shared and notes.get("gpu-fraction-container-name") != pod["containers"][0]["name"]:
        yield "a share that is not the first container's"
    if pod["containers"][0]["name"] != "main":
        yield "the notebook is not container 0"


def _unique(what: str, found: list[Any]) -> Iterator[str]:
    if len(set(found)) < len(found):
        yield f"{what} more than once: {found}"
