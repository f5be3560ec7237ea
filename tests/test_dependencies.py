"""What remit stands on, held by machine: the right one of two libraries of one name, a lock with hashes and without an
address, and no file that names a package index or somebody's machine.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest

from house import ROOT, imports, is_ours, is_standard, modules

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BY_WAY_OF = {"starlette": "fastapi", "pydantic": "fastapi"}
"""Libraries that come with another one, whose versions must fit together."""

INDEX = re.compile(r"py[p]i\.org|python[h]osted|np[m]js\.|deb\.deb[i]an\.|index-url|find-links", re.IGNORECASE)
NAMES_INDEX_OPTIONS = ("Makefile", "tests/test_dependencies.py")
"""Files that may name the options by which an index would be given: they keep them out."""

WITHIN_CONTAINERS = ("tests/data/manifests/security.yaml",)
"""Files that may name a home directory: one that is made in a container, on no machine of anybody's."""

HOME = re.compile(r"(?<![\w.])/(?:home|Users|root)/[\w.-]+")


def entries(lock: str) -> Iterator[tuple[str, str]]:
    """Each entry of a lock: what is required, and the rest of it."""
    for entry in re.sub(r"\\\n\s*", " ", lock).splitlines():
        if entry and entry[0] not in " #":
            requirement, _, rest = entry.partition(" ")
            yield requirement, rest


def faults_of(lock: str) -> list[str]:
    """What in a lock is not pinned, not hashed, or says where to get it."""
    found = [
        f"line {number} says where to get it"
        for number, line in enumerate(lock.splitlines(), 1)
        if "://" in line or line.startswith("-")
    ]
    for requirement, rest in entries(lock):
        if not re.fullmatch(r"[a-z0-9.-]+(\[[a-z0-9,-]+\])?==[\w.+!]+", requirement):
            found.append(f"`{requirement}` is not one version of one library")
        if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", rest):
            found.append(f"`{requirement}` has no hash")
    return found


def locked() -> set[str]:
    return {re.split(r"[\[=]", requirement)[0] for requirement, _ in entries(LOCK)}


def required(*groups: str) -> set[str]:
    """The names of the libraries that the project asks for."""
    wanted = PROJECT["dependencies"] + [one for group in groups for one in PROJECT["optional-dependencies"][group]]
    return {re.split(r"[\[><=~!]", one)[0] for one in wanted}


def test_casbin_is_the_library_that_goes_on() -> None:
    assert "pycasbin" in locked()
    assert "casbin" not in locked(), "the two are one library under two names, and this one has ended"
    assert "pycasbin" in required() and "casbin" not in required("dev")
    assert packages_distributions()["casbin"] == ["pycasbin"], "never install both"


def test_the_lock_is_pinned_hashed_and_without_an_address() -> None:
    assert len(locked()) > 30
    assert not faults_of(LOCK), "\n".join(faults_of(LOCK))


def test_everything_that_is_asked_for_is_locked() -> None:
    assert required("dev") <= locked()


def test_every_library_that_is_imported_is_asked_for() -> None:
    known = frozenset(module.name for module in modules())
    used = {
        each.imported.split(".")[0]
        for module in modules()
        for each in imports(module, known)
        if not is_ours(each.imported)
    }
    libraries = {name for name in used if not is_standard(name)}
    homes = (next(iter(packages_distributions()[BY_WAY_OF.get(name, name)])) for name in libraries)
    asked = {name.lower().replace("_", "-") for name in homes}
    assert asked <= required(), f"imported, and left to chance: {asked - required()}"
    assert required() <= asked, f"asked for, and used by nobody: {required() - asked}"


@pytest.mark.parametrize(
    "lock",
    [
        "casbin>=1 --hash=sha256:" + "0" * 64,
        "casbin==1.0",
        "casbin==1.0 \\\n    --hash=md5:00",
        "--index-url x\ncasbin==1.0 \\\n    --hash=sha256:" + "0" * 64,
        "casbin @ https://example.com/x",
    ],
)
def test_a_lock_that_is_left_open_is_noticed(lock: str) -> None:
    assert faults_of(lock)


def tracked() -> list[str]:
    """The text files that are in git."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: nothing is in git here")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def addresses_in(name: str, text: str) -> Iterator[str]:
    """The lines of a file that name a package index, a home directory or this checkout."""
    for number, line in enumerate(text.splitlines(), 1):
        found = INDEX.search(line)
        if found and not (found.group().startswith(("index", "find")) and name in NAMES_INDEX_OPTIONS):
            yield f"{name}:{number} names a package index: {line.strip()[:80]}"
        if (HOME.search(line) and name not in WITHIN_CONTAINERS) or (len(ROOT.parts) > 2 and f"{ROOT}/" in line):
            yield f"{name}:{number} names a path of somebody's machine: {line.strip()[:80]}"


def test_no_file_names_an_index_or_a_machine() -> None:
    names = tracked()
    assert "pyproject.toml" in names
    texts = ((name, (ROOT / name).read_bytes().decode("utf-8", "replace")) for name in names)
    found = [fault for name, text in texts for fault in addresses_in(name, text)]
    assert not found, "\n".join(found)


def test_an_address_is_noticed() -> None:
    lines = [
        "https://" + "py" + "pi.org/simple",
        "files." + "python" + "hosted.org",
        "--" + "index" + "-url x",
        "see " + "/home" + "/ada/remit",
        f"{ROOT}/src",
    ]
    assert len([fault for line in lines for fault in addresses_in("README.md", line)]) == len(lines)
    assert not list(addresses_in("README.md", "GET /homes and src/remit and https://example.com/home/x"))
