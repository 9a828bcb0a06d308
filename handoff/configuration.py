"""A Terraform JSON configuration as the HCL files that an engineer would have written: one for each tier.

What is a block and what an argument is told apart by the provider's schema. Arguments stand in the order of
Terraform's style guide: meta-arguments, arguments, blocks, lifecycle, depends_on.

Source: https://developer.hashicorp.com/terraform/language/style#resource-order
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from cloudmart_support.problem import Problem
from handoff import hcl, templates
from handoff.hcl import Argument, Block, Body, Expression
from mock_provider import facts

Json = dict[str, Any]


class Schema(Protocol):
    """The provider's schema, as `mock_provider.schema` reads it."""

    def block(self, kind: Any, terraform_type: str) -> Json: ...


FIRST = ("name", "name_prefix", "identifier", "description")
"""Arguments that say what a thing is stand first, the others by name, `LAST` at the end."""
LAST = ("tags",)
_TOP = frozenset(
    (
        *("//", "terraform", "provider", "variable", "locals", "data", "resource", "output"),
        *("moved", "removed", "import"),
    )
)
_META_FIRST = ("count", "for_each", "provider")
_RESOURCE_META = frozenset((*_META_FIRST, "lifecycle", "depends_on", "//"))
_REFERENCE = re.compile(r"\b(?:data\.)?(?:aws_\w+|terraform_data|local)\.[A-Za-z_][\w-]*")
_TRAVERSAL = re.compile(r"(data\.)?([a-z]\w*)\.([A-Za-z_][\w-]*)((?:\[\d+\]|\.\w+)*)")


def files(configuration: Json, schema: Schema) -> dict[str, str]:
    """The HCL files of a configuration: name to text, names sorted.

    Raises:
        Problem: it holds what this writer does not know, or the provider's schema does not.
    """
    writer = _Writer(configuration, schema)
    return dict(sorted(writer.files().items()))


def tier(element: Json) -> str:
    """The tier of a resource or data source: the part of its construct path below the stack."""
    return str(construct(element).split("/")[1])


def construct(element: Json) -> str:
    """The construct path of a resource or data source.

    Raises:
        Problem: the JSON does not keep it.
    """
    try:
        path: str = element["//"]["metadata"]["path"]
    except (KeyError, TypeError) as error:
        raise Problem(
            "cdk.tf.json: a resource has no construct path in its `//`: synthesize it again"
        ) from error
    return path


def elements(configuration: Json) -> Iterator[tuple[str, str, str, Json]]:
    """Every resource and data source: `resource` or `data`, type, name and body."""
    for kind in ("data", "resource"):
        for terraform_type, of_type in configuration.get(kind, {}).items():
            for name, body in of_type.items():
                yield kind, terraform_type, name, body


def address(kind: str, terraform_type: str, name: str) -> str:
    """Terraform's address of a resource or data source."""
    return f"{'data.' if kind == 'data' else ''}{terraform_type}.{name}"


def references(value: Any) -> set[str]:
    """The addresses (`aws_vpc.main`, `data.aws_region.current`, `local.x`) that stand in a value's strings."""
    text = json.dumps(
        {key: item for key, item in value.items() if key != "//"} if isinstance(value, dict) else value
    )
    return set(_REFERENCE.findall(text))


def schema_block(schema: Schema, kind: str, terraform_type: str) -> Json:
    """The schema of a type: the provider's, or of what is built into Terraform.

    Raises:
        KeyError: neither has it.

    Source: https://developer.hashicorp.com/terraform/language/resources/terraform-data
    """
    if (kind, terraform_type) == ("resource", "terraform_data"):
        types = {"id": "string", "input": "dynamic", "output": "dynamic", "triggers_replace": "dynamic"}
        return {"attributes": {name: {"type": type_} for name, type_ in types.items()}, "block_types": {}}
    return schema.block(kind, terraform_type)


