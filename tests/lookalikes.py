"""Names that are easily taken for one another, and what can be done to a name to make it look like another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def _words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


def _typed(text: str) -> list[tuple[str, str]]:
    """The words of a text, each a type and a name, with `=` between them."""
    return [(type_, id) for type_, _, id in (word.partition("=") for word in text.split())]


GRANTED = _typed("""
user=ada user=a:b user=a:b:c user=a|b user=a/b user=a::b user=b user=user:b robot=a:b group=a group=user:a
application=b#c user=élodie@example.com user=Kelvin.Stone user=straße user=fi-lm²
""")
"""Subjects that a tricky policy lets use what lives in `project:vision`."""

PLACED = _typed("""
environment=seen environment=a:b environment=a:b:c environment=environment:a environment=a/b environment=a|b
image=b image=b:c image=environment:b
""")
"""What lives there by that policy."""

PIECES = _words("a b c user environment image ada seen group robot")
DELIMITERS = [*_words(": | , / :: # %3A \\ ; \u2236 \uff1a ."), "\n", "\0", " ", "\x1f", "\t"]
"""What names are made of, and what might be mistaken for the end of one."""

BLANK = [
    "*",
    "",
    " ",
    "  ",
    "\t",
    "\n",
    "\u00a0",
    "\u3000",
    "\u2028",
    "\u200b",
    "\ufeff",
    "\x00",
    "* ",
    " *",
    " a",
    "a ",
]
"""What is no name at all, or has an edge that nobody sees."""

INVISIBLE = (
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u202c\u2066\u061c\u034f\u115f\u3164\ufe0f\u180e\u00a0\u2800\U000e0061"
    "\u0301 \t\n\0"
)
HOMOGLYPHS = {
    "a": "а\u0251ａ", "e": "еｅ", "o": "оοｏ", "d": "ԁｄ", "i": "і\u0131ｉ", "l": "Ӏ1Ｉ", "K": "\u212aКΚ",
    "s": "ѕ\u017f", "ß": "ẞβ", "S": "Ѕ", "b": "Ьｂ", "n": "ոｎ", "@": "＠﹫", ".": "\u2024。．",
    "-": "\u2010\u2011\u2212－", "é": "еè", "²": "2", "u": "ս",
}  # fmt: skip

TRICKS = _words(r"""
/ // /. /.. /../ ../ ./ .. . ..;/ ; ;x=y %2e %2e%2e %2f %252e %00 %3a %c0%ae %u002e % \ \..\ ? ?x # #x & + * ** /* ~ $
| @ ! ' = : :: file:// https://
""")
TRICKS += ["\u2025", "\uff0e", "\uff0f", "\u2215", "\u29f5", "\u3002", "\0", "\r"]


def disguised(name: str) -> Iterator[str]:
    """Names that look like this one, or that careless software would take for it."""
    yield from (name.upper(), name.lower(), name.title(), name.swapcase(), name.casefold(), name.capitalize())
    yield from (unicodedata.normalize(form, name) for form in ("NFD", "NFKD", "NFKC"))
    yield "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in name)
    yield from (
        name.encode().decode("latin-1"),
        name.replace("ß", "ss"),
        name.replace("²", "2"),
        name.replace("fi", "ﬁ"),
    )
    for at, char in enumerate(name):
        yield from (name[:at] + other + name[at + 1 :] for other in HOMOGLYPHS.get(char, ""))
        yield f"{name[:at]}%{ord(char):02x}{name[at + 1 :]}"
    for at in (0, len(name) // 2, len(name)):
        yield from (name[:at] + char + name[at:] for char in f"{INVISIBLE} \t\n\0")


def variants(name: str) -> list[str]:
    """Those of them that are not the name itself."""
    return sorted({other for other in disguised(name) if other != name})


def tricked(name: str) -> list[str]:
    """The name with a path trick at its ends and at every seam."""
    seams = {
        0,
        len(name),
        *(at for at, char in enumerate(name) if char in ":-"),
        *(at + 1 for at, c in enumerate(name) if c == ":"),
    }
    middle = len(name) - 2
    put_in = [name[:at] + trick + name[at:] for at in (*seams, middle) for trick in TRICKS]
    detours = [f"x{trick}{name}" for trick in TRICKS] + [f"{name}{trick}{name}" for trick in TRICKS]
    return sorted({*put_in, *detours} - {name})
