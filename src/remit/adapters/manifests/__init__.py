"""A workspace as Kubernetes objects: a pure rendering of its frozen spec (facts §4).

A stateful set of one pod (none when stopped) for the KAI scheduler, its headless service, the claims it needs, and the
services and the Ingress of its connections. Secrets are there by the name of a Secret only; who applies this applies
those apart. The project's own place and its queue are not made here: they are there before a workspace is.

A share of a GPU has no upper limit here (`gpuPortionLimit`, `gpuMemoryLimit`): KAI knows none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remit.adapters.manifests.credentials import secret_data, secret_names
from remit.adapters.manifests.meta import frame_of
from remit.adapters.manifests.names import label_value, room_of, secret_name, slug, unit_of
from remit.adapters.manifests.network import addresses, ingress, services, ways
from remit.adapters.manifests.pod import stateful_set
from remit.adapters.manifests.text import as_yaml
from remit.core.blocks import Workspace

__all__ = [
    "as_yaml",
    "label_value",
    "manifest",
    "room_of",
    "secret_data",
    "secret_name",
    "secret_names",
    "slug",
    "unit_of",
]


def manifest(workspace: Workspace, unit: str, user: str, secrets: Mapping[str, str]) -> list[dict[str, Any]]:
    """The Kubernetes objects of a workspace, in the order to apply them.

    `unit` is its project's name (`unit_of(workspace.scope)`); `user` whose it is, as `user:ada@example.com` or bare;
    `secrets` the name of the Kubernetes Secret of every credential that its spec names, by asset id (`secret_names`).

    Raises RequestInvalid if the spec says something that Kubernetes or KAI would not take, or names a credential that
    `secrets` lacks.
    """
    frame = frame_of(workspace, unit, user)
    opened = ways(frame.workspace.spec)
    found = addresses(frame, opened)
    whole, claims = stateful_set(frame, secrets, opened, found)
    return [*claims, *services(frame, opened), whole, *ingress(frame, found)]
