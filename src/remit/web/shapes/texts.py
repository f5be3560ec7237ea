"""The texts that many shapes have fields of: names, paths, addresses, and whatever a container is given to read."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from remit.core.names import EDGE_SPACE, described, identifier_problem, invisible
from remit.web.shapes.base import Wrong

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?")
_BREAKS = str.maketrans("", "", "\t\n\r")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


def matching(pattern: str, reason: str) -> AfterValidator:
    """Text that is all `pattern`; the reason says what else it must be."""
    whole = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if not whole.fullmatch(text):
            raise Wrong(reason)
        return text

    return AfterValidator(check)


def _title(text: str) -> str:
    if char := invisible(text):
        raise Wrong(f"holds {described(char)}")
    if text[0].isspace() or text[-1].isspace():
        raise Wrong(EDGE_SPACE)
    if not unicodedata.is_normalized("NFC", text):
        raise Wrong("is not in Unicode normal form C")
    return text


def _prose(text: str) -> str:
    if char := invisible(text.translate(_BREAKS)):
        raise Wrong(f"holds {described(char)}")
    return text


def _carried(text: str) -> str:
    """Text that reaches a container unchanged: a zero byte would end it, half a surrogate pair is no character."""
    if "\0" in text:
        raise Wrong("holds the control character U+0000")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise Wrong("holds half a surrogate pair")
    return text


def _subject(text: str) -> str:
    if problem := identifier_problem(text):
        raise Wrong(problem)
    return text


def _uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise Wrong("must be a UUID")
    return text.lower()


def _folded(text: str) -> str:
    return text.lower() if _UUID.fullmatch(text) else text


def normal_path(text: str) -> str:
    """An absolute path without `//`, `/./` and a `/` at its end. Raises the fault that says why it is none."""
    if not text.startswith("/"):
        raise Wrong("must be an absolute path: it begins with `/`")
    if char := invisible(text):
        raise Wrong(f"holds {described(char)}")
    steps = [step for step in text.split("/") if step not in ("", ".")]
    if ".." in steps:
        raise Wrong("holds `..`; write the path out")
    return "/" + "/".join(steps)


def _mount_path(text: str) -> str:
    path = normal_path(text)
    if path == "/":
        raise Wrong("is `/`, which would hide all of the container's own files")
    if ":" in path:
        raise Wrong("holds a colon, which Kubernetes allows in no mount path")
    return path


def _relative_path(text: str) -> str:
    if text.startswith("/"):
        raise Wrong("must be a relative path")
    return normal_path(f"/{text}")[1:]


def is_host(text: str) -> bool:
    """Is it the name or the address of a machine? Addresses of the sixth version stand bare."""
    if len(text) <= 253 and _HOST.fullmatch(text):
        return True
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _host(text: str) -> str:
    if not is_host(text):
        raise Wrong("is neither the name nor the address of a host")
    return text


def web_address(text: str) -> str:
    """An address that begins with `http://` or `https://`. Its text is never repeated: it may hold a password."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Wrong("is not a web address") from None
    if parts.scheme not in ("http", "https") or not host or not is_host(host):
        raise Wrong("must be a web address: `https://`, a host, and a path if there is one")
    if "@" in parts.netloc:
        raise Wrong("names a user or a password; keep them in credentials")
    if invisible(text) or " " in text or "\\" in text:
        raise Wrong("holds a character that no web address has")
    return text


Title = Annotated[str, Field(min_length=1, max_length=250), AfterValidator(_title)]
"""A name for people: free text of one line."""

Prose = Annotated[str, Field(min_length=1, max_length=250), AfterValidator(_prose)]
"""A description: free text."""

Script = Annotated[str, Field(min_length=1, max_length=32_768), AfterValidator(_prose)]
"""A command line: any text that a person can see."""

Carried = Annotated[str, Field(max_length=65_536), AfterValidator(_carried)]
"""Any text that a container can be given."""

Hidden = Annotated[str, Field(min_length=1, max_length=65_536), AfterValidator(_carried)]
"""A secret. No reason about it quotes it."""

Label = Annotated[str, matching(_LABEL, "must be lower-case letters, digits and inner hyphens, 63 at most")]
"""A name as Kubernetes gives to most things (RFC 1123)."""

DottedLabel = Annotated[
    str,
    Field(max_length=253),
    matching(rf"{_LABEL}(\.{_LABEL})*", "must be lower-case letters, digits, inner hyphens and dots, 253 at most"),
]
"""A name of several labels, such as `team.example.com`."""

Key = Annotated[str, matching(r"(?!\.\.?$)[-._A-Za-z0-9]{1,253}", "must be letters, digits, `-`, `_` and `.`")]
"""A key within a secret or a configuration."""

AssetId = Annotated[
    str,
    matching(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", "must be the id of a block, as its `meta.id` gives it"),
    AfterValidator(_folded),
]
"""The id of a block: a UUID, or a name that the policy's own list of resources gives it."""

Uuid = Annotated[str, AfterValidator(_uuid)]
"""A UUID, in lower case once read."""

SubjectName = Annotated[str, AfterValidator(_subject)]
"""The name of a user, an application or a group."""

AnyPath = Annotated[str, Field(min_length=1, max_length=1_024), AfterValidator(normal_path)]
"""An absolute path, `/` included."""

MountPath = Annotated[str, Field(min_length=1, max_length=1_024), AfterValidator(_mount_path)]
"""Where something is mounted in a container."""

RelativePath = Annotated[str, Field(min_length=1, max_length=1_024), AfterValidator(_relative_path)]
"""A path below something else."""

Host = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(_host)]
"""The name or the address of a machine."""

WebAddress = Annotated[str, Field(min_length=1, max_length=2_048), AfterValidator(web_address)]
"""A web address without a user."""

Port = Annotated[int, Field(ge=1, le=65_535)]
"""A port of TCP."""
