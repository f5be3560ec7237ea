"""What all catalogs agree on, whatever keeps them: which values can be kept, and which text is equal in any case."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from remit.core.blocks import Asset, Spec, Workspace
from remit.core.names import quoted
from remit.errors import RequestInvalid

_LARGEST = 2**63
_ROUND = 1e16  # from here on PostgreSQL would hand a float back as a whole number, and not always the same one


def storable(text: str) -> bool:
    """Can this text be kept? Not if it holds U+0000, which PostgreSQL refuses, or half a surrogate pair."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text))


def kept_among(texts: Iterable[str]) -> list[str]:
    """Those texts that a row may hold, each once and in order; the others are looked for in vain."""
    return sorted({text for text in texts if storable(text)})


def folded(text: str) -> str:
    """A text such that two that differ in case only become one (Unicode's full case folding: `ß` is `ss`)."""
    return unicodedata.normalize("NFC", text.casefold())


def check_asset(asset: Asset) -> None:
    """Raises RequestInvalid if the asset, its spec aside, holds text that cannot be kept."""
    stamps = (*asset.created, *asset.updated)
    _check(asset.id, asset.name, asset.description, asset.scope, *(one for one in stamps if isinstance(one, str)))


def check_workspace(workspace: Workspace) -> None:
    """Raises RequestInvalid if the workspace, its spec aside, holds text that cannot be kept."""
    stamps = (*workspace.created, *workspace.updated)
    texts = (workspace.id, workspace.name, workspace.scope, *workspace.blocks)
    _check(*texts, *(one for one in stamps if isinstance(one, str)))


def plain(spec: Spec) -> dict[str, Any]:
    """A copy of a specification in plain dicts and lists, which comes back from any database as it is.

    Raises RequestInvalid for what would not: text that is not `storable`, whole numbers of more than 64 bits, floats
    that are not finite or of 1e16 and more. Raises TypeError for what is no JSON.
    """
    copy = _plain(spec)
    if not isinstance(copy, dict):
        raise TypeError(f"a specification is an object, not {type(spec).__name__}")
    return copy


def _plain(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            _check(value)
        case int():
            if not -_LARGEST <= value < _LARGEST:
                raise RequestInvalid("a whole number of more than 64 bits cannot be kept")
        case float():
            if not math.isfinite(value) or abs(value) >= _ROUND:
                raise RequestInvalid(f"the number {value} cannot be kept as it is")
        case Mapping():
            _check(*value)
            return {key: _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            raise TypeError(f"{type(value).__name__} is no JSON")
    return value


def _check(*texts: str) -> None:
    for text in texts:
        if not storable(text):
            raise RequestInvalid(f"{quoted(text)} holds a character that cannot be kept")
