"""What Terraform makes before what: the graph of references and `depends_on`, as it walks it.

Terraform orders whole resources, not their instances: the addresses here have no instance keys.

Source: https://developer.hashicorp.com/terraform/internals/graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from policies.engine.model import Earlier, without_keys
from policies.readers.declared import Block, Config, plain_text, provider_name
from policies.readers.syntax import (
    GetAttr,
    Index,
    Literal,
    Name,
    Node,
    SyntaxFault,
    parse_expression,
    parse_template,
)

if TYPE_CHECKING:
    from policies.readers.configuration import Evaluation, Module

Point = tuple[str, ...]
"""A point of the graph: its kind, the module's address, and what it is called there.

`resource` (mode, type, name), `var`, `local`, `output`; `module`: all that a module holds; `call`: what a module's own
`count`, `for_each` and `depends_on` wait for.
"""
Steps = tuple[str, ...]
"""A reference without indices: `("module", "network", "subnet_ids")`."""

_AS_EXPRESSIONS: Final = frozenset({"depends_on", "replace_triggered_by"})
_MEMBERS: Final[dict[type, tuple[str, ...]]] = {}
"""What each kind of node is made of, by the names of its fields."""
_SCALARS: Final = frozenset({bool, int, float, type(None)})
_NO_POINTS: Final = frozenset({"path", "terraform", "each", "count", "self"})


def walk(address: str, before: Callable[[Point], Iterator[Point | str]], start: Point) -> Earlier:
    """What comes before `start`: `before` gives the points right before a point, and, as texts, what is not seen."""
    found: set[str] = set()
    blind = ""
    seen = {start}
    pending = [start]
    while pending:
        for point in before(pending.pop()):
            if isinstance(point, str):
                blind = blind or point
            elif point not in seen:
                seen.add(point)
                pending.append(point)
                if point[0] == "resource":
                    found.add(address_of(point))
    return Earlier(frozenset(found - {address}), blind)


def address_of(point: Point) -> str:
    """The address of a resource's point."""
    _kind, module, mode, type, name = point
    prefix = "" if mode == "resource" else f"{mode}."
    return qualified(module, f"{prefix}{type}.{name}")


def point_of(address: str) -> Point:
    """The point of a resource, by its address without keys."""
    *modules, type, name = address.split(".")
    mode = "resource"
    if modules and modules[-1] in ("data", "ephemeral") and (len(modules) < 2 or modules[-2] != "module"):
        mode = modules.pop()
    return "resource", ".".join(modules), mode, type, name


def qualified(module: str, name: str) -> str:
    return f"{module}.{name}" if module else name


def points(steps: Steps, module: str) -> Point | None:
    """The point that a reference in a module leads to; None for what is none, such as `each.key`."""
    first = steps[0]
    if first in _NO_POINTS or len(steps) < 2:
        return None
    if first in ("var", "local"):
        return first, module, steps[1]
    if first == "module":
        child = qualified(module, f"module.{steps[1]}")
        return ("output", child, steps[2]) if len(steps) > 2 else ("module", child)
    if first in ("data", "ephemeral"):
        return ("resource", module, first, steps[1], steps[2]) if len(steps) > 2 else None
    return "resource", module, "resource", first, steps[1]


