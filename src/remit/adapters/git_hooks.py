"""The hooks of a git repository that judge a policy before it is committed or pushed.

What is judged is what git has been given, the index or the commit, never the work tree. A hook runs remit by the
interpreter that installed it, and refuses if that is gone: a check that cannot be made has not passed.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from remit.errors import Conflict, Misconfigured

HOOKS = ("pre-commit", "pre-push")
MARK = "# written by `remit hook install`, and taken away by `remit hook uninstall`"
_HEAD = """\
#!/bin/sh
{mark}
set -eu
python={python} policy={policy} model={model}
[ -x "$python" ] || {{
    echo "remit: $python is gone, so the policy cannot be judged; run \\`remit hook install\\` again" >&2
    exit 1
}}
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
remit() {{
    "$python" -P -c 'from remit.entry import main; main()' "$@" --policy "$at/tree/$policy" --model "$at/tree/$model"
}}
judge() {{
    if git --literal-pathspecs ls-files --stage -- "$policy" "$model" | grep -v '^100' >&2; then
        echo "remit: a policy is made of regular files, and these are none" >&2
        exit 1
    fi
    rm -rf "$at/tree"
    git -c core.autocrlf=false -c core.eol=lf checkout-index --all --force --prefix="$at/tree/"
    remit lint >&2 || [ $? -eq 1 ] || exit 1  # 1 is warnings: they are shown
    remit fmt --check >&2 || {{ echo "remit: $1; run \\`remit fmt\\`" >&2; exit 1; }}
    remit test >&2 || {{ echo "remit: $1" >&2; exit 1; }}
}}
"""
_BODIES = {
    "pre-commit": """\
judge 'nothing is committed'
""",
    "pre-push": """\
top=$(git rev-parse --show-toplevel)
cd "$top"
while read -r _ commit name old; do
    [ -n "$(printf %s "$commit" | tr -d 0)" ] || continue  # a branch that is deleted
    if ! git cat-file -e "$commit:$policy" 2>/dev/null; then
        echo "remit: there is no policy in what goes to $name, so nothing is judged" >&2
        continue
    fi
    GIT_INDEX_FILE="$at/index"
    export GIT_INDEX_FILE
    git read-tree "$commit"
    judge 'nothing is pushed'
    git cat-file -e "$old:$policy" 2>/dev/null || continue  # there is no policy to compare with
    code=0
    "$python" -P -c 'from remit.entry import main; main()' plan "$old" "$commit" \\
        --policy "$policy" --model "$model" >&2 || code=$?
    [ "$code" -eq 0 ] || { echo "remit: nothing is pushed" >&2; exit 1; }
done
""",
}


def hook_text(name: str, policy: Path, model: Path) -> str:
    """The hook of this name for a policy in a repository. Raises Misconfigured if it lies in none."""
    top, _ = _places(policy)
    return _written(name, _relative(policy, top), _relative(model, top))


def _written(name: str, policy: Path, model: Path) -> str:
    """The text of a hook; the paths are those within the repository."""
    parts = {"python": sys.executable, "policy": policy.as_posix(), "model": model.as_posix()}
    return _HEAD.format(mark=MARK, **{key: shlex.quote(part) for key, part in parts.items()}) + _BODIES[name]


def install_hooks(names: Sequence[str], policy: Path, model: Path) -> list[str]:
    """Write these hooks into the repository around the policy, and say where. Written anew where they are remit's.

    Raises Conflict, and changes nothing, if there is a hook that is not, and Misconfigured if there is no repository.
    """
    top, hooks = _places(policy)
    within = [_relative(path, top) for path in (policy, model)]
    foreign = [name for name in names if not _ours(hooks / name)]
    if foreign:
        raise Conflict("\n".join(line for name in foreign for line in _by_hand(hooks / name, policy, model)))
    try:
        hooks.mkdir(parents=True, exist_ok=True)
        for name in names:
            beside = hooks / f".{name}.new"
            beside.write_text(_written(name, *within), encoding="utf-8")
            beside.chmod(0o755)
            beside.replace(hooks / name)
    except OSError as error:
        raise Misconfigured(f"`{error.filename}` cannot be written: {error.strerror}") from None
    return [str(hooks / name) for name in names]


def uninstall_hooks(policy: Path) -> list[str]:
    """Take away the hooks that remit wrote, and say which."""
    _, hooks = _places(policy)
    gone = [hooks / name for name in HOOKS if (hooks / name).exists() and _ours(hooks / name)]
    for path in gone:
        path.unlink()
    return [str(path) for path in gone]


def _ours(path: Path) -> bool:
    """True if there is no hook, or one that remit wrote."""
    if not path.exists() and not path.is_symlink():
        return True
    return not path.is_symlink() and MARK in path.read_text(encoding="utf-8", errors="replace").split("\n")[1:2]


def _by_hand(path: Path, policy: Path, model: Path) -> list[str]:
    """What to do about a hook that is somebody else's."""
    at = shlex.quote(str(path.with_name(f"remit-{path.name}")))
    where = f"--policy {shlex.quote(str(policy))} --model {shlex.quote(str(model))}"
    return [
        f"`{path}` is not remit's, and nothing is changed; to have both, run",
        f"  remit hook show {path.name} {where} > {at} && chmod +x {at}",
        f'and add to your hook the line: {at} "$@" || exit 1',
    ]


def _places(policy: Path) -> tuple[Path, Path]:
    """The top of the repository around a policy, and where its hooks are. Raises Misconfigured if there is none."""
    inside = policy if policy.is_dir() else policy.absolute().parent
    top = Path(_git(inside, "--show-toplevel"))
    hooks, common = (inside / _git(inside, *asked) for asked in (("--git-path", "hooks"), ("--git-common-dir",)))
    if not any(hooks.resolve().is_relative_to(place.resolve()) for place in (top, common)):
        raise Conflict(f"git looks for hooks in `{hooks}` (core.hooksPath), which is not of this repository alone")
    return top, hooks


def _relative(path: Path, top: Path) -> Path:
    try:
        return path.resolve().relative_to(top.resolve())
    except ValueError:
        raise Misconfigured(f"`{path}` does not lie in the git repository `{top}`") from None


def _git(inside: Path, *asked: str) -> str:
    """What `git rev-parse` says. Raises Misconfigured if there is no repository, or no git."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        found = subprocess.run(
            ["git", "rev-parse", *asked], cwd=inside, env=plain, capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        raise Misconfigured(f"there is no git repository around `{inside}`") from None
    return found.stdout.removesuffix("\n")
