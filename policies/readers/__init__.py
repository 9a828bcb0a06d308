"""The readers: Terraform JSON, HCL and plans, told apart by content, as one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.model import Model
from policies.readers import files, terraform_json
from policies.readers.configuration import Block, Config, Evaluation, Unseen, assemble, plain_text
from policies.readers.expressions import SyntaxFault
from support.problem import Problem


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one path: the model, and modules that could not be seen."""

    path: str
    model: Model
    unseen: tuple[Unseen, ...] = ()


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
        reading = _read(path)
        if configuration is None or reading.model.source != "plan":
            return reading
        from policies.readers.joined import join

        return Reading(reading.path, join(reading.model, _read(configuration).model, reading.path))
    except RecursionError as error:
        raise Problem(f"{path}: it cannot be read: it is nested too deeply, or refers to itself") from error


def module_sources(path: Path) -> list[tuple[str, str]]:
    """Every module call below a configuration and its source, whether or not it has instances.

    Raises:
        Problem: a file cannot be read or parsed.
    """
    found: list[tuple[str, str]] = []
    seen: set[Path] = set()
    pending = [(path if path.is_dir() else path.parent, None if path.is_dir() else [path])]
    while pending:
        folder, given = pending.pop()
        if folder.resolve() in seen:
            continue
        seen.add(folder.resolve())
        config = _config(folder, given if given is not None else files.configuration_files(folder), {})
        for name, block in config.modules.items():
            source = plain_text(block.body.get("source"))
            found.append((f"module.{name}", source))
            if source.startswith(("./", "../")) and (folder / source).is_dir():
                pending.append((folder / source, None))
    return found


def _read(path: Path) -> Reading:
    if path.is_dir():
        return _folder(path)
    text = files.read_text(path)
    if path.name.endswith(".tf"):
        return _evaluated(path, path.parent, [path], {path: text}, "hcl")
    if path.name.endswith(".tf.json"):
        return _evaluated(path, path.parent, [path], {path: text}, "json")
    if not text.lstrip().startswith("{"):
        raise Problem(
            f"{path}: it is neither a folder with Terraform configuration, nor a .tf or .tf.json file, "
            "nor a plan in JSON (terraform show -json)"
        )
    document = terraform_json.decode(text, str(path))
    if "planned_values" in document or "resource_changes" in document or "prior_state" in document:
        from policies.readers import plan

        return Reading(str(path), plan.model(document, str(path), text))
    if "values" in document and "format_version" in document:
        raise Problem(
            f"{path}: this is a state; the gate judges a plan: terraform show -json PLANFILE > plan.json"
        )
    if "format_version" in document:
        raise Problem(f"{path}: this plan is incomplete: it has no planned_values")
    return _evaluated(path, path.parent, [path], {path: text}, "json")


def _folder(path: Path) -> Reading:
    found = files.configuration_files(path)
    if not found:
        below = sorted(
            {str(file.parent) for pattern in ("*/*.tf", "*/*.tf.json") for file in path.glob(pattern)}
        )
        hint = f"; there is in {', '.join(below[:3])}" if below else ""
        raise Problem(f"{path}: there is no Terraform configuration (*.tf, *.tf.json) in this folder{hint}")
    kinds = {"json" if file.name.endswith(".json") else "hcl" for file in found}
    return _evaluated(path, path, found, {}, "mixed" if len(kinds) > 1 else kinds.pop())


def _evaluated(
    path: Path, folder: Path, found: list[Path], texts: Mapping[Path, str], source: str
) -> Reading:
    root = _config(folder, found, texts)
    top = folder.resolve()

    def load(module: Path) -> Config:
        found = files.configuration_files(module)
        if not found:
            raise Problem(
                f"{module}: there is no Terraform configuration (*.tf, *.tf.json) in this module's folder"
            )
        return _config(module, found, {})

    def reads(file: Path) -> str | None:
        absolute = (folder / file if not str(file).startswith(str(folder)) else file).resolve()
        if not absolute.is_relative_to(top) or not absolute.is_file():
            return None
        return files.read_text(absolute)

    try:
        evaluation = Evaluation(root, load, _given(folder), reads)
        model = evaluation.model(source)
    except SyntaxFault as fault:
        raise Problem(f"{path}: an expression cannot be parsed: {fault}") from fault
    return Reading(str(path), model, tuple(evaluation.unseen))


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
