"""What is said while something lasts: to a terminal only, and only once it has lasted."""

from __future__ import annotations

import time
from io import StringIO

from rich.console import Console

from remit.cli.screen import Screen


def terminal(is_one: bool) -> tuple[Screen, StringIO]:
    """A screen whose error stream is a terminal, or a pipe, and what is written there."""
    screen, out = Screen(), StringIO()
    screen._err = Console(file=out, force_terminal=is_one, width=80, highlight=False, markup=False)
    return screen, out


def test_nothing_is_said_of_what_is_over_before_a_second_is() -> None:
    screen, out = terminal(True)
    with screen.progress() as say:
        say("reading", 0.1)
        say("names", 0.5)
    assert out.getvalue() == ""


def test_a_bar_is_drawn_of_what_lasts() -> None:
    screen, out = terminal(True)
    with screen.progress(patience=0.0) as say:
        deadline = time.monotonic() + 10
        while "names" not in out.getvalue() and time.monotonic() < deadline:
            say("names\x1b[2J", 0.5)
            time.sleep(0.02)
    assert "names<U+001B>[2J" in out.getvalue(), "what is said is text, whatever it is made of"


def test_nothing_is_said_where_nobody_watches() -> None:
    screen, out = terminal(False)
    with screen.progress(patience=0.0) as say:
        say("reading", 0.1)
        time.sleep(0.2)
    assert out.getvalue() == ""
