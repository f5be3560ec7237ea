"""One word for one thing, held by machine: what the glossary has no use for turns up in no name, no text, no comment of
a policy and not on the first page.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from house import ROOT, Function, Module, modules

BANNED = {
    "domain": "say scope; Casbin's word stays where Casbin is fed",
    "dom": "say scope; Casbin's word stays where Casbin is fed",
    "obj": "say kind; Casbin's word stays where Casbin is fed",
    "acl": "say permissions and access rules",
    "grantee": "say subject",
    "principal": "say subject",
    "resource group": "say scope",
    "tenant": "say scope",
    "namespace": "say scope",
    "entitlement": "say permission",
    "privilege": "say permission",
    "role assignment": "say access rule",
    "role binding": "say access rule",
    "whitelist": "say what is allowed",
    "blacklist": "say what is refused",
}
"""Words with no meaning here, each with the word there is for it."""

RULE = "a rule is an access rule or a permission: say which"
TO_CASBIN = (
    "src/remit/core/modelconf.py",
    "src/remit/core/oracle.py",
    "src/remit/core/bringing/models.py",
    "src/remit/core/bringing/lines.py",
    "model.conf",
)
CASBINS = ("domain", "dom", "obj")
PHRASES = ("RBAC with domains", "/access-rules", "/me/access-rules")
"""What other people's things are called, by them."""

BY_OTHERS = {
    ("src/remit/web/shapes/meta.py", "tenant"): "the published interface's word for what remit calls all projects",
    ("src/remit/cli/blocks.py", "tenant"): "the same word, sent to where that interface is spoken",
    ("src/remit/adapters/manifests/meta.py", "namespace"): "Kubernetes' word for where its objects are",
    ("src/remit/adapters/cluster_calls.py", "namespace"): "the same, in its addresses",
}
"""Words of other people's interfaces, each in the one file that speaks it."""

RULES_BY_OTHERS = {"src/remit/cli/sinks/sarif.py": "SARIF's word for what a code stands for"}
"""Files that write another format's word for something else, each with the reason."""

OTHER_RULES = {
    "src/remit/core/codes.py: Rule": "what a finding's code stands for: a rule of remit's own, never of a policy",
    "src/remit/core/codes.py: RULES": "the same, all of them",
    "src/remit/cli/linting.py: rule": "the verb of `remit rule R013`, which prints a page about such a code",
}
"""Names that say rule without more, each with the reason why that will do."""

VERBS = {("src/remit/cli/app.py", "rule")}
"""Where the verb of `remit rule R013` is named alone: it is the issue's word for a page about a finding's code."""


class Said(NamedTuple):
    """A name or a text: where it stands and what it says; `name` is empty for a text."""

    file: str
    line: int
    text: str
    name: str = ""


