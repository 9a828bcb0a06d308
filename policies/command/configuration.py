"""The configuration of a repository: `.cloudmart-policies.toml`, or `[tool.cloudmart-policies]` in `pyproject.toml`.

It is looked for from the working folder up to the top of the repository, and without a repository in the working folder
alone: what stands above may be anybody's. Whoever wrote it is not trusted with more than what a run is asked for: its
paths stay below its own folder, and it names no code unless it was named itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from cloudmart_support import git
from cloudmart_support.problem import Problem
from policies.command.deciding import Deciding
from policies.engine.catalogue import PACKAGE
from policies.engine.parameters import toml
from policies.engine.verdicts import AWS
from policies.readers import files
from policies.readers.files import MOST_FILES, Reach

NAME: Final = ".cloudmart-policies.toml"
PROJECT: Final = "pyproject.toml"
_TABLE: Final = "cloudmart-policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class RootSettings:
    """What one root is given: `assignments` as for `Inputs`, parameters as layers with their places, waivers' files."""

    assignments: tuple[tuple[str, str], ...] = ()
    workspace: str | None = None
    layers: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    waivers: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A configuration, or what there is without one.

    `file` is how it is called, `folder` where its paths start; `paths` are what is judged where nothing else is named,
    and `searched` the folders whose roots are, both without what is like `exclude`; `roots` says by real path what a
    root of its own is given.
    """

    file: str = ""
    folder: Path = Path()
    pack: str = ""
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    minimum: str = ""
    severities: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    waivers: tuple[Path, ...] = ()
    exact: str | None = None
    baseline: Path | None = None
    rules: tuple[str, ...] = ()
    forbid_comments: bool | None = None
    owner: str = ""
    paths: tuple[Path, ...] = ()
    searched: tuple[Path, ...] = ()
    roots: Mapping[str, RootSettings] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """The parameters that it changes, since they may ask for less than the defaults do."""
        layers = [*self.layers, *(layer for root in self.roots.values() for layer in root.layers)]
        said = [f"excluded by {self.file}: {', '.join(self.exclude)}"] if self.exclude else []
        return said + [
            f"parameters of {place}: {', '.join(_flat(values))}" for place, values in layers if values
        ]

    def excludes(self, path: Path) -> bool:
        """Whether a folder, or one that it lies in, is not to be judged."""
        from policies.engine.waivers import named

        top, real = self.folder.resolve(), path.resolve()
        if not self.exclude or not real.is_relative_to(top):
            return False
        names = real.relative_to(top).parts
        patterns = [Path(os.path.normpath(one)).parts for one in self.exclude]
        return any(
            named(pattern, names[: number + 1]) for pattern in patterns for number in range(len(names))
        )

    def of(self, path: Path) -> RootSettings:
        """What is given to a root."""
        return self.roots.get(os.path.realpath(path)) or RootSettings()


def load(named: Path | None, deciding: Deciding) -> Settings:
    """The configuration that is named, or the one that is found, or none.

    Raises:
        Problem: it cannot be read, or is not of its form; all that is wrong is said at once.
    """
    if named is not None:
        text = deciding.text(named)
        if text is None:
            return Settings()
        values = toml(text, str(named))
        if named.name == PROJECT:
            table = _project_table(values)
            if table is None:
                raise Problem(f"{named}: there is no table [tool.{_TABLE}] in it")
            values = table
        return _Reader(named, deciding).settings(values)
    for folder in _upwards(Path.cwd()):
        for name in (NAME, PROJECT):
            path = folder / name
            text = _found(path, deciding)
            if text is None or (name == PROJECT and _TABLE not in text):
                continue
            values = toml(text, str(path))
            if name == PROJECT:
                table = _project_table(values)
                if table is None:
                    continue
                values = table
            return _Reader(Path(os.path.relpath(path)), deciding, found=True).settings(values)
    return Settings()


def _upwards(here: Path) -> list[Path]:
    """The folders from here to the top of the repository, or this one alone."""
    folders = [here, *here.parents]
    top = git.top(here)
    return folders[: folders.index(top) + 1] if top else [here]


def _found(path: Path, deciding: Deciding) -> str | None:
    """The text of a file that nobody named; only a regular one is taken for a configuration."""
    try:
        if not deciding.base and path.is_symlink():
            raise Problem(f"{path}: a configuration that is a link is not followed: name it with --config")
        return deciding.glance(path)
    except Problem:
        # Most projects of Python have one, which says nothing to the gate and need not be one that it reads.
        if path.name == PROJECT:
            return None
        raise


def _project_table(values: Mapping[str, Any]) -> dict[str, Any] | None:
    tools = values.get("tool")
    table = tools.get(_TABLE) if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise Problem(f"{PROJECT}: tool.{_TABLE} is a table: write [tool.{_TABLE}]")
    return table


class _Reader:
    """Makes settings of a configuration's values, and gathers what is wrong."""

    def __init__(self, path: Path, deciding: Deciding, *, found: bool = False) -> None:
        self.path = path
        self.found = found
        self.folder = path.parent
        self.deciding = deciding
        self.reach = Reach(self.folder)
        self.mistakes: list[str] = []
        self.searched: list[Path] = []

    def settings(self, values: Mapping[str, Any]) -> Settings:
        from policies.forms import schemas
        from policies.forms.checking import mistakes

        self.mistakes += mistakes(as_json(values), schemas.configuration())
        self._end()
        roots: dict[str, RootSettings] = {}
        paths: list[Path] = []
        for number, one in enumerate(values.get("root", []), 1):
            key = f"root[{number}]"
            path = self._path(one["path"], f"{key}.path")
            if path is None:
                continue
            if os.path.realpath(path) in roots:
                self.mistakes.append(f"{key}.path: {one['path']!r} is there already")
            paths.append(path)
            layers = self._layers(one, key)
            if any("waivers" in values for _, values in layers):
                self.mistakes.append(
                    f"{key}.params: waivers.longest_days holds for all roots: set it in params, outside of [[root]]"
                )
            roots[os.path.realpath(path)] = RootSettings(
                assignments=(
                    *(("var-file", str(file)) for file in self._files(one, "var-files", key)),
                    *(("var", f"{name}={_text(value)}") for name, value in one.get("vars", {}).items()),
                ),
                workspace=one.get("workspace"),
                layers=layers,
                waivers=self._files(one, "waivers", key),
            )
        for number, pattern in enumerate(values.get("roots", []), 1):
            paths += self._expanded(pattern, f"roots[{number}]")
        baseline = values.get("baseline")
        result = Settings(
            file=str(self.path),
            folder=self.folder,
            pack=values.get("pack", AWS),
            only=tuple(values.get("only", ())),
            skip=tuple(values.get("skip", ())),
            minimum=values.get("minimum-severity", ""),
            severities=values.get("severity", {}),
            layers=self._layers(values, ""),
            waivers=self._files(values, "waivers", ""),
            exact={True: "always", "try": "try"}.get(values.get("exact", False)),
            # It may have to be written first.
            baseline=None if baseline is None else self._path(baseline, "baseline", new=True),
            rules=self._rules(values),
            forbid_comments=values.get("forbid-comments"),
            owner=values.get("owner", ""),
            paths=tuple({os.path.realpath(path): path for path in paths}.values()),
            searched=tuple(self.searched),
            roots=roots,
            exclude=tuple(values.get("exclude", ())),
        )
        self._end()
        return result

    def _rules(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Own rules: code, which runs only where somebody named this file."""
        if self.found and "rules" in values:
            self.mistakes.append(
                "rules: rules of one's own are code, which a configuration that is only found does not run: name them "
                f"with --rules, or name this file with --config={self.path}"
            )
            return ()
        folders = [
            text if text.startswith(PACKAGE) else self._path(text, f"rules[{number}]")
            for number, text in enumerate(values.get("rules", []), 1)
        ]
        return tuple(str(one) for one in folders if one is not None)

    def _end(self) -> None:
        if self.mistakes:
            raise Problem("\n  ".join(f"{self.path}: {one}" for one in self.mistakes))

    def _layers(self, values: Mapping[str, Any], key: str) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        params = values.get("params")
        place = _joined(key, "params")
        if params is None:
            return ()
        if isinstance(params, dict):
            return ((f"{self.path}: {place}", params),)
        path = self._path(params, place)
        text = None if path is None else self.deciding.text(path)
        return () if path is None or text is None else ((str(path), toml(text, str(path))),)

    def _files(self, values: Mapping[str, Any], name: str, key: str) -> tuple[Path, ...]:
        found = (
            self._path(text, f"{_joined(key, name)}[{number}]")
            for number, text in enumerate(values.get(name, []), 1)
        )
        return tuple(path for path in found if path is not None)

    def _path(self, text: str, key: str, *, new: bool = False) -> Path | None:
        """A path below the configuration's folder, seen from the working folder; None after a mistake."""
        path = Path(os.path.normpath(self.folder / text))
        try:
            if not self._is_reached(text):
                self.mistakes.append(
                    f"{key}: {text!r} leads out of the folder of the configuration, or to something hidden in it"
                )
                return None
            # At a commit, the working folder need not have it.
            if not new and not path.exists() and not self.deciding.base:
                self.mistakes.append(f"{key}: there is no {text!r} in {self.folder.resolve()}")
                return None
        except (OSError, ValueError) as error:
            self.mistakes.append(f"{key}: {text!r} is no path: {error}")
            return None
        return path

    def _is_reached(self, text: str) -> bool:
        """Whether a path is the configuration's folder or below it, as it is written and behind links."""
        top = self.folder.resolve()
        ways = Path(os.path.normpath(top / text)), Path(os.path.realpath(top / text))
        return all(one == top or self.reach.holds(one) for one in ways)

    def _expanded(self, pattern: str, key: str) -> list[Path]:
        """The paths that are meant by one of `roots`, in order; one that ends in `**` has its folder searched."""
        if "*" not in pattern:
            path = self._path(pattern, key)
            return [] if path is None else [path]
        parts = Path(os.path.normpath(pattern)).parts
        if ".." in parts or Path(pattern).is_absolute():
            self.mistakes.append(f"{key}: {pattern!r} leads out of the folder of the configuration")
            return []
        if parts[-1] == "**" and "*" not in "".join(parts[:-1]):
            path = self._path(str(Path(*parts[:-1])), key)
            self.searched += [] if path is None else [path]
            return []
        found = [path for path in _matching(self.folder, parts) if files.configuration_files(path)]
        if not found:
            self.mistakes.append(f"{key}: no folder with Terraform configuration is like {pattern!r}")
        if len(found) > MOST_FILES:
            self.mistakes.append(f"{key}: more than {MOST_FILES:,} folders are like {pattern!r}")
        return found


def _matching(top: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    """The folders below one whose path is like the parts of a pattern; links and hidden ones are not looked into."""
    from policies.engine.waivers import named

    def refuse(error: OSError) -> None:
        raise Problem(f"{error.filename}: it cannot be read: {error.strerror}") from error

    for folder, below, _ in os.walk(top, onerror=refuse):
        here = Path(folder)
        names = here.relative_to(top).parts
        # Links among these are not walked into.
        below[:] = sorted(name for name in below if not name.startswith("."))
        if "**" not in parts and len(names) == len(parts):
            below.clear()
        if named(parts, names):
            yield here


def _flat(values: Mapping[str, Any], key: str = "") -> Iterator[str]:
    """A table's values with their keys, as TOML could have them on a line each."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, _joined(key, name))
        else:
            yield f"{_joined(key, name)} = {json.dumps(as_json(value), ensure_ascii=False)}"


def _joined(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def as_json(value: Any) -> Any:
    """A value of TOML as JSON would have it."""
    if isinstance(value, dict):
        return {key: as_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return value.isoformat() if isinstance(value, (date, datetime, time)) else value


def _text(value: Any) -> str:
    """A variable's value as it is given on the command line."""
    plain = as_json(value)
    return plain if isinstance(plain, str) else json.dumps(plain)
