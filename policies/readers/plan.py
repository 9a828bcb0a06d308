"""A plan as `terraform show -json` writes it.

Planned values say what is known. Where a value is known only after apply, `configuration` says which
references it is made from. An argument that is not in it, or is null there, is left to AWS: for the rules it is
absent, as it is in the configuration itself. One that is in it without a reference, such as `timestamp()`, is unknown.
A write-only argument is null in every plan, and what the configuration gives it stands there.

One thing a plan alone does not show: a dynamic block over something unknown, of a kind that AWS may also fill in,
such as the inline rules of a security group. Judged together with the configuration, it is seen.

Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.aws.blocks import CONFIGURED
from policies.aws.identities import is_identity
from policies.engine.model import (
    Model,
    Output,
    Place,
    Provider,
    Resource,
    Variable,
    stranger,
    without_key,
    without_keys,
)
from policies.engine.values import ABSENT, Reference, Sensitive, Traced, Unknown
from policies.readers.plan_order import PlanOrder, longest
from policies.readers.policy_document import render
from policies.readers.terraform_json import Text

_ADDRESS: Final = re.compile(r'"address":\s*("(?:[^"\\]|\\.)*")')
# A list of objects that the provider itself knows when it plans: no block.
_KNOWN_BEFORE: Final = frozenset({"domain_validation_options"})
_KEY: Final = re.compile(r'\[(?:(\d+)|"((?:[^"\\]|\\.)*)")\]$')
_REFERENCE: Final = re.compile(r'[^.\[]+(?:\[(?:[^\]"]*|"(?:[^"\\]|\\.)*")\])*')


def model(document: Mapping[str, Any], file: str, text: str) -> Model:
    """The model of a plan: what will stand after it, resources that are only destroyed left out.

    Raises:
        Problem: the plan is errored, incomplete, of an unknown format, or not shaped as Terraform writes it.
    """
    version = document.get("format_version")
    if not isinstance(version, str) or version.partition(".")[0] not in ("0", "1"):
        raise Problem(f"{file}: the plan's format_version is {version!r}; the gate reads 0.x and 1.x")
    if document.get("errored"):
        raise Problem(
            f"{file}: this plan ended with an error, so that it is not whole: mend it and plan again"
        )
    if document.get("complete") is False:
        raise Problem(
            f"{file}: this plan leaves changes for later (-target, or deferred actions): plan without them"
        )
    if not isinstance(document.get("planned_values"), dict):
        raise Problem(f"{file}: this plan has no planned_values: write it with terraform show -json")
    try:
        return _Plan(document, file, text).model()
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise Problem(f"{file}: it is not shaped as Terraform writes plans: {error!r}") from error


class _PlanPlace(Place):
    """Where a resource stands in the plan's text."""

    __slots__ = ("_address", "_lines")

    def __init__(self, lines: _Lines, address: str) -> None:
        super().__init__(lines.source.file)
        self._lines = lines
        self._address = address

    def line(self, attribute: str = "") -> int:
        return self._lines.of(self._address)


class _Lines:
    """The lines of addresses in a plan, found in one pass when the first is asked for."""

    def __init__(self, file: str, text: str) -> None:
        self.source = Text(file, text)
        self._offsets: dict[str, int] | None = None

    def of(self, address: str) -> int:
        if self._offsets is None:
            import json

            self._offsets = {}
            for match in _ADDRESS.finditer(self.source.text):
                written = match.group(1)
                address = json.loads(written) if "\\" in written else written[1:-1]
                self._offsets.setdefault(address, match.start())
        offset = self._offsets.get(address)
        return 0 if offset is None else self.source.line(offset)


@dataclass(slots=True)
class _Context:
    """An instance of a module: its configuration, address, the call that made it, and where that stands."""

    config: Mapping[str, Any]
    address: str = ""
    call: Mapping[str, Any] = field(default_factory=dict)
    parent: _Context | None = None
    resources: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for resource in self.config.get("resources") or ():
            self.resources[resource["address"]] = resource

    def qualified(self, name: str) -> str:
        return f"{self.address}.{name}" if self.address else name


