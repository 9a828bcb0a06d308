"""A configuration, whatever its syntax: blocks put together into modules, and evaluated into a model.

Both readers of configuration hand over `Block`s. A body is a mapping from argument and block names to

- plain JSON values, in which texts are templates (Terraform JSON),
- `Node`s (HCL arguments; `Node.source` is the text that they were read from), or
- further bodies, alone or in a list (blocks; those with labels carry them as `Body.labels` in HCL, and stand below
  them as keys in Terraform JSON). Dynamic blocks stand by their label under `dynamic` in either syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from policies.aws.identities import is_identity
from policies.engine.model import Model, Output, Place, Provider, Resource, Variable, stranger
from policies.engine.values import (
    ABSENT,
    Reference,
    Sensitive,
    Traced,
    Unknown,
    as_boolean,
    as_text,
    references_of,
)
from policies.readers import functions, numbers, types
from policies.readers.budget import BUDGET, Exceeded
from policies.readers.computed import computed, is_computed
from policies.readers.evaluation import (
    Lazy,
    Scope,
    Texts,
    evaluate,
    failed,
    first_unknown,
    plain,
    settled,
    unknown_from,
)
from policies.readers.files import Reach
from policies.readers.functions.calling import FILE_FUNCTIONS
from policies.readers.syntax import (
    Binary,
    Conditional,
    GetAttr,
    Literal,
    Name,
    Node,
    Object,
    SyntaxFault,
    Template,
    nfc,
    parse_expression,
    parse_template,
)
from support.problem import Problem

MOST_INSTANCES: Final = 100_000
"""More instances of one resource than this are refused: no configuration has them, a mistake may."""

MOST_REPEATED: Final = 150_000
"""More instances made by `count`, `for_each` and modules, of all resources and modules together, are refused."""

MOST_MODULES: Final = 10_000
"""More instances of modules than this are refused."""

_META: Final = frozenset(
    {"count", "for_each", "depends_on", "lifecycle", "provisioner", "connection", "//", "dynamic"}
)
_MODULE_META: Final = frozenset({"source", "version", "providers", "count", "for_each", "depends_on", "//"})
# What an override file may say without any effect, and what it cannot change in a block.
_NEVER_OVERRIDE: Final = frozenset({"ephemeral", "removed"})
_KEPT: Final = {"variable": frozenset({"validation"}), "output": frozenset({"precondition"})}
_ESCAPED_IN_KEYS: Final = re.compile(r"[$%](?=\{)|[^\w .:/@+=,$%-]")
_SHORT_IN_KEYS: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "$": "$$",
    "%": "%%",
}
_LIFECYCLE: Final = frozenset({"create_before_destroy", "ignore_changes", "prevent_destroy"})


class Body(dict[str, Any]):
    """The arguments and blocks of an HCL block.

    `line` is where it begins, `lines` where each of them does, `labels` those of a nested block.
    """

    __slots__ = ("labels", "line", "lines")

    def __init__(self, line: int, labels: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}
        self.labels = labels

    @staticmethod
    def merged(values: dict[str, Any], base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
        """Values made from two bodies, with the lines of both where both have lines."""
        if not isinstance(base, Body):
            return values
        body = Body(base.line, base.labels)
        body.update(values)
        body.lines = {**base.lines, **(over.lines if isinstance(over, Body) else {})}
        return body


@dataclass(slots=True)
class Block:
    """A top-level block: `kind` as in `resource`, its labels, body, place, and CDKTF construct path or "".

    `check` is the name of the check block that a data source stands in, or "".
    """

    kind: str
    labels: tuple[str, ...]
    body: dict[str, Any]
    place: Place
    construct: str = ""
    check: str = ""
    constraint: types.Type | None = None
    weight: int = 0
    """The number of values in the body, once somebody has counted them."""


@dataclass(slots=True)
class Config:
    """The configuration of one module: what its files declare, overrides laid over it.

    `folder` is where the files are, `directory` how Terraform names that place: `path.module`.

    Nothing that the files say is missing here, so that the configuration can be written anew from it: `settings`
    are the `terraform` blocks in order, overrides last, and `others` blocks of later versions (`action`, `list`).
    A data source within a check block stands in `resources` and in the body of the check.
    """

    folder: Path
    resources: dict[tuple[str, str, str], Block] = field(default_factory=dict)
    modules: dict[str, Block] = field(default_factory=dict)
    variables: dict[str, Block] = field(default_factory=dict)
    outputs: dict[str, Block] = field(default_factory=dict)
    locals: dict[str, tuple[Any, Place]] = field(default_factory=dict)
    providers: list[Block] = field(default_factory=list)
    settings: list[Block] = field(default_factory=list)
    checks: dict[str, Block] = field(default_factory=dict)
    moved: list[Block] = field(default_factory=list)
    removed: list[Block] = field(default_factory=list)
    imports: list[Block] = field(default_factory=list)
    others: list[Block] = field(default_factory=list)
    directory: str = "."


@dataclass(frozen=True, slots=True)
class Unseen:
    """A module whose resources could not be seen, and why."""

    address: str
    reason: str
    place: Place
    construct: str


def assemble(folder: Path, blocks: Iterable[Block], overrides: Iterable[Block] = ()) -> Config:
    """Put the blocks of a module together, and merge those of its override files over them.

    Raises:
        Problem: something is declared twice, or an override has nothing to override.

    Source: https://developer.hashicorp.com/terraform/language/files/override
    """
    config = Config(folder)
    for block in blocks:
        table, key = _slot(config, block)
        if table is None:
            _add_loose(config, block)
            continue
        if key in table:
            raise _again(block, ".".join((block.kind, *block.labels)), table[key].place)
        table[key] = block
    for block in overrides:
        if block.kind in _NEVER_OVERRIDE or block.check:
            continue
        if block.kind in ("check", "moved", "import"):
            line = block.place.line()
            raise Problem(f"{block.place.file}:{line}: a {block.kind} block cannot stand in an override file")
        table, key = _slot(config, block)
        if table is None:
            _override_loose(config, block)
            continue
        if key not in table:
            raise _nothing_to_override(block, ".".join((block.kind, *block.labels)))
        if block.body.get("depends_on") is not None:
            line = block.place.line("depends_on")
            raise Problem(f"{block.place.file}:{line}: depends_on cannot be overridden")
        base = table[key]
        table[key] = replace(base, body=_laid_over(base.body, block.body, _KEPT.get(block.kind, frozenset())))
    return config


def _again(block: Block, name: str, earlier: Place, attribute: str = "") -> Problem:
    return Problem(
        f"{block.place.file}:{block.place.line(attribute)}: {name} is declared again; "
        f"it stands in {earlier.file}:{earlier.line(attribute)} already"
    )


def _nothing_to_override(block: Block, name: str, attribute: str = "") -> Problem:
    return Problem(
        f"{block.place.file}:{block.place.line(attribute)}: there is no {name} that this override could change"
    )


def _slot(config: Config, block: Block) -> tuple[dict[Any, Block] | None, Any]:
    if block.kind in ("resource", "data", "ephemeral"):
        return config.resources, (block.kind, *block.labels)
    tables = {
        "module": config.modules,
        "variable": config.variables,
        "output": config.outputs,
        "check": config.checks,
    }
    return tables.get(block.kind), block.labels[0] if block.labels else ""


def _loose(config: Config, kind: str) -> list[Block]:
    """The list that blocks of a kind without a name of their own are kept in."""
    lists = {
        "terraform": config.settings,
        "moved": config.moved,
        "removed": config.removed,
        "import": config.imports,
    }
    return lists.get(kind, config.others)


def _add_loose(config: Config, block: Block) -> None:
    if block.kind == "locals":
        for name, value in block.body.items():
            if name == "//":
                continue
            if name in config.locals:
                raise _again(block, f"local.{name}", config.locals[name][1], name)
            config.locals[name] = (value, block.place)
    elif block.kind == "provider":
        config.providers.append(block)
    else:
        _loose(config, block.kind).append(block)


def _override_loose(config: Config, block: Block) -> None:
    if block.kind == "locals":
        for name, value in block.body.items():
            if name == "//":
                continue
            if name not in config.locals:
                raise _nothing_to_override(block, f"local.{name}", name)
            config.locals[name] = (value, block.place)
    elif block.kind == "provider":
        alias = plain_text(block.body.get("alias"))
        same = [one for one in config.providers if one.labels == block.labels]
        twin = next((one for one in same if plain_text(one.body.get("alias")) == alias), None)
        if twin is not None:
            config.providers[config.providers.index(twin)] = replace(
                twin, body=_laid_over(twin.body, block.body, frozenset())
            )
        elif alias:
            raise _nothing_to_override(block, f"provider {block.labels[0]}.{alias}")
        else:
            config.providers.append(block)
    else:
        _loose(config, block.kind).append(block)


def _laid_over(base: dict[str, Any], over: dict[str, Any], kept: frozenset[str]) -> dict[str, Any]:
    """A body with another one over it; what `kept` names stays as it is.

    An argument replaces the one of its name; blocks, dynamic or not, replace all blocks of their type.
    """
    told = {name: value for name, value in over.items() if name not in kept}
    dynamic = _by_label(over.get("dynamic"))
    if "lifecycle" in told and "lifecycle" in base:
        first, second = (_only(body["lifecycle"]) for body in (base, over))
        chosen = {name: value for name, value in second.items() if name in _LIFECYCLE}
        told["lifecycle"] = [Body.merged({**first, **chosen}, first, second)]
    replaced = (told.keys() | dynamic.keys()) - {"dynamic", "//"}
    result = {name: value for name, value in base.items() if name not in replaced}
    left = {name: value for name, value in _by_label(base.get("dynamic")).items() if name not in replaced}
    result.update(told)
    if left or dynamic:
        result["dynamic"] = {**left, **dynamic}
    else:
        result.pop("dynamic", None)
    return Body.merged(result, base, over)


def _by_label(dynamic: Any) -> dict[str, Any]:
    """Dynamic blocks by their label, in either syntax."""
    if not is_dynamic(dynamic):
        return {}
    found: dict[str, Any] = {}
    for label, blocks in each_dynamic(dynamic):
        found.setdefault(label, []).extend(blocks)
    return found


def _only(value: Any) -> dict[str, Any]:
    """The body of a block that stands once."""
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, dict) else {}


# --- evaluation -----------------------------------------------------------------------------------------


class Evaluation:
    """One evaluation of a configuration: loads modules, expands instances, and collects what was not seen.

    Args:
        root: the root module.
        load: gives the configuration that a module call names, or words on why it cannot be seen, for the module
            that calls, the names of the calls that lead there, and the call; raises `Problem`.
        given: values of the root module's variables.
        reach: the files that functions may read.
        facts: resources of a plan by address: what Terraform knows and the configuration does not say.
        workspace: the name of the workspace, or "" if it is not known.
    """

    def __init__(
        self,
        root: Config,
        load: Callable[[Config, tuple[str, ...], Block], Config | str],
        given: Mapping[str, Any],
        reach: Reach,
        facts: Mapping[str, Resource],
        workspace: str = "",
    ) -> None:
        BUDGET.renew()
        self.repeated = 0
        self.modules = 0
        self.workspace = workspace
        self.load = load
        self.reach = reach
        self.facts = facts
        self.unseen: list[Unseen] = []
        self.calls: list[tuple[str, Block, Scope]] = []
        self.root = Module(self, root, "", given, (), ())

    def count(self, number: int, block: Block, address: str) -> None:
        """Add instances of a block to those there are already.

        Raises:
            Problem: there are too many.
        """
        self.repeated += number
        self.modules += number if block.kind == "module" else 0
        for kind, found, most in (
            ("modules", self.modules, MOST_MODULES),
            ("instances by count, for_each and modules", self.repeated, MOST_REPEATED),
        ):
            if found > most:
                raise Problem(
                    f"{block.place.file}:{block.place.line()}: with {address} there would be more than "
                    f"{most:,} {kind}; the gate judges up to that"
                )

    def model(self, source: str) -> Model:
        """The model of everything that the configuration declares."""
        resources: list[Resource] = []
        data: list[Resource] = []
        for module in self.root.tree():
            for (mode, _, _), instances in module.everything():
                if mode == "ephemeral":
                    continue
                target = resources if mode == "resource" else data
                target.extend(instance.resource() for instance in instances)
        outputs = [
            Output(
                name,
                self.root.output(name),
                _truth(block.body.get("sensitive"), self.root.scope),
                block.place,
            )
            for name, block in self.root.config.outputs.items()
        ]
        variables = [
            Variable(name, evaluate_value(block.body.get("default", ABSENT), self.root.scope), block.place)
            for name, block in self.root.config.variables.items()
        ]
        declares = bool(resources) or self._declares()
        constraints = [text for module in self.root.tree() for text in _constraints(module.config)]
        # Only now, when everything else is evaluated: what a module is given may hang on what it gives.
        handed = {
            address: [
                evaluate_value(value, scope) for name, value in block.body.items() if name not in _MODULE_META
            ]
            for address, block, scope in self.calls
        }
        # The order is asked for by few, and needs what this module defines.
        from policies.readers.order import Order

        return Model(
            resources,
            data,
            outputs,
            self.providers(),
            source,
            variables,
            declares,
            constraints,
            partial=bool(self.unseen),
            order=Order(self),
            handed=handed,
        )

    @cached_property
    def region(self) -> str:
        """The Region that each of the root module's configurations of hashicorp/aws names, or what they begin with."""
        given = [each.values.get("region") for each in self.providers() if each.name == "aws"]
        named = [one for one in given if isinstance(one, str)]
        if not named or named != given:
            return ""
        first, last = min(named), max(named)
        return "".join(
            one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
        )

    def providers(self) -> list[Provider]:
        """The configurations of providers in the root module."""
        return [
            Provider(
                block.labels[0],
                str(plain_text(block.body.get("alias"))),
                evaluate_body(block.body, self.root.scope),
                block.place,
            )
            for block in self.root.config.providers
        ]

    def _declares(self) -> bool:
        """Whether any module declares a managed resource, those included that have no instance, or is not seen."""
        pending: list[tuple[Config, tuple[str, ...]]] = [(self.root.config, ())]
        seen: set[Path] = set()
        while pending:
            config, path = pending.pop()
            if config.folder in seen:
                continue
            seen.add(config.folder)
            if any(mode == "resource" for mode, _, _ in config.resources):
                return True
            for name, block in config.modules.items():
                found = self.load(config, (*path, name), block)
                if not isinstance(found, Config):
                    return True
                pending.append((found, (*path, name)))
        return False


