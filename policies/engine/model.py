"""What rules see: resources with evaluated values, and the references between them.

The typed accessors of `View` (`boolean`, `number`, `text`, ...) raise `Undetermined` on an `Unknown`, and the
engine turns that into the verdict "unknown": so a rule that forgets about unknown values can still never pass
one. A rule that has something to say about an unknown value asks with `get`.

Standard library only: this module also runs inside Checkov's environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from policies.engine.values import (
    ABSENT,
    Unknown,
    as_boolean,
    as_number,
    as_text,
    at_path,
    each_at_path,
    parse_document,
    references_of,
)


class Undetermined(Exception):
    """A rule needs a value that is unknown: the engine reports the verdict `unknown` with this reason."""

    def __init__(self, reason: str, view: View, attribute: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.view = view
        self.attribute = attribute


class View:
    """A mapping of evaluated values: a resource, one of its blocks, or a part of a document.

    Paths are relative to the view: `storage_encrypted`, `root_block_device.encrypted`,
    `origin[0].custom_origin_config.origin_protocol_policy`. A name steps through a list of one block, so a
    path need not know whether Terraform writes the block alone or in a list. A path may also be a sequence
    of steps, for map keys that hold dots.
    """

    __slots__ = ("path", "resource", "values")

    values: Mapping[str, Any]
    resource: Resource
    path: str

    def get(self, path: str | Sequence[Any]) -> Any:
        """The value at `path`: plain Python, `ABSENT`, or an `Unknown`. No input makes it raise."""
        if type(path) is str and "." not in path and "[" not in path:
            # Most questions are about an argument of the view itself.
            value = self.values.get(path)
            return ABSENT if value is None else value
        return at_path(self.values, path)

    def each(self, path: str) -> list[Any]:
        """Every value at a path with `[]`, such as `ingress[].cidr_blocks[]`; `Unknown`s included."""
        return each_at_path(self.values, path)

    def known(self, path: str | Sequence[Any]) -> Any:
        """The value at `path`, plain or `ABSENT`; lists and maps may still hold `Unknown`s.

        Raises:
            Undetermined: the value is unknown.
        """
        value = self.get(path)
        if isinstance(value, Unknown):
            raise self.undetermined(value, path)
        return value

    def boolean(self, path: str | Sequence[Any], default: bool = False) -> bool:
        """The boolean at `path`, converted as Terraform converts; `default` where it is absent.

        Raises:
            Undetermined: the value is unknown, or not a boolean.
        """
        value = self.known(path)
        if value is ABSENT:
            return default
        result = as_boolean(value)
        if result is None:
            raise self.undetermined(f"{_shown(path)} is not a boolean", path)
        return result

    def number(self, path: str | Sequence[Any], default: float | None = None) -> float | None:
        """The number at `path`, converted as Terraform converts; `default` where it is absent.

        Raises:
            Undetermined: the value is unknown, or not a number.
        """
        value = self.known(path)
        if value is ABSENT:
            return default
        result = as_number(value)
        if result is None:
            raise self.undetermined(f"{_shown(path)} is not a number", path)
        return result

    def text(self, path: str | Sequence[Any], default: str | None = None) -> str | None:
        """The text at `path`, converted as Terraform converts; `default` where it is absent.

        Raises:
            Undetermined: the value is unknown, or a list or a map.
        """
        value = self.known(path)
        if value is ABSENT:
            return default
        result = as_text(value)
        if result is None:
            raise self.undetermined(f"{_shown(path)} is not a text", path)
        return result

    def texts(self, path: str | Sequence[Any]) -> list[str]:
        """The list (or set) of texts at `path`; empty where it is absent.

        Raises:
            Undetermined: the list or an element is unknown, or it is not a list of texts.
        """
        value = self.known(path)
        if value is ABSENT:
            return []
        if not isinstance(value, list):
            raise self.undetermined(f"{_shown(path)} is not a list", path)
        result = []
        for item in value:
            if isinstance(item, Unknown):
                raise self.undetermined(item, path)
            text = as_text(item)
            if text is None:
                raise self.undetermined(f"{_shown(path)} is not a list of texts", path)
            result.append(text)
        return result

    def is_set(self, path: str | Sequence[Any]) -> bool:
        """Whether `path` is set to something other than null or an empty text, list or map.

        A reference to another resource's identity (`aws_kms_key.main.arn`) is set, though unknown.

        Raises:
            Undetermined: the value is unknown and might be null.
        """
        value = self.get(path)
        if isinstance(value, Unknown):
            if value.certain:
                return True
            raise self.undetermined(value, path)
        return value is not ABSENT and value not in ("", [], {})

    def blocks(self, path: str | Sequence[Any]) -> Iterator[View]:
        """The blocks at `path`, in order, whether written alone, in a list, or as a dynamic block.

        Known blocks come first, so that a rule can report on them.

        Raises:
            Undetermined: after the known blocks, when there may be more that are unknown.
        """
        value = self.get(path)
        items = value if isinstance(value, list) else [] if value is ABSENT else [value]
        shown = _shown(path)
        for index, item in enumerate(items):
            if isinstance(item, dict):
                yield Block(item, self.resource, f"{self._prefix}{shown}[{index}]")
            elif isinstance(item, Unknown) and isinstance(item.document, dict):
                yield Block(item.document, self.resource, f"{self._prefix}{shown}[{index}]")
        for item in items:
            if isinstance(item, Unknown) and not isinstance(item.document, dict):
                raise self.undetermined(item, path)
            if not isinstance(item, dict | Unknown) and item is not None:
                raise self.undetermined(f"{shown} is not a block", path)

    def block(self, path: str | Sequence[Any]) -> View | None:
        """The one block at `path`, or None.

        Raises:
            Undetermined: it is unknown whether there is one, or there are several.
        """
        found = list(self.blocks(path))
        if len(found) > 1:
            raise self.undetermined(
                f"{_shown(path)}: there are {len(found)} blocks where one was expected", path
            )
        return found[0] if found else None

    def document(self, path: str | Sequence[Any]) -> Any:
        """The JSON document at `path` as a tree of plain values, with `Unknown`s in its holes, or `ABSENT`.

        Reads JSON text, heredocs, `jsonencode(...)` and `data.aws_iam_policy_document.*.json` alike.

        Raises:
            Undetermined: the whole value is unknown, or it is no JSON.
        """
        value = self.get(path)
        if value is ABSENT:
            return ABSENT
        tree = parse_document(value)
        if isinstance(tree, Unknown):
            raise self.undetermined(tree, path)
        return tree

    def referenced(self, path: str, *types: str) -> Links:
        """The resources that the value at `path` refers to, of the given types, or of any.

        A list is followed element by element; `[]` in the path is allowed.
        """
        return self.resource.model.follow(self.each(path), *types)

    def undetermined(self, why: Unknown | str, path: str | Sequence[Any] = "") -> Undetermined:
        """The exception to raise when a rule cannot tell: `raise resource.undetermined(value, "policy")`."""
        reason = why.reason if isinstance(why, Unknown) else str(why)
        return Undetermined(reason, self, f"{self._prefix}{_shown(path)}" if path else self.path)

    @property
    def _prefix(self) -> str:
        return f"{self.path}." if self.path else ""


class Block(View):
    """A nested block of a resource; `path` says where it stands."""

    __slots__ = ()

    def __init__(self, values: Mapping[str, Any], resource: Resource, path: str) -> None:
        self.values = values
        self.resource = resource
        self.path = path

    def __repr__(self) -> str:
        return f"Block({self.resource.address}.{self.path})"


class Resource(View):
    """A resource or data source instance.

    `address` is Terraform's own (`module.db.aws_db_instance.main["a"]`), `key` its `count` or `for_each`
    key or None, `module` the module's address or "", `mode` is `managed` or `data`. `file` is the path as
    the gate was given it, `line` counts from 1 (0: not known), `construct` is the CDKTF construct path or "".
    `computed` names the arguments of a plan that AWS or the provider set, not the configuration; `open` those that it
    knows after apply alone, and of which it does not tell whether the configuration sets them. `provisioners` are the
    kinds of its provisioners, such as `local-exec`. `under` names what decides how many instances there are where
    that is not known: it stands for them all, and perhaps there is none. `stranger` is the source of its provider
    where the type is named as one of AWS and the provider is not hashicorp/aws, or "".
    """

    __slots__ = (
        "address",
        "computed",
        "construct",
        "key",
        "mode",
        "model",
        "module",
        "name",
        "open",
        "place",
        "provisioners",
        "stranger",
        "type",
        "under",
    )

    model: Model

    def __init__(
        self,
        address: str,
        type: str,
        name: str,
        values: Mapping[str, Any],
        *,
        mode: str = "managed",
        key: str | int | None = None,
        module: str = "",
        place: Place | None = None,
        construct: str = "",
        computed: frozenset[str] = frozenset(),
        open: frozenset[str] = frozenset(),
        provisioners: frozenset[str] = frozenset(),
        stranger: str = "",
        under: frozenset[str] = frozenset(),
    ) -> None:
        self.address = address
        self.type = type
        self.name = name
        self.values = values
        self.mode = mode
        self.key = key
        self.module = module
        self.place = place or NOWHERE
        self.construct = construct
        self.computed = computed
        self.open = open
        self.provisioners = provisioners
        self.stranger = stranger
        self.under = under
        self.resource = self
        self.path = ""

    def __repr__(self) -> str:
        return f"Resource({self.address})"

    @property
    def many(self) -> bool:
        """Whether it stands for a number of instances that is not known: perhaps for none."""
        return bool(self.under)

    def with_values(self, values: Mapping[str, Any]) -> Resource:
        """The same resource with other values, in no model yet."""
        other = copy(self)
        other.values = values
        other.resource = other
        return other

    @property
    def file(self) -> str:
        return self.place.file

    @property
    def line(self) -> int:
        return self.place.line()

    def line_of(self, attribute: str) -> int:
        """The line of an argument where the reader knows it, else the line of the resource."""
        return self.place.line(attribute)

    def tags(self) -> Any:
        """All tags, the provider's `default_tags` included: a dict, or an `Unknown`."""
        everything = self.get("tags_all")
        if isinstance(everything, dict):
            return everything
        own = self.get("tags")
        if isinstance(own, Unknown):
            return own
        default = self.model.default_tags(self)
        if isinstance(default, Unknown):
            return default
        return {**default, **(own if isinstance(own, dict) else {})}


