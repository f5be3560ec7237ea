"""The stateful set of a workspace and the pod in it (facts §4): one pod while it is wanted running, none else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remit.adapters.manifests.compute import MAIN, gpus, resources
from remit.adapters.manifests.container import (
    command_line,
    container_security,
    environment,
    pod_security,
    readiness,
    run_as,
)
from remit.adapters.manifests.meta import (
    Frame,
    metadata,
    names_as_written,
    own_annotations,
    own_labels,
    scheduling_labels,
    selector,
)
from remit.adapters.manifests.names import slug
from remit.adapters.manifests.network import JUPYTER, Address, Way, container_ports
from remit.adapters.manifests.pieces import Piece
from remit.adapters.manifests.shape import Json, said, secret_of
from remit.adapters.manifests.storage import storage
from remit.core.blocks import Phase, Spec
from remit.errors import RequestInvalid

SCHEDULER = "kai-scheduler"
NODE_TYPE, NODE_POOL = "run.ai/type", "kai.scheduler/node-pool"
"""The labels of nodes by which a node type and a node pool are found."""

_TOLERATION = ("key", "operator", "value", "effect")


def stateful_set(
    frame: Frame, secrets: Mapping[str, str], opened: tuple[Way, ...], found: tuple[Address, ...]
) -> tuple[Json, tuple[Json, ...]]:
    """The stateful set, and the claims that its pod needs. Raises RequestInvalid."""
    spec = frame.workspace.spec
    home = f"/home/{slug(frame.user.rpartition(':')[2].partition('@')[0])}" if spec.get("createHomeDir") else None
    pieces = storage(frame, secrets, run_as(spec).get("runAsUser"), home)
    labels = own_labels(spec) | scheduling_labels(frame) | _pool_label(spec)
    head = metadata(frame, frame.name, labels)
    notes = own_annotations(spec) | dict(gpus(spec.get("compute") or {}).annotations) | names_as_written(frame)
    template = {"labels": head["labels"], "annotations": dict(sorted(notes.items()))}
    main = _main(frame, secrets, home, pieces, opened, found)
    whole = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {**head, "annotations": names_as_written(frame)},
        "spec": {
            "serviceName": frame.name,
            "replicas": 1 if frame.workspace.wanted is Phase.RUNNING else 0,
            "selector": {"matchLabels": selector(frame.workspace.id)},
            "template": {"metadata": template, "spec": _pod(spec, secrets, main, pieces)},
        },
    }
    return whole, pieces.claims


def _pod(spec: Spec, secrets: Mapping[str, str], main: Json, pieces: Piece) -> Json:
    """The pod. It has no key to the cluster, and its environment does not list its neighbours."""
    network = spec.get("hostNetwork") or None
    pulls = [{"name": secret_of(secrets, asset_id)} for asset_id in spec.get("imagePullCredentials") or ()]
    return {
        "schedulerName": SCHEDULER,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **said(
            {
                "hostIPC": spec.get("hostIpc") or None,
                "hostNetwork": network,
                "dnsPolicy": "ClusterFirstWithHostNet" if network else None,
                "terminationGracePeriodSeconds": spec.get("terminationGracePeriodSeconds"),
                "nodeSelector": said({NODE_TYPE: spec.get("nodeType")}),
                "affinity": _affinity(spec),
                "tolerations": [_toleration(each) for each in spec.get("tolerations") or ()],
                "securityContext": pod_security(spec),
                "imagePullSecrets": pulls,
                "initContainers": list(pieces.first),
                "containers": [main],
                "volumes": list(pieces.volumes),
            }
        ),
    }


def _main(
    frame: Frame,
    secrets: Mapping[str, str],
    home: str | None,
    pieces: Piece,
    opened: tuple[Way, ...],
    found: tuple[Address, ...],
) -> Json:
    """The container of the notebook: container 0, so that a share of a GPU is its share."""
    spec = frame.workspace.spec
    variables = environment(frame, secrets, home)
    base = next((each.path for each in found if each.way.tool == JUPYTER), None)
    return said(
        {
            "name": MAIN,
            "image": _image(spec),
            "imagePullPolicy": spec.get("imagePullPolicy"),
            **command_line(spec, frozenset(each["name"] for each in variables), base),
            "workingDir": spec.get("workingDir"),
            "env": variables,
            "ports": container_ports(opened),
            "resources": resources(spec.get("compute") or {}),
            "readinessProbe": readiness(spec),
            "securityContext": container_security(spec),
            "stdin": spec.get("stdin") or None,
            "tty": spec.get("tty") or None,
            "volumeMounts": list(pieces.mounts),
            "volumeDevices": list(pieces.devices),
        }
    )


def _image(spec: Spec) -> str:
    if not spec.get("image"):
        raise RequestInvalid("the environment names no image")
    image: str = spec["image"]
    return image


def _pool_label(spec: Spec) -> dict[str, str]:
    """KAI's shards each look after the pods that carry their pool's label, so one pool alone is said there too."""
    pools = list(spec.get("nodePools") or ())
    return {NODE_POOL: pools[0]} if len(pools) == 1 else {}


def _affinity(spec: Spec) -> Json | None:
    pools = spec.get("nodePools")
    if not pools:
        return None
    terms = [{"matchExpressions": [{"key": NODE_POOL, "operator": "In", "values": list(pools)}]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


def _toleration(each: Spec) -> Json:
    """A toleration in the published words; its `name` is the catalog's."""
    found: dict[str, Any] = said({key: each.get(key) for key in _TOLERATION})
    if found.get("effect") == "Any":
        del found["effect"]  # to Kubernetes, none is any
    return found | said({"tolerationSeconds": each.get("seconds", each.get("tolerationSeconds"))})