class _Plan:
    def __init__(self, document: Mapping[str, Any], file: str, text: str) -> None:
        self.document = document
        self.file = file
        self.lines = _Lines(file, text)
        self.changes = {
            change["address"]: change["change"]
            for change in document.get("resource_changes") or ()
            if "deposed" not in change
        }
        self.root = _Context((document.get("configuration") or {}).get("root_module") or {})
        self.contexts: dict[str, _Context] = {"": self.root}
        self.instances: set[str] = set()
        self.documents: dict[str, Any] = {}
        self.variables = document.get("variables") or {}
        self.unread: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.dynamic: set[str] = set()

    def model(self) -> Model:
        # What Terraform lets go of (a removed block) stands in the planned values all the same, as it was.
        let_go = {address for address, one in self.changes.items() if one["actions"] == ["forget"]}
        planned = [
            (module, item)
            for module, item in _resources(self.document["planned_values"].get("root_module") or {}, "")
            if item["address"] not in let_go
        ]
        prior_values = (self.document.get("prior_state") or {}).get("values") or {}
        known = {item["address"] for _, item in planned}
        prior = [
            (module, item)
            for module, item in _resources(prior_values.get("root_module") or {}, "")
            if item.get("mode") == "data" and item["address"] not in known
        ]
        for address, one in self.changes.items():
            if address not in known and set(one["actions"]) - {"delete", "forget", "read"}:
                raise Problem(
                    f"{self.file}: it changes {address} and holds no planned values of it: it is not whole"
                )
        self.instances = known | {item["address"] for _, item in prior}
        both = [*prior, *planned]
        self.unread = {item["address"]: (module, item) for module, item in both if _is_document(item)}
        data = [self._resource(module, item) for module, item in both if item.get("mode") == "data"]
        resources = [self._resource(module, item) for module, item in planned if item.get("mode") != "data"]
        variables = [
            Variable(name, declared.get("default", ABSENT), Place(self.file))
            for name, declared in (self.root.config.get("variables") or {}).items()
        ]
        configs = (self.document.get("configuration") or {}).get("provider_config") or {}
        constraints = [
            config["version_constraint"]
            for config in configs.values()
            if config.get("name") == "aws" and isinstance(config.get("version_constraint"), str)
        ]
        declares = bool(resources) or _declares(self.root.config)
        order = PlanOrder(self.document.get("configuration") or {}, frozenset(self.dynamic))
        return Model(
            resources,
            data,
            self._outputs(),
            self._providers(),
            "plan",
            variables,
            declares,
            constraints,
            order=order,
        )

    def _resource(self, module: str, item: Mapping[str, Any]) -> Resource:
        address = item["address"]
        context = self._context(module)
        local = without_key(address)[len(module) + 1 if module else 0 :]
        config = context.resources.get(local) or {}
        change = self.changes.get(address) or {}
        unknown = change.get("after_unknown")
        unknown = unknown if isinstance(unknown, dict) else {}
        expressions = config.get("expressions") or {}
        managed = item.get("mode") != "data"
        if managed and not change:
            # What changes says what is not known; a plan without it was cut by somebody.
            given = item.get("values") or {}
            unknown = {
                name: True
                for name, expression in expressions.items()
                if given.get(name) is None and _is_expression(expression)
            }
        blocks = CONFIGURED.get(item["type"], frozenset()) if managed else frozenset()
        scope = _Scope(self, context, config, item.get("index"), blocks)
        values = scope.body(
            item.get("values") or {},
            unknown,
            expressions,
            item.get("sensitive_values") or {},
            # Of a resource that the record of the configuration does not have, nothing is known to be left out.
            complete=bool(config),
        )
        if _is_document(item):
            self.unread.pop(address, None)
            if "json" not in values:
                self.documents[address] = render(values)
        if managed:
            # Blocks that there are none of; a list that is empty because the configuration says so stays.
            values = {
                name: value for name, value in values.items() if value not in ([], {}) or name in expressions
            }
        # Blocks may come from dynamic ones, which the plan does not record.
        computed = frozenset(
            name
            for name, value in values.items()
            if name not in expressions and name not in blocks and not are_blocks(value)
        )
        if config and values.keys() - expressions.keys() - computed - _KNOWN_BEFORE:
            self.dynamic.add(without_keys(address))
        key = config.get("provider_config_key")
        alias = key.rpartition(":")[2].partition(".")[2] if isinstance(key, str) else ""
        if alias:
            values["provider"] = f"{item['type'].partition('_')[0]}.{alias}"
        return Resource(
            address,
            item["type"],
            item["name"],
            values,
            mode="managed" if managed else "data",
            key=item.get("index"),
            module=module,
            place=_PlanPlace(self.lines, address),
            computed=computed if config else frozenset(),
            open=frozenset(name for name, blind in unknown.items() if blind is True and name not in values),
            provisioners=frozenset(
                str(provisioner.get("type")) for provisioner in config.get("provisioners") or ()
            ),
            stranger=stranger(item["type"], str(item.get("provider_name") or "")),
        )

    def rendered(self, address: str) -> Any:
        """The policy document of a data source that is read after apply, or None."""
        if address in self.unread:
            self._resource(*self.unread.pop(address))
        return self.documents.get(address)

    def _context(self, module: str) -> _Context:
        """The context of a module instance, by its address."""
        found = self.contexts.get(module)
        if found is None:
            outer, name = _split_module(module)
            parent = self._context(outer)
            calls = parent.config.get("module_calls") or {}
            call = calls.get(without_key(name).removeprefix("module.")) or {}
            found = self.contexts[module] = _Context(call.get("module") or {}, module, call, parent)
        return found

    def _outputs(self) -> list[Output]:
        declared = self.root.config.get("outputs") or {}
        values = self.document["planned_values"].get("outputs") or {}
        changes = self.document.get("output_changes") or {}
        outputs = []
        for name in sorted({*declared, *values}):
            known = values.get(name) or {}
            sensitive = bool(known.get("sensitive") or (declared.get(name) or {}).get("sensitive"))
            unknown = (changes.get(name) or {}).get("after_unknown", "value" not in known)
            expression = (declared.get(name) or {}).get("expression")
            scope = _Scope(self, self.root, {}, None, frozenset())
            value = scope.value(known.get("value"), unknown, expression, sensitive, name)
            outputs.append(Output(name, None if value is ABSENT else value, sensitive, Place(self.file)))
        return outputs

    def _providers(self) -> list[Provider]:
        configs = (self.document.get("configuration") or {}).get("provider_config") or {}
        return [
            Provider(
                config.get("name") or "",
                config.get("alias") or "",
                _constants(config.get("expressions") or {}),
                Place(self.file),
            )
            for config in configs.values()
        ]

    # references

    def resolve(self, context: _Context, names: Sequence[str], key: Any) -> tuple[Reference, ...]:
        """The resource attributes behind the references of an expression, through variables and outputs.

        `count.index` and `each.key` beside a resource with instances are taken to choose the instance with
        the key of the resource that asks: the plan does not record the expression itself.
        """
        found: dict[Reference, None] = {}
        self._resolve(context, names, key, found, 0)
        return tuple(found)

    def _resolve(
        self, context: _Context, names: Sequence[str], key: Any, found: dict[Reference, None], depth: int
    ) -> None:
        if depth > 64:
            return
        own = any(name.startswith(("each.", "count.")) for name in names)
        for name in longest(names):
            steps = _REFERENCE.findall(name)
            first = without_key(steps[0])
            if first in ("path", "terraform", "local", "self", "each", "count"):
                continue
            if first == "var" and len(steps) > 1:
                expression = (context.call.get("expressions") or {}).get(without_key(steps[1])) or {}
                if context.parent is not None:
                    outer = _references(expression)
                    self._resolve(context.parent, outer, _key(context.address), found, depth + 1)
            elif first == "module" and len(steps) > 1:
                for child in self._children(context, steps[1], key if own else None):
                    outputs = child.config.get("outputs") or {}
                    wanted = [without_key(steps[2])] if len(steps) > 2 else list(outputs)
                    for output in wanted:
                        expression = (outputs.get(output) or {}).get("expression") or {}
                        self._resolve(child, _references(expression), None, found, depth + 1)
            else:
                length = 3 if first == "data" else 2
                if len(steps) < length:
                    continue
                address = context.qualified(".".join(steps[:length]))
                if own and key is not None and not _KEY.search(address):
                    chosen = f"{address}[{key}]" if isinstance(key, int) else f'{address}["{key}"]'
                    address = chosen if chosen in self.instances else address
                found[Reference(address, ".".join(steps[length:]))] = None

    def constant(self, context: _Context, expression: Any, depth: int = 0) -> Any:
        """The value of an expression where it is a constant or a variable that has a known one; else `ABSENT`.

        What is known of the variables that an expression names is known of it only if it is null: then
        so is the expression, or it would not be known after apply only.
        """
        if isinstance(expression, dict) and "constant_value" in expression:
            return expression["constant_value"]
        names = longest(_references(expression))
        if len(names) != 1 or not names[0].startswith("var.") or depth > 64:
            return ABSENT
        _, name, *path = _REFERENCE.findall(names[0])
        name = without_key(name)
        declared = (context.config.get("variables") or {}).get(name) or {}
        given = (context.call.get("expressions") or {}).get(name)
        if context.parent is None and name in self.variables:
            value = self.variables[name].get("value")
        elif context.parent is None or given is None:
            value = declared.get("default", ABSENT)
        else:
            value = self.constant(context.parent, given, depth + 1)
        for step in path:
            value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
        return value

    def is_alone(self, context: _Context | None, names: Sequence[str], depth: int = 0) -> bool:
        """Whether an expression refers to one thing alone, and so does each variable and output on the way to it.

        The plan does not record how: whoever asks takes it for the thing itself.
        """
        alone = longest(names)
        if context is None or len(alone) != 1 or depth > 64:
            return False
        steps = _REFERENCE.findall(alone[0])
        if steps[0] == "var" and len(steps) > 1:
            expression = (context.call.get("expressions") or {}).get(without_key(steps[1])) or {}
            return self.is_alone(context.parent, _references(expression), depth + 1)
        if steps[0] == "module" and len(steps) > 2:
            return all(
                self.is_alone(
                    child,
                    _references(((child.config.get("outputs") or {}).get(steps[2]) or {}).get("expression")),
                    depth + 1,
                )
                for child in self._children(context, steps[1], None)
            )
        return True

    def _children(self, context: _Context, step: str, key: Any) -> Iterator[_Context]:
        base = context.qualified(f"module.{step}")
        if base in self.contexts or _KEY.search(step):
            yield self._context(base)
            return
        prefix = f"{base}["
        candidates = {
            address[: address.index("]", len(prefix)) + 1]
            for address in self.instances
            if address.startswith(prefix) and "]" in address[len(prefix) :]
        }
        wanted = f"{base}[{key}]" if isinstance(key, int) else f'{base}["{key}"]'
        if wanted in candidates:
            yield self._context(wanted)
        elif candidates:
            for candidate in sorted(candidates):
                yield self._context(candidate)
        else:
            yield self._context(base)


