"""A compute resource: GPUs whole, in part or by memory, processor cores and memory.

The published schema contradicts itself about parts of several GPUs. remit holds to what its form allows: a part of a
GPU only with exactly one device; more devices are whole ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from remit.web.shapes.base import MANY, UNSAID, Conflict, NotExcluded, Shape, repeated
from remit.web.shapes.quantities import Cores, Count, Memory, Portion, amount_of
from remit.web.shapes.texts import matching

_GPU = "nvidia.com/gpu"
_OWNER = r"(?!([^/]*\.)?kubernetes\.io/)[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
_RESOURCE = rf"{_OWNER}/[A-Za-z0-9]([A-Za-z0-9._-]{{0,61}}[A-Za-z0-9])?"

ResourceName = Annotated[str, matching(_RESOURCE, "must be the full name of a resource, such as `example.com/fpga`")]
"""The name of something that nodes offer besides cores and memory."""


class ExtendedResource(Shape):
    """So many of something that nodes offer."""

    resource: ResourceName
    quantity: Count
    exclude: NotExcluded = UNSAID

    def conflicts(self) -> Iterator[Conflict]:
        """GPUs have fields of their own."""
        if self.resource == _GPU:
            yield ("resource",), "is asked for by `gpuDevicesRequest`"


class ComputeSpec(Shape):
    """What a workspace may take of a machine."""

    gpu_devices_request: Annotated[int, Field(ge=0, le=1_024)] | None = None
    gpu_request_type: Literal["portion", "memory"] | None = None
    gpu_portion_request: Portion | None = None
    gpu_portion_limit: Portion | None = None
    gpu_memory_request: Memory | None = None
    gpu_memory_limit: Memory | None = None
    cpu_core_request: Cores | None = None
    cpu_core_limit: Cores | None = None
    cpu_memory_request: Memory | None = None
    cpu_memory_limit: Memory | None = None
    large_shm_request: bool | None = None
    extended_resources: Annotated[list[ExtendedResource], Field(max_length=MANY)] | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """Which fields go together, which limits are too low, and whether anything is asked for at all."""
        yield from self._gpu_fields()
        yield from self._gpu_parts()
        yield from self._limits()
        yield from repeated([each.resource for each in self.extended_resources or ()], "extendedResources", "resource")
        if not (
            self.gpu_devices_request
            or self.gpu_request_type
            or self.cpu_core_request
            or self.cpu_core_limit
            or self.cpu_memory_request
            or self.cpu_memory_limit
            or self.extended_resources
        ):
            yield (), "asks for nothing: name GPUs, cores, memory or other resources"

    def _gpu_fields(self) -> Iterator[Conflict]:
        """The fields of each way to ask for a part of a GPU, and no fields of the other."""
        fields = {
            "portion": (("gpuPortionRequest", self.gpu_portion_request), ("gpuPortionLimit", self.gpu_portion_limit)),
            "memory": (("gpuMemoryRequest", self.gpu_memory_request), ("gpuMemoryLimit", self.gpu_memory_limit)),
        }
        for way, values in fields.items():
            for name, value in values:
                if value is not None and self.gpu_request_type != way:
                    yield (name,), f"needs `gpuRequestType` to be `{way}`"
        if self.gpu_request_type and self.gpu_devices_request is None:
            yield ("gpuDevicesRequest",), "is required where `gpuRequestType` is given"
        if self.gpu_request_type and self.gpu_devices_request == 0:
            yield ("gpuRequestType",), "needs a GPU, and `gpuDevicesRequest` is 0"

    def _gpu_parts(self) -> Iterator[Conflict]:
        """A part of a GPU takes exactly one device."""
        several = (self.gpu_devices_request or 0) > 1
        if self.gpu_request_type == "portion":
            if self.gpu_portion_request is None and not several:
                yield ("gpuPortionRequest",), "is required where `gpuRequestType` is `portion`"
            for name, value in (("Request", self.gpu_portion_request), ("Limit", self.gpu_portion_limit)):
                if several and value is not None and value < 1:
                    yield (f"gpuPortion{name}",), "must be 1 with several devices: only one device can be shared"
        elif self.gpu_request_type == "memory":
            if several:
                yield ("gpuRequestType",), "must not be `memory` with several devices: only one device can be shared"
            if self.gpu_memory_request is None:
                yield ("gpuMemoryRequest",), "is required where `gpuRequestType` is `memory`"

    def _limits(self) -> Iterator[Conflict]:
        """No limit is below what is asked for."""
        for name, least, most in (
            ("gpuPortion", self.gpu_portion_request, self.gpu_portion_limit),
            ("cpuCore", self.cpu_core_request, self.cpu_core_limit),
        ):
            if least is not None and most is not None and most < least:
                yield (f"{name}Limit",), f"is less than `{name}Request`"
        for name, request, limit in (
            ("gpuMemory", self.gpu_memory_request, self.gpu_memory_limit),
            ("cpuMemory", self.cpu_memory_request, self.cpu_memory_limit),
        ):
            if request is not None and limit is not None and amount_of(limit) < amount_of(request):
                yield (f"{name}Limit",), f"is less than `{name}Request`"
