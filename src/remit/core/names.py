"""What an identifier may look like, in policy and in requests alike.

Byte equality and nothing else decides whether two names are one, so a name that could be mistaken for another
(invisible characters, another normal form, edge spaces) is refused rather than compared cleverly.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from remit.core.model import ROOT

MAX_BYTES = 256
"""The longest identifier, in UTF-8 bytes."""

_SUBJECT_TYPE = re.compile(r"[a-z][a-z0-9-]*")
_BRACKETS = frozenset("()[]")
# Printable for Python, yet drawn as nothing: joiners, fillers, variation selectors, the blank braille cell.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_FORMULA = frozenset("=+-@")
_MOST_COMPARED = 2_000  # a suggestion is a courtesy: it may not cost more than the answer


def invisible(text: str) -> str | None:
    """The first character of `text` that a person cannot see (controls included), or None."""
    if text.isascii() and text.isprintable():
        return None
    for char in text:
        if not char.isprintable() or _BLANK.match(char):
            return char
    return None


def identifier_problem(text: str) -> str | None:
    """Why `text` cannot be an identifier, as words that follow its name; None if it can (design §3)."""
    if not text.strip():
        return "is blank"
    if text.isascii() and text.isprintable():
        size = len(text)
    else:
        size = len(text.encode("utf-8", "surrogatepass"))
        if char := invisible(text):
            return f"holds the invisible character U+{ord(char):04X}"
        if not unicodedata.is_normalized("NFC", text):
            return "is not in Unicode normal form C"
    if size > MAX_BYTES:
        return f"is {size} bytes long; {MAX_BYTES} are allowed"
    if text == ROOT:
        return "is `*`, which stands for all projects and names nothing else"
    if text[0] == " " or text[-1] == " ":
        return "begins or ends with a space"
    return None


def policy_id_problem(text: str) -> str | None:
    """Like `identifier_problem`, and stricter by what a Casbin policy line cannot carry."""
    if problem := identifier_problem(text):
        return problem
    if not _BRACKETS.isdisjoint(text):
        return "holds a bracket, which a Casbin policy line cannot carry"
    if " #" in text:
        return "holds ` #`: a comment stands on a line of its own"
    if text[0] in _FORMULA:
        return "begins like a spreadsheet formula"
    return None


def subject_problem(text: str) -> str | None:
    """Why `text` is not a typed subject such as `user:ada@example.com`; None if it is (design §4, rule 5)."""
    if problem := policy_id_problem(text):
        return problem
    kind, colon, name = text.partition(":")
    if not colon or not name.strip():
        return "has no type; write `user:…`, `group:…` or `application:…`"
    if not _SUBJECT_TYPE.fullmatch(kind):
        return f"has the type `{kind}`; a type is lower-case letters, digits and hyphens"
    if kind == "role":
        return "has the type `role`, which is never a subject"
    return None


def scope_problem(text: str) -> str | None:
    """Why `text` is not a scope: `*`, or a typed name such as `project:vision`; None if it is."""
    if text == ROOT:
        return None
    if problem := policy_id_problem(text):
        return problem
    kind, colon, name = text.partition(":")
    if not colon or not name.strip() or not _SUBJECT_TYPE.fullmatch(kind):
        return "is not a scope; write `*`, `department:…` or `project:…`"
    return None


def untyped_problem(text: str) -> str | None:
    """Why `text` is not a role, kind or action: these are plain names without a colon; None if it is one."""
    if problem := policy_id_problem(text):
        return problem
    if ":" in text:
        return "holds a colon; roles, kinds and actions are plain names"
    return None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, if one is close enough to be a likely slip."""
    near = [other for other in known if abs(len(other) - len(name)) <= 3]
    matches = difflib.get_close_matches(name, near[:_MOST_COMPARED], n=1, cutoff=0.75)
    return matches[0] if matches else None
