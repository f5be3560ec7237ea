"""Bytes to rows, or findings with places. The only reader of policy files.

Casbin's own reader drops what it does not know and glues the rest together, so it never sees a file: rows are
read here, strictly, and Casbin is fed from parsed values. The screens at the head look at whole files in C;
only a line that a screen suspects is looked at character by character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper

from remit.core.findings import Finding, Report, Source
from remit.core.names import invisible

MAX_FILE_BYTES = 256 * 1024 * 1024
"""The largest policy file: some four million access rules."""

_BOM = b"\xef\xbb\xbf"
_PLAIN = bytes(b for b in range(256) if (0x20 <= b != 0x7F and b != 0x22) or b == 0x0A)
_SUSPECT = re.compile(r'[\x00-\x09\x0b-\x1f\x7f"]')

Row = tuple[int, list[str]]
"""A line number, counted from 1, and the line's fields, the space after each comma taken off."""


def rows(source: Source, report: Report) -> Iterator[Row]:
    """The data rows of a file, comments and empty lines left out; what is wrong with its text goes to `report`.

    Rows are yielded even where the text has findings, so that the findings behind them show at once.
    """
    data = source.data
    if not _readable(source, report):
        return
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
    has_cr = b"\r" in data
    if not data.isascii() or data.translate(None, _PLAIN):
        _examine(source, report)
    # newline="\n" keeps a carriage return in its line, where it is found, instead of quietly dropping it
    for number, line in enumerate(TextIOWrapper(BytesIO(data), encoding="utf-8", newline="\n"), 1):
        if line[0] == "#" or line == "\n":
            continue
        line = line.rstrip("\r\n") if has_cr else line.removesuffix("\n")
        if ", " in line:
            line = line.replace(", ", ",")
        if line:
            yield number, line.split(",")


def _readable(source: Source, report: Report) -> bool:
    """Report what is wrong with the file as a whole; False if no text can be had from it."""
    name, data = source
    if len(data) > MAX_FILE_BYTES:
        report.add(Finding(name, 0, 0, "R031", f"the file has {len(data):,} bytes; {MAX_FILE_BYTES:,} are allowed"))
        return False
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8", "replace")) + 1
            message = f"the byte 0x{data[error.start]:02X} is not UTF-8"
            report.at_column(source, line, column, "R003", message, "save the file as UTF-8")
            return False
    if data.startswith(_BOM):
        report.add(
            Finding(name, 1, 1, "R004", "the file begins with a byte order mark", "save it as UTF-8 without BOM")
        )
    if returns := data.count(b"\r"):
        at = data.index(b"\r")
        line, column = data.count(b"\n", 0, at) + 1, at - data.rfind(b"\n", 0, at)
        message = "a carriage return" if returns == 1 else f"the first of {returns:,} carriage returns"
        report.at_column(source, line, column, "R005", message, "end lines with a line feed only")
    if data and not data.endswith(b"\n"):
        line = data.count(b"\n") + 1
        help = "the file may have been cut short; end it with a line feed"
        report.at_line(source, line, "R033", "the last line does not end", help)
    return True


def _examine(source: Source, report: Report) -> None:
    """Report each character that a policy may not hold, at its line and column."""
    for number, raw in enumerate(BytesIO(source.data), 1):
        line = raw.decode("utf-8").rstrip("\r\n").removeprefix("\ufeff" if number == 1 else "")
        if not line.isascii():
            _examine_unicode(source, number, line, report)
        if match := _SUSPECT.search(line):
            char, column = match.group(), match.start() + 1
            if char != '"':
                report.at_column(
                    source, number, column, "R006", f"the control character U+{ord(char):04X}", "take it out"
                )
            elif not line.startswith("#"):
                help = "fields are never quoted: a comma cannot stand inside one"
                report.at_column(source, number, column, "R009", "a quotation mark", help)


def _examine_unicode(source: Source, number: int, line: str, report: Report) -> None:
    """Report invisible characters and text that is not in normal form C."""
    if (char := invisible(_SUSPECT.sub("", line))) is not None:
        message = f"the invisible character U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()
        report.at_column(source, number, line.index(char) + 1, "R007", message, "take it out")
    if not unicodedata.is_normalized("NFC", line):
        normal = unicodedata.normalize("NFC", line)
        column = next((i for i, (a, b) in enumerate(zip(line, normal, strict=False)) if a != b), 0) + 1
        help = "names are compared byte by byte; save the text in normal form C"
        report.at_column(source, number, column, "R008", "text that is not in Unicode normal form C", help)
