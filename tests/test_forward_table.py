"""The forward-auth table: what its lines mean, and what is wrong with one that does not load."""

from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.errors import Misconfigured, RequestInvalid
from remit.web.forward_table import FORM, ForwardTable, Meant, read_table

LINES = """\
# method, path, action, kind[, id[, home[, place]]]

GET, /, view, workload
GET, /environments, view, environment
GET, /environments/, view, environment, , , project:vision
GET, /environments/{id}, view, environment, {id}
GET, /environments/new, create, environment
POST, /projects/{project}/environments, create, environment, , project:{project}
PUT,/projects/{project}/environments/{id},edit,environment,env-{id},project:{project}
GET, /projects/{project}/runs/{id}/log, use, environment, {id}, *, project:{project}
GET, /at/{scope}/code/{owner}/{name}, view, data-source, {owner}/{name}, {scope}
M-SEARCH, /Straße/{a_1}, view, environment, {a_1}
"""


def table(text: str = LINES) -> ForwardTable:
    return read_table("forward_auth.csv", text.encode())


TABLE = table()


@pytest.mark.parametrize(
    ("method", "uri", "meant"),
    [
        ("GET", "/", Meant("view", "workload", "", None, None)),
        ("GET", "/?page=2", Meant("view", "workload", "", None, None)),
        ("GET", "/environments", Meant("view", "environment", "", None, None)),
        ("GET", "/environments/", Meant("view", "environment", "", None, "project:vision")),
        ("GET", "/environments/a", Meant("view", "environment", "a", None, None)),
        ("GET", "/environments/a?x=/../b&c={id};%zz", Meant("view", "environment", "a", None, None)),
        ("GET", "/environments/%61%2d%C3%A9", Meant("view", "environment", "a-é", None, None)),
        ("GET", "/environments/a+b", Meant("view", "environment", "a+b", None, None)),
        ("GET", "/environments/%7Bid%7D", Meant("view", "environment", "{id}", None, None)),
        ("GET", "/environments/a%20b", Meant("view", "environment", "a b", None, None)),
        ("GET", "/environments/a,b", Meant("view", "environment", "a,b", None, None)),
        ("GET", "/environments/...", Meant("view", "environment", "...", None, None)),
        ("GET", "/environments/new", Meant("create", "environment", "", None, None)),
        ("GET", "/environments/%6eew", Meant("create", "environment", "", None, None)),
        ("GET", "/environments/New", Meant("view", "environment", "New", None, None)),
        ("POST", "/projects/vision/environments", Meant("create", "environment", "", "project:vision", None)),
        ("PUT", "/projects/nlp/environments/x", Meant("edit", "environment", "env-x", "project:nlp", None)),
        ("GET", "/projects/nlp/runs/x/log", Meant("use", "environment", "x", "*", "project:nlp")),
        ("GET", "/at/project:nlp/code/a/b", Meant("view", "data-source", "a/b", "project:nlp", None)),
        ("M-SEARCH", "/Stra%C3%9Fe/x", Meant("view", "environment", "x", None, None)),
    ],
)
def test_a_request_means_what_its_line_says(method: str, uri: str, meant: Meant) -> None:
    assert TABLE.match(method, uri) == meant


@pytest.mark.parametrize(
    ("method", "uri"),
    [
        ("get", "/environments"),
        ("HEAD", "/environments"),
        ("", "/environments"),
        ("GET ", "/environments"),
        ("GET", "/Environments"),
        ("GET", "/environments/a/"),
        ("GET", "/environments/a/b"),
        ("POST", "/projects/vision/environments/"),
        ("POST", "/projects/environments"),
        ("DELETE", "/projects/vision/environments/x"),
        ("M-SEARCH", "/Strasse/x"),
    ],
)
def test_what_no_line_says_means_nothing(method: str, uri: str) -> None:
    assert TABLE.match(method, uri) is None


@pytest.mark.parametrize("project", ["%2a", "a%2Cb", "a%28", "a%20%23", "a*b", "(a)"])
def test_what_is_filled_in_must_make_a_scope(project: str) -> None:
    with pytest.raises(RequestInvalid):
        TABLE.match("POST", f"/projects/{project}/environments")


@pytest.mark.parametrize("scope", ["%2a", "nlp", ":nlp", "project:", "Project:nlp", "pro%20ject:nlp"])
def test_a_scope_from_the_path_is_never_the_root(scope: str) -> None:
    with pytest.raises(RequestInvalid):
        TABLE.match("GET", f"/at/{scope}/code/a/b")