@dataclass(slots=True)
class _Scope:
    """Puts planned values, unknowns, expressions and secrecy of one resource together."""

    plan: _Plan
    context: _Context
    config: Mapping[str, Any]
    key: Any
    blocks: frozenset[str]
    """Paths of blocks that are there only where the configuration has them."""

    def body(
        self,
        values: Mapping[str, Any],
        unknown: Mapping[str, Any],
        expressions: Mapping[str, Any],
        sensitive: Any,
        *,
        complete: bool = True,
        above: str = "",
    ) -> dict[str, Any]:
        """A body; `complete` says that what `expressions` leaves out is not configured.

        `above` is the path of the block whose body it is, with a dot behind it.
        """
        result: dict[str, Any] = {}
        secrets = sensitive if isinstance(sensitive, dict) else {}
        # Nearly all that a plan says of a resource is null, or left to AWS: an argument that is not configured.
        names = [
            name
            for name, given in values.items()
            if given is not None or unknown.get(name) or (name.endswith(WRITE_ONLY) and name in expressions)
        ]
        names += [name for name, blind in unknown.items() if blind and name not in values]
        for name in names:
            given = values.get(name)
            blind = unknown.get(name, False)
            expression = expressions.get(name)
            hidden = sensitive is True or secrets.get(name, False)
            path = above + name
            # Neither is a dynamic block recorded. Where AWS fills in none, what is not known is one.
            if expression is None and (not complete or (blind is True and path in self.blocks)):
                expression = _UNRECORDED
            if given is None and not blind:
                value = self._write_only(expression, name)
            else:
                value = self.value(given, blind, expression, hidden, path)
            if value is not ABSENT and value is not None:
                result[name] = value
        return result

    def value(self, value: Any, unknown: Any, expression: Any, sensitive: Any, path: str) -> Any:
        if unknown is True:
            return self._unknown(expression, path.rpartition(".")[2])
        names = _references(expression)
        if isinstance(value, dict):
            blind = unknown if isinstance(unknown, dict) else {}
            inner, complete = _inner(expression, 1)
            return self.body(value, blind, inner, sensitive, complete=complete, above=f"{path}.")
        if isinstance(value, list):
            blinds = unknown if isinstance(unknown, list) else []
            secrets = sensitive if isinstance(sensitive, list) else []
            length = max(len(value), len(blinds))
            inner, complete = _inner(expression, length)
            return [
                self._element(
                    value[index] if index < len(value) else None,
                    blinds[index] if index < len(blinds) else False,
                    inner,
                    expression if _is_expression(expression) else None,
                    sensitive is True or (secrets[index] if index < len(secrets) else False),
                    complete,
                    path,
                )
                for index in range(length)
            ]
        if isinstance(unknown, dict | list) and unknown and value is None:
            empty: Any = {} if isinstance(unknown, dict) else []
            return self.value(empty, unknown, expression, sensitive, path)
        if isinstance(value, str):
            references = self.plan.resolve(self.context, names, self.key) if names else ()
            if sensitive:
                return Sensitive(value, references)
            return Traced(value, references) if references else value
        return value

    def _element(
        self,
        value: Any,
        unknown: Any,
        block: Mapping[str, Any],
        expression: Any,
        sensitive: Any,
        complete: bool,
        path: str,
    ) -> Any:
        if isinstance(value, dict) or isinstance(unknown, dict):
            blinds = unknown if isinstance(unknown, dict) else {}
            return self.body(value or {}, blinds, block, sensitive, complete=complete, above=f"{path}.")
        # An element of a list is there because the configuration sets it.
        result = self.value(value, unknown, expression or _UNRECORDED, sensitive, path)
        return None if result is ABSENT else result

    def _unknown(self, expression: Any, name: str) -> Any:
        if expression is None or self.plan.constant(self.context, expression) is None:
            return ABSENT
        names = _references(expression)
        references = self.plan.resolve(self.context, names, self.key)
        if len(references) == 1:
            reference = references[0]
            rendered = self.plan.rendered(reference.address)
            if rendered is not None and reference.attribute in ("json", "minified_json"):
                return rendered
        words = ", ".join(map(str, references)) or ", ".join(longest(names))
        reason = f"{name} is known after apply" + (f": it comes from {words}" if words else "")
        certain = (
            len(references) == 1 and is_identity(references[0]) and self.plan.is_alone(self.context, names)
        )
        return Unknown(reason, references, certain=certain)

    def _write_only(self, expression: Any, name: str) -> Any:
        """What the configuration gives a write-only argument, of which a plan says nothing."""
        value = self.plan.constant(self.context, expression)
        if value is None or isinstance(value, str):
            return ABSENT if value is None else Sensitive(value)
        references = self.plan.resolve(self.context, _references(expression), self.key)
        return Unknown(f"{name} is write-only, and no plan shows it", references)


