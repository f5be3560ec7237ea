"""`remit lint --fix`: what spreadsheets did is undone exactly, nothing else changes, and no decision does."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from commands import Desk, ran, really_ran, written
from golden import golden
from policies import files, loads
from remit.adapters.policy_files import read_directory
from remit.adapters.policy_writer import write_files
from remit.core.codes import RULES
from remit.core.findings import total
from remit.core.lint import lint
from remit.core.lint.damage import mended
from remit.core.lint.pages import NOW, PAGES, files_of
from remit.core.lint.repair import gate, meaning, repair
from remit.core.pdp import decide
from remit.core.policy import read_policy
from remit.core.snapshot import Snapshot
from remit.errors import Conflict, PolicyInvalid
from worlds import questions_of, random_world
from writing import files_of as written_policy

RULES_FILE = "policies/access_rules.csv"
NEED_A_PERSON = {"R009", "R011"}
"""Codes that are repaired in some cases, of which the page's example is not one."""


def mended_line(line: str, name: str = RULES_FILE) -> str:
    return mended(name, f"{line}\n".encode()).decode().removesuffix("\n")


@pytest.mark.parametrize(
    ("damaged", "sound"),
    [
        ("g, user:a, r, *\r", "g, user:a, r, *"),
        ("g, user:a, r, *\r\r", "g, user:a, r, *"),
        ("g, user:a , r,  *", "g, user:a, r, *"),
        ("g,user:a ,r,*", "g,user:a,r,*"),
        ('"g","user:a","r","*"', "g, user:a, r, *"),
        ('g, user:a, r, *, , , T-1, user:b, "plainly said"', "g, user:a, r, *, , , T-1, user:b, plainly said"),
        ("g, user:a, r, *, , 31/12/2026", "g, user:a, r, *, , 2026-12-31"),
        ("g, user:a, r, *, , 12/31/2026", "g, user:a, r, *, , 2026-12-31"),
        ("g, user:a, r, *, 1.2.2026, 31-12-2026", "g, user:a, r, *, 2026-02-01, 2026-12-31"),
        ("g, user:a, r, *, , 2026/12/31", "g, user:a, r, *, , 2026-12-31"),
        ("g, user:a, r, *, , 5/5/2026", "g, user:a, r, *, , 2026-05-05"),
        ("g, user:a, r, *, , , , , , , ,", "g, user:a, r, *, , , , , "),
        ("g;user:a;r;*;;31.12.2026;;;;;;", "g,user:a,r,*,,2026-12-31,,,"),
        ("# who, and where,,,,,", "# who, and where"),
        ('"# says ""who"", and where",,,', '# says "who", and where'),
        (",,,,", ""),
    ],
)
def test_what_a_spreadsheet_does_is_undone(damaged: str, sound: str) -> None:
    assert mended_line(damaged) == sound
    assert mended_line(sound) == sound


@pytest.mark.parametrize(
    "line",
    [
        "g, user:a, r, *, , 01/02/2026",
        "g, user:a, r, *, , 31/02/2026",
        "g, user:a, r, *, , 30.02.2026",
        "g, user:a, r, *, , 12/31/26",
        'g, user:a, r, *, , , T-1, user:b, "first, second"',
        'g, user:a, r, *, , , T-1, user:b, says ""no""',
        "g, user: a, r, *",
        "g, user:a\rg, user:b, r, *",
        "# one\rg, user:b, r, *",
        "# ends with a comma,",
        "g, user:31.12.2026, r, *",
        "g, user:a, r, *, , , 31.12.2026",
        "g; user:a, r; *",
        'g;user:a;r;*;;;T-1;user:b;"first;second"',
        "g, user:a, r, *,\t",
    ],
)
def test_what_has_two_readings_or_is_meant_stays(line: str) -> None:
    assert mended_line(line) == line


