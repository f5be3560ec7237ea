"""`python tests/fuzz.py --seconds N [--seed S]`: random worlds against Casbin, on every core, for as long as asked.

Prints how many decisions were compared and how many of them Casbin allows. A difference is printed with its seed,
its question and the few lines that are enough for it, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from judging import QUESTIONS, compare, judge
from remit.core.access import AccessRules
from remit.core.model import Question
from remit.core.pdp import decide
from remit.core.policy import Policy
from remit.core.snapshot import Snapshot
from worlds import questions_of, random_world
from writing import lines_of


class Catch(NamedTuple):
    """What one process found: worlds tried, decisions compared, how many were allows, and a text per bad world."""

    worlds: int
    compared: int
    allowed: int
    reports: tuple[str, ...]


def hunt(
    first: int,
    step: int,
    seconds: float,
    decide: Callable[..., Any] = decide,
    build: Callable[[Policy], Any] = Snapshot,
) -> Catch:
    """Try the worlds first, first + step, … for so many seconds, at least one; stop early at a difference."""
    end = time.monotonic() + seconds
    worlds = compared = allowed = 0
    seed = first
    while True:
        world = random_world(seed)
        questions = questions_of(world, QUESTIONS)
        try:
            tally = compare(world.policy, questions, judge(world.policy, questions), decide, build)
        except Exception as error:
            error.add_note(f"in random_world({seed})")
            raise
        worlds, compared, allowed = worlds + 1, compared + tally.compared, allowed + tally.allowed
        if tally.different:
            text = report(seed, world.policy, tally.different[0], decide, build)
            return Catch(worlds, compared, allowed, (text,))
        if time.monotonic() >= end:
            return Catch(worlds, compared, allowed, ())
        seed += step


def report(
    seed: int, policy: Policy, question: Question, decide: Callable[..., Any], build: Callable[[Policy], Any]
) -> str:
    """The difference as a person can repeat it: seed, question, both answers, and the lines that are enough."""
    policy = smallest(policy, lambda some: bool(compare(some, [question], judge(some, [question]), decide, build)[2]))
    verdict = "allow" if judge(policy, [question])[0] else "deny"
    said = decide(build(policy), *question).code
    lines = [
        f"random_world({seed})",
        f"  {question}",
        f"  Casbin says {verdict}, remit says {said}, also of this alone:",
    ]
    for name, some in lines_of(policy).items():
        if name != "policies/vocabulary.csv":
            lines += [f"  {name}: {line}" for line in some]
    return "\n".join(lines)


def smallest(policy: Policy, differs: Callable[[Policy], bool]) -> Policy:
    """The policy without every line that the difference can do without."""
    shrunk = True
    while shrunk:
        shrunk = False
        for candidate in one_line_less(policy):
            if differs(candidate):
                policy, shrunk = candidate, True
                break
    return policy


def one_line_less(policy: Policy) -> Iterator[Policy]:
    """Each policy that lacks one permission, membership, access rule or home."""
    for name in ("permissions", "memberships"):
        lines = getattr(policy, name)
        for index in range(len(lines)):
            yield replace(policy, **{name: lines[:index] + lines[index + 1 :]})
    rules = list(policy.access_rules)
    for index in range(len(rules)):
        yield replace(policy, access_rules=AccessRules.of(rules[:index] + rules[index + 1 :]))
    for kind, some in policy.homes.items():
        for id in some:
            fewer = {other: home for other, home in some.items() if other != id}
            yield replace(policy, homes={**policy.homes, kind: fewer})


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Compare remit with Casbin on random worlds.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, help="the first world; at random if not given")
    options = parser.parse_args(arguments)
    first = secrets.randbelow(10**9) if options.seed is None else options.seed
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes) as pool:
        go = partial(hunt, step=processes, seconds=options.seconds)
        catches = list(pool.map(go, range(first, first + processes)))
    worlds, compared, allowed = (sum(catch[field] for catch in catches) for field in range(3))
    reports = [text for catch in catches for text in catch.reports]
    say = sys.stdout.write
    say(f"{worlds} worlds from seed {first}: {compared} decisions compared, {allowed} of them allows, ")
    say(f"{len(reports)} different\n" if reports else "none different\n")
    for text in reports:
        say(f"{text}\n")
    return 1 if reports else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