def _sources(config: Config) -> Iterator[tuple[str, str]]:
    """The providers that a module requires: their local names, and the sources, which a name without one implies."""
    for block in config.settings:
        required = block.body.get("required_providers")
        for table in required if isinstance(required, list) else [required]:
            for name, entry in (table or {}).items() if isinstance(table, dict) else ():
                yield name, plain_text(fields(entry).get("source")) or f"hashicorp/{name}"


def _constraints(config: Config) -> Iterator[str]:
    """The version constraints that a module puts on the AWS provider, in any of the ways to write them."""
    for block in config.settings:
        required = block.body.get("required_providers")
        for table in required if isinstance(required, list) else [required]:
            for name, entry in (table or {}).items() if isinstance(table, dict) else ():
                values = fields(entry)
                source = plain_text(values.get("source")).lower()
                if source.endswith("hashicorp/aws") or (name == "aws" and not source):
                    yield plain_text(values.get("version") if values else entry)
    for block in config.providers:
        if block.labels[0] == "aws" and "version" in block.body:
            yield plain_text(block.body["version"])


def fields(entry: Any) -> dict[str, Any]:
    """The entry of a provider: in HCL an expression, in JSON an object."""
    if isinstance(entry, Object):
        return {
            plain_text(key) or (key.name if isinstance(key, Name) else ""): value
            for key, value in entry.items
        }
    return dict(entry) if isinstance(entry, dict) else {}


