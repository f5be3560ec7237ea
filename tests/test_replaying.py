"""Recorded questions decided again: every answer comes out as it is on record, and whatever is bent is found.

`REMIT_REPLAY=100000` asks for as many answers; it is 2,000 otherwise.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from commands import Ran, ran
from recorded import ORDER, record
from remit.adapters.journal.reading import entries
from remit.core.journal.entries import Entry, entry_of
from remit.core.journal.replaying import JUDGED, Replay, judged_again
from remit.core.model import Code
from remit.core.policy import read_policy, revision_of
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant, parse_instant
from remit.entry import RealHouse

ANSWERS = int(os.environ.get("REMIT_REPLAY", "2000"))

Body = dict[str, Any]


class Kept(NamedTuple):
    """A state directory with a journal in it, and the policies that were live, by their revisions."""

    state: Path
    order: list[dict[str, bytes]]
    snapshots: dict[str, Snapshot]

    def lines(self) -> list[Entry]:
        return [entry for entry in entries(self.state / "journal") if entry.kind in JUDGED]

    def replay(self, *arguments: str, state: Path | None = None) -> Ran:
        return ran("journal", "replay", "--state", str(state or self.state), *arguments, desk=RealHouse())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Much that was asked."""
    state = tmp_path_factory.mktemp("state")
    order = record(state, ANSWERS)
    return Kept(state, order, {revision_of(files): Snapshot(read_policy(files)) for files in order})


@pytest.fixture(scope="module")
def lines(kept: Kept) -> list[Entry]:
    return kept.lines()


def decided(lines: list[Entry]) -> Iterator[Entry]:
    """Those by which something was decided at all."""
    return (entry for entry in lines if entry.body["revision"])


def test_every_answer_comes_out_as_on_record(kept: Kept) -> None:
    found = kept.replay("--format", "json")
    assert (found.code, found.err) == (0, "")
    told = json.loads(found.out)
    assert told["identical"] and told["answers"] >= ANSWERS and not told["differences"] and not told["not_replayable"]
    assert told["revisions"] == sorted(kept.snapshots) and len(told["revisions"]) == len(set(ORDER))
    text = kept.replay()
    assert text.code == 0 and re.search(
        r"^[\d,]+ answers of [\d,]+ lines by 6 revisions: all of them as on record$", text.out, re.M
    )
    assert kept.replay("--format", "csv").out == "id,time,where,recorded,found\r\n"


def test_everything_is_in_the_journal_that_can_be(lines: list[Entry]) -> None:
    """Else the test above proves less than it says."""
    met: Counter[object] = Counter()
    for entry in lines:
        body = entry.body
        met[body["op"], body["permitted"], "failed" in body] += 1
        if "refused" in body and "need" in body:
            met["refused", len(body["need"])] += 1
        met["page", body.get("sought"), body.get("page"), body.get("first"), "known" in body] += 1
        for item in entry.items:
            met["item", entry.kind, item.get("verdict"), item.get("code")] += 1
            met.update(("has", name) for name in ("known", "declared", "place", "id", "home", "groups") if name in item)
            met.update(("groups", name) for name in item.get("groups", ()))
    wanted: list[object] = [("item", "decision", "allow" if code is Code.GRANTED else "deny", code) for code in Code]
    wanted += [("item", "decision", verdict, None) for verdict in (None, "invalid", "undecided")]
    wanted += [("item", "operation", verdict, None) for verdict in ("allow", "deny", "list", "missing")]
    wanted += [("refused", 2), ("refused", 1)]
    wanted += [("has", name) for name in ("known", "declared", "place", "id", "home", "groups")]
    wanted += [("groups", name) for name in ("token", "claimed", "ignored")]
    wanted += [
        (name, yes, False)
        for name in ("evaluate", "evaluations", "search", "permitted-scopes")
        for yes in (True, False)
    ]
    wanted += [
        ("evaluate", True, True),
        ("search", True, True),
        ("CreateAsset", False, False),
        ("GetAsset", True, False),
    ]
    wanted += [("page", sought, "last", True, False) for sought in ("subject", "resource", "action")]
    wanted += [("page", "resource", "next", None, True), ("page", "resource", "next", True, False)]
    assert not [each for each in wanted if not met[each]]
    assert len({entry.writer for entry in lines}) == 2


