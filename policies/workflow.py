"""`python -I -m policies.workflow github|gitlab OPTION...`: the gate as a step of a workflow.

What is asked for comes from the environment, because a workflow's inputs are texts that no shell shall read: `PATHS`,
`RECURSIVE`, `VAR_FILES`, `CONFIG`, `PARAMS`, `WAIVERS`, `BASELINE`, `COMMENTS`, `CONFIGURATION`, `EXACT` and `BASE`, as
`action.yml` describes them. The options are those of `policies check` that say where reports go.

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
from typing import Final

from cloudmart_support import processes
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
    with processes.stoppable():
        wanted = [*_asked(), *options]
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


def _asked() -> list[str]:
    """The gate's options out of the environment."""
    options = [
        f"--{name}={value}"
        for name in ("base", "config", "params", "waivers", "baseline", "configuration")
        if (value := os.environ.get(name.upper(), ""))
    ]
    # A workflow may stand where whoever proposes a change cannot edit it. What that change brings along decides nothing
    # that the workflow did not ask for.
    if not (os.environ.get("BASE") or os.environ.get("CONFIG")):
        options.append("--no-config")
    options += [f"--var-file={file}" for file in listed(os.environ.get("VAR_FILES", ""))]
    exact = os.environ.get("EXACT", "")
    if exact not in ("", "false", "true", "try"):
        raise Problem(f"`exact` is true, false or try, not {exact!r}")
    if exact in ("true", "try"):
        options.append("--exact" if exact == "true" else "--exact=try")
    recursive = os.environ.get("RECURSIVE", "")
    if recursive not in ("", "false", "true"):
        raise Problem(f"`recursive` is true or false, not {recursive!r}")
    if recursive == "true":
        options.append("--recursive")
    comments = os.environ.get("COMMENTS", "")
    if comments not in ("", "allow", "forbid"):
        raise Problem(f"`comments` is allow or forbid, not {comments!r}")
    if not (os.environ.get("BASE") or comments):
        comments = "forbid"
    return [*options, f"--{comments}-comments"] if comments else options


def shown(line: str) -> str:
    """A line without anything that a terminal or a runner obeys."""
    visible = (c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in line)
    return "".join(visible).replace("##[", "## [")


if __name__ == "__main__":
    sys.exit(main())
