"""One request to the catalog, taken apart: its body, its query and the version it was made for. And one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from remit.errors import RequestInvalid
from remit.service.operations import ByNumber, Part
from remit.web.strict import parse

MAX_DEPTH = 16
"""Objects and arrays within one another: a workspace of blocks on the fly nests deeper than a question does."""

MAX_BODY = 262_144
"""Bytes of a body; a workspace of blocks on the fly is larger than a question."""

MOST = 500
"""Entries on one page of a list that has pages."""

_SORTS = {"name": "name", "createdAt": "created", "created": "created", "updatedAt": "updated", "updated": "updated"}


class Call(NamedTuple):
    """A request: the parts of its path, its query, its body, and its headers by lower-case name."""

    path: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    body: bytes
    headers: Mapping[bytes, bytes]

    def json(self) -> dict[str, Any]:
        """The body. Raises RequestInvalid if it is no JSON object."""
        return parse(self.body, MAX_DEPTH)

    def id(self) -> str:
        """The id in the path. Clients change `_` to `-` in it; ours have none."""
        return self.path["id"].lower()

    def version(self) -> int | None:
        """The version of `If-Match`, None if any will do. Raises RequestInvalid if it is none."""
        text = self.headers.get(b"if-match", b"*").decode("latin-1").strip()
        if text == "*":
            return None
        bare = text.strip('"')
        if text != f'"{bare}"' or not (bare.isascii() and bare.isdigit() and len(bare) < 10):
            raise RequestInvalid('`If-Match` must be an ETag that this server gave, such as `"1"`, or `*`')
        return int(bare)

    def arguments(self, *known: str) -> dict[str, str]:
        """The query. Raises RequestInvalid naming a parameter that means nothing here, or that stands twice."""
        found: dict[str, str] = {}
        for name, value in self.query:
            if name not in known:
                raise RequestInvalid(f"the query parameter `{name[:40]}` is not supported here")
            if name in found:
                raise RequestInvalid(f"the query parameter `{name}` stands twice")
            found[name] = value
        return found


class Reply(NamedTuple):
    """An answer: its status, its body (None: none; text is sent as it is, being of type `media`), and the version
    it shows."""

    status: int
    body: Any = None
    version: int | None = None
    media: str = "application/yaml"


API = "/api/v1"


class CatalogRoute(NamedTuple):
    """One route: how a request becomes an operation, of which sort, how its result becomes an answer, and how many
    bytes its body may have. `first`, of the same sort and about nothing, is decided before a large body is read."""

    method: str
    path: str
    operation: type[Any]
    read: Callable[[Call], Any]
    write: Callable[[Any], Reply]
    summary: str
    most: int = MAX_BODY
    first: Any = None


PAGED = ("limit", "offset", "sortBy", "sortOrder", "search", "name", "filterBy")


def part_of(arguments: Mapping[str, str], limit: int | None) -> Part:
    """Which part of a list is wanted; `limit` is what holds if nothing is said. Raises RequestInvalid."""
    sort = arguments.get("sortBy", "name")
    if sort not in _SORTS:
        raise RequestInvalid(f"`sortBy` must be one of {', '.join(_SORTS)}")
    order = arguments.get("sortOrder", "asc")
    if order not in ("asc", "desc"):
        raise RequestInvalid("`sortOrder` must be `asc` or `desc`")
    name = arguments.get("name") or _filtered_name(arguments.get("filterBy"))
    if "limit" in arguments:
        limit = number("limit", arguments["limit"], 1, MOST)
    offset = number("offset", arguments.get("offset", "0"), 0, 10**9)
    return Part(name, arguments.get("search") or None, _SORTS[sort], order == "desc", limit, offset)


def _filtered_name(text: str | None) -> str | None:
    """The one filter there is: `name==…`."""
    if not text:
        return None
    if not text.startswith("name==") or "," in text:
        raise RequestInvalid("`filterBy` may be `name==` and a name; no other filter is supported here")
    return text.removeprefix("name==")


def place_of(arguments: Mapping[str, str]) -> ByNumber | None:
    """The project or department that a query names by its number."""
    if "projectId" in arguments and "departmentId" in arguments:
        raise RequestInvalid("`projectId` and `departmentId` do not go together")
    for level in ("project", "department"):
        if f"{level}Id" in arguments:
            return ByNumber(level, number(f"{level}Id", arguments[f"{level}Id"], 0, 2**62))
    return None


def number(name: str, text: str, least: int, most: int) -> int:
    """A whole number of a query. Raises RequestInvalid if it is none, or out of bounds."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise RequestInvalid(f"`{name}` must be a whole number from {least:,} to {most:,}")
    return int(text)
