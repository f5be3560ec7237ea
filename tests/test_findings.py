"""Every finding code at work: a policy with that one fault is refused at the exact place, its mended neighbour loads.

An example is written as a person sees it: the lines added to the smallest policy, the last of them marked with
carets, and the lines that say it right. What no added line can show is listed as whole files at the end.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from policies import BASE, files, findings_of, loads, path_of, plus
from remit.core.codes import FIRST_OF_LINT, RULES
from remit.core.findings import MAX_LINE


class Example(NamedTuple):
    """Lines added to `file`, the faulty one last; carets under what the finding marks; the same lines, mended."""

    code: str
    file: str
    bad: str
    carets: str
    good: str


class Whole(NamedTuple):
    """A policy with a fault that stands in no added line, where it is found, and the same policy mended."""

    code: str
    bad: dict[str, bytes]
    place: str
    width: int
    good: dict[str, bytes]


def chain(form: str, count: int) -> str:
    """`count` lines, each naming what the one before it declared."""
    return "\n".join(form.format(i, i - 1) for i in range(1, count + 1))


TREE = "g2, project:1, *\n" + chain("g2, project:1{0}, project:1{1}", 9).replace("project:10", "project:1")
GROUPS = "\n".join(f"g, group:{i + 1}, group:{i}, *" for i in range(9))
MATCHER = BASE["model"].rstrip("\n").rpartition("\n")[2]
REASON = "g, user:bob, viewer, *, , , , , "

EXAMPLES = [
    Example("R003", "groups", "g, user:ren\udce9, group:x, *",
                              "           ^",
                              "g, user:rené, group:x, *"),
    Example("R005", "roles", "p, viewer, *, environment, create\r",
                             "                                 ^",
                             "p, viewer, *, environment, create"),
    Example("R005", "groups", "# one\rg, user:bob, group:x, *",
                              "     ^",
                              "# one\ng, user:bob, group:x, *"),
    Example("R006", "access_rules", "g, user:bob, viewer, *, , ,\tT-1",
                                    "                           ^",
                                    "g, user:bob, viewer, *, , , T-1"),
    Example("R006", "roles", '# a "bell" \x07',
                             "           ^",
                             '# a "bell"'),
    Example("R006", "roles", "# next line \x85",
                             "            ^",
                             "# next line"),
    Example("R007", "access_rules", "g, user:b\u200bob, viewer, *",
                                    "         ^",
                                    "g, user:bob, viewer, *"),
    Example("R007", "roles", "# two lines?\u2028p, maker, *, workload, create",
                             "            ^",
                             "# two lines?\n# p, maker, *, workload, create"),
    Example("R007", "groups", "g, user:bob\u0378, group:x, *",
                              "           ^",
                              "g, user:bob, group:x, *"),
    Example("R008", "access_rules", "g, user:rene\u0301, viewer, *",
                                    "           ^",
                                    "g, user:ren\u00e9, viewer, *"),
    Example("R009", "access_rules", 'g, "user:bob", viewer, *',
                                    "   ^",
                                    "g, user:bob, viewer, *"),
    Example("R010", "roles", "p, viewer, *, environment, view, allow",
                             "^" * 38,
                             "p, viewer, *, environment, view"),
    Example("R010", "access_rules", "g, user:bob, viewer",
                                    "^" * 19,
                                    "g, user:bob, viewer, *"),
    Example("R011", "roles", "P, viewer, *, environment, view",
                             "^",
                             "p, viewer, *, environment, view"),
    Example("R011", "access_rules", "subject, role, scope",
                                    "^^^^^^^",
                                    "# subject, role, scope"),
    Example("R011", "access_rules", "p, viewer, *, environment, view",
                                    "^",
                                    "g, user:bob, viewer, *"),
    Example("R012", "roles", " # the readers",
                             "^" * 14,
                             "# the readers"),
    Example("R012", "roles", "p, viewer, *, environment, view # all of them",
                             "                           ^^^^^^^^^^^^^^^^^^",
                             "p, viewer, *, environment, view"),
    Example("R013", "access_rules", "g, user:bob, viewr, *",
                                    "             ^^^^^",
                                    "g, user:bob, viewer, *"),
    Example("R014", "roles", "p, viewer, project:z, environment, view",
                             "           ^^^^^^^^^",
                             "p, viewer, project:a, environment, view"),
    Example("R015", "access_rules", "g, user:bob, viewer, project:z",
                                    "                     ^^^^^^^^^",
                                    "g, user:bob, viewer, project:b"),
    Example("R015", "resources", "environment:cuda, project:z",
                                 "                  ^^^^^^^^^",
                                 "environment:cuda, project:a"),
    Example("R016", "roles", "p, viewer, *, environmnt, view",
                             "              ^^^^^^^^^^",
                             "p, viewer, *, environment, view"),
    Example("R016", "roles", "p, viewer, *, environment, see",
                             "                           ^^^",
                             "p, viewer, *, environment, view"),
    Example("R016", "resources", "environmnt:cuda, project:a",
                                 "^^^^^^^^^^^^^^^",
                                 "environment:cuda, project:a"),
    Example("R017", "access_rules", "g, user:bob, viewer, *, , , =1+1",
                                    "                            ^^^^",
                                    "g, user:bob, viewer, *, , , 1+1"),
    Example("R017", "vocabulary", "environment, edit, home, ＝SUM(A1)",
                                  "                         ^^^^^^^^",
                                  "environment, edit, home, change it"),
    Example("R018", "access_rules", "g, bob, viewer, *",
                                    "   ^^^",
                                    "g, user:bob, viewer, *"),
    Example("R018", "access_rules", "g, role:viewer, viewer, *",
                                    "   ^^^^^^^^^^^",
                                    "g, application:viewer, viewer, *"),
    Example("R018", "roles", "p, viewer, *, environment(s), view",
                             "              ^^^^^^^^^^^^^^",
                             "p, viewer, *, environment, view"),
    Example("R018", "access_rules", "g, user:bob, , *",
                                    "             ^",
                                    "g, user:bob, viewer, *"),
    Example("R019", "access_rules", "g, user:bob,  viewer, *",
                                    "             ^^^^^^^",
                                    "g, user:bob,viewer, *"),
    Example("R019", "access_rules", "g, user: bob, viewer, *",
                                    "   ^^^^^^^^^",
                                    "g, user:bob, viewer, *"),
    Example("R019", "access_rules", "g, user:bob, viewer, *, , , T-1 , user:eve",
                                    "                            ^^^^",
                                    "g, user:bob, viewer, *, , , T-1, user:eve"),
    Example("R020", "scopes", "g2, project:a, *",
                              "               ^",
                              "g2, project:c, *"),
    Example("R020", "scopes", "g2, *, department:r",
                              "    ^",
                              "g2, project:c, department:r"),
    Example("R021", "scopes", "g2, project:c, project:gone",
                              "               ^^^^^^^^^^^^",
                              "g2, project:c, project:a"),
    Example("R021", "scopes", "g2, project:c, project:d\ng2, project:d, project:c",
                              "               ^^^^^^^^^",
                              "g2, project:c, project:d\ng2, project:d, *"),
    Example("R022", "scopes", TREE, "    ^^^^^^^^^^", TREE.rpartition("\n")[0]),
    Example("R023", "groups", "g, group:x, group:y, *\ng, group:y, group:x, *",
                              "            ^^^^^^^",
                              "g, group:x, group:y, *"),
    Example("R024", "groups", GROUPS, "   ^^^^^^^", GROUPS.rpartition("\n")[0]),
    Example("R025", "groups", "g, service:bob, group:x, *",
                              "   ^^^^^^^^^^^",
                              "g, application:bob, group:x, *"),
    Example("R025", "groups", "g, user:bob, user:ada, *",
                              "             ^^^^^^^^",
                              "g, user:bob, group:ada, *"),
    Example("R025", "groups", "g, user:bob, group:x, project:a",
                              "                      ^^^^^^^^^",
                              "g, user:bob, group:x, *"),
    Example("R025", "access_rules", "g, user:bob, group:x, *",
                                    "             ^^^^^^^",
                                    "g, group:x, viewer, *"),
    Example("R026", "access_rules", "g, user:bob, viewer, *, , 2026-02-29",
                                    "                          ^^^^^^^^^^",
                                    "g, user:bob, viewer, *, , 2028-02-29"),
    Example("R027", "groups", "g, user:bob, group:x, *, 2026-05-01, 2026-05-01",
                              "                                     ^^^^^^^^^^",
                              "g, user:bob, group:x, *, 2026-05-01, 2026-05-01T00:00:00.000001Z"),
    Example("R028", "vocabulary", "environment, edit, Home, change it",
                                  "                   ^^^^",
                                  "environment, edit, home, change it"),
    Example("R028", "vocabulary", "environment, view, home, see it",
                                  "                   ^^^^",
                                  "environment, view, place, see it again"),
    Example("R028", "vocabulary", "credentials, create, place, make one",
                                  "                     ^^^^^",
                                  "credentials, create, home, make one"),
    Example("R028", "vocabulary", "policy, view, place, read it",
                                  "              ^^^^^",
                                  "policy, view, home, read it"),
    Example("R029", "roles", "p, viewer, *, environment, use",
                             "^" * 30,
                             "p, viewer, *, environment, use\np, viewer, *, workload, create"),
    Example("R029", "roles", "p, runner, *, workload, create",
                             "^" * 30,
                             "p, runner, *, workload, create\np, runner, *, environment, use"),
    Example("R030", "model", "m2 = r.sub == p.sub",
                             "^" * 19,
                             "; m2 = r.sub == p.sub"),
    Example("R030", "model", MATCHER, "^" * len(MATCHER), f"# {MATCHER}"),
    Example("R031", "access_rules", REASON + "w" * (MAX_LINE + 1 - len(REASON)),
                                    "^" * MAX_LINE,
                                    REASON + "w" * (MAX_LINE - len(REASON))),
    Example("R032", "resources", "environment:cuda, project:a\nenvironment:cuda, project:b",
                                 "                  ^^^^^^^^^",
                                 "environment:cuda, project:a\nenvironment:cuda-12, project:b"),
    Example("R034", "cases/some", "permit, user:ada, create, environment, project:a, ",
                                  "^^^^^^",
                                  "allow, user:ada, create, environment, project:a, "),
    Example("R010", "constraints", "never, x, *, no, environment:create",
                                   "^" * 35,
                                   "never, x, *, no, environment:create, everyone"),
    Example("R013", "constraints", "separate, x, *, no, 2, maker, viewr",
                                   "                              ^^^^^",
                                   "separate, x, *, no, 2, maker, viewer"),
    Example("R014", "constraints", "separate, x, project:z, no, 2, maker, viewer",
                                   "             ^^^^^^^^^",
                                   "separate, x, project:a, no, 2, maker, viewer"),
    Example("R016", "constraints", "at-most, x, *, no, 2, environment:edit",
                                   "                      ^^^^^^^^^^^^^^^^",
                                   "at-most, x, *, no, 2, environment:create"),
    Example("R016", "constraints", "separate, x, *, no, 2, environment:create, workloads:create",
                                   "                                           ^^^^^^^^^^^^^^^^",
                                   "separate, x, *, no, 2, environment:create, workload:create"),
    Example("R017", "constraints", "never, x, *, -no, environment:create, everyone",
                                   "             ^^^",
                                   "never, x, *, no, environment:create, everyone"),
    Example("R018", "constraints", "never, x:y, *, no, environment:create, everyone",
                                   "       ^^^",
                                   "never, x-y, *, no, environment:create, everyone"),
    Example("R018", "constraints", "separate, x, *, no, 2, maker, viewer, ",
                                   "                                      ^",
                                   "separate, x, *, no, 2, maker, viewer"),
    Example("R018", "constraints", "never, x, *, no, environment:create, USER:ada",
                                   "                                     ^^^^^^^^",
                                   "never, x, *, no, environment:create, user:ada"),
    Example("R035", "constraints", "never, x, *, no, environment:create, all",
                                   "                                     ^^^",
                                   "never, x, *, no, environment:create, everyone"),
    Example("R035", "constraints", "at-least, x, *, no, 2, environment:create",
                                   "^^^^^^^^",
                                   "at-most, x, *, no, 2, environment:create"),
    Example("R035", "constraints", "at-most, x, *, no, 2, environment",
                                   "                      ^^^^^^^^^^^",
                                   "at-most, x, *, no, 2, environment:create"),
    Example("R035", "constraints", "at-most, x, *, no, 2, environment:create, open",
                                   "                                          ^^^^",
                                   "at-most, x, *, no, 2, environment:create, closed"),
    Example("R035", "constraints", "separate, x, *, no, 2, environment:create, maker",
                                   "                                           ^^^^^",
                                   "separate, x, *, no, 2, environment:create, workload:create"),
    Example("R035", "constraints", "separate, x, *, no, 2, maker, viewer, maker",
                                   "                                      ^^^^^",
                                   "separate, x, *, no, 2, maker, viewer"),
    Example("R035", "constraints", "at-most, x, *, no, 2, workload:create\nnever, x, *, no, workload:create, everyone",
                                   "       ^",
                                   "at-most, x, *, no, 2, workload:create\nnever, y, *, no, workload:create, everyone"),
    Example("R035", "constraints", "never, x, *, no, workload:create, everyone, except, user:ada",
                                   "                                            ^^^^^^",
                                   "never, x, *, no, workload:create, everyone, but, user:ada"),
    Example("R035", "constraints", "never, x, *, no, workload:create, everyone, but",
                                   "                                            ^^^",
                                   "never, x, *, no, workload:create, everyone"),
    Example("R036", "constraints", "at-most, x, *, no, two, workload:create",
                                   "                   ^^^",
                                   "at-most, x, *, no, 2, workload:create"),
    Example("R036", "constraints", "separate, x, *, no, 1, maker, viewer",
                                   "                    ^",
                                   "separate, x, *, no, 2, maker, viewer"),
    Example("R036", "constraints", "at-most, x, *, no, 02, workload:create",
                                   "                   ^^",
                                   "at-most, x, *, no, 2, workload:create"),
    Example("R037", "constraints", "requires, x, *, no, maker, group:x",
                                   "                           ^^^^^^^",
                                   "requires, x, *, no, maker, viewer"),
    Example("R037", "constraints", "never, x, *, no, workload:create, usr:",
                                   "                                  ^^^^",
                                   "never, x, *, no, workload:create, user:"),
    Example("R038", "constraints", "separate, x, *, no, 3, maker, viewer",
                                   "                    ^",
                                   "separate, x, *, no, 2, maker, viewer"),
    Example("R038", "constraints", "requires, x, *, no, maker, maker",
                                   "                           ^^^^^",
                                   "requires, x, *, no, maker, viewer"),
    Example("R038", "constraints", "never, x, *, no, workload:create, user:ada, but, user:ada",
                                   "                                  ^^^^^^^^",
                                   "never, x, *, no, workload:create, user:ada"),
    Example("R039", "constraints", "never, x, *, no, workload:create, user:aba",
                                   "                                  ^^^^^^^^",
                                   "never, x, *, no, workload:create, user:ada"),
]  # fmt: skip

MARK = b"\xef\xbb\xbf"
WHOLE = [
    Whole("R001", files(access_rules=None), "policies/access_rules.csv", 0, files(access_rules="# nobody yet\n")),
    Whole("R002", files(acces_rules=""), "policies/acces_rules.csv", 0, files(groups="")),
    Whole("R004", files(roles=MARK + BASE["roles"].encode()), "policies/roles.csv:1:1", 1, files()),
    Whole("R030", files(model=BASE["model"].replace("p.eft == allow", "p.eft == deny")), "model.conf:9:1", 31,
          files(model=BASE["model"].replace("p.eft == allow", "p.eft==allow"))),
    Whole("R030", files(model=BASE["model"].replace("obj, act\n", "o bj, act\n")), "model.conf:4:1", 23,
          files(model="# spaces are free\n" + BASE["model"].replace("obj, act\n", "obj ,act\n"))),
    Whole("R030", files(model=BASE["model"].replace("g2 = _, _\n", "")), "model.conf", 0, files()),
    Whole("R033", files(access_rules="g, user:bob, viewer, *"), "policies/access_rules.csv:1:1", 22,
          files(access_rules="g, user:bob, viewer, *\n")),
]  # fmt: skip


def test_no_code_is_left_out() -> None:
    readers = {code for code in RULES if code < FIRST_OF_LINT}
    assert {example.code for example in EXAMPLES} | {whole.code for whole in WHOLE} == readers


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.code}-{example.bad[-50:]!r}")
def test_line(example: Example) -> None:
    bad = plus(**{example.file: example.bad.encode("utf-8", "surrogateescape")})
    found = findings_of(bad)
    line = (BASE.get(example.file, "") + example.bad).count("\n") + 1
    column, width = example.carets.index("^") + 1, example.carets.count("^")
    assert [(f.code, f.place(), f.width) for f in found] == [
        (example.code, f"{path_of(example.file)}:{line}:{column}", width)
    ]
    assert loads(bad) == (not RULES[example.code].error)
    assert findings_of(plus(**{example.file: example.good})) == ()


@pytest.mark.parametrize("whole", WHOLE, ids=lambda whole: f"{whole.code}-{whole.place}")
def test_file(whole: Whole) -> None:
    found = findings_of(whole.bad)
    assert [(f.code, f.place(), f.width) for f in found] == [(whole.code, whole.place, whole.width)]
    assert loads(whole.bad) == (not RULES[whole.code].error)
    assert findings_of(whole.good) == ()


def test_two_codes_do_not_keep_a_policy_from_loading() -> None:
    """A scope that has left the tree, and a constraint about somebody who has nothing."""
    light = [code for code, rule in RULES.items() if not rule.error]
    assert [code for code in light if code < FIRST_OF_LINT] == ["R015", "R039"]
    assert {code for code in RULES if code >= FIRST_OF_LINT} <= set(light), "what loads cannot fail to load by lint"