class _Writer:
    def __init__(self, configuration: Json, schema: Schema) -> None:
        unknown = sorted(set(configuration) - _TOP)
        if unknown:
            raise Problem(f"cdk.tf.json: {unknown[0]}: the hand-off cannot write this block as HCL")
        self._all = configuration
        self._schema = schema
        self._stack = configuration.get("//", {}).get("metadata", {}).get("stackName", "")
        self._blocks: dict[tuple[str, str], Json] = {}

    def files(self) -> dict[str, str]:
        found = {
            "terraform.tf": self._terraform(),
            "backend.tf": self._backend(),
            "providers.tf": list(self._providers()),
            "variables.tf": [self._variable(*one) for one in sorted(self._all.get("variable", {}).items())],
            "outputs.tf": [self._output(*one) for one in sorted(self._all.get("output", {}).items())],
            "moved.tf": [self._moved(one) for one in _many(self._all.get("moved", []))],
            "removed.tf": [self._removed(one) for one in _many(self._all.get("removed", []))],
            "imports.tf": [self._import(one) for one in _many(self._all.get("import", []))],
        }
        texts = {name: hcl.file(blocks) for name, blocks in found.items() if blocks}
        texts |= dict(self._tiers())
        return texts

    # --- settings of Terraform itself -------------------------------------------------------------------

    def _terraform(self) -> list[Block]:
        settings = dict(self._all.get("terraform", {}))
        settings.pop("backend", None)
        providers = settings.pop("required_providers", {})
        items: list[Argument | Block] = [Argument(key, _literal(value)) for key, value in settings.items()]
        if providers:
            wanted = Body([Argument(name, _literal(value)) for name, value in providers.items()])
            items.append(Block("required_providers", (), wanted))
        return [Block("terraform", (), Body(items))] if items else []

    def _backend(self) -> list[Block]:
        backends = self._all.get("terraform", {}).get("backend", {})
        blocks: list[Argument | Block] = [
            Block("backend", (name,), Body([Argument(key, _literal(value)) for key, value in body.items()]))
            for name, body in backends.items()
        ]
        return [Block("terraform", (), Body(blocks))] if blocks else []

    def _providers(self) -> Iterator[Block]:
        for name, bodies in self._all.get("provider", {}).items():
            for body in _many(bodies):
                first = [Argument("alias", _literal(body["alias"]))] if "alias" in body else []
                rest = {key: value for key, value in body.items() if key not in ("alias", "//")}
                inner = self._inner(rest, self._of("provider", name), (), frozenset(), f"provider.{name}")
                yield Block("provider", (name,), Body([*first, *inner]))

    def _variable(self, name: str, body: Json) -> Block:
        items: list[Argument | Block] = []
        for key in ("type", "description", "default", "sensitive", "nullable", "ephemeral"):
            if key in body:
                value = Expression(body[key]) if key == "type" else _literal(body[key])
                items.append(Argument(key, value))
        items += [Block("validation", (), _conditions(one)) for one in _many(body.get("validation", []))]
        _refuse_others(f"variable.{name}", body, (*(_names(items)), "validation", "type"))
        return Block("variable", (name,), Body(items))

    def _output(self, name: str, body: Json) -> Block:
        items: list[Argument | Block] = []
        for key in ("description", "value", "sensitive", "ephemeral"):
            if key in body:
                items.append(Argument(key, body[key] if key == "value" else _literal(body[key])))
        items += [Block("precondition", (), _conditions(one)) for one in _many(body.get("precondition", []))]
        if "depends_on" in body:
            items.append(Argument("depends_on", _bare(body["depends_on"])))
        _refuse_others(f"output.{name}", body, (*(_names(items)), "precondition"))
        return Block("output", (name,), Body(items))

    def _moved(self, body: Json) -> Block:
        _refuse_others("moved", body, ("from", "to"))
        return Block("moved", (), Body([Argument(key, Expression(body[key])) for key in ("from", "to")]))

    def _removed(self, body: Json) -> Block:
        _refuse_others("removed", body, ("from", "lifecycle"))
        kept = Block("lifecycle", (), Body([Argument("destroy", body["lifecycle"]["destroy"])]))
        return Block("removed", (), Body([Argument("from", Expression(body["from"])), kept]))

    def _import(self, body: Json) -> Block:
        _refuse_others("import", body, ("to", "id"))
        return Block("import", (), Body([Argument("to", Expression(body["to"])), Argument("id", body["id"])]))

    # --- tiers ------------------------------------------------------------------------------------------

    def _tiers(self) -> Iterator[tuple[str, str]]:
        tiers: dict[str, list[tuple[str, str, str, Json]]] = {}
        users: dict[str, set[str]] = {}
        for element in elements(self._all):
            tiers.setdefault(tier(element[3]), []).append(element)
            for reference in references(element[3]):
                users.setdefault(reference, set()).add(tier(element[3]))
        shared = []
        for name, value in self._all.get("locals", {}).items():
            if len(users.get(f"local.{name}", ())) == 1:
                tiers[next(iter(users[f"local.{name}"]))].append(("locals", "", name, {"value": value}))
            else:
                shared.append(Argument(name, value))
        if shared:
            yield "locals.tf", hcl.file([Block("locals", (), Body([*shared]))])
        for name, members in tiers.items():
            yield f"{name}.tf", hcl.file(list(self._tier(members)), [f"{self._stack}: the tier {name}."])

    def _tier(self, members: list[tuple[str, str, str, Json]]) -> Iterator[Block]:
        local = {name: body["value"] for kind, _, name, body in members if kind == "locals"}
        if local:
            yield Block("locals", (), Body([Argument(name, value) for name, value in local.items()]))
        for kind, terraform_type, name, body in _in_reading_order([m for m in members if m[0] != "locals"]):
            yield self._element(kind, terraform_type, name, body)

    def _element(self, kind: str, terraform_type: str, name: str, body: Json) -> Block:
        where = address(kind, terraform_type, name)
        items: list[Argument | Block] = []
        for key in _META_FIRST:
            if key in body:
                items.append(Argument(key, _bare(body[key]) if key == "provider" else body[key]))
        documents = facts.load()[terraform_type].json if terraform_type in facts.load() else frozenset()
        schema = self._of(kind, terraform_type)
        own = {key: value for key, value in body.items() if key not in _RESOURCE_META}
        inner = self._inner(own, schema, (), documents, where)
        if items and inner and isinstance(inner[0], Argument):
            inner[0] = Argument(inner[0].name, inner[0].value, apart=True)
        items += inner
        for one in _many(body.get("lifecycle", [])):
            items.append(Block("lifecycle", (), _lifecycle(one, where)))
        if body.get("depends_on"):
            items.append(Argument("depends_on", _bare(body["depends_on"]), apart=True))
        return Block(kind, (terraform_type, name), Body(items), (construct(body),))

    def _inner(
        self,
        body: Json,
        schema: Json,
        path: tuple[str, ...],
        documents: frozenset[tuple[str, ...]],
        where: str,
    ) -> list[Argument | Block]:
        """A body's arguments, then its blocks."""
        arguments: list[Argument | Block] = []
        blocks: list[Argument | Block] = []
        for key in sorted(body, key=_place):
            value, inside = body[key], (*path, key)
            if key == "//":
                continue
            if key in schema["block_types"]:
                nested = schema["block_types"][key]["block"]
                blocks += [
                    Block(key, (), Body(self._inner(one, nested, inside, documents, where)))
                    for one in _many(value)
                ]
            elif key in schema["attributes"] or (key == "timeouts" and not path):
                if key == "timeouts" and key not in schema["attributes"]:
                    blocks.append(Block(key, (), Body([Argument(*pair) for pair in value.items()])))
                    continue
                arguments.append(Argument(key, self._value(value, inside in documents)))
            else:
                raise Problem(f"cdk.tf.json: {where}: the provider's schema has no {'.'.join(inside)}")
        return arguments + blocks

    def _value(self, value: Any, is_document: bool) -> Any:
        if is_document and isinstance(value, str):
            try:
                return hcl.document(value, self._is_text)
            except hcl.NotADocument:
                return value
        return value

    def _of(self, kind: str, terraform_type: str) -> Json:
        try:
            if (kind, terraform_type) not in self._blocks:
                self._blocks[kind, terraform_type] = schema_block(self._schema, kind, terraform_type)
        except KeyError as error:
            raise Problem(
                f"cdk.tf.json: {kind}.{terraform_type}: the provider's schema has no such type"
            ) from error
        return self._blocks[kind, terraform_type]

    def _is_text(self, expression: str) -> bool:
        """Whether an expression is an attribute whose type is a string, by the provider's schema."""
        found = _TRAVERSAL.fullmatch(expression)
        if not found:
            return False
        if found[2] == "var" and not found[4]:
            return bool(self._all.get("variable", {}).get(found[3], {}).get("type") == "string")
        kind = "data" if found[1] else "resource"
        if found[3] not in self._all.get(kind, {}).get(found[2], {}):
            return False
        return bool(_type_at(self._of(kind, found[2]), re.findall(r"\[\d+\]|\w+", found[4])) == "string")


