"""What rules see: resources with evaluated values, and the references between them.

A value is plain Python (`str`, `int`, `float`, `bool`, `list`, `dict`), `ABSENT` (not set, or null), or an
`Unknown` (set, but not to be known without running Terraform or AWS). The typed accessors of `View`
(`boolean`, `number`, `text`, ...) raise `Undetermined` on an `Unknown`, and the engine turns that into the
verdict "unknown": so a rule that forgets about unknown values can still never pass one. A rule that has
something to say about an unknown value asks with `get`.

Standard library only: this module also runs inside Checkov's environment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typing import TypeGuard


class _Absent:
    """The type of `ABSENT`; false, so that `resource.get(path) or default` reads well."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""An argument that is not set, or set to null, which Terraform treats alike."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`address.attribute` as an expression names it.

    `address` is absolute: `aws_kms_key.main`, `aws_subnet.private["a"]`, `module.db.aws_db_instance.main[0]`,
    `data.aws_caller_identity.current`. Without an instance key it means every instance.
    `attribute` is what follows: `arn`, `master_user_secret[0].secret_arn`, or empty for the whole resource.
    """

    address: str
    attribute: str = ""

    def __str__(self) -> str:
        return f"{self.address}.{self.attribute}" if self.attribute else self.address


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """A value that is set and cannot be known here.

    `reason` says which expression and why. `references` are the resource attributes the value is made from,
    as far as they could be followed. `parts` is there when the value is a text with holes: known text and
    `Unknown`s in turn. `document` is there when it is a JSON document with holes: a tree of plain values
    and `Unknown`s. `certain` says that the value cannot be null: it is a reference to an identity such as
    an `arn`, or a text. `decoded` is there when it is the base64 of a text that is not known whole.
    """

    reason: str
    references: tuple[Reference, ...] = ()
    parts: tuple[str | Unknown, ...] = ()
    document: Any = ABSENT
    certain: bool = False
    decoded: Any = ABSENT

    def __bool__(self) -> bool:
        raise TypeError(f"an unknown value has no truth: {self.reason}")

    def __repr__(self) -> str:
        return f"Unknown({self.reason!r})"


class Traced(str):
    """A known text that an expression took from elsewhere: a plain text that remembers its `references`."""

    references: tuple[Reference, ...]

    def __new__(cls, text: str, references: tuple[Reference, ...]) -> Traced:
        traced = super().__new__(cls, text)
        traced.references = references
        return traced


class Sensitive(Traced):
    """A known text that must not be shown: compares as what it is, prints as `(sensitive value)`."""

    SHOWN: Final = "(sensitive value)"

    def __new__(cls, text: str, references: tuple[Reference, ...] = ()) -> Sensitive:
        sensitive = super().__new__(cls, text, references)
        assert isinstance(sensitive, Sensitive)
        return sensitive

    def __str__(self) -> str:
        return self.SHOWN

    def __repr__(self) -> str:
        return self.SHOWN

    def __format__(self, spec: str) -> str:
        return self.SHOWN


class Undetermined(Exception):
    """A rule needs a value that is unknown: the engine reports the verdict `unknown` with this reason."""

    def __init__(self, reason: str, view: View, attribute: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.view = view
        self.attribute = attribute


def is_unknown(value: Any) -> TypeGuard[Unknown]:
    """Whether a value got with `get` is unknown."""
    return isinstance(value, Unknown)


def references_of(value: Any) -> tuple[Reference, ...]:
    """All references a value was made from, in order, each once; lists and maps are searched through."""
    found: dict[Reference, None] = {}
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Traced | Unknown):
            found.update(dict.fromkeys(item.references))
            if isinstance(item, Unknown):
                pending.extend(reversed(item.parts))
                pending.append(item.document)
        elif isinstance(item, dict):
            pending.extend(reversed(list(item.values())))
        elif isinstance(item, list | tuple):
            pending.extend(reversed(item))
    return tuple(found)


# --- paths ---------------------------------------------------------------------------------------------

EACH: Final = object()
"""The step `[]` of a path: every element."""


@lru_cache(maxsize=4096)
def steps(path: str) -> tuple[Any, ...]:
    """The steps of a path such as `rule[0].apply[].algorithm`: names, indices, and `EACH` for `[]`.

    Raises:
        ValueError: the path is malformed, which is a mistake in a rule.
    """
    result: list[Any] = []
    for part in path.split("."):
        name, *brackets = part.split("[")
        if name:
            result.append(name)
        elif not brackets:
            raise ValueError(f"malformed path {path!r}")
        for bracket in brackets:
            if not bracket.endswith("]"):
                raise ValueError(f"malformed path {path!r}")
            result.append(int(bracket[:-1]) if bracket[:-1] else EACH)
    return tuple(result)


def _step(value: Any, step: Any, path: str) -> Any:
    """One step into a value; a name steps through a list of one, because blocks come as lists or alone."""
    if value is ABSENT or value is None:
        return ABSENT
    if isinstance(value, Unknown):
        if value.document is not ABSENT:
            return _step(value.document, step, path)
        return value
    if isinstance(step, int):
        if isinstance(value, list):
            if -len(value) <= step < len(value):
                return value[step]
            return next((item for item in value if isinstance(item, Unknown)), ABSENT)
        return value if step == 0 and isinstance(value, dict) else ABSENT
    if isinstance(value, list):
        if not value:
            return ABSENT
        if len(value) > 1:
            return Unknown(f"{path}: there are {len(value)} blocks where one was expected")
        value = value[0]
        if isinstance(value, Unknown) or value is None:
            return _step(value, step, path)
    if isinstance(value, dict):
        found = value.get(step, ABSENT)
        return ABSENT if found is None else found
    return ABSENT


def at_path(value: Any, path: str | Sequence[Any]) -> Any:
    """The value at a path within a value: plain, `ABSENT` or `Unknown`. `[]` is not allowed here."""
    shown = path if isinstance(path, str) else ".".join(map(str, path))
    for step in steps(path) if isinstance(path, str) else path:
        if step is EACH:
            raise ValueError(f"{shown}: use each() for a path with []")
        value = _step(value, step, shown)
    return ABSENT if value is None else value


def each_at_path(value: Any, path: str) -> list[Any]:
    """All values at a path with `[]` in it, lists at its end opened only by a final `[]`.

    What is absent is left out; an `Unknown` on the way stands for everything behind it.
    """
    found = [value]
    for step in steps(path):
        following: list[Any] = []
        for item in found:
            if step is EACH:
                opened = item.document if isinstance(item, Unknown) and item.document is not ABSENT else item
                following.extend(opened if isinstance(opened, list) else [opened])
            else:
                following.append(_step(item, step, path))
        found = [item for item in following if item is not ABSENT and item is not None]
    return found


# --- views ---------------------------------------------------------------------------------------------


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
    `computed` names the arguments of a plan that AWS or the provider set, not the configuration.
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
        "place",
        "type",
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
        self.resource = self
        self.path = ""

    def __repr__(self) -> str:
        return f"Resource({self.address})"

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
    """Everything that one input holds. `source` is `json`, `hcl`, `mixed` or `plan`."""

    resources: Sequence[Resource]
    data: Sequence[Resource] = ()
    outputs: Sequence[Output] = ()
    providers: Sequence[Provider] = ()
    source: str = ""
    variables: Sequence[Variable] = ()
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
            targets = [
                resource
                for reference in references_of(item)
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


# --- conversions ---------------------------------------------------------------------------------------


def as_boolean(value: Any) -> bool | None:
    """A value as Terraform converts it to bool (`true`, `"true"`, `"1"`), or None where it refuses.

    Source: https://developer.hashicorp.com/terraform/language/expressions/types#type-conversion
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(str.__str__(value))
    return None


