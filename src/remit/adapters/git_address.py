"""Where a git repository is, and which ref of it is followed: what is not plainly one or the other is refused by name.

git takes far more for an address than is good for a policy: programs to be run (`ext::`), options, plain text over the
network. And what stands in an address stands in the list of processes, so it holds no secret.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from remit.core.names import quoted

_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]*"
_USER = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_SHORT_SSH = re.compile(rf"(?:{_USER}@)?{_HOST}:(?![-:])[^:]+")
_NETWORK = re.compile(rf"(?:{_USER}@)?(?:{_HOST}|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?")
_REF = re.compile(r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)|\.(?:/|$)))[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}(?<!/)")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Address(NamedTuple):
    """An address as git takes it, and the one scheme that git may speak for it: `https`, `ssh` or `file`."""

    text: str
    scheme: str


def read_address(text: str) -> Address | str:
    """The address of a repository, or what is wrong with it, in words that follow its name."""
    if not text.isascii() or not text.isprintable() or " " in text:
        return "holds a character that no address has"
    if text.startswith("-"):
        return "is an option, not an address"
    if re.match(r"[A-Za-z0-9+.-]*::", text):
        return "names a program to run, not a repository"
    scheme, separator, rest = text.partition("://")
    if separator:
        return _with_scheme(text, scheme, rest)
    if ":" in text.partition("/")[0]:
        return Address(text, "ssh") if _SHORT_SSH.fullmatch(text) else "is no address; write `user@host:path`"
    return Address(str(Path(text).absolute()), "file")


def _with_scheme(text: str, scheme: str, rest: str) -> Address | str:
    if scheme not in ("https", "ssh", "file"):
        return "is not spoken here; it is `https://…`, `ssh://…`, `user@host:path`, `file:///…` or a path"
    if "?" in rest or "#" in rest or "\\" in rest:
        return "holds more than host and path"
    if scheme == "file":
        return Address(text, scheme) if rest.startswith("/") else "lacks its path; write `file:///path`"
    host, _, path = rest.partition("/")
    user, at, _ = host.rpartition("@")
    if at and (":" in user or scheme == "https"):
        return "holds a name or a password, which others can see; let git find it: a credential helper, or ssh"
    if not _NETWORK.fullmatch(host) or not path:
        return f"is no address; write `{scheme}://host/path`"
    return Address(text, scheme)


def read_ref(text: str) -> str | None:
    """The full name of a branch or another ref: `main` is `refs/heads/main`; None if the text can be none."""
    if not _REF.fullmatch(text) or text == "HEAD":
        return None
    if text.startswith("refs/"):
        return text if text.startswith(("refs/heads/", "refs/tags/")) else None
    return f"refs/heads/{text}"


def git_faults(repository: str, ref: str, accept: str | None) -> list[str]:
    """What is wrong with the settings of a git source, each in a sentence; an empty one is told elsewhere."""
    faults = []
    address = read_address(repository) if repository else None
    if isinstance(address, str):
        faults.append(f"`REMIT_GIT_REPOSITORY` is {shown(repository)}, which {address}")
    if ref and read_ref(ref) is None:
        faults.append(f"`REMIT_GIT_REF` is {quoted(ref)}; it is a branch, such as `main`, or `refs/tags/…`")
    if accept is not None and not _COMMIT.fullmatch(accept):
        faults.append(f"`REMIT_GIT_ACCEPT` is {quoted(accept)}; it is the full name of a commit, in lower case")
    return faults


def shown(address: str) -> str:
    """An address for a message: whatever stands before the host of one with a scheme may be a secret."""
    return quoted(without_secrets(address))


def without_secrets(text: str) -> str:
    """Text without what stands before the host of an address."""
    return re.sub(r"://[^/\s]*@", "://…@", text)
