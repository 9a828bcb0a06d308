"""What the files of a module declare: its blocks, put together, with those of override files over them.

Both readers of configuration hand over `Block`s. A body is a mapping from argument and block names to

- plain JSON values, in which texts are templates (Terraform JSON),
- `Node`s (HCL arguments; `Node.source` is the text that they were read from), or
- further bodies, alone or in a list (blocks; those with labels carry them as `Body.labels` in HCL, and stand below
  them as keys in Terraform JSON). Dynamic blocks stand by their label under `dynamic` in either syntax.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.engine.model import Place
from policies.engine.values import ABSENT
from policies.readers import types
from policies.readers.comments import Comment
from policies.readers.syntax import GetAttr, Index, Literal, Name, Object

# What an override file may say without any effect, and what it cannot change in a block.
_NEVER_OVERRIDE: Final = frozenset({"ephemeral", "removed"})
_KEPT: Final = {"variable": frozenset({"validation"}), "output": frozenset({"precondition"})}
_LIFECYCLE: Final = frozenset({"create_before_destroy", "enabled", "ignore_changes", "prevent_destroy"})


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

    `folder` is where the files are, `directory` how Terraform names that place: `path.module`. `comments` are those
    that speak to the gate.

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
    comments: list[Comment] = field(default_factory=list)


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
        if block.kind in ("check", "moved", "import", "language"):
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


def enabled(block: Block) -> Any:
    """The expression by which OpenTofu creates the one instance of a block or none, or `ABSENT`.

    Source: https://opentofu.org/docs/language/meta-arguments/enabled/
    """
    return _only(block.body.get("lifecycle")).get("enabled", ABSENT)


def _only(value: Any) -> dict[str, Any]:
    """The body of a block that stands once."""
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, dict) else {}


def sources_of(config: Config) -> Iterator[tuple[str, str]]:
    """The providers that a module requires: their local names, and the sources, which a name without one implies."""
    for block in config.settings:
        required = block.body.get("required_providers")
        for table in required if isinstance(required, list) else [required]:
            for name, entry in (table or {}).items() if isinstance(table, dict) else ():
                yield name, plain_text(fields(entry).get("source")) or f"hashicorp/{name}"


def constraints_of(config: Config) -> Iterator[str]:
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


def plain_text(value: Any) -> str:
    """A text that Terraform takes literally: an alias, a module's source."""
    if isinstance(value, Literal):
        value = value.value
    return value if isinstance(value, str) else ""


def is_local(source: str) -> bool:
    """Whether a module's source is a folder beside the one that calls it."""
    return source.startswith(("./", "../", ".\\", "..\\"))


def provider_name(value: Any) -> str:
    """`aws.east`, however it is written: the argument takes a name, not an expression.

    Of `aws.by[each.key]`, which OpenTofu takes, it is what stands before the key.
    """
    if isinstance(value, Index):
        value = value.target
    if isinstance(value, GetAttr) and isinstance(value.target, Name):
        return f"{value.target.name}.{value.name}"
    if isinstance(value, Name):
        return value.name
    text = plain_text(value)
    text = text[2:-1].strip() if text.startswith("${") and text.endswith("}") else text
    return text.partition("[")[0]


def is_dynamic(value: Any) -> bool:
    """Whether what stands under `dynamic` are dynamic blocks, and no argument of that name."""
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
    """Labels of dynamic blocks, each with its blocks."""
    for item in value if isinstance(value, list) else [value]:
        for label, blocks in item.items():
            yield label, blocks if isinstance(blocks, list) else [blocks]
