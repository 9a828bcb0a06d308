"""The proof that HCL says what the JSON says: both brought to one form and compared.

The form: a body is a dict; a block's body carries `IS_BLOCK`, and blocks of one name are a list; a string is
itself, or a `Template` when it has holes; a reference is a `Template` of one hole; a JSON document in a string
is a `Document`. python-hcl2 reads the HCL, with its own grammar, knowing nothing of what wrote it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import hcl2
from hcl2.utils import SerializationOptions

from handoff import hcl, templates
from handoff.configuration import Json, Schema, elements, schema_block
from mock_provider import facts

IS_BLOCK: Final = "__is_block__"
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_CALL = re.compile(r"(jsonencode|tostring)\((.*)\)", re.S)
_ESCAPE = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))')
_WORDS = {"true": True, "false": False, "null": None}
_BARE = {
    "depends_on": ("resource", "data", "output"),
    "provider": ("resource", "data"),
    "type": ("variable",),
    "from": ("moved", "removed"),
    "to": ("moved", "import"),
}
"""Arguments whose strings are references or keywords, by the blocks where they are."""


@dataclass(frozen=True)
class Template:
    """A string with holes: text and `Hole`s in turn."""

    parts: tuple[str | Hole, ...]


@dataclass(frozen=True)
class Hole:
    """An expression, without its spaces."""

    expression: str


@dataclass(frozen=True)
class Document:
    """A JSON document, its strings in the form's own way."""

    value: Any

    def __hash__(self) -> int:
        return 0


def difference(configuration: Json, files: Mapping[str, str], schema: Schema) -> str:
    """The first place where the HCL files, read with python-hcl2, say another thing than the JSON; "" if none."""
    return first_difference(expected(configuration, schema), read(files), "")


def first_difference(left: Any, right: Any, path: str) -> str:
    """The path of the first difference of two forms, with what each has there; "" if they are equal."""
    if isinstance(left, Document) and isinstance(right, Document):
        return first_difference(left.value, right.value, path)
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}, key=str):
            if key not in left or key not in right:
                return f"{path}.{key}: only in the {'HCL' if key in right else 'JSON'}"
            if found := first_difference(left[key], right[key], f"{path}.{key}"):
                return found
        return ""
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return f"{path}: {len(left)} in the JSON, {len(right)} in the HCL"
        pairs = zip(left, right, strict=True)
        return next(
            (found for n, pair in enumerate(pairs) if (found := first_difference(*pair, f"{path}[{n}]"))), ""
        )
    same = left == right and isinstance(left, bool) == isinstance(right, bool)
    return "" if same else f"{path}: {left!r} in the JSON, {right!r} in the HCL"


# --- what the JSON says ---------------------------------------------------------------------------------


def expected(configuration: Json, schema: Schema) -> Json:
    """The form of a Terraform JSON configuration."""
    form: Json = {}
    for kind in ("terraform", "moved", "removed", "import"):
        for body in _many(configuration.get(kind, [])):
            form.setdefault(kind, []).append(_plain_block(kind, body))
    for kind in ("variable", "output"):
        for name, body in configuration.get(kind, {}).items():
            form.setdefault(kind, {})[name] = [_plain_block(kind, body)]
    for name, bodies in configuration.get("provider", {}).items():
        form.setdefault("provider", {})[name] = [
            _schema_block(body, schema.block("provider", name), (), frozenset(), "provider")
            for body in _many(bodies)
        ]
    for kind, type_, name, body in elements(configuration):
        documents = facts.load()[type_].json if type_ in facts.load() else frozenset()
        block = _schema_block(body, schema_block(schema, kind, type_), (), documents, kind)
        form.setdefault(kind, {}).setdefault(type_, {})[name] = [block]
    if configuration.get("locals"):
        form["locals"] = {name: _value(value) for name, value in configuration["locals"].items()}
    return form