def said_in(module: Module) -> Iterator[Said]:
    """Every name that a module gives, and every text in it."""
    tree = module.tree()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | Function):
            yield Said(module.file, node.lineno, spoken(node.name), node.name)
        elif isinstance(node, ast.arg):
            yield Said(module.file, node.lineno, spoken(node.arg), node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield Said(module.file, node.lineno, spoken(node.id), node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Said(module.file, node.lineno, node.value)
    yield Said(module.file, 1, spoken(module.name.replace(".", "_")), module.name)


def defined_in(module: Module) -> Iterator[Said]:
    """The names that others read: classes, functions, fields and what stands at the head of a module."""
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.ClassDef | Function):
            yield Said(module.file, node.lineno, spoken(node.name), node.name)
        for inner in node.body if isinstance(node, ast.Module | ast.ClassDef) else ():
            targets = [inner.target] if isinstance(inner, ast.AnnAssign) else getattr(inner, "targets", [])
            for target in targets:
                if isinstance(target, ast.Name):
                    yield Said(module.file, target.lineno, spoken(target.id), target.id)


def messages_in(module: Module) -> Iterator[Said]:
    """The texts that people other than developers may read: all but docstrings."""
    tree = module.tree()
    silent = {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in silent:
            yield Said(module.file, node.lineno, node.value)


def written_in(path: Path) -> Iterator[Said]:
    """The comments of a policy file or a model, or the text of a page."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if path.suffix == ".md" or line.startswith("#"):
            yield Said(path.relative_to(ROOT).as_posix(), number, line)


def spoken(name: str) -> str:
    """A name as its words: `AccessRule` and `access_rule` are both `access rule`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).strip()


def banned(said: Said) -> list[str]:
    """The words in a name or a text that have no meaning here."""
    text = said.text
    for phrase in PHRASES:
        text = text.replace(phrase, "")
    return [
        f"{said.file}:{said.line} says `{word}` in `{said.name or said.text.strip()[:60]}`: {why}"
        for word, why in BANNED.items()
        if re.search(rf"\b{word.replace(' ', '[ _-]')}s?\b", text, re.IGNORECASE)
        and not (word in CASBINS and said.file in TO_CASBIN)
        and (said.file, word) not in BY_OTHERS
    ]


def bare(said: Said) -> bool:
    """Does it speak of a rule without saying of what sort?"""
    if (said.file, said.text) in VERBS:
        return False
    text = said.text
    for phrase in PHRASES:
        text = text.replace(phrase, "")
    return bool(re.search(r"(?<!access[ _-])(?<!remit )\brules?\b(?! \d)", text, re.IGNORECASE))


MODULES = modules()
POLICIES = [path for place in ("policies", "src/remit/starter") for path in sorted(ROOT.glob(f"{place}/**/*.csv"))]
PAGES = [path for path in (ROOT / "README.md", ROOT / "model.conf", *POLICIES) if path.exists()]


def test_no_banned_word_is_said() -> None:
    said = [each for module in MODULES for each in said_in(module)] + [
        each for page in PAGES for each in written_in(page)
    ]
    assert len(said) > 3_000
    found = [fault for each in said for fault in banned(each)]
    assert not found, "\n".join(found)


def test_a_rule_is_never_just_a_rule_in_what_people_read() -> None:
    said = [each for module in MODULES for each in messages_in(module)] + [
        each for page in PAGES for each in written_in(page)
    ]
    said = [each for each in said if each.file not in RULES_BY_OTHERS]
    found = [f"{each.file}:{each.line} `{each.text.strip()[:80]}`: {RULE}" for each in said if bare(each)]
    assert not found, "\n".join(found)


def test_a_rule_is_never_just_a_rule_in_names() -> None:
    found = {f"{each.file}: {each.name}" for module in MODULES for each in defined_in(module) if bare(each)}
    assert found <= OTHER_RULES.keys(), f"{RULE}: {sorted(found - OTHER_RULES.keys())}"
    assert found == OTHER_RULES.keys(), f"named well by now, so no exception: {sorted(OTHER_RULES.keys() - found)}"


@pytest.mark.parametrize(
    "text",
    [
        "domain = 1",
        "def domain_of(): ...",
        "class TenantScope: ...",
        "def f(grantee): ...",
        "x = 'the ACL of a project'",
        "'Resource groups.'",
        "for principal in (): ...",
        "x: RoleBinding = 1\nclass RoleBinding: ...",
    ],
)
def test_a_banned_word_is_noticed(text: str) -> None:
    module = Module("remit.core.x", "src/remit/core/x.py", text)
    assert len([fault for each in said_in(module) for fault in banned(each)]) == 1


def test_casbins_words_may_stand_where_casbin_is_fed_and_nowhere_else() -> None:
    text = "x = 'sub, dom, obj, act'"
    assert not [fault for each in said_in(Module("remit.core.oracle", TO_CASBIN[1], text)) for fault in banned(each)]
    assert [
        fault for each in said_in(Module("remit.core.pdp", "src/remit/core/pdp.py", text)) for fault in banned(each)
    ]


@pytest.mark.parametrize(
    ("text", "noticed"),
    [
        ("x = 'no rule grants'", True),
        ("x = 'two rules'", True),
        ("x = 'no access rule grants'", False),
        ("x = 'policies/access_rules.csv'", False),
        ("x = 'see remit rule R013'", False),
        ("x = 'covered-access-rule'", False),
        ("x = 'rule'", True),
        ("'''A rule, in a docstring (design §4, rule 5).'''", False),
    ],
)
def test_a_bare_rule_in_a_message_is_noticed(text: str, noticed: bool) -> None:
    module = Module("remit.core.x", "src/remit/core/x.py", text)
    assert any(bare(each) for each in messages_in(module)) is noticed


@pytest.mark.parametrize(
    ("text", "noticed"),
    [
        ("class Rule: ...", True),
        ("def rules_of(): ...", True),
        ("RULES = 1", True),
        ("class Advice:\n    rules: int", True),
        ("class AccessRule: ...", False),
        ("def access_rules(): ...", False),
        ("def f(rule):\n    rules = rule", False),
    ],
)
def test_a_bare_rule_in_a_name_is_noticed(text: str, noticed: bool) -> None:
    module = Module("remit.core.x", "src/remit/core/x.py", text)
    assert any(bare(each) for each in defined_in(module)) is noticed
