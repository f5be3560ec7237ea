"""A server as the verbs of the catalog see it: asked over HTTP, with the caller's own token, and its refusals as errors
of ours. Whatever it says is text to be shown, and never trusted to be harmless.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from remit.cli.house import House
from remit.core.codes import RULES
from remit.core.findings import Finding
from remit.core.names import quoted
from remit.errors import (
    Blocked,
    CasesFailed,
    Conflict,
    CouldNotDecide,
    NotAllowed,
    NotFound,
    PolicyInvalid,
    RemitError,
    RequestInvalid,
)

API = "/api/v1"
NO_TOKEN = (
    "there is no token: set REMIT_TOKEN or give --token\n"
    "for a server in `dev`, `remit token user:ada@example.com` prints one; others take that of your single sign-on"
)


class Remote(NamedTuple):
    """One server, and the token it is asked with."""

    house: House
    url: str
    token: str

    def ask(
        self,
        method: str,
        *path: str,
        query: dict[str, str] | None = None,
        body: object = None,
        version: int | None = None,
        base: str = API,
    ) -> str:
        """The text of an answer. Raises what the server's refusal says, and CouldNotDecide without an answer."""
        where = "/".join((base, *(quote(part, safe="") for part in path))) + (f"?{urlencode(query)}" if query else "")
        status, text = self.house.ask(method, self.url, self.token, where, body, version)
        if 200 <= status < 300:
            return text
        raise refusal(status, text)

    def number(self, level: str, name: str) -> str:
        """The number of a project or department. Raises NotFound if the caller may see none of that name."""
        units = loaded(self.ask("GET", "org-unit", f"{level}s", query={"filterBy": f"name=={name}"})).get(f"{level}s")
        for unit in entries(units):
            if unit.get("name") == name and isinstance(unit.get("id"), str):
                return str(unit["id"])
        raise NotFound(f"there is no {level} {quoted(name)}, or none that you may see")


def remote(house: House, url: str, token: str | None) -> Remote:
    """A server to be asked. Raises RequestInvalid if there is no token to ask it with."""
    if not token:
        raise RequestInvalid(NO_TOKEN)
    return Remote(house, url, token)


def refusal(status: int, text: str) -> RemitError:
    """What a server's refusal comes to: its message, and its details line by line."""
    try:
        said = json.loads(text)
        message, details = str(said["message"]), str(said.get("details") or "").split("\n")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return CouldNotDecide(f"the server answers {status}, and not as remit does; does `--url` lead to remit?")
    # of what was refused for several reasons the message is all of them in one line: once is enough
    lines = details if "; ".join(details) == message else [message, *filter(None, details)]
    told = "\n".join(lines)
    if why := _why_not(said):
        return why
    match status:
        case 403:
            return NotAllowed("", told)
        case 404:
            return NotFound(told)
        case 409 | 412:
            return Conflict(told)
        case 401:
            return RequestInvalid(
                f"{told}\n`remit token user:ada@example.com` prints a new token for a server in `dev`"
            )
        case 400 | 405 | 413 | 415 | 422:
            return RequestInvalid(told)
    return CouldNotDecide(told)


def _why_not(said: dict[str, Any]) -> RemitError | None:
    """Why a policy may not go live, if the refusal says that."""
    if found := entries(said.get("findings")):
        return PolicyInvalid(tuple(filter(None, map(_finding, found))))
    for name, error in (("faults", CasesFailed), ("blocked", Blocked)):
        if isinstance(said.get(name), list) and said[name]:
            return error(tuple(map(str, said[name])))
    return None


def _finding(said: dict[str, Any]) -> Finding | None:
    """A finding as it is here; None if this version of remit does not know its code."""
    values = [said.get(name) for name in Finding._fields]
    kinds = (str, int, int, str, str, str, str, int)
    whole = all(type(value) is kind for value, kind in zip(values, kinds, strict=True))
    return Finding(*values) if whole and said.get("code") in RULES else None  # type: ignore[arg-type]


def loaded(text: str) -> dict[str, Any]:
    """An answer, which is a JSON object. Raises CouldNotDecide if it is not."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CouldNotDecide("the server's answer is no JSON object; does `--url` lead to remit?")
    return found


def entries(found: object) -> list[dict[str, Any]]:
    """A list of objects; whatever is none is left out."""
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def harmless(text: str) -> str:
    """JSON with the same value in visible ASCII, for any terminal and encoding. Raises CouldNotDecide if it is none."""
    loaded(text)
    return "".join(char if " " <= char <= "~" else _escaped(char) for char in text.rstrip("\n"))


def _escaped(char: str) -> str:
    """Line ends and tabs stand between values only, where any space will do; the others stand within texts."""
    return {"\n": "\n", "\r": " ", "\t": " "}.get(char) or json.dumps(char)[1:-1]


def read_object(house: House, option: str, file: str) -> dict[str, Any]:
    """The JSON object in a file, or on the standard input for `-`. Raises RequestInvalid if it is none."""
    try:
        found = json.loads(house.document(file))
    except ValueError as error:
        raise RequestInvalid(f"`{option} {file}` is no JSON: {error}") from None
    except RecursionError:
        raise RequestInvalid(f"`{option} {file}` is nested too deeply") from None
    if not isinstance(found, dict):
        raise RequestInvalid(f"`{option} {file}` must hold one JSON object")
    return found