def as_number(value: Any) -> float | None:
    """A value as Terraform converts it to number, or None where it refuses; whole numbers are `int`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        text = str.__str__(value)
        if text.strip() != text or "_" in text or not text.isascii():
            return None
        try:
            return int(text)
        except ValueError:
            pass
        try:
            number = float(text)
        except ValueError:
            return None
        return number if number == number and abs(number) != float("inf") else None
    return None


def as_text(value: Any) -> str | None:
    """A value as Terraform converts it to string, or None where it refuses."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None


def parse_document(value: Any) -> Any:
    """A JSON document, given as text, as a text with holes, or as a tree: the tree, or an `Unknown` that
    says why not.

    Holes within strings become `Unknown`s with the surrounding text in `parts`.
    """
    if isinstance(value, Unknown):
        if value.document is not ABSENT:
            return value.document
        return _document_with_holes(value) if value.parts else value
    if not isinstance(value, str):
        return value
    try:
        tree = json.loads(str.__str__(value))
    except (ValueError, RecursionError):
        return Unknown("it is not a JSON document", references_of(value))
    return tree


def _document_with_holes(value: Unknown) -> Any:
    """Parse a template as JSON: holes stand as private-use characters while the JSON parser reads it."""
    holes: list[Unknown] = []
    pieces = []
    for part in value.parts:
        if isinstance(part, Unknown):
            pieces.append(f"\ue000{len(holes)}\ue001")
            holes.append(part)
        else:
            pieces.append(part)
    try:
        tree = json.loads("".join(pieces))
    except (ValueError, RecursionError):
        return value
    return _with_holes(tree, holes)