def _truth(value: Any, scope: Scope) -> bool:
    return as_boolean(evaluate_value(value, scope)) is True


def plain_text(value: Any) -> str:
    """A text that Terraform takes literally: an alias, a module's source."""
    if isinstance(value, Literal):
        value = value.value
    return value if isinstance(value, str) else ""


def is_local(source: str) -> bool:
    """Whether a module's source is a folder beside the one that calls it."""
    return source.startswith(("./", "../", ".\\", "..\\"))


def constant_text(block: Block, name: str) -> str:
    """An argument that Terraform takes without names: a module's source or version; "" where it has none such."""
    value = block.body.get(name)
    if isinstance(value, str | Node):
        value = evaluate_value(value, NoNames())
    return str(value) if isinstance(value, str) else ""


def contains_itself(block: Block, address: str) -> Problem:
    """What to say of a module that is among those that call it."""
    return Problem(f"{block.place.file}:{block.place.line('source')}: {address} contains itself")


class NoNames:
    """The scope of an expression that may use neither names nor functions."""

    def name(self, name: str) -> Any:
        return Unknown(f"{name} may not be used here")

    def with_names(self, names: Mapping[str, Any]) -> Scope:
        return self

    def call(self, name: str, arguments: list[Any]) -> Any:
        return Unknown(f"{name}() may not be called here")


