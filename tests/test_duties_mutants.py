"""The comparison of constraints with what they mean can fail: each fault put into their judge by hand is noticed."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from unittest.mock import patch

import pytest

from duties_worlds import Judge, constrained, crowded, wrong
from remit.core.duties import judge

CHAIN = ("holding", "breach", "headcount", "breaches", "duties")
"""What judging is made of, each built on those before it."""


class Fault(NamedTuple):
    """What is wrong, in which module, what is written there and what stands there instead; and how soon it shows."""

    fault: str
    module: str
    old: str
    new: str
    within: int = 60


ENOUGH = "constraint.n:\n        return None\n"
FAULTS = [
    Fault("roles held above do not reach in", "holding", "return scope in self.below or scope in self.chain",
          "return scope in self.below"),
    Fault("roles held below do not count", "holding", "return scope in self.below or scope in self.chain",
          "return scope in self.chain"),
    Fault("roles held beside it count", "holding", "return scope in self.below or scope in self.chain", "return True"),
    Fault("members of groups are not looked at", "holding", "found[member] = found.get(member, 0) | mask", "pass"),
    Fault("groups in groups are not looked at", "holding", "                waiting.append(member)\n", ""),
    Fault("only one of two groups counts", "holding", "found[member] = found.get(member, 0) | mask",
          "found[member] = mask", 200),
    Fault("holders below are not looked at", "holding", "{*area.chain, *area.below}", "{*area.chain}"),
    Fault("holders above are not looked at", "holding", "{*area.chain, *area.below}", "{*area.below}"),
    Fault("windows of memberships are not read", "holding", "turns |= {membership.since, membership.until}", "pass"),
    Fault("windows of access rules are not read", "holding", "turns |= {rule.since, rule.until}", "pass"),
    Fault("what ends is not noticed", "holding", "turns |= {rule.since, rule.until}", "turns |= {rule.since}"),
    Fault("windows of a group's access rules are not read", "holding",
          "for holder in (subject, *snapshot.groups_of.get(subject, ())):", "for holder in (subject,):"),
    Fault("only now is judged", "holding", "if turn > now", "if turn < now"),
    Fault("a right that a group has is not its members'", "holding",
          "holders_of(snapshot, subject, (), when)", "(subject,)"),
    Fault("a right narrowed to a scope is not seen", "holding", "*area.below.intersection(narrowed)", "", 200),
    Fault("a right held below is not seen", "holding",
          "    spots |= area.below.intersection(roles_in(snapshot, subject, area, backing.bits, when))\n", ""),
    Fault("a right that comes from above is not seen", "holding", "{area.scope, *area", "{*area"),
    Fault("permissions narrowed to a scope are forgotten", "holding", "        bits |= mask\n    return",
          "        pass\n    return"),
    Fault("what is had twice is counted once too often", "breaches", "if need & mask) >= constraint.n",
          "if need & mask) > constraint.n"),
    Fault("one more role is allowed", "breaches", f"< {ENOUGH}    lines = tuple", f"<= {ENOUGH}    lines = tuple"),
    Fault("one more right is allowed", "breaches", f"< {ENOUGH}    lines = [", f"<= {ENOUGH}    lines = ["),
    Fault("the other role may be held anywhere", "breaches",
          "others.keys().isdisjoint(snapshot.chains[deeper_of(snapshot, scope, area.scope) or scope])", "not others"),
    Fault("the other role is due where the one is held, not where it reaches in", "breaches",
          "snapshot.chains[deeper_of(snapshot, scope, area.scope) or scope]", "snapshot.chains[scope]", 200),
    Fault("the other role is not looked at", "breaches", "    if not lacking:\n", "    if True:\n"),
    Fault("a group that is due is not asked for", "breaches",
          "if constraint.other in holders_of(snapshot, subject, (), when):", "if False:"),
    Fault("the group is due of its members by themselves", "breaches",
          "if constraint.other in holders_of(snapshot, subject, (), when):", "if constraint.other == subject:"),
    Fault("groups are judged where they are not", "breaches", "(groups or not is_group(subject))", "True"),
    Fault("those who may are not exempt", "breaches", "if not set(constraint.but).isdisjoint(holders):", "if False:"),
    Fault("members of a group that may are not exempt", "breaches",
          "if not set(constraint.but).isdisjoint(holders):", "if subject in constraint.but:"),
    Fault("a group is of no type", "breaches", 'startswith((constraint.who, "group:"))', "startswith(constraint.who)"),
    Fault("a group stands for itself alone", "breaches", "or constraint.who in holders",
          "or constraint.who == subject"),
    Fault("everyone is nobody", "breaches", "constraint.who == EVERYONE or", ""),
    Fault("applications are people", "headcount", 'subject.startswith("user:")', "not is_group(subject)", 200),
    Fault("one more is allowed", "headcount", "if count > most:", "if count > most + 1:"),
    Fault("as many as allowed are too many", "headcount", "if count > most:", "if count >= most:"),
    Fault("the number is that at the beginning", "headcount", "(begun, max(peak, count)) if peak",
          "(begun, peak) if peak"),
    Fault("those who come later are not named", "headcount", "if start < until and since < end",
          "if start <= since and since < end"),
    Fault("closed refuses nobody", "headcount", "    if constraint.closed:\n", "    if False:\n"),
    Fault("neighbours are not merged", "breach", "open_[3:6] == fault[:3]", "False"),
    Fault("different faults are merged", "breach", "open_[3:6] == fault[:3]", "open_.verb == fault.verb", 200),
    Fault("the last fault of a subject is lost", "breach", "    if open_ is not None:\n        yield open_\n", "", 5),
    Fault("those of one fault at different times are one", "duties", "breach[1:6]", "breach[3:6]"),
]  # fmt: skip


def with_fault(fault: Fault | None) -> Judge:
    """The judge of constraints, made anew with this fault in it."""
    made: dict[str, ModuleType] = {}
    with patch.dict(sys.modules):
        for name in CHAIN:
            original = import_module(f"remit.core.{name}")
            text = Path(str(original.__file__)).read_text(encoding="utf-8")
            if fault is not None and name == fault.module:
                if text.count(fault.old) != 1:
                    raise ValueError(f"`{fault.fault}` applies {text.count(fault.old)} times; rewrite it")
                text = text.replace(fault.old, fault.new)
            made[name] = ModuleType(original.__name__)
            sys.modules[original.__name__] = made[name]
            exec(compile(text, f"<{name}>", "exec"), made[name].__dict__)
    return made["duties"].judge  # type: ignore[no-any-return]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.fault)
def test_a_fault_in_the_judge_is_noticed(fault: Fault) -> None:
    faulty = with_fault(fault)
    worlds = (world for seed in range(fault.within) for world in (constrained(seed), crowded(seed)))
    assert any(any(wrong(*world, faulty)) for world in worlds)


def test_the_judge_made_anew_is_the_judge() -> None:
    again = with_fault(None)
    assert again is not judge
    assert not any(any(wrong(*constrained(seed), again)) for seed in range(60))


def test_a_fault_that_no_longer_applies_is_an_error() -> None:
    with pytest.raises(ValueError, match="applies 0 times; rewrite it"):
        with_fault(Fault("nothing", "duties", "no such text", ""))
