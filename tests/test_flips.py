"""Recorded questions put to another policy: every answer that would be another one is told, with both reasons, and a
plan says how many there are."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from commands import Ran, ran, written
from golden import golden
from house import ROOT
from readable import FILES
from recorded import record
from remit.adapters.journal.reading import entries
from remit.cli.replayed import replayed_json, replayed_lines, replayed_markdown
from remit.core.difference.document import digest_of
from remit.core.journal.chain import START, leaf, line_of
from remit.core.journal.entries import Entry
from remit.core.journal.flips import MOST_GROUPS, Tally, flips
from remit.core.journal.replaying import JUDGED
from remit.core.model import Question
from remit.core.pdp import decide
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.core.times import parse_instant
from remit.entry import RealHouse
from server import CALLER

SCHEMA = json.loads((ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
Kept = tuple[Path, list[dict[str, bytes]]]
Sorted = Counter[tuple[str, str, str, bool]]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A journal, and the policies that were live."""
    state = tmp_path_factory.mktemp("state")
    return state, record(state, 800, seed=2)


def lines(kept: Kept) -> list[Entry]:
    return [entry for entry in entries(kept[0] / "journal") if entry.kind in JUDGED]


def really(*arguments: str) -> Ran:
    return ran(*arguments, desk=RealHouse())  # type: ignore[arg-type]


def asked(entry: Entry, **other: Any) -> Question:
    """The question of a line's first item, some of it otherwise; put together once more."""
    item = {**entry.items[0], **other}
    groups = item.get("groups", {})
    counted = (*groups.get("token", ()), *groups.get("claimed", ()))
    when = parse_instant(entry.body["instant"])
    named = (item["subject"], item["action"], item["kind"], item.get("id"), item.get("declared"), item.get("place"))
    return Question(*named, counted, when, item.get("known"))


def naive(entry: Entry, after: Snapshot) -> Iterator[tuple[Question, bool]]:
    """Each question of a line with its answer on record; of a whole list each name that could be in it."""
    body = entry.body
    began = entry.time - body["us"]
    for need in body.get("need", ()):
        kind, action = need.split(":")
        groups = tuple(body.get("caller_groups", ()))
        yield Question(body["caller"], action, kind, None, None, None, groups, began), need != body.get("refused")
        if need == body.get("refused"):
            break
    claimed = [item.get("groups", {}) for item in entry.items if {"claimed", "ignored"} & item.get("groups", {}).keys()]
    if body["permitted"] and claimed:
        groups, counted = tuple(body.get("caller_groups", ())), any("claimed" in each for each in claimed)
        yield Question(body["caller"], "vouch", "decision", None, None, None, groups, began), counted
    if "results" not in body:
        for item in entry.items:
            if item.get("verdict") in ("allow", "deny"):
                yield asked(entry._replace(body={**body, "items": [item]})), item["verdict"] == "allow"
        return
    there = body["results"]
    if body["op"] == "permitted-scopes":
        for scope in dict.fromkeys((*there, *after.chains)):
            there_ = "declared" if entry.items[0]["action"] == "create" else "known"
            yield asked(entry, **{"id": None, "declared": None, "known": None, there_: scope}), scope in there
        yield asked(entry, id=None, declared=None, known=None), body["unplaced"]
        return
    whole = body.get("first") and body["page"] == "last"
    known = dict(zip(there, body.get("known", [None] * len(there)), strict=True))
    every = list(there)
    if whole and possible(entry, after):
        every += [name for name in names(body, entry, after) if name not in there]
    for name in every:
        if body["sought"] == "resource":
            yield asked(entry, id=name, known=known.get(name)), name in there
        elif body["sought"] == "action":
            yield asked(entry, action=name), name in there
        else:
            yield asked(entry, subject=f"{body['type']}:{name}", groups={}), name in there


def names(body: Any, entry: Entry, after: Snapshot) -> list[str]:
    kind = entry.items[0]["kind"]
    if body["sought"] == "resource":
        return list(after.homes.get(kind, {}))
    if body["sought"] == "action":
        return list(after.vocabulary.get(kind, {}))
    subjects = {*after.grants, *after.memberships, *after.group_names}
    return [name.partition(":")[2] for name in subjects if name.startswith(f"{body['type']}:")]


def possible(entry: Entry, after: Snapshot) -> bool:
    """Of a thing that nobody knows nothing is listed."""
    item = entry.items[0]
    known = item.get("known") or item.get("declared") or after.homes.get(item["kind"], {}).get(item.get("id", ""))
    return entry.body["sought"] == "resource" or item["action"] == "create" or bool(known)