class Place:
    """Where something stands; readers with finer knowledge override `line`."""

    __slots__ = ("_line", "file")

    def __init__(self, file: str, line: int = 0) -> None:
        self.file = file
        self._line = line

    def line(self, attribute: str = "") -> int:
        return self._line


def stranger(type: str, source: str) -> str:
    """The source of a provider where a type that is named as one of AWS comes from another one than hashicorp/aws, on
    whatever registry; else "". An empty source stands for the one that the name of the provider means."""
    strange = type.startswith("aws_") and source and not f"/{source}".lower().endswith("/hashicorp/aws")
    return source if strange else ""


NOWHERE: Final = Place("")


@dataclass(frozen=True, slots=True)
class Links:
    """Where a value leads: `resources` of the model, and `unresolved`: `Unknown`s that could not be
    followed and literal identifiers that nothing in the model has."""

    resources: tuple[Resource, ...] = ()
    unresolved: tuple[Any, ...] = ()

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """Those of `unresolved` that are `Unknown`: they may lead anywhere."""
        return tuple(item for item in self.unresolved if isinstance(item, Unknown))


@dataclass(frozen=True, slots=True)
class Output:
    """An output of the root module."""

    name: str
    value: Any
    sensitive: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the root module, with its default or `ABSENT`."""

    name: str
    default: Any
    place: Place


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider configuration: `name` as in `aws`, `alias` or ""."""

    name: str
    alias: str
    values: Mapping[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class Earlier:
    """What Terraform makes before a resource: `addresses` of whole resources, without instance keys.

    `blind` says why there may be more that cannot be seen; empty where there is not.
    """

    addresses: frozenset[str]
    blind: str = ""


def _no_order(address: str) -> Earlier:
    return Earlier(frozenset(), "the order of this input is not known")


# Attributes by which others name a resource. Matching is by requested type, so a shared name does no harm.
_IDENTITIES: Final = ("id", "arn", "name", "identifier", "cluster_identifier", "bucket", "key_id", "user_id")
# Other types have identities of their own.
_IDENTITIES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "aws_elasticache_replication_group": ("replication_group_id",),
    "aws_elasticache_user_group": ("user_group_id",),
    "aws_elasticache_cluster": ("cluster_id",),
    "aws_eip": ("allocation_id", "public_ip"),
}