def test_the_instant_matters(kept: Kept, lines: list[Entry]) -> None:
    """Judged at the end of all, or by the policy before, many answers would be others."""
    late, other = max(entry.time for entry in lines) + 1, 0
    for entry in decided(lines):
        body = {**entry.body, "instant": format_instant(late), "time": format_instant(late + entry.body["us"])}
        moved = entry._replace(time=late + entry.body["us"], body=body)
        other += bool(judged_again(moved, kept.snapshots[entry.body["revision"]]).differences)
    assert other > len(lines) / 100, f"{other} of {len(lines)}"


def with_verdict(entry: Entry) -> bool:
    return any(item.get("verdict") in ("allow", "deny") for item in entry.items)


def _verdict(body: Body) -> None:
    item = next(each for each in body["items"] if each.get("verdict") in ("allow", "deny"))
    item["verdict"] = "deny" if item["verdict"] == "allow" else "allow"


def _code(body: Body) -> None:
    item = next(each for each in body["items"] if "code" in each)
    item["code"] = "no-role-here" if item["code"] != "no-role-here" else "no-permission"


def _home(body: Body) -> None:
    item = next(each for each in body["items"] if "home" in each)
    item["home"] = "project:elsewhere"


def _instant(body: Body) -> None:
    body["instant"] = format_instant(parse_instant(body["instant"]) - 1)


def _groups(frm: str, to: str) -> Callable[[Body], None]:
    def move(body: Body) -> None:
        groups = next(each["groups"] for each in body["items"] if frm in each.get("groups", {}))
        groups[to] = groups.pop(frm)

    return move


def _token(body: Body) -> None:
    next(each["groups"] for each in body["items"] if "token" in each.get("groups", {}))["token"].pop()


def _results(change: Callable[[list[str]], object]) -> Callable[[Body], object]:
    return lambda body: change(body["results"])


def _unplaced(body: Body) -> None:
    body["unplaced"] = not body["unplaced"]


def _permitted(body: Body) -> None:
    body["permitted"], body["refused"] = False, body["need"][0]


def _let(body: Body) -> None:
    body["permitted"] = True
    del body["refused"]


def _caller(body: Body) -> None:
    body["caller"] = "user:nobody-else"


def _set(**members: Any) -> Callable[[Body], None]:
    return lambda body: body.update(members)


def _known(body: Body) -> None:
    body["known"] = ["project:nowhere-at-all"] * len(body["known"])


def _nobody(body: Body) -> None:
    for item in body["items"]:
        item.pop("subject", None)


def came(name: str) -> Callable[[Entry], bool]:
    """Lines whose caller was let ask, and in which groups are on record as that."""
    return lambda entry: entry.body["permitted"] and any(name in item.get("groups", {}) for item in entry.items)


def listed(number: int) -> Callable[[Entry], bool]:
    """Lines with so many names in a list, none of which only a catalog knew."""
    return lambda entry: "results" in entry.body and len(entry.body["results"]) >= number and "known" not in entry.body


def needed(permitted: bool) -> Callable[[Entry], bool]:
    return lambda entry: entry.body["permitted"] is permitted and "need" in entry.body


def any_item(entry: Entry) -> bool:
    return bool(entry.items)


def own_instant(entry: Entry) -> bool:
    return bool(entry.items) and ("page" not in entry.body or "first" in entry.body)


def whole(entry: Entry) -> bool:
    return listed(1)(entry) and (entry.body.get("first"), entry.body.get("page")) == (True, "last")


def by_catalog(entry: Entry) -> bool:
    return "known" in entry.body and "place" not in entry.items[0]