def test_a_missing_last_line_feed_and_other_encodings_stay() -> None:
    assert mended(RULES_FILE, b"g, user:a, r, *, 2026-01-01") == b"g, user:a, r, *, 2026-01-01"
    assert mended(RULES_FILE, b"g, user:ren\xe9, r, *\r\n") == b"g, user:ren\xe9, r, *\r\n"
    assert mended("model.conf", b"\xef\xbb\xbf[matchers]\r\nm = x,,,\r\n") == b"[matchers]\nm = x,,,\n"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("cases/x", "allow, user:a, use, environment, project:a, "),
        ("cases/x", "allow, user:a, use, environment, project:a, , 2026-01-01"),
        ("cases/x", "exactly, use, environment"),
        ("cases/x", "given, g2, project:a, *"),
        ("cases/x", "given, g, user:a, r, *, , 2026-12-31, , , x"),
        ("constraints", "never, x, *, no, a:b, everyone"),
        ("constraints", "at-most, x, *, no, 2, a:b, closed"),
        ("vocabulary", "environment, use, place, "),
    ],
)
def test_rows_of_other_files_keep_the_columns_they_may_have(file: str, line: str) -> None:
    name = f"policies/{file}.csv"
    assert mended_line(line, name) == line
    padded = mended_line(f"{line}{',' * 9}", name)
    assert padded.rstrip(", ") == line.rstrip(", ") and padded.count(",") <= max(line.count(","), 6)


@pytest.mark.parametrize("code", [code for code, page in PAGES.items() if page.repaired])
def test_what_a_page_says_is_repaired_is(code: str) -> None:
    policy = files_of(PAGES[code].bad)
    found = repair(policy, NOW)
    left = [finding.code for finding in lint({**policy, **found.files}, NOW).findings]
    assert found.refused is None
    assert (code in left) is (code in NEED_A_PERSON) is not bool(found.files)


@pytest.mark.parametrize("code", [code for code, page in PAGES.items() if not page.repaired])
def test_what_a_page_does_not_say_is_repaired_is_not_touched(code: str) -> None:
    assert repair(files_of(PAGES[code].bad), NOW).files == {}


def damaged(policy: dict[str, bytes], rng: Random) -> dict[str, bytes]:
    """What a round through spreadsheets makes of a policy: each file, or none of it, in one of their ways."""
    return {name: _damaged_file(name, data, rng) if rng.random() < 0.7 else data for name, data in policy.items()}


def _damaged_file(name: str, data: bytes, rng: Random) -> bytes:
    lines = data.decode().split("\n")
    if name.endswith(".csv"):
        semicolons = rng.random() < 0.25 and not any('"' in line or ";" in line for line in lines)
        quotes = rng.random() < 0.3 and not semicolons
        padding = rng.choice((0, 0, 3))
        made = [_damaged_row(line, rng, semicolons, quotes, padding) if line else line for line in lines]
        if not semicolons and rng.random() < 0.3 and len(made) > 1:
            at = rng.randrange(len(made) - 1)
            made.insert(rng.randrange(at, len(made) - 1) + 1, made[at])
        lines = made
    text = ("\r\n" if rng.random() < 0.5 else "\n").join(lines)
    return (b"\xef\xbb\xbf" if rng.random() < 0.4 else b"") + text.encode()


def _damaged_row(line: str, rng: Random, semicolons: bool, quotes: bool, padding: int) -> str:
    cells = [cell.strip() for cell in line.split(",")]
    cells = [_local(cell, rng) if index in (4, 5) and cells[0] == "g" else cell for index, cell in enumerate(cells)]
    if cells[0] == "g" and padding:
        cells += [""] * (9 - len(cells))
    cells += [""] * padding
    if quotes:
        cells = [f'"{cell}"' if cell and rng.random() < 0.5 else cell for cell in cells]
    comma = ";" if semicolons else rng.choice((",", ", ")) if quotes else rng.choice((",", ", ", " ,", ",  "))
    return comma.join(cells)


def _local(day: str, rng: Random) -> str:
    """A day as another country writes it, where it can be told."""
    if len(day) != 10:
        return day
    year, month, date = day.split("-")
    ways = [f"{int(date)}.{int(month)}.{year}", f"{year}/{month}/{date}"]
    if int(date) > 12:
        ways += [f"{date}/{month}/{year}", f"{month}/{date}/{year}", f"{date}-{month}-{year}"]
    return rng.choice(ways)


