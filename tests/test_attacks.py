"""Policies made to hang, exhaust or slip past the reader: each is answered with findings, soon and in little memory
(threats, row 47).

Times are generous, as the machine may be busy; what they catch is work that grows with the square of a file.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random

import pytest

from policies import BASE, files, findings_of, loads, plus
from remit.core import reader
from remit.core.findings import MAX_LINE, MOST_ERRORS, MOST_PER_FILE, Finding
from remit.core.model import MAX_MEMBERSHIP_CHAIN, MAX_SCOPE_DEPTH, Question
from remit.core.oracle import Oracle
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot

MEGA = 1 << 20


@contextmanager
def soon(seconds: float = 30) -> Iterator[None]:
    """Fails what takes longer."""
    begin = time.process_time()
    yield
    assert time.process_time() - begin < seconds


def codes(found: tuple[Finding, ...]) -> set[str]:
    return {finding.code for finding in found}


@pytest.mark.parametrize("filler", [b",", b"x", b"\0", b'"', b"(", b" ", "\u3042".encode(), b"\xe2\x80\xa8"], ids=ascii)
def test_a_line_of_megabytes_is_not_taken_apart(filler: bytes) -> None:
    for start in (b"", b"g, ", b"g, user:bob, viewer, *, , , , , "):
        line = start + filler * (8 * MEGA // len(filler))
        tracemalloc.start()
        with soon():
            found = findings_of(plus(access_rules=line))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert codes(found) == {"R031"} and sum(len(f.text) + len(f.message) for f in found) < 3 * MAX_LINE
        assert peak < 16 * len(line), "a few copies, and no object per character"


@pytest.mark.parametrize(
    "line",
    [
        b'g, "user:bob", viewer, *',
        b"g, us er:bob, veiwer , =project:a, 2026, 2025, =x, y , @z",
        b"g, user:b%d, mker, project:%d, soon",
        b"P, \xe2\x80\x8b, \x01\x02, e\xcc\x81",
        b"x" * MAX_LINE,
        b",,,,,,,,,,,,",
        b"g",
    ],
)
def test_a_million_wrong_lines_are_reported_in_seconds(line: bytes) -> None:
    numbered = b"%d" in line
    count = min(1_000_000, 64 * MEGA // len(line))
    wrong = b"\n".join(line % (i, i) for i in range(count)) if numbered else (line + b"\n") * count
    with soon():
        found = findings_of(files(access_rules=wrong + b"\n"))
    assert len(found) <= (MOST_PER_FILE + 1) * len(codes(found))
    assert any(f"more than {MOST_ERRORS:,} errors above; the file is not read from here on" == f.message for f in found)
    assert found[0].line == 1, "the first ones are listed"


def test_a_wrong_byte_behind_hopelessly_many_errors_is_not_stumbled_over() -> None:
    wrong = b'g, "x\n' * (MOST_ERRORS + 1)
    assert codes(findings_of(files(access_rules=wrong + b"\n" * 2 * MEGA + b"\xff\n"))) == {"R009", "R031"}


def test_warnings_do_not_end_the_reading_and_a_suggestion_for_each_is_not_sought() -> None:
    tree = "\n".join(f"g2, project:{i:05}, *" for i in range(5_000))
    stranded = "".join(f"g, user:u{i}, viewer, project:gone{i}\n" for i in range(2 * MOST_ERRORS))
    with soon():
        policy = read_policy(plus(scopes=tree, access_rules=stranded[:-1]))
    assert len(policy.access_rules) == 2 * MOST_ERRORS + 1
    assert len(policy.warnings) == MOST_PER_FILE + 1


def test_a_file_of_line_feeds_has_a_last_line() -> None:
    with soon():
        assert loads(files(access_rules=b"\n" * reader.MAX_LINES))
        assert codes(findings_of(files(access_rules=b"\n" * (reader.MAX_LINES + 1)))) == {"R031"}
        assert codes(findings_of(files(model=b"\n" * (reader.MAX_LINES + 1)))) == {"R031"}


def test_a_file_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    largest = max(len(data) for data in files().values())
    monkeypatch.setattr(reader, "MAX_FILE_BYTES", largest)
    assert loads(files())
    found = findings_of(files(access_rules="#" * largest + "\n"))
    assert [f.message for f in found] == [f"the file has {largest + 1:,} bytes; {largest:,} are allowed"]


@pytest.mark.parametrize("name", BASE)
def test_bytes_at_random_are_refused_and_nothing_else_is_raised(name: str) -> None:
    dice = Random(name)
    alphabet = [*b'pg,, ::*\n\n\n\r"#(=', 0, 0x1B, 0x7F, 0xC0, 0xE2, 0x80, 0xA8, 0xED, 0xEF, 0xBB, 0xBF, 0xFF]
    for _ in range(300):
        findings_of(plus(**{name: bytes(dice.choices(alphabet, k=dice.randrange(40)))}))
        findings_of(files(**{name: dice.randbytes(dice.randrange(60))}))


def scopes(edges: Iterable[tuple[object, object]]) -> str:
    return "".join(f"g2, {child}, {parent}\n" for child, parent in edges)


@pytest.mark.parametrize(
    ("parent_of_last", "expected"), [("*", ["R022"]), ("s:0", ["R021"]), ("s:gone", ["R021"])], ids=str
)
def test_deep_trees_and_long_cycles_of_scopes(parent_of_last: str, expected: list[str]) -> None:
    last = 30_000
    tree = scopes((f"s:{i}", f"s:{i + 1}" if i < last else parent_of_last) for i in range(last + 1))
    with soon():
        assert sorted(codes(found := findings_of(plus(scopes=tree[:-1])))) == expected
    assert len(found) == (1 if expected == ["R021"] else MOST_PER_FILE + 1), "a cycle is one fault"


def groups(edges: Iterable[tuple[object, object]]) -> str:
    return "".join(f"g, group:{member}, group:{group}, *\n" for member, group in edges)


def dense(forward: bool) -> Iterator[tuple[object, object]]:
    """A hundred thousand memberships among ten thousand groups; if `forward`, without a cycle."""
    dice = Random(1)
    for _ in range(100_000):
        pair = dice.sample(range(10_000), 2)
        yield tuple(sorted(pair) if forward else pair)  # type: ignore[misc]


def layers() -> Iterator[tuple[object, object]]:
    """No chain is longer than may be, yet each group lies in most groups of all layers above it."""
    dice = Random(2)
    for level in dice.choices(range(MAX_MEMBERSHIP_CHAIN - 1), k=100_000):
        yield f"{level}-{dice.randrange(1_250)}", f"{level + 1}-{dice.randrange(1_250)}"


LAST = 30_000
GRAPHS: dict[str, tuple[Callable[[], Iterable[tuple[object, object]]], set[str]]] = {
    "dense": (lambda: dense(forward=True), {"R024"}),
    "tangled": (lambda: dense(forward=False), {"R023", "R024"}),
    "ring": (lambda: ((i, (i + 1) % LAST) for i in range(LAST)), {"R023"}),
    "chain": (lambda: ((i, i + 1) for i in range(LAST)), {"R024"}),
    "layers": (layers, {"R031"}),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_dense_and_long_memberships_are_judged_without_being_multiplied_out(name: str) -> None:
    edges, expected = GRAPHS[name]
    with soon():
        assert codes(findings_of(files(groups=groups(edges())))) == expected


def test_the_most_memberships_that_are_allowed_make_a_snapshot_in_time() -> None:
    flat = "".join(f"g, user:{i}, group:{i % 100}, *\n" for i in range(100_000))
    width = 100  # every group of a layer in every group of the next: 10,000 memberships a layer
    full = groups((f"{at}-{i}", f"{at + 1}-{j}") for at in range(4) for i in range(width) for j in range(width))
    with soon():
        for text in (flat, full):
            Snapshot(read_policy(files(groups=text)))


def test_following_the_longest_chain_needs_no_deep_stack() -> None:
    """The snapshot follows memberships by recursion; the check has bounded how deep that goes."""
    chain = groups((str(i), str(i + 1)) for i in range(MAX_MEMBERSHIP_CHAIN))
    policy = read_policy(files(groups=chain))
    depth, frame = 0, sys._getframe()
    while frame := frame.f_back:  # type: ignore[assignment]
        depth += 1
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 30)
    try:
        snapshot = Snapshot(policy)
    finally:
        sys.setrecursionlimit(limit)
    assert len(snapshot.groups_of["group:0"]) == MAX_MEMBERSHIP_CHAIN


def test_depths_are_those_that_casbin_follows() -> None:
    """At the greatest depth of both chains the judges still agree; one more, which the reader refuses, Casbin loses."""
    tree = scopes((f"s:{i}", f"s:{i - 1}" if i > 1 else "*") for i in range(1, MAX_SCOPE_DEPTH + 1))
    chain = groups((str(i), str(i - 1)) for i in range(1, MAX_MEMBERSHIP_CHAIN + 1))
    holder = f"group:{MAX_MEMBERSHIP_CHAIN}"
    policy = read_policy(files(scopes=BASE["scopes"] + tree, groups=chain, access_rules="g, group:0, viewer, *\n"))
    deepest = Question(holder, "view", "environment", declared="*", place=f"s:{MAX_SCOPE_DEPTH}")
    assert decide(Snapshot(policy), *deepest).allowed and Oracle(policy).allows(deepest)

    below = (deepest.place, policy.parents["s:1"][1])
    deeper = replace(policy, parents={**policy.parents, "s:x": below})
    longer = replace(
        policy, memberships=(*policy.memberships, policy.memberships[0]._replace(member="user:x", group=holder))
    )
    assert not Oracle(deeper).allows(deepest._replace(place="s:x"))
    assert not Oracle(longer).allows(deepest._replace(subject="user:x"))
    assert codes(findings_of(plus(scopes=f"{tree}g2, s:x, {deepest.place}"))) == {"R022"}
    assert codes(findings_of(files(groups=f"{chain}g, user:x, {holder}, *\n"))) == {"R024"}
