"""What holds of every explanation in every world: the lines named on an allow are enough and none of them is idle,
the line suggested on a deny grants, where none is suggested none would do, and nothing is named that is not there.

Lines are taken at their word: they are read back by the strict reader, as an admin would paste them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import pytest

from naive import Naive
from remit.core.access import AccessRules
from remit.core.explain import explain
from remit.core.model import (
    ALWAYS,
    FOREVER,
    ROOT,
    AccessRule,
    Advice,
    Code,
    Explanation,
    Ground,
    Origin,
    Question,
    Witness,
)
from remit.core.oracle import Oracle
from remit.core.pdp import decide
from remit.core.policy import REQUIRED, Policy, read_policy
from remit.core.snapshot import Snapshot
from worlds import World, questions_of, random_world
from writing import files_of

SEEDS = [range(start, start + 16) for start in range(20_000, 20_080, 16)]
"""Worlds other than those of the other proofs, in chunks."""

QUESTIONS = 50
RULES = "policies/access_rules.csv"
ADDED = Origin(RULES, 9_999)
UNPLACED, STRANDED, ANY_PROJECT = "no known home", "has left the scope tree", "in any one project would do"

over_worlds = pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: str(seeds.start))


class Told(NamedTuple):
    """A question of a world, its decision, and what is said of it."""

    world: World
    question: Question
    found: Witness
    said: Explanation


@lru_cache(maxsize=8)
def told(seeds: range) -> tuple[Told, ...]:
    """Every question of these worlds, decided and explained."""
    everything = []
    for seed in seeds:
        world = random_world(seed)
        snapshot = Snapshot(world.policy)
        for question in questions_of(world, QUESTIONS):
            found = decide(snapshot, *question)
            everything.append(Told(world, question, found, explain(snapshot, question, found)))
    return tuple(everything)


def allowed(seeds: range) -> Iterator[tuple[World, Question, tuple[Ground, ...]]]:
    return ((world, question, said.lines) for world, question, found, said in told(seeds) if found.allowed)


def denied(seeds: range) -> Iterator[tuple[World, Question, Advice]]:
    for world, question, found, said in told(seeds):
        if not found.allowed:
            assert said.advice is not None
            yield world, question, said.advice


def of_lines(lines: tuple[Ground, ...], model: bytes) -> Policy:
    """The policy of these lines and no others, read from their text."""
    texts = dict.fromkeys(REQUIRED, b"")
    for line in lines:
        texts[line.origin.file] = texts.get(line.origin.file, b"") + f"{line.text}\n".encode()
    return read_policy({"model.conf": model, **texts})


def verdicts(policy: Policy, question: Question) -> tuple[bool, bool]:
    """What the snapshot and Casbin say."""
    return decide(Snapshot(policy), *question).allowed, Oracle(policy, question.when).allows(question)


def grants(policy: Policy, subject: str, role: str, scope: str, question: Question) -> bool:
    """Is the answer yes once the subject holds the role in the scope?"""
    rule = AccessRule(subject, role, scope, ALWAYS, FOREVER, ADDED)
    more = replace(policy, access_rules=AccessRules.of([*policy.access_rules, rule]))
    return decide(Snapshot(more), *question).allowed


@over_worlds
def test_an_explanation_is_of_the_decision_it_explains(seeds: range) -> None:
    for world, question, found, said in told(seeds):
        assert (said.allowed, said.code) == (found.allowed, found.code)
        assert said.revision == world.policy.revision
        assert bool(said.lines) is said.allowed is (said.advice is None)
        assert sorted(said.counted) == sorted(Naive(world.policy).counted(question) - {question.subject})
    assert len({each.said.code for each in told(seeds)}) == len(Code), "a code that never comes up proves nothing"


@over_worlds
def test_the_lines_of_an_allow_grant_by_themselves(seeds: range) -> None:
    for world, question, lines in allowed(seeds):
        alone = of_lines(lines, files_of(world.policy)["model.conf"])
        assert verdicts(alone, question) == (True, True), (world.seed, question, lines)
    assert sum(1 for _ in allowed(seeds)) > 150


@over_worlds
def test_each_line_of_an_allow_is_needed(seeds: range) -> None:
    memberships = 0
    for world, question, lines in allowed(seeds):
        alone = of_lines(lines, files_of(world.policy)["model.conf"])
        assert len(alone.permissions) == len(alone.access_rules) == 1
        fewer = [replace(alone, permissions=()), replace(alone, access_rules=AccessRules.of(()))]
        for gone in alone.memberships:
            memberships += 1
            fewer.append(replace(alone, memberships=tuple(each for each in alone.memberships if each != gone)))
        for policy in fewer:
            assert verdicts(policy, question) == (False, False), (world.seed, question, lines)
    assert memberships > 10


@over_worlds
def test_each_line_of_an_allow_stands_where_it_says(seeds: range) -> None:
    for world, _, lines in allowed(seeds):
        texts = {name: data.decode().splitlines() for name, data in files_of(world.policy).items()}
        assert len(set(lines)) == len(lines)
        for line in lines:
            written = texts[line.origin.file][line.origin.line - 1]
            assert written.removesuffix(", ") == line.text.removesuffix(", "), (world.seed, line)


@over_worlds
def test_a_suggested_line_is_read_and_grants(seeds: range) -> None:
    suggested = 0
    for world, question, advice in denied(seeds):
        assert (advice.suggestion is None) is (advice.no_suggestion is not None)
        if advice.suggestion is not None:
            files = files_of(world.policy)
            files[RULES] += f"{advice.suggestion}\n".encode()
            policy = read_policy(files)
            assert len(policy.access_rules) == len(world.policy.access_rules) + 1
            assert verdicts(policy, question) == (True, True), (world.seed, question, advice.suggestion)
            suggested += 1
    assert suggested > 50


@over_worlds
def test_a_suggestion_gives_no_more_than_it_must(seeds: range) -> None:
    for world, question, advice in denied(seeds):
        if advice.suggestion is None:
            continue
        _, subject, role, scope = advice.suggestion.split(", ")
        policy, naive = world.policy, Naive(world.policy)
        assert subject == question.subject
        sizes = Counter(permission.role for permission in policy.permissions)
        for less in (other for other in policy.roles if sizes[other] < sizes[role]):
            assert not grants(policy, subject, less, scope, question), (world.seed, question, advice.suggestion, less)
        if question.action != "view" or question.place is not None:
            for below in (other for other in policy.parents if other != scope and naive.covers(scope, other)):
                assert not grants(policy, subject, role, below, question), (world.seed, question, below)
        if scope == ROOT:
            known = question.place if question.action == "create" else naive.recorded(question)
            assert ROOT in (question.declared, known), (world.seed, question)


@over_worlds
def test_where_no_line_is_suggested_none_would_do_but_for_the_reason_given(seeds: range) -> None:
    """Every access rule that the subject could be given is tried."""
    reasons: Counter[str] = Counter()
    for world, question, advice in denied(seeds):
        if (why := advice.no_suggestion) is None:
            continue
        scopes = (ROOT, *world.policy.parents)
        granting = {
            scope
            for scope in scopes
            for role in world.policy.roles
            if grants(world.policy, question.subject, role, scope, question)
        }
        reason = next((known for known in (UNPLACED, STRANDED, ANY_PROJECT) if known in why), "none would")
        reasons[reason] += 1
        due = {"none would": set(), ANY_PROJECT: set(scopes)}.get(reason, granting & {ROOT})
        assert granting == due, (world.seed, question, why)
    assert reasons["none would"] and reasons[UNPLACED]


@over_worlds
def test_the_nearest_miss_is_really_held(seeds: range) -> None:
    for world, question, found, said in told(seeds):
        if said.advice is None or said.advice.nearest is None:
            assert found.code is not Code.NO_PERMISSION, (world.seed, question)
            assert said.advice is None or not said.advice.access_rules
            continue
        (rule,) = said.advice.access_rules
        assert rule in list(world.policy.access_rules)
        assert rule.since <= question.when < rule.until
        assert rule.subject in Naive(world.policy).counted(question)
        assert said.advice.nearest.startswith(f"holds `{rule.role}` in `{rule.scope}`")
        by_group = f"by way of `{rule.subject}`" in said.advice.nearest
        assert by_group is (rule.subject != question.subject)


@over_worlds
def test_lines_out_of_time_are_those_that_would_grant_without_their_window(seeds: range) -> None:
    lapsed = 0
    for world, question, advice in denied(seeds):
        counted = Naive(world.policy).counted(question)
        due = [
            rule
            for rule in world.policy.access_rules
            if rule.subject in counted
            and not rule.since <= question.when < rule.until
            and grants(world.policy, rule.subject, rule.role, rule.scope, question)
        ]
        assert list(advice.lapsed) == due, (world.seed, question)
        assert all(", 20" in rule.line() for rule in due), "a line out of time shows its window"
        lapsed += len(due)
    assert lapsed > 10


@over_worlds
def test_sentences_read_as_messages_do(seeds: range) -> None:
    for each in told(seeds):
        sentences = [each.said.sentence]
        if (advice := each.said.advice) is not None:
            sentences += filter(None, (advice.nearest, advice.no_suggestion))
        for sentence in sentences:
            assert sentence == sentence.strip()
            assert sentence.isprintable(), sentence
            assert not sentence[0].isupper(), sentence
            assert not sentence.endswith((".", "!")), sentence
            assert sentence.count("`") % 2 == 0, sentence
