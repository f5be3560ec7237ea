"""Every module can be imported alone: no two need each other to be there first."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from house import Module, imports, is_ours, modules


def above(name: str) -> Iterator[str]:
    """The packages that a module is in, which are there before it."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def at_once(module: Module, known: frozenset[str]) -> set[str]:
    """The modules of ours that must be there for this one to be: what it imports when it is imported, whole."""
    body = [node for node in module.tree().body if isinstance(node, ast.Import | ast.ImportFrom)]
    text = "\n".join(ast.unparse(node) for node in body)
    found = {each.imported for each in imports(module._replace(text=text), known) if is_ours(each.imported)}
    packages = {package for name in found for package in above(name)}
    return (found | packages) - {module.name, *above(module.name)}


def circle(some: Iterable[Module]) -> list[str]:
    """Modules that wait for each other, if any do."""
    some = list(some)
    known = frozenset(module.name for module in some)
    try:
        TopologicalSorter({module.name: at_once(module, known) for module in some}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_waits_for_itself() -> None:
    assert not circle(modules()), "move what both need to a third"


@pytest.mark.parametrize(
    "texts",
    [
        {"remit.a": "from remit.b import x", "remit.b": "from remit.a import y"},
        {
            "remit.a": "from remit.b.c import x",
            "remit.b": "from remit.b.d import z",
            "remit.b.c": "",
            "remit.b.d": "import remit.a",
        },
    ],
)
def test_modules_that_wait_for_each_other_are_noticed(texts: dict[str, str]) -> None:
    files = {name: f"src/{name.replace('.', '/')}" + ("/__init__.py" if name == "remit.b" else ".py") for name in texts}
    assert circle([Module(name, files[name], text) for name, text in texts.items()])


def test_what_is_imported_later_or_within_a_package_waits_for_nobody() -> None:
    texts = {
        "remit.b": ("src/remit/b/__init__.py", "from remit.b.c import x"),
        "remit.b.c": ("src/remit/b/c.py", "from remit.b.d import y\ndef f():\n    from remit.a import z"),
        "remit.b.d": ("src/remit/b/d.py", ""),
        "remit.a": ("src/remit/a.py", "from remit.b import x"),
    }
    assert not circle([Module(name, *rest) for name, rest in texts.items()])