def _type_at(block: Json, steps: list[str]) -> Any:
    """The type that a traversal ends at, below a block; None where the schema cannot say."""
    current: Any = block
    for step in steps:
        if isinstance(current, dict):
            if step in current["attributes"]:
                current = current["attributes"][step]["type"]
            elif step in current["block_types"]:
                nested = current["block_types"][step]
                current = ["list", nested["block"]] if nested["nesting_mode"] != "single" else nested["block"]
            elif step == "id":
                current = "string"
            else:
                return None
        elif isinstance(current, list) and step.startswith("[") and current[0] == "list":
            current = current[1]
        elif isinstance(current, list) and current[0] == "object":
            current = current[1].get(step)
        elif isinstance(current, list) and current[0] == "map":
            current = current[1]
        else:
            return None
    return current


def _in_reading_order(members: list[tuple[str, str, str, Json]]) -> list[tuple[str, str, str, Json]]:
    """Types after the types they refer to, data sources first; within a type by name."""
    needs: dict[tuple[str, str], set[tuple[str, str]]] = {
        (kind, type_): set() for kind, type_, _, _ in members
    }
    home = {address(kind, type_, name): (kind, type_) for kind, type_, name, _ in members}
    for kind, type_, _, body in members:
        needs[kind, type_] |= {home[one] for one in references(body) if one in home} - {(kind, type_)}
    order: list[tuple[str, str]] = []
    waiting = sorted(needs)
    while waiting:
        # In a circle of types there is no right order: the first by name goes first.
        ready = next((one for one in waiting if needs[one] <= set(order)), waiting[0])
        order.append(ready)
        waiting.remove(ready)
    return sorted(members, key=lambda member: (order.index(member[:2]), member[2]))


