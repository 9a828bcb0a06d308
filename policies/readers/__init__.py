"""The readers: Terraform JSON, HCL and plans, told apart by content, as one model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.engine.model import Model, Resource
from policies.readers import files, terraform_json
from policies.readers.configuration import (
    Block,
    Config,
    Evaluation,
    Unseen,
    assemble,
    is_local,
    joined_folder,
    plain_text,
)
from policies.readers.syntax import SyntaxFault
from support.problem import Problem


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one path: the model, modules that could not be seen, and why Terraform did not evaluate it.

    `unevaluated` is empty unless Terraform was asked and could not.
    """

    path: str
    model: Model
    unseen: tuple[Unseen, ...] = ()
    unevaluated: str = ""


def read(path: Path, configuration: Path | None = None) -> Reading:
    """The model of a folder of Terraform configuration, of one of its files, or of a plan in JSON.

    Args:
        path: what is judged.
        configuration: for a plan: the folder or file that it was made from, for the expressions of what is known
            after apply, and for places.

    Raises:
        Problem: it does not exist, cannot be read or parsed, or is none of these.
    """
    try:
        opened = _opened(path)
        if isinstance(opened, Source):
            return opened.reading()
        if configuration is None:
            return Reading(str(path), opened)
        source = _opened(configuration)
        if not isinstance(source, Source):
            raise Problem(
                f"{configuration}: this is a plan; name the configuration that {path} was made from"
            )
        return source.joined(opened, str(path))
    except RecursionError as error:
        raise Problem(f"{path}: it cannot be read: it is nested too deeply, or refers to itself") from error


def open_path(path: Path) -> Source | Reading:
    """A configuration, opened but not evaluated; or the reading of a plan.

    Raises:
        Problem: it does not exist, cannot be read or parsed, or is neither.
    """
    try:
        opened = _opened(path)
    except RecursionError as error:
        raise Problem(f"{path}: it cannot be read: it is nested too deeply") from error
    return opened if isinstance(opened, Source) else Reading(str(path), opened)


def facts_of(plan: Model) -> dict[str, Resource]:
    """What a plan knows, by address, for an evaluation of the configuration that it was made from."""
    return {resource.address: resource for resource in (*plan.resources, *plan.data)}


class Source:
    """A configuration whose files are parsed once, however often it is evaluated."""

    def __init__(self, path: Path, found: list[Path], texts: Mapping[Path, str]) -> None:
        self.path = path
        self.folder = path if path.is_dir() else path.parent
        self.reach = files.Reach(self.folder)
        self._parsed: dict[Path, Config] = {}
        self.root = _config(self.folder, found, texts)
        kinds = {"hcl" if file.name.endswith(".tf") else "json" for file in found}
        self.kind = "mixed" if len(kinds) > 1 else kinds.pop()

    def given(self) -> dict[str, Any]:
        """The values of the root module's variables that Terraform finds on its own.

        Raises:
            Problem: a file of them cannot be read or parsed.
        """
        return _given(self.folder)

    def evaluation(self, facts: Mapping[str, Resource] | None = None) -> Evaluation:
        """An evaluation of it; `facts` are resources of a plan by address, for values that only Terraform knows.

        Raises:
            Problem: a file of it cannot be read or parsed.
        """
        # All modules first: their folders are within the reach of functions wherever they are called.
        self.module_sources()
        return Evaluation(self.root, self.load, self.given(), self.reach, facts or {})

    def reading(self, facts: Mapping[str, Resource] | None = None) -> Reading:
        """The model; `facts` as for `evaluation`.

        Raises:
            Problem: a file of it cannot be read or parsed.
        """
        try:
            evaluation = self.evaluation(facts)
            model = evaluation.model(self.kind)
        except SyntaxFault as fault:
            raise Problem(f"{self.path}: an expression cannot be parsed: {fault}") from fault
        return Reading(str(self.path), model, tuple(evaluation.unseen))

    def joined(self, plan: Model, file: str) -> Reading:
        """A plan's model with this configuration's places and expressions.

        Raises:
            Problem: the plan was not made from it.
        """
        from policies.readers.joined import join

        return Reading(file, join(plan, self.reading(facts_of(plan)).model, file))

    def module_sources(self) -> list[tuple[str, str]]:
        """Every module call and its source, in all local modules below, whether or not it has instances.

        Raises:
            Problem: a file cannot be read or parsed.
        """
        found: list[tuple[str, str]] = []
        seen: set[Path] = set()
        pending = [self.root]
        while pending:
            config = pending.pop()
            if config.folder.resolve() in seen:
                continue
            seen.add(config.folder.resolve())
            for name, block in config.modules.items():
                source = plain_text(block.body.get("source"))
                found.append((f"module.{name}", source))
                if is_local(source):
                    pending.append(self.load(config.folder / source, joined_folder(config.directory, source)))
        return found

    def load(self, folder: Path, directory: str) -> Config:
        """The configuration of a local module, whose folder Terraform calls `directory`.

        Raises:
            Problem: there is none, or a file of it cannot be read or parsed.
        """
        key = folder.resolve()
        if key not in self._parsed:
            # `here/../module` is told as `module`, as Terraform does, wherever links do not make the two differ.
            shorter = Path(os.path.normpath(folder))
            folder = shorter if shorter.resolve() == key else folder
            found = files.configuration_files(folder)
            if not found:
                raise Problem(
                    f"{folder}: there is no Terraform configuration (*.tf, *.tf.json) in this module's folder"
                )
            self._parsed[key] = _config(folder, found, {})
            self._parsed[key].directory = directory
            self.reach.add(folder)
        return self._parsed[key]


