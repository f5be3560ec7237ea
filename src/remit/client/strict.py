"""An answer, and its body as JSON that can be trusted. Pure. Whatever is doubtful is refused with CouldNotDecide."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from remit.errors import CouldNotDecide

MAX_ANSWER = 8 * 2**20
"""Bytes of an answer's body. A larger one is refused as soon as that is known."""

MAX_SENTENCE = 500
"""Characters that are kept of a sentence from outside."""


class Answer(NamedTuple):
    """An HTTP answer, whole. Headers are None if they were not there."""

    status: int
    body: bytes
    content_type: str | None = None
    encoding: str | None = None
    revision: str | None = None
    retry_after: str | None = None


def said(text: object) -> str | None:
    """A text from outside as messages and logs may hold it: one line, printable, not endless. None if it is no text."""
    if not isinstance(text, str) or not text.strip():
        return None
    return "".join(letter if letter.isprintable() else " " for letter in text[:MAX_SENTENCE]).strip() or None


def content_of(answer: Answer) -> dict[str, Any]:
    """The object that a 200 carries. Raises CouldNotDecide for any other answer, with its own words if it has some."""
    if answer.status != 200:
        told = _message(answer)
        raise CouldNotDecide(f"remit answered {answer.status}" + (f": {told}" if told else ""))
    if not _is_json(answer.content_type):
        raise CouldNotDecide(f"remit answered with `{said(answer.content_type) or 'no content type'}`, not with JSON")
    if answer.encoding not in (None, "identity"):
        raise CouldNotDecide("remit answered in an encoding that was not asked for")
    content = _parsed(answer.body)
    if not isinstance(content, dict):
        raise CouldNotDecide("remit answered with JSON that is no object")
    return content


def _message(answer: Answer) -> str | None:
    """What an error says of itself: remit's `message`, or a bare string as AuthZEN has it (§10.1.2)."""
    try:
        content = _parsed(answer.body) if _is_json(answer.content_type) else None
    except CouldNotDecide:
        return None
    return said(content.get("message") if isinstance(content, dict) else content)


def _is_json(content_type: str | None) -> bool:
    media_type, *parameters = [part.strip() for part in (content_type or "").lower().split(";")]
    charsets = [part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")]
    return media_type == "application/json" and all(charset in ("utf-8", "utf8") for charset in charsets)


def _parsed(body: bytes) -> Any:
    """JSON that every reader reads alike: each member stands once, numbers are numbers and texts are texts."""
    try:
        text = body.decode("utf-8")
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        if "\\ud" in text.lower():
            json.dumps(content, ensure_ascii=False).encode("utf-8")  # fails for half a character
    except (ValueError, RecursionError) as error:
        raise CouldNotDecide("remit answered with something that is not JSON") from error
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