def test_flips_are_what_asking_everything_finds(kept: Kept) -> None:
    policies = {revision_of(files): Snapshot(read_policy(files)) for files in kept[1]}
    there, met = lines(kept), 0
    for after in policies.values():
        found: Sorted = Counter()
        tally = Tally(after)
        for entry in there:
            tally.take(entry, lambda *_: None)
            for question, allowed in naive(entry, after) if entry.items else ():
                becomes = decide(after, *question).allowed
                if becomes is not allowed:
                    found[(*question[:3], becomes)] += 1
        told: Sorted = Counter()
        for sort, flipped in tally.sorts.items():
            told[sort[:4]] += flipped.count
            assert flipped.after.allowed is sort.allowed and flipped.first <= flipped.last
        assert told == found
        assert tally.to_allow + tally.to_deny == sum(told.values()) and not tally.untold
        met += sum(told.values())
    assert met > 500


def test_by_its_own_policy_nothing_flips(kept: Kept) -> None:
    policies = {revision_of(files): Snapshot(read_policy(files)) for files in kept[1]}
    for entry in lines(kept):
        if entry.body["revision"]:
            assert not any(flips(entry, policies[entry.body["revision"]]))


def test_between_two_policies_every_flip_is_one_of_both(kept: Kept) -> None:
    before, after = (Snapshot(read_policy(kept[1][number])) for number in (0, 2))
    some = 0
    for entry in lines(kept):
        for flip in flips(entry, after, before):
            if flip is not None:
                assert decide(before, *flip.question).allowed is not flip.allowed
                assert decide(after, *flip.question).allowed is flip.allowed
                some += 1
    assert some > 100


def replayed(kept: Kept, *arguments: str) -> Ran:
    return really("journal", "replay", "--state", str(kept[0]), *arguments)


def test_flips_are_told_with_both_reasons(kept: Kept, tmp_path: Path) -> None:
    there = str(written(kept[1][1], tmp_path))
    found = replayed(kept, "--policy", there)
    assert (found.code, found.err) == (0, "")
    assert replayed(kept, "--policy", there, "--detailed-exitcode").code == 4
    assert "sorts of flips more; `--all` has them all" in found.out
    text = replayed(kept, "--policy", there, "--all").out
    told = json.loads(replayed(kept, "--policy", there, "--all", "--format", "json").out)
    assert told["policy"] == {"name": there, "revision": revision_of(kept[1][1])}
    assert len(told["flips"]) > 20 and sum(each["count"] for each in told["flips"]) == (
        told["deny_to_allow"] + told["allow_to_deny"]
    )
    for each in told["flips"]:
        after, before = each["reason_after"], each["reason_before"]
        assert after["revision"] == revision_of(kept[1][1]) and bool(after["lines"]) is (each["to"] == "allow")
        assert before is None or bool(before["lines"]) is (each["from"] == "allow")
        assert parse_instant(each["first"]) <= parse_instant(each["last"]) and each["example"]["line"] in text
    assert sum(each["reason_before"] is None for each in told["flips"]) < len(told["flips"]) / 4
    rows = replayed(kept, "--policy", there, "--format", "csv").out.splitlines()
    assert len(rows) == len(told["flips"]) + 1


def test_a_revision_that_was_live_can_be_asked(kept: Kept) -> None:
    by_number = json.loads(replayed(kept, "--revision", "2", "--format", "json").out)
    by_name = json.loads(replayed(kept, "--revision", revision_of(kept[1][1])[:9], "--format", "json").out)
    assert by_number["flips"] == by_name["flips"] and by_number["policy"]["revision"] == revision_of(kept[1][1])
    for arguments, said in (
        (("--revision", "99"), "was ever live"),
        (("--revision", "1", "--policy", "x"), "two policies"),
        (("--policy", "no-such-directory"), "neither a directory nor"),
    ):
        found = replayed(kept, *arguments)
        assert found.code == 2 and said in found.err


def test_without_a_database_flips_are_told_without_the_reasons_of_then(kept: Kept, tmp_path: Path) -> None:
    there = str(written(kept[1][1], tmp_path / "policy"))
    (tmp_path / "state").mkdir()
    journal = str(kept[0] / "journal")
    found = really(
        "journal", "replay", "--state", str(tmp_path / "state"), "--journal", journal, "--policy", there, "--format",
        "json", "--all",
    )  # fmt: skip
    told = json.loads(found.out)
    assert found.code == 0 and told["flips"] and not any(each["reason_before"] for each in told["flips"])
    same = json.loads(replayed(kept, "--policy", there, "--format", "json", "--all").out)
    assert [each["count"] for each in told["flips"]] == [each["count"] for each in same["flips"]]


