"""The readers: Terraform JSON, HCL and plans, told apart by content, as one model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.engine.model import Model, Resource
from policies.engine.values import Sensitive
from policies.readers import comments, files, inputs, terraform_json
from policies.readers.bodies import constant_text, evaluate_value
from policies.readers.budget import BUDGET, deeply
from policies.readers.comments import Comment
from policies.readers.configuration import MOST_MODULES, Evaluation, ModuleInstance, Unseen, contains_itself
from policies.readers.declared import Block, Config, assemble
from policies.readers.inputs import Inputs
from policies.readers.modules import Modules
from policies.readers.syntax import SyntaxFault


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one path: the model, modules that could not be seen, and why Terraform did not evaluate it.

    `unevaluated` is empty unless Terraform was asked and could not. `comments` are those in the source that speak to
    the gate. `note` says what else is to be known of it, or is empty.
    """

    path: str
    model: Model
    unseen: tuple[Unseen, ...] = ()
    unevaluated: str = ""
    comments: tuple[Comment, ...] = ()
    note: str = ""


TWICE: Final = (
    "judged as Terraform reads it, and as OpenTofu does, which reads .tofu files too, in place of .tf ones"
)


def read(path: Path, configuration: Path | None = None, told: Inputs | None = None) -> Reading:
    """The first of the readings that `read_all` gives."""
    return read_all(path, configuration, told)[0]


@deeply()
def read_all(path: Path, configuration: Path | None = None, told: Inputs | None = None) -> list[Reading]:
    """The model of a folder of Terraform configuration, of one of its files, or of a plan in JSON.

    There are two where Terraform and OpenTofu read different things, Terraform's first.

    Args:
        path: what is judged.
        configuration: for a plan: the folder or file that it was made from, for the expressions of what is known
            after apply, and for places.
        told: values of the configuration's variables, and its workspace.

    Raises:
        Problem: it does not exist, cannot be read or parsed, or is none of these.
    """
    told = told or Inputs()
    try:
        opened = _opened(path, told)
        if isinstance(opened, Source):
            return [source.reading() for source in opened.views()]
        if configuration is None:
            return [Reading(str(path), opened)]
        source = _opened(configuration, told)
        if not isinstance(source, Source):
            raise Problem(
                f"{configuration}: this is a plan; name the configuration that {path} was made from"
            )
        return _joined(source, opened, str(path))
    except RecursionError as error:
        raise Problem(f"{path}: it cannot be read: it is nested too deeply, or refers to itself") from error


def _joined(source: Source, plan: Model, file: str) -> list[Reading]:
    """A plan's model with the configuration that it was made from, in each of its views that it can have been."""
    found: list[Reading] = []
    refused: Problem | None = None
    for view in source.views():
        try:
            found.append(view.joined(plan, file))
        except Problem as problem:
            refused = refused or problem
    if not found and refused is not None:
        raise refused
    return found


@deeply()
def open_path(path: Path, told: Inputs | None = None) -> Source | Reading:
    """A configuration, opened but not evaluated, with what is told besides it; or the reading of a plan.

    Raises:
        Problem: it does not exist, cannot be read or parsed, or is neither.
    """
    try:
        opened = _opened(path, told or Inputs())
    except RecursionError as error:
        raise Problem(f"{path}: it cannot be read: it is nested too deeply") from error
    return opened if isinstance(opened, Source) else Reading(str(path), opened)


def facts_of(plan: Model) -> dict[str, Resource]:
    """What a plan knows, by address, for an evaluation of the configuration that it was made from."""
    return {resource.address: resource for resource in (*plan.resources, *plan.data)}