OVERLAPPING = (
    "GET, /a/b/c, view, one",
    "GET, /a/{x}/c, view, two",
    "GET, /{x}/b/c, view, three",
    "GET, /{x}/{y}/d, view, four",
    "GET, /{y}/{x}/{z}, view, five",
)


@pytest.mark.parametrize("lines", list(permutations(OVERLAPPING)))
def test_the_first_literal_wins_in_whatever_order_lines_stand(lines: tuple[str, ...]) -> None:
    found = table("".join(f"{line}\n" for line in lines))
    due = {"/a/b/c": "one", "/a/x/c": "two", "/x/b/c": "three", "/a/b/d": "four", "/a/b/e": "five", "/x/x/c": "five"}
    assert {uri: meant.kind for uri in due if (meant := found.match("GET", uri))} == due


FINDINGS = {
    "get, /a, view, workload": "the method `get` is no upper-case word",
    "GET POST, /a, view, workload": "the method `GET POST` is no upper-case word",
    "*, /a, view, workload": "the method `*` is no upper-case word",
    ", /a, view, workload": "the method `` is no upper-case word",
    "GET, a, view, workload": "the path `a` does not begin with `/`",
    "GET, http://x/a, view, workload": "the path `http://x/a` does not begin with `/`",
    "GET, , view, workload": "the path `` does not begin with `/`",
    "GET, //a, view, workload": "the path has an empty segment",
    "GET, /a//, view, workload": "the path has an empty segment",
    "GET, /a/../b, view, workload": "the path has a segment of dots",
    "GET, /a/./b, view, workload": "the path has a segment of dots",
    "GET, /a;b, view, workload": "a segment of the path holds `;`",
    "GET, /a%20b, view, workload": "a segment of the path holds `%`",
    "GET, /a\\b, view, workload": "a segment of the path holds `\\`",
    "GET, /a#b, view, workload": "a segment of the path holds `#`",
    "GET, /a?b, view, workload": "`?` in the path; a segment is a plain name",
    "GET, /a/*, view, workload": "`*` in the path; a segment is a plain name",
    "GET, /a/(b|c), view, workload": "`(` in the path; a segment is a plain name",
    "GET, ^/a$, view, workload": "the path `^/a$` does not begin with `/`",
    "GET, /a/:id, view, workload": "`:` in the path; a segment is a plain name",
    "GET, /a/<id>, view, workload": "`<` in the path; a segment is a plain name",
    "GET, /a/x{id}, view, workload": "`x{id}` in the path is no parameter",
    "GET, /a/{id}.json, view, workload": "`{id}.json` in the path is no parameter",
    "GET, /a/{Id}, view, workload": "`{Id}` in the path is no parameter",
    "GET, /a/{}, view, workload": "`{}` in the path is no parameter",
    "GET, /a/{id:int}, view, workload": "`{id:int}` in the path is no parameter",
    "GET, /a/{id, view, workload": "`{id` in the path is no parameter",
    "GET, /{id}/{id}, view, workload": "the path `/{id}/{id}` has two parameters of one name",
    "GET, /a/\u3164, view, workload": "`segment` holds the invisible character U+3164",
    f"GET, /{'a' * 257}, view, workload": "`segment` is 257 bytes long",
    "GET, /a, , workload": "`action` is blank",
    "GET, /a, view, ": "`kind` is blank",
    "GET, /a, view, a:b": "the kind `a:b` is no plain name",
    "GET, /{a}, {a}, workload": "the action `{a}` is no plain name",
    "GET, /{a}, view, {a}": "the kind `{a}` is no plain name",
    "GET, /a, *, workload": "the action `*` is no plain name",
    "GET, /{a}, view, workload, {b}": "the id `{b}` names `{b}`, which is no parameter of the path",
    "GET, /{a}, view, workload, , project:{b}": "the home `project:{b}` names `{b}`",
    "GET, /{a}, view, workload, , , project:{b}": "the place `project:{b}` names `{b}`",
    "GET, /{a}, view, workload, {a": "the id `{a` has a brace",
    "GET, /{a}, view, workload, {{a}}": "the id `{{a}}` has a brace",
    "GET, /{a}, view, workload, a}": "the id `a}` has a brace",
    "GET, /{a}/{b}, view, workload, {a}{b}": "the id `{a}{b}` has two parameters without a `/` between them",
    "GET, /{a}/{b}, view, workload, {a}-{b}": "the id `{a}-{b}` has two parameters without",
    "GET, /{a}/{b}, view, workload, , {a}:{b}": "the home `{a}:{b}` has two parameters without",
    "GET, /{a}, view, workload, *": "`*`: `id` is `*`",
    f"GET, /{{a}}, view, workload, {'a' * 256}{{a}}": "`id` is 257 bytes long",
    "GET, /{a}, view, workload, , vision": "`vision`: `home` is not a scope",
    "GET, /{a}, view, workload, , Project:{a}": "`home` is not a scope",
    "GET, /{a}, view, workload, , {a}*": "`home` holds `*`",
    "GET, /{a}, view, workload, , , {a}(x)": "`place` holds `(`",
    "GET, /a, view": "3 columns; 4 to 7 are due",
    "GET": "1 column; 4 to 7 are due",
    "GET; /a; view; workload": "1 column; 4 to 7 are due",
    "GET, /a, view, workload, , , , ": "8 columns; 4 to 7 are due",
    "GET,  /a, view, workload": "a stray space",
    "GET , /a, view, workload": "a stray space",
    " GET, /a, view, workload": "a stray space",
    "GET, /a, view, workload  ": "a stray space",
    " # GET, /a, view, workload": "a comment that does not begin its line",
    'GET, "/a", view, workload': "a quotation mark",
    "GET, /a, view, workload\r": "a carriage return",
    "GET, /a, view,\tworkload": "the character U+0009",
    "GET, /\u200b, view, workload": "the character U+200B",
    "GET, /\u00a0a, view, workload": "the character U+00A0",
    "# a \x1b[31m comment": "the character U+001B",
    "GET, /e\u0301, view, workload": "text that is not in Unicode normal form C",
}