@dataclass(eq=False)
class Model:
    """Everything that one input holds. `source` is `json`, `hcl`, `mixed` or `plan`.

    `declares` says that managed resources are declared, though it may be that none has an instance. `constraints`
    are those that its modules put on the version of the AWS provider, as in `~> 5.80`, and `locked` is the version that
    is chosen, unknown where that contradicts them, or "". `handed` has what is given to
    each module that is not seen, by its address.
    """

    resources: Sequence[Resource]
    data: Sequence[Resource] = ()
    outputs: Sequence[Output] = ()
    providers: Sequence[Provider] = ()
    source: str = ""
    variables: Sequence[Variable] = ()
    declares: bool = False
    constraints: Sequence[str] = ()
    locked: str | Unknown = ""
    partial: bool = False
    """Whether modules are called whose resources are not seen."""
    order: Callable[[str], Earlier] = _no_order
    """What comes before the resource at an address without keys, by references and `depends_on`."""
    handed: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    strict: bool = False
    """Whether a value leads only to what it leads to for certain, and not to what it may lead to as well."""
    guessed: bool = field(default=False, repr=False)
    """Whether a value was followed to where it may lead."""
    _by_type: dict[str, list[Resource]] = field(default_factory=dict, repr=False)
    _by_address: dict[str, list[Resource]] = field(default_factory=dict, repr=False)
    _by_identity: dict[str, dict[str, list[Resource]]] = field(default_factory=dict, repr=False)
    _referring: dict[tuple[str, str], tuple[dict[int, list[Resource]], list[tuple[Resource, Unknown]]]] = (
        field(default_factory=dict, repr=False)
    )
    shared: dict[Any, Any] = field(default_factory=dict, repr=False)
    """What rules derive once from the whole model (graph facts), keyed by the deriving function."""

    def __post_init__(self) -> None:
        for resource in (*self.resources, *self.data):
            resource.model = self
            if resource.mode == "managed":
                self._by_type.setdefault(resource.type, []).append(resource)
            names = {resource.address, without_key(resource.address)}
            if "[" in resource.address:
                names.add(without_keys(resource.address))
            for name in names:
                self._by_address.setdefault(name, []).append(resource)

    def of_type(self, *types: str) -> list[Resource]:
        """The managed resources of these types, in the input's order within each type."""
        return [resource for type in types for resource in self._by_type.get(type, ())]

    @property
    def types(self) -> list[str]:
        """The types of the managed resources, sorted."""
        return sorted(self._by_type)

    def at(self, address: str) -> list[Resource]:
        """The instances at an address: one with an instance key, or all of them without."""
        return list(self._by_address.get(address, ()))

    def earlier(self, resource: Resource) -> Earlier:
        """What Terraform makes before it makes `resource`."""
        return self.order(without_keys(resource.address))

    def follow(self, value: Any, *types: str) -> Links:
        """The resources that a value leads to, by its references or, for a literal, by what it names.

        Args:
            value: anything `get` returns; lists are followed element by element.
            types: only resources of these types count; none means any. Data sources are given with
                `data.` before the type.
        """
        found: dict[int, Resource] = {}
        unresolved: list[Any] = []
        pending = list(reversed(value)) if isinstance(value, list) else [value]
        while pending:
            item = pending.pop()
            if item is ABSENT or item is None or item == "":
                continue
            if isinstance(item, list):
                pending.extend(reversed(item))
                continue
            targets = []
            for reference in references_of(item):
                if reference.perhaps:
                    self.guessed = True
                    if self.strict:
                        continue
                targets += [
                    resource
                    for resource in self._by_address.get(reference.address, ())
                    if not types or _typed(resource) in types
                ]
            if not targets and isinstance(item, str):
                targets = self._named(item, types)
            for target in targets:
                found[id(target)] = target
            if not targets:
                unresolved.append(item)
        return Links(tuple(found.values()), tuple(unresolved))

    def referring(self, target: Resource, type: str, path: str) -> Links:
        """The resources of `type` whose value at `path` (`[]` allowed) leads to `target`.

        `unresolved` holds the `Unknown`s at that path that could not be followed and so may mean it too.
        """
        index = self._referring.get((type, path))
        if index is None:
            by_target: dict[int, list[Resource]] = {}
            unknowns: list[tuple[Resource, Unknown]] = []
            for resource in self.of_type(type):
                links = self.follow(resource.each(path))
                for linked in links.resources:
                    by_target.setdefault(id(linked), []).append(resource)
                unknowns.extend((resource, item) for item in links.unknowns)
            index = self._referring[type, path] = (by_target, unknowns)
        by_target, unknowns = index
        return Links(tuple(by_target.get(id(target), ())), tuple(unknown for _, unknown in unknowns))

    def given_to(self, resource: Resource) -> str:
        """The address of a module that is not seen and is given a resource, and so may add to it; "" for none."""
        for module, values in self.handed.items():
            if resource in self.follow(list(values)).resources:
                return module
        return ""

    def default_tags(self, resource: Resource) -> Any:
        """The `default_tags` of the provider that the resource uses: a dict, or an `Unknown`."""
        alias = resource.values.get("provider")
        wanted = str(alias).partition(".")[2] if isinstance(alias, str) else ""
        for provider in self.providers:
            if provider.name == resource.type.partition("_")[0] and provider.alias == wanted:
                tags = at_path(provider.values, "default_tags.tags")
                return {} if tags is ABSENT else tags
        return {}

    def _named(self, text: str, types: tuple[str, ...]) -> list[Resource]:
        wanted = types or tuple({_typed(resource) for resource in (*self.resources, *self.data)})
        return [resource for type in wanted for resource in self._identities(type).get(text, ())]

    def _identities(self, type: str) -> dict[str, list[Resource]]:
        index = self._by_identity.get(type)
        if index is None:
            index = self._by_identity[type] = {}
            bare = type.removeprefix("data.")
            pool = self.data if type.startswith("data.") else self._by_type.get(type, ())
            for resource in pool:
                if resource.type != bare:
                    continue
                for attribute in (*_IDENTITIES, *_IDENTITIES_OF.get(bare, ())):
                    name = resource.values.get(attribute)
                    if isinstance(name, str) and name and resource not in index.get(name, ()):
                        index.setdefault(name, []).append(resource)
        return index


