"""Names, amounts, Secrets and YAML of the manifests: what each text becomes."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubernetes_checks import VALUE
from remit.adapters.manifests import as_yaml, label_value, room_of, secret_data, secret_name, slug, unit_of
from remit.adapters.manifests.names import part_name, workspace_name
from remit.adapters.manifests.quantities import cores, mebibytes, parsed
from remit.core.blocks import KIND_OF, Variant
from remit.errors import RequestInvalid

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
WORDS = st.text("aAbB09-_ .ä:/", max_size=80) | st.text(max_size=80)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("vision", "vision"),
        ("team-a", "team-a"),
        ("9lives", "9lives"),
        ("Vision", None),
        ("-", None),
        ("", None),
        ("a" * 63, "a" * 63),
        ("a" * 64, None),
    ],
)
def test_a_name_stays_and_another_text_is_hashed(text: str, name: str | None) -> None:
    found = slug(text)
    assert NAME.fullmatch(found) and len(found) <= 63
    assert found == name if name else re.search(r"[a-z0-9]-[a-z2-7]{16}$", found)


@given(WORDS, st.integers(20, 63), st.booleans())
def test_every_text_becomes_a_name(text: str, longest: int, letter: bool) -> None:
    found = slug(text, longest, letter)
    assert NAME.fullmatch(found) and len(found) <= longest
    assert not (letter and found[0].isdigit())
    assert found == slug(text, longest, letter)


@given(WORDS, WORDS)
def test_two_texts_never_share_a_name(one: str, other: str) -> None:
    for naming in (slug, room_of, workspace_name, secret_name, label_value):
        assert (naming(one) == naming(other)) == (one == other)


@given(WORDS)
def test_nobody_is_named_into_the_place_of_another(text: str) -> None:
    for naming in (slug, workspace_name, label_value):
        taken = naming(text)
        if taken != text:
            assert naming(taken) != taken


@given(WORDS, WORDS, WORDS)
def test_a_part_never_has_the_name_of_a_workspace(name: str, part: str, other: str) -> None:
    found = part_name("id", workspace_name(name), part)
    assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", found)
    assert workspace_name(found) != found
    assert found != part_name("another", workspace_name(name), part)
    if part != other:
        assert found != part_name("id", workspace_name(name), other)


@given(WORDS)
def test_every_text_becomes_a_label(text: str) -> None:
    assert VALUE.fullmatch(label_value(text))


def test_a_project_has_its_place_and_a_credential_its_secret() -> None:
    assert room_of(unit_of("project:vision")) == "runai-vision"
    assert room_of(unit_of("department:vision")) != "runai-vision"
    assert secret_name("6f9619ff-8b86-4d01-b42d-00cf4fc964ff") == "remit-6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
    assert len(room_of("p" * 200)) <= 63


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("200M", 200_000_000),
        ("1.5Gi", 1_610_612_736),
        ("500m", Decimal("0.5")),
        ("1E", 10**18),
        ("1e3", 1000),
        (".5", 0.5),
    ],
)
def test_an_amount_is_what_it_says(text: str, amount: Decimal | float) -> None:
    assert parsed(text) == Decimal(str(amount))


@pytest.mark.parametrize(
    "text", ["", "M", "-1", "1B", "200MB", "1..2", "0x10", "١", "1e100", "NaN", True, None, "1" * 33]
)
def test_what_is_no_amount_is_refused(text: object) -> None:
    with pytest.raises(RequestInvalid, match="is no amount"):
        parsed(text)


def test_amounts_are_rounded_up() -> None:
    assert [mebibytes(each) for each in ("1Mi", "1048577", "1", "0")] == [1, 2, 1, 0]
    assert [cores(each) for each in (8, 0.5, 1.0, 0.0001, "2.50", 1e-7)] == ["8", "0.5", "1", "0.001", "2.5", "0.001"]


TRAPS = [
    "1e3",
    "0o7",
    "0x1F",
    "y",
    "No",
    "null",
    "~",
    "",
    " a",
    "a: b",
    "a #b",
    "- x",
    "12:30",
    "1_000",
    ".5",
    "é",
    "\n",
    "a\nb\n",
]


@pytest.mark.parametrize("text", TRAPS)
def test_texts_that_look_like_something_else_stand_in_quotes(text: str) -> None:
    written = as_yaml([{"key": text, text: "key"}])
    assert list(yaml.safe_load_all(written)) == [{"key": text, text: "key"}]
    assert written.startswith('---\nkey: "')


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_yaml_says_every_text(text: str) -> None:
    assert yaml.safe_load(as_yaml([{"key": text}])) == {"key": text}


def test_yaml_repeats_what_is_the_same() -> None:
    same = {"a": "b"}
    assert "&" not in as_yaml([{"one": same, "other": same}]) and as_yaml([]) == ""


@pytest.mark.parametrize(
    ("variant", "spec", "hidden", "type", "values"),
    [
        (
            Variant.PASSWORD,
            {"user": "ada"},
            {"password": "s"},
            "kubernetes.io/basic-auth",
            {"username": "ada", "password": "s"},
        ),
        (
            Variant.ACCESS_KEY,
            {"accessKeyId": "i"},
            {"secretAccessKey": "s"},
            "Opaque",
            {"AccessKeyId": "i", "SecretKey": "s"},
        ),
        (Variant.GENERIC_SECRET, {"keyValuePairs": [{"key": "ssh"}]}, {"ssh": "s"}, "Opaque", {"ssh": "s"}),
    ],
)
def test_a_credential_is_a_secret(
    variant: Variant, spec: dict[str, object], hidden: dict[str, str], type: str, values: dict[str, str]
) -> None:
    assert secret_data(variant, spec, hidden) == (type, values)


def test_a_registry_s_secret_is_what_a_runtime_reads() -> None:
    type, values = secret_data(Variant.DOCKER_REGISTRY, {"user": "ada", "url": "r.example.com"}, {"password": "s"})
    assert type == "kubernetes.io/dockerconfigjson"
    entry = {"username": "ada", "password": "s", "auth": "YWRhOnM="}
    assert json.loads(values[".dockerconfigjson"]) == {"auths": {"r.example.com": entry}}


def test_what_is_no_credential_or_no_key_is_refused() -> None:
    for variant in [each for each in Variant if KIND_OF[each] != "credentials"]:
        with pytest.raises(RequestInvalid, match="no credential"):
            secret_data(variant, {}, {})
    with pytest.raises(RequestInvalid, match="key of a secret") as refusal:
        secret_data(Variant.GENERIC_SECRET, {}, {"a/b": "hunter2"})
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(RequestInvalid, match="lacks `user`") as refusal:
        secret_data(Variant.PASSWORD, {}, {"password": "hunter2"})
    assert "hunter2" not in str(refusal.value)
