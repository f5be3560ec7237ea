"""The rooms of remit and their arrows, held by machine: which may import which, and that the core reaches for nothing
outside itself. Every failure says why.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from house import Import, Module, imports, is_ours, is_standard, modules, room, words

MODULES = modules()
KNOWN = frozenset(module.name for module in MODULES)

ARROWS: dict[str, tuple[str, ...]] = {
    "errors": (),
    "core": ("core", "errors"),
    "service": ("core", "service", "errors"),
    "adapters": ("core", "adapters", "service.ports", "client", "errors"),
    "client": ("core.model", "client", "errors"),
    "web": (
        "core.model",
        "core.blocks",
        "core.names",
        "core.findings",
        "service.gate",
        "service.operations",
        "web",
        "errors",
    ),
    "cli": ("core", "service.gate", "service.operations", "cli", "errors"),
    "serving": ("serving", "errors"),
    "bootstrap": (
        "core",
        "service",
        "adapters",
        "web",
        "cli",
        "client",
        "serving",
        "assembly",
        "following",
        "journaling",
        "keeping",
        "observing",
        "starting",
        "errors",
    ),
    "journaling": ("core", "service", "adapters", "errors"),
    "following": ("core", "service", "adapters", "nursery", "errors"),
    "observing": ("core", "service", "adapters", "errors"),
    "sources": ("core", "service", "adapters", "following", "errors"),
    "keeping": ("core", "service", "adapters", "following", "errors"),
    "starting": ("core", "service", "adapters", "following", "keeping", "sources", "errors"),
    "assembly": ("core", "service", "adapters", "client", "errors"),
    "nursery": (),
    "supervising": ("core", "service", "following", "nursery", "supervising", "errors"),
    "workers": (
        "core",
        "service",
        "adapters",
        "cli",
        "serving",
        "assembly",
        "bootstrap",
        "following",
        "journaling",
        "keeping",
        "observing",
        "starting",
        "supervising",
        "errors",
    ),
    "entry": ("core", "service", "adapters", "cli", "bootstrap", "nursery", "workers", "errors"),
}
"""Which room may import what; a room stands for all that is in it."""

LIBRARIES: dict[str, tuple[str, ...]] = {
    "errors": (),
    "core": (),
    "service": (),
    "adapters": (
        "joserfc",
        "cryptography",
        "msgspec",
        "httpx",
        "sqlalchemy",
        "alembic",
        "psycopg",
        "yaml",
        "kubernetes",
        "watchfiles",
        "prometheus_client",
    ),
    "client": ("httpx", "fastapi"),
    "web": ("fastapi", "starlette", "pydantic", "msgspec"),
    "cli": ("typer", "rich"),
    "serving": ("uvicorn",),
    "bootstrap": (),
    "assembly": (),
    "following": (),
    "journaling": (),
    "keeping": (),
    "starting": (),
    "observing": (),
    "sources": (),
    "nursery": (),
    "supervising": (),
    "workers": (),
    "entry": (),
}
"""The libraries that each room may use."""

EXCEPTIONS = {
    ("remit.core.oracle", "casbin"): "the second judge is the one place where Casbin is asked",
    ("remit.errors", "remit.core.findings"): "for types only: an error carries the findings it is about",
}
"""Single arrows that the tables lack, each with its reason."""

OUTSIDE = words("""
    asyncio ctypes getpass glob http importlib locale logging multiprocessing os pathlib platform secrets select
    shelve shutil signal socket sqlite3 ssl subprocess sys tempfile threading time urllib uuid zoneinfo
    """)
"""Modules of the standard library that reach for the world."""

READS = words("read_text read_bytes write_text write_bytes iterdir rglob mkdir unlink is_file is_dir exists")
CLOCKS = words("now today utcnow fromtimestamp astimezone localtime")
BUILTINS = words("open input print eval exec __import__ breakpoint compile")


def stray_arrows(found: Iterator[Import] | list[Import]) -> list[str]:
    """The imports that no arrow allows, each with the reason."""
    stray = []
    for importer, imported, line in found:
        if (importer, imported) in EXCEPTIONS or imported in ("remit", "__future__") or importer == "remit":
            continue
        here = room(importer)
        if is_ours(imported):
            there = imported.removeprefix("remit.")
            if not any(there == may or there.startswith(f"{may}.") for may in ARROWS.get(here, ())):
                stray.append(
                    f"{importer}:{line} imports {imported}, but {here} may import {', '.join(ARROWS[here])} only"
                )
        elif not is_standard(imported) and imported.split(".")[0] not in LIBRARIES[here]:
            allowed = ", ".join(LIBRARIES[here]) or "the standard library"
            stray.append(f"{importer}:{line} imports {imported}, but {here} may use {allowed} only")
    return stray


def reaching_out(module: Module) -> list[str]:
    """What in a module depends on anything but its arguments: files, clock, environment, chance."""
    found = [
        f"{module.file}:{each.line} imports {each.imported}, which reaches outside"
        for each in imports(module, KNOWN)
        if each.imported.split(".")[0] in OUTSIDE
    ]
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.ImportFrom) and node.module == "random" and [a.name for a in node.names] != ["Random"]:
            found.append(f"{module.file}:{node.lineno} takes chance without a seed")
        if isinstance(node, ast.Call) and (what := _reach(node)):
            found.append(f"{module.file}:{node.lineno} {what}")
    return found


def _reach(call: ast.Call) -> str | None:
    """What a call reaches for, if anything."""
    match call.func:
        case ast.Name(name) if name in BUILTINS:
            return f"calls {name}()"
        case ast.Name("Random") | ast.Attribute(ast.Name("random"), "Random"):
            return None if call.args else "makes chance without a seed"
        case ast.Attribute(ast.Name("random"), name):
            return f"calls random.{name}(), which has no seed"
        case ast.Attribute(_, name) if name in CLOCKS:
            return f"asks a clock or a time zone: .{name}()"
        case ast.Attribute(_, name) if name in READS:
            return f"touches files: .{name}()"
    return None


def test_every_room_is_in_the_tables() -> None:
    assert {room(module.name) for module in MODULES} <= {"remit", *ARROWS}, "a new room needs its arrows"
    assert ARROWS.keys() == LIBRARIES.keys()
    assert len(MODULES) > 40


def test_no_import_goes_against_the_arrows() -> None:
    stray = stray_arrows([each for module in MODULES for each in imports(module, KNOWN)])
    assert not stray, "\n".join(stray)


def test_every_exception_to_the_arrows_is_used() -> None:
    found = {(each.importer, each.imported) for module in MODULES for each in imports(module, KNOWN)}
    assert set(EXCEPTIONS) <= found


def test_errors_knows_others_for_their_types_only() -> None:
    (errors,) = (module for module in MODULES if module.name == "remit.errors")
    at_run_time = [node for node in errors.tree().body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {node.module for node in at_run_time if isinstance(node, ast.ImportFrom)} == {"__future__", "typing"}


def test_the_core_reaches_for_nothing_outside_itself() -> None:
    found = [reach for module in MODULES if room(module.name) == "core" for reach in reaching_out(module)]
    assert not found, "\n".join(found)


def test_nothing_is_imported_behind_the_back_of_these_rules() -> None:
    for module in MODULES:
        assert "importlib" not in {each.imported.split(".")[0] for each in imports(module, KNOWN)}, module.file
        assert not [n for n in ast.walk(module.tree()) if isinstance(n, ast.Name) and n.id == "__import__"], module.file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("core.x", "import casbin"),
        ("core.x", "from remit.service.gate import Gate"),
        ("core.x", "from remit.service import gate"),
        ("core.x", "from ..service.gate import Gate"),
        ("core.x", "def f():\n    import msgspec"),
        ("core.x", "if TYPE_CHECKING:\n    from remit.adapters.memory import RingJournal"),
        ("service.x", "import sqlalchemy"),
        ("service.x", "from remit.adapters import memory"),
        ("adapters.x", "from remit.service.gate import Gate"),
        ("web.x", "from remit.core.pdp import decide"),
        ("web.x", "from remit.core import pdp"),
        ("web.x", "import typer"),
        ("cli.x", "from remit.service.policies import admit"),
        ("cli.x", "import fastapi"),
        ("errors", "import msgspec"),
    ],
)
def test_an_arrow_the_wrong_way_is_noticed(name: str, text: str) -> None:
    module = Module(f"remit.{name}", f"src/remit/{name.replace('.', '/')}.py", text)
    assert len(stray_arrows(list(imports(module, KNOWN)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "from pathlib import Path",
        "import time as clock",
        "open('x')",
        "datetime.now()",
        "moment.astimezone()",
        "path.read_text()",
        "from random import choice",
        "random.choice(x)",
        "random.Random()",
        "print(x)",
    ],
)
def test_reaching_out_of_the_core_is_noticed(text: str) -> None:
    assert len(reaching_out(Module("remit.core.x", "src/remit/core/x.py", text))) == 1