def _plain_block(kind: str, body: Json) -> Json:
    """A block of Terraform's own: nested blocks are known by name, and most strings are no templates."""
    form: Json = {IS_BLOCK: True}
    for key, value in body.items():
        if key == "//":
            continue
        if key in ("validation", "precondition", "required_providers", "lifecycle"):
            form[key] = [
                {
                    IS_BLOCK: True,
                    **{k: _literal(v) if key == "required_providers" else _value(v) for k, v in one.items()},
                }
                for one in _many(value)
            ]
        elif key == "backend":
            form[key] = {name: [{IS_BLOCK: True, **_literal(one)}] for name, one in value.items()}
        elif kind in _BARE.get(key, ()):
            form[key] = _bare(value)
        else:
            form[key] = _value(value) if key in ("value", "id") else _literal(value)
    return form


def _schema_block(
    body: Json, schema: Json, path: tuple[str, ...], documents: frozenset[tuple[str, ...]], kind: str
) -> Json:
    form: Json = {IS_BLOCK: True}
    for key, value in body.items():
        inside = (*path, key)
        if key == "//":
            continue
        if not path and key == "lifecycle":
            form[key] = [_lifecycle(one) for one in _many(value)]
        elif not path and kind in _BARE.get(key, ()):
            form[key] = _bare(value)
        elif key in schema["block_types"]:
            nested = schema["block_types"][key]["block"]
            form[key] = [_schema_block(one, nested, inside, documents, kind) for one in _many(value)]
        elif inside in documents and isinstance(value, str):
            form[key] = _document(value)
        else:
            form[key] = _value(value)
    return form


def _lifecycle(body: Json) -> Json:
    return {IS_BLOCK: True} | {
        key: [{IS_BLOCK: True, **{k: _value(v) for k, v in one.items()}} for one in _many(value)]
        if key.endswith("condition")
        else _bare(value)
        for key, value in body.items()
    }


def _document(text: str) -> Any:
    try:
        return Document(_of_document(hcl.document(text, lambda expression: True).argument))
    except hcl.NotADocument:
        return _value(text)


def _of_document(value: Any) -> Any:
    if isinstance(value, dict):
        return {_value(key): _of_document(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_of_document(item) for item in value]
    if isinstance(value, hcl.Expression):
        return _written(value.text)
    return value


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _literal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items() if key != "//"}
    if isinstance(value, list):
        return [_literal(item) for item in value]
    return _text(value) if isinstance(value, str) else value


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return Template((_hole(templates.bare(value) or value),)) if isinstance(value, str) else value


def _value(value: Any) -> Any:
    """The form of a value of Terraform JSON, whose strings are templates."""
    if isinstance(value, dict):
        return {_value(key): _value(item) for key, item in value.items() if key != "//"}
    if isinstance(value, list):
        return [_value(item) for item in value]
    return _template(templates.parts(value)) if isinstance(value, str) else value


def _template(parts: list[templates.Part]) -> Any:
    if all(part.literal for part in parts):
        return _text("".join(part.text for part in parts))
    holes = [
        _text(part.text)
        if part.literal
        else _hole(part.expression if part.text.startswith("${") else part.text)
        for part in parts
    ]
    only = holes[0]
    if len(holes) == 1 and isinstance(only, Hole):
        # `${true}` is true, and `${1}` is 1: the value itself, as it is written without `${}`.
        if only.expression in _WORDS:
            return _WORDS[only.expression]
        if _NUMBER.fullmatch(only.expression):
            return float(only.expression) if set(only.expression) & set(".eE") else int(only.expression)
    return Template(tuple(holes))


def _hole(expression: str) -> Hole:
    return Hole(_SPACE.sub("", expression))


def _text(text: str) -> str:
    # Terraform brings every string to Unicode's composed form.
    return unicodedata.normalize("NFC", text)


# --- what the HCL says, by python-hcl2 ------------------------------------------------------------------