@pytest.mark.parametrize("start", range(0, 600, 150))
def test_a_policy_that_went_through_a_spreadsheet_comes_back_as_it_was(start: int) -> None:
    """Random policies, random damage: what is repaired means what the sound policy meant, and decides the same."""
    broken = 0
    for seed in range(start, start + 150):
        world = random_world(seed)
        sound = written_policy(world.policy)
        bad = damaged(sound, Random(f"damage {seed}"))
        found = repair(bad, NOW)
        assert found.refused is None, (seed, found.refused)
        after = {**bad, **found.files}
        policy = read_policy(after)
        assert meaning(policy) == meaning(read_policy(sound)), seed
        before, now = Snapshot(read_policy(sound)), Snapshot(policy)
        for question in questions_of(world, 40):
            assert decide(before, *question).allowed == decide(now, *question).allowed
        broken += not loads(bad)
        assert repair(after, NOW).files == {}, "nothing is left to repair"
    assert broken > 100, "damage that loads proves little"


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_whatever_is_wrong_a_repair_never_makes_it_worse(start: int) -> None:
    """Bytes changed at random: afterwards the policy loads, or has fewer errors, or is left alone."""
    written = 0
    for seed in range(start, start + 100):
        rng = Random(f"bytes {seed}")
        policy = damaged(written_policy(random_world(seed).policy), rng)
        name = rng.choice(sorted(policy))
        data = bytearray(policy[name])
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data)) : rng.randrange(len(data))] = rng.choice(
                (b",", b'"', b"\r", b";", b"\xe9", b"*")
            )
            data = data or bytearray(b"\n")
        policy[name] = bytes(data)
        found = repair(policy, NOW)
        if found.files and found.refused is None:
            written += 1
            assert errors({**policy, **found.files}) < errors(policy) or loads({**policy, **found.files})
    assert written > 20


def errors(policy: dict[str, bytes]) -> int:
    try:
        read_policy(policy)
    except PolicyInvalid as refused:
        return total(finding for finding in refused.findings if RULES[finding.code].error)
    return 0


def test_the_gate_lets_nothing_through_that_means_something_else() -> None:
    sound = files()
    assert gate(sound, sound) is None
    for name, text in [
        ("access_rules", "g, user:ada, maker, project:b\n"),
        ("access_rules", "g, user:ada, maker, project:a, , 2027-01-01\n"),
        ("access_rules", "g, user:ada, maker, project:a, 2026-01-01\n"),
        ("access_rules", "g, user:ada, viewer, project:a\n"),
        ("vocabulary", sound["policies/vocabulary.csv"].decode() + "environment, edit, home, change it\n"),
        ("roles", sound["policies/roles.csv"].decode() + "p, viewer, *, environment, create\n"),
        ("scopes", "g2, department:r, *\ng2, project:a, *\ng2, project:b, department:r\n"),
        ("groups", "g, user:eve, group:x, *\n"),
        ("resources", "environment:x, *\n"),
        ("constraints", "never, x, *, no, environment:create, everyone\n"),
        ("cases/x", "allow, user:ada, create, environment, project:a, \n"),
    ]:
        assert gate(sound, files(**{name: text})) == "the policy would mean something else", name
    assert gate(sound, files(access_rules="g, user:ada\n")) == "the policy would not load any more"
    assert (
        gate(files(access_rules="g\n"), files(access_rules="g\n\n"))
        == "there would be no fewer errors than there are: 1"
    )
    assert gate(files(access_rules="g\ng\n"), files(access_rules="g\n")) is None
    many = "g, user:eve, vewer, *\n" * 3_000
    assert gate(files(access_rules=many + "g\n"), files(access_rules=many)) is None


def test_a_window_of_a_membership_is_part_of_the_meaning() -> None:
    held = {"access_rules": "g, group:x, viewer, *\n"}
    always = files(groups="g, user:eve, group:x, *\n", **held)
    assert gate(always, files(groups="g, user:eve, group:x, *, , 2027-01-01\n", **held)) is not None


def test_of_lines_that_tell_the_auditor_different_things_none_is_taken_out() -> None:
    lines = "g, user:ada, maker, project:a, , , T-1\ng, user:ada, maker, project:a, , , T-2\n"
    assert repair(files(access_rules=lines), NOW).files == {}
    same = "g, user:ada, maker, project:a, , , T-1\ng,user:ada,maker,project:a,,,T-1,,\n"
    assert repair(files(access_rules=same), NOW).files == {RULES_FILE: same.splitlines(keepends=True)[0].encode()}


