"""`cloudmart-policies-staged [OPTION...] [--] FILE...`: the gate on what a commit changes, for pre-commit.

pre-commit hands over changed files; the gate judges whole root modules, because a rule may need a file that did not
change. A file concerns every folder of configuration that it lies in or below, whatever its kind (a variables file, a
template, a policy in JSON), and every folder that calls one of these as a local module, through any number of calls.
Deleted files, which pre-commit does not name, are asked of git. A file that the hook's arguments or the configuration
name (parameters, waivers, a baseline, values of variables) concerns the roots that it decides over, wherever it lies.

A concerned folder is left out only where it cannot be applied by itself (a variable has no default, and nothing gives
it the looks of a root: no backend, no provider, no variables file, no lock file) and the reading of another judged
folder shows instances of it, so that it is judged with the values that it is called with.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from cloudmart_support import git
from cloudmart_support.problem import Problem, guarded
from policies.__main__ import main as gate
from policies.command import configuration
from policies.command.deciding import Deciding
from policies.engine.model import without_keys
from policies.readers import read
from policies.readers.files import CONFIGURATION
from policies.repository import NOBODYS, Folder, Repository

_OPTIONS: Final = {
    "--base": True,
    "--config": True,
    "--allow-comments": False,
    "--exact": False,
    "--forbid-comments": False,
    "--jobs": True,
    "--no-config": False,
    "--only": True,
    "--pack": True,
    "--baseline": True,
    "--params": True,
    "--quiet": False,
    "--severity": True,
    "--skip": True,
    "--timeout": True,
    "--var": True,
    "--var-file": True,
    "--waivers": True,
    "--workspace": True,
}
"""The gate's options that a hook's `args` may hold, and whether each takes a value."""
_HELP: Final = """\
usage: cloudmart-policies-staged [OPTION...] [--] FILE...

{about}

options, as of `cloudmart-policies check`:
  {options}

exit codes:
  0  all passed, or no root is concerned
  1  a fail, an unknown or a broken waiver
  2  something could not be judged, or an argument is wrong

example:
  cloudmart-policies-staged --waivers waivers.toml -- stacks/shop/main.tf"""
_NAMING: Final = frozenset({"--baseline", "--config", "--params", "--var-file", "--waivers"})
"""Those that name a file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gate; its exit code, or 0 where no Terraform folder is concerned."""
    return guarded(lambda: _run(list(sys.argv[1:] if arguments is None else arguments)))


def _run(arguments: list[str]) -> int:
    if arguments[:1] in (["-h"], ["--help"]) and not os.path.lexists(arguments[0]):
        print(_HELP.format(about=(__doc__ or "").split("\n\n", 1)[1].rstrip(), options=", ".join(_OPTIONS)))
        return 0
    options, changed = split(arguments)
    here = Path.cwd()
    touched = [*changed, *_deleted(here)]
    wanted = folders(touched, here, Deciders(options)) if touched else []
    return gate(["check", *options, "--", *wanted]) if wanted else 0


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Options of the hook's `args`, and the files that pre-commit put behind them.

    Both come in one list, and who may add a file chooses its name. `--` ends the options; without it they end at the
    first word that is none, and a word that could be either is refused.

    Raises:
        Problem: an option is not known, lacks its value, or may be a file's name.
    """
    words = list(arguments)
    ended = "--" in words
    options: list[str] = []
    while words and words[0].startswith("-") and words[0] != "--":
        word = words.pop(0)
        name, separator, _ = word.partition("=")
        if os.path.lexists(word):
            raise Problem(
                f"{word!r} may be an option or a file of that name: end the hook's args with --, "
                'as in args: [--exact, "--"]'
            )
        if name not in _OPTIONS:
            raise Problem(f"{word!r} is no option of this hook; its args may be {', '.join(_OPTIONS)} and --")
        options.append(word)
        if _OPTIONS[name] and not separator:
            if not words or words[0] == "--":
                raise Problem(f"{name} in the hook's args lacks its value")
            # Joined, so that a value cannot be taken for an option either.
            options[-1] = f"{name}={words.pop(0)}"
    if ended and words and words[0] == "--":
        words.pop(0)
    return options, words


class Deciders:
    """The files by which roots are judged and that need not lie in them, by their real paths.

    `everywhere` are those for all roots, `of_roots` those of some, by the root's. `excludes` tells folders that the
    configuration does not want to be judged.

    Args:
        options: of the hook, values joined.

    Raises:
        Problem: the configuration cannot be read, or is wrong.
    """

    def __init__(self, options: Sequence[str] = ("--no-config",)) -> None:
        given = [option.partition("=")[::2] for option in options]
        named = dict(given)
        settings = configuration.Settings()
        if "--no-config" not in named:
            config = named.get("--config")
            settings = configuration.load(Path(config) if config else None, Deciding(named.get("--base", "")))
        everywhere = [value for name, value in given if name in _NAMING]
        everywhere += [settings.file, *map(str, settings.waivers), *(place for place, _ in settings.layers)]
        everywhere.append(str(settings.baseline or ""))
        self.excludes = settings.excludes
        self.everywhere = frozenset(Path(name).resolve() for name in everywhere if name)
        self.of_roots = {
            Path(root): frozenset(
                Path(name).resolve()
                for name in (
                    *(text for kind, text in own.assignments if kind == "var-file"),
                    *map(str, own.waivers),
                    *(place for place, _ in own.layers),
                )
            )
            for root, own in settings.roots.items()
        }


