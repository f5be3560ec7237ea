"""What a request to an application behind nginx means: a small table from method and path to a question.

Pure: bytes to a table, or all findings at once. Lines are written as in the policy files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from remit.errors import Misconfigured, RequestInvalid
from remit.service.operations import checked_name, checked_scope
from remit.web.forward_path import segments_of, sound_segment

FORM = "method, path, action, kind[, id[, home[, place]]]"
MAX_BYTES = 1 << 20
"""The largest table; it is a small one."""

_METHOD = re.compile(r"[A-Z]+(?:-[A-Z]+)*").fullmatch
_PARAMETER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_PATTERN_SIGN = re.compile(r"[*?^$()\[\]|<>]|^:")

Faults = list[tuple[int, str]]
"""What is wrong, and on which line."""


class Meant(NamedTuple):
    """What a request means: the members of an `Asked` behind its subject. `id` is empty where no single thing is
    meant: no resource has that id, so what the table says of its home counts."""

    action: str
    kind: str
    id: str
    declared: str | None
    place: str | None


class Line(NamedTuple):
    """One line of the table as written. `segments` are those of its path; `slash` is true if a slash ends it."""

    number: int
    method: str
    path: str
    segments: tuple[str, ...]
    slash: bool
    action: str
    kind: str
    id: str = ""
    home: str = ""
    place: str = ""

    def parameters(self) -> dict[str, int]:
        """The names in braces, and the segments they stand for."""
        return {found[1]: at for at, segment in enumerate(self.segments) if (found := _PARAMETER.fullmatch(segment))}

    def shape(self) -> tuple[bool, ...]:
        """Which segments are parameters."""
        return tuple(_PARAMETER.fullmatch(segment) is not None for segment in self.segments)

    def literals(self) -> tuple[str, ...]:
        """The segments that are none."""
        return tuple(segment for segment in self.segments if not _PARAMETER.fullmatch(segment))

    def meant(self, segments: tuple[str, ...]) -> Meant:
        """The question, for a path that matches. Raises RequestInvalid if its segments make no names."""
        values = {name: segments[at] for name, at in self.parameters().items()}
        id, home, place = (_filled(template, values) for template in (self.id, self.home, self.place))
        return Meant(
            self.action,
            self.kind,
            checked_name("id", id) if id else "",
            checked_scope("home", home) if home else None,
            checked_scope("place", place) if place else None,
        )


class ForwardTable:
    """The lines of a table, ready to match.

    Where two patterns match one path, a literal segment wins over a parameter at the first segment where they
    differ; the order of lines means nothing. Any two patterns part ways at some path, so no line is out of reach.
    """

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self.lines = lines
        # by method, length and last slash: the shapes, and the lines of each by their literal segments
        self._shapes: dict[tuple[str, int, bool], dict[tuple[bool, ...], dict[tuple[str, ...], Line]]] = {}
        for line in sorted(lines, key=Line.shape):  # False, a literal, comes first
            shapes = self._shapes.setdefault((line.method, len(line.segments), line.slash), {})
            shapes.setdefault(line.shape(), {})[line.literals()] = line

    def match(self, method: str, uri: str) -> Meant | None:
        """What the request means whose method and raw request target these are; None if no line says.

        Raises RequestInvalid for a path that could be read in more than one way, or that makes no names.
        """
        segments, slash = segments_of(uri)
        for shape, lines in self._shapes.get((method, len(segments), slash), {}).items():
            literals = [segment for segment, is_parameter in zip(segments, shape, strict=True) if not is_parameter]
            if (line := lines.get(tuple(literals))) is not None:
                return line.meant(segments)
        return None


def _filled(template: str, values: dict[str, str]) -> str:
    """The template with its parameters' values."""
    return _PARAMETER.sub(lambda name: values[name[1]], template)


def read_table(file: str, data: bytes) -> ForwardTable:
    """The table that a file holds. Raises Misconfigured with all findings, a line each: `file:line: what; help`."""
    faults: Faults = []
    lines: list[Line] = []
    places: dict[object, int] = {}
    for number, text in _rows(data, faults):
        line = _line(number, text, faults)
        if line is None:
            continue
        lines.append(line)
        first = places.setdefault((line.method, line.slash, line.shape(), line.literals()), number)
        if first != number:
            what = f"`{line.method}, {line.path}` matches what line {first} matches, whatever its parameters are called"
            faults.append((number, f"{what}; take one of the two out"))
    if not lines and not faults:
        faults.append((1, f"the table has no line, so nothing would get through; write `{FORM}`"))
    if faults:
        raise Misconfigured("\n".join(f"{file}:{number}: {what}" for number, what in sorted(faults)))
    return ForwardTable(tuple(lines))