class _Names:
    """The scope of an expression: a module, and the names that `count`, `for_each` and blocks add."""

    __slots__ = ("module", "names")

    def __init__(self, module: Module, names: Mapping[str, Any]) -> None:
        self.module = module
        self.names = names

    def name(self, name: str) -> Any:
        if name in self.names:
            return self.names[name]
        return self.module.name(name)

    def with_names(self, names: Mapping[str, Any]) -> Scope:
        return type(self)(self.module, {**self.names, **names})

    def type_of_variable(self, name: str) -> types.Type | None:
        block = self.module.config.variables.get(name)
        try:
            return None if block is None else _constraint(block)
        except (types.Refused, types.Undecided):
            return None

    def call(self, name: str, arguments: list[Any]) -> Any:
        if name.removeprefix("core::") in FILE_FUNCTIONS:
            return self.module.file_function(name.removeprefix("core::"), arguments)
        return functions.call(name, arguments)


class _TemplateNames(_Names):
    """The scope of a template file: the variables it was given, and nothing else."""

    __slots__ = ()

    def name(self, name: str) -> Any:
        return self.names.get(name, Unknown(f"the template has no variable {name}"))

    def call(self, name: str, arguments: list[Any]) -> Any:
        if name.removeprefix("core::") in ("templatefile", "templatestring"):
            return failed(f"{name}() is called from within a template", *arguments)
        return super().call(name, arguments)


class _Attributes(Lazy):
    """`var`, `local`, `module`, `data`, ...: something with attributes that are looked up when asked for."""

    __slots__ = ("_look", "_title")

    def __init__(self, title: str, look: Callable[[str], Any]) -> None:
        self._title = title
        self._look = look

    def attribute(self, name: str) -> Any:
        return self._look(name)

    def unknown(self) -> Unknown:
        return Unknown(f"{self._title} as a whole is not evaluated here")


_PENDING: Final = object()


