"""Proves that every field of every block is checked: each has values that are refused, and the fault names it."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from remit.core.blocks import Variant
from remit.web.shapes import FieldsInvalid, read_asset, read_update
from remit.web.shapes.assets import FIXED, SPECS
from remit.web.shapes.base import Shape
from shapes_corpus import FULL, META, REFUSED, by_field, changed

EACH = [(variant, field) for variant, refused in REFUSED.items() for field in by_field(refused)]


def faults(variant: Variant, spec: Any, meta: Any = META) -> dict[str, str]:
    """What is wrong with a block of this spec, by path."""
    with pytest.raises(FieldsInvalid) as caught:
        read_asset(variant, {"meta": meta, "spec": spec})
    return dict(caught.value.faults)


def fields_of(shape: type[Shape], path: str = "") -> Iterator[str]:
    """The paths of all fields of a shape, those of its parts included."""
    for field in shape.model_fields.values():
        yield f"{path}{field.alias}"
        for part in parts_of(field.annotation):
            yield from fields_of(part, f"{path}{field.alias}.")


def parts_of(annotation: Any) -> Iterator[type[Shape]]:
    """The shapes that an annotation speaks of."""
    is_class = isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias)
    if is_class and issubclass(annotation, Shape):
        yield annotation
    for argument in get_args(annotation):
        yield from parts_of(argument)


@pytest.mark.parametrize(("variant", "field"), EACH)
def test_a_wrong_value_is_refused_at_its_field(variant: Variant, field: str) -> None:
    for refused in by_field(REFUSED[variant])[field]:
        found = faults(variant, changed(FULL[variant], field, refused.value))
        assert f"spec.{refused.named or field}" in found, f"{refused}: {found}"


@pytest.mark.parametrize("variant", Variant)
def test_every_field_has_a_value_that_is_refused(variant: Variant) -> None:
    tried = {"".join(c for c in refused.field if c not in "[]0123456789") for refused in REFUSED[variant]}
    known = {"".join(c for c in path if c not in "0123456789") for path in fields_of(SPECS[variant])}
    assert tried == known


@pytest.mark.parametrize("variant", Variant)
def test_what_is_not_known_is_refused_by_name(variant: Variant) -> None:
    found = faults(variant, FULL[variant] | {"nonsense": None, "\u202eknown`.": 1, "x" * 500: 1})
    assert {"spec.nonsense", "spec.<U+202E>known'."} < found.keys()
    assert all(len(path) < 100 for path in found)
    assert set(found.values()) == {"is not a field here"}


@pytest.mark.parametrize("variant", Variant)
@pytest.mark.parametrize("spec", [None, 5, "x", [], [{}], True])
def test_a_spec_that_is_no_object_is_refused(variant: Variant, spec: Any) -> None:
    assert faults(variant, spec) == {"spec": "is required" if spec is None else "must be an object"}


@pytest.mark.parametrize("variant", sorted(set(Variant) - FIXED))
def test_an_update_is_checked_like_a_new_block(variant: Variant) -> None:
    for refused in REFUSED[variant]:
        with pytest.raises(FieldsInvalid) as caught:
            read_update(variant, {"meta": {"name": "a"}, "spec": changed(FULL[variant], refused.field, refused.value)})
        assert f"spec.{refused.named or refused.field}" in dict(caught.value.faults)


def test_all_faults_are_told_at_once() -> None:
    spec = changed(FULL[Variant.ENVIRONMENT], "image", "A b") | {"capabilities": ["X"], "tty": 1, "imgae": "x"}
    found = faults(Variant.ENVIRONMENT, spec, {"name": " a", "scope": "cluster", "projectId": "x"})
    assert list(found) == [
        "meta.name",
        "meta.scope",
        "meta.projectId",
        "spec.capabilities[0]",
        "spec.image",
        "spec.tty",
        "spec.imgae",
    ]
    assert found["spec.imgae"] == "is not a field here; did you mean `image`?"


def test_the_sentence_names_the_first_fault_and_how_many_more() -> None:
    for spec, sentence in [
        ({"cpuCoreRequest": 0}, "`spec.cpuCoreRequest` must be more than 0"),
        ({}, "`spec` asks for nothing: name GPUs, cores, memory or other resources"),
        (
            {"cpuCoreRequest": 0, "gpuRequestType": "x"},
            "`spec.gpuRequestType` must be `portion` or `memory`; 1 more fault",
        ),
        ({"a": 1, "b": 1, "c": 1}, "`spec.a` is not a field here; 2 more faults"),
    ]:
        with pytest.raises(FieldsInvalid) as caught:
            read_asset(Variant.COMPUTE, {"meta": META, "spec": spec})
        assert str(caught.value) == sentence
    with pytest.raises(FieldsInvalid, match=r"^the body must be an object$"):
        read_asset(Variant.COMPUTE, [])


def test_faults_are_listed_up_to_a_limit_and_counted_past_it() -> None:
    resources = [{f"x{n}": 1 for n in range(98)}] * 3
    with pytest.raises(FieldsInvalid, match="; 299 more faults") as caught:
        read_asset(Variant.COMPUTE, {"meta": META, "spec": {"extendedResources": resources}})
    assert len(caught.value.faults) == 100


def test_an_object_with_very_many_members_is_one_fault() -> None:
    assert faults(Variant.COMPUTE, {f"x{n}": 1 for n in range(101)}) == {"spec": "has more than 100 members"}


SORTS: dict[str, Any] = {"number": 5, "boolean": True, "text": "x", "list": ["x"], "object": {"x": "x"}}
"""A value of every sort that JSON has."""


def sort_of(value: Any) -> str:
    sorts = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}
    return sorts[type(value)]


def places_in(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The path of every value within, and the value."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places_in(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places_in(inner, f"{path}[{index}]")


@pytest.mark.parametrize("variant", Variant)
def test_a_value_of_any_other_sort_is_refused_at_its_place(variant: Variant) -> None:
    for path, value in places_in(FULL[variant]):
        for sort, other in SORTS.items():
            if sort != sort_of(value):
                found = faults(variant, changed(FULL[variant], path, other))
                assert any(each.startswith(f"spec.{path}") for each in found), f"{path} as {sort}: {found}"
