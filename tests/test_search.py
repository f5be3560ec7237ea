"""Proves that a search lists exactly what deciding one by one allows (threat row 18): over random worlds with groups in
groups, windows, narrowed permissions, scopes that left the tree and homes from a catalog, whole and page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from random import Random
from typing import Any

import pytest

from remit.core import search
from remit.core.model import ALWAYS, FOREVER, ROOT, Question
from remit.core.pdp import decide
from remit.core.snapshot import Snapshot
from worlds import World, policy_of, questions_of, random_world

WORLDS = 400
CHUNKS = 8
QUESTIONS = 60
compared: dict[str, list[int]] = {}
"""By search: how many answers were held against a decision, and how many of those were yes."""


def named(snapshot: Snapshot) -> set[str]:
    """Every subject that a line of the policy names."""
    return {*snapshot.grants, *snapshot.memberships, *snapshot.group_names}


def allowed(snapshot: Snapshot, question: Question) -> bool:
    return decide(snapshot, *question).allowed


def count(what: str, due: list[Any], all_: int) -> None:
    tally = compared.setdefault(what, [0, 0])
    tally[0] += all_
    tally[1] += len(due)


def found_among(judged: Iterable[tuple[str, bool]]) -> list[str]:
    return [name for name, allowed in judged if allowed]


def check_subjects(snapshot: Snapshot, question: Question) -> None:
    for type_ in ("user", "group", "application", "robot"):
        some = sorted(name for name in named(snapshot) if name.startswith(f"{type_}:"))
        due = [name for name in some if allowed(snapshot, question._replace(subject=name, groups=()))]
        assert found_among(search.subjects(snapshot, type_, question)) == due, question
        count("subjects", due, len(some))
        for last in due[:1] + due[-1:]:
            assert found_among(search.subjects(snapshot, type_, question, last)) == due[due.index(last) + 1 :]


def check_resources(snapshot: Snapshot, question: Question) -> None:
    known = [(entry[0], id) for id, entry in snapshot.homes.get(question.kind, {}).items()]
    question = question._replace(known=None)
    due = sorted(each for each in known if allowed(snapshot, question._replace(id=each[1])))
    assert list(search.resources(snapshot, question)) == due, question
    count("resources", due, len(known))
    for last in due:
        assert list(search.resources(snapshot, question, last)) == due[due.index(last) + 1 :]


def check_actions(snapshot: Snapshot, question: Question) -> None:
    verbs = list(snapshot.vocabulary.get(question.kind, {}))
    due = [action for action in verbs if allowed(snapshot, question._replace(action=action))]
    assert list(search.actions(snapshot, question)) == due, question
    count("actions", due, len(verbs))


def check_reach(snapshot: Snapshot, question: Question) -> None:
    unknown = question._replace(id="never heard of", known=None)
    due = [scope for scope in snapshot.chains if allowed(snapshot, unknown._replace(declared=scope))]
    found = search.reach(snapshot, question)
    assert found == (tuple(sorted(due)), allowed(snapshot, unknown._replace(declared=None))), question
    count("reach", due, len(snapshot.chains))


@pytest.mark.parametrize("most", [1, 2, 3])
def test_it_does_not_matter_how_candidates_are_listed(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_LISTS", most)
    for seed in range(60):
        world = random_world(seed)
        snapshot = Snapshot(world.policy)
        for question in questions_of(world, 30):
            check_subjects(snapshot, question)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_searches_list_what_deciding_one_by_one_allows(chunk: int) -> None:
    compared.clear()
    each = WORLDS // CHUNKS
    for seed in range(chunk * each, (chunk + 1) * each):
        world = random_world(seed)
        snapshot = Snapshot(world.policy)
        for question in questions_of(world, QUESTIONS):
            for check in (check_subjects, check_resources, check_actions, check_reach):
                check(snapshot, question)
    for what, (all_, yes) in compared.items():
        assert all_ > 5_000 and 0.04 < yes / all_ < 0.7, (what, all_, yes)


def test_nothing_is_stored_by_asking() -> None:
    snapshot = Snapshot(random_world(7).policy)
    directory = snapshot.directory
    before = repr([getattr(directory, name) for name in directory.__slots__])
    for question in questions_of(random_world(7), 200):
        search.reach(snapshot, question)
        list(search.subjects(snapshot, "user", question))
        list(search.resources(snapshot, question))
    assert before == repr([getattr(directory, name) for name in directory.__slots__])
    assert snapshot.directory is directory


def test_a_page_costs_what_it_holds_and_not_what_is_held() -> None:
    """Of many holders only as many are judged as the page has room for, and those of other roles are not proposed."""
    many = 2_000
    rules = [(f"user:{i:05}", "r1" if i % 2 else "r2", "project:p", ALWAYS, FOREVER) for i in range(many)]
    policy = policy_of(
        [("r1", ROOT, "environment", "edit"), ("r2", ROOT, "workload", "edit")], rules, {"project:p": ROOT}
    )
    snapshot = Snapshot(policy)
    judged = 0
    plain = search.allows

    def counting(*arguments: Any) -> bool:
        nonlocal judged
        judged += 1
        return plain(*arguments)

    search.allows = counting  # type: ignore[assignment]
    try:
        question = Question("", "edit", "environment", declared="project:p")
        page = found_among(islice(search.subjects(snapshot, "user", question, "user:01000"), 10))
    finally:
        search.allows = plain  # type: ignore[assignment]
    assert page == [f"user:{i:05}" for i in range(1001, 1021, 2)]
    assert judged == 10


def mutants() -> Iterator[tuple[str, Callable[[pytest.MonkeyPatch], None]]]:
    """Ways to get the searches wrong, each of which the comparison above must notice."""
    yield "no members", lambda patch: patch.setattr(search, "_memberships", lambda *_: iter(()))
    yield "any proposal", lambda patch: patch.setattr(search, "allows", lambda *_: True)
    yield (
        "permissions of the root only",
        lambda patch: patch.setattr(search, "_somewhere", lambda pair: pair.anywhere),
    )
    yield "what is held at the root only", lambda patch: patch.setattr(search, "held_at", _held_at_root)
    yield "all roles are in force", lambda patch: patch.setattr(search, "timed_bits", lambda s, *_: s.all_roles)
    yield "after is forgotten", lambda patch: patch.setattr(search, "typed", lambda n, t, _="": _typed(n, t))


_typed, _held = search.typed, search.held_at


def _held_at_root(*arguments: Any) -> dict[str, int]:
    return {scope: roles for scope, roles in _held(*arguments).items() if scope == ROOT}


@pytest.mark.parametrize("name", [name for name, _ in mutants()])
def test_a_wrong_search_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dict(mutants())[name](monkeypatch)
    rng = Random(1)
    with pytest.raises(AssertionError):
        for seed in range(100):
            _compare(random_world(rng.randrange(10_000) + seed))


def _compare(world: World) -> None:
    snapshot = Snapshot(world.policy)
    for question in questions_of(world, 40):
        check_subjects(snapshot, question)
        check_resources(snapshot, question)
        check_reach(snapshot, question)