class Module:
    """One instance of a module."""

    def __init__(
        self,
        evaluation: Evaluation,
        config: Config,
        address: str,
        given: Mapping[str, Any],
        ancestors: tuple[Path, ...],
        calls: tuple[str, ...],
        under: frozenset[str] = frozenset(),
    ) -> None:
        self.evaluation = evaluation
        self.config = config
        self.address = address
        self.given = given
        self.ancestors = ancestors
        self.calls = calls
        self.under = under
        self.inherits = True
        """Whether its providers are the root module's."""
        self.scope: Scope = _Names(self, {})
        self._sources = dict(_sources(config))
        self._values: dict[tuple[str, str], Any] = {}
        self._instances: dict[tuple[str, str, str], Any] = {}
        self._children: dict[str, Any] = {}
        self._roots: dict[str, Any] = {
            "var": _Attributes("var", self.variable),
            "local": _Attributes("local", self.local),
            "module": _Attributes("module", self.child),
            "data": _Attributes("data", lambda type: self.types("data", type)),
            "ephemeral": _Attributes("ephemeral", lambda type: self.types("ephemeral", type)),
            "path": _Attributes("path", self.path),
            "terraform": _Attributes("terraform", self.terraform),
            "each": _Attributes("each", lambda name: Unknown(f"each.{name} has no for_each here")),
            "count": _Attributes("count", lambda name: Unknown(f"count.{name} has no count here")),
            "self": _Attributes("self", lambda name: Unknown(f"self.{name} is not known here")),
        }

    # names

    def name(self, name: str) -> Any:
        root = self._roots.get(name)
        if root is None:
            root = self._roots[name] = self.types("resource", name)
        return root

    def types(self, mode: str, type: str) -> Lazy:
        return _Attributes(type, lambda name: self.instances(mode, type, name))

    def _once(self, kind: str, name: str, make: Callable[[], Any]) -> Any:
        """A value computed once; one that needs itself is unknown."""
        key = (kind, name)
        value = self._values.get(key, ABSENT)
        if value is _PENDING:
            return Unknown(f"{kind}.{name} refers to itself")
        if value is ABSENT:
            self._values[key] = _PENDING
            supposed = Lazy.supposed
            try:
                value = make()
            finally:
                self._values.pop(key, None)
                # What is refused there ends the run, whatever is tried with the name.
                Lazy.supposed = supposed
            self._values[key] = value = settled(value)
        return value

    def variable(self, name: str) -> Any:
        def value() -> Any:
            try:
                return self._variable(name)
            except Exceeded as error:
                raise _placed(error, self.config.variables[name].place, "", f"var.{name}") from error

        return self._once("var", name, value)

    def _variable(self, name: str) -> Any:
        block = self.config.variables.get(name)
        if block is None:
            return Unknown(f"var.{name} is not declared")
        value = self.given.get(name, ABSENT)
        value = value.value() if isinstance(value, _Deferred) else _as_read(value)
        if value is None and as_boolean(_literal(block.body.get("nullable", True))) is False:
            value = ABSENT
        if value is ABSENT and "default" in block.body:
            default = block.body["default"]
            value = plain(evaluate(default, self.scope)) if isinstance(default, Node) else _as_read(default)
        if value is ABSENT:
            return Unknown(f"var.{name} has no value here")
        try:
            value = types.convert(value, _constraint(block))
        except (types.Refused, types.Undecided) as error:
            return unknown_from(f"var.{name} does not have the type that is declared: {error}", value)
        if as_boolean(_literal(block.body.get("sensitive"))) is True:
            value = hidden(value)
        return value

    def local(self, name: str) -> Any:
        if name not in self.config.locals:
            return Unknown(f"local.{name} is not declared")
        expression, place = self.config.locals[name]

        def value() -> Any:
            try:
                return evaluate_value(expression, self.scope, lazy=True)
            except Exceeded as error:
                raise _placed(error, place, name, f"local.{name}") from error

        return self._once("local", name, value)

    def output(self, name: str) -> Any:
        block = self.config.outputs.get(name)
        if block is None:
            return Unknown(f"{self.address or 'the root module'} has no output {name!r}")

        def value() -> Any:
            try:
                result = evaluate_value(block.body.get("value"), self.scope, lazy=bool(self.address))
            except Exceeded as error:
                raise _placed(error, block.place, "value", f"output.{name}") from error
            return hidden(result) if _truth(block.body.get("sensitive"), self.scope) else result

        return self._once("output", name, value)

    def path(self, name: str) -> Any:
        folders = {"module": self.config.directory, "root": self.evaluation.root.config.directory}
        if name in folders:
            return folders[name]
        return Unknown(f"path.{name} is not known here")

    def terraform(self, name: str) -> Any:
        if name == "workspace" and self.evaluation.workspace:
            return self.evaluation.workspace
        return Unknown(f"terraform.{name} is not known here")

    def file_function(self, name: str, arguments: list[Any]) -> Any:
        """`file` and its kin, for files within reach: reading elsewhere would judge the machine."""
        arguments = [plain(argument) for argument in arguments]
        if len(arguments) != (2 if name in ("fileset", "templatefile", "templatestring") else 1):
            return failed(f"{name}() does not take {len(arguments)} arguments")
        path = arguments[0]
        blind = first_unknown(arguments) if name != "templatefile" else first_unknown(path)
        if blind is not None and not name.startswith("template"):
            return unknown_from(f"{name}() of a path that is not known", *arguments)
        if not isinstance(path, str):
            return unknown_from(f"{name}() of what is no known text", *arguments)
        if name == "templatestring":
            return self.rendered(path, "the template", arguments[1])
        if name == "fileset":
            return self._files(path, arguments[1])
        reach = self.evaluation.reach
        data = reach.data(path)
        if name == "fileexists":
            return True if data is not None else Unknown(f"fileexists({path!r}) is not answered here")
        if data is None:
            return unknown_from(f"{name}({path!r}) is not read here", *arguments)
        BUDGET.make(4 * len(data))
        from policies.readers.functions.encodings import digest, in_base64

        if name == "filebase64":
            return in_base64(data)
        if name.startswith("filebase64"):
            return in_base64(digest(name.removeprefix("filebase64"), data))
        if name not in ("file", "templatefile"):
            return digest(name.removeprefix("file"), data).hex()
        try:
            text = nfc(data.decode())
        except UnicodeDecodeError:
            return failed(f"{path!r} is no text in UTF-8")
        return text if name == "file" else self.rendered(text, repr(path), arguments[1])

    def rendered(self, text: str, told: str, names: Any) -> Any:
        """A template with values of its own."""
        if not isinstance(names, dict):
            return unknown_from(f"{told}: the variables of the template are not known", names)
        try:
            return plain(evaluate(parse_template(nfc(text)), _TemplateNames(self, names)))
        except SyntaxFault as fault:
            return failed(f"{told} is no template: {fault}")

    def _files(self, folder: str, pattern: Any) -> Any:
        """The names that `fileset` gives."""
        if not isinstance(pattern, str):
            return unknown_from("fileset() of what is no text", pattern)
        from policies.readers.functions.paths import chosen_files

        names = self.evaluation.reach.listing(folder, "**/*" if "**" in pattern else pattern)
        chosen = chosen_files(pattern)
        if names is None or chosen is None:
            return Unknown(f"fileset({folder!r}, {pattern!r}) is not answered here")
        return types.set_of([name for name in names if chosen(name)], "string")

    def source_of(self, block: Block) -> str:
        """The source of a resource's provider as `required_providers` says it, or "" where it says nothing."""
        chosen = block.body.get("provider")
        name = provider_name(chosen).partition(".")[0] if chosen is not None else ""
        return self._sources.get(name or block.labels[0].partition("_")[0], "")

    # instances of resources

    def qualified(self, name: str) -> str:
        return f"{self.address}.{name}" if self.address else name

    def instances(self, mode: str, type: str, name: str) -> Any:
        """The resource as expressions see it: an instance, a list or map of them, or something unknown."""
        key = (mode, type, name)
        found = self._instances.get(key, ABSENT)
        if found is not ABSENT:
            return found
        block = self.config.resources.get(key)
        prefix = "" if mode == "resource" else f"{mode}."
        address = self.qualified(f"{prefix}{type}.{name}")
        if block is None:
            return Unknown(f"{address} is not declared")
        self._instances[key] = Unknown(f"{address} refers to itself")
        found = self._expand(
            block,
            address,
            lambda suffix, names, single: Instance(self, block, address + suffix, names, single),
        )
        self._instances[key] = found
        return found

    def everything(self) -> Iterator[tuple[tuple[str, str, str], list[Instance]]]:
        """Every resource of this module with its instances."""
        for key in self.config.resources:
            found = self.instances(*key)
            if isinstance(found, Instance):
                yield key, [found]
            elif isinstance(found, dict):
                yield key, list(found.values())
            elif isinstance(found, list):
                yield key, found

    def _expand(self, block: Block, address: str, make: Callable[[str, Mapping[str, Any], bool], Any]) -> Any:
        """The instances of a block by its `count` or `for_each`."""
        try:
            return self._expanded(block, address, make)
        except Exceeded as error:
            attribute = "count" if block.body.get("count") is not None else "for_each"
            raise _placed(error, block.place, attribute, f"{address}: {attribute}") from error

    def _expanded(
        self, block: Block, address: str, make: Callable[[str, Mapping[str, Any], bool], Any]
    ) -> Any:
        if block.body.get("count") is not None:
            count = evaluate_value(block.body["count"], self.scope)
            number = None if isinstance(count, Unknown) else _whole(count)
            if number is None or number < 0:
                reason = count.reason if isinstance(count, Unknown) else "count is not a number"
                return make("", {"count": {"index": Unknown(f"count.index: {reason}")}}, False)
            self._bound(number, block, address)
            return [
                make(f"[{index}]", {"count": {"index": numbers.Whole(index, numbers.COUNTED)}}, True)
                for index in range(number)
            ]
        if block.body.get("for_each") is not None:
            chosen = evaluate_value(block.body["for_each"], self.scope)
            if isinstance(chosen, list | dict) and any(isinstance(key, Sensitive) for key in chosen):
                # Keys stand in addresses, which are shown; Terraform refuses secret ones as well.
                chosen = Unknown("for_each is made of values that must not be shown")
            if isinstance(chosen, list) and all(isinstance(item, str) for item in chosen):
                chosen = {str.__str__(item): item for item in chosen}
            if not isinstance(chosen, dict):
                blind = first_unknown(chosen)
                reason = blind.reason if blind is not None else "for_each is neither a map nor a set of texts"
                unknown = Unknown(reason, references_of(chosen))
                return make("", {"each": {"key": unknown, "value": unknown}}, False)
            self._bound(len(chosen), block, address)
            return {
                key: make(f"[{_quoted(key)}]", {"each": {"key": key, "value": value}}, True)
                for key, value in chosen.items()
            }
        if self.address or block.kind == "module":
            self._bound(1, block, address)
        return make("", {}, True)

    def _bound(self, number: int, block: Block, address: str) -> None:
        if number > MOST_INSTANCES:
            raise Problem(
                f"{block.place.file}:{block.place.line()}: {address} would have {number:,} instances; "
                f"the gate judges up to {MOST_INSTANCES:,}"
            )
        self.evaluation.count(number, block, address)

    # modules

    def child(self, name: str) -> Any:
        found = self._children.get(name, ABSENT)
        if found is not ABSENT:
            return found
        block = self.config.modules.get(name)
        address = self.qualified(f"module.{name}")
        if block is None:
            return Unknown(f"{address} is not declared")
        self._children[name] = Unknown(f"{address} refers to itself")
        config = self._child_config(block, address)
        if isinstance(config, str):
            unknown = Unknown(f"{address} is not seen: {config}")
            found = self._expand(block, address, lambda suffix, names, single: unknown)
            # Without an instance there is nothing of it, whatever it holds.
            if found not in ([], {}):
                self.evaluation.unseen.append(Unseen(address, config, block.place, block.construct))
                self.evaluation.calls.append((address, block, self.scope))
                found = unknown
        else:
            loaded = config
            ancestors = (*self.ancestors, self.config.folder.resolve())

            def make(suffix: str, names: Mapping[str, Any], single: bool) -> ModuleInstance:
                scope = _Names(self, names)
                given = {
                    key: _Deferred(value, scope)
                    for key, value in block.body.items()
                    if key not in _MODULE_META
                }
                calls = (*self.calls, name)
                under = self.under if single else self.under | _conditions(block, self.address)
                module = Module(self.evaluation, loaded, address + suffix, given, ancestors, calls, under)
                module.inherits = self.inherits and not loaded.providers
                return ModuleInstance(module, single)

            found = self._expand(block, address, make)
        self._children[name] = found
        return found

    def _child_config(self, block: Block, address: str) -> Config | str:
        """The configuration of a module that is called, or why it cannot be seen."""
        found = self.evaluation.load(self.config, (*self.calls, block.labels[0]), block)
        if isinstance(found, Config) and found.folder.resolve() in (
            *self.ancestors,
            self.config.folder.resolve(),
        ):
            raise contains_itself(block, address)
        return found

    def tree(self) -> Iterator[Module]:
        """This module and all modules below it."""
        yield self
        for name in self.config.modules:
            found = self.child(name)
            children = (
                [found]
                if isinstance(found, ModuleInstance)
                else list(found.values())
                if isinstance(found, dict)
                else found
                if isinstance(found, list)
                else []
            )
            for child in children:
                yield from child.module.tree()


