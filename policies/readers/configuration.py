"""A configuration evaluated into a model: modules, instances, names, and what could not be seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.aws.identities import is_identity
from policies.engine.model import Model, Output, Place, Provider, Resource, Variable, stranger
from policies.engine.values import ABSENT, Reference, Sensitive, Traced, Unknown, as_boolean, references_of
from policies.readers import functions, numbers, types
from policies.readers.bodies import (
    META,
    as_read,
    constraint_of,
    evaluate_body,
    evaluate_value,
    hidden,
    literal_of,
    weight_of,
    whole_number,
)
from policies.readers.budget import BUDGET, Exceeded
from policies.readers.computed import computed, is_computed
from policies.readers.declared import (
    Block,
    Config,
    constraints_of,
    enabled,
    plain_text,
    provider_name,
    sources_of,
)
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
from policies.readers.locks import locked
from policies.readers.order import Order
from policies.readers.syntax import (
    Binary,
    Conditional,
    Literal,
    Node,
    SyntaxFault,
    Template,
    nfc,
    parse_template,
)

MOST_INSTANCES: Final = 100_000
"""More instances of one resource than this are refused: no configuration has them, a mistake may."""

MOST_REPEATED: Final = 150_000
"""More instances made by `count`, `for_each` and modules, of all resources and modules together, are refused."""

MOST_MODULES: Final = 10_000
"""More instances of modules than this are refused."""

_MODULE_META: Final = frozenset(
    {"source", "version", "providers", "count", "for_each", "depends_on", "lifecycle", "//"}
)
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


@dataclass(frozen=True, slots=True)
class Unseen:
    """A module whose resources could not be seen, and why."""

    address: str
    reason: str
    place: Place
    construct: str


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
        constraints = [text for module in self.root.tree() for text in constraints_of(module.config)]
        # Only now, when everything else is evaluated: what a module is given may hang on what it gives.
        handed = {
            address: [
                evaluate_value(value, scope) for name, value in block.body.items() if name not in _MODULE_META
            ]
            for address, block, scope in self.calls
        }
        return Model(
            resources,
            data,
            outputs,
            self.providers(),
            source,
            variables,
            declares,
            constraints,
            locked(self.root.config.folder, constraints),
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


def _truth(value: Any, scope: Scope) -> bool:
    return as_boolean(evaluate_value(value, scope)) is True


def contains_itself(block: Block, address: str) -> Problem:
    """What to say of a module that is among those that call it."""
    return Problem(f"{block.place.file}:{block.place.line('source')}: {address} contains itself")


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
            return None if block is None else constraint_of(block)
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
        self._sources = dict(sources_of(config))
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
        value = value.value() if isinstance(value, _Deferred) else as_read(value)
        if value is None and as_boolean(literal_of(block.body.get("nullable", True))) is False:
            value = ABSENT
        if value is ABSENT and "default" in block.body:
            default = block.body["default"]
            value = plain(evaluate(default, self.scope)) if isinstance(default, Node) else as_read(default)
        if value is ABSENT:
            return Unknown(f"var.{name} has no value here")
        try:
            value = types.convert(value, constraint_of(block))
        except (types.Refused, types.Undecided) as error:
            return unknown_from(f"var.{name} does not have the type that is declared: {error}", value)
        if as_boolean(literal_of(block.body.get("sensitive"))) is True:
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
            number = None if isinstance(count, Unknown) else whole_number(count)
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
        single = True
        if enabled(block) is not ABSENT:
            chosen = as_boolean(evaluate_value(enabled(block), self.scope))
            if chosen is False:
                # The resource, or module, is null then.
                return None
            single = chosen is True
        return make("", {}, single)

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
            if found not in ([], {}, None):
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
                block.weight = block.weight or weight_of(block.body)
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
        if name in META or name not in body:
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
    if node is None:
        node = enabled(block)
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
    if isinstance(value, str):
        kind = Sensitive if isinstance(value, Sensitive) else Traced
        text = kind(value, (reference, *references_of(value)))
        text.document = value.document if isinstance(value, Traced) else ABSENT
        return text
    if isinstance(value, Unknown):
        references = tuple(dict.fromkeys((reference, *value.references)))
        return Unknown(value.reason, references, value.parts, value.document, value.certain, value.decoded)
    return types.loose(value)


def _placed(error: Exceeded, place: Place, attribute: str, name: str) -> Problem:
    """A bound that was reached, with the place where it was."""
    return Problem(f"{place.file}:{place.line(attribute)}: {name}: {error}")


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