def folders(changed: Iterable[str], base: Path, deciders: Deciders | None = None) -> list[str]:
    """The folders to judge for changed files, sorted, relative to the repository's folder `base`.

    Raises:
        Problem: a file lies outside of the repository, or a folder in it cannot be read.
    """
    paths = [Path(os.path.normpath(base / name)) for name in changed]
    for path in paths:
        if not path.is_relative_to(base):
            raise Problem(
                f"{path}: it lies outside of {base}; the files are named from the repository's folder"
            )
    if not paths:
        return []
    repository = _Commit(base)
    found = repository.to_judge(paths)
    if deciders is not None:
        found += [one for one in repository.decided(paths, deciders) if one not in found]
        found = [one for one in found if not deciders.excludes(one.path)]
    return sorted(os.path.relpath(folder.path, base) for folder in found)


def _deleted(here: Path) -> list[str]:
    """The files that the commit (or the range that pre-commit was given) deletes; none outside of git.

    Raises:
        Problem: git cannot tell them.
    """
    if not any((folder / ".git").exists() for folder in (here, *here.parents)):
        return []
    first, last = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    between = ["--end-of-options", f"{first}...{last}"] if first and last else ["--cached"]
    command = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative", "--diff-filter=D"]
    names = git.ask([*command, *between, "--"], here, "the files that the commit deletes cannot be told")
    return [os.fsdecode(name) for name in names.split(b"\0") if name]


class _Commit(Repository):
    """The repository, and what of it a commit concerns."""

    def __init__(self, base: Path) -> None:
        super().__init__(base, NOBODYS)
        for error in self.unreadable:
            raise Problem(f"{error.filename}: it cannot be read: {error.strerror}") from error

    def to_judge(self, changed: Sequence[Path]) -> list[Folder]:
        concerned = [one for one in self._concerned(changed) if one.declares]
        open_questions = [one for one in concerned if self.called(one) and not one.stands_alone]
        chosen = [one for one in concerned if one not in open_questions]
        if open_questions:
            seen: set[Path] = set()
            for folder in chosen:
                seen.update(self._instantiated(folder))
            chosen += [one for one in open_questions if one.path.resolve() not in seen]
        return sorted(chosen, key=lambda one: str(one.path))

    def decided(self, changed: Sequence[Path], deciders: Deciders) -> list[Folder]:
        """The roots that changed files decide over, wherever they lie."""
        real = {path.resolve() for path in changed}
        if real & deciders.everywhere:
            return self.roots()
        return [
            self.folders[root]
            for root, named in deciders.of_roots.items()
            if real & named and root in self.folders
        ]

    def _concerned(self, changed: Sequence[Path]) -> list[Folder]:
        """The folders that changed files belong to, and all that call these."""
        pending: list[Path] = []
        targets = set()
        for path in changed:
            for one in {path, path.parent.resolve() / path.name}:
                pending.extend(folder.resolve() for folder in one.parents)
            if path.is_dir():  # a link to a folder, or a submodule
                pending.extend(folder for folder in self.folders if folder.is_relative_to(path.resolve()))
            targets.add(path.resolve())
        for real, folder in self.folders.items():
            if any(file.is_symlink() and file.resolve() in targets for file in folder.path.iterdir()):
                pending.append(real)
        concerned: dict[Path, None] = {}
        while pending:
            real = pending.pop()
            if real not in concerned:
                concerned[real] = None
                pending.extend(caller.path.resolve() for caller in self.callers.get(real, ()))
        found = [self.folders[real] for real in concerned if real in self.folders]
        if found or any(path.name.endswith(CONFIGURATION) for path in changed):
            # What cannot be parsed may call any of them; the gate says where it is broken.
            found += [one for one in self.folders.values() if not one.legible and one not in found]
        return found

    def _instantiated(self, root: Folder) -> set[Path]:
        """The local modules of which a root's reading shows a resource, by their real paths."""
        try:
            model = read(root.path).model
        except Problem:
            return set()  # the gate says it, with the place
        found: set[Path] = set()
        for address in {without_keys(one.module) for one in (*model.resources, *model.data) if one.module}:
            here: Folder | None = root
            for name in address.split(".")[1::2]:
                if here is None:
                    break
                reached = [target for call, target in here.calls if call == name]
                found.update(reached)
                here = self.folders.get(reached[0]) if reached else None
        return found


if __name__ == "__main__":
    sys.exit(main())