def test_nothing_is_written_over_what_changed_meanwhile(tmp_path: Path) -> None:
    directory = written(files(**SAVED), tmp_path)
    policy, model = directory / "policies", directory / "model.conf"
    was = read_directory(policy, model)
    (policy / "roles.csv").write_bytes(b"# somebody else is at it\n")
    before = read_directory(policy, model)
    with pytest.raises(Conflict, match="has changed since it was read"):
        write_files(policy, model, was, {RULES_FILE: b"# all gone\n", "policies/roles.csv": b"# gone\n"})
    assert read_directory(policy, model) == before
    write_files(policy, model, before, {RULES_FILE: b"# all gone\n", "model.conf": b"# gone\n"})
    after = {RULES_FILE: b"# all gone\n", "model.conf": b"# gone\n"}
    assert read_directory(policy, model) == {**before, **after}
    assert not [path for path in policy.iterdir() if path.name.startswith(".")]


SAVED = {
    "access_rules": "\ufeff"
    + 'g,user:ada,maker,project:a,,,,,,,\r\ng,user:bob,viewer,project:b,,31/12/2026,,,"a look",,\r\n',
    "scopes": "g2;department:r;*\r\ng2;project:a;department:r\r\ng2;project:b;department:r\r\n",
    "roles": files()["policies/roles.csv"].decode() + "p, viewer, *, environment, view\n",
}


@pytest.mark.parametrize("option", ["--diff", "--dry-run"])
def test_the_diff_is_shown_and_nothing_written(option: str) -> None:
    desk = Desk(files(**SAVED))
    found = ran("lint", option, "--when", "2026-11-25", desk=desk)
    golden("lint/diff.txt", found.out)
    assert (found.code, found.err, desk.files) == (3, "", files(**SAVED))


def test_the_diff_is_shown_and_written() -> None:
    desk = Desk(files(**SAVED))
    found = ran("lint", "--fix", "--when", "2026-11-25", desk=desk)
    golden("lint/fix.txt", found.out)
    assert (found.code, found.err) == (0, "") and loads(desk.files)
    again = ran("lint", "--fix", "--when", "2026-11-25", desk=desk)
    assert "+++" not in again.out and again.code == 0


def test_scripts_get_the_diff_on_the_other_stream() -> None:
    found = ran("lint", "--fix", "--format", "json", desk=Desk(files(**SAVED)))
    assert found.out.startswith("{") and "+++ b/policies/access_rules.csv" in found.err


def test_what_is_refused_is_not_written() -> None:
    """A repair that would uncover more errors than it mends."""
    policy = files(access_rules="g;usr;makr;proj;x;y;z;a;b\n" * 3, scopes="g2;a;b\ng2;c;d\n")
    desk = Desk(policy)
    found = ran("lint", "--fix", desk=desk)
    assert (found.code, desk.files) == (1, policy)
    assert "nothing is written: after the repair there would be no fewer errors" in found.err


def test_no_name_acts_in_the_diff() -> None:
    found = ran("lint", "--diff", files=files(access_rules="g, user:\x1b[2Jada\u202e , maker, project:a\r\n"))
    assert "<U+001B>" in found.out and all(char.isprintable() or char == "\n" for char in found.out)


def test_files_on_disk_are_replaced_whole_and_keep_their_mode(tmp_path: Path) -> None:
    directory = written(files(**SAVED), tmp_path)
    path = directory / RULES_FILE
    path.chmod(0o640)
    found = really_ran("lint", "--fix", "--when", "2026-11-25", directory=directory)
    assert found.code == 0 and b"\r" not in path.read_bytes() and path.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in path.parent.iterdir()) == sorted(
        ["access_rules.csv", "roles.csv", "scopes.csv", "vocabulary.csv"]
    )


def test_a_link_that_leads_out_of_the_directory_is_not_followed(tmp_path: Path) -> None:
    directory = written(files(**SAVED), tmp_path)
    outside = tmp_path / "elsewhere.csv"
    path = directory / RULES_FILE
    path.rename(outside)
    path.symlink_to(outside)
    before = {each: each.read_bytes() for each in directory.rglob("*.csv")}
    found = really_ran("lint", "--fix", directory=directory)
    assert found.code == 2 and "leads out of" in found.err
    assert before == {each: each.read_bytes() for each in directory.rglob("*.csv")}
