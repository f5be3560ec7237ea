"""What nobody needed: over random policies and recorded questions, what is proposed flips none of them, and whatever
stays as used is needed by one. Judged by brute force, line by line, with the one walk over the policy that is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from readable import FILES, NOW
from remit.core.access import AccessRules
from remit.core.difference.plan import Version, version_of
from remit.core.journal import asked as asked_
from remit.core.journal.asked import Asked, asked, judged
from remit.core.journal.entries import Entry
from remit.core.journal.gathered import Gathered, gathered
from remit.core.journal.newness import begun_since, come_since
from remit.core.journal.proposal import Fate, Proposal, propose
from remit.core.journal.support import lines_of
from remit.core.model import ALWAYS, FOREVER, Origin, Question
from remit.core.omitting import without
from remit.core.policy import Policy, read_policy
from remit.core.search import allows, reach
from remit.core.snapshot import Snapshot
from remit.core.times import format_instant
from worlds import EDGES, World, questions_of, random_world
from writing import files_of

WORLDS = [range(start, start + 25) for start in range(40_000, 40_200, 25)]


def entry_of(question: Question, verdict: str = "allow", op: str = "evaluate", **more: Any) -> Entry:
    """A line of a journal about one question."""
    names = ("subject", "action", "kind", "id", "declared", "place", "known")
    values = (question.subject, question.action, question.kind, question.id, question.declared, question.place,
              question.known)  # fmt: skip
    item: dict[str, Any] = {name: value for name, value in zip(names, values, strict=True) if value is not None}
    if question.groups:
        item["groups"] = {"claimed": list(question.groups)}
    if verdict:
        item["verdict"] = verdict
    when = format_instant(question.when)
    kind = "operation" if verdict == "list" else "decision"
    body = {
        "time": when,
        "kind": kind,
        "op": op,
        "caller": "application:portal",
        "instant": when,
        "items": [item],
        **more,
    }
    return Entry("w", 1, question.when, kind, body)


def recorded(world: World, snapshot: Snapshot, rng: Random) -> Iterator[Entry]:
    """What might have been asked of this world: single questions, lists, permitted scopes, and searches."""
    for question in questions_of(world, 14):
        sort = rng.random()
        verdict = "allow" if allows(snapshot, question) else "deny"
        if sort < 0.7:
            yield entry_of(question, verdict)
        elif sort < 0.8:
            yield entry_of(question._replace(id=None, declared=None, known=None), "list", "ListAssets")
        elif sort < 0.9:
            bare = question._replace(id=None, declared=None, known=None)
            found = reach(snapshot, bare)
            yield entry_of(bare, "", "permitted-scopes", results=list(found.scopes), unplaced=found.unplaced)
        elif question.id is not None and verdict == "allow":
            sought = question._replace(id=None, known=None)
            yield entry_of(sought, "", "search", sought="resource", results=[question.id], page="last")


def plain(snapshot: Snapshot, entries: Iterable[Entry]) -> list[Question]:
    """The questions of these lines in full, as they were asked; of lists, one for every scope there is."""
    found: list[Question] = []
    for entry in entries:
        for one in asked(entry):
            question = one.question
            if one.everywhere and question.id not in snapshot.homes.get(question.kind, {}):
                bare = question._replace(id=None, known=None)
                found += [bare._replace(declared=scope) for scope in (None, *snapshot.chains)]
            else:
                found.append(question)
    return found


def proposed(
    policy: Policy, entries: Sequence[Entry], now: int, new: Iterable[Origin] = ()
) -> tuple[Version, Proposal]:
    constraints = "".join(f"{each.line()}\n" for each in policy.constraints)
    version = version_of({**files_of(policy), "policies/constraints.csv": constraints.encode()})
    found = gathered(Snapshot(version.policy), entries, now)
    return version, propose(version, list(found.questions()), new, now)


@pytest.mark.parametrize("seeds", WORLDS, ids=lambda seeds: str(seeds.start))
def test_no_recorded_question_flips_and_what_stays_is_needed(seeds: range) -> None:
    counts: Counter[str] = Counter()
    for seed in seeds:
        rng, world = Random(seed), random_world(seed)
        now = rng.choice((EDGES[0] - 2, EDGES[1] + 1, EDGES[2] + 1))
        before = Snapshot(world.policy)
        entries = list(recorded(world, before, rng))
        new = {line.origin for line in lines_of(world.policy) if rng.random() < 0.1}
        version, found = proposed(world.policy, entries, now, new)
        assert found.flips == ()
        gone = {line.origin for line in found.gone}
        assert gone.isdisjoint(new)
        after = Snapshot(read_policy({**version.files, **found.files}))
        questions = plain(before, entries)
        instants = {now, *(edge for edge in EDGES if edge > now)}
        every = {*questions, *(each._replace(when=when) for each in questions for when in instants)}
        allowed = [each for each in every if allows(before, each)]
        assert all(allows(after, each) for each in allowed)
        fates = {each.line.origin: each.fate for each in found.unneeded}
        for line in lines_of(world.policy):
            counts[fates.get(line.origin, "used")] += 1
            alone = _flips(before, version, {line.origin}, allowed)
            assert (line.origin in fates) is not alone, (seed, line)  # unneeded is what could go by itself
            if fates.get(line.origin, Fate.SPARE) is Fate.SPARE:  # used, and nothing else gives the same any more
                assert _flips(before, version, {*gone, line.origin}, allowed), (seed, line)
    assert min(counts[each] for each in ("used", Fate.GOES, Fate.SPARE, Fate.NEW)) >= 5, counts


def _flips(before: Snapshot, version: Version, gone: set[Origin], allowed: Sequence[Question]) -> bool:
    """Would any of these be denied without these lines? A role that has no permission left cannot be read, and gives
    nothing."""
    left = _left(version.policy, gone)
    judge = Snapshot(left)
    return not all(allows(judge, each) for each in allowed)


def _left(policy: Policy, gone: set[Origin]) -> Policy:
    return replace(
        policy,
        permissions=tuple(each for each in policy.permissions if each.origin not in gone),
        memberships=tuple(each for each in policy.memberships if each.origin not in gone),
        access_rules=AccessRules.of(each for each in policy.access_rules if each.origin not in gone),
        roles=tuple(dict.fromkeys((*(each.role for each in policy.permissions), *policy.access_rules.roles))),
    )


VISION = ("project:vision", "project:vision")


def ask(subject: str, action: str, when: int = NOW, **more: Any) -> Entry:
    return entry_of(Question(subject, action, "environment", None, *VISION, (), when)._replace(**more))


def fates(policy: Policy, *entries: Entry, new: Iterable[Origin] = (), now: int = NOW) -> dict[str, str]:
    _, found = proposed(policy, entries, now, new)
    assert found.flips == ()
    return {each.line.line(): each.fate for each in found.unneeded}


READABLE = read_policy(FILES)
LINES = [line.line() for line in lines_of(READABLE)]
CREATE, VIEW = "p, researcher, *, environment, create", "p, researcher, *, environment, view"
ADA = "g, user:ada, researcher, project:vision"
LAB, SCIENCE = "g, user:grace, group:lab, *", "g, group:lab, group:science, *, , 2027-01-01"


def more(**lines: str) -> Policy:
    """The readable policy with lines more."""
    return read_policy({**FILES, **{f"policies/{name}.csv": FILES.get(f"policies/{name}.csv", b"") + text.encode()
                                    for name, text in lines.items()}})  # fmt: skip


def test_what_one_question_needs_stays_and_all_else_goes() -> None:
    found = fates(READABLE, ask("user:ada", "create"))
    assert found == dict.fromkeys((line for line in LINES if line not in (CREATE, ADA)), Fate.GOES)


def test_a_denied_question_needs_nothing_but_what_today_allows_it_by() -> None:
    assert set(fates(READABLE, ask("user:ada", "edit"))) == set(LINES)
    denied_then = entry_of(Question("user:ada", "create", "environment", None, *VISION, (), NOW), "deny")
    assert set(LINES) - set(fates(READABLE, denied_then)) == {CREATE, ADA}


def test_memberships_are_needed_as_long_as_the_question_can_be_asked() -> None:
    nlp = {"declared": "project:nlp", "place": "project:nlp"}
    found = fates(READABLE, ask("user:grace", "view", **nlp))
    assert set(LINES) - set(found) == {VIEW, LAB, SCIENCE, "g, group:science, researcher, project:nlp"}


def test_a_group_that_came_with_a_token_needs_no_membership() -> None:
    nlp = {"declared": "project:nlp", "place": "project:nlp", "groups": ("group:science",)}
    found = fates(READABLE, ask("user:grace", "view", **nlp))
    assert set(LINES) - set(found) == {VIEW, "g, group:science, researcher, project:nlp"}


def test_of_two_lines_that_give_the_same_the_wider_one_goes() -> None:
    policy = more(access_rules="g, user:ada, researcher, department:research\n")
    found = fates(policy, ask("user:ada", "create"))
    assert found["g, user:ada, researcher, department:research"] is Fate.GOES
    assert found[ADA] is Fate.SPARE


def test_a_line_that_ends_gives_way_to_one_that_goes_on() -> None:
    """Both give the same today. Without the endless one she would be denied in a month what she may now."""
    policy = more(access_rules="g, user:eve, researcher, project:vision, 2026-01-01, 2027-01-01\n"
                  "g, user:eve, viewer, project:vision\n")  # fmt: skip
    found = fates(policy, ask("user:eve", "view"))
    assert "g, user:eve, viewer, project:vision" not in found
    assert found["g, user:eve, researcher, project:vision, 2026-01-01, 2027-01-01"] is Fate.GOES


def test_what_is_asked_again_later_counts() -> None:
    """A line that is over was used, and the next one is what the same question rests on from now on."""
    policy = more(access_rules="g, user:eve, viewer, project:vision, 2026-01-01, 2026-11-01\n"
                  "g, user:eve, viewer, project:vision, 2026-11-01\n")  # fmt: skip
    found = fates(policy, ask("user:eve", "view", NOW - 30 * 86_400_000_000))
    assert not [line for line in found if line.startswith("g, user:eve")]


def test_the_use_of_blocks_is_kept_as_a_whole() -> None:
    policy = more(
        vocabulary="workload, create, home, run one\n",
        roles="p, guide, project:nlp, workload, create\np, researcher, *, workload, create\n"
        "p, researcher, project:web, workload, create\np, researcher, project:web, environment, use\n",
    )
    found = fates(policy, ask("user:ada", "use"))
    assert found["p, researcher, *, workload, create"] is Fate.DUE
    assert found["p, guide, project:nlp, workload, create"] is Fate.GOES
    assert found["p, researcher, project:web, workload, create"] is Fate.GOES


def test_a_new_line_stays_and_so_does_what_declares_its_role() -> None:
    (gus,) = (line.origin for line in lines_of(READABLE) if line.line().startswith("g, user:gus"))
    found = fates(READABLE, ask("user:ada", "create"), new=[gus])
    assert (found["g, user:gus, guide, department:research"], found["p, guide, project:nlp, environment, use"]) == (
        Fate.NEW, Fate.DUE,
    )  # fmt: skip


def test_a_group_that_a_constraint_names_stays_known() -> None:
    policy = more(constraints="never, not-they, *, why, environment:edit, group:science\n")
    found = fates(policy, ask("user:ada", "create"))
    assert Fate.DUE in (found["g, group:science, researcher, project:nlp"], found[SCIENCE])


def test_no_constraint_is_broken_by_it() -> None:
    policy = more(groups="g, user:ada, group:trained, *\n",
                  constraints="requires, trained, project:vision, why, researcher, group:trained\n")  # fmt: skip
    found = fates(policy, ask("user:ada", "create"))
    assert found["g, user:ada, group:trained, *"] in (Fate.BOUND, Fate.DUE)
    other = more(groups="g, user:bob, group:trained, *\ng, user:ada, group:trained, *\n",
                 constraints="requires, trained, project:vision, why, researcher, group:trained\n")  # fmt: skip
    found = fates(other, ask("user:ada", "create"))
    assert found["g, user:ada, group:trained, *"] is Fate.BOUND


def test_who_asks_needs_to_be_let_ask() -> None:
    policy = more(
        vocabulary="decision, evaluate, home, ask\ndecision, vouch, home, vouch\n",
        service_roles="p, client, *, decision, evaluate\np, client, *, decision, vouch\n",
        access_rules="g, application:portal, client, *\n",
    )
    once = ask("user:ada", "create")
    assert fates(policy, once)["g, application:portal, client, *"] is Fate.GOES
    let = once._replace(body={**once.body, "need": ["decision:evaluate"]})
    found = fates(policy, let)
    assert "g, application:portal, client, *" not in found and "p, client, *, decision, evaluate" not in found
    assert found["p, client, *, decision, vouch"] is Fate.GOES
    claiming = ask("user:ada", "create", groups=("group:lab",))
    assert "p, client, *, decision, vouch" not in fates(policy, claiming)


def test_what_makes_no_sense_is_counted() -> None:
    wrong = ask("user:ada", "create")
    wrong.body["items"][0].pop("subject")  # type: ignore[attr-defined]
    found = gathered(Snapshot(READABLE), [wrong, Entry("w", 2, NOW, "journal.lost", {"records": 7})], NOW)
    assert (found.records, found.unread, found.lost, len(found)) == (0, 1, 7, 0)


def test_memory_goes_with_what_is_different() -> None:
    found = Gathered(Snapshot(READABLE), NOW)
    for number in range(1_000):
        found.take(ask("user:ada", "view", NOW + number, id=f"one of many {number}"))
    assert (found.records, len(found)) == (1_000, 1)


@pytest.mark.parametrize("most", [asked_.MOST_EXACT, 0])
def test_lists_are_asked_about_by_few_questions_that_say_it_all(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as these few are allowed, everything is that a list reaches: also where a thing is seen somewhere. Where
    they are too many, fewer say it, and say a little more."""
    monkeypatch.setattr(asked_, "MOST_EXACT", most)
    compared = stricter = 0
    for seed in range(60):
        world = random_world(seed)
        snapshot = Snapshot(world.policy)
        lesser = [Snapshot(_left(world.policy, {line.origin})) for line in lines_of(world.policy)]
        for question in questions_of(world, 12):
            bare = question._replace(id=None, declared=None, known=None)
            few = judged(snapshot, Asked(bare, True, everywhere=True))
            assert all(allows(snapshot, each) for each in few)
            due = reach(snapshot, bare)
            assert len(few) <= len(due.scopes) + due.unplaced
            for left in lesser:
                compared += 1
                same, still = reach(left, bare) == due, all(allows(left, each) for each in few)
                assert same or not still, (seed, bare)
                stricter += same and not still
    assert compared > 4_000 and (stricter > 0) is (most == 0)


