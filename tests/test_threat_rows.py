"""Proves rows 5 to 9 and 46 of the threat table over HTTP: no name is taken for another, whatever it is made to look
like, and names that nobody knows leave nothing behind.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any

import pytest

from asking import YES, entity, question
from lookalikes import BLANK, DELIMITERS, GRANTED, PIECES, PLACED, tricked, variants
from policies import files
from server import EVALUATIONS, Running


@pytest.fixture(scope="module")
def tricky(serve: Callable[..., Running]) -> Running:
    """A server over a policy whose names hold delimiters, capitals and accents."""
    verbs = [f"{kind}, {action}, home, do it" for kind in ("environment", "image") for action in ("use", "edit")]
    return serve(
        files(
            vocabulary=_lines(verbs),
            roles=_lines(f"p, user-of-all, *, {kind}, use" for kind in ("environment", "image")),
            scopes="g2, department:research, *\ng2, project:vision, department:research\n",
            access_rules=_lines(f"g, {type_}:{id}, user-of-all, project:vision" for type_, id in GRANTED),
            resources=_lines(f"{kind}:{id}, project:vision" for kind, id in PLACED),
        )
    )


def _lines(lines: Any) -> str:
    return "".join(f"{line}\n" for line in lines)


def verdicts(pdp: Running, questions: list[dict[str, Any]], size: int = 200) -> list[bool]:
    """The answers to many questions, asked in batches that each hold one which is allowed."""
    found: list[bool] = []
    for at in range(0, len(questions), size):
        items = [*questions[at : at + size], YES]
        answer = pdp.ask({"evaluations": items}, EVALUATIONS)
        assert answer.status_code == 200, answer.text
        *answers, good = answer.json()["evaluations"]
        assert good == {"decision": True}
        assert len(answers) == len(items) - 1
        assert all(one.get("context", {}).get("error", {"status": 400})["status"] == 400 for one in answers)
        found += [one["decision"] for one in answers]
    return found


def never(pdp: Running, questions: list[dict[str, Any]], at_least: int) -> None:
    """None of these questions, of which there are enough, is answered with yes."""
    assert len(questions) >= at_least
    for asked, allowed in zip(questions, verdicts(pdp, questions), strict=True):
        assert not allowed, asked


def subject(type_: str, id: str) -> dict[str, Any]:
    return {**YES, "subject": {"type": type_, "id": id}}


def resource(kind: str, id: str) -> dict[str, Any]:
    return {**YES, "resource": {"type": kind, "id": id}}


@pytest.mark.parametrize(
    "id", ["researcher", "role:researcher", "user:role:researcher", "p", "g", "user-of-all", "r.sub"]
)
def test_row_5_a_user_named_like_a_role_has_none_of_it(pdp: Running, tricky: Running, id: str) -> None:
    for server in (pdp, tricky):
        never(server, [subject(type_, id) for type_ in ("user", "role", "group", "p", "g", "user:ada", "Role", "")], 8)
        assert not server.decides(subject("user", id))


def joined(random: Random) -> str:
    """Pieces of names, joined by what might be mistaken for the end of one."""
    text = random.choice(PIECES)
    for _ in range(random.randrange(4)):
        text += random.choice(DELIMITERS if random.random() < 0.6 else [":"]) + random.choice(PIECES)
    return text


@pytest.mark.parametrize("seed", range(4))
def test_row_6_no_two_names_are_one(tricky: Running, seed: int) -> None:
    random = Random(seed)
    types, kinds = ["user", "group", "robot", "application"], ["environment", "image"]
    people = [(random.choice(types if random.random() < 0.7 else PIECES), joined(random)) for _ in range(2_500)]
    things = [(random.choice(kinds if random.random() < 0.7 else PIECES), joined(random)) for _ in range(2_500)]
    asked = [subject(*name) for name in people] + [resource(*name) for name in things]
    due = [name in GRANTED for name in people] + [name in PLACED for name in things]
    assert verdicts(tricky, asked) == due
    assert 50 < sum(due) < len(due) / 2


def test_row_6_parts_may_not_be_moved_across_the_seam(tricky: Running) -> None:
    for names, ask in ((GRANTED, subject), (PLACED, resource)):
        whole = [":".join(name) for name in names]
        cuts = {(text[:at], text[at + skip :]) for text in whole for at in range(1, len(text)) for skip in (0, 1)}
        never(tricky, [ask(*cut) for cut in sorted(cuts - set(names))], 80)


def test_row_7_what_looks_like_a_granted_name_is_not_it(tricky: Running) -> None:
    for type_, id in GRANTED:
        assert tricky.decides(subject(type_, id))
        never(tricky, [subject(type_, other) for other in variants(id) if (type_, other) not in GRANTED], 50)
        never(tricky, [subject(other, id) for other in variants(type_) if (other, id) not in GRANTED], 50)


def test_row_7_holds_for_every_kind_of_name(tricky: Running) -> None:
    never(tricky, [resource("environment", other) for other in variants("seen")], 80)
    never(tricky, [resource(other, "seen") for other in variants("environment")], 90)
    never(tricky, [question(action=other) for other in variants("use")], 80)
    new = [question(resource=entity("environment:new", scope=other)) for other in variants("project:vision")]
    never(tricky, new, 100)
    assert tricky.decides(question(resource=entity("environment:new", scope="project:vision")))
    groups = [question(entity("user:zoe", groups=[other])) for other in variants("a")]
    assert tricky.decides(question(entity("user:zoe", groups=["a"])))
    never(tricky, groups, 50)


FIELDS = ["subject.type", "subject.id", "action.name", "resource.type", "resource.id"]
SCOPES = ["resource.properties.scope", "context.project", "context.scope"]


@pytest.mark.parametrize(("path", "text"), list(product([*FIELDS, *SCOPES, "groups"], BLANK)))
def test_row_8_a_blank_or_a_star_is_no_name(pdp: Running, path: str, text: str) -> None:
    body: dict[str, Any] = question(
        entity("user:ada", groups=["x"]), resource=entity("environment:new", color="red"), context={}
    )
    *way, last = ["subject", "properties", "groups"] if path == "groups" else path.split(".")
    at = body
    for name in way:
        at = at[name]
    at[last] = [text] if path == "groups" else text
    answer = pdp.ask(body)
    if text == "*" and path in SCOPES:  # the name of the root: a scope like any other, and nobody's own
        assert answer.content == b'{"decision":false}'
    else:
        assert answer.status_code == 400


def test_row_9_path_tricks_lead_nowhere(pdp: Running) -> None:
    scopes = [*tricked("project:vision"), *tricked("department:research")]
    placed = question(resource=entity("environment:new", scope="project:vision"))
    assert verdicts(pdp, [placed, question(context={"project": "project:vision"})]) == [True, True]
    never(pdp, [question(resource=entity("environment:new", scope=scope)) for scope in scopes], 500)
    never(pdp, [question(context={name: scope}) for scope in scopes for name in ("project", "scope")], 1_000)
    never(pdp, [question("user:ida", "edit", entity("environment:new", scope=scope)) for scope in scopes], 500)
    never(pdp, [resource("environment", id) for id in tricked("seen")], 200)
    never(pdp, [resource(kind, "seen") for kind in tricked("environment")], 200)
    never(pdp, [question(action=action) for action in tricked("use")], 200)
    never(pdp, [subject("user", id) for id in tricked("ada")], 200)


def test_row_46_unknown_names_leave_nothing_behind(pdp: Running) -> None:
    snapshot: Any = pdp.snapshot
    sizes = {name: _size(getattr(snapshot, name)) for name in snapshot.__slots__}
    random = Random(3)
    for _ in range(400):
        names = [f"{random.getrandbits(64):x}" for _ in range(250)]
        asked = [question(f"user:{n}", n, f"{n}:{n}", context={"project": f"project:{n}"}) for n in names[:50]]
        asked += [question(f"{n}:{n}", resource=f"environment:{n}") for n in names[50:150]]
        asked += [
            question(entity(f"user:{n}", groups=[n]), "view", entity(f"environment:{n}", scope=f"project:{n}"))
            for n in names[150:]
        ]
        assert not any(verdicts(pdp, asked, 250))
    assert {name: _size(getattr(snapshot, name)) for name in snapshot.__slots__} == sizes


def _size(value: Any) -> tuple[int, int]:
    """How many things a table holds, one level down too, and how much memory the table itself takes."""
    if not isinstance(value, dict):
        return 0, sys.getsizeof(value)
    return sum(len(inner) if isinstance(inner, dict | tuple) else 1 for inner in value.values()), sys.getsizeof(value)
