"""A page for each code: what, why, what instead, how to mend it, and a pair of examples that a test runs."""

from __future__ import annotations

from remit.core.lint.pages import (
    constraints,
    covers,
    files,
    looks,
    meaning,
    neglect,
    structure,
    text,
    unused,
)
from remit.core.lint.pages.page import NOW, Page, files_of, path_of

_CHAPTERS = (text, files, structure, meaning, constraints, looks, covers, unused, neglect)

PAGES: dict[str, Page] = {page.code: page for page in sorted(page for each in _CHAPTERS for page in each.PAGES)}
"""All pages, by code."""

__all__ = ["NOW", "PAGES", "Page", "files_of", "path_of"]