class Order:
    """The order of a configuration, from its own expressions."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation
        self._modules: dict[str, Module] | None = None
        self._before: dict[Point, tuple[Point | str, ...]] = {}
        self._unseen: dict[str, str] = {}

    def __call__(self, address: str) -> Earlier:
        """What Terraform makes before the resource at an address without keys."""
        if self._modules is None:
            self._modules = {}
            for module in self._evaluation.root.tree():
                self._modules.setdefault(without_keys(module.address), module)
            self._unseen = {without_keys(one.address): one.reason for one in self._evaluation.unseen}
        return walk(address, self._right_before, point_of(address))

    def _right_before(self, point: Point) -> Iterator[Point | str]:
        if point not in self._before:
            self._before[point] = tuple(self._found(point))
        return iter(self._before[point])

    def _found(self, point: Point) -> Iterator[Point | str]:
        kind, module, *names = point
        assert self._modules is not None
        here = self._modules.get(module)
        if here is None:
            # Without an instance there is nothing to wait for; what was not seen may hold anything.
            for address, reason in self._unseen.items():
                if module == address or module.startswith(f"{address}."):
                    yield f"{address} is not seen: {reason}"
            return
        config = here.config
        if kind == "resource":
            block = config.resources.get((names[0], names[1], names[2]))
            if block is None:
                return
            yield from self._led(block.body, module)
            yield from self._provider(block, config, module)
            yield from self._waiting(module)
        elif kind == "local" and names[0] in config.locals:
            yield from self._led(config.locals[names[0]][0], module)
        elif kind == "var" and module:
            outer, call = self._call(module)
            if call is not None:
                yield from self._led(call.body.get(names[0]), outer)
        elif kind == "output" and names[0] in config.outputs:
            yield from self._led(config.outputs[names[0]].body, module)
        elif kind == "module":
            for key in config.resources:
                yield "resource", module, *key
            for name in config.modules:
                yield "module", qualified(module, f"module.{name}")
        elif kind == "call":
            outer, call = self._call(module)
            if call is not None:
                for name in ("depends_on", "count", "for_each"):
                    yield from self._led({name: call.body.get(name)}, outer)
                yield from self._waiting(outer)

    def _waiting(self, module: str) -> Iterator[Point]:
        if module:
            yield "call", module

    def _call(self, module: str) -> tuple[str, Block | None]:
        outer, _, name = module.rpartition("module.")
        outer = outer.removesuffix(".")
        assert self._modules is not None
        parent = self._modules.get(outer)
        return outer, parent.config.modules.get(name) if parent else None

    def _provider(self, block: Block, config: Config, module: str) -> Iterator[Point | str]:
        """What the configuration of the resource's provider waits for, where it stands in the same module."""
        chosen = block.body.get("provider")
        name, _, alias = (provider_name(chosen) if chosen is not None else "").partition(".")
        name = name or block.labels[0].partition("_")[0]
        for provider in config.providers:
            if provider.labels == (name,) and plain_text(provider.body.get("alias")) == alias:
                yield from self._led(provider.body, module)

    def _led(self, value: Any, module: str) -> Iterator[Point | str]:
        assert self._modules is not None
        declared = self._modules[module].config.resources
        for steps in references(value):
            point = points(steps, module)
            # The names that a `for` gives to its elements look like types.
            if point is not None and (point[0] != "resource" or point[2:] in declared):
                yield point


def references(value: Any, expression: bool = False) -> list[Steps]:
    """The references in an argument or a body, in either syntax, in order.

    `expression` says that texts in it are expressions, as in the `depends_on` of Terraform JSON, and in that of
    files as Terraform 0.11 had them, which it still takes.
    """
    found: list[Steps] = []
    _refer(value, expression, found)
    return found


def _refer(value: Any, expression: bool, found: list[Steps]) -> None:
    if isinstance(value, str):
        with suppress(SyntaxFault):
            if expression and "${" not in value:
                _refer(parse_expression(value), False, found)
            elif "${" in value or "%{" in value:
                _refer(parse_template(value), False, found)
    elif isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101 - asking the second is slow
        for key, inner in value.items():
            told = expression or key in _AS_EXPRESSIONS
            if key != "//" and not _is_plain(inner, told):
                _refer(inner, told, found)
    elif isinstance(value, list | tuple):
        for inner in value:
            if not _is_plain(inner, expression):
                _refer(inner, expression, found)
    elif isinstance(value, GetAttr | Index | Name):
        steps: list[str] = []
        node: Any = value
        while isinstance(node, GetAttr | Index):
            if isinstance(node, GetAttr):
                steps.append(node.name)
            else:
                _refer(node.key, False, found)
            node = node.target
        if isinstance(node, Name):
            found.append((node.name, *reversed(steps)))
        else:
            _refer(node, False, found)
    elif isinstance(value, Literal):
        if expression:
            _refer(value.value, expression, found)
    elif isinstance(value, Node):
        kind: Any = value.__class__
        if kind not in _MEMBERS:
            _MEMBERS[kind] = tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()
        for name in _MEMBERS[kind]:
            inner = getattr(value, name)
            if not _is_plain(inner, expression):
                _refer(inner, expression, found)


def _is_plain(value: Any, expression: bool) -> bool:
    """Whether an argument has no references at sight, as nearly all: most of the time went into asking each."""
    kind = type(value)
    return kind in _SCALARS or (kind is str and not expression and "{" not in value)