def _typed(resource: Resource) -> str:
    return resource.type if resource.mode == "managed" else f"data.{resource.type}"


def without_key(address: str) -> str:
    """An address without the resource's own instance key: `module.a[0].t.n["k"]` -> `module.a[0].t.n`."""
    return _cut_keys(address, last_only=True) if address.endswith("]") else address


def without_keys(address: str) -> str:
    """An address without any instance key: `module.a[0].t.n["k"]` -> `module.a.t.n`."""
    return _cut_keys(address, last_only=False)


@lru_cache(maxsize=65536)
def _cut_keys(address: str, last_only: bool) -> str:
    pieces: list[str] = []
    keys: list[str] = []
    start = index = 0
    while index < len(address):
        if address[index] != "[":
            index += 1
            continue
        opened = index
        quoted = False
        while index < len(address) and (quoted or address[index] != "]"):
            if address[index] == "\\" and quoted:
                index += 1
            elif address[index] == '"':
                quoted = not quoted
            index += 1
        index += 1
        pieces.append(address[start:opened])
        keys.append(address[opened:index])
        start = index
    pieces.append(address[start:])
    if not last_only:
        return "".join(pieces)
    if pieces[-1] == "" and keys:
        keys[-1] = ""
    return "".join(piece + key for piece, key in zip(pieces, [*keys, ""], strict=True))


def _shown(path: str | Sequence[Any]) -> str:
    return path if isinstance(path, str) else ".".join(map(str, path))
