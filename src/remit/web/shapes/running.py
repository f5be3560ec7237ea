"""How a workspace is scheduled and ended: the same fields whether it is made of blocks or of a flat spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from remit.web.shapes.base import MANY, UNSAID, Conflict, NotExcluded, Shape, Wrong, off, refuse, repeated
from remit.web.shapes.texts import Carried, Label, SubjectName, Title, WebAddress, matching

_NAME = r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)"
_VALUE = rf"{_NAME}?"
_OWNER = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
_OURS = frozenset({"project", "user", "workload-id", "priorityClassName", "gpu-memory", "mps", "app"})
_OUR_OWNERS = ("kubernetes.io", "k8s.io", "kai.scheduler", "run.ai", "runai", "remit")
_NO_SECRETS = refuse("is not supported: secrets are reached through credentials, so name those of the registry")
_NO_AFFINITY = refuse("is not supported; choose nodes by `nodeType`, `nodePools` and `tolerations`")


def _free_mark(text: str) -> str:
    """A label or an annotation that decides nothing: queues, priorities and GPUs are chosen by fields of their own."""
    owner, slash, _ = text.rpartition("/")
    owned = slash and any(owner == ours or owner.endswith(f".{ours}") for ours in _OUR_OWNERS)
    if owned or text in _OURS or text.startswith("gpu-fraction"):
        raise Wrong("is kept for remit and the scheduler")
    return text


MarkName = Annotated[
    str, matching(rf"({_OWNER}/)?{_NAME}", "must be the name of a label: `team` or `example.com/team`, 63 at most")
]
"""A name that Kubernetes gives to labels, annotations and taints."""

LabelValue = Annotated[str, matching(_VALUE, "must be the value of a label: letters, digits, inner `-`, `_`, `.`")]
"""What a label can say."""

FreeName = Annotated[MarkName, AfterValidator(_free_mark)]
"""The same, of those that anyone may set."""

Period = Annotated[int, Field(ge=0, le=10 * 365 * 86_400)]
"""Seconds, ten years at most."""

People = Annotated[list[SubjectName], Field(min_length=1, max_length=MANY)]
"""Users and applications, or groups."""


class Mark(Shape):
    """A label."""

    name: FreeName
    value: LabelValue = ""
    exclude: NotExcluded = UNSAID


class Note(Shape):
    """An annotation."""

    name: FreeName
    value: Carried = ""
    exclude: NotExcluded = UNSAID


class Toleration(Shape):
    """A taint of nodes that does not keep the workspace away."""

    name: Title | None = None
    operator: Literal["Equal", "Exists"] | None = None
    key: MarkName | None = None
    value: LabelValue | None = None
    effect: Literal["NoSchedule", "NoExecute", "PreferNoSchedule", "Any"] | None = None
    seconds: Annotated[int, Field(ge=1, le=10 * 365 * 86_400)] | None = None
    exclude: NotExcluded = UNSAID

    def conflicts(self) -> Iterator[Conflict]:
        """What Kubernetes asks of tolerations; the published text has the two operators the wrong way round."""
        exists = self.operator == "Exists"
        if self.key is None and not exists:
            yield ("key",), "is required unless `operator` is `Exists`"
        if self.value is not None and exists:
            yield ("value",), "is not for the `operator` `Exists`"
        if self.seconds is not None and self.effect != "NoExecute":
            yield ("seconds",), "needs `effect` to be `NoExecute`"


class RelatedUrl(Shape):
    """A page that has to do with the workspace."""

    url: WebAddress
    type: Title
    name: Title | None = None
    exclude: NotExcluded = UNSAID


class Running(Shape):
    """Where and how long a workspace runs."""

    labels: Annotated[list[Mark], Field(max_length=MANY)] | None = None
    annotations: Annotated[list[Note], Field(max_length=MANY)] | None = None
    node_type: LabelValue | None = None
    node_pools: Annotated[list[Label], Field(max_length=MANY)] | None = None
    tolerations: Annotated[list[Toleration], Field(max_length=MANY)] | None = None
    priority_class: (
        Literal[
            "very-low",
            "low",
            "medium-low",
            "medium",
            "medium-high",
            "high",
            "very-high",
            "build",
            "train",
            "interactive-preemptible",
        ]
        | None
    ) = None
    preemptibility: Literal["preemptible", "non-preemptible"] | None = None
    restart_policy: Literal["Always", "Never", "OnFailure"] | None = None
    backoff_limit: Annotated[int, Field(ge=0, le=10_000)] | None = None
    terminate_after_preemption: bool | None = None
    termination_grace_period_seconds: Period | None = None
    auto_deletion_time_after_completion_seconds: Period | None = None
    category: Title | None = None
    image_pull_secrets: Annotated[object, _NO_SECRETS] = UNSAID
    node_affinity_required: Annotated[object, _NO_AFFINITY] = UNSAID
    pod_affinity: Annotated[object, _NO_AFFINITY] = UNSAID
    allow_over_quota: Annotated[
        bool | None, off("is not supported: quotas are the scheduler's; say `preemptibility`")
    ] = UNSAID

    def conflicts(self) -> Iterator[Conflict]:
        """Each label, annotation and pool once."""
        yield from repeated([each.name for each in self.labels or ()], "labels", "name")
        yield from repeated([each.name for each in self.annotations or ()], "annotations", "name")
        yield from repeated(self.node_pools, "nodePools")
