"""`model.conf` is pinned: remit implements one Casbin model and refuses any other by naming what differs.

The file is the normative statement of one step (design §3). It is compared after parsing, so spacing and
comments are free; Casbin itself is given these definitions, never the file.
"""

from __future__ import annotations

import re

from remit.core.findings import Report, Source
from remit.core.names import quoted
from remit.core.reader import screened

DEFINITIONS: dict[tuple[str, str], str] = {
    ("request_definition", "r"): "sub, dom, obj, act, home",
    ("policy_definition", "p"): "sub, dom, obj, act",
    ("role_definition", "g"): "_, _, _",
    ("role_definition", "g2"): "_, _",
    ("policy_effect", "e"): "some(where (p.eft == allow))",
    ("matchers", "m"): (
        "r.obj == p.obj && r.act == p.act && g2(r.dom, r.home) && g2(r.dom, p.dom) && g(r.sub, p.sub, r.dom)"
    ),
}
"""Section and key to definition: the whole model."""

_SPACED = re.compile(r" *(\W) *")


def check_model(source: Source, report: Report) -> None:
    """Report every definition of the file that is missing, is one too many, or is not the one remit implements."""
    data = screened(source, report, quotes=True)
    if source.data and not data:
        return
    found: set[tuple[str, str]] = set()
    section = ""
    for number, raw in enumerate(data.decode("utf-8").split("\n"), 1):
        line = raw.strip(" \r")
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            section = line[1:-1].strip(" ")
            continue
        key, _, value = (part.strip(" ") for part in line.partition("="))
        if message := _difference((section, key), value, found):
            help = _help(section, key) if (section, key) in DEFINITIONS.keys() - found else "take it out"
            report.at_line(source, number, "R030", message, help)
        found.add((section, key))
    for section, key in DEFINITIONS.keys() - found:
        report.at_file(source.name, "R030", f"`{key}` of [{section}] is missing", _help(section, key))


def _difference(name: tuple[str, str], value: str, found: set[tuple[str, str]]) -> str | None:
    """Why one definition has no place in the model: it is unknown, defined twice, or says something else."""
    label = f"{quoted(name[1])} of [{quoted(name[0])[1:-1]}]"
    if name in found:
        return f"{label} is defined twice"
    if name not in DEFINITIONS:
        return f"{label} is not in the model that remit implements"
    if _tight(value) != _tight(DEFINITIONS[name]):
        return f"{label} differs from the model that remit implements"
    return None


def _help(section: str, key: str) -> str:
    return f"write `{key} = {DEFINITIONS[section, key]}`"


def _tight(text: str) -> str:
    """The definition without the spaces that part no two words: they mean nothing to Casbin."""
    return _SPACED.sub(r"\1", text)
