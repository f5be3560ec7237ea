"""What the journal keeps of a request's context: the members that the configuration names, if they are one short value,
and nothing else of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asking import question
from remit.adapters.journal_settings import journal_settings
from remit.web.limits import Limits
from remit.web.plain import plain_question
from remit.web.raw import ROUTES

KEEP = ("ticket", "trace_id")
KEPT = {"ticket": "SEC-7", "trace_id": 7}
MORE = {"password": "x", "nested": {"ticket": "no"}}


def asked_of(body: dict[str, Any], keep: tuple[str, ...] = KEEP, path: str = "/access/v1/evaluations") -> list[Any]:
    operation = ROUTES[path].read(json.dumps(body).encode(), Limits(context=keep))
    return list(operation.items) if hasattr(operation, "items") else [operation.asked]  # type: ignore[union-attr]


@pytest.mark.parametrize("path", list(ROUTES))
def test_what_is_named_is_kept_and_nothing_else(path: str) -> None:
    body = question(context=KEPT | MORE)
    (asked,) = asked_of(body, path=path)
    assert dict(asked.context) == KEPT
    (bare,) = asked_of(body, (), path)
    assert bare.context == () and bare == asked._replace(context=())


def test_each_question_of_a_batch_has_its_own() -> None:
    body = question(
        context=KEPT, evaluations=[{}, {"context": {"ticket": "SEC-8"} | MORE}, {"context": {}}, {"context": None}]
    )
    assert [dict(one.context) for one in asked_of(body)] == [KEPT, {"ticket": "SEC-8"}, {}, KEPT]


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        ("", True), ("x" * 256, True), ("é" * 128, True), ("x" * 257, False), ("é" * 129, False), (True, True),
        (0, True), (2**63 - 1, True), (2**63, False), (1.5, True), (None, False), ({}, False), ([], False),
        (["x"], False), ({"ticket": "x"}, False), ("\u202e\x1b", True),
    ],
)  # fmt: skip
def test_only_one_short_value(value: object, is_kept: bool) -> None:
    (asked,) = asked_of(question(context={"ticket": value}))
    assert asked.context == ((("ticket", value),) if is_kept else ())


@given(st.dictionaries(st.sampled_from(["ticket", "trace_id", "project", "scope", "x"]), st.text(max_size=3)))
def test_what_is_kept_changes_nothing_else(context: dict[str, str]) -> None:
    body = question(context={name: text for name, text in context.items() if name not in ("project", "scope")})
    (with_it,), (without,) = asked_of(body), asked_of(body, ())
    assert with_it[:7] == without[:7]
    assert with_it.context == tuple((name, context[name]) for name in KEEP if name in context)


def test_a_plain_body_has_nothing_to_keep() -> None:
    plain = plain_question(json.dumps(question(context={"project": "project:vision"})).encode())
    assert plain is not None and plain.context == ()
    assert plain_question(json.dumps(question(context={"ticket": "x"})).encode()) is None, "it goes the general way"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ticket,trace id", "holds `trace id`"), ("project", "is kept anyway"), ("scope,ticket", "is kept anyway"),
        (",".join(f"n{n}" for n in range(17)), "names 17 members; 16 can be kept"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_told(text: str, said: str) -> None:
    faults: list[str] = []
    journal_settings({"REMIT_JOURNAL_CONTEXT": text}, ("dev",), faults)
    assert len(faults) == 1 and said in faults[0]


def test_members_are_named_with_commas_and_spaces() -> None:
    faults: list[str] = []
    assert journal_settings({"REMIT_JOURNAL_CONTEXT": " ticket, trace_id ,"}, ("dev",), faults).context == KEEP
    assert not faults
