"""Objects as YAML, the way `kubectl apply -f` takes it: one document each, every object with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

_PLAIN = re.compile(r"[A-Za-z/](?:[-A-Za-z0-9_./@]*[-A-Za-z0-9_./@])?")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])


class _Dumper(yaml.SafeDumper):
    """Writes every object out in full, and puts between quotes each text that any YAML reader could take for more."""

    def ignore_aliases(self, _data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        # Lists stand indented below their key, which readers of YAML expect; PyYAML would leave them flush.
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # `1e3`, `0o7`, `y` are plain texts to YAML 1.1 as PyYAML reads it, and numbers or truths to other readers.
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, None if plain else '"')


_Dumper.add_representer(str, _text)


def as_yaml(objects: Iterable[Mapping[str, Any]]) -> str:
    """The objects in their order, their keys as they stand, as one text of several documents; the same every time."""
    return yaml.dump_all(
        [dict(each) for each in objects],
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=True,
        explicit_start=True,
        width=2**31,
    )
