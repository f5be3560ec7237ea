"""A compute resource as requests, limits and the notes by which KAI shares a GPU (facts §4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from remit.adapters.manifests.quantities import cores, mebibytes, parsed, plain, quantity, whole
from remit.core.blocks import Spec
from remit.core.names import quoted
from remit.errors import RequestInvalid

GPU = "nvidia.com/gpu"
MAIN = "main"
"""The container that the researcher works in: always the first."""


class Gpus(NamedTuple):
    """Either whole devices, or annotations that ask for a share of some: KAI refuses both in one pod."""

    devices: int
    annotations: Mapping[str, str]


def gpus(compute: Spec) -> Gpus:
    """What is asked of GPUs. All of a device is asked for as a device: KAI refuses a fraction of 1."""
    devices = compute.get("gpuDevicesRequest")
    portion, memory = compute.get("gpuPortionRequest"), compute.get("gpuMemoryRequest")
    by = compute.get("gpuRequestType") or ("memory" if memory else "portion" if portion else None)
    if devices == 0:
        return Gpus(0, {})
    if by == "memory" and memory is not None:
        mib = mebibytes(memory)
        return _shared("gpu-memory", str(mib), devices or 1) if mib else Gpus(0, {})
    if by == "portion" and portion is not None:
        share = parsed(portion)
        if share < 1:
            return _shared("gpu-fraction", plain(share), devices or 1) if share else Gpus(0, {})
        return Gpus(devices or 1, {})
    return Gpus(int(devices or 0), {})


def _shared(key: str, amount: str, devices: int) -> Gpus:
    notes = {key: amount, "gpu-fraction-container-name": MAIN}
    return Gpus(0, notes if devices == 1 else {**notes, "gpu-fraction-num-devices": str(devices)})


def resources(compute: Spec) -> dict[str, dict[str, str]]:
    """Requests and limits of the main container."""
    requests = _cores_and_memory(compute, "Request")
    limits = _cores_and_memory(compute, "Limit")
    extended = dict(sorted(_extended(compute)))
    if devices := gpus(compute).devices:
        extended[GPU] = str(devices)
    # Kubernetes takes a limit of such a resource as its request; both are said, so that readers need not know that.
    found = {"requests": {**requests, **extended}, "limits": {**limits, **extended}}
    return {side: amounts for side, amounts in found.items() if amounts}


def _cores_and_memory(compute: Spec, side: str) -> dict[str, str]:
    found = {}
    if (number := compute.get(f"cpuCore{side}")) is not None and parsed(number) > 0:
        found["cpu"] = cores(number)
    if (amount := compute.get(f"cpuMemory{side}")) is not None and parsed(amount) > 0:
        found["memory"] = quantity(amount)
    return found


def _extended(compute: Spec) -> list[tuple[str, str]]:
    return [(_extended_name(each), whole(each["quantity"])) for each in compute.get("extendedResources") or ()]


def _extended_name(each: Mapping[str, Any]) -> str:
    """GPUs asked for beside the GPU fields would go uncounted, or meet a fraction in one pod."""
    name: str = each["resource"]
    if name == GPU:
        raise RequestInvalid(f"{quoted(name)} is asked for with `gpuDevicesRequest`, not as an extended resource")
    if "/" not in name or name.startswith(("kubernetes.io/", "requests.")) or ".kubernetes.io/" in name:
        raise RequestInvalid(f"{quoted(name)} is no extended resource; its name is like `vendor.example/device`")
    return name
