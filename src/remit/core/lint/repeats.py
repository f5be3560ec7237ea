"""Lines that stand twice: R044."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from remit.core.lint.book import TABLES, Book
from remit.core.model import Origin


class Repeat(NamedTuple):
    """A line that says what an earlier one says; `whole`: also in the columns that decide nothing."""

    origin: Origin
    first: Origin
    whole: bool


def repeats(book: Book) -> Iterator[Repeat]:
    """The lines of each table whose meaning, as written, stands in an earlier line."""
    first: dict[str, dict[tuple[str, ...], tuple[Origin, list[str]]]] = {}
    for file, table in TABLES.items():
        # the two files of permissions are one table; the other types of rows are told apart by their file
        met = first.setdefault(table.type if table.type == "p" else file, {})
        for number, fields in book.rows(file):
            origin = Origin(file, number)
            meaning = tuple(_ended(fields[: table.meaning]))
            known = met.setdefault(meaning, (origin, fields))
            if known[0] != origin:
                yield Repeat(origin, known[0], _ended(fields) == _ended(known[1]))


def find_repeats(book: Book) -> set[Origin]:
    """Report each line that stands twice, and say which they are."""
    found = list(repeats(book))
    for repeat in found:
        message = f"this line stands at {repeat.first} already"
        if repeat.whole:
            help = "take one of them out (remit lint --fix)"
        else:
            help = "they differ in what they tell the auditor: keep the one that is right"
        book.mark_line(*repeat.origin, "R044", message, help)
    return {repeat.origin for repeat in found}


def _ended(fields: list[str]) -> list[str]:
    """The fields without the empty ones at the end."""
    if fields[-1]:
        return fields
    size = len(fields)
    while size and not fields[size - 1]:
        size -= 1
    return fields[:size]