class ModuleInstance(Lazy):
    """`module.x`: its attributes are its outputs."""

    __slots__ = ("module", "single")

    def __init__(self, module: Module, single: bool) -> None:
        self.module = module
        self.single = single

    def attribute(self, name: str) -> Any:
        value = self.module.output(name)
        # Where it is not known whether there is an instance, nothing is certain of what it gives.
        return replace(value, certain=False) if isinstance(value, Unknown) and not self.single else value

    def element(self, key: Any) -> Any:
        if self.single:
            return super().element(key)
        Lazy.supposed += 1
        return self

    def unknown(self) -> Unknown:
        return Unknown(f"{self.module.address} as a whole is not evaluated here")


class Instance(Lazy):
    """An instance of a resource or data source; `single` is false where it stands for an unknown number."""

    __slots__ = ("_body", "_pending", "_values", "address", "block", "module", "names", "scope", "single")

    def __init__(
        self, module: Module, block: Block, address: str, names: Mapping[str, Any], single: bool
    ) -> None:
        self.module = module
        self.block = block
        self.address = address
        self.names = names
        self.single = single
        self.scope = _Names(module, names)
        self._values: dict[str, Any] = {}
        self._body: dict[str, Any] | None = None
        self._pending: set[str] = set()

    def values(self) -> dict[str, Any]:
        """All arguments and blocks, evaluated; `count` and its kin are left out."""
        if self._body is None:
            block = self.block
            if self.names or self.module.address:
                # What stands in the configuration once is paid for by whoever wrote it; copies are not.
                block.weight = block.weight or _weight(block.body)
            try:
                BUDGET.spend(block.weight)
                self._body = evaluate_body(block.body, self.scope, resource=True)
            except Exceeded as error:
                raise _placed(error, block.place, "", self.address) from error
            except SyntaxFault as fault:
                place = block.place
                raise Problem(
                    f"{place.file}:{place.line()}: {self.address}: an expression cannot be parsed: {fault}"
                ) from fault
        return self._body

    def attribute(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        reference = Reference(self.address, name)
        if name in self._pending:
            return Unknown(f"{reference} refers to itself")
        self._pending.add(name)
        supposed = Lazy.supposed
        try:
            value = self._argument(name)
        finally:
            self._pending.discard(name)
            Lazy.supposed = supposed
        if value is None:
            value = self._fact(name)
        zones = self._zones(reference) if value is None and name == "names" else None
        self._values[name] = value = (
            zones
            if zones is not None
            else _with_reference(value, reference, self.single and is_identity(reference))
        )
        return value

    def _zones(self, reference: Reference) -> Texts | None:
        """The names of Availability Zones, which begin with their Region's.

        Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
        """
        block = self.block
        start = self.module.evaluation.region if self.module.inherits else ""
        if not start or (block.kind, block.labels[0]) != ("data", "aws_availability_zones"):
            return None
        if not self.single or "region" in block.body:
            return None
        return Texts(f"{reference} is known after apply", (reference,), start=start)

    def _fact(self, name: str) -> Any:
        """What Terraform knows of an attribute that the configuration does not set."""
        resource = self.module.evaluation.facts.get(self.address)
        value = None if resource is None else resource.values.get(name)
        return None if first_unknown(value) is not None else value

    def _argument(self, name: str) -> Any:
        body = self.block.body
        if (
            name in ("json", "minified_json")
            and self.block.labels[0] == "aws_iam_policy_document"
            and self.block.kind == "data"
        ):
            from policies.readers.policy_document import render

            return render(self.values())
        if name == "rendered" and self.block.kind == "data":
            kind = self.block.labels[0]
            if is_computed(kind, self.module.source_of(self.block)):
                return computed(kind, self.values(), self.module.rendered)
        if name in _META or name not in body:
            dynamic = body.get("dynamic")
            if isinstance(dynamic, dict) and name in dynamic:
                return self.values().get(name)
            return None
        if self._body is not None:
            return self._body.get(name)
        if "dynamic" in body:
            return self.values().get(name)
        try:
            return evaluate_value(body[name], self.scope)
        except Exceeded as error:
            raise _placed(error, self.block.place, name, f"{self.address}: {name}") from error

    def element(self, key: Any) -> Any:
        if self.single:
            return super().element(key)
        Lazy.supposed += 1
        return self

    def unknown(self) -> Unknown:
        return Unknown(f"{self.address} is known after apply", (Reference(self.address),))

    def resource(self) -> Resource:
        names = self.names.get("count") or self.names.get("each") or {}
        key = names.get("index", names.get("key"))
        return Resource(
            self.address,
            self.block.labels[0],
            self.block.labels[1],
            self.values(),
            mode="managed" if self.block.kind == "resource" else "data",
            key=None if isinstance(key, Unknown) else key,
            module=self.module.address,
            place=self.block.place,
            construct=self.block.construct,
            provisioners=_provisioners(self.block.body.get("provisioner")),
            stranger=stranger(self.block.labels[0], self.module.source_of(self.block)),
            under=self.module.under
            if self.single
            else self.module.under | _conditions(self.block, self.module.address),
        )


def _conditions(block: Block, module: str) -> frozenset[str]:
    """What decides how many instances there are of a block, as texts: the same text is the same thing."""
    number = block.body.get("count")
    node = number if number is not None else block.body.get("for_each")
    if isinstance(node, str):
        node = parse_template(node)
    while isinstance(node, Template) and len(node.parts) == 1:
        node = node.parts[0]
    if number is not None and isinstance(node, Conditional):
        one, none = node.then, node.otherwise
        if isinstance(one, Literal) and isinstance(none, Literal) and one.value != 0 and none.value == 0:
            node = node.condition
    found = []
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, Binary) and node.operator == "&&":
            pending += [node.left, node.right]
        else:
            found.append(f"{module}: {node!r}")
    return frozenset(found)


