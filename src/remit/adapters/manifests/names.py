"""Names as Kubernetes takes them (facts §4): one text always gives the same name, and two texts never share one.

A text that is a name already stays as it is. Any other becomes its letters and digits with hyphens between, and `-`
with sixteen characters of its SHA-256 (80 bits, base 32). A text that looks like such a name is hashed as well, so no
project or workspace can be named into the place of another.
"""

from __future__ import annotations

import base64
import hashlib
import re

LONGEST = 63
"""The longest name of most things, and the longest label, in characters."""

LONGEST_UNIT = LONGEST - len("runai-")
LONGEST_WORKSPACE = 52
"""A pod's label is the stateful set's name and eleven more characters."""

OWN = "remit-"
"""How the names of remit's own Secrets begin."""

_HASH = 16
_PLAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_HASHED = re.compile(rf"-[a-z2-7]{{{_HASH}}}$")
_LABEL = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")


def slug(text: str, longest: int = LONGEST, letter: bool = False) -> str:
    """`text` as a name of at most `longest` characters (RFC 1123); `letter` asks for a letter first (RFC 1035)."""
    plain = len(text) <= longest and _PLAIN.fullmatch(text) and not _HASHED.search(text)
    if plain and not (letter and text[0].isdigit()):
        return text
    return _hashed(text, text, longest, letter)


def part_name(workspace_id: str, name: str, part: str) -> str:
    """The name of a thing that belongs to a workspace: always hashed, so it never meets the name of a workspace.

    It is made of the workspace's id: a new workspace of an old name does not come upon the old one's data.
    """
    return _hashed(f"{name}-{part}", f"{workspace_id}\0{part}", LONGEST, letter=True)


def label_value(text: str) -> str:
    """`text` as the value of a label: as it is where Kubernetes allows that, else its slug."""
    if not text or (len(text) <= LONGEST and _LABEL.fullmatch(text) and not _HASHED.search(text)):
        return text
    return slug(text)


def unit_of(scope: str) -> str:
    """The name of the project that is this scope: `vision` for `project:vision`.

    Any other scope stays whole; its colon keeps it apart from every project of a plain name.
    """
    return scope.removeprefix("project:")


def unit_name(unit: str) -> str:
    """A project's name in the cluster: its queue, its label and the first part of its paths."""
    return slug(unit, LONGEST_UNIT)


def room_of(unit: str) -> str:
    """Where all that belongs to a project stands in the cluster: `runai-vision` (facts §2)."""
    return f"runai-{unit_name(unit)}"


def workspace_name(name: str) -> str:
    """A workspace's name in the cluster: its stateful set, its headless service and the last part of its path."""
    return slug(name, LONGEST_WORKSPACE, letter=True)


def secret_name(asset_id: str) -> str:
    """The Kubernetes Secret that holds a credential, in every project where it is used: `remit-` and the asset's id."""
    return OWN + slug(asset_id, LONGEST - len(OWN))


def stem_of(text: str) -> str:
    """The letters and digits of `text`, hyphens between: readable, and not its own. `x` if there are none."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def _hashed(text: str, whole: str, longest: int, letter: bool) -> str:
    """The letters and digits of `text`, then the hash of `whole`."""
    stem = stem_of(text)
    if letter and stem[0].isdigit():
        stem = f"x-{stem}"
    digest = base64.b32encode(hashlib.sha256(whole.encode("utf-8", "surrogatepass")).digest()).decode().lower()
    return f"{stem[: longest - _HASH - 1].rstrip('-')}-{digest[:_HASH]}"