class Source:
    """A configuration whose files are parsed once, however often it is evaluated.

    Args:
        path: what is judged.
        found: the files of the root module.
        texts: the texts of those that are read already.
        told: values of variables, and the workspace.
        opentofu: whether files are chosen as OpenTofu does.
    """

    def __init__(
        self,
        path: Path,
        found: list[Path],
        texts: Mapping[Path, str],
        told: Inputs,
        *,
        opentofu: bool = True,
    ) -> None:
        self.path = path
        self.inputs = told
        self.opentofu = opentofu
        self.note = ""
        self._loaded = False
        self._early: Evaluation | None = None
        self.folder = path if path.is_dir() else path.parent
        self._foreign = any(file.name.endswith(files.OPENTOFU) for file in found)
        self.reach = files.Reach(self.folder)
        self._modules = Modules(self.folder)
        self._parsed: dict[Path, Config] = {}
        self.root = _config(self.folder, found, texts)
        kinds = {"hcl" if file.name.endswith(files.HCL) else "json" for file in found}
        self.kind = "mixed" if len(kinds) > 1 else kinds.pop()

    def views(self) -> list[Source]:
        """This configuration; and before it, where Terraform would read other files of it, that one.

        A view in which nothing is declared, beside one in which something is, is none.

        Raises:
            Problem: as `tree`.
        """
        self._load_all()
        if not self._foreign:
            return [self]
        folders = [config.folder for config in self._parsed.values()]
        found = [self.path]
        if self.path.is_dir():
            folders.append(self.folder)
            found = files.configuration_files(self.folder, opentofu=False)
        elif self.path.name.endswith(files.OPENTOFU):
            return [self]
        if not all(files.configuration_files(folder, opentofu=False) for folder in folders):
            return [self]
        terraform = Source(self.path, found, {}, self.inputs, opentofu=False)
        views = [view for view in (terraform, self) if view.declares()]
        if len(views) > 1:
            terraform.note = TWICE
        return views or [self]

    def _load_all(self) -> None:
        """Load all modules: their folders are within the reach of functions wherever they are called."""
        if not self._loaded:
            for _ in self.tree():
                pass
            self._loaded = True

    def declares(self) -> bool:
        """Whether a resource is declared in it, or a module called that is not seen.

        Raises:
            Problem: as `tree`.
        """
        below = [found for _, _, found in self.tree()]
        return any(
            isinstance(config, str) or any(mode == "resource" for mode, _, _ in config.resources)
            for config in (self.root, *below)
        )

    def given(self) -> dict[str, Any]:
        """The values that are given to the root module's variables.

        Raises:
            Problem: as `inputs.values`.
        """
        return inputs.values(self.root, self.inputs)

    def evaluation(self, facts: Mapping[str, Resource] | None = None) -> Evaluation:
        """An evaluation of it; `facts` are resources of a plan by address, for values that only Terraform knows.

        Raises:
            Problem: a file of it cannot be read or parsed.
        """
        BUDGET.renew()
        self._load_all()
        return Evaluation(self.root, self.load, self.given(), self.reach, facts or {}, self.inputs.workspace)

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
        unseen = tuple(evaluation.unseen)
        return Reading(str(self.path), model, unseen, comments=self._comments(), note=self.note)

    def joined(self, plan: Model, file: str) -> Reading:
        """A plan's model with this configuration's places and expressions.

        Raises:
            Problem: the plan was not made from it.
        """
        from policies.readers.joined import join

        own = self.reading(facts_of(plan))
        return Reading(file, join(plan, own.model, file), comments=own.comments, note=self.note)

    def _comments(self) -> tuple[Comment, ...]:
        """The comments of the root and of its local modules; a module that was fetched decides over nothing."""
        own = (one for one in self._parsed.values() if ".terraform" not in one.folder.resolve().parts)
        return tuple(comment for config in (self.root, *own) for comment in config.comments)

    def tree(self) -> Iterator[tuple[tuple[str, ...], Block, Config | str]]:
        """Every module call below the root, whether or not it has instances.

        The names of the calls that lead to it, the call, and the configuration that it calls or words on why that
        cannot be seen.

        Raises:
            Problem: a module's folder holds no configuration or calls itself, a file cannot be read or parsed, or
                there are more calls than anybody writes.
        """
        pending: list[tuple[Config, tuple[str, ...], tuple[Path, ...]]] = [(self.root, (), ())]
        calls = 0
        while pending:
            config, path, above = pending.pop()
            above = (*above, config.folder.resolve())
            for name, block in config.modules.items():
                calls += 1
                if calls > MOST_MODULES:
                    raise Problem(
                        f"{self.path}: it calls more than {MOST_MODULES:,} modules; the gate judges up to that"
                    )
                found = self.load(config, (*path, name), block)
                yield (*path, name), block, found
                if isinstance(found, Config):
                    if found.folder.resolve() in above:
                        raise contains_itself(block, ".".join(f"module.{one}" for one in (*path, name)))
                    pending.append((found, (*path, name), above))

    def load(self, parent: Config, path: tuple[str, ...], block: Block) -> Config | str:
        """The configuration of the module that a call in `parent` names, or words on why it cannot be seen.

        Args:
            parent: the module that the call stands in.
            path: the names of the calls that lead to it.
            block: the call.

        Raises:
            Problem: its folder holds no configuration, or a file of it cannot be read or parsed.
        """
        source = self._told(path[:-1], block, "source")
        if not source:
            return "it has no source that can be told before anything is planned"
        found = self._modules.find(path, parent.directory, source, self._told(path[:-1], block, "version"))
        if isinstance(found, str):
            return found
        key = found.folder.resolve()
        if key not in self._parsed:
            listed = files.configuration_files(found.folder, opentofu=self.opentofu)
            self._foreign = self._foreign or any(file.name.endswith(files.OPENTOFU) for file in listed)
            if not listed:
                raise Problem(
                    f"{found.folder}: there is no Terraform configuration (*.tf, *.tf.json) in this module's folder"
                )
            self._parsed[key] = _config(found.folder, listed, {})
            self._parsed[key].directory = found.directory
            self.reach.add(found.folder)
        return self._parsed[key]

    def _told(self, path: tuple[str, ...], block: Block, name: str) -> str:
        """A text that is needed before anything is planned: a constant, or what variables and locals make of it.

        Source: https://opentofu.org/docs/language/modules/sources/#support-for-variable-and-local-evaluation
        """
        text = constant_text(block, name)
        if text or name not in block.body:
            return text
        if self._early is None:
            self._early = Evaluation(
                self.root, self.load, self.given(), self.reach, {}, self.inputs.workspace
            )
        module = self._early.root
        for call in path:
            found = module.child(call)
            if not isinstance(found, ModuleInstance):
                return ""
            module = found.module
        value = evaluate_value(block.body[name], module.scope)
        return str.__str__(value) if isinstance(value, str) and not isinstance(value, Sensitive) else ""


