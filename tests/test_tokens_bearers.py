"""Whom a good token stands for: users and services, and their groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.core.model import Actor
from remit.errors import NotAuthenticated
from tokens import GONE, Watch, accepting, good, identify


def bearer(path: Path, token: str, **settings: object) -> Actor:
    """Who bears a token under these settings."""
    return identify(accepting(path, Watch(), **settings), token)


def test_a_user_is_the_sub_unless_another_claim_is_named(tmp_path: Path) -> None:
    token = good(sub="8f14", preferred_username="ada", email="ada@example.com")
    assert bearer(tmp_path, token).subject == "user:8f14"
    assert bearer(tmp_path, token, user_claim="preferred_username").subject == "user:ada"
    assert bearer(tmp_path, token, user_claim="email").subject == "user:ada@example.com"


@pytest.mark.parametrize("value", [GONE, "", None, 7, ["ada"], "a\u200bda", "ada "])
def test_a_user_claim_that_names_nobody_is_refused(value: object, tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticated, match="`preferred_username`"):
        bearer(tmp_path, good(preferred_username=value), user_claim="preferred_username")


def test_the_sub_is_required_even_if_another_claim_names_the_user(tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticated, match="no `sub` claim"):
        bearer(tmp_path, good(sub=GONE, preferred_username="ada"), user_claim="preferred_username")


@pytest.mark.parametrize("verified", [False, "true", 1, None, "false", []])
def test_an_email_that_is_not_verified_names_nobody(verified: object, tmp_path: Path) -> None:
    token = {"email": "ada@example.com"}
    assert bearer(tmp_path, good(**token), user_claim="email").subject == "user:ada@example.com"
    assert bearer(tmp_path, good(**token, email_verified=True), user_claim="email").subject == "user:ada@example.com"
    assert bearer(tmp_path, good(**token, email_verified=verified)).subject == "user:ada@example.com"
    with pytest.raises(NotAuthenticated, match="not verified"):
        bearer(tmp_path, good(**token, email_verified=verified), user_claim="email")


def test_a_service_is_told_by_a_sub_that_is_the_application(tmp_path: Path) -> None:
    settings = {"application_claim": "client_id"}
    assert bearer(tmp_path, good(sub="builder", client_id="builder"), **settings).subject == "application:builder"
    assert bearer(tmp_path, good(sub="ada", client_id="builder"), **settings).subject == "user:ada"
    assert bearer(tmp_path, good(sub="ada"), **settings).subject == "user:ada"
    assert bearer(tmp_path, good(sub="builder", client_id="builder")).subject == "user:builder"


def test_a_service_is_told_by_a_claim_if_one_is_named(tmp_path: Path) -> None:
    settings = {"application_claim": "azp", "application_when": ("idtyp", "app")}
    assert bearer(tmp_path, good(sub="8f14", azp="builder", idtyp="app"), **settings).subject == "application:builder"
    assert bearer(tmp_path, good(sub="ada", azp="builder", idtyp="user"), **settings).subject == "user:ada"
    assert bearer(tmp_path, good(sub="builder", azp="builder"), **settings).subject == "user:builder"
    assert bearer(tmp_path, good(sub="ada", azp="builder", idtyp=["app"]), **settings).subject == "user:ada"
    with pytest.raises(NotAuthenticated, match="no `azp` claim"):
        bearer(tmp_path, good(sub="8f14", idtyp="app"), **settings)
    with pytest.raises(NotAuthenticated, match="`azp` claim holds"):
        bearer(tmp_path, good(sub="8f14", azp="build\0er", idtyp="app"), **settings)


def test_without_an_application_claim_the_sub_names_the_service(tmp_path: Path) -> None:
    assert bearer(tmp_path, good(gty="cc"), application_when=("gty", "cc")).subject == "application:ada@example.com"


@pytest.mark.parametrize("sub", ["application:builder", "user:bob", "group:admins", "role:admin"])
def test_a_type_in_the_name_does_not_count(sub: str, tmp_path: Path) -> None:
    assert bearer(tmp_path, good(sub=sub)).subject == f"user:{sub}"


def test_groups_come_from_the_claim_that_is_named(tmp_path: Path) -> None:
    token = good(groups=["nlp", "vision team", "nlp"])
    assert bearer(tmp_path, token, groups_claim="groups").groups == ("group:nlp", "group:vision team")
    assert bearer(tmp_path, token, groups_claim="roles").groups == ()
    assert bearer(tmp_path, token).groups == ()
    assert bearer(tmp_path, good(groups=[]), groups_claim="groups").groups == ()


@pytest.mark.parametrize("groups", ["nlp", {"nlp": True}, None, 7, True, ["nlp", 7], ["nlp", None], [["nlp"]]])
def test_groups_of_another_form_are_refused(groups: object, tmp_path: Path) -> None:
    assert bearer(tmp_path, good(groups=groups)).groups == ()
    with pytest.raises(NotAuthenticated, match="`groups` claim is not a list of texts"):
        bearer(tmp_path, good(groups=groups), groups_claim="groups")


@pytest.mark.parametrize(
    "name", ["", " ", " nlp", "n\u200blp", "a\ud800", "*", "a*", "a, b", "(x)", "x" * 300, "ne\u0301"]
)
def test_a_group_that_no_policy_can_name_is_left_out(name: str, tmp_path: Path) -> None:
    assert bearer(tmp_path, good(groups=[name, "nlp"]), groups_claim="groups").groups == ("group:nlp",)


def test_there_is_an_end_to_groups(tmp_path: Path) -> None:
    names = [f"g{number}" for number in range(256)]
    assert len(bearer(tmp_path, good(groups=names), groups_claim="groups").groups) == 256
    with pytest.raises(NotAuthenticated, match="more than 256"):
        bearer(tmp_path, good(groups=[*names, "g0"]), groups_claim="groups")
