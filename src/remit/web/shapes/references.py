"""References to what lies elsewhere: images in a registry, repositories, branches and revisions of git.

Both end up as arguments of other programs, so what such a program could take for an option or a command is no name.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from remit.core.names import described, invisible
from remit.web.shapes.base import Wrong
from remit.web.shapes.texts import is_host, web_address

_PART = re.compile(r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}", re.ASCII)
_KNOWN_DIGESTS = {"sha256": 64, "sha384": 96, "sha512": 128}
_HEX_NAME = re.compile(r"[a-f0-9]{64}", re.ASCII)
_MOST_NAME = 255
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)

_USER = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
_BY_SSH = re.compile(rf"ssh://(?:{_USER}@)?([^/:@]+)(?::([0-9]{{1,5}}))?(/[^\s?#]+)", re.ASCII)
_LIKE_SCP = re.compile(rf"{_USER}@([^/:@]+):([^\s?#:]+)", re.ASCII)
# What git itself refuses in a ref, and a hyphen in front, which its commands would take for an option.
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[-./]|[./]$|^@$")


def _image(text: str) -> str:
    """An image reference as registries read it: `[host[:port]/]path[:tag][@digest]`."""
    rest, at, digest = text.partition("@")
    if at and not _sound_digest(digest):
        raise Wrong("has a malformed digest; write it like `@sha256:` and 64 hexadecimal digits")
    head, slash, last = rest.rpartition("/")
    last, colon, tag = last.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise Wrong("has a malformed tag: letters, digits, `_`, `.` and `-`, 128 at most, the first no `.` or `-`")
    parts = f"{head}{slash}{last}".split("/")
    if len(parts) > 1 and _is_registry(parts[0]):
        _check_registry(parts.pop(0))
    if not all(_PART.fullmatch(part) for part in parts):
        raise Wrong("is not an image: `registry.example.com/team/image:tag`, the path in lower case")
    if _HEX_NAME.fullmatch(rest):
        raise Wrong("looks like the id of an image; name a repository")
    if len(rest) - len(colon + tag) > _MOST_NAME:
        raise Wrong(f"names a repository of more than {_MOST_NAME} characters")
    return text


def _sound_digest(digest: str) -> bool:
    algorithm, _, value = digest.partition(":")
    return bool(_DIGEST.fullmatch(digest)) and len(value) == _KNOWN_DIGESTS.get(algorithm, len(value))


def _is_registry(part: str) -> bool:
    """Is the first part of a reference a host? Registries tell by its look, and so does every client."""
    return "." in part or ":" in part or part == "localhost"


def _check_registry(registry: str) -> None:
    host, colon, port = registry.rpartition(":") if not registry.endswith("]") else (registry, "", "")
    host, port = (host, port) if colon else (registry, "")
    bracketed = host.startswith("[") and host.endswith("]")
    if not is_host(host[1:-1] if bracketed else host) or (":" in host and not bracketed):
        raise Wrong("names a registry that is no host")
    if colon and not _is_port(port):
        raise Wrong("names a registry with a malformed port")


def _is_port(text: str) -> bool:
    return bool(_PORT.fullmatch(text)) and 1 <= int(text) <= 65_535


def _repository(text: str) -> str:
    """Where a git repository lies: over HTTPS, over SSH, or in the short form of `git@host:path`."""
    if char := invisible(text):
        raise Wrong(f"holds {described(char)}")
    if text.startswith("https://"):
        if web_address(text).partition("://")[2].partition("/")[2] == "":
            raise Wrong("names no repository after its host")
        return text
    found = _BY_SSH.fullmatch(text)
    if found and is_host(found[1]) and (found[2] is None or _is_port(found[2])):
        return text
    found = _LIKE_SCP.fullmatch(text)
    if found and is_host(found[1]) and not found[2].startswith("-"):
        return text
    if "@" in text and "://" in text:
        raise Wrong("must not hold a password, and begins with `https://` or `ssh://`")
    raise Wrong("must be a repository: `https://host/path`, `ssh://git@host/path` or `git@host:path`")


def _ref(text: str) -> str:
    if _NO_REF.search(text) or not text.isprintable():
        raise Wrong("is not a name that git takes")
    return text


Image = Annotated[str, Field(min_length=1, max_length=600), AfterValidator(_image)]
"""A reference to a container image."""

Repository = Annotated[str, Field(min_length=1, max_length=2_048), AfterValidator(_repository)]
"""A git repository."""

GitRef = Annotated[str, Field(min_length=1, max_length=250), AfterValidator(_ref)]
"""A branch, a tag or a commit."""