def _rows(data: bytes, faults: Faults) -> Iterator[tuple[int, str]]:
    """The lines that are neither empty nor comments, with their numbers; what is wrong with the text is a fault."""
    if len(data) > MAX_BYTES:
        faults.append((1, f"the table has {len(data):,} bytes; {MAX_BYTES:,} are allowed"))
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"the byte 0x{data[error.start]:02X} is not UTF-8; save the file as UTF-8"
        faults.append((data.count(b"\n", 0, error.start) + 1, what))
        return
    *whole, rest = text.split("\n")
    if rest:
        faults.append((len(whole) + 1, "the last line has no line feed; the file may have been cut short"))
        whole.append(rest)
    for number, line in enumerate(whole, 1):
        if not line.isprintable() or not unicodedata.is_normalized("NFC", line):
            faults.append((number, _unreadable(line)))
        elif line and line[0] != "#":
            yield number, line


def _unreadable(line: str) -> str:
    """What is wrong with a line that a person cannot read as it is."""
    if line.endswith("\r"):
        return "a carriage return; end lines with a line feed only"
    if line.startswith("\ufeff"):
        return "a byte order mark; save the file as UTF-8 without one"
    char = next((char for char in line if not char.isprintable()), None)
    if char is None:
        return "text that is not in Unicode normal form C; names are compared byte by byte"
    return f"the character U+{ord(char):04X}, which cannot be seen; take it out"


def _line(number: int, text: str, faults: Faults) -> Line | None:
    """One line; what is wrong with it is a fault. None if its columns cannot be told."""
    fields = text.replace(", ", ",").split(",")
    wrong = None
    if fields[0].lstrip(" ").startswith("#"):
        wrong = "a comment that does not begin its line; put `#` in the first column"
    elif '"' in text:
        wrong = "a quotation mark; fields are never quoted"
    elif not 4 <= len(fields) <= 7:
        wrong = f"{len(fields)} column{'s' if len(fields) > 1 else ''}; 4 to 7 are due: `{FORM}`"
    elif any(field != field.strip(" ") for field in fields):
        wrong = "a stray space; fields are parted by a comma and at most one space"
    if wrong:
        faults.append((number, wrong))
        return None
    method, path, *others = fields
    segments = path.split("/")[1:]
    slash = segments[-1:] == [""]
    line = Line(number, method, path, tuple(segments[:-1] if slash else segments), slash, *others)
    faults += [(number, what) for what in (*_path_faults(line), *_question_faults(line))]
    return line


def _path_faults(line: Line) -> Iterator[str]:
    """What is wrong with the method and the path of a line."""
    if not _METHOD(line.method):
        yield f"the method `{line.method}` is no upper-case word; write `GET`, `POST`, …"
    if not line.path.startswith("/"):
        yield f"the path `{line.path}` does not begin with `/`"
        return
    if len(line.parameters()) < sum(line.shape()):
        yield f"the path `{line.path}` has two parameters of one name; name them apart"
    for literal in line.literals():
        if "{" in literal or "}" in literal:
            yield f"`{literal}` in the path is no parameter; write `{{name}}`, in lower case, for one whole segment"
        elif sign := _PATTERN_SIGN.search(literal):
            yield f"`{sign[0]}` in the path; a segment is a plain name, or `{{name}}` for any one segment"
        else:
            yield from _refusal(sound_segment, literal)


def _question_faults(line: Line) -> Iterator[str]:
    """What is wrong with the columns that make the question."""
    for label, name in (("action", line.action), ("kind", line.kind)):
        if re.search(r"[:{}*]", name):
            yield f"the {label} `{name}` is no plain name; write one of the vocabulary"
        else:
            yield from _refusal(partial(checked_name, label), name)
    if line.id:
        yield from _template_faults(line, "id", line.id, checked_name)
    for label, template in (("home", line.home), ("place", line.place)):
        if template:
            yield from _template_faults(line, label, template, checked_scope)


def _template_faults(line: Line, label: str, template: str, check: Callable[[str, str], str]) -> Iterator[str]:
    """What is wrong with a column that takes names from the path."""
    texts = _PARAMETER.split(template)[::2]
    names = _PARAMETER.findall(template)
    unknown = [name for name in names if name not in line.parameters()]
    if any("{" in text or "}" in text for text in texts):
        yield f"the {label} `{template}` has a brace that belongs to no `{{name}}`"
    elif unknown:
        yield f"the {label} `{template}` names `{{{unknown[0]}}}`, which is no parameter of the path"
    elif any("/" not in text for text in texts[1:-1]):
        # `{a}-{b}` makes one name of two paths; no segment holds a slash, so with one it cannot
        yield f"the {label} `{template}` has two parameters without a `/` between them, so two paths make one name"
    else:
        # can it be a name at all? with short names in it, and a whole scope where that could come from the path
        first = "" if texts[0] or check is checked_name else "x:"
        yield from _refusal(partial(check, label), first + _filled(template, dict.fromkeys(names, "x")))


def _refusal(check: Callable[[str], str], text: str) -> Iterator[str]:
    """Why the check refuses this text, if it does."""
    try:
        check(text)
    except RequestInvalid as error:
        yield f"`{text}`: {error}"
