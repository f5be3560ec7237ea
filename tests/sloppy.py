"""Small policies as people type them: any spacing, padding, comments, empty lines, and times in every accepted way.

`sloppy(seed)` are files that load. What they say is decided before how they are written, so that lines meet each other:
few names, many lines.
"""

from __future__ import annotations

from random import Random

from policies import BASE

TIMES = (
    ("2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.0Z", "2026-01-01T00:00:00.000000Z"),
    ("2026-03-01T12:30:00Z", "2026-03-01T12:30:00.000Z"),
    ("2026-07-01T00:00:00.5Z", "2026-07-01T00:00:00.500000Z", "2026-07-01T00:00:00.50Z"),
    ("2027-01-01", "2027-01-01T00:00:00Z"),
)
"""Instants in order, each in ways to write it."""

SUBJECTS = ("user:ada", "user:bob", "application:bot", "group:g1", "group:g2")
GROUPS = ("group:g1", "group:g2", "group:g3")
SCOPES = ("*", "department:r", "project:a", "project:b")
PAIRS = (("environment", "view"), ("environment", "edit"), ("credentials", "view"), ("workload", "edit"))
ROLES = ("maker", "viewer", "keeper")
Rows = list[tuple[list[str], int]]
"""Rows, each with the number of columns up to which empty ones may be added."""


def sloppy(seed: int) -> dict[str, bytes]:
    """The files of this seed."""
    rng = Random(seed)
    tables = {
        "vocabulary": [([kind, action, rng.choice(("home", "place")), rng.choice(("", "do it", "a = b"))], 4)
                       for kind, action in PAIRS],
        "roles": _permissions(rng, ROLES[:2]),
        "service_roles": _permissions(rng, ROLES[2:]),
        "scopes": [(["g2", child, parent], 3) for child, parent in _tree(rng)],
        "groups": [_line(rng, rng.choice(SUBJECTS[:4]), "group:g3", "*") for _ in range(rng.randint(0, 4))],
        "access_rules": [_line(rng, rng.choice(SUBJECTS), rng.choice(ROLES), rng.choice((*SCOPES, "project:gone")))
                         for _ in range(rng.randint(0, 6))],
        "resources": [([f"environment:x{number}", rng.choice(SCOPES)], 2) for number in range(rng.randint(0, 3))],
        "constraints": _constraints(rng),
        "cases/some": _cases(rng),
    }  # fmt: skip
    texts = {f"policies/{name}.csv": _text(rng, rows).encode() for name, rows in tables.items()}
    return {"model.conf": BASE["model"].encode(), **texts}


def _permissions(rng: Random, roles: tuple[str, ...]) -> Rows:
    some = [(role, *rng.choice(PAIRS)) for role in roles for _ in range(rng.randint(1, 3))]
    return [(["p", role, rng.choice(SCOPES), kind, action], 5) for role, kind, action in some]


def _tree(rng: Random) -> list[tuple[str, str]]:
    edges = [("department:r", "*"), *((each, rng.choice(("*", "department:r"))) for each in SCOPES[2:])]
    rng.shuffle(edges)
    return edges


def _line(rng: Random, *names: str) -> tuple[list[str], int]:
    """A `g` row with a window and reasons, or with some of them, or with none."""
    begin, end = sorted(rng.sample(range(len(TIMES)), 2))
    window = [rng.choice(("", rng.choice(TIMES[begin]))), rng.choice(("", rng.choice(TIMES[end])))]
    reasons = [rng.choice(("", "T-1")), rng.choice(("", "user:boss")), rng.choice(("", "until the end  of it", "#1"))]
    return ["g", *names, *[*window, *reasons][: rng.choice((0, 0, 1, 2, 5))]], 9


def _constraints(rng: Random) -> Rows:
    rows: Rows = [
        (["at-most", "few", rng.choice(SCOPES), "few edit", "3", "environment:edit"], 7),
        (["requires", "both", "*", "", "maker", "viewer", "closed"], 7),
        (["never", "bots", "*", "", "workload:edit", "application:", "but", "group:g3"], 0),
        (["separate", "two", "*", "two eyes", "2", "maker", "viewer"], 0),
    ]
    grouped = [row for row in rows if "group:g3" not in row[0]]
    return rng.sample(grouped, rng.randint(0, 3))


def _cases(rng: Random) -> Rows:
    rows: Rows = []
    for _ in range(rng.randint(0, 5)):
        kind, action = rng.choice(PAIRS)
        match rng.randrange(4):
            case 0:
                rows.append((["exactly", action, kind, *rng.sample(ROLES, rng.randint(0, 3))], 9))
            case 1:
                cells, most = _line(rng, rng.choice(SUBJECTS), rng.choice((*ROLES, "group:g3")), rng.choice(SCOPES))
                rows.append((["given", *cells], most + 1))
            case 2:
                rows.append((["given", "g2", "project:new", "*"], 4))
            case _:
                place, at = rng.choice(("", *SCOPES)), rng.choice(([], [""], [rng.choice(rng.choice(TIMES))]))
                subject = rng.choice((*SUBJECTS, "maker@project:a"))
                rows.append(([rng.choice(("allow", "deny")), subject, action, kind, "*", place, *at], 7))
    return rows


def _text(rng: Random, rows: Rows) -> str:
    """Rows as a hasty hand writes them."""
    lines: list[str] = []
    for cells, most in rows:
        lines += rng.choices(("", "# a remark", "#  one, two  ", "#", ""), k=rng.choice((0, 0, 0, 1, 3)))
        padding = [""] * rng.randint(0, max(0, most - len(cells))) if rng.random() < 0.4 else []
        text, *rest = [*cells, *padding]
        lines.append(text + "".join(rng.choice((",", ", ")) + cell for cell in rest))
    return "".join(f"{line}\n" for line in [*lines, *rng.choices(("", "# the end"), k=rng.choice((0, 0, 2)))])
