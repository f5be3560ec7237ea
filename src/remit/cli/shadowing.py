"""`shadow`: how the shadow policy of a server would have answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from remit.cli.house import House
from remit.cli.options import URL, Format, Formatted, Token, Url
from remit.cli.remote import entries, harmless, loaded, remote
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.core.names import counted

Most = Annotated[int, typer.Option("--limit", min=1, max=1_000, help="The most questions that are shown.")]


def add_shadow(app: typer.Typer, house: House) -> None:
    """The verb."""

    @app.command()
    def shadow(limit: Most = 20, url: Url = URL, token: Token = None, format: Formatted = Format.TEXT) -> None:
        """Show where the shadow policy of a server answers otherwise than the live one, and why each does."""
        text = remote(house, url, token).ask("GET", "policy", "shadow", query={"limit": str(limit)}, base="/v1")
        Screen().show([harmless(text)] if format is Format.JSON else _lines(loaded(text)))


def _lines(body: dict[str, Any]) -> Iterator[str]:
    """What came of it: in one line, by kinds of difference, and question by question."""
    totals = entries(body.get("totals"))
    differ = sum(one["count"] for one in totals if isinstance(one.get("count"), int))
    yield safe(
        f"{body.get('source')} (revision {_short(body.get('revision'))}) beside the live revision"
        f" {_short(body.get('live'))}: {counted(_number(body, 'compared'), 'answer')} compared, {differ:,} differ"
        f"{_left_out(body)}"
    )
    for one in totals:
        pair = f"{one.get('action')} {one.get('kind')}"
        yield safe(f"  {_number(one, 'count'):>7,}  {one.get('from')} -> {one.get('to')}  {pair}")
    for one in entries(body.get("differences")):
        yield ""
        yield safe(_question(_object(one, "question")))
        yield safe(f"  {counted(_number(one, 'count'), 'time')}, {one.get('first')} to {one.get('last')}")
        for who in ("live", "candidate"):
            side = _object(one, who)
            reason = _object(side, "reason_admin")
            verdict = "allow" if side.get("decision") is True else "deny"
            yield safe(f"  {who:<9}  {verdict:<5}  {reason.get('code')}: {reason.get('sentence')}")


def _left_out(body: dict[str, Any]) -> str:
    """What was not compared, if anything."""
    said = [f"{_number(body, what):,} {what}" for what in ("dropped", "failed") if _number(body, what)]
    return "".join(f", {each}" for each in said)


def _question(question: dict[str, Any]) -> str:
    """A question in the words of `check`."""
    thing = question.get("kind", "")
    if question.get("id") is not None:
        thing = f"{thing}:{question['id']}"
    words = [str(question.get("subject")), str(question.get("action")), thing]
    for option, name in (("--home", "home"), ("--in", "place")):
        if question.get(name) is not None:
            words += [option, str(question[name])]
    groups = question.get("groups")
    for group in groups if isinstance(groups, list) else ():
        words += ["--group", str(group).removeprefix("group:")]
    return " ".join(words)


def _number(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    return value if isinstance(value, int) else 0


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _short(revision: object) -> str:
    return str(revision)[:12]