def _opened(path: Path) -> Source | Model:
    """What stands at a path: a configuration, or the model of a plan."""
    if path.is_dir():
        return _folder(path)
    text = files.read_text(path)
    if path.name.endswith((".tf", ".tf.json")):
        return Source(path, [path], {path: text})
    if not text.lstrip().startswith("{"):
        raise Problem(
            f"{path}: it is neither a folder with Terraform configuration, nor a .tf or .tf.json file, "
            "nor a plan in JSON (terraform show -json)"
        )
    document = terraform_json.decode(text, str(path), written_by_people=False)
    if "planned_values" in document or "resource_changes" in document or "prior_state" in document:
        from policies.readers import plan

        return plan.model(document, str(path), text)
    if "values" in document and "format_version" in document:
        raise Problem(
            f"{path}: this is a state; the gate judges a plan: terraform show -json PLANFILE > plan.json"
        )
    if "format_version" in document:
        raise Problem(f"{path}: this plan is incomplete: it has no planned_values")
    return Source(path, [path], {path: text})


def _folder(path: Path) -> Source:
    found = files.configuration_files(path)
    if not found:
        below = sorted(
            {str(file.parent) for pattern in ("*/*.tf", "*/*.tf.json") for file in path.glob(pattern)}
        )
        hint = f"; there is in {', '.join(below[:3])}" if below else ""
        raise Problem(f"{path}: there is no Terraform configuration (*.tf, *.tf.json) in this folder{hint}")
    return Source(path, found, {})


def _config(folder: Path, found: list[Path], texts: Mapping[Path, str]) -> Config:
    blocks: list[Block] = []
    overrides: list[Block] = []
    for file in found:
        text = texts[file] if file in texts else files.read_text(file)
        target = overrides if files.is_override(file) else blocks
        if file.name.endswith(".tf"):
            from policies.readers import hcl

            target.extend(hcl.parse(text, str(file)))
        else:
            target.extend(terraform_json.parse(text, str(file)))
    return assemble(folder, blocks, overrides)


def _given(folder: Path) -> dict[str, Any]:
    """The variables that Terraform sets from files on its own."""
    given: dict[str, Any] = {}
    for file in files.variable_files(folder):
        text = files.read_text(file)
        if file.name.endswith(".json"):
            values = terraform_json.decode(text, str(file))
            if not isinstance(values, dict):
                raise Problem(f"{file}: it is not an object of variables")
        else:
            from policies.readers import hcl

            values = hcl.variables(text, str(file))
        given.update(values)
    return given
