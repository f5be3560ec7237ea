"""What stands in the place of a repository's address or of a ref is one, or is refused by name before git hears of it
(threats, row 36).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from readable import FILES
from remit.adapters.git_address import Address, git_faults, read_address, read_ref, shown
from remit.adapters.git_mirror import Mirror
from remit.adapters.policy_settings import policy_settings
from remit.errors import Misconfigured
from repositories import repository

GOOD = {
    "https://git.example.com/team/policies.git": "https",
    "https://git.example.com:8443/x": "https",
    "https://[2001:db8::1]/x": "https",
    "ssh://git@git.example.com:2222/x.git": "ssh",
    "git@git.example.com:team/policies.git": "ssh",
    "host:x": "ssh",
    "file:///srv/policies.git": "file",
    "/srv/policies.git": "file",
}
BAD = [
    "--upload-pack=touch x", "-u", "-", "ext::sh -c touch% x", "ext::sh", "fd::17", "fd::17,18/x", "::x", "git::x",
    "http://git.example.com/x", "git://git.example.com/x", "ftp://a/x", "rsync://a/x", "HTTPS://a/x", "ext://a/x",
    "https://user:secret@git.example.com/x", "https://ghp_secret@git.example.com/x", "ssh://git:secret@host/x",
    "https://-oProxyCommand=x/x", "ssh://-oProxyCommand=touch/x", "-oProxyCommand=touch:x", "git@-oProxyCommand=x:y",
    "host:-x", "host:", "https://", "https:///x", "https://host", "https://host/", "https://ho st/x", "https://host/x?y",
    "https://host/x#y", "https://host\\@evil/x", "https://host/x\ny", "https://host/x\0", "https://h\u00f6st/x", "file://host/x",
    "https://host:port/x", "https://host/\u202ex", " /x", "/x\ty", "a@b@c:d", "https://@host/x",
]  # fmt: skip
BAD_REFS = [
    "--upload-pack=touch x", "-x", "a b", "a..b", "a//b", "/a", "a/", "a.", "a.lock", "a.lock/b", ".a", "a/.b", "a~1",
    "a^", "a:b", "+main", "main:refs/heads/x", "a?", "a*", "a[b", "a\\b", "a\n", "a\0", "@{-1}", "@", "HEAD",
    "refs/notes/x", "refs/remit/seen", "refs/heads/", "refs/replace/x", "x" * 201, "m\u00e4in", "$(id)", "refs/x",
]  # fmt: skip


@pytest.mark.parametrize(("text", "scheme"), GOOD.items())
def test_what_is_an_address_speaks_one_scheme(text: str, scheme: str) -> None:
    assert read_address(text) == Address(text, scheme)
    assert git_faults(text, "main", None) == []


def test_a_path_is_one_from_here_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_address("a/b:c") == Address(str(tmp_path / "a/b:c"), "file")


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_address_is_refused_by_name(text: str) -> None:
    (fault,) = git_faults(text, "main", None)
    assert fault.startswith("`REMIT_GIT_REPOSITORY` is `") and "secret" not in fault and fault.isprintable()


@pytest.mark.parametrize("text", BAD_REFS)
def test_what_is_no_ref_is_refused_by_name(text: str) -> None:
    (fault,) = git_faults("/x", text, None)
    assert fault.startswith("`REMIT_GIT_REF` is `") and fault.isprintable()


@pytest.mark.parametrize(
    "text", ["main", "release/1.2", "a-b_c+d", "refs/heads/main", "refs/tags/v1", "x/HEAD", "references"]
)
def test_a_ref_has_a_full_name(text: str) -> None:
    assert read_ref(text) == (text if text.startswith("refs/") else f"refs/heads/{text}")


@pytest.mark.parametrize("text", ["main", "abc", "F" * 40, "f" * 39, "f" * 41, "-f", "f" * 40 + "\n"])
def test_only_a_full_name_of_a_commit_may_be_accepted(text: str) -> None:
    assert len(git_faults("/x", "main", text)) == 1
    assert git_faults("/x", "main", "f" * 40) == [] == git_faults("/x", "main", "0" * 64)


def test_the_settings_tell_all_at_once() -> None:
    faults: list[str] = []
    environment = {
        "REMIT_SOURCE": "git",
        "REMIT_GIT_REPOSITORY": "ext::x",
        "REMIT_GIT_REF": "-x",
        "REMIT_GIT_ACCEPT": "y",
    }
    policy_settings(environment, faults)
    assert [fault.split("`")[1] for fault in faults] == ["REMIT_GIT_REPOSITORY", "REMIT_GIT_REF", "REMIT_GIT_ACCEPT"]


def test_what_is_shown_of_an_address_has_no_secret() -> None:
    assert shown("https://user:secret@host/x") == "`https://…@host/x`"
    assert shown("ssh://a@b:secret@host/x@y") == "`ssh://…@host/x@y`"


def test_whatever_else_the_settings_of_a_person_say_one_scheme_is_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote, canary = tmp_path / "remote", tmp_path / "ran"
    repository(remote, FILES)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text(
        f'[url "ext::touch {canary} %S"]\n\tinsteadOf = {remote}\n[protocol "ext"]\n\tallow = always\n'
    )
    mirror = Mirror(tmp_path / "policy.git", Address(str(remote), "file"), "refs/heads/main")
    with mirror.held(), pytest.raises(Misconfigured, match="transport 'ext' not allowed"):
        mirror.fetch()
    assert not canary.exists()


def test_an_address_that_slipped_through_is_still_no_option(tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    for text in (f"--upload-pack=touch {canary}", f"ext::touch {canary}"):
        mirror = Mirror(tmp_path / "policy.git", Address(text, "file"), "refs/heads/main")
        with mirror.held(), pytest.raises(Misconfigured, match="cannot be fetched"):
            mirror.fetch()
    assert not canary.exists()
