"""The source of remit as the house rules see it: modules and what they import, names, texts and sizes, read with `ast`.

Nothing is imported to be looked at, and everything takes source text, so that each check can be shown to fail.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


class Module(NamedTuple):
    """One module: its dotted name, its file as messages name it, and its text."""

    name: str
    file: str
    text: str

    def tree(self) -> ast.Module:
        """The module, parsed."""
        return ast.parse(self.text)


class Import(NamedTuple):
    """One import: who imports what, and on which line."""

    importer: str
    imported: str
    line: int


def modules() -> list[Module]:
    """Every module of remit."""
    return [Module(_dotted(path), _named(path), path.read_text(encoding="utf-8")) for path in sorted(SRC.rglob("*.py"))]


def _dotted(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(module: Module, known: frozenset[str]) -> Iterator[Import]:
    """What a module imports, wherever it stands, for types only included; `known` are the modules there are."""
    package = module.name if module.file.endswith("__init__.py") else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module.name, alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield Import(module.name, inner if inner in known else base, node.lineno)


def room(name: str) -> str:
    """The room of a module of remit: `core` for `remit.core.pdp`, `errors` for `remit.errors`, `remit` for itself."""
    return name.split(".")[1] if "." in name else name


def words(text: str) -> frozenset[str]:
    """A table of words, written as one text."""
    return frozenset(text.split())


def is_ours(name: str) -> bool:
    return name == "remit" or name.startswith("remit.")


def is_standard(name: str) -> bool:
    return name.split(".")[0] in sys.stdlib_module_names


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function of a module, methods and functions within functions included."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def code_lines(module: Module) -> set[int]:
    """The lines of a module that hold code: no blank ones, no comments, no docstrings."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in skipped:
            found.update(range(token.start[0], token.end[0] + 1))
    return found - {line for node in _docstrings(module.tree()) for line in span(node)}


def span(node: ast.stmt | ast.expr) -> range:
    """The lines of a node."""
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def size(function: Function, lines: set[int]) -> int:
    """Lines of code of a function; those of functions within it are theirs."""
    own = set(span(function))
    for inner in functions(function):
        if inner is not function:
            own -= set(span(inner))
    return len(own & lines)


def _docstrings(tree: ast.AST) -> Iterator[ast.Expr]:
    """Every text that stands as a statement: docstrings of modules, classes and functions, and those of names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node


def documented(tree: ast.Module) -> Iterator[tuple[str, Documented]]:
    """Everything that must say what it is for: the module, its public classes and functions, and their methods."""
    yield "the module", tree
    for node in tree.body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, Function) and (method.name == "__call__" or not method.name.startswith("_")):
                        yield f"{node.name}.{method.name}", method
