"""`model.conf` is pinned: remit implements one Casbin model and refuses any other by naming what differs.

The file is the normative statement of one step (design §3). It is compared after parsing, so spacing and
comments are free; Casbin itself is given these definitions, never the file.
"""

from __future__ import annotations

from remit.core.findings import Report, Source

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


def check_model(source: Source, report: Report) -> None:
    """Report every definition of the file that is missing, is one too many, or is not the one remit implements."""
    try:
        text = source.data.decode("utf-8")
    except UnicodeDecodeError:
        report.at_file(source.name, "R003", "the file is not UTF-8", "save the file as UTF-8")
        return
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            section = line[1:-1].strip()
            continue
        key, _, value = (part.strip() for part in line.partition("="))
        _compare(source, report, number, (section, key), value, found)
    for section, key in DEFINITIONS.keys() - found.keys():
        report.at_file(source.name, "R030", f"`{key}` of [{section}] is missing", _help(section, key))


def _compare(
    source: Source, report: Report, number: int, name: tuple[str, str], value: str, found: dict[tuple[str, str], int]
) -> None:
    """Report one definition if it is unknown, defined twice, or says something else."""
    section, key = name
    if name in found:
        report.at_line(source, number, "R030", f"`{key}` of [{section}] is defined twice", "keep one")
    elif name not in DEFINITIONS:
        report.at_line(
            source, number, "R030", f"`{key}` of [{section}] is not in the model remit implements", "take it out"
        )
    elif _squeezed(value) != _squeezed(DEFINITIONS[name]):
        report.at_line(source, number, "R030", f"`{key}` of [{section}] differs from the model", _help(section, key))
    found[name] = number


def _help(section: str, key: str) -> str:
    return f"write `{key} = {DEFINITIONS[section, key]}`"


def _squeezed(text: str) -> str:
    """The definition without its spacing, which means nothing to Casbin."""
    return "".join(text.split())