def _provisioners(blocks: Any) -> frozenset[str]:
    """The kinds of a resource's provisioners, such as `local-exec`: labels in HCL, keys in JSON."""
    found = blocks if isinstance(blocks, list) else [blocks]
    return frozenset(
        kind for block in found if isinstance(block, dict) for kind in getattr(block, "labels", ()) or block
    )


@dataclass(slots=True)
class _Deferred:
    """A module's argument, evaluated in the scope of the call when the module asks for it."""

    expression: Any
    scope: Scope

    def value(self) -> Any:
        return evaluate_value(self.expression, self.scope, lazy=True)


def _with_reference(value: Any, reference: Reference, certain: bool) -> Any:
    """A value that remembers that it was taken from `reference`; one that is not set is computed by AWS, and `certain`
    says that it is never null or empty then."""
    if value is None:
        return Unknown(f"{reference} is known after apply", (reference,), certain=certain)
    if isinstance(value, Sensitive):
        return Sensitive(value, (reference, *value.references))
    if isinstance(value, str):
        return Traced(value, (reference, *references_of(value)))
    if isinstance(value, Unknown):
        references = tuple(dict.fromkeys((reference, *value.references)))
        return Unknown(value.reason, references, value.parts, value.document, value.certain, value.decoded)
    return types.loose(value)


def hidden(value: Any) -> Any:
    """A value marked as not to be shown."""
    if isinstance(value, str):
        return Sensitive(value, references_of(value))
    if isinstance(value, list):
        return types.same_kind(value, [hidden(item) for item in value])
    if isinstance(value, dict):
        return types.same_kind(value, {key: hidden(item) for key, item in value.items()})
    return value


def _placed(error: Exceeded, place: Place, attribute: str, name: str) -> Problem:
    """A bound that was reached, with the place where it was."""
    return Problem(f"{place.file}:{place.line(attribute)}: {name}: {error}")


def _weight(value: Any) -> int:
    """The number of values in a body."""
    if isinstance(value, dict):
        return 1 + sum(map(_weight, value.values()))
    return 1 + sum(map(_weight, value)) if isinstance(value, list) else 1


def _literal(value: Any) -> Any:
    return value.value if isinstance(value, Literal) else value


def _quoted(key: str) -> str:
    """An instance key as Terraform writes it in an address."""
    return f'"{_ESCAPED_IN_KEYS.sub(_escaped, key)}"'


def _escaped(match: re.Match[str]) -> str:
    found = match.group()
    if found in _SHORT_IN_KEYS:
        return _SHORT_IN_KEYS[found]
    if found.isprintable():
        return found
    return f"\\u{ord(found):04x}" if ord(found) < 1 << 16 else f"\\U{ord(found):08x}"


