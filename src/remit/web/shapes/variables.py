"""Environment variables: a name, and exactly one place that the value comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from remit.web.shapes.base import MANY, UNSAID, Conflict, NotExcluded, Shape, refuse, repeated
from remit.web.shapes.texts import AssetId, Carried, DottedLabel, Key, Prose, matching

_FIELD = (
    r"metadata\.(?:name(?:space)?|uid|(?:labels|annotations)\['[A-Za-z0-9./_-]{1,317}'\])"
    r"|spec\.(?:nodeName|serviceAccountName)|status\.(?:hostIPs?|podIPs?)"
)
RAW_SECRET = refuse("is not supported: secrets are reached through credentials, so give `credential`")
"""Refuses a Kubernetes secret by its bare name: nobody could decide who may use it."""


class FromCredential(Shape):
    """A value out of credentials."""

    asset_id: AssetId
    key: Key


class FromConfigMap(Shape):
    """A value out of a configuration in the project."""

    name: DottedLabel
    key: Key


class FromPod(Shape):
    """A value that Kubernetes knows of the running workspace."""

    path: Annotated[str, matching(_FIELD, "is not a field that Kubernetes hands to containers, such as `status.podIP`")]


class Variable(Shape):
    """One environment variable."""

    name: Annotated[
        str,
        Field(min_length=1, max_length=255),
        matching(r"[-._A-Za-z][-._A-Za-z0-9]*", "must be letters, digits, `-`, `_` and `.`, the first no digit"),
    ]
    value: Carried | None = None
    credential: FromCredential | None = None
    config_map: FromConfigMap | None = None
    pod_field_ref: FromPod | None = None
    description: Prose | None = None
    exclude: NotExcluded = UNSAID
    secret: Annotated[object, RAW_SECRET] = UNSAID
    user_credential: Annotated[object, RAW_SECRET] = UNSAID

    def conflicts(self) -> Iterator[Conflict]:
        """Exactly one source."""
        given = [self.value, self.credential, self.config_map, self.pod_field_ref]
        if sum(source is not None for source in given) != 1:
            yield (), "needs exactly one of `value`, `credential`, `configMap` and `podFieldRef`"


Variables = Annotated[list[Variable], Field(max_length=MANY)]
"""All environment variables of a container."""


def repeated_names(variables: Sequence[Variable] | None) -> Iterator[Conflict]:
    """Variables of the same name."""
    return repeated([each.name for each in variables or ()], "environmentVariables", "name")
