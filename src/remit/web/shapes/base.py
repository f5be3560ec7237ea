"""What all shapes have in common: strict, frozen, no unknown field, and checks across fields that name the field.

A shape is a pydantic model of one JSON object. Its fields have Python's names here and the published interface's names
outside (`gpu_portion_request` is `gpuPortionRequest`). What one field may be stands at the field; what only several
fields together show stands in `conflicts`, which runs once each of them is sound by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

MANY = 100
"""The most items of any list, and members of any object, that a caller sends."""

Where = tuple[str | int, ...]
"""A place within an object, as published names and list positions."""

Conflict = tuple[Where, str]
"""A field of an object, and what is wrong with it in view of the others."""


class Wrong(ValueError):
    """What is wrong with a field, as words that follow its name. They must not quote a secret."""


def wrong_at(*conflicts: Conflict) -> ValidationError:
    """Several faults at once, each at its place below the value in hand: pydantic merges them with its own."""
    return ValidationError.from_exception_data(
        "conflicts",
        [
            {"type": "value_error", "loc": where, "input": None, "ctx": {"error": Wrong(reason)}}
            for where, reason in conflicts
        ],
    )


class Shape(BaseModel):
    """The base of all shapes."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    nulls_count: ClassVar[bool] = False
    """Whether `null` says something. Mostly it does not: clients send it for what they leave out."""

    def conflicts(self) -> Iterator[Conflict]:
        """What is wrong with fields in view of each other."""
        return iter(())

    def plain(self) -> dict[str, Any]:
        """The shape as JSON in published names: what was given, and defaults; read again, it stays what it is."""
        return self.model_dump(by_alias=True, exclude_none=True)

    @model_validator(mode="before")
    @classmethod
    def _bounded_and_without_nulls(cls, value: object) -> object:
        if type(value) is dict and len(value) > MANY:
            # No shape has nearly as many fields, and a fault for each of very many unknown ones costs too much.
            raise Wrong(f"has more than {MANY} members")
        if type(value) is not dict or cls.nulls_count or None not in value.values():
            return value
        known = {field.alias for field in cls.model_fields.values()}
        return {name: member for name, member in value.items() if member is not None or name not in known}

    @model_validator(mode="after")
    def _free_of_conflicts(self) -> Shape:
        if found := tuple(self.conflicts()):
            raise wrong_at(*found)
        return self


def refuse(reason: str) -> BeforeValidator:
    """Refuses any value, with a reason that helps more than that the field is unknown."""

    def check(value: object) -> object:
        if value is not None:
            raise Wrong(reason)
        return value

    return BeforeValidator(check)


def off(reason: str) -> AfterValidator:
    """Lets the client's default `false` pass and refuses `true`."""

    def check(value: bool | None) -> bool | None:
        if value:
            raise Wrong(reason)
        return value

    return AfterValidator(check)


UNSAID = Field(default=None, exclude=True)
"""Read and checked, and not kept: for what published clients send and remit has no use for."""

NotExcluded = Annotated[bool | None, off("is not supported: remit has no defaults to exclude anything from")]
"""`exclude`, which clients send as `false` with nearly everything."""


def repeated(values: list[Any] | None, field: str, member: str | None = None) -> Iterator[Conflict]:
    """The items of a list that are there before, by their `member` if they are objects."""
    seen = set()
    for index, value in enumerate(values or ()):
        if value in seen:
            yield (field, index, *([member] if member else ())), "is there twice"
        seen.add(value)
