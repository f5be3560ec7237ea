"""The path of a request, taken apart in one strict way.

Whatever another server might take apart in another way is refused, so that the path which was judged is the path
which is served (threats.md, row 9).
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote_to_bytes

from remit.errors import RequestInvalid
from remit.service.operations import checked_name

# A raw request target as RFC 3986 has it, but for `;`: an absolute path, and a query that nobody looks at.
_TARGET = re.compile(r"(/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{2})*)(?:\?[!\"$-~]*)?").fullmatch
# What some server takes for the end of a segment or of the path, or decodes once more.
_SEAMS = re.compile(r"[/\\;%#?]")


def segments_of(uri: str) -> tuple[tuple[str, ...], bool]:
    """The segments of a raw request target, each decoded exactly once, and whether a slash ends its path.

    Raises RequestInvalid for whatever two servers might take apart in two ways.
    """
    found = _TARGET(uri)
    if found is None:
        raise RequestInvalid("the request target is no plain absolute path")
    *segments, last = found[1][1:].split("/")
    if last:
        segments.append(last)
    return tuple([_decoded(segment) for segment in segments]), not last


def _decoded(raw: str) -> str:
    """One raw segment as text."""
    try:
        return sound_segment(unquote_to_bytes(raw).decode("utf-8"))
    except UnicodeDecodeError:
        raise RequestInvalid("a segment of the path is not UTF-8") from None


def sound_segment(text: str) -> str:
    """A decoded segment, if every server takes it for one and the same. Raises RequestInvalid if not."""
    if not text:
        raise RequestInvalid("the path has an empty segment")
    # in compatibility form too: some servers fold a full-width slash or dot into the plain one
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if folded in (".", ".."):
        raise RequestInvalid("the path has a segment of dots")
    if sign := _SEAMS.search(folded):
        raise RequestInvalid(f"a segment of the path holds `{sign[0]}`")
    return checked_name("segment", text)