def _opened(path: Path, told: Inputs) -> Source | Model:
    """What stands at a path: a configuration, or the model of a plan."""
    if path.is_dir():
        return _folder(path, told)
    text = files.read_text(path)
    if path.name.endswith(files.CONFIGURATION):
        return Source(path, [path], {path: text}, told)
    _refuse_logs(path, text)
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
    return Source(path, [path], {path: text}, told)


def _refuse_logs(path: Path, text: str) -> None:
    """Say what is wrong with the usual mistakes for a plan in JSON."""
    if text.startswith(('{"format_version"', "{\n")):
        return
    if re.match(r'\s*\{"@level"', text):
        raise Problem(
            f"{path}: this is the log of terraform plan -json, not the plan: terraform plan -out=FILE, "
            "then terraform show -json FILE"
        )
    begin = re.search(r'^\{\s*"format_version"', text, re.MULTILINE)
    if begin and text[: begin.start()].strip():
        raise Problem(
            f"{path}:1: something stands before the plan's JSON, which begins in line "
            f"{text.count(chr(10), 0, begin.start()) + 1}: a wrapper around terraform may have written it "
            "(setup-terraform: terraform_wrapper: false)"
        )
    if re.search(
        r"^(Terraform|OpenTofu) will perform the following actions:|^Plan: \d+ to add", text, re.MULTILINE
    ):
        raise Problem(
            f"{path}: this is a plan as text; the gate judges it in JSON: terraform show -json FILE"
        )


def _folder(path: Path, told: Inputs) -> Source:
    found = files.configuration_files(path)
    if not found:
        below = sorted(
            {str(file.parent) for pattern in ("*/*.tf", "*/*.tf.json") for file in path.glob(pattern)}
        )
        hint = f"; there is in {', '.join(below[:3])}" if below else ""
        raise Problem(f"{path}: there is no Terraform configuration (*.tf, *.tf.json) in this folder{hint}")
    return Source(path, found, {}, told)


def _config(folder: Path, found: list[Path], texts: Mapping[Path, str]) -> Config:
    blocks: list[Block] = []
    overrides: list[Block] = []
    said: list[Comment] = []
    for file in found:
        text = texts[file] if file in texts else files.read_text(file)
        target = overrides if files.is_override(file) else blocks
        if file.name.endswith(files.HCL):
            from policies.readers import hcl

            target.extend(hcl.parse(text, str(file)))
            said.extend(comments.found(text, str(file)))
        else:
            target.extend(terraform_json.parse(text, str(file)))
    config = assemble(folder, blocks, overrides)
    config.comments = said
    return config
