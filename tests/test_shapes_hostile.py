"""Proves that no body does harm: any JSON is read or refused, quickly, and a secret is never repeated."""

from __future__ import annotations

import json
import traceback
from contextlib import suppress
from copy import deepcopy
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quick import quickly
from remit.core.blocks import Variant
from remit.web.shapes import FieldsInvalid, read_asset, read_update, read_workspace
from shapes_corpus import FULL, FULL_FLAT, FULL_SPECIFIC, META, SECRETS, changed

V = Variant
HAVE_SECRETS = (V.ACCESS_KEY, V.DOCKER_REGISTRY, V.PASSWORD, V.GENERIC_SECRET)
TEXT = st.text(max_size=12) | st.sampled_from(["/a", "a.b", "1G", "project", "git", "https://a.b/c", "\ud800", "", "7"])
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
NAMES = st.sampled_from(
    sorted({"meta", "spec", "assets", "kind", "id", "name", "scope", *META, *(k for s in FULL.values() for k in s)})
)
ANY = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXT, inner, max_size=6),
    max_leaves=25,
)
BODIES: list[dict[str, Any]] = [
    *[{"meta": META, "spec": spec} for spec in FULL.values()],
    {"name": "ws", "projectId": "7", "spec": FULL_FLAT},
    {"name": "ws", "projectId": "7", "spec": {"assets": {"environment": "a"}, "specificEnv": FULL_SPECIFIC}},
]
SECONDS = 0.5
"""Far more than any body may cost: the slowest takes a tenth of it."""


def read_somehow(body: Any, variant: Variant) -> Any:
    """The body read in every way; the last that was accepted."""
    result = None
    for read in (lambda: read_asset(variant, body), lambda: read_update(variant, body), lambda: read_workspace(body)):
        try:
            result = read()
        except FieldsInvalid as error:
            check_faults(error)
    return result


def check_faults(error: FieldsInvalid) -> None:
    """Faults are there, in print, and as short as a person reads."""
    assert error.faults
    assert str(error).isprintable()
    for path, reason in error.faults:
        assert len(path) < 600 and path.isprintable()
        assert 0 < len(reason) < 400 and reason.isprintable() and not reason.endswith(".")
        assert "Input should" not in reason and "belongs here" not in reason


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of everything within a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in nodes(item, (*path, key)))]


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    result = deepcopy(body)
    inner = result
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return result


@settings(max_examples=300, deadline=None)
@given(ANY, st.sampled_from(Variant))
def test_any_json_is_read_or_refused_with_faults(body: Any, variant: Variant) -> None:
    read_somehow(body, variant)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_good_body_with_anything_in_it_is_read_or_refused_and_what_is_kept_is_stable(data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(BODIES) - 1))
    body = replaced(BODIES[index], data.draw(st.sampled_from(nodes(BODIES[index]))), data.draw(ANY))
    variants = list(FULL)
    read = read_somehow(body, variants[index] if index < len(variants) else V.GIT)
    if read is None or index >= len(variants) or variants[index] in HAVE_SECRETS or read.spec is None:
        return
    assert json.loads(json.dumps(read.spec)) == read.spec
    assert read_asset(variants[index], {"meta": META, "spec": read.spec}).spec == read.spec


@pytest.mark.parametrize("variant", HAVE_SECRETS)
def test_a_secret_is_never_repeated_whatever_else_is_wrong(variant: Variant) -> None:
    good = {"meta": META, "spec": FULL[variant]}
    bad = [replaced(good, place, value) for place in nodes(good) for value in (None, 5, [], {}, "\x00", {"x": 1})]
    bad += [replaced(good, place, SECRETS[0] + "\x00") for place in nodes(good["spec"], ("spec",))]
    bad += [{"meta": META, "spec": FULL[variant] | {"nonsense": secret}} for secret in SECRETS]
    refused = 0
    for body in bad:
        for read in (read_asset, read_update):
            try:
                told = repr(read(variant, body))
            except FieldsInvalid as error:
                refused += 1
                told = repr(error.faults) + "".join(traceback.format_exception(error))
                assert error.__cause__ is None and error.__context__ is None
            assert not [secret for secret in SECRETS if secret[:10] in told or repr(secret)[1:10] in told]
    assert refused > len(bad)


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": [value]}
    return value


LONG = "a" * 1_000_000
HOSTILE: list[Any] = [
    LONG,
    "/" + "a/" * 500_000,
    "a." * 500_000,
    "a-" * 500_000,
    "1" * 1_000_000,
    "1," * 500_000,
    "https://" + "a." * 500_000,
    "git@" + "a" * 1_000_000,
    "\u200b" * 300_000,
    "a" * 500 + "!",
    "a-" * 300 + "!",
    "0." * 100 + "!",
    10**300,
    -(10**300),
    1e308,
    [0] * 200_000,
    [{}] * 200_000,
    [[[]]] * 100_000,
    {str(n): n for n in range(100_000)},
    deep(400),
    {"name": LONG, LONG: LONG},
]


@pytest.mark.parametrize("index", range(len(BODIES)))
def test_long_and_deep_bodies_are_refused_quickly(index: int) -> None:
    def read(body: Any) -> None:
        with suppress(FieldsInvalid):
            read_workspace(body) if index >= len(FULL) else read_asset(list(FULL)[index], body)

    for place in nodes(BODIES[index]):
        for value in HOSTILE:
            quickly(partial(read, replaced(BODIES[index], place, value)), SECONDS)


def test_many_faults_cost_little() -> None:
    variables = [{f"x{n}": 1 for n in range(100)} for _ in range(100)]
    body = {"meta": META, "spec": changed(FULL[V.ENVIRONMENT], "environmentVariables", variables)}

    def read() -> None:
        with pytest.raises(FieldsInvalid, match="more faults"):
            read_asset(V.ENVIRONMENT, body)

    quickly(read, SECONDS)
