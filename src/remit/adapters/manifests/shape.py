"""Small shapes that all parts of a manifest use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from remit.core.names import quoted
from remit.errors import RequestInvalid

Json = dict[str, Any]
"""A Kubernetes object, or a part of one, as JSON."""

LOCKED_DOWN: Json = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
"""What a container of remit's own needs: nothing."""


def said(parts: Mapping[str, Any]) -> Json:
    """The parts that say something: neither None nor empty."""
    return {key: value for key, value in parts.items() if value is not None and value not in ("", [], {}, ())}


def literal(text: str) -> str:
    """A text for a place where Kubernetes would expand `$(NAME)` and make one `$` of two: it arrives as it is."""
    return text.replace("$", "$$")


def secret_of(secrets: Mapping[str, str], asset_id: str) -> str:
    """The name of the Secret of a credential. Raises RequestInvalid if the workspace was not resolved with it."""
    if asset_id not in secrets:
        raise RequestInvalid(f"the credential {quoted(asset_id)} is none of the workspace's blocks")
    return secrets[asset_id]


def container_path(path: str) -> str:
    """A place in the container. Raises RequestInvalid for one that Kubernetes does not take."""
    if not path.startswith("/") or ":" in path or ".." in path.split("/"):
        raise RequestInvalid(f"{quoted(path)} is no place in a container; write `/data`, without `:` and `..`")
    return path


def file_mode(text: str | int | None) -> int | None:
    """File rights from `0644`, which is octal. Raises RequestInvalid if it is none."""
    if text is None or isinstance(text, int):
        return text
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        raise RequestInvalid(f"{quoted(text)} are no file rights; write `0644`")
    return mode