WRITE_ONLY: Final = "_wo"
"""How the names of write-only arguments end, by HashiCorp's design principles for providers."""

_UNRECORDED: Final[Mapping[str, Any]] = {"references": []}
"""The expression of something that the plan's configuration does not record: within a dynamic block."""


def _is_expression(expression: Any) -> bool:
    """Whether it is one argument's: with neither a constant nor a reference it is empty."""
    return isinstance(expression, dict) and (
        not expression or "references" in expression or "constant_value" in expression
    )


def are_blocks(value: Any) -> bool:
    """Whether a value is a list of blocks, or of objects, and not empty."""
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _is_document(item: Mapping[str, Any]) -> bool:
    return item.get("mode") == "data" and item.get("type") == "aws_iam_policy_document"


def _inner(expression: Any, length: int) -> tuple[Mapping[str, Any], bool]:
    """The expressions within `length` blocks, put together, and whether they are all of them.

    Sets come in another order than the configuration has them, so that blocks cannot be told apart by
    position.
    """
    if _is_expression(expression):
        return {}, False
    if isinstance(expression, dict):
        return expression, True
    if not isinstance(expression, list):
        return {}, False
    merged: dict[str, Any] = {}
    for block in expression:
        for name, value in (block if isinstance(block, dict) else {}).items():
            merged[name] = _merged(merged[name], value) if name in merged else value
    return merged, len(expression) >= length


