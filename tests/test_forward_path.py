"""That no path is taken for another (threat row 9), whatever is done to it."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house import words
from lookalikes import INVISIBLE, TRICKS, disguised
from remit.errors import RequestInvalid
from remit.web.forward_path import segments_of
from remit.web.forward_table import Meant
from test_forward_table import TABLE, table

REFUSED = sorted(
    words(r"""
// //environments /environments// /environments//a /./environments /environments/. /environments/..
/environments/../x /environments/%2e /environments/%2E%2e /environments/.%2e /a/../environments /environments/a;b
/environments/a; /environments;x=y/a /environments/%3b /environments/%3B /environments/a\b /environments/a%5cb
/environments/a%2fb /environments/a%2Fb /environments/%2f /%2f /environments/a%252fb /environments/%25
/environments/a%2525 /environments/%00 /environments/a%0a /environments/a%0d%0ab /environments/%1f /environments/%7f
/environments/%c2%80 /environments/% /environments/%2 /environments/%zz /environments/%u002e /environments/%ff
/environments/%c0%ae /environments/%c0%af /environments/%e0%80%ae /environments/%ed%a0%80
/environments/%f8%80%80%80%ae /environments/a#b /environments/a%23b /environments/a?b#c /environments/a%3fb
http://x/environments/a HTTP://x/ //x/environments x/environments environments * ?x # example.com:80
/environments/%2a /environments/%20 /environments/a%20 /environments/%20a /environments/%e2%80%8b
/environments/a%ef%bb%bf /environments/e%cc%81 /environments/%ef%bc%8e%ef%bc%8e /environments/a%ef%bc%8fb
/environments/%e2%80%a5 /environments/a%ef%bc%bcb /environments/a%ef%bc%9bb /environments/a%ef%bc%85b
/environments/{id} /environments/a|b /environments/a^b /environments/[a] /environments/<a> /environments/"a"
/environments/`a`
""")
)
REFUSED += ["", " ", " /", "/ ", "/environments/a b", "/environments/a\tb", "/environments/a\0", "/environments/a\n"]
REFUSED += ["/environments/é", "/environments/\xff", "/environments/a?é", "/environments/a?\n", "/environments/\u212a"]
REFUSED += [f"/environments/{'a' * 257}", f"/environments/{'%C3%A9' * 129}"]


@pytest.mark.parametrize("uri", REFUSED)
def test_a_path_that_could_be_read_in_two_ways_is_refused(uri: str) -> None:
    for method in ("GET", "NONE"):
        with pytest.raises(RequestInvalid):
            TABLE.match(method, uri)


def tricks(path: str) -> list[str]:
    """The path with a trick at its ends, at every seam and within a segment: raw, encoded, and encoded twice."""
    put_in = {*TRICKS, *INVISIBLE, "..%2f", "%2e%2e/", "/%2e%2e", "%5c..%5c", "..%5c", "%09", "%20", "%3b/", "/;/"}
    put_in |= {quote(trick, safe="") for trick in put_in} | {quote(quote(trick, safe=""), safe="") for trick in put_in}
    put_in |= {f"/sold{trick}" for trick in put_in} | {f"{trick}sold" for trick in put_in}
    seams = {0, 1, len(path) - 2, len(path)} | {at + off for at, c in enumerate(path) if c == "/" for off in (0, 1)}
    return sorted({path[:at] + trick + path[at:] for at in seams for trick in put_in} - {path})


def plain(uri: str) -> list[str]:
    """A path read as a careful person would: the query off, parted at slashes, each part decoded once."""
    return [unquote(part, errors="strict") for part in uri.partition("?")[0].split("/")]


@pytest.mark.parametrize("path", ["/environments/seen", "/projects/vision/environments/seen"])
def test_row_9_no_trick_makes_one_path_of_another(path: str) -> None:
    exact = table(f"GET, {path}, use, environment\nGET, /environments/sold, edit, environment\n")
    found = exact.match("GET", path)
    assert found is not None
    corpus = tricks(path)
    assert len(corpus) > 2_000
    through = []
    for uri in corpus:
        try:
            meant = exact.match("GET", uri)
        except RequestInvalid:
            continue
        if meant is not None:
            assert plain(uri) == plain(path if meant == found else "/environments/sold"), uri
            through.append(uri)
    assert 0 < len(through) < len(corpus) / 20  # a query behind the path is none of our business
    assert all("?" in uri for uri in through), through


def test_row_9_a_parameter_takes_one_whole_segment_and_nothing_else() -> None:
    for uri in tricks("/environments/seen"):
        try:
            meant = TABLE.match("GET", uri)
        except RequestInvalid:
            continue
        if meant is not None and meant.id:
            assert ["", "environments", meant.id] == plain(uri)
            assert not re.search(r"[/\\;%#?]|^\.\.?$", meant.id)


def test_row_7_what_looks_like_a_literal_is_not_it() -> None:
    exact = table("GET, /Kelvin, view, workload\nGET, /{name}, edit, workload, {name}\n")
    others = sorted(set(disguised("Kelvin")) - {"Kelvin"})
    assert len(others) > 50
    for name in others:
        uri = "/" + quote(name, safe="")
        try:
            meant = exact.match("GET", uri)
        except RequestInvalid:
            continue
        assert meant == (Meant("view" if unquote(uri) == "/Kelvin" else "edit", "workload", name, None, None)), uri


NAMES = st.text(st.characters(exclude_categories=("C", "Z", "M")), min_size=1, max_size=8).filter(
    lambda text: not re.search(r"[/\\;%#?*]|^\.\.?$", text)
)


@given(st.text())
def test_any_text_is_matched_or_refused(uri: str) -> None:
    for candidate in (uri, f"/environments/{uri}", f"/environments/{quote(uri, safe='')}"):
        try:
            meant = TABLE.match("GET", candidate)
        except RequestInvalid:
            continue
        assert meant is None or plain(candidate)[1] in ("environments", "", "at", "projects")


@given(st.lists(st.text("ab/.%25;\\{}?# e", max_size=4), max_size=6))
def test_what_is_taken_apart_is_put_together_again(parts: list[str]) -> None:
    uri = "/" + "/".join(parts)
    try:
        segments, slash = segments_of(uri)
    except RequestInvalid:
        return
    again = "/" + "/".join(quote(segment, safe="") for segment in segments) + ("/" if slash and segments else "")
    assert segments_of(again) == (segments, slash)
    assert plain(again) == plain(uri)
    assert not any(segment in ("", ".", "..") for segment in segments)


@given(NAMES)
def test_an_encoded_name_comes_out_as_it_went_in(name: str) -> None:
    try:
        meant = table("GET, /x/{id}, view, workload, {id}\n").match("GET", "/x/" + quote(name, safe=""))
    except RequestInvalid:
        return
    assert meant is not None and meant.id == name
