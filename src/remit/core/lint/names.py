"""Names that are taken for one another: R040 to R043."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from remit.core.lint.book import TABLES, Book
from remit.core.lint.confusables import look, near_look, odd_letter
from remit.core.model import ROOT
from remit.core.names import quoted


class _Spot(NamedTuple):
    """Where a name is first written."""

    file: str
    line: int
    field: int


_LOOKS: tuple[tuple[str, Callable[[str], str], str], ...] = (
    ("R042", str.casefold, "differs from {other} by case only"),
    ("R041", look, "looks like {other}, and is another name"),
    ("R043", near_look, "is easily taken for {other}"),
)
_HELP = "names are compared byte by byte: if one of them is a slip, write it as the other is written at {where}"


def find_alike(book: Book) -> None:
    """Report each name that mixes scripts, or looks like one that the policy names before it."""
    for sort, spots in _names(book).items():
        first: list[dict[str, str]] = [{} for _ in _LOOKS]
        for name, spot in spots.items():
            if (letter := odd_letter(name)) is not None:
                what = f"U+{ord(letter):04X} {unicodedata.name(letter)}"
                message = f"the {sort} {quoted(name)} mixes scripts within a word: {what} stands among others"
                book.mark(*spot, "R040", message, "type it anew; people take it for a name that it is not")
            _compare(book, name, spots, first)


def _compare(book: Book, name: str, spots: dict[str, _Spot], first: list[dict[str, str]]) -> None:
    """Report a name once, by the strongest likeness to a name before it."""
    told = False
    for (code, seen_as, words), met in zip(_LOOKS, first, strict=True):
        other = met.setdefault(seen_as(name), name)
        if other != name and not told:
            told = True
            where = f"{spots[other].file}:{spots[other].line}"
            book.mark(
                *spots[name], code, f"{quoted(name)} {words.format(other=quoted(other))}", _HELP.format(where=where)
            )


def _names(book: Book) -> dict[str, dict[str, _Spot]]:
    """Every name by its sort, each with the first place where it is written."""
    found: dict[str, dict[str, _Spot]] = {}
    for file, table in TABLES.items():
        columns = [(index, found.setdefault(sort, {})) for index, sort in table.names.items()]
        for number, fields in book.rows(file):
            for index, spots in columns:
                if fields[index] not in spots:
                    spots[fields[index]] = _Spot(file, number, index)
    found.get("scope", {}).pop(ROOT, None)
    return found