def _merged(one: Any, other: Any) -> Any:
    if _is_expression(one) and _is_expression(other):
        return {"references": [*one.get("references", ()), *other.get("references", ())]}
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *other]
    return one if isinstance(one, dict | list) else other


def _references(expression: Any) -> list[str]:
    """The references of an expression as Terraform lists them."""
    if isinstance(expression, dict):
        found = expression.get("references")
        return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
    return []


def _key(address: str) -> Any:
    match = _KEY.search(address)
    if not match:
        return None
    return int(match.group(1)) if match.group(1) is not None else match.group(2)


def _split_module(address: str) -> tuple[str, str]:
    """The calling module's address and the call with its key: both halves of `module.a[0].module.b`."""
    steps = _REFERENCE.findall(address)
    return ".".join(steps[:-2]), ".".join(steps[-2:])


def _declares(module: Mapping[str, Any]) -> bool:
    """Whether a module of the plan's configuration, or one below it, declares a managed resource."""
    calls = (module.get("module_calls") or {}).values()
    return any(resource.get("mode") == "managed" for resource in module.get("resources") or ()) or any(
        _declares(call.get("module") or {}) for call in calls
    )


# What names a resource, and of which kinds it may be.
_IDENTITY: Final[Mapping[str, tuple[type, ...]]] = {
    "address": (str,),
    "type": (str,),
    "name": (str,),
    "mode": (str, type(None)),
    "index": (str, int, type(None)),
}


def _resources(module: Mapping[str, Any], address: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in module.get("resources") or ():
        for name, kinds in _IDENTITY.items():
            if not isinstance(resource.get(name), kinds):
                raise TypeError(f"the {name} of a resource is {resource.get(name)!r}")
        yield address, resource
    for child in module.get("child_modules") or ():
        yield from _resources(child, child["address"])


def _constants(expressions: Mapping[str, Any]) -> dict[str, Any]:
    """The constant values of a provider's configuration; the rest is unknown."""
    result: dict[str, Any] = {}
    for name, expression in expressions.items():
        if isinstance(expression, list):
            result[name] = [_constants(block) for block in expression if isinstance(block, dict)]
        elif isinstance(expression, dict) and "constant_value" in expression:
            result[name] = expression["constant_value"]
        elif _is_expression(expression):
            result[name] = Unknown(f"{name} is not recorded in the plan")
        elif isinstance(expression, dict):
            result[name] = _constants(expression)
    return result
