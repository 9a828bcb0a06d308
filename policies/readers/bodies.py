"""Arguments, blocks and dynamic blocks as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.engine.values import ABSENT, Sensitive, Traced, Unknown, as_text, references_of
from policies.readers import numbers, types
from policies.readers.budget import BUDGET
from policies.readers.declared import Block, each_dynamic, is_dynamic, plain_text, provider_name
from policies.readers.evaluation import Scope, evaluate, first_unknown, plain
from policies.readers.syntax import Literal, Name, Node, SyntaxFault, nfc, parse_expression, parse_template

META: Final = frozenset(
    {"count", "for_each", "depends_on", "lifecycle", "provisioner", "connection", "//", "dynamic"}
)
"""What stands in a resource and is none of its arguments."""


def constant_text(block: Block, name: str) -> str:
    """An argument that Terraform takes without names: a module's source or version; "" where it has none such."""
    value = block.body.get(name)
    if isinstance(value, str | Node):
        value = evaluate_value(value, NoNames())
    return str(value) if isinstance(value, str) else ""


class NoNames:
    """The scope of an expression that may use neither names nor functions."""

    def name(self, name: str) -> Any:
        return Unknown(f"{name} may not be used here")

    def with_names(self, names: Mapping[str, Any]) -> Scope:
        return self

    def call(self, name: str, arguments: list[Any]) -> Any:
        return Unknown(f"{name}() may not be called here")


def hidden(value: Any) -> Any:
    """A value marked as not to be shown."""
    if isinstance(value, str):
        text = Sensitive(value, references_of(value))
        text.document = hidden(value.document) if isinstance(value, Traced) else ABSENT
        return text
    if isinstance(value, list):
        return types.same_kind(value, [hidden(item) for item in value])
    if isinstance(value, dict):
        return types.same_kind(value, {key: hidden(item) for key, item in value.items()})
    return value


def weight_of(value: Any) -> int:
    """The number of values in a body."""
    if isinstance(value, dict):
        return 1 + sum(map(weight_of, value.values()))
    return 1 + sum(map(weight_of, value)) if isinstance(value, list) else 1


def literal_of(value: Any) -> Any:
    """A value without the node that holds it, where it is a literal."""
    return value.value if isinstance(value, Literal) else value


def evaluate_value(value: Any, scope: Scope, lazy: bool = False, block: bool = False) -> Any:
    """An argument's value; with `lazy`, resources and modules may stay as such for others to look into.

    `block` says that an object of JSON may be a block's body, in which `//` is a comment; in a value it is a key.

    Source: https://developer.hashicorp.com/terraform/language/syntax/json#comment-properties, and `terraform plan`
    """
    if isinstance(value, str):
        if "${" in value or "%{" in value:
            result = evaluate(parse_template(value), scope)
            return result if lazy else plain(result)
        return nfc(value)
    if isinstance(value, dict):
        return evaluate_body(value, scope, comments=block)
    if isinstance(value, list):
        return [evaluate_value(item, scope, lazy, block) for item in value]
    if isinstance(value, Node):
        result = evaluate(value, scope)
        return result if lazy else plain(result)
    return as_read(value) if isinstance(value, float) else value


def as_read(value: Any) -> Any:
    """A value that stands in a file as it is: texts in normal form, numbers exact."""
    if isinstance(value, str):
        return value if value.isascii() or isinstance(value, Traced) else nfc(value)
    if isinstance(value, float):
        try:
            return numbers.of(value)
        except ValueError:
            return Unknown("this number is not computed here")
    if isinstance(value, list):
        return types.same_kind(value, [as_read(item) for item in value])
    if isinstance(value, dict):
        return types.same_kind(value, {nfc(key): as_read(item) for key, item in value.items()})
    return value


def whole_number(value: Any) -> int | None:
    """A value as a whole number, or None where it is none."""
    try:
        return numbers.whole(types.as_number(value))
    except (types.Refused, types.Undecided):
        return None


def constraint_of(block: Block) -> types.Type:
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


def evaluate_body(
    body: Mapping[str, Any], scope: Scope, resource: bool = False, comments: bool = True
) -> dict[str, Any]:
    """A body's arguments and blocks, dynamic blocks opened; with `comments` without what stands under `//`."""
    result: dict[str, Any] = {}
    for key, value in body.items():
        if (comments and key == "//") or (resource and key in META):
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
        result[key] = evaluate_value(value, scope, block=comments)
    dynamic = body.get("dynamic")
    if dynamic is not None and is_dynamic(dynamic):
        for label, blocks in each_dynamic(dynamic):
            present = result.get(label, [])
            present = list(present) if isinstance(present, list) else [present]
            for block in blocks:
                present.extend(_open(label, block, scope))
            result[label] = present
    return result


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
        inside = [evaluate_value(content, scope.with_names(names), block=True) for content in contents]
        yield Unknown(f"dynamic {label!r}: {unknown.reason}", references_of([unknown, inside]))
        return
    BUDGET.spend(len(pairs) * weight_of(contents))
    for key, item in pairs:
        for content in contents:
            yield evaluate_value(content, scope.with_names({name: {"key": key, "value": item}}), block=True)
