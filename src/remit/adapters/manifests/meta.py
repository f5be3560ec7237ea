"""Names, labels and annotations of everything that a workspace becomes (facts §4).

`workload-id` is by what remit finds again what is its own; `kai.scheduler/queue` is always there, since KAI has no
queue for what names none. What remit sets, a workspace's own labels and annotations cannot: a label could move it to
the queue of another project.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from remit.adapters.manifests.names import label_value, room_of, unit_name, workspace_name
from remit.adapters.manifests.shape import said
from remit.core.blocks import Spec, Workspace
from remit.core.names import quoted
from remit.errors import RequestInvalid

MANAGER = {"app.kubernetes.io/managed-by": "remit"}
ID_LABEL = "workload-id"
KEEP_LABEL = "remit/keep"
UNTIL_STOP, FOR_GOOD = "until-stop", "for-good"
"""How long a claim of `KEEP_LABEL` stays: until its workspace stops, or whatever becomes of the workspace."""

_OUR_OWNERS = ("kubernetes.io", "k8s.io", "kai.scheduler", "run.ai", "runai", "remit")
_OURS_EXACTLY = ("app", "gpu-memory", "mps", "priorityClassName", "project", "received-resource-type", "user", ID_LABEL)
_OURS = ("gpu-fraction", "pod-group-name", "runai-")
_KEY = re.compile(r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


class Frame(NamedTuple):
    """What every rendered thing of one workspace shares: where it stands, what it is called, and whose it is."""

    workspace: Workspace
    unit: str
    room: str
    name: str
    user: str


def frame_of(workspace: Workspace, unit: str, user: str) -> Frame:
    """The frame of a workspace in the project `unit`, made by `user`.

    Where its spec has its security apart, as flat submissions do, that is moved to where an environment has it.
    """
    spec = workspace.spec
    workspace = workspace._replace(spec={**spec, **said(spec.get("security") or {})})
    return Frame(workspace, unit_name(unit), room_of(unit), workspace_name(workspace.name), user)


def selector(workspace_id: str) -> dict[str, str]:
    """The labels by which a workspace's own things are found."""
    return {ID_LABEL: label_value(workspace_id)}


def metadata(frame: Frame, name: str, more: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The head of a thing: what it is called, where it stands, and labels that say whose it is."""
    labels = {
        **MANAGER,
        **selector(frame.workspace.id),
        "project": frame.unit,
        "user": label_value(frame.user.removeprefix("user:")),
        **(more or {}),
    }
    return head(frame.room, name, labels)


def head(room: str, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """The head of a thing in this place."""
    return {"name": name, "namespace": room, "labels": dict(sorted(labels.items()))}


def place_of(wanted: Mapping[str, Any]) -> tuple[str, str]:
    """Where a rendered thing stands, and its name."""
    return wanted["metadata"]["namespace"], wanted["metadata"]["name"]


def names_as_written(frame: Frame) -> dict[str, str]:
    """Names as people wrote them, which a label may not be able to carry."""
    return {
        "remit/scope": frame.workspace.scope,
        "remit/user": frame.user,
        "remit/workspace": frame.workspace.name,
    }


def scheduling_labels(frame: Frame) -> dict[str, str]:
    """By what KAI places a pod. A stateful set counts as a training, and would give way, unless it says `build`."""
    spec = frame.workspace.spec
    found = {
        "kai.scheduler/queue": frame.unit,
        "priorityClassName": _label("priorityClass", spec.get("priorityClass") or "build"),
    }
    if spec.get("preemptibility"):
        found["kai.scheduler/preemptibility"] = _label("preemptibility", spec["preemptibility"])
    return found


def own_labels(spec: Spec) -> dict[str, str]:
    """The workspace's own labels. Raises RequestInvalid for one that Kubernetes cannot carry, or that is remit's."""
    return {key: _label(key, value) for key, value in _own(spec.get("labels"), "label")}


def own_annotations(spec: Spec) -> dict[str, str]:
    """The workspace's own annotations. Raises RequestInvalid as `own_labels`."""
    return dict(_own(spec.get("annotations"), "annotation"))


def _own(given: Any, sort: str) -> Iterable[tuple[str, str]]:
    """Keys and values, given as an object or as a list of names with values."""
    pairs = (
        given.items()
        if isinstance(given, Mapping)
        else ((each["name"], each.get("value") or "") for each in given or ())
    )
    for key, value in sorted(pairs):
        if not _KEY.fullmatch(key):
            raise RequestInvalid(f"{quoted(key)} cannot be the name of a {sort}")
        if _is_ours(key):
            raise RequestInvalid(f"the {sort} {quoted(key)} is set by remit alone")
        yield key, str(value)


def _is_ours(key: str) -> bool:
    """Does it say something to the scheduler, or to remit?"""
    owner, slash, _ = key.rpartition("/")
    owned = bool(slash) and any(owner == each or owner.endswith(f".{each}") for each in _OUR_OWNERS)
    return owned or key in _OURS_EXACTLY or key.startswith(_OURS)


def _label(name: str, value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise RequestInvalid(f"{quoted(value)} cannot be the value of the label {quoted(name)}")
    return value