MUTANTS: dict[str, tuple[Callable[[Entry], bool], Callable[[Body], object]]] = {
    "verdict": (with_verdict, _verdict),
    "code": (lambda entry: any("code" in item for item in entry.items), _code),
    "home": (lambda entry: any("home" in item for item in entry.items), _home),
    "home gone": (lambda entry: "home" in entry.items[0], lambda body: body["items"][0].pop("home")),
    "instant": (own_instant, _instant),
    "us": (own_instant, lambda body: body.update(us=body["us"] - 1)),
    "us gone": (any_item, lambda body: body.pop("us")),
    "claimed": (came("claimed"), _groups("claimed", "ignored")),
    "ignored": (came("ignored"), _groups("ignored", "claimed")),
    "token": (came("token"), _token),
    "a result gone": (whole, _results(lambda names: names.pop())),
    "a result gone in the middle": (listed(3), _results(lambda names: names.pop(1))),
    "a result more": (listed(0), _results(lambda names: names.append("nothing-of-the-sort"))),
    "results turned": (listed(2), _results(lambda names: names.reverse())),
    "the catalog's home": (by_catalog, _known),
    "unplaced": (lambda entry: "unplaced" in entry.body, _unplaced),
    "refused, on record": (needed(True), _permitted),
    "let, on record": (needed(False), _let),
    "need": (needed(False), _set(need=[])),
    "caller": (needed(True), _caller),
    "no item": (any_item, _set(items=[1])),
    "no subject": (with_verdict, _nobody),
}
"""What may be bent in a line: in which lines that can be, and how it is."""


@pytest.mark.parametrize("name", MUTANTS)
def test_what_is_bent_is_found(kept: Kept, lines: list[Entry], name: str) -> None:
    fits, bend = MUTANTS[name]
    tried = 0
    for entry in decided(lines):
        if not fits(entry) or tried == 25:
            continue
        body = deepcopy(dict(entry.body))
        bend(body)
        tried += 1
        snapshot = kept.snapshots[body["revision"]]
        assert not judged_again(entry, snapshot).differences
        assert judged_again(entry._replace(body=body), snapshot).differences, (entry.body, body)
    assert tried > 4, f"{tried} lines to try it on"


def test_another_subject_action_or_place_is_found_where_it_decides(kept: Kept, lines: list[Entry]) -> None:
    """What was asked cannot be told from what was not; but many a change of it changes the answer."""
    for member, value in (
        ("subject", "user:nobody"),
        ("action", "fly"),
        ("kind", "gadget"),
        ("declared", "project:none"),
    ):
        found = tried = 0
        for entry in decided(lines):
            for number, item in enumerate(entry.items):
                if item.get("verdict") == "allow" and entry.kind == "decision":
                    body = deepcopy(dict(entry.body))
                    body["items"][number][member] = value
                    tried += 1
                    found += bool(judged_again(entry._replace(body=body), kept.snapshots[body["revision"]]).differences)
        # a group that comes along may grant what its bearer is not known for
        assert tried and (found == tried or (member == "subject" and found > tried / 2)), (member, found, tried)


def changed(kept: Kept, tmp_path: Path, change: Callable[[bytes], bytes]) -> Path:
    """The state directory again, with one segment changed."""
    for path in kept.state.rglob("*"):
        if path.is_file():
            there = tmp_path / path.relative_to(kept.state)
            there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            there.write_bytes(path.read_bytes())
            there.chmod(0o600)
    segment = next(iter(sorted(tmp_path.rglob("*.jsonl"))))
    before = segment.read_bytes()
    segment.write_bytes(change(before))
    assert segment.read_bytes() != before
    return tmp_path


