"""`remit import`: what is taken, what is not, what is said about it, and no file decides otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Ran, ran, really_ran
from foreign import PLAIN, SCOPED
from golden import golden
from remit.core.bringing import proof
from remit.core.policy import read_policy
from remit.core.tables import MAX_ROLES
from remit.entry import RealHouse

LINES = """\
# who does what in the two mills
p, miller, north, grain, grind
p, miller, south, grain, grind
p, owner, north, ledger, read
p, carol, south, ledger, read

g, alice, owner, north
g, owner, miller, north
g, bob, miller, south
g, svc-mill, miller, south
g, bob, guest, south
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imported(lines: str, model: str, *flags: str) -> Ran:
    """The command over a policy and a model in this directory."""
    Path("p.csv").write_text(lines)
    Path("m.conf").write_text(model)
    return ran("import", "p.csv", "m.conf", "--into", "out", *flags)


def test_a_policy_is_taken_over_and_it_says_how(here: Path) -> None:
    found = imported(LINES, SCOPED, "--type", "svc-=application")
    assert (found.code, found.err) == (0, "")
    golden("import/taken.txt", found.out)
    for name in ("vocabulary", "roles", "scopes", "access_rules", "cases/as_before"):
        golden(f"import/{name}.csv", Path(f"out/policies/{name}.csv").read_text())
    told = really_ran("test", "--policy", "out/policies", "--model", "out/model.conf", directory=here)
    assert told.code == 0 and "0 failed" in told.out
    again = json.loads(imported(LINES, SCOPED, "--type", "svc-=application", "--into", "o2", "--format", "json").out)
    golden("import/taken.json", json.dumps(again, indent=2) + "\n")


def test_lines_that_cannot_be_taken_are_listed_and_nothing_is_written(here: Path) -> None:
    lines = LINES + (
        "p, eve, north, ledger, read, deny\n"
        "p, eve, north, *, read\n"
        "p, eve, north, /books/*, read\n"
        'p, eve, north, "ledger", read\n'
        "p, eve, north, r.sub.Age > 18, read\n"
        "p, eve, north, doc:1, read\n"
        "p2, eve, north, ledger, read\n"
        "g, eve, owner\n"
        "g, eve, owner, north, 2027-01-01\n"
        "p, eve, , ledger, read\n"
        "p, e\u200bve, north, ledger, read\n"
        "g2, ledger, books\n"
        "p, keyMatch(r.obj, p.obj), north, ledger, read\n"
        "p, user:alice, north, ledger, read\n"
    )
    found = imported(lines, SCOPED)
    golden("import/not_taken.txt", found.out)
    assert found.code == 1 and not Path("out").exists()
    assert imported(lines, SCOPED, "--format", "json").code == 1
    partly = imported(lines, SCOPED, "--partly")
    assert partly.code == 0 and "eve" not in Path("out/policies/access_rules.csv").read_text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("r.act == p.act", "(r.act == p.act || p.act == '*')"),
        ("r.obj == p.obj", "keyMatch(r.obj, p.obj)"),
        ("r.dom == p.dom && ", ""),
        ("r.act == p.act", "regexMatch(r.act, p.act)"),
        ("r.act == p.act", 'r.act == p.act || r.sub == "root"'),
        ("r.sub, p.sub, r.dom", "p.sub, r.sub, r.dom"),
        ("some(where (p.eft == allow))", "!some(where (p.eft == deny))"),
        ("some(where (p.eft == allow))", "priority(p.eft) || deny"),
        ("p = sub, dom, obj, act", "p = priority, sub, dom, obj, act"),
        ("p = sub, dom, obj, act", "p = sub, obj, dom, act"),
        ("p = sub, dom, obj, act", "p = sub, dom, obj, act, eft, more"),
        ("r = sub, dom, obj, act", "r = sub, obj, act"),
        ("g = _, _, _", "g = _, _"),
        ("g = _, _, _", "g = _, _, _\ng2 = _, _"),
        ("g = _, _, _", "g = _, _, _, (_, _)"),
        ("[role_definition]\ng = _, _, _\n", ""),
        ("m = ", "m2 = "),
        ("m = g(", "m = r.sub.Age > 18 && g("),
        ("m = ", "m = true\nm = "),
        ("e = some", "e = \\\nsome"),
    ],
)
def test_a_model_of_another_meaning_is_refused(old: str, new: str, here: Path) -> None:
    assert SCOPED.count(old) >= 1
    found = imported(LINES, SCOPED.replace(old, new, 1))
    assert found.code == 1 and "m.conf" in found.out and found.out.endswith("nothing is written\n")
    assert not Path("out").exists()


@pytest.mark.parametrize(
    "model",
    [
        SCOPED.replace("r.dom == p.dom", "r.dom==p.dom").replace("_, _", "_,_").replace(" && ", "  &&  "),
        SCOPED.replace("r.dom == p.dom && r.obj == p.obj", "p.obj == r.obj && p.dom == r.dom"),
        "# ours\n" + SCOPED.replace("\n\n", "\n; more\n\n"),
    ],
)
def test_spaces_and_order_mean_nothing(model: str, here: Path) -> None:
    assert imported(LINES, model).code == 0


def test_a_model_that_casbin_cannot_read_is_an_error_and_no_trace(here: Path) -> None:
    for model in (SCOPED.replace(" && ", "&&"), SCOPED.replace("where (", "where(")):
        found = imported(LINES, model)
        assert found.code == 2 and found.err.startswith("remit: Casbin itself does not"), model
        assert found.err.count("\n") == 1 and not Path("out").exists()