@pytest.mark.parametrize(("line", "finding"), FINDINGS.items())
def test_what_is_wrong_with_a_line(line: str, finding: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        table(f"GET, /fine, view, workload\n{line}\n")
    (told,) = str(refused.value).split("\n")
    assert told.startswith("forward_auth.csv:2: ") and finding in told
    assert told.isprintable() and not told.endswith(".")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", f"t:1: the table has no line, so nothing would get through; write `{FORM}`"),
        (b"# only a comment\n\n", f"t:1: the table has no line, so nothing would get through; write `{FORM}`"),
        (b"\xef\xbb\xbfGET, /a, view, workload\n", "t:1: a byte order mark; save the file as UTF-8 without one"),
        (b"# a\nGET, /\xff, view, workload\n", "t:2: the byte 0xFF is not UTF-8; save the file as UTF-8"),
        (b"GET, /a, view, workload", "t:1: the last line has no line feed; the file may have been cut short"),
        (b"# " + b"a" * (1 << 20), "t:1: the table has 1,048,578 bytes; 1,048,576 are allowed"),
    ],
)
def test_what_is_wrong_with_a_file(data: bytes, told: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read_table("t", data)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("GET, /a/{x}", "GET, /a/{y}", True),
        ("GET, /a", "GET, /a", True),
        ("GET, /{a}/{b}", "GET, /{b}/{a}", True),
        ("GET, /a/{x}/", "GET, /a/{y}/", True),
        ("GET, /a/{x}", "GET, /a/{y}/", False),
        ("GET, /a/{x}", "POST, /a/{x}", False),
        ("GET, /a/{x}", "GET, /{x}/a", False),
        ("GET, /a/{x}", "GET, /a/x", False),
        ("GET, /a", "GET, /A", False),
        ("GET, /", "GET, /{x}", False),
    ],
)
def test_two_lines_may_not_match_the_same(one: str, other: str, same: bool) -> None:
    text = f"{one}, view, workload\n\n{other}, edit, workload\n"
    if not same:
        assert len(table(text).lines) == 2
        return
    with pytest.raises(Misconfigured, match=r"^forward_auth\.csv:3: `.*` matches what line 1 matches, whatever"):
        table(text)


def test_all_findings_are_told_at_once_in_order() -> None:
    text = "get, a, view, workload, {x}\n# fine\nGET, /a, view, workload\nGET, /a, view, b:c\nGET"
    with pytest.raises(Misconfigured) as refused:
        table(text)
    places = [line.split(": ")[0] for line in str(refused.value).split("\n")]
    assert places == [f"forward_auth.csv:{number}" for number in (1, 1, 1, 4, 4, 5, 5)]


@given(st.lists(st.text('GET, /a{}b:*"#\r\n\t.é', max_size=40), max_size=5).map("\n".join))
def test_any_file_is_a_table_or_a_list_of_findings(text: str) -> None:
    try:
        table(text)
    except Misconfigured as refused:
        assert all(re.match(r"forward_auth\.csv:\d+: ", line) for line in str(refused).split("\n"))
