"""The order of a plan, from the references and `depends_on` that its `configuration` records.

It records neither what a local value is made of nor what a dynamic block refers to: there may be more behind those. Of
`lifecycle` it records nothing at all; nobody makes an order by preconditions alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.engine.model import Earlier, without_keys
from policies.readers.order import Point, point_of, points, qualified, walk


def longest(names: Sequence[str]) -> list[str]:
    """References without those that only name the beginning of another one."""
    result: list[str] = []
    for index, name in enumerate(names):
        # Terraform lists a reference and right behind it the shorter ones that contain it.
        if index and any(
            earlier.startswith(name) and earlier[len(name) : len(name) + 1] in (".", "[")
            for earlier in names[:index]
        ):
            continue
        result.append(name)
    return result


class PlanOrder:
    """What comes before what.

    Args:
        configuration: that part of the plan; empty where it has none.
        dynamic: addresses without keys of resources with blocks that it does not record.
    """

    def __init__(self, configuration: Mapping[str, Any], dynamic: frozenset[str]) -> None:
        self._root: Mapping[str, Any] = configuration.get("root_module") or {}
        self._providers: Mapping[str, Any] = configuration.get("provider_config") or {}
        self._dynamic = dynamic
        self._modules: dict[str, Mapping[str, Any]] = {"": self._root}
        self._resources: dict[str, dict[str, Mapping[str, Any]]] = {}
        """Those of each module that was asked about, by their addresses in it."""

    def __call__(self, address: str) -> Earlier:
        """What Terraform makes before the resource at an address without keys."""
        return walk(address, self._before, point_of(address))

    def _before(self, point: Point) -> Iterator[Point | str]:
        kind, module, *names = point
        here = self._module(module)
        if kind == "local":
            yield f"{qualified(module, f'local.{names[0]}')} is not recorded in the plan"
        elif kind == "resource":
            yield from self._resource(here, module, names)
        elif kind == "var" and module:
            outer, call = self._call(module)
            yield from self._led((call.get("expressions") or {}).get(names[0]), outer)
        elif kind == "output":
            output = (here.get("outputs") or {}).get(names[0]) or {}
            yield from self._led(output.get("expression"), module)
            yield from self._named(output.get("depends_on"), module)
        elif kind == "module":
            for resource in here.get("resources") or ():
                yield point_of(qualified(module, resource["address"]))
            for name in here.get("module_calls") or {}:
                yield "module", qualified(module, f"module.{name}")
        elif kind == "call":
            outer, call = self._call(module)
            yield from self._named(call.get("depends_on"), outer)
            for name in ("count_expression", "for_each_expression"):
                yield from self._led(call.get(name), outer)
            if outer:
                yield "call", outer

    def _resource(self, here: Mapping[str, Any], module: str, names: list[str]) -> Iterator[Point | str]:
        mode, type, name = names
        local = f"{type}.{name}" if mode == "resource" else f"{mode}.{type}.{name}"
        if module not in self._resources:
            self._resources[module] = {one["address"]: one for one in here.get("resources") or ()}
        config = self._resources[module].get(local)
        if config is None:
            if not self._root:
                yield "the plan records no configuration"
            return
        address = qualified(module, local)
        if address in self._dynamic:
            yield f"what {address} refers to in dynamic blocks is not recorded in the plan"
        yield from self._named(config.get("depends_on"), module)
        for part in ("expressions", "count_expression", "for_each_expression", "provisioners"):
            yield from self._led(config.get(part), module)
        provider = self._providers.get(config.get("provider_config_key") or "") or {}
        yield from self._led(provider.get("expressions"), provider.get("module_address") or "")
        if module:
            yield "call", module

    def _module(self, module: str) -> Mapping[str, Any]:
        if module not in self._modules:
            self._modules[module] = self._call(module)[1].get("module") or {}
        return self._modules[module]

    def _call(self, module: str) -> tuple[str, Mapping[str, Any]]:
        outer, _, name = module.rpartition("module.")
        outer = outer.removesuffix(".")
        return outer, (self._module(outer).get("module_calls") or {}).get(name) or {}

    def _led(self, expressions: Any, module: str) -> Iterator[Point]:
        """Where the references in an expression, or in a tree of them, lead."""
        if isinstance(expressions, list):
            for one in expressions:
                yield from self._led(one, module)
        elif isinstance(expressions, dict):
            found = expressions.get("references")
            if isinstance(found, list) and all(isinstance(one, str) for one in found):
                yield from self._named(longest(found), module)
            else:
                for one in expressions.values():
                    yield from self._led(one, module)

    def _named(self, names: Any, module: str) -> Iterator[Point]:
        for name in names or ():
            point = points(tuple(without_keys(name).split(".")), module)
            if point is not None:
                yield point
