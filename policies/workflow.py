"""`python -I -m policies.workflow github|gitlab OPTION...`: the gate as a step of a workflow.

What is asked for comes from the environment, because a workflow's inputs are texts that no shell shall read: `PATHS`,
`VAR_FILES`, `PARAMS`, `WAIVERS`, `CONFIGURATION`, `EXACT` and `BASE`, as `action.yml` describes them. The options are
those of `policies check` that say where reports go.

What the gate prints speaks of files that somebody else wrote, and GitHub takes commands from what a step prints: at
the start of a line after blanks (`::name::`), and anywhere in it (`##[name]`). So commands are switched off while the
gate speaks, its two outputs are one, and each line begins with a bar.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import glob
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cloudmart_support import git, processes
from cloudmart_support.problem import Problem, guarded

HOSTS: Final = ("github", "gitlab")
_BAR: Final = "| "


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gate; its exit code, or 2 where it cannot be told what to judge."""
    host, *options = [*(sys.argv[1:] if arguments is None else arguments), ""]
    if host not in HOSTS:
        print(f"error: the first argument is the host, {' or '.join(HOSTS)}, not {host!r}", file=sys.stderr)
        return 2
    token = secrets.token_hex(16)
    if host == "github":
        _say(f"::stop-commands::{token}")
    try:
        return guarded(lambda: _told(lambda: _run(options[:-1])))
    finally:
        if host == "github":
            _say(f"::{token}::")


def _told(run: Callable[[], int]) -> int:
    """Tell a problem on stdout, where the commands are known to be off."""
    try:
        return run()
    except Problem as problem:
        for line in f"error: {problem}".splitlines():
            _say(_BAR + shown(line))
        return 2


def _say(line: str) -> None:
    print(line.encode(sys.stdout.encoding, "backslashreplace").decode(sys.stdout.encoding), flush=True)


def _run(options: Sequence[str]) -> int:
    paths = listed(os.environ.get("PATHS", ""))
    if not paths:
        raise Problem(
            "no paths are given, so that nothing was judged: name folders, files or plans in `paths`"
        )
    with processes.stoppable(), processes.temporary_folder("policies-") as folder:
        wanted = [*_asked(folder), *options]
        command = [sys.executable, "-I", "-m", "policies", "check", *wanted, "--", *map(_literally, paths)]
        with processes.started(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as gate:
            assert gate.stdout is not None
            for line in gate.stdout:
                _say(_BAR + shown(line.removesuffix("\n")))
            return gate.wait()


def listed(text: str) -> list[str]:
    """The paths of an input: one a line, or several on a line with blanks between them.

    A line in double quotes is one path, whatever is in it; so is a line with blanks that exists as a path, unless
    one of its words does too.

    Raises:
        Problem: a line may be read in two ways.
    """
    paths: list[str] = []
    for line in (one.strip(" \t\r") for one in text.split("\n")):
        words = line.split()
        if len(line) > 2 and line[0] == line[-1] == '"':
            paths.append(line[1:-1])
        elif len(words) > 1 and os.path.lexists(line):
            if any(os.path.lexists(word) for word in words):
                raise Problem(
                    f"{line!r} exists as a path, and so does a word of it: put each path on a line of its own, "
                    "in double quotes where it holds blanks"
                )
            paths.append(line)
        else:
            paths.extend(words)
    return paths


def _literally(path: str) -> str:
    """A path for the gate, to which a name with a star in it is no pattern here."""
    return path if os.path.lexists(path) else glob.escape(path)


def _asked(folder: Path) -> list[str]:
    """The gate's options out of the environment; files of the base are put into `folder`."""
    options = []
    base = os.environ.get("BASE", "")
    for name in ("params", "waivers"):
        value = os.environ.get(name.upper(), "")
        if value and base:
            value = str(_of_base(base, value, folder / f"{name}.toml"))
        if value:
            options.append(f"--{name}={value}")
    options += [f"--var-file={file}" for file in listed(os.environ.get("VAR_FILES", ""))]
    if value := os.environ.get("CONFIGURATION", ""):
        options.append(f"--configuration={value}")
    exact = os.environ.get("EXACT", "")
    if exact not in ("", "false", "true", "try"):
        raise Problem(f"`exact` is true, false or try, not {exact!r}")
    if exact in ("true", "try"):
        options.append("--exact" if exact == "true" else "--exact=try")
    return options


def _of_base(base: str, file: str, copy: Path) -> Path:
    """A file as it is at a commit, put into `copy`; an empty one where that commit does not have it.

    Whoever proposes a change could accept its findings in the same change otherwise.

    Raises:
        Problem: git does not know the commit.
    """
    here = Path.cwd()
    unknown = f"the base {base!r} is not there (actions/checkout fetches it with fetch-depth: 0)"
    name = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}"]
    commit = git.ask(name, here, unknown).decode().strip()
    wanted = f"{file}: it cannot be read at {base}"
    entry = git.ask(["ls-tree", "-z", commit, "--", file], here, wanted)
    # "MODE blob ID<tab>PATH"
    text = git.ask(["cat-file", "blob", entry.split()[2].decode()], here, wanted) if entry else b""
    copy.write_bytes(text)
    return copy


def shown(line: str) -> str:
    """A line without anything that a terminal or a runner obeys."""
    visible = (c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in line)
    return "".join(visible).replace("##[", "## [")


if __name__ == "__main__":
    sys.exit(main())
