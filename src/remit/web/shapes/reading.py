"""What pydantic found wrong, in our words: every rejected field with the reason, and never the value of a field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError

from remit.core.names import did_you_mean, quoted
from remit.errors import RequestInvalid
from remit.web.shapes.base import Shape, Wrong

MAX_FAULTS = 100
"""The most faults that are listed; how many there are is said in any case."""

_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,60}", re.ASCII)

Fault = tuple[str, str]
"""The path of a field, such as `spec.connections[0].name`, and what is wrong with it, as words that follow it."""

S = TypeVar("S", bound=Shape)


class FieldsInvalid(RequestInvalid):
    """A body whose fields do not hold. `faults` names each with the reason, in the order of the body's shape, up to
    `MAX_FAULTS`; the text is one sentence about the first."""

    def __init__(self, faults: tuple[Fault, ...], count: int | None = None) -> None:
        more = (len(faults) if count is None else count) - 1
        path, reason = faults[0]
        subject = f"`{path}`" if path else "the body"
        others = f"; {more} more {'fault' if more == 1 else 'faults'}" if more else ""
        super().__init__(f"{subject} {reason}{others}")
        self.faults = faults


def read(shape: type[S], body: Any) -> S:
    """The body in this shape. Raises FieldsInvalid with all that is wrong with it."""
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        # The chain is cut: pydantic's error knows the values, secrets among them.
        found = faults_of(error)
        count = error.error_count()
    raise FieldsInvalid(found, count)


def faults_of(error: ValidationError) -> tuple[Fault, ...]:
    """The faults that pydantic found."""
    details = error.errors(include_url=False, include_input=False)
    return tuple((path_of(each["loc"]), _reason(each)) for each in details[:MAX_FAULTS])


def path_of(where: tuple[str | int, ...]) -> str:
    """A place within a body as one text; names that a caller made up are cut and made visible."""
    path = ""
    for step in where:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            name = step if _PLAIN_NAME.fullmatch(step) else quoted(step)[1:-1].replace("`", "'")
            path += f".{name}" if path else name
    return path


def _reason(detail: Mapping[str, Any]) -> str:
    """One of pydantic's findings as words that follow the field's name."""
    context = detail.get("ctx", {})
    if isinstance(context.get("error"), Wrong):
        return str(context["error"])
    if detail["type"] == "extra_forbidden":
        return _unknown(detail["loc"][-1])
    if detail["type"] == "literal_error":
        return f"must be {_choice(context['expected'])}"
    words = _WORDS.get(detail["type"])
    return words(context) if words else "is not what belongs here"


def _choice(expected: str) -> str:
    """The values that there are: pydantic writes `'a', 'b' or 'c'`."""
    several = "one of " if "," in expected else ""
    return several + expected.replace("'", "`")


def _unknown(name: object) -> str:
    """That there is no such field, and the one that may have been meant: any shape's, which is right nearly always."""
    near = did_you_mean(name, _field_names()) if isinstance(name, str) else None
    return "is not a field here" + (f"; did you mean `{near}`?" if near and near != name else "")


@cache
def _field_names() -> tuple[str, ...]:
    """The published names of all fields of all shapes."""
    shapes, names = [Shape], set()
    while shapes:
        shape = shapes.pop()
        shapes += shape.__subclasses__()
        names |= {field.alias for field in shape.model_fields.values() if field.alias}
    return tuple(sorted(names))


def _items(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"


def _object(_: Mapping[str, Any]) -> str:
    return "must be an object"


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is required",
    "string_type": lambda _: "must be a string",
    "string_unicode": lambda _: "is not valid Unicode",
    "int_type": lambda _: "must be a whole number",
    "float_type": lambda _: "must be a number",
    "finite_number": lambda _: "must be a finite number",
    "bool_type": lambda _: "must be `true` or `false`",
    "list_type": lambda _: "must be an array",
    "model_type": _object,
    "model_attributes_type": _object,
    "dict_type": _object,
    "string_too_short": lambda _: "is empty",
    "string_too_long": lambda ctx: f"is longer than {ctx['max_length']:,} characters",
    "too_long": lambda ctx: f"holds more than {_items(ctx['max_length'])}",
    "too_short": lambda _: "is empty",
    "greater_than": lambda ctx: f"must be more than {ctx['gt']:,g}",
    "greater_than_equal": lambda ctx: f"must be at least {ctx['ge']:,}",
    "less_than_equal": lambda ctx: f"must be at most {ctx['le']:,}",
}
"""Pydantic's findings that a shape can have, by their types."""
