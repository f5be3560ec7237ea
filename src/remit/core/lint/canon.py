"""Files that are not in canonical form: R071."""

from __future__ import annotations

from remit.core.form import canonical
from remit.core.lint.book import Book


def find_uncanonical(book: Book) -> None:
    """Report the first line of each file that `remit fmt` would write otherwise. The policy loads."""
    for name, source in book.sources.items():
        if not name.endswith(".csv"):
            continue
        formed = canonical(name, source.data)
        if formed == source.data:
            continue
        before, after = source.data.split(b"\n")[:-1], formed.split(b"\n")[:-1]
        pairs = enumerate(zip(before, after, strict=False), 1)
        line = next((number for number, (one, other) in pairs if one != other), len(after) + 1)
        message = "from here on the file is not in canonical form"
        book.mark_line(name, min(line, len(before)), "R071", message, "`remit fmt` writes it, and changes nothing else")
