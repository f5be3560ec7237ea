"""Credentials: what may be stored and shown, and the secret apart from it.

Either the secret is given, or the name of a Kubernetes secret that holds it already. No reason here quotes any value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from remit.web.shapes.base import MANY, Conflict, Shape, repeated
from remit.web.shapes.texts import DottedLabel, Hidden, Key, Title, matching

_REGISTRY = r"(https?://)?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,500})?"

RegistryUrl = Annotated[str, matching(_REGISTRY, "must be a registry: a host, with `https://` and a path if you like")]
"""Where a registry is."""


ExistingSecret = Annotated[DottedLabel, matching(r"(?!remit-).*", "must not be one of remit's own")]
"""The name of a Secret of the project that holds the credential already. Not one of remit's."""


class Credentials(Shape):
    """The base of all credentials."""

    own: ClassVar[tuple[str, ...]] = ()
    """The fields that are all required unless an existing secret is named."""

    existing_secret_name: ExistingSecret | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """All of its own fields, or the name of what is there."""
        for name in self.own:
            alias = type(self).model_fields[name].alias or name
            given = getattr(self, name) is not None
            if given and self.existing_secret_name is not None:
                yield (alias,), "must not be given with `existingSecretName`"
            elif not given and self.existing_secret_name is None:
                yield (alias,), "is required where `existingSecretName` is not given"

    def secret(self) -> dict[str, str]:
        """The secret by its parts; empty if an existing secret is named."""
        return {}


class AccessKeySpec(Credentials):
    """A key to object storage."""

    own: ClassVar[tuple[str, ...]] = ("access_key_id", "secret_access_key")

    access_key_id: Title | None = None
    secret_access_key: Hidden | None = Field(default=None, exclude=True, repr=False)

    def secret(self) -> dict[str, str]:
        """The secret half of the key."""
        return {"secretAccessKey": self.secret_access_key} if self.secret_access_key else {}


class PasswordSpec(Credentials):
    """A user's password."""

    own: ClassVar[tuple[str, ...]] = ("user", "password")

    user: Title | None = None
    password: Hidden | None = Field(default=None, exclude=True, repr=False)

    def secret(self) -> dict[str, str]:
        """The password."""
        return {"password": self.password} if self.password else {}


class DockerRegistrySpec(PasswordSpec):
    """A user's password for a registry of images."""

    own: ClassVar[tuple[str, ...]] = ("user", "password", "url")

    url: RegistryUrl | None = None


class Pair(Shape):
    """One part of a secret."""

    key: Key
    value: Hidden = Field(exclude=True, repr=False)


class GenericSecretSpec(Credentials):
    """A secret of any parts, each by its key. Which keys there are is no secret."""

    own: ClassVar[tuple[str, ...]] = ("key_value_pairs",)

    key_value_pairs: Annotated[list[Pair], Field(min_length=1, max_length=MANY)] | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """Each key once."""
        yield from super().conflicts()
        yield from repeated([pair.key for pair in self.key_value_pairs or ()], "keyValuePairs", "key")

    def secret(self) -> dict[str, str]:
        """The values by their keys."""
        return {pair.key: pair.value for pair in self.key_value_pairs or ()}