# --- bodies ---------------------------------------------------------------------------------------------


def evaluate_value(value: Any, scope: Scope, lazy: bool = False) -> Any:
    """An argument's value; with `lazy`, resources and modules may stay as such for others to look into."""
    if isinstance(value, str):
        if "${" in value or "%{" in value:
            result = evaluate(parse_template(value), scope)
            return result if lazy else plain(result)
        return nfc(value)
    if isinstance(value, dict):
        return evaluate_body(value, scope)
    if isinstance(value, list):
        return [evaluate_value(item, scope, lazy) for item in value]
    if isinstance(value, Node):
        result = evaluate(value, scope)
        return result if lazy else plain(result)
    return _as_read(value) if isinstance(value, float) else value


def _as_read(value: Any) -> Any:
    """A value that stands in a file as it is: texts in normal form, numbers exact."""
    if isinstance(value, str):
        return value if value.isascii() or isinstance(value, Traced) else nfc(value)
    if isinstance(value, float):
        try:
            return numbers.of(value)
        except ValueError:
            return Unknown("this number is not computed here")
    if isinstance(value, list):
        return types.same_kind(value, [_as_read(item) for item in value])
    if isinstance(value, dict):
        return types.same_kind(value, {nfc(key): _as_read(item) for key, item in value.items()})
    return value


def _whole(value: Any) -> int | None:
    """A value as a whole number, or None where it is none."""
    try:
        return numbers.whole(types.as_number(value))
    except (types.Refused, types.Undecided):
        return None


def _constraint(block: Block) -> types.Type:
    """The type that a variable's block declares.

    Raises:
        Refused: it is no type.
    """
    if block.constraint is None:
        kind = block.body.get("type")
        if isinstance(kind, str):
            text = kind.strip()
            try:
                kind = parse_expression(text[2:-1] if text.startswith("${") and text.endswith("}") else text)
            except SyntaxFault as fault:
                raise types.Refused("it is no type") from fault
        block.constraint = types.constraint(kind, _constant) if isinstance(kind, Node) else "any"
    return block.constraint


def _constant(node: Node) -> Any:
    """The value of an expression without names."""
    value = plain(evaluate(node, NoNames()))
    if first_unknown(value) is not None:
        raise types.Refused("a default is no constant")
    return value


def evaluate_body(body: Mapping[str, Any], scope: Scope, resource: bool = False) -> dict[str, Any]:
    """A body's arguments and blocks, dynamic blocks opened."""
    result: dict[str, Any] = {}
    for key, value in body.items():
        if key == "//" or (resource and key in _META):
            continue
        if key == "provider" and resource:
            result[key] = provider_name(value)
            continue
        if key == "dynamic" and is_dynamic(value):
            continue
        if type(value) is str and "${" not in value and "%{" not in value:
            result[key] = value if value.isascii() else nfc(value)
            continue
        if "${" in key:
            name = as_text(evaluate_value(key, scope))
            key = name if name is not None else key
        result[key] = evaluate_value(value, scope)
    dynamic = body.get("dynamic")
    if dynamic is not None and is_dynamic(dynamic):
        for label, blocks in each_dynamic(dynamic):
            present = result.get(label, [])
            present = list(present) if isinstance(present, list) else [present]
            for block in blocks:
                present.extend(_open(label, block, scope))
            result[label] = present
    return result


def provider_name(value: Any) -> str:
    """`aws.east`, however it is written: the argument takes a name, not an expression."""
    if isinstance(value, GetAttr) and isinstance(value.target, Name):
        return f"{value.target.name}.{value.name}"
    if isinstance(value, Name):
        return value.name
    text = plain_text(value)
    return text[2:-1].strip() if text.startswith("${") and text.endswith("}") else text


def is_dynamic(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(
        isinstance(item, dict)
        and all(
            isinstance(block, dict) and "for_each" in block and "content" in block
            for blocks in item.values()
            for block in (blocks if isinstance(blocks, list) else [blocks])
        )
        for item in items
    )


def each_dynamic(value: Any) -> Iterator[tuple[str, Sequence[dict[str, Any]]]]:
    for item in value if isinstance(value, list) else [value]:
        for label, blocks in item.items():
            yield label, blocks if isinstance(blocks, list) else [blocks]


def _open(label: str, block: Mapping[str, Any], scope: Scope) -> Iterator[Any]:
    """The blocks that a dynamic block stands for; an `Unknown` where their number is not known."""
    iterator = block.get("iterator")
    name = iterator.name if isinstance(iterator, Name) else plain_text(iterator)
    if name.startswith("${") and name.endswith("}"):
        name = name[2:-1].strip()
    name = name or label
    chosen = evaluate_value(block["for_each"], scope)
    contents = block["content"]
    contents = contents if isinstance(contents, list) else [contents]
    pairs: list[tuple[Any, Any]]
    if isinstance(chosen, dict):
        pairs = list(chosen.items())
    elif isinstance(chosen, types.SetOf):
        pairs = [(item, item) for item in chosen]
    elif isinstance(chosen, types.LooseList):
        key = Unknown(f"{name}.key: whether it is of a list or of a set is not known", references_of(chosen))
        pairs = [(key, item) for item in chosen]
    elif isinstance(chosen, list):
        pairs = [(numbers.Whole(index, numbers.COUNTED), item) for index, item in enumerate(chosen)]
    elif chosen is None:
        pairs = []
    else:
        unknown = (
            chosen if isinstance(chosen, Unknown) else Unknown(f"dynamic {label}: for_each is no collection")
        )
        names = {name: {"key": unknown, "value": unknown}}
        inside = [evaluate_value(content, scope.with_names(names)) for content in contents]
        yield Unknown(f"dynamic {label!r}: {unknown.reason}", references_of([unknown, inside]))
        return
    BUDGET.spend(len(pairs) * _weight(contents))
    for key, item in pairs:
        for content in contents:
            yield evaluate_value(content, scope.with_names({name: {"key": key, "value": item}}))
