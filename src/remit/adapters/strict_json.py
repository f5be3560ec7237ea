"""JSON read strictly: UTF-8, one object, no member twice, no number that is none (RFC 7515 §4, RFC 8259)."""

from __future__ import annotations

import json
from typing import Any


def json_object(text: bytes) -> dict[str, Any]:
    """The JSON object that `text` is. Raises ValueError, with words that quote nothing of it, if it is not one."""
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except _Refused as error:
        raise ValueError(str(error)) from None
    except ValueError:  # what the decoder says quotes what it read, and that may be a secret
        raise ValueError("is not valid JSON") from None
    if type(value) is not dict:
        raise ValueError("is not a JSON object")
    return value


def json_text(value: object) -> bytes:
    """A value as JSON, in the shortest form, as ASCII."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


class _Refused(ValueError):
    """A text that Python's decoder would take."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Refused("names a member twice")
    return members


def _no_number(_: str) -> None:
    raise _Refused("holds a number that is none")
