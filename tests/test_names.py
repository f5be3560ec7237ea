"""A name is its bytes: what could pass for another name is refused, and no look-alike of a name has its rights."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from policies import findings_of, loads, plus
from remit.core.names import (
    MAX_BYTES,
    did_you_mean,
    identifier_problem,
    invisible,
    policy_id_problem,
    quoted,
    scope_problem,
    subject_problem,
    untyped_problem,
)
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot

REFUSED = [
    *["", " ", "*", "*bob", "b*", " bob", "bob ", "b,ob", 'b"ob', "b(ob", "b]ob", "bob #1"],
    *["b\tob", "b\nob", "b\rob", "b\0ob", "b\x1bob", "b\x7fob", "b\x85ob", "b\u00a0ob", "b\u2028ob", "b\u3000ob"],
    *["b\u00adob", "b\u200bob", "b\u200dob", "b\u202eob", "b\u2066ob", "bob\ufeff", "b\U000e0041ob", "b\U000e0100ob"],
    *["b\u115fob", "b\u3164ob", "b\u2800ob", "b\ufe0fob", "b\ue000ob", "b\u0378ob", "b\ufffeob", "b\ufffdob"],
    *["re\u0301", "\u212aelvin", "\u0301bob", "a.\u0301b", "bob-\u0338", "\u0344", "\u20e3"],
]
"""Blank, reserved, invisible, unassigned, not in normal form C, or with a mark that is drawn onto a separator."""

STRANGERS = [
    *[
        "Bob",
        "BOB",
        "b\u043eb",
        "\uff42\uff4f\uff42",
        "bo\u03b2",
        "\u017fam",
        "b\u00f6b",
        "b\u0301b",
        "bob\u0301\u0323"[:4],
    ],
    *["bob.", "bob/", "bob//b", "./bob", "../bob", "bob/..", "b%6fb", "bob%00", "bob;x", "bob|", "bob\\", "bob#", "?"],
    *["bob:bob", "user:bob", "role:viewer", "viewer", "=bob", "bob'", "bob`", "<b>bob</b>", "${bob}", "bob  bob"],
    *["b" * 251, "\u00e9" * 125, "\U0001f9d1", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u05d3\u05d5\u05d3", "1"],
]
"""Odd names that are names all the same."""


@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_a_name_that_could_pass_for_another_is_refused_wherever_it_stands(name: str) -> None:
    assert not loads(plus(access_rules=f"g, user:{name}, viewer, *"))
    assert not loads(plus(groups=f"g, user:bob, group:{name}, *"))
    assert not loads(plus(scopes=f"g2, project:{name}, *"))
    assert not loads(plus(resources=f"environment:{name}, *"))
    assert not loads(plus(roles=f"p, {name}, *, environment, view"))
    assert not loads(plus(vocabulary=f"{name}, edit, home, change it"))


@pytest.mark.parametrize("name", STRANGERS, ids=ascii)
def test_a_name_is_its_bytes_and_no_other_profits(name: str) -> None:
    policy = plus(access_rules=f"g, user:{name}, viewer, *")
    assert findings_of(policy) == ()
    snapshot = Snapshot(read_policy(policy))
    assert decide(snapshot, f"user:{name}", "view", "environment").allowed
    others = {"bob", "viewer", "user:bob", f"user:{name}", f"{name} ", f"{name}/", name[:-1], name.strip("./")}
    others |= {name.lower(), name.upper(), name.casefold(), unicodedata.normalize("NFKC", name)}
    for other in others - {name}:
        assert not decide(snapshot, f"user:{other}", "view", "environment").allowed, other


def test_a_name_is_at_most_256_bytes_long() -> None:
    for longest in ("b" * 251, "\u00e9" * 125 + "b"):
        assert loads(plus(access_rules=f"g, user:{longest}, viewer, *"))
        assert [f.code for f in findings_of(plus(access_rules=f"g, user:{longest}b, viewer, *"))] == ["R018"]
    assert identifier_problem("\u00e9" * 128) is None and identifier_problem("\u00e9" * 128 + "b")
    assert identifier_problem("b" * MAX_BYTES) is None and identifier_problem("b" * (MAX_BYTES + 1))


def test_a_colon_parts_kind_from_id_once_and_never_shifts_between_them() -> None:
    homes = read_policy(plus(resources="environment:a:b, project:a")).homes
    assert homes == {"environment": {"a:b": ("project:a", homes["environment"]["a:b"][1])}}
    assert not loads(plus(vocabulary="environment:a, edit, home, change it"))


def test_every_character_that_unicode_says_may_be_ignored_is_invisible() -> None:
    ranges = ((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
              (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F),
              (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A),
              (0xE0000, 0xE0FFF))  # fmt: skip
    assert all(invisible(f"a{chr(code)}b") == chr(code) for low, high in ranges for code in range(low, high + 1))


def test_no_character_makes_a_judgement_raise() -> None:
    for code in range(0, sys.maxunicode + 1, 61):
        for judge in (identifier_problem, subject_problem, scope_problem, untyped_problem):
            judge(chr(code))
            judge(f"user:a{chr(code)}")
    assert identifier_problem("\ud800") == "holds the surrogate character U+D800"


@pytest.mark.parametrize(
    ("judge", "good", "bad"),
    [
        (identifier_problem, ["a", "a b", "=a", "a,b", "a(b", "a:b"], ["", "*", " a"]),
        (policy_id_problem, ["a", "a b", "a:b", "a@b"], ["=a", "+a", "-a", "@a", "\uff1da", "a,b", "a[b", "a #b"]),
        (
            subject_problem,
            ["user:a", "x-1:a", "user:a:b", "group:=a"],
            ["a", "User:a", "1x:a", ":a", "user:", "role:a"],
        ),
        (scope_problem, ["*", "project:a", "x:a"], ["project", "project:", ":a", "Project:a", "project:*", "**"]),
        (untyped_problem, ["l1-researcher", "a b"], ["user:a", "a:", "*"]),
    ],
)
def test_each_sort_of_name(judge: object, good: list[str], bad: list[str]) -> None:
    assert callable(judge)
    assert [name for name in good if judge(name) is not None] == []
    assert [name for name in bad if judge(name) is None] == []


def test_user_text_is_quoted_so_that_it_can_be_seen() -> None:
    assert quoted("l1") == "`l1`"
    assert quoted("a\x1bb\u200b\u3164") == "`a<U+001B>b<U+200B><U+3164>`"
    assert quoted("x" * 99) == f"`{'x' * 80}…`"


def test_a_suggestion_is_near_and_does_not_take_all_projects_for_alike() -> None:
    assert did_you_mean("l1-reseacher", ["editor", "l1-researcher", "l2-researcher"]) == "l1-researcher"
    assert did_you_mean("proect:vision", ["project:vision"]) == "project:vision"
    assert did_you_mean("project:a", ["project:b", "project:c"]) is None
    assert did_you_mean("project:zzzzz", (f"project:{n:05}" for n in range(100_000))) is None
    assert did_you_mean("x" * 1_000_000, ["x" * 1_000_001]) is None
    assert did_you_mean("anything", []) is None
