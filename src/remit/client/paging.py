"""A search, page by page (AuthZEN §8.2): which request comes next, what a page holds, and when it is the last. Pure."""

from __future__ import annotations

from typing import Any

from remit.client.questions import Call
from remit.client.strict import Answer, content_of
from remit.errors import CouldNotDecide

MAX_TOKEN = 4_096
"""Characters of a token for the next page."""

MAX_EMPTY = 100
"""Pages without a result in a row; more than that is a server that leads nowhere."""


class Pages:
    """One walk over a search's pages: `call` is the request to send next, None once the last page was taken.

    `member` names what a result is known by (`id` or `name`), `type` the type that each result must have.
    """

    def __init__(self, search: Call, member: str, type: str | None = None, limit: int | None = None) -> None:
        """Raises TypeError or ValueError if `limit`, the most results in one page, is no whole number above 0."""
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool)):
            raise TypeError(f"`limit` must be a whole number, not {limit.__class__.__name__}")
        if limit is not None and limit < 1:
            raise ValueError(f"`limit` must be at least 1, and is {limit}")
        self._search, self._member, self._type = search, member, type
        self._asked: dict[str, Any] = {} if limit is None else {"limit": limit}
        self._seen: set[str] = set()
        self._empty = 0
        self.call: Call | None = self._page({})

    def take(self, answer: Answer) -> list[str]:
        """What this page holds; afterwards `call` asks for the next. Raises CouldNotDecide, and there is no next."""
        self.call = None
        content = content_of(answer)
        results = content.get("results")
        if not isinstance(results, list):
            raise CouldNotDecide("remit answered a search without `results`")
        names = [self._name(result) for result in results]
        if token := _next(content):
            self._watch(token, bool(names))
            self.call = self._page({"token": token})
        return names

    def _page(self, token: dict[str, str]) -> Call:
        """The request for a page; all else is said again as it was, for the token is bound to it (§8.2.1)."""
        page = {**token, **self._asked}
        return self._search._replace(body={**self._search.body, **({"page": page} if page else {})})

    def _name(self, result: object) -> str:
        name = result.get(self._member) if isinstance(result, dict) else None
        if not isinstance(result, dict) or not isinstance(name, str) or not name:
            raise CouldNotDecide(f"remit answered a search with a result without `{self._member}`")
        if self._type is not None and result.get("type") != self._type:
            raise CouldNotDecide(f"remit answered a search for `{self._type}` with something else")
        return name

    def _watch(self, token: str, full: bool) -> None:
        """Raises CouldNotDecide if these pages would never end."""
        self._empty = 0 if full else self._empty + 1
        if token in self._seen or self._empty > MAX_EMPTY or len(token) > MAX_TOKEN:
            raise CouldNotDecide("remit answered a search with pages that lead nowhere")
        self._seen.add(token)


def _next(content: dict[str, Any]) -> str:
    """The token of the next page; empty if this is the last one."""
    if "page" not in content:
        return ""
    page = content["page"]
    token = page.get("next_token", "") if isinstance(page, dict) else None
    if not isinstance(token, str):
        raise CouldNotDecide("remit answered a search with a `page` that cannot be followed")
    return token
