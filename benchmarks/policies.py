"""Policies of any size for the benchmarks: the shipped roles over many subjects, projects and access rules."""

from __future__ import annotations

import random
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROLES = ("l1-researcher", "l2-researcher", "ml-engineer", "research-manager", "editor", "environment-administrator")


def files(rules: int, per_subject: int = 10, timed: bool = True) -> dict[str, bytes]:
    """The files of a policy with `rules` access rules, `per_subject` to a subject, one in four with a window."""
    chance = random.Random(rules)
    departments = max(2, min(100, rules // 1_000))
    projects = max(4, min(2_000, rules // 100))
    scopes = [f"g2, department:d{d}, *" for d in range(departments)]
    scopes += [f"g2, project:p{p}, department:d{p % departments}" for p in range(projects)]
    lines = []
    for subject in range(max(1, rules // per_subject)):
        spots = chance.sample(range(projects), min(per_subject, projects))
        for number in range(per_subject):
            scope = f"project:p{spots[number % len(spots)]}"
            window = ", 2026-01-01, 2027-01-01" if timed and number % 4 == 3 else ""
            lines.append(
                f"g, user:person{subject}@example.com, {ROLES[(subject + number) % len(ROLES)]}, {scope}{window}"
            )
    return {
        "model.conf": (HERE / "model.conf").read_bytes(),
        **{
            f"policies/{name}.csv": (HERE / "policies" / f"{name}.csv").read_bytes()
            for name in ("vocabulary", "roles", "service_roles")
        },
        "policies/scopes.csv": ("\n".join(scopes) + "\n").encode(),
        "policies/access_rules.csv": ("\n".join(lines[:rules]) + "\n").encode(),
    }