def read(files: Mapping[str, str]) -> Json:
    """The form of HCL files, read with python-hcl2."""
    form: Json = {}
    labels = {"resource": 2, "data": 2, "provider": 1, "variable": 1, "output": 1, "backend": 1}
    for text in files.values():
        for kind, blocks in _loaded(text).items():
            for block in blocks:
                if kind == "locals":
                    form.setdefault(kind, {}).update({k: v for k, v in _read(block).items() if k != IS_BLOCK})
                    continue
                if kind == "terraform":
                    form.setdefault(kind, [{}])[0].update(_with_labels(_read(block), labels))
                    continue
                into = form
                name = kind
                for _ in range(labels.get(kind, 0)):
                    into = into.setdefault(name, {})
                    (name, block), *_ = block.items()
                    name = name.strip('"')
                into.setdefault(name, []).append(_read(block))
    return form


def _with_labels(body: Json, labels: Mapping[str, int]) -> Json:
    """A body whose labelled blocks, which python-hcl2 lists one by one, stand under their labels."""
    return {
        key: {name: [inner] for one in value for name, inner in one.items() if name != IS_BLOCK}
        if labels.get(key)
        else value
        for key, value in body.items()
    }


def _loaded(text: str) -> Json:
    found: Json = hcl2.loads(text, serialization_options=SerializationOptions(with_comments=False))
    return {key: value for key, value in found.items() if not key.startswith("__")}


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return {key if key == IS_BLOCK else _key(key): _read(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_read(item) for item in value]
    return _written(value) if isinstance(value, str) else value


def _key(key: str) -> Any:
    return _written(key) if key.startswith('"') else key


def _written(text: str) -> Any:
    """The form of a string as python-hcl2 gives it: quoted, a heredoc, or an expression with or without `${}`."""
    if text.startswith('"<<') and "\n" in text:
        return _value(_heredoc(text[1:-1]))
    if text.startswith('"'):
        return _template(_pieces(text[1:-1]))
    expression = templates.bare(text) or text
    call = _CALL.fullmatch(expression)
    if call and call[1] == "jsonencode":
        return Document(_without_tostring(_loaded_argument(call[2])))
    return _template([templates.Part(f"${{{expression}}}", False)])


def _loaded_argument(text: str) -> Any:
    found = hcl2.loads(f"x = {text}\n", serialization_options=SerializationOptions(with_comments=False))
    return _read(found["x"])


def _without_tostring(value: Any) -> Any:
    """A document's strings as the JSON has them: `tostring(x)` there is a string of one hole."""
    return _map(value, lambda hole: Hole(call[2]) if (call := _CALL.fullmatch(hole.expression)) else hole)


def _map(value: Any, change: Callable[[Hole], Hole]) -> Any:
    if isinstance(value, dict):
        return {key: _map(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_map(item, change) for item in value]
    if isinstance(value, Template):
        return Template(tuple(change(part) if isinstance(part, Hole) else part for part in value.parts))
    return value


def _heredoc(text: str) -> str:
    first, *lines = text.split("\n")
    body = "\n".join(lines[:-1]) + "\n"
    if not first.startswith("<<-"):
        return body
    # Lines of nothing but spaces count for nothing and stay as they are:
    # https://developer.hashicorp.com/terraform/language/expressions/strings#indented-heredocs
    shared = min((len(line) - len(line.lstrip()) for line in lines[:-1] if line.strip()), default=0)
    return "\n".join(line[shared:] if line.strip() else line for line in lines[:-1]) + "\n"


def _pieces(inner: str) -> list[templates.Part]:
    """The pieces of a quoted template, its escapes undone."""
    parts = templates.parts(inner)
    return [templates.Part(_ESCAPE.sub(_unescaped, one.text), True) if one.literal else one for one in parts]


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1]:
        return {"n": "\n", "r": "\r", "t": "\t"}.get(escape[1], escape[1])
    return chr(int(escape[2] or escape[3], 16))