def test_a_changed_file_is_told_with_its_place_and_the_exit_code_is_6(kept: Kept, tmp_path: Path) -> None:
    bent = b'"verdict":"deny","code":"no-permission"'
    state = changed(kept, tmp_path, lambda data: data.replace(bent, b'"verdict":"allow","code":"granted"', 1))
    found = kept.replay(state=state)
    assert found.code == 6 and found.err == ""
    first, *rest = found.out.splitlines()
    assert re.fullmatch(
        r"! [0-9a-f]{8}-\d+  \S+Z  items\[\d+\]\.verdict: allow on record, deny \(no-permission\) by its revision",
        first,
    )
    assert rest[0].endswith(" by 6 revisions: 1 difference")
    (told,) = json.loads(kept.replay("--format", "json", state=state).out)["differences"]
    assert told["where"].endswith(".verdict") and (told["recorded"], told["found"]) == ("allow", "deny (no-permission)")
    assert len(kept.replay("--format", "csv", state=state).out.splitlines()) == 2
    many = changed(
        kept, tmp_path / "many", lambda data: data.replace(b'"code":"no-permission"', b'"code":"no-role-here"')
    )
    text = kept.replay(state=many)
    assert text.code == 6 and "`--all` has them all" in text.out
    shown = kept.replay("--all", state=many).out
    assert shown.count("items[") > 20 and "--all" not in shown


def test_only_what_is_chosen_is_decided_again(kept: Kept, lines: list[Entry]) -> None:
    half = format_instant(sorted(entry.time for entry in lines)[len(lines) // 2])
    told = [
        json.loads(kept.replay("--format", "json", *options).out)["lines"]
        for options in ((), ("--since", half), ("--until", half), ("--caller", "application:simple"))
    ]
    simple = sum(entry.body["caller"] == "application:simple" for entry in decided(lines))
    assert told[1] + told[2] == told[0] and 0 < told[1] < told[0] and told[3] == simple


def test_revisions_that_are_not_kept_are_counted_and_told(kept: Kept, tmp_path: Path) -> None:
    one = revision_of(kept.order[0])
    state = changed(kept, tmp_path, lambda data: data.replace(one.encode(), b"f" * 64))
    found = json.loads(kept.replay("--format", "json", state=state).out)
    (unknown,) = found["not_replayable"]
    assert unknown["revision"] == "f" * 64 and unknown["lines"] > 0 and "not in the database" in unknown["why"]
    text = kept.replay(state=state)
    assert text.code == 0 and re.search(
        r"not replayable: [\d,]+ lines by revision ffffffffffff: it is not in the data", text.out
    )


def test_nothing_is_not_taken_for_everything(kept: Kept, tmp_path: Path) -> None:
    """Nothing is wrong with no answer at all, so an empty journal is an error, and a choice of nothing says so."""
    for more in ((), ("--policy", "policies")):
        found = kept.replay("--journal", str(tmp_path / "elsewhere"), *more)
        assert found.code == 2 and "there is nothing of a journal in" in found.err and not found.out
    found = kept.replay("--subject", "user:nobody-at-all")
    assert found.code == 0 and "0 answers of 0 lines by 0 revisions: nothing was decided again" in found.out


def test_without_a_database_nothing_can_be_decided_again(kept: Kept, tmp_path: Path) -> None:
    found = kept.replay("--journal", str(kept.state / "journal"), state=tmp_path)
    assert found.code == 2 and "there is no database" in found.err


def test_what_is_no_time_is_told(tmp_path: Path) -> None:
    for option in ("--since", "--until"):
        found = ran("journal", "replay", option, "soon", "--state", str(tmp_path), desk=RealHouse())  # type: ignore[arg-type]
        assert found.code == 2 and f"`{option} soon` is not a UTC time" in found.err


def test_lines_without_an_answer_are_no_questions() -> None:
    replay = Replay(lambda _: None)
    line = b'{"prev":"%s","writer":"abcd","seq":1,"time":"2026-01-01T00:00:00.000000Z","kind":"%s","us":1}'
    for kind in (b"journal.closed", b"policy.activated"):
        replay.take(entry_of(line % (b"0" * 64, kind)))
    assert not replay.lines and not replay.unknown