def _place(key: str) -> tuple[int, str]:
    if key in FIRST:
        return FIRST.index(key), key
    return (9 if key in LAST else 5), key


def _lifecycle(body: Json, where: str) -> Body:
    items: list[Argument | Block] = []
    for key in ("create_before_destroy", "prevent_destroy", "ignore_changes", "replace_triggered_by"):
        if key in body:
            items.append(Argument(key, _bare(body[key]) if not isinstance(body[key], bool) else body[key]))
    for key in ("precondition", "postcondition"):
        items += [Block(key, (), _conditions(one)) for one in _many(body.get(key, []))]
    _refuse_others(f"{where}: lifecycle", body, (*_names(items), "precondition", "postcondition"))
    return Body(items)


def _conditions(body: Json) -> Body:
    _refuse_others("a condition", body, ("condition", "error_message"))
    return Body([Argument(key, body[key]) for key in ("condition", "error_message")])


def _literal(value: Any) -> Any:
    """A value that Terraform reads as it stands: no template, even where it looks like one."""
    if isinstance(value, str):
        return Expression(templates.quoted(value.replace("${", "$${").replace("%{", "%%{")))
    if isinstance(value, Mapping):
        return {key: _literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_literal(item) for item in value]
    return value


def _bare(value: Any) -> Any:
    """References, which Terraform JSON writes as strings."""
    if isinstance(value, str):
        return Expression(templates.bare(value) or value)
    return [_bare(item) for item in value]


def _many(value: Any) -> list[Any]:
    """One block or a list of blocks, as Terraform JSON may have them, as a list."""
    return value if isinstance(value, list) else [value]


def _names(items: Iterable[Argument | Block]) -> list[str]:
    return [item.name for item in items if isinstance(item, Argument)]


def _refuse_others(where: str, body: Mapping[str, Any], known: Iterable[str]) -> None:
    others = sorted(set(body) - set(known) - {"//"})
    if others:
        raise Problem(f"cdk.tf.json: {where}: the hand-off cannot write {others[0]} as HCL")
