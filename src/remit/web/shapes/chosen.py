"""The blocks of a workspace: each by its id, or made on the fly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import PlainValidator, TypeAdapter, create_model

from remit.core.blocks import KIND_OF, Spec, Variant
from remit.web.shapes.assets import SPECS
from remit.web.shapes.base import Shape, Wrong, wrong_at
from remit.web.shapes.meta import Named
from remit.web.shapes.texts import AssetId, MountPath

DATA_SOURCES = tuple(variant for variant, kind in KIND_OF.items() if kind == "data-source")
"""What a data source can be."""

_ID: TypeAdapter[str] = TypeAdapter(AssetId)


@dataclass(frozen=True, slots=True)
class ById:
    """A block of the catalog. `variant` is what the caller says it is, None if nothing was said: the builder checks
    it. `path` is where a data source is to be mounted in place of its own path, None for its own."""

    id: str
    variant: Variant | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Inline:
    """A block to be made on the fly, in the project of the workspace. `description` is empty if there is none."""

    variant: Variant
    name: str
    description: str
    spec: Spec


Chosen = ById | Inline
"""A block of a workspace."""


class _Made(Shape):
    """A block on the fly; `spec` becomes that of a variant."""

    kind: str | None = None
    meta: Named
    spec: Shape


class _Overrides(Shape):
    container_path: MountPath | None = None


class _Picked(Shape):
    id: AssetId
    kind: str | None = None
    overrides: _Overrides | None = None


@cache
def _made(variant: Variant) -> type[_Made]:
    return create_model(f"Made{variant.name}", __base__=_Made, spec=(SPECS[variant], ...))


def _inline(variant: Variant, value: dict[str, Any]) -> Inline:
    made = _made(variant).model_validate(value)
    if made.kind not in (None, variant.value):
        raise wrong_at((("kind",), f"must be `{variant}` here"))
    return Inline(variant, made.meta.name, made.meta.description or "", made.spec.plain())


def single(variant: Variant) -> PlainValidator:
    """A block that a workspace has one of: its id as a text, or `{meta, spec}`."""

    def check(value: object) -> Chosen:
        if type(value) is dict:
            return _inline(variant, value)
        if type(value) is not str:
            raise Wrong("must be the id of a block, or an object with `meta` and `spec`")
        return ById(_ID.validate_python(value), variant)

    return PlainValidator(check)


def data_source(value: object) -> Chosen:
    """A data source: `{id, kind, overrides}`, or `{kind, meta, spec}`."""
    if type(value) is not dict:
        raise Wrong("must be an object: the `id` of a data source, or its `kind`, `meta` and `spec`")
    kind = value.get("kind")
    variant = next((each for each in DATA_SOURCES if each == kind), None)
    if variant is None and (kind is not None or "id" not in value):
        raise wrong_at((("kind",), f"must be one of {', '.join(f'`{each}`' for each in DATA_SOURCES)}"))
    if variant is not None and "id" not in value:
        return _inline(variant, value)
    picked = _Picked.model_validate(value)
    return ById(picked.id, variant, picked.overrides.container_path if picked.overrides else None)
