"""Where text goes: the terminal, with colour only if it is one."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from threading import Timer
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from remit.cli.render import safe

_STYLES = ((re.compile(r"^(allow)\b"), "bold green"), (re.compile(r"^(deny)\b"), "bold red"),
           (re.compile(r"(?<=\dZ  )allow\b"), "bold green"), (re.compile(r"(?<=\dZ  )(deny|refused)\b"), "bold red"),
           (re.compile(r"(\^+)$"), "red"), (re.compile(r"^(\S+:\d+(?::\d+)?: R\d{3})"), "bold"))  # fmt: skip


class Say(Protocol):
    """Tells what is going on, and how much of it is behind (0 to 1) if that is known."""

    def __call__(self, text: str, share: float | None = None) -> None:
        """Tell it."""
        ...


class Screen:
    """The standard streams. Lines are printed as they are: no markup, no wrapping.

    What the terminal's encoding lacks is written as its code point, so that no name can keep an answer from coming out.
    """

    def __init__(self) -> None:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        self._out = Console(highlight=False, markup=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

    def has(self, text: str) -> bool:
        """Can the standard output write this text as it is?"""
        try:
            text.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError:
            return False
        return True

    def show(self, lines: Iterable[str]) -> None:
        """Print lines to the standard output. There may be many: what is no terminal gets them without styling."""
        if self._out.is_terminal:
            for line in lines:
                self._out.print(_styled(line))
        else:
            sys.stdout.writelines(f"{line}\n" for line in lines)
            sys.stdout.flush()

    def complain(self, lines: Iterable[str]) -> None:
        """Print lines to the standard error."""
        for line in lines:
            self._err.print(_styled(line))

    def hand_over(self, text: str, as_json: bool = False) -> None:
        """Print a document of somebody else's: as it is, but to a terminal only what is harmless there."""
        if as_json:
            self.show([json.dumps(text)])
        elif self._out.is_terminal:
            self.show(safe(line.removesuffix("\r")) for line in text.rstrip("\r\n").split("\n"))
        else:
            sys.stdout.write(text)
            sys.stdout.flush()

    def pour(self, lines: Iterable[str]) -> None:
        """Print lines that have their ends, as they come; to a terminal only what is harmless there."""
        if self._out.is_terminal:
            self.show(safe(line.rstrip("\r\n")) for line in lines)
        else:
            sys.stdout.writelines(lines)
            sys.stdout.flush()

    @contextmanager
    def progress(self, patience: float = 1.0) -> Iterator[Say]:
        """Say on a terminal what is going on, once it has gone on for `patience` seconds; elsewhere nothing is said."""
        if not self._err.is_terminal:
            yield _say_nothing
            return
        columns = TextColumn("{task.description}", markup=False), BarColumn()
        # what is printed meanwhile goes above the bar, if both are seen, and where it belongs if not
        bar = Progress(*columns, console=self._err, transient=True, redirect_stdout=self._out.is_terminal)
        task = bar.add_task("", total=None)
        begin = Timer(patience, bar.start)
        begin.daemon = True
        begin.start()

        def say(text: str, share: float | None = None) -> None:
            bar.update(task, description=safe(text), total=None if share is None else 1.0, completed=share)

        try:
            yield say
        finally:
            begin.cancel()
            begin.join()  # it may be beginning just now
            bar.stop()


def _say_nothing(text: str, share: float | None = None) -> None:
    """What is said where nobody watches."""


def _styled(line: str) -> Text:
    """A line with the few words that carry weight set off; colour appears on a terminal only."""
    text = Text(line)
    for pattern, style in _STYLES:
        text.highlight_regex(pattern, style)
    return text
