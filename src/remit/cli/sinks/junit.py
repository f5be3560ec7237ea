"""Test cases and their failures in the XML that every CI reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from remit.cli.render import safe
from remit.cli.sinks.notice import Notice

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(suite: str, passed: Iterable[tuple[str, str]], notices: Sequence[Notice]) -> str:
    """A suite: those that passed, each as file and name, and the notices as failures."""
    good = list(passed)
    top = Element("testsuites")
    inner = SubElement(
        top, "testsuite", name=suite, tests=str(len(good) + len(notices)), failures=str(len(notices)), errors="0"
    )
    for file, name in good:
        SubElement(inner, "testcase", classname=_text(file), name=_text(name))
    for notice in notices:
        name = f"{notice.code} line {notice.line}" if notice.line else notice.code
        case = SubElement(inner, "testcase", classname=_text(notice.file), name=_text(name))
        failure = SubElement(case, "failure", type=str(notice.level), message=_text(notice.message))
        place = ":".join(str(part) for part in (notice.file, notice.line, notice.column) if part)
        help = [f"help: {notice.help}"] if notice.help else []
        failure.text = "\n".join(map(_text, [f"{place}: {notice.message}", *help]))
    indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(top, encoding="unicode") + "\n"


def _text(text: str) -> str:
    """Text that XML 1.0 can carry at all, in one line: a line of its own might be a command to who reads the log."""
    return _NOT_XML.sub(lambda found: f"<U+{ord(found.group()):04X}>", safe(text))
