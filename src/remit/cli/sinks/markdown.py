"""User text in Markdown, as in the comment on a pull request."""

from __future__ import annotations

import re

from remit.cli.render import safe

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~@&:$])")


def cell(text: str) -> str:
    """Text that stands as it is: no mark, no link, no mention, no row of a table, one line."""
    shown = safe(text.replace("\r", " ").replace("\n", " "))
    return _MARKS.sub(lambda found: f"&#{ord(found.group()):d};", shown)
