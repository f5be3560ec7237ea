"""What an identifier may look like, in policy and in requests alike.

Byte equality and nothing else decides whether two names are one, so a name that could be mistaken for another
(invisible characters, another normal form, edge spaces) is refused rather than compared cleverly.
"""

from __future__ import annotations

import difflib
import heapq
import re
import unicodedata
from collections.abc import Iterable
from itertools import islice

from remit.core.model import ROOT

MAX_BYTES = 256
"""The longest identifier, in UTF-8 bytes."""

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet would run; East Asian editions take the full-width signs too."""

EDGE_SPACE = "begins or ends with a space"
COLON_SPACE = "has a space after its colon"
COMMENT_INSIDE = "holds ` #`, as if a comment began"
FORMULA_CELL = "begins like a spreadsheet formula"

_MOST_QUOTED = 80
_MOST_LOOKED_AT, _MOST_COMPARED = 20_000, 2_000  # a suggestion is a courtesy: it may not cost more than the answer
_SUBJECT_TYPE = re.compile(r"[a-z][a-z0-9-]*")
_UNCARRIED = re.compile(r'[()\[\],"]')
# Printable for Python, yet drawn as nothing (joiners, fillers, variation selectors, blanks), or the mark of lost text.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\ufffd"
    "\U00013441\U00013442\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
_SORTS = {
    "\t": "tab",
    "Cc": "control",
    "Cn": "unassigned",
    "Co": "private-use",
    "Cs": "surrogate",
    "\ufffd": "replacement",
}


def invisible(text: str) -> str | None:
    """The first character of `text` that a person cannot see or read (controls included), or None."""
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return None
    return next(char for char in text if not char.isprintable() or _UNSEEN.match(char))


def described(char: str) -> str:
    """A character that no policy may hold, in words: `the invisible character U+200B ZERO WIDTH SPACE`."""
    sort = _SORTS.get(char) or _SORTS.get(unicodedata.category(char))
    if sort:
        return f"the {sort} character U+{ord(char):04X}"
    return f"the invisible character U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()


def quoted(text: str) -> str:
    """User text for a message: in backticks, cut where it is long, what cannot be seen written as its code point."""
    if len(text) > _MOST_QUOTED:
        text = text[:_MOST_QUOTED] + "…"
    if invisible(text):
        text = "".join(f"<U+{ord(char):04X}>" if invisible(char) else char for char in text)
    return f"`{text}`"


def counted(count: int, what: str) -> str:
    """So many of something."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def fields_of(line: str) -> list[str]:
    """The fields of a row: parted by a comma and at most one space."""
    return line.replace(", ", ",").split(",")


def identifier_problem(text: str) -> str | None:
    """Why `text` cannot be an identifier, as words that follow its name; None if it can (design §3)."""
    if not text.strip():
        return "is blank"
    if text.isascii() and text.isprintable():
        size = len(text)
    else:
        size = len(text.encode("utf-8", "surrogatepass"))
        if char := invisible(text):
            return f"holds {described(char)}"
        if not unicodedata.is_normalized("NFC", text):
            return "is not in Unicode normal form C"
        if mark := _loose_mark(text):
            return f"holds the combining mark U+{ord(mark):04X} with no letter or digit before it"
    if size > MAX_BYTES:
        return f"is {size:,} bytes long; {MAX_BYTES} are allowed"
    if text == ROOT:
        return "is `*`, which stands for all projects and names nothing else"
    if text[0] == " " or text[-1] == " ":
        return EDGE_SPACE
    return None


def _loose_mark(text: str) -> str | None:
    """A combining mark that would be drawn onto a separator or a sign, and so pass for nothing, or None."""
    for index, char in enumerate(text):
        if char > "\x7f" and not char.isalnum() and unicodedata.category(char)[0] == "M":
            before = unicodedata.category(text[index - 1]) if index else "-"
            if before[0] not in "LMN":
                return char
    return None


def policy_id_problem(text: str) -> str | None:
    """Like `identifier_problem`, and stricter by what a policy line cannot carry."""
    if problem := identifier_problem(text):
        return problem
    if match := _UNCARRIED.search(text):
        return f"holds `{match.group()}`, which a name in a Casbin policy line cannot carry"
    if " #" in text:
        return COMMENT_INSIDE
    if ROOT in text:
        return f"holds `{ROOT}`; a name is never a pattern"
    if text.startswith(FORMULA):
        return FORMULA_CELL
    return None


def subject_problem(text: str) -> str | None:
    """Why `text` is not a typed subject such as `user:ada@example.com`; None if it is (design §4, rule 5)."""
    if problem := policy_id_problem(text):
        return problem
    kind, colon, name = text.partition(":")
    if not colon or not name:
        return "has no type; write `user:…`, `group:…` or `application:…`"
    if not _SUBJECT_TYPE.fullmatch(kind):
        return f"has the type `{kind}`; a type is lower-case letters, digits and hyphens"
    if kind == "role":
        return "has the type `role`, which is never a subject; write `user:…`, `group:…` or `application:…`"
    return COLON_SPACE if name[0] == " " else None


def scope_problem(text: str) -> str | None:
    """Why `text` is not a scope: `*`, or a typed name such as `project:vision`; None if it is."""
    if text == ROOT:
        return None
    if problem := policy_id_problem(text):
        return problem
    kind, colon, name = text.partition(":")
    if not colon or not name or not _SUBJECT_TYPE.fullmatch(kind):
        return "is not a scope; write `*`, `department:…` or `project:…`"
    return COLON_SPACE if name[0] == " " else None


def untyped_problem(text: str) -> str | None:
    """Why `text` is not a role, kind or action: these are plain names without a colon; None if it is one."""
    if problem := policy_id_problem(text):
        return problem
    if ":" in text:
        return "holds a colon; roles, kinds and actions are plain names"
    return None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, if one is close enough to be a likely slip."""
    if len(name) > _MOST_QUOTED:
        return None
    near = (other for other in islice(known, _MOST_LOOKED_AT) if abs(len(other) - len(name)) <= 3)
    likely = heapq.nlargest(10, islice(near, _MOST_COMPARED), key=lambda other: _shared(name, other))
    best = max(likely, key=lambda other: _likeness(name, other), default="")
    return best if _likeness(name, best) >= 0.75 else None


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that the policy does not know."""
    guess = did_you_mean(name, known)
    return f"{quoted(name)} is not a known {what}" + (f"; did you mean `{guess}`?" if guess else "")


def _shared(one: str, other: str) -> int:
    """How many characters two names have in common at their two ends: all but the slip itself."""
    size = min(len(one), len(other))
    head = next((i for i in range(size) if one[i] != other[i]), size)
    return head + next((i for i in range(size - head) if one[-1 - i] != other[-1 - i]), size - head)


def _likeness(name: str, other: str) -> float:
    """How alike two names are, from 0 to 1; a type they share is not counted, or all projects would look alike."""
    start = name.find(":") + 1 if other.startswith(name[: name.find(":") + 1]) else 0
    return difflib.SequenceMatcher(None, name[start:], other[start:]).ratio()
