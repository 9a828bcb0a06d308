"""The provider's schema, read out of the CDKTF bindings' archive.

Each module of the archive (`package/lib/NAME/index.js`) ends with an inline source map that
keeps the TypeScript it was made from, and that was generated from the schema of the real
provider: each argument has a comment with its flags, its accessor shows its type, and the
function that writes it as HCL says block or attribute, list, set or map.

A block has the form that `mock_provider.schema` tells.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem
from mock_provider.schema import Block, Kind

# A module with very many classes keeps them in files of their own beside its index.
_MODULE = re.compile(r"package/lib/([\w-]+)/(index|index-structs/structs\d+)\.js")
_SOURCE_MAP = re.compile(rb"sourceMappingURL=data:application/json;[^,]*,(\S+)")
_VERSION = re.compile(r"providerVersion: '([^']+)'")
_MAIN = re.compile(r"^export class (\w+) extends \w+\.Terraform(Resource|DataSource|Provider) ", re.M)
_TYPE = re.compile(r'tfResourceType = "(\w+)"')
_CLASS = re.compile(r"^export class (\w+) extends [\w.]+ \{\n(.*?)^\}", re.M | re.S)
_TO_HCL = re.compile(r"^export function (\w+)ToHclTerraform\(.*?\n(.*?)^\}", re.M | re.S)
_MAIN_TO_HCL = re.compile(r"synthesizeHclAttributes\(\).*?\n(.*?)^  \}", re.M | re.S)
_ARGUMENT = re.compile(
    r"^  // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)$", re.M
)
_FORM = re.compile(
    r"^ +(\w+): \{\n +value: (.*),\n +isBlock: (true|false),\n"
    r" +type: \"(\w+)\",\n +storageClassType: \"(\w+)\"",
    re.M,
)
_AS_BLOCKS = re.compile(r"MapperHcl\(\w+, false\)")
_NESTED = re.compile(r"= new (\w+?)(List|Map|OutputReference)\(this, \"\w+\"(?:, (true|false))?\)")

# What an accessor says about the type of what it reads; the first that fits holds.
_ACCESSORS: tuple[tuple[str, Any], ...] = (
    ("this.getStringAttribute(", "string"),
    ("this.getNumberAttribute(", "number"),
    ("this.getBooleanAttribute(", "bool"),
    ("this.getStringMapAttribute(", ["map", "string"]),
    ("this.getNumberMapAttribute(", ["map", "number"]),
    ("this.getBooleanMapAttribute(", ["map", "bool"]),
    ("Fn.tolist(this.getNumberListAttribute(", ["set", "number"]),
    ("Fn.tolist(this.getListAttribute(", ["set", "string"]),
    ("this.getNumberListAttribute(", ["list", "number"]),
    ("this.getListAttribute(", ["list", "string"]),
    (".StringMapList(", ["list", ["map", "string"]]),
    (".StringMap(", ["map", "string"]),
    (".NumberMap(", ["map", "number"]),
    (".BooleanMap(", ["map", "bool"]),
)
# How deep a block that holds itself is unrolled: as deep as WAF statements nest.
# Source: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-list.html.
_RECURSION = 3
_SCALARS = {"string": "string", "number": "number", "boolean": "bool"}


@dataclass(frozen=True)
class _Form:
    """How one argument is written in HCL: as a block or not, its collection, and its storage class."""

    block: bool
    collection: str
    storage: str


def archive() -> Path:
    """The archive of the locked bindings (`cdktf-cdktf-provider-aws`), found without importing them.

    Raises:
        Problem: the bindings are not installed.
    """
    spec = importlib.util.find_spec("cdktf_cdktf_provider_aws")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for found in sorted(Path(folder, "_jsii").glob("*.jsii.tgz")):
            return found
    raise Problem(
        "the AWS provider's schema cannot be read: cdktf-cdktf-provider-aws is not installed in this "
        "environment; run `make environment`"
    )


def read(path: Path) -> tuple[str, dict[Kind, dict[str, Block]]]:
    """The provider's version and its blocks by kind and type, out of any bindings' archive.

    `"provider"` holds one block, under the name `aws`. The statements of WAF's rules, which the bindings do not have,
    are left to `mock_provider.waf`.

    Raises:
        Problem: the file is not such an archive, or holds a module that cannot be understood.
    """
    kinds: dict[Kind, dict[str, Block]] = {"resource": {}, "data": {}, "provider": {}}
    version = ""
    for name, source in _modules(path):
        found = _MAIN.search(source)
        if not found:
            continue
        try:
            terraform_type = _matched(_TYPE, source)
            kind: Kind = {"Resource": "resource", "DataSource": "data", "Provider": "provider"}[found[2]]  # type: ignore[assignment]
            kinds[kind][terraform_type] = _module_block(source, found[1])
            version = version or _matched(_VERSION, source)
        except (LookupError, RecursionError) as error:
            raise Problem(f"{path}: {name} is not written as this reader knows it ({error!r})") from error
    if not kinds["provider"] or not kinds["resource"]:
        raise Problem(f"{path}: holds no provider's bindings (no module with a source map and a resource)")
    # Terraform's own meta-argument, no part of the provider's schema.
    kinds["provider"]["aws"]["attributes"].pop("alias", None)
    return version, kinds


def _modules(path: Path) -> Iterator[tuple[str, str]]:
    """The TypeScript of each module, by the module's name."""
    parts: dict[str, list[str]] = {}
    try:
        with tarfile.open(path) as members:
            for member in members:
                name = _MODULE.fullmatch(member.name)
                file = members.extractfile(member) if name else None
                encoded = _SOURCE_MAP.search(file.read()) if file else None
                if name and encoded:
                    source = json.loads(base64.b64decode(encoded[1]))["sourcesContent"][0]
                    parts.setdefault(name[1], []).append(source)
    except (OSError, tarfile.TarError, EOFError, ValueError, LookupError) as error:
        raise Problem(f"{path}: is not a bindings' archive that can be read ({error})") from error
    for module, sources in parts.items():
        yield module, "\n".join(sources)


