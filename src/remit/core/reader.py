"""Bytes to rows, or findings with places. The only reader of policy files.

Casbin's own reader drops what it does not know and glues the rest together, so it never sees a file: rows are
read here, strictly, and Casbin is fed from parsed values. The screens at the head look at whole files in C;
only text that a screen suspects is looked at line by line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper

from remit.core.findings import MAX_LINE, MOST_ERRORS, Report, Source, line_text
from remit.core.names import described, invisible

MAX_FILE_BYTES = 256 * 1024 * 1024
"""The largest policy file: some four million access rules."""

MAX_LINES = 5_000_000
"""The most lines of a policy file, empty ones and comments included."""

_BOM = b"\xef\xbb\xbf"
_BLOCK = 1 << 20
_PLAINLY = "take it out, or write a space"
_PLAIN = bytes(b for b in range(256) if (0x20 <= b != 0x7F and b != 0x22) or b == 0x0A)
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # but line feeds, and carriage returns, which are R005
_CONTROL_OR_RETURN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")

Row = tuple[int, list[str]]
"""A line number, counted from 1, and the line's fields, the space after each comma taken off."""


def rows(source: Source, report: Report, most: int = MAX_LINES) -> Iterator[Row]:
    """The data rows of a file, comments and empty lines left out; what is wrong with its text goes to `report`.

    Rows are yielded even where the text has findings, so that the findings behind them show at once. A file of
    more than `most` lines yields none, and one with hopelessly many errors is not read to its end.
    """
    data = screened(source, report, most)
    has_cr, longest = b"\r" in data, MAX_LINE
    # newline="\n" keeps a carriage return in its line, where it is found, instead of quietly dropping it
    for number, line in enumerate(TextIOWrapper(BytesIO(data), encoding="utf-8", newline="\n"), 1):
        if not number & 0xFFF and _given_up(source, number, report):  # looked at every 4,096 lines
            return
        if line[0] == "#" or line == "\n":
            continue
        if len(line) > longest and (size := len(line.rstrip("\r\n"))) > longest:
            message = f"the line has {size:,} characters; {MAX_LINE:,} are allowed"
            report.at_line(source, number, "R031", message, "shorten it")
            continue
        line = line.rstrip("\r\n") if has_cr else line.removesuffix("\n")
        if ", " in line:
            line = line.replace(", ", ",")
        if line:
            yield number, line.split(",")


def screened(source: Source, report: Report, most: int = MAX_LINES, quotes: bool = False) -> bytes:
    """The file's text, a byte order mark taken off; nothing if none can be had. All that is wrong is reported.

    Quotation marks are wrong outside comments unless `quotes` allows them.
    """
    data = source.data
    for count, allowed, what in ((len(data), MAX_FILE_BYTES, "bytes"), (data.count(b"\n"), most, "lines")):
        if count > allowed:
            report.at_file(
                source.name,
                "R031",
                f"the file has {count:,} {what}; {allowed:,} are allowed",
                "take out what is not needed",
            )
            return b""
    if data.startswith(_BOM):
        report.at_column(source, 1, 1, "R004", "a byte order mark", "save the file as UTF-8 without one")
    if returns := data.count(b"\r"):
        message = "a carriage return" if returns == 1 else f"the first of {returns:,} carriage returns"
        help = "end lines with a line feed only"
        report.at_column(source, *_place(data, data.index(b"\r")), "R005", message, help)
    if data and not data.endswith(b"\n"):
        help = "the file may have been cut short; if it is whole, end it with a line feed"
        report.at_line(source, data.count(b"\n") + 1, "R033", "the last line has no line feed", help)
    if (not data.isascii() or data.translate(None, _PLAIN)) and not _examine(source, report, quotes):
        return b""
    return data.removeprefix(_BOM)


def _place(data: bytes, at: int) -> tuple[int, int]:
    """Line and column, counted from 1, of what stands at an offset; a byte order mark takes no column."""
    line = data.count(b"\n", 0, at) + 1
    before = data[data.rfind(b"\n", 0, at) + 1 : at].decode("utf-8", "replace")
    return line, len(before) + 1 - (line == 1 and before.startswith("\ufeff"))


def _given_up(source: Source, number: int, report: Report) -> bool:
    """True, with a finding, if the file is so full of errors that it is not read from this line on."""
    if report.is_hopeless(source.name):
        message = f"more than {MOST_ERRORS:,} errors above; the file is not read from here on"
        report.at_line(source, number, "R031", message, "mend what is listed first")
        return True
    return False


def _examine(source: Source, report: Report, quotes: bool) -> bool:
    """Report what a policy may not hold, block by block, as most blocks are sound; False if it is hopeless."""
    stream, number, offset = BytesIO(source.data), 1, 0
    while block := stream.readlines(_BLOCK):
        if _given_up(source, number, report):
            return False
        try:
            text = b"".join(block).decode("utf-8").replace("\n", "")
        except UnicodeDecodeError as error:
            at = offset + error.start
            message = f"the byte 0x{source.data[at]:02X} is not UTF-8"
            report.at_column(source, *_place(source.data, at), "R003", message, "save the file as UTF-8")
            return False
        if '"' in text or invisible(text) is not None or not unicodedata.is_normalized("NFC", text):
            for index, raw in enumerate(block, number):
                line = line_text(raw, index)
                comment = line.startswith("#")
                if quotes or comment or len(line) <= MAX_LINE:  # a longer row is refused as a whole
                    _examine_line(source, index, line, quotes or comment, report)
        number, offset = number + len(block), stream.tell()
    return True


def _examine_line(source: Source, number: int, line: str, quotes: bool, report: Report) -> None:
    """Report the first character of each sort that this line may not hold."""
    if match := _CONTROL.search(line):
        report.at_column(source, number, match.start() + 1, "R006", described(match.group()), _PLAINLY)
    if not line.isascii():
        if (char := invisible(_CONTROL_OR_RETURN.sub("", line))) is not None:
            report.at_column(source, number, line.index(char) + 1, "R007", described(char), _PLAINLY)
        if not unicodedata.is_normalized("NFC", line):
            normal = unicodedata.normalize("NFC", line)
            column = next((i for i, (a, b) in enumerate(zip(line, normal, strict=False)) if a != b), 0) + 1
            help = "names are compared byte by byte; save the text in normal form C"
            report.at_column(source, number, column, "R008", "text that is not in Unicode normal form C", help)
    if not quotes and '"' in line:
        help = "fields are never quoted: a comma cannot stand inside one"
        report.at_column(source, number, line.index('"') + 1, "R009", "a quotation mark", help)