def _with_holes(tree: Any, holes: Sequence[Unknown]) -> Any:
    if isinstance(tree, dict):
        return {key: _with_holes(item, holes) for key, item in tree.items()}
    if isinstance(tree, list):
        return [_with_holes(item, holes) for item in tree]
    if not isinstance(tree, str) or "\ue000" not in tree:
        return tree
    parts: list[str | Unknown] = []
    for index, piece in enumerate(tree.split("\ue000")):
        number, separator, rest = piece.partition("\ue001")
        if index and separator:
            parts.append(holes[int(number)])
            piece = rest
        if piece:
            parts.append(piece)
    if len(parts) == 1 and isinstance(parts[0], Unknown):
        return parts[0]
    references = references_of(parts)
    reason = next(part.reason for part in parts if isinstance(part, Unknown))
    return Unknown(reason, references, tuple(parts), certain=True)


def _shown(path: str | Sequence[Any]) -> str:
    return path if isinstance(path, str) else ".".join(map(str, path))


# --- rules and verdicts --------------------------------------------------------------------------------

PASS: Final = "pass"
FAIL: Final = "fail"
UNKNOWN: Final = "unknown"
NOT_APPLICABLE: Final = "not applicable"

AT_REST: Final = "encryption at rest"
IN_TRANSIT: Final = "encryption in transit"
NOT_PUBLIC: Final = "no public database"
BACKUPS: Final = "backups"
AVAILABILITY: Final = "availability"
SECRETS: Final = "secrets"
PROOFS: Final = "proofs"
FAMILIES: Final = (AT_REST, IN_TRANSIT, NOT_PUBLIC, BACKUPS, AVAILABILITY, SECRETS, PROOFS)
SEVERITIES: Final = ("critical", "high", "medium", "low")


class _Removed:
    def __repr__(self) -> str:
        return "REMOVED"


REMOVED: Final = _Removed()
"""In `Protected.weaker`: the argument (or, with an empty path, the whole resource) is taken away."""


class _OnlyFirst:
    def __repr__(self) -> str:
        return "ONLY_FIRST"


ONLY_FIRST: Final = _OnlyFirst()
"""In `Protected.weaker`: of a list only the first element is left."""


@dataclass(frozen=True, slots=True)
class Protected:
    """An argument that a rule guards, and the values that weaken it: from these the mutants are made.

    `path` is as in `View.each` (`root_block_device[].encrypted`); empty means the whole resource. Each
    value of `weaker` is plain JSON, `REMOVED` or `ONLY_FIRST`; each must make the rule fail (or say unknown) where it
    passed before.
    """

    type: str
    path: str
    weaker: tuple[Any, ...] = (REMOVED,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a rule is about. Its id is `CM_` and its file's name in upper case.

    A rule is a module in `policies/rules/` with `RULE = Rule(...)` and one of

    - `def check(resource: Resource, model: Model, parameters: Parameters) -> Iterable[Verdict]`, called for
      each managed resource of `types`, or
    - `def check_model(model: Model, parameters: Parameters) -> Iterable[Verdict]`, called once; each
      verdict but `not_applicable()` names the resource it is about with `at=`. It is called only if the
      model holds a resource of `types`.

    Either must yield at least one verdict: silence is an error, not a pass.
    """

    title: str
    """One line, as a requirement: "RDS storage is encrypted"."""
    family: str
    severity: str
    types: tuple[str, ...]
    """The resource types the rule judges."""
    why: str
    """What goes wrong without it; one or two sentences."""
    fix: str
    """A Terraform snippet (HCL)."""
    link: str
    """The AWS documentation page."""
    controls: tuple[str, ...] = ()
    """Controls it maps to, as in "AWS FSBP RDS.3", "CIS AWS 3.0 2.3.1", "Well-Architected SEC08-BP02"."""
    reads: tuple[str, ...] = ()
    """Types it looks at beside `types`, so that they do not count as uncovered."""
    protects: tuple[Protected, ...] = ()

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"unknown family {self.family!r}")
        if self.severity not in SEVERITIES:
            raise ValueError(f"unknown severity {self.severity!r}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says: made by `passed`, `failed`, `unknown` and `not_applicable`."""

    status: str
    message: str = ""
    attribute: str = ""
    at: View | None = None


def passed(*, at: View | None = None) -> Verdict:
    """The resource fulfils the rule."""
    return Verdict(PASS, at=at)


def failed(message: str, attribute: str = "", *, at: View | None = None) -> Verdict:
    """The resource breaks the rule.

    Args:
        message: one sentence: what is wrong, with the value found; never a secret.
        attribute: path of the argument at fault, for the line; "" for the resource itself.
        at: the resource or block at fault, when it is not the one under judgement.
    """
    return Verdict(FAIL, message, attribute, at)


def unknown(why: Unknown | str, attribute: str = "", *, at: View | None = None) -> Verdict:
    """It cannot be told whether the resource fulfils the rule. Raising `Undetermined` says the same."""
    return Verdict(UNKNOWN, why.reason if isinstance(why, Unknown) else str(why), attribute, at)


def not_applicable(*, at: View | None = None) -> Verdict:
    """The rule has nothing to say about this resource (not the engine in question, for example)."""
    return Verdict(NOT_APPLICABLE, at=at)