def _matched(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if not found:
        raise LookupError(pattern.pattern)
    return found[1]


def _module_block(source: str, main: str) -> Block:
    classes = dict(_CLASS.findall(source))
    forms = {name.lower(): _forms(body) for name, body in _TO_HCL.findall(source)}
    return _block(classes[main], _forms(_matched(_MAIN_TO_HCL, classes[main])), classes, forms, ())


def _forms(body: str) -> dict[str, _Form]:
    return {
        # A list of objects that is no block in the schema may be written as blocks all the same
        # ("attributes as blocks", such as a security group's `ingress`): the mapper says so.
        name: _Form(is_block == "true" and not _AS_BLOCKS.search(value), collection, storage)
        for name, value, is_block, collection, storage in _FORM.findall(body)
    }


def _block(
    body: str,
    own: dict[str, _Form],
    classes: dict[str, str],
    forms: dict[str, dict[str, _Form]],
    within: tuple[str, ...],
) -> Block:
    attributes: dict[str, Any] = {}
    blocks: dict[str, Any] = {}
    marks = list(_ARGUMENT.finditer(body))
    for position, mark in enumerate(marks):
        end = marks[position + 1].start() if position + 1 < len(marks) else len(body)
        code, name = body[mark.end() : end], mark[1]
        flags = {
            flag: True
            for flag, on in zip(("computed", "optional", "required"), mark.groups()[1:], strict=True)
            if on == "true"
        }
        form = own.get(name)
        nested = _NESTED.search(code)
        if nested and f"{nested[1]}OutputReference" in classes:
            struct = nested[1]
            if within.count(struct) == _RECURSION:
                continue
            inner = _block(
                classes[f"{struct}OutputReference"],
                forms.get(struct.lower(), {}),
                classes,
                forms,
                (*within, struct),
            )
            # The provider speaks protocol 5, in which one object is a list block of one, or an attribute whose
            # value is an object; `timeouts` alone is a block without a list around it.
            if form and form.block and not (form.collection == "struct" and name != "timeouts"):
                blocks[name] = _nested_block(inner, form, nested[2], flags)
            else:
                attributes[name] = {"type": _objects(inner, form, nested[2], nested[3]), **flags}
        elif (
            form
            and form.block
            and form.collection in ("list", "set", "struct")
            and form.storage not in _SCALARS
        ):
            # The provider's own blocks: plain properties, whose class is only named here.
            inner = _provider_struct(form.storage, forms)
            blocks[name] = _nested_block(inner, form, "List", flags)
        else:
            attributes[name] = {"type": _attribute_type(code, form), **flags}
    return {"attributes": attributes, "block_types": blocks}


def _nested_block(inner: Block, form: _Form, reference: str, flags: dict[str, bool]) -> dict[str, Any]:
    mode = "single" if form.collection == "struct" else form.collection
    entry: dict[str, Any] = {"nesting_mode": mode, "block": inner}
    if mode in ("list", "set"):
        if "required" in flags:
            entry["min_items"] = 1
        if reference == "OutputReference":
            entry["max_items"] = 1
    return entry


def _provider_struct(storage: str, forms: dict[str, dict[str, _Form]]) -> Block:
    fields = forms[storage.removesuffix("List").lower()]
    return {
        "attributes": {
            name: {"type": _storage_type(form), "optional": True} for name, form in fields.items()
        },
        "block_types": {},
    }


def _objects(inner: Block, form: _Form | None, reference: str, as_set: str) -> Any:
    fields: list[Any] = ["object", _fields(inner)]
    if reference == "OutputReference" and form and form.collection == "struct":
        return fields
    return ["map" if reference == "Map" else "set" if as_set == "true" else "list", fields]


def _fields(block: Block) -> dict[str, Any]:
    fields = {name: attribute["type"] for name, attribute in block["attributes"].items()}
    for name, entry in block["block_types"].items():
        inner = ["object", _fields(entry["block"])]
        fields[name] = inner if entry["nesting_mode"] == "single" else [entry["nesting_mode"], inner]
    return fields


def _attribute_type(code: str, form: _Form | None) -> Any:
    for accessor, terraform_type in _ACCESSORS:
        if accessor in code:
            return terraform_type
    return _storage_type(form) if form else "dynamic"


def _storage_type(form: _Form) -> Any:
    """The type of a storage class such as `stringListList`: a collection of lists of strings."""
    words = re.findall(r"[a-z]+|[A-Z][a-z]+", form.storage)
    element: Any = _SCALARS.get(words[0])
    if element is None:
        return "dynamic"
    for word in words[1:-1]:
        element = [word.lower(), element]
    if len(words) == 1:
        return element
    return [form.collection if form.collection in ("list", "set", "map") else words[-1].lower(), element]