def test_a_line_that_denies_counts_only_where_the_model_says_so(here: Path) -> None:
    model = PLAIN.replace("p = sub, obj, act", "p = sub, obj, act, eft")
    found = imported("p, ann, ledger, read, allow\np, ann, ledger, read, deny\n", model)
    assert found.code == 0 and "p.csv:2: denies nothing in this model" in found.out
    assert imported("p, ann, ledger, read, perhaps\n", model, "--into", "other").code == 1


def test_a_star_that_covered_nothing_does_not_begin_to(here: Path) -> None:
    found = imported("p, clerk, *, ledger, read\np, clerk, north, press, read\ng, ann, clerk, *\n", SCOPED)
    golden("import/differs.txt", found.out)
    assert found.code == 1 and not Path("out").exists()
    assert json.loads(imported(Path("p.csv").read_text(), SCOPED, "--format", "json").out)["proof"]["differences"]


def test_a_chain_longer_than_casbin_follows_is_refused(here: Path) -> None:
    links = "".join(f"g, c{n}, c{n + 1}\n" for n in range(10))
    found = imported(f"p, c10, ledger, read\n{links}", PLAIN)
    assert found.code == 1 and "p.csv:2: not taken: from `c0` to `c10` is more than 9 links" in found.out
    assert imported(f"p, c9, ledger, read\n{links}", PLAIN, "--into", "y").code == 1, (
        "it is refused, whatever is at its end"
    )
    assert imported("p, c9, ledger, read\n" + "".join(f"g, c{n}, c{n + 1}\n" for n in range(9)), PLAIN).code == 0


def test_a_role_asks_for_itself_only_if_it_is_said_to(here: Path) -> None:
    lines = "p, bob, ledger, read\ng, alice, bob\n"
    found = imported(lines, PLAIN)
    assert "roles only, who ask nothing for themselves: bob\n  help: --subject NAME" in found.out
    assert "user:bob" not in Path("out/policies/access_rules.csv").read_text()
    assert imported(lines, PLAIN, "--subject", "bob", "--into", "o2").code == 0
    assert "g, user:bob, bob, *\n" in Path("o2/policies/access_rules.csv").read_text()


def test_two_names_never_become_one(here: Path) -> None:
    for lines in (
        "p, ann, ledger, read\np, user:ann, press, read\n",
        "p, role:x, a, read\np, x, b, read\ng, u, role:x\ng, v, x\n",
    ):
        found = imported(lines, PLAIN)
        assert found.code == 1 and "would be" in found.out, lines


def test_a_line_left_out_makes_no_subject_of_a_role(here: Path) -> None:
    found = imported("p, chief, ledger, read\ng, an\u200bn, chief\ng, bob\n", PLAIN, "--partly")
    assert found.code == 0 and "user:chief" not in Path("out/policies/access_rules.csv").read_text()


def test_what_this_layout_refuses_is_not_written(here: Path) -> None:
    found = imported("p, clerk, workload, create\np, clerk, environment, read\ng, ann, clerk\n", PLAIN)
    assert found.code in (0, 1) and (found.code == 0) == Path("out").exists()
    many = "".join(f"p, u{n}, ledger, read\n" for n in range(MAX_ROLES + 1))
    found = imported(many, PLAIN, "--into", "z")
    assert found.code == 1 and "R031" in found.out and not Path("z").exists()


def test_a_large_policy_is_sampled_and_it_says_so(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "MOST_WORK", 1)
    monkeypatch.setattr(proof, "FEWEST", 40)
    lines = LINES + "".join(f"g, u{n}, miller, north\n" for n in range(30))
    found = imported(lines, SCOPED)
    assert found.code == 0 and "alike: a sample of " in found.out and "out of " in found.out
    files = {name: (here / "out" / name).read_bytes() for name in json.loads(
        imported(lines, SCOPED, "--into", "j", "--format", "json").out)["files"]}  # fmt: skip
    assert read_policy(files).revision


def test_nothing_is_overwritten(here: Path) -> None:
    assert imported(LINES, SCOPED).code == 0
    before = {path: path.read_bytes() for path in here.glob("out/**/*.*")}
    assert imported(LINES, SCOPED).code == 1
    assert {path: path.read_bytes() for path in here.glob("out/**/*.*")} == before


@pytest.mark.parametrize("flags", [("--type", "robot"), ("--type", "x="), ("--typo", "user")])
def test_a_wrong_flag_is_an_error(flags: tuple[str, str], here: Path) -> None:
    assert imported(LINES, SCOPED, *flags).code == 2


def test_files_that_cannot_be_read_are_an_error(here: Path) -> None:
    assert ran("import", "none.csv", "none.conf", "--into", "out").code == 2
    Path("p.csv").write_bytes(b"\xff")
    assert ran("import", "p.csv", "p.csv", "--into", "out").code == 2


def test_a_hostile_name_reaches_no_terminal(here: Path) -> None:
    found = imported("p, \x1b[31mann, ledger, read\n", PLAIN)
    assert found.code == 1 and "\x1b" not in found.out and "<U+001B>" in found.out


def test_an_empty_policy_is_taken_as_it_is(here: Path) -> None:
    assert imported("# nobody\n", PLAIN).code == 0
    assert RealHouse().read(Path("out/policies"), Path("out/model.conf"))["policies/roles.csv"]
