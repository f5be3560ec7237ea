"""Small rooms, held by machine: how long files and functions may be, and that everything public says what it is for."""

from __future__ import annotations

import ast

from house import Function, Module, code_lines, documented, functions, modules, size

MODULES = modules()

MOST_LINES = 250
MOST_CODE = 30
LONG = {
    "pdp.walk": "every request of every user passes here, and a call costs as much as a look-up",
    "policy.read_policy": "the steps of reading a policy, one after the other: there is nothing to choose in it",
    "tables.read_access_rules": "a million rows pass through its loop, so what the loop needs stands beside it",
}
"""The functions that may have more code, each with its reason."""


def too_long(module: Module) -> dict[str, int]:
    """The functions with more code than they may have."""
    lines = code_lines(module)
    short = module.name.rpartition(".")[2]
    sizes = {f"{short}.{function.name}": size(function, lines) for function in functions(module.tree())}
    return {name: count for name, count in sizes.items() if count > MOST_CODE}


def undocumented(module: Module) -> list[str]:
    """What is public and does not say what it is for."""
    return [
        f"{module.file}: {name} has no docstring"
        for name, node in documented(module.tree())
        if not ast.get_docstring(node)
    ]


def test_files_are_short() -> None:
    long = {module.file: module.text.count("\n") for module in MODULES if module.text.count("\n") > MOST_LINES}
    assert not long, f"a file has at most {MOST_LINES} lines: part it by what it is about: {long}"


def test_functions_are_short() -> None:
    long = {name: count for module in MODULES for name, count in too_long(module).items()}
    assert long.keys() <= LONG.keys(), f"a function has at most {MOST_CODE} lines of code: {long}"
    assert long.keys() == LONG.keys(), f"short enough by now, so no exception: {LONG.keys() - long.keys()}"


def test_everything_public_says_what_it_is_for() -> None:
    missing = [name for module in MODULES for name in undocumented(module)]
    assert not missing, "\n".join(missing)


def test_what_is_long_or_unsaid_is_noticed() -> None:
    code = "".join(f"    x = {number}  # code\n    # none\n\n" for number in range(MOST_CODE))
    just = Module("remit.core.x", "x.py", f'def f():\n    """Say.\n\n    More."""\n{code}'.replace("x = 0", "pass"))
    assert too_long(just) == {"x.f": MOST_CODE + 1}
    assert too_long(just._replace(text=just.text.replace("    pass  # code\n", ""))) == {}
    assert len(undocumented(just)) == 1
    assert isinstance(next(functions(just.tree())), Function)