def test_more_sorts_than_are_told_apart_are_counted(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_GROUPS > 100
    monkeypatch.setattr("remit.core.journal.flips.MOST_GROUPS", 3)
    after = Snapshot(read_policy(kept[1][1]))
    tally = Tally(after)
    for entry in lines(kept):
        tally.take(entry, lambda *_: None)
    counted = sum(each.count for each in tally.sorts.values())
    assert len(tally.sorts) == 3 and counted + tally.untold == tally.to_allow + tally.to_deny
    assert replayed_json(tally)["not_told_apart"] == tally.untold > 0
    told = f"and {tally.untold:,} flips of so many other sorts that they are not told apart"
    assert f"  … {told}" in replayed_lines(tally) and f"- … {told}" in replayed_markdown(tally)


def test_scripts_get_so_many_sorts_of_flips_and_people_are_told_how_many(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.cli.replayed.MOST_TOLD", 1)
    tally = Tally(Snapshot(read_policy(kept[1][1])))
    for entry in lines(kept):
        tally.take(entry, lambda *_: None)
    more = f"  … and {len(tally.sorts) - 1:,} sorts of flips more; `--format json` has "
    assert more + "them all" in replayed_lines(tally)
    monkeypatch.setattr("remit.cli.replayed.MOST_WRITTEN", 2)
    assert more + "2 sorts" in replayed_lines(tally) and len(replayed_json(tally)["flips"]) == 2


def plan_of(kept: Kept, tmp_path: Path, *arguments: str, head: dict[str, bytes] | None = None) -> Ran:
    base = written(kept[1][0], tmp_path / "base")
    there = written(head or kept[1][2], tmp_path / "head")
    return really("plan", str(base), str(there), "--state", str(kept[0]), *arguments)


def test_a_plan_says_what_of_what_was_asked_it_would_change(kept: Kept, tmp_path: Path) -> None:
    plain = plan_of(kept, tmp_path)
    for format in ("text", "markdown"):
        found = plan_of(kept, tmp_path, "--replay", "--format", format)
        assert (found.code, found.err) == (0, "") and "over " in found.out.lower()
    text = plan_of(kept, tmp_path, "--replay").out
    assert text.startswith(plain.out)
    told = json.loads(plan_of(kept, tmp_path, "--replay", "--format", "json").out)
    Draft202012Validator(SCHEMA).validate(told)
    tally = Tally(*(Snapshot(read_policy(kept[1][number])) for number in (2, 0)))
    for entry in lines(kept):
        tally.take(entry, lambda *_: None)
    replay = told["replay"]
    assert (replay["deny_to_allow"], replay["allow_to_deny"]) == (tally.to_allow, tally.to_deny)
    assert (replay["answers"], replay["not_replayable"]) == (tally.answers, tally.left) and tally.left
    assert text.splitlines()[-1] == (
        f"over {tally.answers:,} recorded answers since {replay['since']}: {tally.to_allow:,} deny→allow, "
        f"{tally.to_deny:,} allow→deny, {tally.left:,} not replayable"
    )
    assert all(each["reason_before"] for each in replay["flips"]), "both policies are at hand"


def test_what_was_asked_is_no_part_of_what_a_plan_is(kept: Kept, tmp_path: Path) -> None:
    """So a plan can be published that says it: the digest is that of the change alone."""
    told = json.loads(plan_of(kept, tmp_path, "--replay", "--format", "json", "--when", "2026-01-01").out)
    plain = json.loads(plan_of(kept, tmp_path, "--format", "json", "--when", "2026-01-01").out)
    assert digest_of(told) == told["digest"], "as whoever publishes it will have it"
    assert told.pop("replay") and told == plain
    digest = plain.pop("digest")
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    assert digest == hashlib.sha256(canonical.encode()).hexdigest()


def test_only_what_was_asked_since_then_counts(kept: Kept, tmp_path: Path) -> None:
    there = sorted(entry.body["time"] for entry in lines(kept))
    half = there[len(there) // 2]
    all_, some = (
        json.loads(plan_of(kept, tmp_path, "--replay", *more, "--format", "json").out)["replay"]
        for more in ((), ("--since", half))
    )
    assert 0 < some["answers"] < all_["answers"] and some["since"] >= half[:19]
    nothing = plan_of(kept, tmp_path, "--replay", "--since", "2026-11-20")
    assert nothing.out.splitlines()[-1] == "nothing is on record to be asked again"
    found = plan_of(kept, tmp_path, "--since", half)
    assert found.code == 2 and "`--since` goes with `--replay`" in found.err


def test_a_caller_that_may_not_ask_any_more_is_a_flip(kept: Kept, tmp_path: Path) -> None:
    """What remit itself lets do is decided by the same policy, so losing that is told too."""
    files = dict(kept[1][0])
    rules = files["policies/access_rules.csv"]
    files["policies/access_rules.csv"] = rules.replace(f"g, {CALLER}, decision-client, *\n".encode(), b"")
    assert files["policies/access_rules.csv"] != rules
    told = json.loads(plan_of(kept, tmp_path, "--replay", "--format", "json", head=files).out)["replay"]
    asks = {(each["subject"], each["action"], each["kind"], each["to"]) for each in told["flips"]}
    assert {(CALLER, "evaluate", "decision", "deny"), (CALLER, "search", "decision", "deny")} <= asks


def test_how_it_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small journal by hand, whose lines are the same each time."""
    head = {**FILES, "policies/access_rules.csv": FILES["policies/access_rules.csv"].replace(b"user:ada", b"user:eve")}
    journal = tmp_path / "journal" / "abcd1234"
    journal.mkdir(parents=True)
    (journal / "000000000001.jsonl").write_bytes(by_hand())
    for name, files in (("base", FILES), ("head", head)):
        written(files, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for format in ("text", "markdown"):
        found = really("plan", "base", "head", "--replay", "--state", ".", "--format", format, "--when", "2026-11-23")
        golden(f"replay/plan.{format}", found.out)
    for name, format in (("flips.txt", "text"), ("flips.csv", "csv")):
        golden(
            f"replay/{name}", really("journal", "replay", "--state", ".", "--policy", "head", "--format", format).out
        )


def test_groups_that_came_with_a_search_for_subjects_are_nobody_else_s() -> None:
    """Whoever is found is found by itself, so a group that came along grants it nothing."""
    item = {"subject": "", "action": "use", "kind": "environment", "declared": "project:nlp", "place": "project:nlp"}
    item["groups"] = {"claimed": ["group:science"]}  # type: ignore[assignment]
    body = {"op": "search", "sought": "subject", "type": "user", "results": ["bob"], "page": "next", "us": 0}
    body |= {"items": [item], "instant": "2026-10-01T12:00:00.000000Z", "caller": "user:ada", "permitted": True}
    entry = Entry("abcd1234", 1, parse_instant("2026-10-01T12:00:00Z"), "decision", body)
    vouch, flip = flips(entry, Snapshot(read_policy(FILES)))
    assert vouch is not None and vouch.question[:3] == ("user:ada", "vouch", "decision")
    assert flip is not None and not flip.allowed and flip.question[:1] == ("user:bob",)


def test_what_only_the_policy_before_would_list_is_a_flip_too() -> None:
    """Between two policies of which neither is the one on record."""
    item = {"subject": "user:ada", "action": "create", "kind": "environment"}
    body = {"op": "permitted-scopes", "results": [], "unplaced": False, "us": 0, "items": [item], "caller": "user:ada"}
    body |= {"instant": "2026-10-01T12:00:00.000000Z", "permitted": True}
    entry = Entry("abcd1234", 1, parse_instant("2026-10-01T12:00:00Z"), "decision", body)
    name = "policies/access_rules.csv"
    kept = [line for line in FILES[name].splitlines(keepends=True) if b"user:ada" not in line]
    without = {**{each: data for each, data in FILES.items() if "/cases/" not in each}, name: b"".join(kept)}
    some, none = Snapshot(read_policy(FILES)), Snapshot(read_policy(without))
    lost, gained = (list(filter(None, flips(entry, *pair))) for pair in ((none, some), (some, none)))
    assert [(each.question.declared, each.allowed) for each in lost] == [
        (each.question.declared, not each.allowed) for each in gained
    ]
    assert lost and not any(each.allowed for each in lost)


def by_hand() -> bytes:
    """Ada uses two things, Eve tries, and Bob asks where he may; what else was asked has no answer."""
    asked = {"action": "use", "kind": "environment", "place": "project:vision", "home": "project:vision"}
    ada = {"subject": "user:ada", **asked, "declared": "project:vision", "verdict": "allow", "code": "granted"}
    eve = {"subject": "user:eve", **asked, "declared": "project:vision", "verdict": "deny", "code": "unknown-subject"}
    bodies = [
        ("evaluate", {"items": [ada]}),
        ("evaluations", {"items": [ada, eve, {"verdict": "invalid", "why": "no question"}]}),
        ("permitted-scopes", {
            "items": [{"subject": "user:ada", "action": "create", "kind": "environment"}],
            "results": ["project:vision"], "unplaced": False,
        }),
    ]  # fmt: skip
    prev, text = START, b""
    for number, (name, more) in enumerate(bodies, 1):
        time = f"2026-10-0{number}T12:00:00.000000Z"
        body = {"time": time, "kind": "decision", "op": name, "caller": "user:ada", "revision": "0" * 64}
        body |= {"instant": time, "us": 0, "permitted": True, **more}
        line = line_of(prev, "abcd1234", number, json.dumps(body, separators=(",", ":")).encode())
        prev, text = leaf(line).hex(), text + line + b"\n"
    return text