def test_lines_that_came_since_are_new_wherever_they_stand() -> None:
    rules = FILES["policies/access_rules.csv"]
    now = {**FILES, "policies/access_rules.csv": b"# moved\ng,user:eve,viewer,*,,,T-1,user:bob,x\n" + rules}
    policy = read_policy(now)
    eve, bob = Origin("policies/access_rules.csv", 2), Origin("policies/access_rules.csv", 5)
    assert come_since(now, [FILES]) == {eve}
    assert come_since(now, []) == set()
    assert come_since(now, [{**now, "policies/access_rules.csv": b"g, user:eve, viewer, *\n" + rules}]) == set()
    without_bob = {**now, **without(now, [bob])}
    assert come_since(now, [now, without_bob, now]) == {bob}  # it was gone for a while
    assert {line.line() for line in lines_of(policy) if line.origin in begun_since(policy, 0)} == {
        "g, user:old, viewer, project:vision, 2030-01-01",
        "g, user:old, researcher, project:vision, 2001-01-01, 2002-01-01",
    }
    assert begun_since(policy, NOW) == {Origin("policies/access_rules.csv", 9)}
    assert (min(ALWAYS, NOW), max(FOREVER, NOW)) == (ALWAYS, FOREVER)


def test_a_question_that_rests_on_another_line_by_now_keeps_that_one() -> None:
    """Once the first line is gone, the question rests on the second one, which nobody else needs any more."""
    policy = more(
        roles="p, a, *, environment, create\np, b, *, environment, create\np, b, *, environment, view\n"
        "p, c, *, environment, view\np, c, *, environment, edit\n",
        access_rules="g, user:eve, a, department:research\ng, user:eve, b, project:vision\n"
        "g, user:eve, c, project:vision\ng, user:two, b, project:vision\ng, user:three, c, project:vision\n",
    )
    found = fates(
        policy,
        ask("user:eve", "create"), ask("user:eve", "view"), ask("user:eve", "edit"),
        ask("user:two", "create"), ask("user:three", "view"),
    )  # fmt: skip
    assert found["g, user:eve, a, department:research"] is Fate.GOES
    assert found["g, user:eve, b, project:vision"] is Fate.SPARE


def test_what_was_needed_is_judged_when_it_was_asked() -> None:
    """A later page of a search is judged at the instant of the first; what its caller needs is not."""
    page = entry_of(Question("user:ada", "view", "environment", None, *VISION, (), NOW - 9), "", "search",
                    sought="resource", results=["seen"], page="last", need=["decision:search"], us=4)  # fmt: skip
    needed, found = asked(page._replace(time=NOW))
    assert (needed.question.when, found.question.when) == (NOW - 4, NOW - 9)
    assert (needed.question.subject, needed.question.action, found.question.id) == (
        "application:portal",
        "search",
        "seen",
    )
